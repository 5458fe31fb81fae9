"""The table of primitives: every row against mathematics, and every wrong row found out."""

import ast
import copy
import linecache
import math
import pickle
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given, settings
from mpmath import mp, mpf
from support.formulas import exactly, near
from support.references import bound, precise_partial, precise_value, ulps
from support.rows import (
    EDGES,
    ELEMENTARY,
    at_kink,
    check_edge,
    check_row,
    check_strict_edge,
    perturbed,
    points,
    same,
    with_partial,
)

from autograd_mini import Value
from autograd_mini.command.tables import markdown
from autograd_mini.engines.node import flat
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.errors import AutogradError, DomainError
from autograd_mini.table.arithmetic import COMPLEX, FLOATS, IEEE
from autograd_mini.table.code import as_c, as_javascript
from autograd_mini.table.domains import Domain
from autograd_mini.table.notation import Latex
from autograd_mini.table.primitives import PRIMITIVES, TABLE, Primitive
from autograd_mini.table.rules import ARITHMETIC, RuleError
from autograd_mini.testing import check_gradients
from autograd_mini.testing.strategies import function, graphs, points_in_domain
from autograd_mini.views.explanation.rewriting import decide

INF, NAN = math.inf, math.nan


# --- against differences: every row, every operand ----------------------------------------------


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_every_partial_derivative_agrees_with_differences(row):
    check_row(row, function(row))


# --- against high precision (P2) ----------------------------------------------------------------


def ulp_errors(row: Primitive, at: tuple[float, ...]) -> tuple[float, list[float]]:
    """Return the error of the value and of each partial that is not at a bound or kink."""
    value = precise_value(row, at)
    if not math.isfinite(float(value)):
        return 0.0, []
    out, partials = row.evaluate(*at)
    # A subnormal value has lost digits, which slopes computed from it do not get back.
    faint = 0 < abs(out) < sys.float_info.min
    errors = []
    for position, (x, domain) in enumerate(zip(at, row.domains.values(), strict=True)):
        if x in (domain.low, domain.high) or at_kink(row, at):
            continue
        if faint and "out" in row.partials[row.operands[position]].names:
            continue
        errors.append(ulps(partials[position], precise_partial(row, at, position)))
    return ulps(out, value), errors


def check_units(row: Primitive, at: tuple[float, ...]) -> None:
    value_error, partial_errors = ulp_errors(row, at)
    assert value_error <= 4, (at, value_error)
    assert all(error <= 4 for error in partial_errors), (at, partial_errors)


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_values_and_partials_are_within_units_in_the_last_place(row):
    for at in points(row, 40):
        check_units(row, at)


@pytest.mark.soak
@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_values_and_partials_are_within_units_in_the_last_place_at_many_points(row):
    for at in points(row, 2000):
        check_units(row, at)


def extremes(row: Primitive, count: int) -> list[tuple[float, ...]]:
    """Return points at the ends of the floats, beside kinks and poles, and among subnormals."""
    rng = random.Random(row.name)

    def beside(x: float) -> float:
        for _ in range(rng.randint(0, 3)):
            x = math.nextafter(x, rng.choice((-INF, INF)))
        return x

    def one(domain: Domain, others: list[float]) -> float:
        bounds = [bound for bound in (domain.low, domain.high) if math.isfinite(bound)]
        while True:
            sign = rng.choice((-1.0, 1.0))
            x = rng.choice(
                [
                    sign * 10 ** rng.uniform(-323, -300),
                    sign * 10 ** rng.uniform(300, 308.2),
                    beside(rng.choice([0.0, sign, *bounds, *others])),
                    beside(rng.randint(-9, 9) * math.pi / 2),
                    rng.randint(-9, 9) * math.pi / 2 + sign * 10 ** rng.uniform(-15, -1),
                ]
            )
            if x in domain:
                return x

    made = []
    for _ in range(count):
        at: list[float] = []
        for domain in row.domains.values():
            at.append(one(domain, at))
        made.append(tuple(at))
    return made


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_values_and_partials_are_within_units_in_the_last_place_at_the_ends(row):
    for at in extremes(row, 20):
        check_units(row, at)


@pytest.mark.soak
@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_values_and_partials_are_within_units_in_the_last_place_at_many_ends(row):
    for at in extremes(row, 300):
        check_units(row, at)


# Where a simpler formula would overflow, or double the error of the C library.
DELICATE = [
    *[("arctan", (1e155,)), ("arctan", (-1e161,)), ("arcsinh", (1e155,)), ("arcsinh", (-1e300,))],
    *[
        ("cbrt", (5e-324,)),
        ("cbrt", (-1e308,)),
        ("cbrt", (12.918786773087188,)),
        ("tanh", (356.0,)),
    ],
    *[("log10", (1e308,)), ("log2", (1e308,)), ("log2", (3e-308,))],
    *[("tanh", (-356.0,)), ("tanh", (5e-324,)), ("gauss", (26.9,)), ("gauss", (1e308,))],
    *[
        ("arctan2", (x * size, y * size))
        for x, y in [(2.0, 1.0), (1.0, 3.0), (-1.0, -1.0)]
        for size in (1e-300, 1e-160, 1e160, 3e307)
    ],
    *[
        ("hypot", (x * size, y * size))
        for x, y in [(2.0, 1.0), (1.0, 3.0), (-1.0, -1.0)]
        for size in (1e-300, 1e-160, 1e160, 3e307)
    ],
    *[("elu", (-961.2, 7.8e199)), ("arctan2", (5.25, -3e158))],
]


@pytest.mark.parametrize(("name", "at"), DELICATE)
def test_delicate_slopes_are_within_units_in_the_last_place(name, at):
    check_units(PRIMITIVES[name], at)


@pytest.mark.parametrize(
    ("name", "x", "partial"),
    [("sigmoid", 37.0, 8.533047625744065e-17), ("tanh", 19.0, 1.2556531168192118e-16)],
)
def test_saturated_slopes_do_not_cancel(name, x, partial):
    _, (slope,) = PRIMITIVES[name].evaluate(x)
    assert abs(slope - partial) <= 4 * math.ulp(partial)
    assert ulps(slope, precise_partial(PRIMITIVES[name], (x,), 0)) <= 4


@pytest.mark.parametrize("x", [711.0, -711.0, 1e308, -1e308])
def test_no_number_on_the_way_to_the_slope_of_tanh_overflows(x):
    """A derivative of higher order computes each of them as a Value, which would raise."""
    rule = PRIMITIVES["tanh"].partials["x"]
    slope = FLOATS.compile("slope", ("x", "out"), rule, result=FLOATS.text(rule))
    assert slope(x, math.tanh(x)) == 0.0


def test_a_row_of_extremes_is_exact():
    rng = random.Random(0)
    for row, extreme in ((PRIMITIVES["max"], max), (PRIMITIVES["min"], min)):
        for _ in range(200):
            xs = [rng.choice([rng.gauss(0, 1), 10 ** rng.uniform(-300, 300), 2.0]) for _ in "12345"]
            out, (partials,) = row.evaluate(xs)
            assert out == extreme(xs)
            assert partials == [(x == out) / xs.count(out) for x in xs]


def test_a_norm_is_within_units_in_the_last_place():
    rng = random.Random(0)
    for _ in range(200):
        size = 10 ** rng.uniform(-290, 290)
        xs = [size * rng.gauss(0, 1) * 10 ** rng.uniform(-9, 9) for _ in range(rng.randint(1, 30))]
        out, (partials,) = PRIMITIVES["norm"].evaluate(xs)
        with mp.workprec(2500):
            exact = mp.sqrt(mp.fsum(mpf(x) ** 2 for x in xs))
            assert ulps(out, exact) <= 4
            assert all(ulps(p, x / exact) <= 4 for p, x in zip(partials, xs, strict=True))


@given(drawn=points_in_domain(PRIMITIVES["dot"]))
def test_a_dot_product_is_right_to_the_rounding_of_its_terms(drawn):
    """Not 4 ULP of the result, which may have cancelled: (n + 1)·u·Σ|terms|."""
    ws, xs, b = drawn
    terms = [Fraction(w) * Fraction(x) for w, x in zip(ws, xs, strict=True)] + [Fraction(b)]
    out, partials = PRIMITIVES["dot"].evaluate(ws, xs, b)
    bound = (len(terms) + 1) * Fraction(2) ** -53 * sum(map(abs, terms)) + Fraction(5e-324)
    assert abs(Fraction(out) - sum(terms)) <= bound
    assert partials == (xs, ws, 1.0)


# --- the edges (section 6 of the design) ---------------------------------------------------------


@pytest.mark.parametrize(("name", "given", "value", "partials", "strict"), EDGES)
def test_an_edge_by_ieee_754(name, given, value, partials, strict):
    row = PRIMITIVES[name]
    check_edge(row, given, value, partials)
    if not row.nary:
        leaves = [Value(x) for x in given]
        with errstate(nonfinite="ignore"):
            node = function(row)(*leaves)
            node.backward(seed=2.0)
        assert same(node.data, value)
        assert all(map(same, node.partials, partials))
        assert all(map(same, [leaf.grad for leaf in leaves], [2.0 * p for p in partials]))


@pytest.mark.parametrize(("name", "given", "value", "partials", "strict"), EDGES)
def test_an_edge_in_strict_mode(name, given, value, partials, strict):
    check_strict_edge(name, given, value, partials, strict)


def test_a_constant_exponent_keeps_a_negative_base_fine():
    x = Value(-2.0)
    (x**2).backward()
    assert x.grad == -4.0
    assert (x**2).partials == (-4.0, None)


def test_the_value_of_an_expectation_can_be_differentiated_where_a_weight_is_zero():
    """Only an infinite operand is left out there."""
    compute = COMPLEX.function(PRIMITIVES["expectation"].value)
    assert compute([1e-200j, 1.0], [3.0, 2.0]) == 2.0 + 3e-200j


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_nan_in_any_operand_gives_nan_in_the_value_and_in_every_partial(row):
    for position in range(len(row.operands)):
        at = [[1.0, NAN] if o in row.value.sequences else 0.5 for o in row.operands]
        if not row.nary:
            at[position] = NAN
        out, partials = row.evaluate(*at)
        assert out != out
        for partial in partials:
            assert all(p != p for p in (partial if isinstance(partial, list) else [partial]))


def test_nan_in_a_sequence_gives_as_many_nans_as_it_is_long():
    out, (partials,) = PRIMITIVES["sum"].evaluate([1.0, NAN, 2.0])
    assert out != out
    assert [p != p for p in partials] == [True] * 3


@pytest.mark.parametrize("x", [1e-300, 0.5])
def test_a_power_of_a_small_base_is_inside_the_domain(x):
    """So an overflow there is called one."""
    message = re.escape(
        f"pow(x, y): the result must be finite, got inf; the operands are x = {x}, y = -2000.0; "
    )
    with pytest.raises(DomainError, match=f"^{message}"):
        Value(x) ** -2000.0


# --- every wrong rule is found out ---------------------------------------------------------------


def thinned(row: Primitive):
    """Yield the row with one piece of a derivative rule dropped, or one branch always taken."""
    for operand, rule in row.partials.items():
        count = sum(
            isinstance(node, ast.BinOp | ast.IfExp | ast.UnaryOp) for node in ast.walk(rule.tree)
        )
        for number in range(count):
            for side in range(2):
                text = ast.unparse(_Thin(number, side).visit(ast.parse(rule.text, mode="eval")))
                with suppress(RuleError):  # a reduction over no sequence any more
                    yield with_partial(row, operand, text)


class _Thin(ast.NodeTransformer):
    """Puts one side of the operation of that number in its place."""

    def __init__(self, number: int, side: int) -> None:
        self.number, self.side = number, side

    def generic_visit(self, node):
        if isinstance(node, ast.BinOp | ast.IfExp | ast.UnaryOp):
            self.number -= 1
            if self.number == -1:
                match node:
                    case ast.BinOp():
                        return (node.left, node.right)[self.side]
                    case ast.IfExp():
                        return (node.body, node.orelse)[self.side]
                    case _:
                        return node.operand
        return super().generic_visit(node)


def equivalent(row: Primitive, other: Primitive) -> bool:
    """Whether two rows compute the same, to a few last digits, wherever we look."""
    if row.nary:
        numbers = iter([[0.5, -1.5, 3.0], [2.0, 0.25, -4.0]])
        places = [tuple(next(numbers) if o in row.value.sequences else 0.75 for o in row.operands)]
    else:
        places = points(row, 300) + [at for name, at, *_ in EDGES if name == row.name]
        places += [at for name, at in DELICATE if name == row.name]
    for at in places:
        ours, theirs = (list(flat(each.evaluate(*at)[1])) for each in (row, other))
        if not all(map(nearly_same, ours, theirs)):
            return False
    return True


def nearly_same(one: float, other: float) -> bool:
    """Whether no more than the rounding of some C library's cbrt is between two numbers."""
    return same(one, other) or (math.isfinite(one) and abs(one - other) <= 8 * math.ulp(one))


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_wrong_derivative_rule_fails_the_check_of_every_row(row):
    """The property above finds a flipped sign, a factor of 1.00001, a zero and a swap."""
    for wrong in perturbed(row):
        with bound(wrong) as apply:
            if equivalent(row, wrong):
                check_row(wrong, apply)
            else:
                with pytest.raises(AutogradError):
                    check_row(wrong, apply)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, marks=[pytest.mark.soak] * (row.name in ("arctan2", "tanh")))  # seconds
        for row in TABLE
    ],
    ids=str,
)
def test_a_piece_dropped_from_a_derivative_rule_fails_some_check(row):
    """Differences, high precision and the edges together leave no piece of a rule untested."""
    for wrong in thinned(row):
        if equivalent(row, wrong):
            continue
        with bound(wrong) as apply, pytest.raises((AutogradError, AssertionError)):
            check_everything(wrong, apply)


def check_everything(row, apply):
    check_row(row, apply)
    for name, *edge, _ in EDGES:
        if name == row.name:
            check_edge(row, *edge)
    for at in points(row, 60) + [at for name, at in DELICATE if name == row.name]:
        check_units(row, at)


# --- a made-up row -------------------------------------------------------------------------------


def test_a_made_up_primitive_is_one_row_and_one_binding_line():
    cube = Primitive("cube", "x * x * x", dx="3 * x * x")
    with bound(cube, "cube"):
        x = Value(2.0, name="x")
        node = x.cube()
        assert (node.data, node.op, node.operands, node.partials) == (8.0, cube, (x,), (12.0,))
        assert Value.cube(2.0) == 8.0
        node.backward(seed=0.5)
        assert x.grad == 6.0
        check_gradients(Value.cube, -1.5)
        check_row(cube, function(cube))
        check_graphs_with(cube)
    assert cube.label == "cube"
    assert as_c(cube.value) == as_javascript(cube.value) == "x * x * x"
    assert as_c(cube.partials["x"]) == as_javascript(cube.partials["x"]) == "3.0 * x * x"
    as_latex = Latex().formula
    assert as_latex(cube.value.tree) == r"x \cdot x \cdot x"
    assert as_latex(cube.partials["x"].tree) == r"3 \cdot x \cdot x"
    assert markdown([cube]).endswith("\n| `cube` | `x * x * x` | dx = `3 * x * x` | any real x |")
    assert ulp_errors(cube, (1.1,)) <= (4.0, [4.0])
    assert cube not in TABLE


def check_graphs_with(row):
    met = 0

    @settings(max_examples=20, derandomize=True, database=None)
    @given(graphs(primitives=[*TABLE[:3], row]))
    def check(graph):
        nonlocal met
        met += sum(instruction.primitive is row for instruction in graph.instructions)
        check_gradients(graph, *graph.leaves)

    check()
    assert met


def test_a_made_up_primitive_of_two_operands_takes_constants_on_either_side():
    volume = Primitive("volume", "x * x * y", dx="2 * x * y", dy="x * x")
    with bound(volume) as apply:
        x = Value(3.0)
        assert apply(x, 4.0).partials == (24.0, None)
        assert apply(4.0, x).partials == (None, 16.0)
        assert apply(3.0, 4.0) == 36.0
        check_row(volume, apply)


# --- what a row says -----------------------------------------------------------------------------


def test_a_row_is_nary_if_it_has_sequences():
    assert [row.nary for row in TABLE] == [bool(row.value.sequences) for row in TABLE]


def test_names_are_unique_and_in_the_order_of_the_table():
    assert list(PRIMITIVES) == [row.name for row in TABLE]
    assert len(PRIMITIVES) == len(TABLE)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("add", "+"), ("sub", "−"), ("mul", "×"), ("div", "÷"), ("pow", "^"), ("neg", "−"),
        ("sum", "Σ"), ("exp", "exp"), ("square", "square"), ("dot", "dot"), ("relu", "relu"),
    ],
)  # fmt: skip
def test_the_label_is_the_sign_or_the_name(name, label):
    assert PRIMITIVES[name].label == label


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("add", "any real x and y"),
        ("exp", "x <= 709.782712893384, else it overflows"),
        ("log", "x > 0"),
        ("sqrt", "x >= 0"),
        ("log1p", "x > -1"),
        ("div", "y != 0"),
        ("arcsin", "-1 <= x <= 1"),
        ("arctanh", "-1 < x < 1"),
        ("arccosh", "x >= 1"),
        ("pow", "x > 0, or x = 0 with y >= 0, or x < 0 with a whole number y"),
    ],
)
def test_the_domain_is_said_in_words(name, domain):
    assert PRIMITIVES[name].domain == domain


@pytest.mark.parametrize(
    ("domain", "text", "inside", "outside"),
    [
        (Domain(), "any real x", [0.0, 1e308], [NAN]),
        (Domain(low=1), "x >= 1", [1.0, 2.0], [0.5, NAN]),
        (Domain(high=1), "x <= 1", [1.0, -2.0], [1.5]),
        (Domain(low=0, open=True), "x > 0", [5e-324], [0.0, -0.0]),
        (Domain(high=0, open=True), "x < 0", [-5e-324], [0.0]),
        (Domain(low=-1, high=1, open=True), "-1 < x < 1", [0.0], [1.0, -1.0]),
        (Domain(nonzero=True), "x != 0", [1.0, -5e-324], [0.0, -0.0]),
        (Domain(low=2, stated="x is more than 2"), "x is more than 2", [2.0], [1.0]),
    ],
)
def test_a_domain_says_its_condition_and_keeps_it(domain, text, inside, outside):
    assert domain.text("x") == text
    assert all(x in domain for x in inside)
    assert not any(x in domain for x in outside)


def test_beyond_the_bound_of_a_domain_in_words_the_value_decides():
    power = PRIMITIVES["pow"].domains["x"]
    assert power.admits(-1e200, INF)  # (-1e200)**2 overflows
    assert not power.admits(-2.0, NAN)
    assert not power.admits(0.0, INF)
    assert power.admits(1e200, INF)
    assert not Domain(low=0).admits(-1.0, INF)


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_values_in_the_domain_are_finite_and_the_next_float_outside_is_not(row):
    for position, domain in enumerate(row.domains.values()):
        for bound_, outwards in ((domain.low, -INF), (domain.high, INF)):
            if math.isfinite(bound_):
                at = [1.0 if 1.0 in d else 0.5 for d in row.domains.values()]
                at[position] = bound_
                if domain.open and row.name != "pow":
                    assert not math.isfinite(row.evaluate(*at)[0])
                at[position] = math.nextafter(bound_, -outwards)
                assert math.isfinite(row.evaluate(*at)[0])
                at[position] = math.nextafter(bound_, outwards)
                if row.name != "pow":  # a whole exponent takes a negative base
                    assert not math.isfinite(row.evaluate(*at)[0])


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_row_shows_its_name_and_its_place(row):
    assert str(row) == row.name
    assert eval(repr(row), {"PRIMITIVES": PRIMITIVES}) is row  # noqa: S307 - our own text


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_row_outside_the_table_shows_what_makes_it(row):
    options = {**row.texts, **row._domains, "kink": row._kink, "textbook": row._textbook}
    value = options.pop("value")
    other = Primitive("other", value, **options, activation=row.activation)
    made = eval(repr(other), {"Primitive": Primitive, "Domain": Domain})  # noqa: S307
    for attribute in ("name", "texts", "_domains", "_kink", "_textbook", "activation"):
        assert getattr(made, attribute) == getattr(other, attribute)


def test_a_domain_shows_what_makes_it():
    assert repr(Domain(low=-1, high=1, open=True)) == "Domain(low=-1, high=1, open=True)"
    assert repr(Domain()) == "Domain()"


def test_generated_code_of_a_row_shows_its_lines():
    code = PRIMITIVES["tanh"]._evaluate.__code__
    assert linecache.getline(code.co_filename, 2).strip() == "out = tanh(x)"


# --- rows that are refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"name": "tanh", "value": "tanh(x)", "dx": "1 - z * z"},
            "primitive 'tanh': dx: rule '1 - z * z': name must be one of out, x, got 'z'",
        ),
        ({"name": "f", "value": "x * y", "dx": "y"},
         "primitive 'f': dy must be a rule, as 'x * y' has y, got None"),
        (
            {"name": "f", "value": "sum(w * x) + b", "dw": "x", "dx": "w", "db": "w"},
            "primitive 'f': db: rule 'w': name must be one of b, out, got 'w'",
        ),
        ({"name": "f", "value": "exp(x)", "dx": "out", "dy": "1"},
         "primitive 'f': dy must be absent, as 'exp(x)' has no y, got '1'"),
        ({"name": "f", "value": "tann(x)", "dx": "1"},
         "primitive 'f': value: rule 'tann(x)': function must be an elementary function of the "
         "table, got 'tann'"),
        ({"name": "f", "value": "x +", "dx": "1"},
         "primitive 'f': value: rule must be an expression, got 'x +'; invalid syntax"),
        ({"name": "f", "value": "a * x", "dx": "1"},
         "primitive 'f': value: rule 'a * x': name must be one of b, w, x, y, got 'a'"),
        ({"name": "f", "value": "w * x", "dx": "w", "dw": "x"},
         "primitive 'f': value must be a rule in x, or x and y, got 'w * x'"),
        ({"name": "f", "value": "out * x", "dx": "1"},
         "primitive 'f': value: rule 'out * x': name must be one of b, w, x, y, got 'out'"),
        ({"name": "f", "value": "abs(x)", "dx": "1", "kink": "y"},
         "primitive 'f': kink: rule 'y': name must be one of x, got 'y'"),
        ({"name": "f", "value": "x * x", "dx": "2 * y"},
         "primitive 'f': dx: rule '2 * y': name must be one of out, x, got 'y'"),
    ],
)  # fmt: skip
def test_a_wrong_row_says_what_is_wrong_with_it(arguments, message):
    with pytest.raises(RuleError, match="^" + re.escape(message) + "$"):
        Primitive(**arguments)


def test_the_slope_of_a_power_is_finite_where_that_of_its_factors_is_not():
    at = (5.1e-238, -0.3)
    row = PRIMITIVES["pow"]
    assert ulps(row.evaluate(*at)[1][0], precise_partial(row, at, 0)) <= 4
    assert row.evaluate(math.inf, 0.5)[1][0] == 0.0
    assert PRIMITIVES["sqrt"].evaluate(-0.0) == (0.0, (math.inf,))


# --- what each row says, pinned ------------------------------------------------------------------

DOMAINS = {
    # row: text, operands inside, operands outside
    "div": ("y != 0", [(1e-300, 5e-324), (0.0, -1.0)], [(1.0, 0.0), (1.0, -0.0)]),
    "pow": (
        "x > 0, or x = 0 with y >= 0, or x < 0 with a whole number y",
        [(5e-324, 0.5), (2.0, -3.0)],
        [(0.0, -1.0), (-2.0, 0.5)],
    ),
    "sqrt": ("x >= 0", [(0.0,), (1e308,)], [(-5e-324,)]),
    "exp": (
        "x <= 709.782712893384, else it overflows",
        [(709.782712893384,), (-1e308,)],
        [(709.7827128933841,)],
    ),
    "expm1": (
        "x <= 709.782712893384, else it overflows",
        [(709.782712893384,), (-1e308,)],
        [(709.7827128933841,)],
    ),
    "log": ("x > 0", [(5e-324,), (1e308,)], [(0.0,), (-1.0,)]),
    "exp2": ("x <= 1023.9999999999999, else it overflows", [(1023.9999999999999,)], [(1024.0,)]),
    "log1p": ("x > -1", [(-0.9999999999999999,), (1e308,)], [(-1.0,)]),
    "log2": ("x > 0", [(5e-324,), (1e308,)], [(0.0,), (-1.0,)]),
    "log10": ("x > 0", [(5e-324,), (1e308,)], [(0.0,), (-1.0,)]),
    "arcsin": ("-1 <= x <= 1", [(-1.0,), (1.0,)], [(-1.0000000000000002,), (1.0000000000000002,)]),
    "arccos": ("-1 <= x <= 1", [(-1.0,), (1.0,)], [(-1.0000000000000002,), (1.0000000000000002,)]),
    "sinh": (
        "-710.4758600739439 <= x <= 710.4758600739439, else it overflows",
        [(-710.4758600739439,), (710.4758600739439,)],
        [(-710.475860073944,), (710.475860073944,)],
    ),
    "cosh": (
        "-710.4758600739439 <= x <= 710.4758600739439, else it overflows",
        [(-710.4758600739439,), (710.4758600739439,)],
        [(-710.475860073944,), (710.475860073944,)],
    ),
    "arccosh": ("x >= 1", [(1.0,), (1e308,)], [(0.9999999999999999,)]),
    "arctanh": (
        "-1 < x < 1",
        [(-0.9999999999999999,), (0.9999999999999999,)],
        [(-1.0,), (1.0,)],
    ),
}


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_row_says_for_which_operands_its_value_is_finite(row):
    """Rows of which nothing is said here take all real numbers."""
    text, inside, outside = DOMAINS.get(row.name, (None, [], []))
    if text is None:
        assert row.domain == "any real " + " and ".join(row.operands)
        assert all(-INF in domain and INF in domain for domain in row.domains.values())
        return
    assert row.domain == text
    for at in inside:
        assert math.isfinite(row.evaluate(*at)[0]), at
        assert all(map(Domain.__contains__, row.domains.values(), at)), at
    for at in outside:
        assert not math.isfinite(row.evaluate(*at)[0]), at
        assert not all(map(Domain.__contains__, row.domains.values(), at)), at


KINKS = {
    "abs": "x",
    "arctan2": "abs(x) if y < 0 else abs(x) + y",
    "hypot": "abs(x) + abs(y)",
    "relu": "x",
    "leaky_relu": "x",
    "elu": "x",
    "step": "x",
    "maximum": "x - y",
    "minimum": "x - y",
    "max": "0 if sum(1 if x == max(x) else 0) > 1 else max(x) - max(x if x < max(x) else -1e308)",
    "min": "0 if sum(1 if x == -max(-x) else 0) > 1 else"
    " max(-x) - max(-x if -x < max(-x) else -1e308)",
    "norm": "max(abs(x), 0)",
}


def test_rows_say_where_their_slopes_jump():
    assert {row.name: row.kink.text for row in TABLE if row.kink} == KINKS


def test_the_domains_of_two_operands_are_both_said():
    row = Primitive(
        "f", "log(x) / y", dx="1 / (x * y)", dy="-out / y",
        x=Domain(low=0, open=True), y=Domain(nonzero=True),
    )  # fmt: skip
    assert row.domain == "x > 0, y != 0"


def test_a_domain_which_rows_share_cannot_be_changed():
    domain = PRIMITIVES["log"].domains["x"]
    with pytest.raises(AttributeError, match="cannot assign to field 'low'"):
        domain.low = 1.0


def test_operands_have_the_order_of_their_names_wherever_they_stand_in_the_value():
    row = Primitive("f", "y - x", dx="-1", dy="1")
    assert row.operands == ("x", "y")
    assert row.evaluate(1.0, 5.0) == (4.0, (-1.0, 1.0))


def test_a_slope_is_written_in_python_with_or_without_ieee_754():
    row = PRIMITIVES["div"]
    assert row.partial_text("x", FLOATS) == "1.0 / y"
    assert row.partial_text("x", IEEE) == "divide(1.0, y)"


def test_the_zeros_of_a_value_have_the_signs_that_its_rule_gives_them():
    """relu gives +0 also of -0; leaky_relu multiplies by the slope at either zero."""
    for zero in (0.0, -0.0):
        assert math.copysign(1, PRIMITIVES["relu"].evaluate(zero)[0]) == 1
        value, (_, by_slope) = PRIMITIVES["leaky_relu"].evaluate(zero, -2.0)
        assert math.copysign(1, value) == -math.copysign(1, zero)
        assert math.copysign(1, by_slope) == math.copysign(1, zero)


def test_the_sum_of_negative_zeros_is_one_and_that_of_nothing_is_not():
    for name in ("sum", "dot"):
        row = PRIMITIVES[name]
        for zeros, sign in (([-0.0, -0.0], -1), ([-0.0, 0.0], 1), ([], 1)):
            operands = {"sum": (zeros,), "dot": (zeros, [1.0] * len(zeros), -0.0)}[name]
            assert math.copysign(1, row.evaluate(*operands)[0]) == sign


def test_an_import_of_the_table_prints_nothing():
    command = [sys.executable, "-c", "import autograd_mini.table.primitives"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b""


# --- the textbook's forms -------------------------------------------------------------------------

PRECISE = 2500
"""The bits of numbers that are taken from 1 after they have come that close to it."""


def textbook_points(row: Primitive, count: int) -> list[tuple[float, ...]]:
    """Return points of a row where its value is a float, and its operands inside their domains."""
    found = []
    for at in points(row, count) + extremes(row, count // 2):
        bounds = [(domain.low, domain.high) for domain in row.domains.values()]
        inside = not any(x in ends for x, ends in zip(at, bounds, strict=True))
        out, partials = row.evaluate(*at)
        steep = 0.0 in at and not all(map(math.isfinite, partials))  # as the cube root at zero
        if inside and not steep and not at_kink(row, at) and math.isfinite(out):
            found.append(at)
    return found


def check_textbook(row: Primitive, at: tuple[float, ...]) -> None:
    """Check that a row's textbook forms are its value and the derivatives of that.

    These are found by differences in high precision: the derivative rules play no part.
    """
    exact_value = precise_value(row, at)
    values = {o: exactly(x) for o, x in zip(row.operands, at, strict=True)}
    numbers = {**dict(zip(row.operands, at, strict=True)), "out": row.evaluate(*at)[0]}
    with mp.workprec(PRECISE):
        has_cases = any(isinstance(node, ast.IfExp) for node in ast.walk(row.value.tree))
        if has_cases and "value" not in TEXTBOOK.get(row.name, {}):
            assert ast.unparse(row.formula) == f"{row.name}({', '.join(row.operands)})"
        else:
            check_nearly(near(row.formula, values, bits=PRECISE).value, exact_value)
        values["out"] = exactly(exact_value)
        for position, operand in enumerate(row.operands):
            tree = decide(row.textbook[operand].tree, numbers)
            written = near(tree, values, bits=PRECISE).value
            check_nearly(written, precise_partial(row, at, position))


def check_nearly(number: mpf, exact: mpf) -> None:
    assert abs(number - exact) <= abs(exact) * mpf(2) ** -60 + mpf(2) ** -1200, (number, exact)


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_a_textbook_writes_what_the_rules_compute(row):
    """All over the domain."""
    found = textbook_points(row, 12)
    assert len(found) > 5
    for at in found:
        check_textbook(row, at)


@pytest.mark.soak
@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_a_textbook_writes_what_the_rules_compute_at_many_points(row):
    for at in textbook_points(row, 200):
        check_textbook(row, at)


@pytest.mark.parametrize("x", [-3.0, -0.5])
@pytest.mark.parametrize("y", [-2.0, -1.0, 1.0, 2.0, 5.0])
def test_the_textbook_s_power_rule_holds_for_a_negative_base(x, y):
    row = PRIMITIVES["pow"]
    tree = row.textbook["x"].tree
    written = near(tree, {"x": exactly(x), "y": exactly(y)}).value
    check_nearly(written, precise_partial(row, (x, y), 0))


def with_textbook(row: Primitive, key: str, text: str) -> Primitive:
    """Return a row that a textbook writes in another way."""
    rules = {f"d{o}": rule.text for o, rule in row.partials.items()}
    domains = {o: domain for o, domain in row.domains.items() if o in ("x", "y")}
    textbook = {f"d{o}": rule.text for o, rule in row.textbook.items()} | {key: text}
    kink = row.kink and row.kink.text
    return Primitive(row.name, row.value.text, **rules, **domains, kink=kink, textbook=textbook)


def check_textbook_everywhere(row: Primitive, places: Sequence[tuple[float, ...]]) -> None:
    for at in places:
        check_textbook(row, at)


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_a_wrong_textbook_form_is_found_out(row):
    """A flipped sign, a factor of 1.00001, or 1 too much fails the check above."""
    texts = {f"d{o}": rule.text for o, rule in row.textbook.items()}
    if not isinstance(row.value.tree, ast.IfExp):
        texts["value"] = ast.unparse(row.formula)
    places = textbook_points(row, 8)
    for key, text in texts.items():
        # Zero has neither a sign nor a factor.
        templates = ["({}) + 1"] if text == "0" else ["-({})", "({}) * 1.00001", "({}) + 1"]
        for template in templates:
            broken = with_textbook(row, key, template.format(text))
            with pytest.raises(AssertionError):
                check_textbook_everywhere(broken, places)


@pytest.mark.parametrize(
    ("row", "textbook", "message"),
    [
        ({"dx": "1"}, {"dy": "1"}, "a key of textbook must be one of value, dx, got 'dy'"),
        ({"dx": "1"}, {"x": "1"}, "a key of textbook must be one of value, dx, got 'x'"),
        ({"dx": "1"}, {"out": "1"}, "a key of textbook must be one of value, dx, got 'out'"),
        (
            {"dx": "1"},
            {"dx": "z"},
            "textbook dx: rule 'z': name must be one of out, pi, x, got 'z'",
        ),
        (
            {"dx": "1"},
            {"dx": "f(x)"},
            "textbook dx: rule 'f(x)': function must be an elementary function of the table, "
            "got 'f'",
        ),
        (
            {"dx": "1"},
            {"dx": "x +"},
            "textbook dx: rule must be an expression, got 'x +'; invalid syntax",
        ),
        (
            {"dx": "1"},
            {"value": "y"},
            "textbook value: rule 'y': name must be one of pi, x, got 'y'",
        ),
        (
            {"dx": "1"},
            {"value": "out"},
            "textbook value: rule 'out': name must be one of pi, x, got 'out'",
        ),
        (
            {"value": "sum(w * x) + b", "dw": "x", "dx": "w", "db": "1"},
            {"db": "w"},
            "textbook db: rule 'w': name must be one of b, out, pi, got 'w'",
        ),
    ],
)
def test_a_wrong_textbook_form_says_what_is_wrong_with_it(row, textbook, message):
    with pytest.raises(RuleError, match="^" + re.escape(f"primitive 'f': {message}") + "$"):
        Primitive("f", **{"value": "exp(x)", **row}, textbook=textbook)


def test_without_a_textbook_s_form_the_rules_are_shown():
    cube = Primitive("cube", "x * x * x", dx="3 * x * x")
    assert cube.textbook == cube.partials
    assert ast.unparse(cube.formula) == "x * x * x"
    taught = Primitive(
        "cube", "x * x * x", dx="3 * x * x", textbook={"value": "x ** 3", "dx": "3 * x ** 2"}
    )
    assert taught.textbook["x"].text == "3 * x ** 2"
    assert taught.partials["x"].text == "3 * x * x"
    assert ast.unparse(taught.formula) == "x ** 3"
    assert taught.evaluate(2.0) == cube.evaluate(2.0) == (8.0, (12.0,))


FORMULAS = {
    "add": "x + y", "square": "x ** 2", "sigmoid": "sigmoid(x)", "relu": "relu(x)", "neg": "-x",
    "softplus": "softplus(x)", "maximum": "maximum(x, y)", "leaky_relu": "leaky_relu(x, y)",
    "sum": "sum(x)", "dot": "sum(w * x) + b", "expm1": "expm1(x)", "step": "step(x)",
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_the_formula_is_an_expression_or_a_call_by_name(name):
    assert ast.unparse(PRIMITIVES[name].formula) == FORMULAS[name]


@pytest.mark.parametrize(
    ("name", "operands", "arranged"),
    [
        ("exp", [1], (1,)),
        ("sub", [1, 2], (1, 2)),
        ("sum", [], ((),)),
        ("sum", [1, 2, 3], ((1, 2, 3),)),
        ("dot", [5], ((), (), 5)),
        ("dot", [1, 2, 3, 4, 5], ((1, 2), (3, 4), 5)),
    ],
)
def test_operands_are_arranged_as_the_row_names_them(name, operands, arranged):
    assert PRIMITIVES[name].arrange(operands) == arranged


def test_the_sequences_of_a_row_come_first():
    row = Primitive("shifted", "b + sum(x)", db="1", dx="1")
    assert row.operands == ("x", "b")
    assert row.arrange([1, 2, 3]) == ((1, 2), 3)


def test_how_a_textbook_writes_the_value_may_have_pi():
    row = Primitive("f", "x * 3.14", dx="3.14", textbook={"value": "pi * x"})
    assert ast.unparse(row.formula) == "pi * x"


def test_all_that_a_textbook_can_be_said_to_write_is_listed():
    message = "^primitive 'f': a key of textbook must be one of value, dx, dy, got 'y'$"
    with pytest.raises(RuleError, match=message):
        Primitive("f", "x * y", dx="y", dy="x", textbook={"y": "x"})


def test_how_a_textbook_writes_a_slope_has_the_names_that_its_rule_has():
    rules = {"value": "sum(w * x) + b", "dw": "x", "dx": "w", "db": "1"}
    row = Primitive("f", **rules, textbook={"dw": "x ** 1", "db": "out ** 0 * pi ** 0"})
    assert {o: rule.text for o, rule in row.textbook.items()} == {
        "w": "x ** 1", "x": "w", "b": "out ** 0 * pi ** 0",
    }  # fmt: skip


TEXTBOOK = {
    "div": {"dy": "-x / y ** 2"},
    "pow": {"dx": "y * x ** (y - 1)", "dy": "x ** y * log(x)"},
    "square": {"value": "x ** 2"},
    "sqrt": {"dx": "1 / (2 * out)"},
    "cbrt": {"dx": "1 / (3 * out ** 2)"},
    "log2": {"dx": "1 / (x * log(2))"},
    "log10": {"dx": "1 / (x * log(10))"},
    "tan": {"dx": "1 + out ** 2"},
    "arcsin": {"dx": "1 / sqrt(1 - x ** 2)"},
    "arccos": {"dx": "-1 / sqrt(1 - x ** 2)"},
    "arctan": {"dx": "1 / (1 + x ** 2)"},
    "tanh": {"dx": "1 - out ** 2"},
    "arcsinh": {"dx": "1 / sqrt(x ** 2 + 1)"},
    "arccosh": {"dx": "1 / sqrt(x ** 2 - 1)"},
    "arctanh": {"dx": "1 / (1 - x ** 2)"},
    "gauss": {"dx": "-2 * x * out"},
    "elu": {"dx": "1 if x > 0 else y * exp(x)"},
    "arctan2": {"dx": "y / (x ** 2 + y ** 2)", "dy": "-x / (x ** 2 + y ** 2)"},
    "hypot": {"value": "sqrt(x ** 2 + y ** 2)"},
    "norm": {"value": "sqrt(sum(x ** 2))", "dx": "x / out"},
    "fsum": {"value": "sum(x)"},
    "erf": {"dx": "2 / sqrt(pi) * exp(-x ** 2)"},
    "erfc": {"dx": "-2 / sqrt(pi) * exp(-x ** 2)"},
    "sigmoid": {"dx": "out * (1 - out)"},
    "expectation": {"value": "sum(w * x)"},
    "logsumexp": {"value": "log(sum(exp(x)))", "dx": "exp(x) / sum(exp(x))"},
    "softmax": {"value": "exp(y) / sum(exp(x), exp(y))", "dy": "out * (1 - out)"},
    "log_softmax": {"value": "y - log(sum(exp(x), exp(y)))"},
}
ONLY_THE_VALUE = {"square", "hypot", "fsum", "expectation"}


def test_rows_say_what_a_textbook_writes_otherwise():
    assert {row.name for row in TABLE if row.textbook != row.partials} == {
        *TEXTBOOK
    } - ONLY_THE_VALUE
    for name, texts in TEXTBOOK.items():
        row = PRIMITIVES[name]
        written = {"value": ast.unparse(row.formula)}
        written |= {f"d{operand}": rule.text for operand, rule in row.textbook.items()}
        assert texts.items() <= written.items(), name


@pytest.mark.parametrize("infix", ARITHMETIC.values(), ids=lambda infix: infix.code)
def test_each_sign_of_the_rules_stands_for_the_primitive_that_it_names(infix):
    assert PRIMITIVES[infix.row].value.text == f"x {infix.code} y"


def test_the_rows_that_are_activations_say_so():
    assert {row.name for row in TABLE if row.activation} == {
        "elu", "leaky_relu", "relu", "sigmoid", "step", "tanh",
    }  # fmt: skip
    assert Primitive("cube", "x * x * x", dx="3 * x * x").activation is False


def test_a_row_without_a_kink_has_no_distance_to_one():
    assert math.isnan(PRIMITIVES["exp"].distance_to_kink([1.0]))
    assert PRIMITIVES["relu"].distance_to_kink([-2.0]) == -2.0


def test_a_row_names_the_attribute_that_it_has_not():
    with pytest.raises(AttributeError, match=r"^a primitive has no 'arity'$"):
        PRIMITIVES["mul"].arity  # noqa: B018 - to read it is the test


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_row_is_copied_and_pickled_as_itself(row):
    """A copy would be another row to every table of rows, and its functions do not pickle."""
    twin = pickle.loads(pickle.dumps(row))  # noqa: S301 - our own bytes
    assert twin is copy.deepcopy(row) is copy.copy(row) is row


def test_a_row_of_ones_own_is_copied_as_any_object():
    twice = Primitive("twice", "x + x", dx="2")
    assert copy.deepcopy(twice).evaluate(3.0) == (6.0, (2.0,))

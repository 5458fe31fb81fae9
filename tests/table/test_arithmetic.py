"""The kinds of numbers: floats as `math` has them and as IEEE 754 does, complex, and dual ones."""

import ast
import linecache
import math
import operator
import random
import traceback
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.numbers import RATIONAL, Dual

from autograd_mini.table.arithmetic import (
    COMPLEX,
    FLOATS,
    IEEE,
    Arithmetic,
    compile_function,
)
from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.table.rules import Rule

# --- floats --------------------------------------------------------------------------------------

NAMES = [name for name, function in ELEMENTARY.items() if function.c]


def functions(arithmetic):
    """Return the elementary functions of C, and the power, as an arithmetic computes them."""
    arguments = {name: ", ".join("xy"[: ELEMENTARY[name].arity]) for name in NAMES}
    rules = {name: Rule(f"{name}({arguments[name]})") for name in NAMES} | {"pow": Rule("x ** y")}
    return {name: arithmetic.function(rule) for name, rule in rules.items()}


RAISING, TOTAL = functions(FLOATS), functions(IEEE)
divide = IEEE.function(Rule("x / y"))
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e308, -1e308, 5e-324, math.inf, -math.inf]
ANY = st.floats() | st.sampled_from(SPECIAL)
UNARY = [name for name in NAMES if ELEMENTARY[name].arity == 1]


def same_bits(one: float, other: float) -> bool:
    """Whether two floats are the same, signs of zero included; any NaN is like any other."""
    return one.hex() == other.hex()


def same_kind(one: float, other: float) -> bool:
    """Whether both are NaN, the same infinity, or finite and close."""
    if math.isfinite(one) and math.isfinite(other):
        return math.isclose(one, other, rel_tol=1e-14, abs_tol=1e-300)
    return same_bits(one, other)


@settings(max_examples=500)
@given(name=st.sampled_from(UNARY), x=ANY)
def test_the_total_form_is_the_raising_one_wherever_that_does_not_raise(name, x):
    try:
        expected = RAISING[name](x)
    except (ValueError, OverflowError):
        assert not math.isfinite(TOTAL[name](x))
    else:
        assert same_bits(TOTAL[name](x), expected)


@settings(max_examples=500)
@given(name=st.sampled_from([name for name in UNARY if name not in ("erf", "erfc")]), x=ANY)
def test_the_total_form_is_what_numpy_computes(name, x):
    with np.errstate(all="ignore"):
        assert same_kind(TOTAL[name](x), float(getattr(np, name)(x)))


@given(x=ANY, y=ANY | st.integers(-5, 5).map(float))
def test_a_power_is_what_numpy_computes_but_a_nan_stays_a_nan(x, y):
    if x != x or y != y:
        expected = math.nan
    elif x == -math.inf and y == 0.5:  # NumPy takes a square root here, against IEEE 754
        expected = math.inf
    else:
        with np.errstate(all="ignore"):
            expected = float(np.power(x, y))
    assert same_kind(TOTAL["pow"](x, y), expected)


@given(x=ANY, y=ANY)
def test_an_angle_is_what_numpy_computes(x, y):
    assert same_kind(TOTAL["arctan2"](x, y), float(np.arctan2(x, y)))


@given(x=st.floats(-1e9, 1e9), y=st.floats(-1e9, 1e9))
def test_a_complex_angle_is_the_real_one_and_has_its_slopes(x, y):
    assume(x or y)
    compute = COMPLEX.function(Rule("arctan2(x, y)"))
    assert compute(complex(x), complex(y)).real == pytest.approx(math.atan2(x, y), abs=1e-15)
    assume(abs(x) + abs(y) > 1e-9)
    _, partials = PRIMITIVES["arctan2"].evaluate(x, y)
    steps = [compute(complex(x, 1e-200), complex(y)), compute(complex(x), complex(y, 1e-200))]
    assert [one.imag / 1e-200 for one in steps] == pytest.approx(partials, rel=1e-12, abs=1e-30)


@given(x=ANY, y=ANY)
def test_a_quotient_is_bit_for_bit_what_numpy_computes(x, y):
    with np.errstate(all="ignore"):
        assert same_bits(divide(x, y), float(np.divide(x, y)))


@pytest.mark.parametrize("name", UNARY)
def test_nan_gives_nan(name):
    assert math.isnan(TOTAL[name](math.nan))


@pytest.mark.parametrize(
    ("name", "operands", "value"),
    [
        ("log", (0.0,), -math.inf),
        ("log", (-0.0,), -math.inf),
        ("log", (-1.0,), math.nan),
        ("log2", (0.0,), -math.inf),
        ("log10", (0.0,), -math.inf),
        ("log1p", (-1.0,), -math.inf),
        ("log1p", (-2.0,), math.nan),
        ("arctanh", (1.0,), math.inf),
        ("arctanh", (-1.0,), -math.inf),
        ("arctanh", (2.0,), math.nan),
        ("sqrt", (-1.0,), math.nan),
        ("exp", (1000.0,), math.inf),
        ("sinh", (1000.0,), math.inf),
        ("sinh", (-1000.0,), -math.inf),
        ("cosh", (-1000.0,), math.inf),
        ("sin", (math.inf,), math.nan),
        ("pow", (0.0, -1.0), math.inf),
        ("pow", (-0.0, -3.0), -math.inf),
        ("pow", (-0.0, -2.0), math.inf),
        ("pow", (-2.0, 0.5), math.nan),
        ("pow", (-10.0, 1001.0), -math.inf),
        ("pow", (-10.0, 1000.0), math.inf),
        ("pow", (math.nan, 0.0), math.nan),
        ("pow", (1.0, math.nan), math.nan),
    ],
)
def test_exceptional_cases(name, operands, value):
    assert same_bits(TOTAL[name](*operands), value)


# --- what is compiled ----------------------------------------------------------------------------


def test_the_functions_raise_or_follow_ieee_754():
    with pytest.raises(ValueError, match=r"domain|positive"):  # the words depend on the Python
        FLOATS.function(Rule("log(x)"))(0.0)
    assert IEEE.function(Rule("log(x)"))(0.0) == -math.inf


@pytest.mark.parametrize("arithmetic", [FLOATS, IEEE])
def test_the_upper_half_of_the_bits_has_an_exact_square(arithmetic):
    upper = arithmetic.function(Rule("upper(x)"))
    rng = random.Random(0)
    for x in (rng.uniform(-30, 30) for _ in range(100)):
        half = upper(x)
        assert abs(half - x) <= abs(x) * 2**-26
        assert Fraction(half * half) == Fraction(half) ** 2


def test_a_traceback_names_the_operation_and_numbers_those_of_one_name():
    for number in ("", " 1", " 2"):
        made = compile_function("def triplet(): pass", name="triplet", namespace={})
        assert made.__code__.co_filename == f"<autograd_mini triplet{number}>"


def test_generated_code_shows_in_tracebacks():
    source = "def inverse(x):\n    return 1.0 / x\n"
    inverse = compile_function(source, name="inverse", namespace={})
    with pytest.raises(ZeroDivisionError) as caught:
        inverse(0.0)
    assert "return 1.0 / x" in "".join(traceback.format_exception(caught.value))


def test_two_functions_of_one_name_keep_their_own_lines():
    functions = [
        compile_function(f"def twin(x):\n    return {n} / x\n", name="twin", namespace={})
        for n in (1, 2)
    ]
    for n, function in enumerate(functions, start=1):
        filename = function.__code__.co_filename
        assert filename.startswith("<autograd_mini twin")
        assert linecache.getline(filename, 2) == f"    return {n} / x\n"
        linecache.checkcache()  # which forgets files that are not on the disk
        assert linecache.getline(filename, 2) == f"    return {n} / x\n"


# --- dual numbers --------------------------------------------------------------------------------


def value(arithmetic, row):
    return arithmetic.function(row.value, row.operands)


FRACTIONS = st.fractions(-10, 10, max_denominator=50)
DUALS = st.builds(Dual, FRACTIONS, FRACTIONS)


def parts(dual):
    return dual.value, dual.slope


@given(DUALS, DUALS)
def test_sums_and_products_have_the_derivatives_of_calculus(x, y):
    assert parts(x + y) == (x.value + y.value, x.slope + y.slope)
    assert parts(x - y) == (x.value - y.value, x.slope - y.slope)
    assert parts(-x) == (-x.value, -x.slope)
    assert parts(x * y) == (x.value * y.value, x.slope * y.value + x.value * y.slope)


@given(DUALS, DUALS)
def test_a_quotient_times_its_divisor_is_the_dividend(x, y):
    if y.value:
        assert parts(x / y * y) == parts(x)


def test_rational_rows_are_those_that_make_fractions_of_fractions():
    rational = {row.name for row in TABLE if value(RATIONAL, row)}
    assert rational == {
        "add", "sub", "mul", "div", "neg", "identity", "abs", "square", "relu", "leaky_relu",
        "step", "maximum", "minimum", "max", "min", "sum", "fsum", "dot", "expectation",
    }  # fmt: skip


def test_rules_are_computed_in_the_numbers_given():
    dot = value(RATIONAL, PRIMITIVES["dot"])
    ws = [Dual(Fraction(1, 3)), Dual(Fraction(1, 7))]
    assert dot(ws, ws, Dual(Fraction(1))).value == Fraction(1, 9) + Fraction(1, 49) + 1


def test_a_rule_of_the_value_is_computed_from_it():
    """As a partial derivative is: what is given as out is not what it returns."""
    assert FLOATS.function(Rule("1 - out * out"))(0.5) == 0.75
    assert FLOATS.function(Rule("x * out"), ("x", "out"))(3.0, 5.0) == 15.0


def test_numbers_in_a_rule_become_numbers_of_the_arithmetic():
    assert value(RATIONAL, PRIMITIVES["step"])(Dual(Fraction(-1))).value == 0
    assert isinstance(value(RATIONAL, PRIMITIVES["step"])(Dual(Fraction(1))), Dual)


def test_a_number_in_a_rule_is_a_constant():
    """Its derivative is 0."""
    doubled = RATIONAL.function(Rule("2 * x + 5"))(Dual(Fraction(3), Fraction(1)))
    assert parts(doubled) == (11, 2)


def test_on_the_imaginary_axis_a_function_goes_on_as_to_the_right_of_it():
    root, absolute = (COMPLEX.function(Rule(text)) for text in ("cbrt(x)", "abs(x)"))
    assert root(1e-30j) == pytest.approx(1e-10 * complex(math.sqrt(0.75), 0.5))
    assert absolute(1e-30j) == 1e-30j


def test_a_complex_power_keeps_the_tiny_imaginary_part_of_its_base():
    """It is the derivative, times that part."""
    power = COMPLEX.function(Rule("x ** y"))
    cube = power(-3 + 1e-30j, 3 + 0j)
    assert (cube.real, cube.imag) == (-27, pytest.approx(27e-30))
    assert power(1e-30j, 1 + 0j) == 1e-30j
    assert [power(1e-30j, y + 0j) for y in (1.5, 2.0, 3.0)] == [0, 0, 0]
    root = power(2.25 + 1e-30j, 0.5 + 0j)
    assert (root.real, root.imag) == (pytest.approx(1.5), pytest.approx(1e-30 / 3))


def test_a_condition_is_computed_as_a_rule_is():
    condition = ast.parse("1 / x > erf(y)", mode="eval").body
    assert IEEE.holds(condition, {"x": 0.0, "y": 2.0})
    assert not IEEE.holds(condition, {"x": -0.0, "y": 2.0})
    with pytest.raises(LookupError, match="erf"):
        COMPLEX.holds(condition, {"x": 1 + 0j, "y": 2 + 0j})


@pytest.mark.parametrize("name", ["exp", "pow", "sigmoid"])
def test_a_row_whose_functions_are_missing_has_no_value(name):
    assert value(Arithmetic({}, number=float), PRIMITIVES[name]) is None


# --- conditions that a function decides ----------------------------------------------------------


def test_a_function_may_decide_between_branches_which_are_computed_once():
    compare = {"<": operator.lt, ">": operator.gt, "==": operator.eq}
    made = []

    def decide(sign, a, b, then, otherwise):
        branches = then(), otherwise()  # both, whatever the outcome is
        return branches[0] if compare[sign](a, b) else branches[1]

    def log(x):
        made.append(x)
        return x + 1.0

    deciding = Arithmetic({"log": log}, decide=decide)
    rule = Rule("log(x) if x > 0 and x < 2 or x == 5 else -x if x > 9 else max(y)")
    compute = deciding.compile("rule", ["x", "y"], rule)
    for x, expected in ((1.0, 2.0), (5.0, 6.0), (3.0, 7.0), (0.0, 7.0), (10.0, -10.0)):
        made.clear()
        assert compute(x, [7.0, 4.0]) == expected
        assert made == [x]


def test_a_largest_number_may_be_held():
    """Whatever it was made from."""
    held = []
    holding = Arithmetic({"exp": math.exp}, hold=lambda x: held.append(x) or 10.0)
    rule = Rule("sum(exp(x - max(x)))")
    assert holding.function(rule)([9.0, 10.0]) == math.exp(-1.0) + 1.0
    assert held == [10.0]

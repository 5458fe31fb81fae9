"""Bindings: every row makes nodes, from a Value or a number on either side."""

import doctest
import inspect
import linecache
import math
import operator
import re
import traceback
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.references import bound

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.engines.value import Operation
from autograd_mini.engines.value import Value as PythonValue
from autograd_mini.errors import DomainError
from autograd_mini.functions import dot
from autograd_mini.functions import sum as total
from autograd_mini.table.primitives import PRIMITIVES, TABLE, Primitive
from autograd_mini.testing.strategies import function, points_in_domain

UNARY = [row for row in TABLE if not row.nary and len(row.operands) == 1]
BINARY = [row for row in TABLE if not row.nary and len(row.operands) == 2]
OPERATORS = ["add", "sub", "mul", "div", "pow"]


X, Y = Value(1.5), Value(2.0)
NO_OPERATIONS = ["__init__", "__new__", "__reduce__", "__setstate__"]
ARGUMENTS = [(X,), (X, 2.0), (X, Y), ([X],), ([X], [Y]), ([X], Y)]


# The library composes functions of these rows.
COMPOSED = {
    "identity", "gauss", "maximum", "minimum", "max", "min", "fsum", "expectation", "logsumexp",
    "softmax", "log_softmax",
}  # fmt: skip


def bindings() -> dict[str, Primitive]:
    """Return what each name on Value makes, found by making it."""
    found = {}
    for name in [*vars(Value)]:
        attribute = getattr(Value, name)
        if not callable(attribute) or name in NO_OPERATIONS:
            continue
        for arguments in ARGUMENTS:
            try:
                with errstate(nonfinite="ignore"):
                    made = attribute(*arguments)
            except (TypeError, AttributeError):  # not these operands
                continue
            if isinstance(made, Value) and made.op is not None:
                found[name] = made.op
    return found


def test_every_row_of_the_table_is_bound_to_a_name_on_value():
    assert set(bindings().values()) == set(TABLE)


def test_every_row_that_is_no_operator_is_a_method_and_a_function_of_its_name():
    plain = {name: row for name, row in bindings().items() if not name.startswith("__")}
    for name, row in plain.items():
        assert name == row.name
        assert row.name in COMPOSED or getattr(ag, name) is getattr(Value, name)
    operators = {row for name, row in bindings().items() if name.startswith("__")}
    assert operators | set(plain.values()) == set(TABLE)
    assert not operators & set(plain.values())


def test_every_binary_operator_is_bound_in_both_directions():
    names = bindings()
    for row in BINARY:
        name = "truediv" if row.name == "div" else row.name
        if f"__{name}__" in names:
            assert names[f"__{name}__"] is names[f"__r{name}__"] is row
        else:
            assert row.name in names


def test_a_binding_is_replaced_by_a_plain_function_with_a_name_and_a_docstring():
    for name, row in bindings().items():
        bound = getattr(PythonValue, name)
        assert not isinstance(bound, Operation)
        assert bound.__name__ == name
        assert bound.__qualname__ == f"Value.{name}"
        assert bound.__module__ == "autograd_mini"
        assert bound.__doc__.startswith(f"Return {row.value.text}.\n")
        for operand, rule in row.partials.items():
            assert f"d{operand} = {rule.text}" in bound.__doc__
        assert f"; defined for {row.domain}.\n" in bound.__doc__


# --- nodes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", UNARY, ids=str)
@settings(max_examples=20)
@given(data=st.data())
def test_a_function_of_a_value_records_value_operand_and_partial(row, data):
    drawn = data.draw(points_in_domain(row, margin=0.01))
    x = Value(*drawn)
    node = function(row)(x)
    out, partials = row.evaluate(*drawn)
    assert (node.data, node.op, node.operands, node.partials) == (out, row, (x,), partials)


@pytest.mark.parametrize("row", BINARY, ids=str)
@settings(max_examples=20)
@given(data=st.data())
def test_two_operands_record_the_same_numbers_whichever_is_a_constant(row, data):
    drawn = data.draw(points_in_domain(row, margin=0.01))
    apply = function(row)
    out, (dx, dy) = row.evaluate(*drawn)
    x, y = map(Value, drawn)
    for node, given_, partials in (
        (apply(x, y), (x, y), (dx, dy)),
        (apply(x, drawn[1]), (x, drawn[1]), (dx, None)),
        (apply(drawn[0], y), (drawn[0], y), (None, dy)),
    ):
        assert (node.data, node.op) == (out, row)
        assert node.operands == given_
        assert node.partials == partials


@given(
    drawn=points_in_domain(PRIMITIVES["dot"]),
    kinds=st.lists(st.booleans(), min_size=11, max_size=11),
)
def test_a_dot_product_records_the_same_whichever_operands_are_constants(drawn, kinds):
    ws, xs, b = drawn
    kind = iter(kinds)
    given_ = [[Value(n) if next(kind) else n for n in ns] for ns in (ws, xs)]
    bias = Value(b) if next(kind) else b
    node = dot(*given_, bias)
    out, _ = PRIMITIVES["dot"].evaluate(*drawn)
    flat = (*given_[0], *given_[1], bias)
    if not any(isinstance(one, Value) for one in flat):
        assert type(node) is float
        assert node == out
        return
    assert node.data == out
    assert node.operands == flat
    slopes = (*xs, *ws, 1.0)
    assert node.partials == tuple(
        slope if isinstance(one, Value) else None for slope, one in zip(slopes, flat, strict=True)
    )


@given(drawn=points_in_domain(PRIMITIVES["sum"]))
def test_a_sum_has_the_bits_of_a_chain_of_additions(drawn):
    (xs,) = drawn
    chain = 0.0
    for x in xs:
        chain = chain + x
    assert total(xs) == chain
    if xs:
        assert total(map(Value, xs)).data == chain


@given(drawn=points_in_domain(PRIMITIVES["dot"]))
def test_a_dot_product_has_the_bits_of_products_and_sums(drawn):
    ws, xs, b = drawn
    chain = 0.0
    for w, x in zip(ws, xs, strict=True):
        chain = chain + w * x
    assert dot(ws, xs, b) == chain + b


def test_a_bias_of_zero_may_be_left_out():
    w = Value(2.0)
    node = dot([w], [3.0])
    assert node.operands == (w, 3.0, 0.0)
    assert node.data == 6.0


def test_sequences_may_be_iterators():
    x = Value(2.0)
    assert total(one for one in (x, 1.0)).operands == (x, 1.0)
    assert dot(iter([x]), (3.0,)).data == 6.0


def test_the_second_operand_of_leaky_relu_has_a_default():
    x = Value(-2.0)
    assert x.leaky_relu().operands == (x, 0.01)
    assert ag.leaky_relu(-2.0) == -0.02
    assert ag.leaky_relu(-2.0, 0.5) == -1.0


# --- kinds of operands ---------------------------------------------------------------------------

NUMBERS = [3, 3.0, np.float32(3), np.float64(3), np.int64(3), np.float16(3)]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: type(number).__name__)
@pytest.mark.parametrize("row", BINARY, ids=str)
def test_a_real_number_on_either_side_becomes_a_float_constant(row, number):
    x = Value(2.0)
    left, right = function(row)(number, x), function(row)(x, number)
    assert type(left) is type(right) is Value
    assert left.operands == (3.0, x)
    assert right.operands == (x, 3.0)
    assert type(left.operands[0]) is type(right.operands[1]) is float
    assert (left.data, right.data) == (row.evaluate(3.0, 2.0)[0], row.evaluate(2.0, 3.0)[0])


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: type(number).__name__)
def test_a_real_number_in_a_sequence_becomes_a_float_constant(number):
    x = Value(2.0)
    node = total([number, x])
    assert node.operands == (3.0, x)
    assert type(node.operands[0]) is float
    node = dot([number], [x], number)
    assert node.operands == (3.0, x, 3.0)
    assert type(node.operands[0]) is type(node.operands[2]) is float


def refusal(operand, bad):
    """Return a pattern of the error about an operand that is no real number."""
    return "^" + re.escape(f"{operand} must be a real number, got {bad!r}") + "(; use .*)?$"


def test_an_operand_is_called_by_the_sign_of_its_operator_or_by_its_function():
    labels = {row.name: row.operand_label for row in TABLE}
    assert (labels["mul"], labels["pow"]) == ("operand of *", "operand of **")
    assert (labels["exp"], labels["sum"]) == ("exp: operand", "sum: operand")


@pytest.mark.parametrize(
    "bad",
    [True, np.True_, "1", b"1", 1j, np.complex64(1j), Decimal(1), Fraction(1), None, [1.0], (1.0,)],
    ids=lambda bad: type(bad).__name__,
)
@pytest.mark.parametrize("row", BINARY, ids=str)
def test_what_is_no_real_number_is_refused_on_either_side(row, bad):
    x = Value(2.0)
    got = refusal(row.operand_label, bad)
    if isinstance(bad, np.generic):  # NumPy hands its own over as Python's
        got += "|" + refusal(row.operand_label, bad.item())
    for arguments in ((x, bad), (bad, x)):
        if (row.name, type(bad)) == ("pow", Fraction) and arguments[0] is bad:
            continue  # Fraction itself turns into a float before we are asked
        with pytest.raises(TypeError, match=got):
            function(row)(*arguments)


@pytest.mark.parametrize("bad", [True, "1", 1j, Decimal(1), Fraction(1), None, [1.0]])
def test_what_is_no_real_number_is_refused_by_functions_too(bad):
    for row in UNARY:
        if not hasattr(operator, row.name):  # those are Python's own for its own numbers
            with pytest.raises(TypeError, match=refusal(f"{row.name}: operand", bad)):
                function(row)(bad)
    for call in (lambda: total([Value(1.0), bad]), lambda: total([bad])):
        with pytest.raises(TypeError, match=refusal("sum: operand", bad)):
            call()
    for arguments in (([bad], [Value(1.0)]), ([Value(1.0)], [bad]), ([1.0], [1.0], bad)):
        with pytest.raises(TypeError, match=refusal("dot: operand", bad)):
            dot(*arguments)


@pytest.mark.parametrize("row", BINARY, ids=str)
def test_an_integer_that_no_float_holds_is_refused_on_either_side(row):
    x, bad = Value(2.0), 2**53 + 1
    message = re.escape(
        f"{row.operand_label} must be a number that a float holds exactly, got {bad}; "
        "round it yourself, with float(…)"
    )
    for arguments in ((x, bad), (bad, x)):
        with pytest.raises(ValueError, match=f"^{message}$"):
            function(row)(*arguments)


def test_another_library_may_combine_itself_with_a_value():
    class Tensor:
        def __radd__(self, other):
            return "ours"

        def __add__(self, other):
            return "ours"

    assert Value(1.0) + Tensor() == "ours"
    assert Tensor() + Value(1.0) == "ours"
    with pytest.raises(TypeError, match="unsupported operand type"):
        Value(1.0) * Tensor()


# --- wrong sequences -----------------------------------------------------------------------------


def test_sequences_of_different_lengths_are_refused():
    message = re.escape("dot: ws and xs must be equally long, got lengths 2 and 1")
    with pytest.raises(ValueError, match=f"^{message}$"):
        dot([Value(1.0), 2.0], [3.0])
    with pytest.raises(ValueError, match=r"got lengths 0 and 1"):
        dot([], [3.0])


@pytest.mark.parametrize("bad", [Value(1.0), 1.0, None])
def test_what_is_no_sequence_is_refused(bad):
    message = re.escape(f"operands must be a sequence of Values or numbers, got {bad!r}")
    with pytest.raises(TypeError, match=f"^sum: {message}$"):
        total(bad)
    with pytest.raises(TypeError, match=f"^dot: {message}$"):
        dot(bad, [1.0])


# --- NumPy ---------------------------------------------------------------------------------------


def values(*numbers):
    return np.array([Value(number) for number in numbers], dtype=object)


@pytest.mark.parametrize("name", OPERATORS)
def test_an_array_on_either_side_broadcasts(name):
    apply = function(PRIMITIVES[name])
    x, array = Value(2.0), np.array([[1.0, 3.0], [4.0, 0.5]])
    for out, at in ((apply(x, array), lambda n: (2.0, n)), (apply(array, x), lambda n: (n, 2.0))):
        assert out.shape == (2, 2)
        assert out.dtype == object
        for node, number in zip(out.ravel(), array.ravel(), strict=True):
            assert node.data == PRIMITIVES[name].evaluate(*at(number))[0]


def test_arrays_of_values_have_products_sums_and_means():
    xs = values(1.0, 2.0, 3.0)
    matrix = np.array([[1.0, 0.0, 2.0]])
    (product,) = matrix @ xs
    assert product.data == 7.0
    assert (xs @ xs).data == 14.0
    assert xs.sum().data == 6.0
    assert xs.mean().data == 2.0
    (xs @ xs).backward()
    assert [x.grad for x in xs] == [2.0, 4.0, 6.0]


@pytest.mark.parametrize(
    "row",
    [
        row
        for row in UNARY
        if isinstance(getattr(np, row.name, 0), np.ufunc) and row.name != "square"
    ],
    ids=str,
)
def test_numpy_functions_take_arrays_of_values(row):
    x = 1.5 if 1.5 in row.domains["x"] else 0.5
    (node,) = getattr(np, row.name)(values(x))
    expected = row.evaluate(x)
    assert (node.data, node.partials) == expected


def test_numpy_compares_arrays_of_values():
    assert (values(1.0, 3.0) > 2.0).tolist() == [False, True]
    assert np.maximum(values(1.0), values(2.0))[0].data == 2.0


# --- errors name the place -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Value(-1.0, name="p").log(),
         "log(x): the point must be in the domain x > 0, got x = -1.0 ('p'); {} nan"),
        (lambda: ag.log(0.0),
         "log(x): the point must be in the domain x > 0, got x = 0.0; {} -inf"),
        (lambda: 1.0 / Value(0.0, name="y"), "div(x, y): the point must be in the domain y != 0, "
         "got x = 1.0, y = 0.0 ('y'); {} inf"),
        (lambda: Value(1000.0).exp(), "exp(x): the point must be in the domain "
         "x <= 709.782712893384, else it overflows, got x = 1000.0; {} inf"),
        (lambda: Value(1e200) * Value(1e200), "mul(x, y): the result must be finite, got inf; "
         "the operands are x = 1e+200, y = 1e+200; {} inf"),
        (lambda: Value(-2.0) ** 0.5, "pow(x, y): the point must be in the domain x > 0, "
         "or x = 0 with y >= 0, or x < 0 with a whole number y, got x = -2.0, y = 0.5; {} nan"),
        (lambda: Value(-1e200) ** 2, "pow(x, y): the result must be finite, got inf; "
         "the operands are x = -1e+200, y = 2.0; {} inf"),
        (lambda: Value(0.0) ** -1, "pow(x, y): the point must be in the domain x > 0, "
         "or x = 0 with y >= 0, or x < 0 with a whole number y, got x = 0.0, y = -1.0; {} inf"),
        (lambda: total([Value(1e308), 1e308]), "sum(x): the result must be finite, got inf; "
         "the operands are x = [1e+308, 1e+308]; {} inf"),
        (lambda: dot([Value(1e200)], [1e200], 1.0), "dot(w, x, b): the result must be finite, "
         "got inf; the operands are w = [1e+200], x = [1e+200], b = 1.0; {} inf"),
    ],
)  # fmt: skip
def test_a_domain_error_names_operation_operands_and_domain(call, message):
    message = message.format('inside errstate(nonfinite="ignore") the result is')
    with pytest.raises(DomainError, match=f"^{re.escape(message)}$"):
        call()


def test_the_message_stays_short_for_a_long_sum():
    with pytest.raises(DomainError) as caught:
        total([Value(1e308)] * 10_000)
    assert len(str(caught.value)) < 300


def test_what_was_not_finite_before_is_no_error_here():
    """Only the operation that makes it is named."""
    assert Value(math.inf).exp().data == math.inf
    assert math.isnan((Value(math.nan) * 2.0).data)
    assert Value(-math.inf).exp().data == 0.0


def test_numbers_are_strict_and_lenient_as_values_are():
    for row, at in (("exp", (1000.0,)), ("log", (-1.0,)), ("maximum", None)):
        if at is None:
            assert function(PRIMITIVES[row])(1.0, 2.0) == 2.0
            continue
        with pytest.raises(DomainError):
            function(PRIMITIVES[row])(*at)
        with errstate(nonfinite="ignore"):
            assert not math.isfinite(function(PRIMITIVES[row])(*at))


def test_the_error_shows_no_inner_exception_but_the_generated_line():
    with pytest.raises(DomainError) as caught:
        PythonValue(-1.0).log()
    shown = "".join(traceback.format_exception(caught.value))
    assert "math domain error" not in shown
    assert "exceptional(primitive, self)" in shown


def test_every_generated_function_shows_its_lines():
    for name in bindings():
        code = getattr(PythonValue, name).__code__
        first = linecache.getline(code.co_filename, code.co_firstlineno)
        assert first.startswith("def ")


# --- what help() says ---------------------------------------------------------------------------


@pytest.mark.parametrize("row", [row for row in TABLE if hasattr(Value, row.name)], ids=str)
def test_the_example_in_the_docstring_of_a_function_runs(row):
    called = getattr(Value, row.name)
    finder = doctest.DocTestFinder()
    (test,) = finder.find(called, row.name, module=False, globs={"Value": Value})
    assert len(test.examples) == 1
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


def test_a_signature_names_the_operands_of_the_row():
    assert str(inspect.signature(ag.exp)) == "(x, /)"
    assert str(inspect.signature(ag.leaky_relu)) == "(x, y=0.01, /)"
    assert str(inspect.signature(ag.dot)) == "(ws, xs, b=0.0, /)"
    assert "Return x + y." in PythonValue.__add__.__doc__
    assert ">>>" not in PythonValue.__add__.__doc__


def test_the_documentation_says_what_is_computed_with_which_slopes_and_what_is_refused():
    quotient = """\
Return x / y.

With a Value it makes a node; with plain numbers it returns a float.
dx = 1 / y, dy = -out / y; defined for y != 0.

Raises:
    DomainError: finite operands give a result that is not finite; see `errstate`.
    TypeError: an operand is neither a Value nor a real number."""
    assert PythonValue.__truediv__.__doc__ == quotient
    assert PythonValue.dot.__doc__.endswith(
        "a real number.\n\n>>> Value.dot([0.5, 2.0], [0.5, 2.0], 0.5)\n4.75"
    )
    found = PythonValue.arccosh(2.0)  # its last digit depends on the C library
    assert PythonValue.arccosh.__doc__.endswith(f"\n\n>>> Value.arccosh(2.0)\n{found!r}")


def test_a_function_knows_its_row():
    for name, row in bindings().items():
        assert getattr(PythonValue, name).primitive is row


def test_a_row_that_is_not_in_the_table_may_be_bound():
    cube = Primitive("cube", "x * x * x", dx="3 * x * x")
    with bound(cube) as apply:
        node = apply(Value(2.0))
        assert (node.data, node.op, node.partials) == (8.0, cube, (12.0,))


def test_an_ordinary_result_is_not_computed_again(monkeypatch):
    """What is not finite, or was raised, is computed anew by IEEE 754, which takes its time."""
    made = {row: name for name, row in bindings().items() if not name.startswith("__r")}
    for row in [*UNARY, *BINARY]:
        compute = getattr(PythonValue, made[row])
        monkeypatch.setitem(compute.__globals__, "exceptional", None)
        at = [0.5 if 0.5 in domain else 2.0 for domain in row.domains.values()]
        assert compute(*map(PythonValue, at)).data == row.evaluate(*at)[0]


def test_an_operand_without_a_default_must_be_given():
    assert str(inspect.signature(PythonValue.maximum)) == "(x, y, /)"
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        PythonValue.maximum(PythonValue(1.0))


def test_an_error_inside_a_generator_of_operands_is_not_hidden():
    def operands():
        yield 1.0
        raise TypeError("mine")

    for call in (lambda: total(operands()), lambda: dot([1.0], operands())):
        with pytest.raises(TypeError, match=r"^mine$"):
            call()

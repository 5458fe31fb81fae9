"""What a Value is: its number, its place in the graph, and what it refuses to become."""

import copy
import doctest
import gc
import inspect
import math
import operator
import os
import pickle
import re
import sys
import typing
from array import array
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines import data_of, gradients_of, store_data, zero_gradients
from autograd_mini.engines import value as reference
from autograd_mini.engines.node import ParameterPath
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.errors import NonFiniteGradientError
from autograd_mini.table.primitives import PRIMITIVES

FINITE = st.floats(allow_nan=False, allow_infinity=False)


# --- making one ----------------------------------------------------------------------------------


@given(st.floats())
def test_a_leaf_is_its_number(x):
    leaf = Value(x)
    assert leaf.data.hex() == x.hex()
    assert (leaf.op, leaf.operands, leaf.partials, leaf.name) == (None, (), (), None)
    assert (leaf.grad, leaf.has_grad) == (0.0, False)


@pytest.mark.parametrize("number", [3, np.float32(3), np.int64(3)])
def test_the_number_of_a_leaf_becomes_a_float(number):
    assert type(Value(number).data) is float


@pytest.mark.parametrize(
    "bad", [True, "1", 1j, Decimal(1), Fraction(1), None, [1.0], np.array([1.0]), Value(1.0)]
)
def test_a_leaf_of_no_real_number_is_refused(bad):
    message = re.escape(f"Value: data must be a real number, got {bad!r}")
    with pytest.raises(TypeError, match=f"^{message}(; use .*)?$"):
        Value(bad)


def test_an_integer_that_no_float_holds_is_refused():
    message = re.escape(
        "Value: data must be a number that a float holds exactly, got 9007199254740993; "
        "round it yourself, with float(…)"
    )
    with pytest.raises(ValueError, match=f"^{message}$"):
        Value(2**53 + 1)


def test_a_name_is_a_string_or_none():
    x = Value(1.0, name="x")
    assert x.name == "x"
    x.name = "y"
    assert x.name == "y"
    x.name = None
    assert x.name is None
    with pytest.raises(TypeError, match=r"^Value: name must be a string or None, got 3$"):
        Value(1.0, name=3)
    with pytest.raises(TypeError, match=r"^Value: name must be a string or None, got 3$"):
        x.name = 3


def test_a_computed_node_may_be_named():
    x = Value(1.0)
    y = x + 1.0
    y.name = "y"
    assert y.name == "y"


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("label", "use name"),
        ("_op", "use op, which is None for a leaf"),
        ("_prev", "use operands, a tuple in their order"),
        ("_backward", "use partials, the derivative for each operand"),
    ],
)
def test_what_micrograd_calls_otherwise_is_named(name, way_out):
    x = Value(1.0) + 2.0
    message = f"^'Value' object has no attribute '{name}'; {way_out}$"
    assert not hasattr(x, name)
    with pytest.raises(AttributeError, match=message):
        getattr(x, name)
    with pytest.raises(AttributeError, match=message):
        setattr(x, name, "a")


def test_a_label_as_an_argument_is_a_name():
    message = re.escape(
        "Value: arguments must be data and name, got {'label': 'a'}; use name= for it"
    )
    with pytest.raises(TypeError, match=f"^{message}$"):
        Value(2.0, label="a")
    with pytest.raises(TypeError, match=r"^Value: arguments must be data and name, got {'nam"):
        Value(2.0, nam="a")


def test_help_shows_the_arguments_that_there_are():
    assert [*inspect.signature(Value).parameters] == ["data", "name"]


def test_a_value_has_no_other_attributes():
    with pytest.raises(AttributeError):
        Value(1.0).dta = 2.0


@pytest.mark.parametrize("attribute", ["op", "operands", "partials", "has_grad"])
def test_how_a_value_came_about_cannot_be_changed(attribute):
    with pytest.raises(AttributeError):
        setattr(Value(1.0), attribute, None)


def test_value_cannot_be_subclassed():
    message = re.escape(
        "a base class must be another class than Value, got Value; operations make plain Values, "
        "so keep a Value in an attribute of your class"
    )
    with pytest.raises(TypeError, match=f"^{message}$"):
        type("Sub", (Value,), {})


# --- data and grad -------------------------------------------------------------------------------


@pytest.mark.parametrize("attribute", ["data", "grad"])
def test_data_and_grad_are_set_to_real_numbers_only(attribute):
    x = Value(1.0)
    setattr(x, attribute, np.float32(2))
    assert getattr(x, attribute) == 2.0
    assert type(getattr(x, attribute)) is float
    for bad in ("3", True, Value(1.0), *([None] if attribute == "data" else [])):
        message = re.escape(f"Value.{attribute} must be a real number, got {bad!r}")
        with pytest.raises(TypeError, match=f"^{message}(; use .*)?$"):
            setattr(x, attribute, bad)
    assert getattr(x, attribute) == 2.0


def test_a_gradient_that_is_set_to_none_was_never_computed():
    x = Value(3.0)
    (x * x).backward()
    for _ in range(2):  # it may be none already
        x.grad = None
        assert (x.grad, x.has_grad, repr(x)) == (0.0, False, "Value(data=3.0)")
    (x * x).backward()
    assert (x.grad, x.has_grad) == (6.0, True)


def test_the_gradient_of_a_value_is_made_zero_if_it_has_any():
    x = Value(3.0)
    x.zero_grad()
    assert (x.grad, x.has_grad) == (0.0, False)
    y = x * x
    y.backward()
    x.zero_grad()
    assert (x.grad, x.has_grad, y.grad) == (0.0, True, 1.0)
    y.zero_grad()
    assert y.grad == 0.0


def test_a_gradient_that_was_stored_is_told_from_none():
    x = Value(1.0)
    assert not x.has_grad
    (x * 0.0).backward()
    assert x.has_grad
    assert x.grad == 0.0
    y = Value(1.0)
    y.grad = 0.0
    assert y.has_grad


def test_augmented_assignment_makes_a_new_node():
    x = y = Value(2.0)
    y += 1.0
    y *= 3.0
    assert (x.data, y.data) == (2.0, 9.0)


# --- text ----------------------------------------------------------------------------------------


def test_repr_says_what_there_is_to_say():
    x = Value(0.1, name="x")
    assert repr(x) == "Value(data=0.1, name='x')"
    y = x * 2.0
    assert repr(y) == "Value(data=0.2, op=mul)"
    y.backward()
    assert repr(x) == "Value(data=0.1, grad=2.0, name='x')"
    assert repr(y) == "Value(data=0.2, grad=1.0, op=mul)"
    assert str(x) == repr(x)


def test_a_format_is_that_of_the_number():
    assert f"{Value(math.pi):.3f}" == "3.142"
    assert f"{Value(1.0)}" == "Value(data=1.0)"
    message = r"^format: specification must be one of a float, got 'spam'; (Invalid|Unknown) format"
    with pytest.raises(ValueError, match=message):
        format(Value(1.0), "spam")


# --- comparing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
@given(x=FINITE, y=FINITE | st.just(1.0))
def test_values_compare_as_their_numbers(compare, x, y):
    for left, right in ((Value(x), Value(y)), (Value(x), y), (x, Value(y)), (Value(y), Value(y))):
        numbers = [one.data if isinstance(one, Value) else one for one in (left, right)]
        assert compare(left, right) is compare(*numbers)


def test_values_are_sorted_and_have_a_largest():
    values = [Value(2.0), Value(-1.0), Value(3.0)]
    assert [value.data for value in sorted(values)] == [-1.0, 2.0, 3.0]
    assert max(values) is values[2]
    assert min(values) is values[1]


@pytest.mark.parametrize("bad", ["1", None, 1j, True])
def test_comparing_with_no_real_number_is_refused(bad):
    message = re.escape(f"operand of a comparison must be a real number, got {bad!r}")
    with pytest.raises(TypeError, match=f"^{message}(; use .*)?$"):
        Value(1.0) < bad  # noqa: B015 - it raises


def test_values_are_equal_only_to_themselves():
    x, y = Value(1.0), Value(1.0)
    assert x == x
    assert x != y
    assert len({x, y}) == 2
    assert x in [y, x]
    assert x not in [y]
    assert x != None  # noqa: E711 - as a user might write it
    assert x != "1.0"


@pytest.mark.parametrize("number", [1.0, 1, np.float64(1), True])
def test_equality_with_a_number_is_refused(number):
    x = Value(1.0)
    for compare in (
        lambda: x == number,
        lambda: x != number,
        lambda: number == x,
        lambda: number != x,
    ):
        with pytest.raises(TypeError, match=r"compare v\.data$"):
            compare()


# --- no silent detaching (P12) -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("convert", "way_out"),
    [
        (float, "use v.data"),
        (int, "use v.data"),
        (bool, "use v.data"),
        (complex, "use v.data"),
        (math.exp, "ag.exp(v), not math.exp(v)"),
        (math.floor, "use v.data|ag"),
        (operator.index, "Value"),
        (lambda v: [0, 1][v], "Value"),
        (lambda v: 1 if v else 2, "v > 0"),
        (lambda v: not v, "v > 0"),
        (lambda v: v and v, "v > 0"),
        (lambda v: np.array([v], dtype=float), "use v.data"),
        (lambda v: math.fsum([v]), "use v.data"),
        (lambda v: "%f" % v, "use v.data|real number"),  # noqa: UP031 - as a user might
    ],
)
def test_what_would_drop_the_gradient_raises_and_names_the_way_out(convert, way_out):
    for value in (Value(1.0), Value(1.0) * 2.0):
        pattern = "|".join(map(re.escape, way_out.split("|")))
        with pytest.raises(TypeError, match=pattern):
            convert(value)


@pytest.mark.parametrize(
    ("convert", "message"),
    [
        (bool, "a condition must be a bool, got Value(data=1.0); compare the Value (v > 0), "
         "or use v.data"),
        (float, "float: argument must be a plain number, got Value(data=1.0); to keep the "
         "gradient, use the function of the library (ag.exp(v), not math.exp(v)); to drop it, "
         "use v.data"),
        (int, "int: argument must be a plain number, got Value(data=1.0); use v.data, "
         "which drops the gradient"),
    ],
)  # fmt: skip
def test_a_conversion_is_refused_in_one_clear_sentence(convert, message):
    with pytest.raises(TypeError) as caught:
        convert(Value(1.0))
    assert str(caught.value) == message


def test_rounding_and_integer_division_are_not_defined():
    for call in (
        round,
        lambda v: v // 2.0,
        lambda v: v % 2.0,
        lambda v: divmod(v, 2.0),
        math.trunc,
    ):
        with pytest.raises(TypeError):
            call(Value(1.5))


# --- copies --------------------------------------------------------------------------------------

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda v, p=protocol: pickle.loads(pickle.dumps(v, p))  # noqa: S301
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_leaf_is_copied_with_number_name_and_gradient(copied):
    x = Value(0.1, name="x")
    other = copied(x)
    assert other is not x
    assert (other.data, other.name, other.has_grad) == (0.1, "x", False)
    x.grad = 2.5
    assert copied(x).grad == 2.5
    other.data = 7.0
    assert x.data == 0.1


def test_a_shared_leaf_stays_shared_in_a_deep_copy():
    x = Value(1.0)
    one, other = copy.deepcopy([x, x])
    assert one is other


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_computed_node_is_not_copied(copied):
    node = Value(1.0) * 2.0
    message = (
        "a copied or pickled Value must be a leaf, got Value(data=2.0, op=mul); copy the leaves "
        "and compute again, or save a model with state_dict()"
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        copied(node)


# --- the backward pass ---------------------------------------------------------------------------


def test_the_first_example_of_the_course():
    x, w1, b1 = Value(0.1, name="x"), Value(0.15, name="w1"), Value(0.4, name="b1")
    w2, b2 = Value(0.45, name="w2"), Value(0.65, name="b2")
    z1 = w1 * x + b1
    a1 = z1.sigmoid()
    z2 = w2 * a1 + b2
    a2 = z2.sigmoid()
    error = 0.5 * (0.25 - a2) ** 2
    error.backward()
    assert [round(v.data, 10) for v in (z1, a1, z2, a2, error)] == [
        0.415, 0.6022861769, 0.9210287796, 0.7152516803, 0.1082295630,
    ]  # fmt: skip
    assert [round(v.grad, 10) for v in (w2, b2, w1, b1)] == [
        0.0570703982, 0.0947562810, 0.0010213959, 0.0102139588,
    ]  # fmt: skip


def test_the_gradient_of_a_leaf_by_itself_is_the_seed():
    x = Value(3.0)
    x.backward(seed=2.5)
    assert x.grad == 2.5
    x.backward()
    assert x.grad == 3.5


def test_every_node_gets_its_gradient():
    x = Value(3.0)
    y = x * x
    z = y + x
    z.backward(seed=0.5)
    assert (z.grad, y.grad, x.grad) == (0.5, 0.5, 3.5)


@pytest.mark.parametrize("bad", ["1", None, True, Value(1.0)])
def test_a_seed_is_a_real_number(bad):
    x = Value(1.0)
    message = re.escape(f"Value.backward: seed must be a real number, got {bad!r}")
    with pytest.raises(TypeError, match=f"^{message}(; use .*)?$"):
        x.backward(seed=bad)
    assert not x.has_grad


def test_the_seed_is_passed_by_name():
    with pytest.raises(TypeError):
        Value(1.0).backward(2.0)


def test_a_non_finite_gradient_names_the_node_and_changes_nothing():
    x, y = Value(0.0, name="x"), Value(1.0, name="y")
    node = y * x.sqrt()
    y.grad = 5.0
    message = re.escape(
        "Value.backward: the gradient of 'x' (0.0) must be finite, got inf; it arises at sqrt, "
        "whose value is 0.0 and whose partial derivative for 'x' (0.0) is inf, times an incoming "
        'gradient of 1.0; no gradient was changed, errstate(nonfinite="ignore") would store it'
    )
    with pytest.raises(NonFiniteGradientError, match=f"^{message}$"):
        node.backward()
    assert y.grad == 5.0
    assert not x.has_grad
    assert not node.has_grad


def test_inside_errstate_a_non_finite_gradient_is_stored():
    x = Value(0.0)
    with errstate(nonfinite="ignore"):
        x.sqrt().backward()
    assert x.grad == math.inf


def test_an_overflow_of_the_accumulated_gradient_is_found():
    x = Value(1.0, name="x")
    x.grad = 1.7e308
    message = (
        r"of 'x' \(1\.0\) must be finite, got inf; it was not finite before, or the sum overflows;"
    )
    with pytest.raises(NonFiniteGradientError, match=message):
        (x * 1.0).backward(seed=1.7e308)
    assert x.grad == 1.7e308


def test_an_unnamed_leaf_is_called_by_its_number():
    message = r"the gradient of a Value of 0\.0 must be finite, got inf;"
    with pytest.raises(NonFiniteGradientError, match=message):
        Value(0.0).sqrt().backward()


def test_the_node_that_is_named_is_the_one_nearest_the_output():
    x = Value(0.0)
    with pytest.raises(NonFiniteGradientError, match="; it arises at cbrt, whose value is "):
        (x.sqrt().cbrt() * 2.0).backward()


def test_an_infinite_seed_is_found():
    with pytest.raises(NonFiniteGradientError, match="must be finite, got inf;"):
        Value(1.0).backward(seed=math.inf)


def test_an_interior_infinity_that_reaches_no_leaf_is_no_error():
    constant = ag.sqrt(Value(0.0))  # an infinite partial derivative, not asked for
    x = Value(2.0)
    (x + constant.data).backward()
    assert x.grad == 1.0


@pytest.mark.skipif(ag.engine != "python", reason="in C, nothing runs within a backward pass")
def test_a_backward_pass_within_another_of_the_same_thread_is_refused():
    """It would use the same marks; a signal handler could start one."""
    x, y = Value(2.0), Value(3.0)
    out = x * x
    refused = []

    def during(frame, event, arg):
        if event == "call" and frame.f_back.f_code is Value.backward.__code__:
            try:
                (y * 1.0).backward()
            except RuntimeError as error:
                refused.append(str(error))

    previous = sys.gettrace()  # that of a debugger, or of the coverage measurement
    sys.settrace(during)
    try:
        out.backward()
    finally:
        sys.settrace(previous)
    assert "Value.backward: called within a backward pass of this thread" in refused
    assert x.grad == 4.0


def test_an_interrupt_while_gradients_are_stored_gets_through_after_all_of_them(monkeypatch):
    def interrupted(nodes):
        nodes[0]._grad = nodes[0]._adjoint
        raise KeyboardInterrupt

    monkeypatch.setattr(reference, "_store_adjoints", interrupted)
    x = reference.Value(3.0)
    y = x * x
    with pytest.raises(KeyboardInterrupt):
        y.backward()
    assert (x.grad, y.grad) == (6.0, 1.0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_has_a_lock_of_its_own():
    """That of its parent may be held by a thread that does not exist in it."""
    x = reference.Value(3.0)
    with reference._lock:
        child = os.fork()
        if child == 0:
            try:
                (x * x).backward()
            finally:
                os._exit(int(x.grad))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 6


def test_the_first_operand_of_a_node_that_makes_trouble_is_the_one_named():
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    message = re.escape("for 'x' (2.0) is 3.0, times an incoming gradient of inf; no gradient ")
    with pytest.raises(NonFiniteGradientError, match=message):
        (x * y).backward(seed=math.inf)


def test_the_first_leaf_without_a_finite_gradient_is_the_one_named():
    x, y, z = Value(2.0, name="x"), Value(0.0, name="y"), Value(0.0, name="z")
    message = r"the gradient of 'y' \(0\.0\) must be finite, got inf;"
    with pytest.raises(NonFiniteGradientError, match=message):
        (x + y.sqrt() + z.sqrt()).backward()


def test_a_constant_makes_no_trouble():
    x = Value(0.0, name="x")
    message = re.escape("whose partial derivative for a Value of 0.0 is 1.0, times an incoming")
    with pytest.raises(NonFiniteGradientError, match=message):
        (math.inf + x * 1.0).backward(seed=math.inf)


# --- many at a time ------------------------------------------------------------------------------


def test_the_numbers_of_many_values_are_read_and_stored():
    xs = [Value(1.0), Value(2.0)]
    assert data_of(xs) == array("d", [1.0, 2.0])
    store_data(xs, [3.0, 4.0])
    assert data_of(xs) == array("d", [3.0, 4.0])


@pytest.mark.parametrize("state", ["new", None])
def test_the_state_of_an_owner_is_stored_with_the_numbers(state):
    xs, owner = [Value(1.0), Value(2.0)], SimpleNamespace(_state="old")
    store_data(xs, [3.0, 4.0], owner, state)
    assert data_of(xs) == array("d", [3.0, 4.0])
    assert owner._state == state


def test_the_gradients_of_many_values_are_read_and_made_zero():
    xs = [Value(1.0), Value(2.0)]
    xs[1].grad = 2.5
    assert gradients_of(xs) == array("d", [0.0, 2.5])
    zero_gradients(xs)
    assert gradients_of(xs) == array("d", [0.0, 0.0])
    assert [x.has_grad for x in xs] == [False, True]


# --- names ---------------------------------------------------------------------------------------


def test_of_a_name_only_the_text_is_kept():
    """An attribute of it could refer to the Value, and make a cycle."""

    class Loud(str):
        def __str__(self):
            return self.upper()

    name = Value(1.0, name=Loud("x")).name
    assert (type(name), name) == (str, "x")


def test_a_path_given_by_a_module_stays_one():
    path = ParameterPath("layers.0.bias", "layers.0")
    assert Value(1.0, name=path).name is path
    copied = pickle.loads(pickle.dumps(path))  # noqa: S301 - our own
    assert (copied, copied.owner, type(copied)) == (path, "layers.0", ParameterPath)


def test_operands_of_one_operation_may_be_the_same():
    x = Value(3.0)
    ag.dot([x, x], [x, 2.0], x).backward()
    assert x.grad == 2 * 3.0 + 2.0 + 1.0
    assert PRIMITIVES["dot"].nary


def test_plus_is_the_value_itself():
    x = Value(1.0)
    assert +x is x


def test_an_array_on_the_other_side_of_a_comparison_broadcasts():
    assert (Value(2.0) < np.array([1.0, 3.0])).tolist() == [False, True]
    assert (np.array([1.0, 3.0]) >= Value(2.0)).tolist() == [False, True]


def test_numbers_of_a_subclass_are_numbers():
    class Metres(float):
        pass

    assert (Value(2.0) * Metres(3.0)).data == (Metres(3.0) * Value(2.0)).data == 6.0


def test_a_duration_is_no_number():
    message = re.escape(f"Value: data must be a real number, got {np.timedelta64(3, 's')!r}")
    with pytest.raises(TypeError, match=f"^{message}$"):
        Value(np.timedelta64(3, "s"))


def test_the_examples_in_the_documentation_run():
    inspect.getmembers(Value)  # an operation is compiled, with its docstring, when first looked at
    finder, names = doctest.DocTestFinder(), {"Value": Value}
    tests = finder.find(Value, "Value", module=False, globs=names)
    for name in ("sum", "dot"):
        tests += finder.find(getattr(Value, name), f"Value.{name}", module=False, globs=names)
    with_examples = {test.name for test in tests if test.examples}
    assert {"Value", "Value.backward", "Value.exp", "Value.sum", "Value.dot"} <= with_examples
    runner = doctest.DocTestRunner()
    for test in tests:
        assert runner.run(test).failed == 0


def test_a_masked_array_keeps_the_values_it_is_combined_with():
    """NumPy looks for an attribute ``_data`` in what it takes for a masked array."""
    v = Value(2.0)
    product = v * np.ma.array([1.0, 2.0])
    assert [type(one) for one in product.data] == [Value, Value]
    assert np.ma.getdata(v).item() is v


def test_a_comparison_with_a_number_says_what_a_value_equals():
    message = "operand of == must be a Value, got 1.0; a Value equals only itself: compare v.data"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        _ = Value(1.0) == 1.0


@pytest.mark.parametrize("symbol", ["add", "sub", "mul", "truediv", "pow"])
def test_a_reflected_operator_takes_values_too(symbol):
    v, w = Value(3.0), Value(2.0)
    node = getattr(Value, f"__r{symbol}__")(v, w)
    assert node.operands == (w, v)
    assert node.data == getattr(operator, symbol)(2.0, 3.0)


def test_a_value_is_whole_when_it_is_made_and_made_once():
    for make in (Value.__new__, Value):
        arguments = (Value,) if make is Value.__new__ else ()
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'data'"):
            make(*arguments)
    assert Value.__new__(Value, 2.0, name="v").name == "v"
    node = Value(3.0) * 2.0
    node.__init__(5.0)
    assert repr(node) == "Value(data=6.0, op=mul)"
    hints = {"data": float, "name": str | None, "return": type(None)}
    assert typing.get_type_hints(Value.__init__) == hints


@given(st.builds(Value))
def test_hypothesis_builds_values(v):
    assert isinstance(v.data, float)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v: data_of([v, 1.0]), "values[1] must be a Value, got 1.0"),
        (lambda v: gradients_of("v"), "values[0] must be a Value, got 'v'"),
        (lambda v: zero_gradients([None]), "values[0] must be a Value, got None"),
        (lambda v: store_data([v, v], [9.0]), "numbers must be 2 floats, one for each Value, got"),
        (lambda v: store_data([v], [9]), "numbers must be 1 floats, one for each Value, got (9,)"),
        (lambda v: store_data([2.0], [9.0]), "values[0] must be a Value, got 2.0"),
    ],
)
def test_functions_of_many_values_take_nothing_else_and_change_nothing_then(call, message):
    v = Value(1.0)
    with pytest.raises(TypeError, match=f"^{re.escape(message)}"):
        call(v)
    with pytest.raises(AttributeError):
        store_data([v], [9.0], object(), None)
    assert v.data == 1.0


@pytest.mark.parametrize("operation", ["add", "dot"])
def test_as_in_a_browser_a_chain_is_freed_without_recursion(monkeypatch, operation):
    """`test_pyodide` tests the same where CPython does not guard its stack."""
    depths = [0]

    def let_go(node):
        depths.append(depths[-1] + 1)
        reference._let_go(node)
        depths.append(depths[-1] - 1)

    def count_values():
        gc.collect()
        return sum(type(thing) is reference.Value for thing in gc.get_objects())

    monkeypatch.setattr(reference.Value, "__del__", let_go, raising=False)
    before = count_values()
    x = reference.Value(0.0)
    y = x
    for _ in range(500):
        y = y + x if operation == "add" else reference.Value.dot([x, y], [2.0, y])
    del x, y
    assert count_values() <= before
    assert max(depths) == 2
    assert depths[-1] == 0
    assert len(depths) >= 1 + 2 * 501  # another test may have left a Value
    assert reference._to_free == []

"""The form of the arguments of a call: what is a number, what is static, what is refused."""

import enum
import math
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import Value
from autograd_mini.nn import MLP
from autograd_mini.programs.forms import find_ints, name_inputs, read_call


class Point(NamedTuple):
    x: Any
    y: Any


class Numbers(list):
    pass


class Mode(enum.IntEnum):
    FAST = 1


class Speed(enum.IntEnum):
    HIGH = 1


class Rate(float, enum.Enum):
    ONE = 1.0


@dataclass(frozen=True)
class Setting:
    scale: Any


class Unhashable:
    __hash__ = None

    def __repr__(self):
        return "Unhashable()"


class Tensor:
    """An array of another package."""

    def __array__(self, dtype=None, copy=None):
        return np.ones(2)


class Wildcard:
    __hash__ = object.__hash__

    def __eq__(self, other):
        return True


class Switch:
    training = True


def form(*args, **kwargs):
    return read_call("compile", args, kwargs)[0]


def is_same(a, b):
    """Whether two arguments are equal, with the types and bits of all that is in them."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and is_same(a.tolist(), b.tolist())
    if isinstance(a, dict):
        return is_same(list(a.items()), list(b.items()))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(is_same, a, b))
    return repr(a) == repr(b)


# --- numbers -------------------------------------------------------------------------------------

F = np.float64

STRUCTURES = [
    (2.0, [2.0]),
    (3, [3.0]),
    (-0.0, [-0.0]),
    (math.inf, [math.inf]),
    (2**60, [2.0**60]),
    (F(2.5), [2.5]),
    (np.float16(0.5), [0.5]),
    (np.int8(-3), [-3.0]),
    (np.longdouble(2), [2.0]),
    ([], []),
    ([1.0, 2.0], [1.0, 2.0]),
    ([1, 2.0, F(3)], [1.0, 2.0, 3.0]),
    ((1.0, [2, (3.0,)]), [1.0, 2.0, 3.0]),
    (Point(1.0, [2.0]), [1.0, 2.0]),
    (Point(1.0, 2.0), [1.0, 2.0]),
    ({"b": 1.0, "a": {2: 3}}, [1.0, 3.0]),
    ({}, []),
    (OrderedDict(z=1.0, a=2.0), [1.0, 2.0]),
    (Counter(a=3, b=4), [3.0, 4.0]),
    ({1.0: "label", 2.0: 5.0}, [5.0]),
    (OrderedDict({1.0: 5.0}), [5.0]),
    ({(1, ("a", 2.0)): 5.0}, [5.0]),
    (Numbers([1.0, 2.0]), [1.0, 2.0]),
    (np.array(4.0), [4.0]),
    (np.arange(4).reshape(2, 2).T, [0.0, 2.0, 1.0, 3.0]),
    (np.array([1, 2], ">f8"), [1.0, 2.0]),
    (np.array([1, 2], "f2"), [1.0, 2.0]),
    (np.array([1, 2], np.longdouble), [1.0, 2.0]),
    (np.array([1, F(2), 3.0], object), [1.0, 2.0, 3.0]),
    (np.zeros((2, 0)), []),
    ([np.ones(2), {"w": np.ones((1, 2))}], [1.0] * 4),
]


@pytest.mark.parametrize(("argument", "numbers"), STRUCTURES)
def test_the_numbers_of_a_structure_are_inputs_and_it_is_built_again(argument, numbers):
    found_form, found = read_call("compile", [argument, 7.0], {})
    assert repr(found) == repr([*numbers, 7.0])
    assert all(type(x) is float for x in found)
    (again, seven), kwargs = found_form.build(found)
    assert (seven, kwargs) == (7.0, {})
    assert type(again) is (float if np.isscalar(argument) else type(argument))
    refound_form, refound = read_call("compile", [again, 7.0], {})
    assert refound_form == found_form
    assert hash(refound_form) == hash(found_form)
    assert repr(refound) == repr(found)


def test_arrays_are_built_of_values_as_objects_and_of_numbers_as_floats():
    found, numbers = read_call("compile", [np.ones((2, 1), "f4")], {})
    (floats,), _ = found.build(numbers)
    (objects,), _ = found.build([Value(1.0), Value(2.0)])
    assert (floats.dtype, floats.shape) == (np.dtype(float), (2, 1))
    assert (objects.dtype, objects.shape) == (np.dtype(object), (2, 1))
    assert [x.data for x in objects.ravel()] == [1.0, 2.0]


def test_a_dict_keeps_its_order_and_its_factory():
    found, numbers = read_call("compile", [defaultdict(list, q=3.0, p=4.0)], {})
    (built,), _ = found.build(numbers)
    assert (list(built.items()), built.default_factory) == ([("q", 3.0), ("p", 4.0)], list)
    assert found.build([5.0, 6.0])[0] == [{"q": 5.0, "p": 6.0}]


# --- what belongs to the key ---------------------------------------------------------------------


def double(x):
    return 2 * x


MODEL = MLP(1, [1])

DIFFERENT = [
    (1.0, True, None, "1.0", (1.0,), [1.0], {"a": 1.0}, Numbers([1.0]), np.array(1.0), np.ones(1)),
    ([1.0], [1.0, 2.0], [], [[1.0]], [None], [True], [1.0, None], [None, 1.0]),
    ({"a": 1.0, "b": 2.0}, {"b": 1.0, "a": 2.0}, {"a": 1.0}, OrderedDict(a=1.0, b=2.0)),
    ({1: 2.0}, {1.0: 2.0}, {True: 2.0}, {"1": 2.0}),
    (defaultdict(int, a=1.0), defaultdict(float, a=1.0), {"a": 1.0}),
    (np.ones((2, 3)), np.ones((3, 2)), np.ones(6), [1.0] * 6, np.ones((2, 3, 1))),
    (Point(1.0, 2.0), (1.0, 2.0), [1.0, 2.0]),
    (
        "relu",
        "tanh",
        b"relu",
        double,
        math,
        MODEL,
        MLP,
        len,
        Mode.FAST,
        Speed.HIGH,
        Rate.ONE,
        range(1),
    ),
    ({1}, {1.0}, {True}, frozenset({1}), {1, 2}),
    (Setting(1), Setting(1.0), Setting(True), Setting(-0.0), Setting(0.0)),
    (np.True_, True, 1.0),
]


@pytest.mark.parametrize("arguments", DIFFERENT)
def test_what_a_function_can_tell_apart_has_another_form(arguments):
    forms = [form(one) for one in arguments]
    assert len(set(forms)) == len(set(map(hash, forms))) == len(arguments)


STATIC = [
    (1, 1.0, True, -1, 0, 0.0, -0.0, False, 1j, Mode.FAST, F(1), np.float32(1), np.int64(1)),
    (Decimal("1.0"), Decimal("1.00"), Fraction(1)),
    (np.float32(0), np.float32(-0.0)),
    ((1, 2), (1.0, 2), [1, 2], (True, 2), ((1, 2),)),
    ({"a": 1}, {"a": 1.0}, {"a": True}, {"a": [1]}),
]


@pytest.mark.parametrize("values", STATIC)
def test_keyword_arguments_are_static_and_compared_with_their_types(values):
    forms = [form(2.0, k=one) for one in values]
    assert len(set(forms)) == len(values)
    for one, found in zip(values, forms, strict=True):
        args, kwargs = found.build([3.0])
        assert args == [3.0]
        assert is_same(kwargs, {"k": one})


def test_a_keyword_is_another_than_a_position_or_another_keyword():
    assert len({form(1.0, "a"), form(1.0, k="a"), form(1.0, j="a"), form(1.0)}) == 4


@pytest.mark.parametrize("nan", [math.nan, np.float64("nan"), np.float32("nan"), Decimal("nan")])
def test_nan_is_equal_to_itself(nan):
    assert form(k=nan) == form(k=type(nan)("nan"))


def test_ints_and_floats_of_one_structure_have_the_same_form():
    assert form(1, [2, 3], np.arange(2)) == form(1.0, [2.0, F(3)], np.ones(2, ">f4"))
    assert form([[1, 2], [3, 4]]) == form([[1.0, 2.0], [3.0, 4.0]])


def test_functions_and_modules_are_compared_by_identity_and_kept_alive():
    assert form(MODEL, double) == form(MODEL, double)
    assert form(MODEL) != form(MLP(1, [1]))
    assert form(Wildcard()) != form(Wildcard())
    assert form(lambda: 1) != form(lambda: 1)  # the second may not get the address of the first


def test_the_mode_of_a_module_belongs_to_the_key():
    switch = Switch()
    learning = form(switch, k=switch)
    switch.training = False
    assert form(switch, k=switch) != learning
    switch.training = True
    assert form(switch, k=switch) == learning


def test_a_later_change_of_a_static_list_does_not_reach_the_form():
    sizes, names = [1, [2]], {"a"}
    found = form(1.0, names, sizes=sizes)
    sizes[1].append(3)
    names.add("b")
    assert found.build([1.0]) == ([1.0, {"a"}], {"sizes": [1, [2]]})
    assert found != form(1.0, names, sizes=sizes)


def test_forms_of_floats_alone_are_made_once():
    assert form(1.0, 2.0) is form(3.0, 4.0)
    assert form(1.0, 2) == form(3.0, 4.0) != form(3.0)


@pytest.mark.parametrize(
    ("f", "names"),
    [
        (lambda x, pair, mode, y: 0, ["x", "pair0", "pair1", "y"]),
        (lambda x, pair, *others: 0, ["x", "pair0", "pair1"]),
        (lambda x: 0, [None, None, None, None]),  # which takes fewer arguments
        (max, [None, None, None, None]),  # which has no signature
    ],
)
def test_numbers_are_named_after_the_parameters_of_the_function(f, names):
    found, numbers = read_call("f", [1.0, {"a": 2.0, "b": ["s", 3.0]}, "fast", 4.0], {})
    assert name_inputs(f, found, len(numbers))[: len(names)] == names


def test_static_parts_stand_inside_of_structures():
    found, numbers = read_call("compile", [[1.0, "relu", (None, 2)], {"f": double, "x": 3}], {})
    assert numbers == [1.0, 2.0, 3.0]
    assert found.build(numbers)[0] == [[1.0, "relu", (None, 2.0)], {"f": double, "x": 3.0}]


def test_a_form_prints_as_its_arguments():
    found = form(1, [1.0, "s"], (2.0,), {"a": np.ones((2, 3))}, Numbers([1.0] * 9), k=[1, None])
    text = "Form(x, [x, 's'], (x,), {'a': array of shape (2, 3)}, Numbers(x, … 9 numbers)"
    assert repr(found) == f"{text}, k=[1, None])"
    assert repr(form(OrderedDict(a=1), Point(1, 2))) == "Form(OrderedDict({'a': x}), Point(x, x))"


def test_the_positions_of_ints_are_found_for_the_error_about_them():
    assert find_ints([1, 2.0, np.int8(3), [4], "5", True]) == [0, 2, 5]


# --- Values --------------------------------------------------------------------------------------

X = Value(1.0)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ([X], {}),
        ([1.0, X], {}),
        ([[1.0, (2.0, X)]], {}),
        ([{"a": X}], {}),
        ([{X: 1.0}], {}),
        ([np.array([1.0, X])], {}),
        ([{1.0, X}], {}),
        ([Setting(X)], {}),
        ([1.0], {"k": X}),
        ([1.0], {"k": [X]}),
    ],
)
def test_there_is_no_form_where_there_is_a_value(args, kwargs):
    assert read_call("compile", args, kwargs) == (None, [])


# --- refusals ------------------------------------------------------------------------------------

NEXT = np.nextafter(np.longdouble(1), np.longdouble(2))
NO_FLOAT = "must be a number that a float holds exactly, got"
ROUND = "round it yourself, with float(…)"
NO_INPUT = "must be a number, a structure of numbers, or hashable, got"
NO_KEY = "must be hashable, as a recording belongs to it, got"
LOOP: list[Any] = [1.0]
LOOP.append(LOOP)

REFUSED = [
    (2j, TypeError, "0 must be a real number, got 2j"),
    (np.complex64(1), TypeError, "0 must be a real number, got np.complex64(1+0j)"),
    (np.timedelta64(3, "s"), TypeError, "0 must be a real number, got np.timedelta64(3,'s')"),
    (
        Decimal(1),
        TypeError,
        "0 must be a real number, got Decimal('1'); use float(…), which rounds",
    ),
    (
        {"w": [Fraction(1, 2)]},
        TypeError,
        "0['w'][0] must be a real number, got Fraction(1, 2); use float(…), which rounds",
    ),
    (2**53 + 1, ValueError, f"0 {NO_FLOAT} 9007199254740993; {ROUND}"),
    ([1, 2**53 + 1], ValueError, f"0[1] {NO_FLOAT} 9007199254740993; {ROUND}"),
    (np.array([[2**53 + 1]]), ValueError, f"0[0, 0] {NO_FLOAT} 9007199254740993; {ROUND}"),
    (
        np.array([True]),
        TypeError,
        "0[0] must be a real number, got True; use float(…) if a number is meant",
    ),
    (np.array([1j]), TypeError, "0[0] must be a real number, got 1j"),
    (np.array([["a"]]), TypeError, "0[0, 0] must be a real number, got 'a'"),
    (np.array([1.0, None]), TypeError, "0[1] must be a real number, got None"),
    (np.array([3], "m8[s]"), TypeError, "0[0] must be a real number, got np.timedelta64(3,'s')"),
    (
        np.ma.array([1.0]),
        TypeError,
        "0 must be a plain NumPy array, got <class 'numpy.ma.MaskedArray'>; use .filled(…)",
    ),
    (array("d", [1.0]), TypeError, f"0 {NO_INPUT} array('d', [1.0]); use list(…)"),
    (deque([1.0]), TypeError, f"0 {NO_INPUT} deque([1.0]); use list(…)"),
    (bytearray(b"a"), TypeError, f"0 {NO_INPUT} bytearray(b'a'); use list(…)"),
    ([Unhashable()], TypeError, f"0[0] {NO_INPUT} Unhashable(); make it hashable"),
    (
        [Setting(Unhashable())],
        TypeError,
        f"0[0][0] {NO_KEY} Unhashable(); make it hashable",
    ),
    (
        [Tensor()],
        TypeError,
        f"0[0] must be a plain NumPy array, got {Tensor!r}; numpy.asarray(…) makes an array of it",
    ),
    (
        [LOOP],
        ValueError,
        "0 must be a structure of numbers, at most 100 deep, "
        "got [1.0, [1.0, [1.0, [1.0, [1.0, [1.0, [...]]]]]]]",
    ),
]


@pytest.mark.parametrize(("argument", "kind", "message"), REFUSED)
def test_what_is_neither_a_number_nor_static_is_refused_with_its_path(argument, kind, message):
    with pytest.raises(kind) as caught:
        read_call("compile", [argument], {})
    assert str(caught.value) == f"compile: argument {message}"


@pytest.mark.skipif(np.finfo(np.longdouble).nmant == 52, reason="a long double is a double here")
def test_a_long_double_that_no_float_holds_is_refused():
    message = rf"^compile: argument 0\[1\] {NO_FLOAT} np.longdouble\('1.0000.*'\); round it"
    with pytest.raises(ValueError, match=message):
        read_call("compile", [np.array([1, NEXT])], {})


def test_an_iterator_is_refused_as_it_can_be_used_once_only():
    with pytest.raises(TypeError, match=r"or hashable, got <generator object .*>; use list\(…\)$"):
        read_call("compile", [(x for x in [1.0])], {})
    with pytest.raises(TypeError, match=r"to it, got <map object .*>; pass it by position$"):
        read_call("compile", [], {"k": map(float, [1])})


def test_memory_that_can_change_is_refused():
    rule = r"^compile: argument 0 must be .* or hashable, got <memory at .*>; use list\(…\)$"
    with pytest.raises(TypeError, match=rule):
        read_call("compile", [memoryview(array("d", [1.0]))], {})


def test_a_series_is_refused_with_the_way_to_an_array():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match=r"plain NumPy array, got .*Series'>; numpy.asarray\(…\)"):
        read_call("compile", [pandas.Series([1.0])], {})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones(2), f"k {NO_KEY} array([1., 1.]); pass it by position"),
        ([array("d")], f"k[0] {NO_KEY} array('d'); pass it by position"),
        (Unhashable(), f"k {NO_KEY} Unhashable(); make it hashable"),
        ({"a": Unhashable()}, f"k['a'] {NO_KEY} Unhashable(); make it hashable"),
    ],
)
def test_a_keyword_argument_that_can_change_unseen_is_refused(value, message):
    with pytest.raises(TypeError) as caught:
        read_call("price", [1.0], {"k": value})
    assert str(caught.value) == f"price: keyword argument {message}"


# --- properties ----------------------------------------------------------------------------------

LEAVES = st.floats() | st.integers(-(2**53), 2**53) | st.text() | st.none() | st.booleans()
NESTED = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.builds(Point, inner, inner)
    ),
    max_leaves=20,
)


def with_floats(argument):
    """Return a structure with floats for its ints."""
    if isinstance(argument, dict):
        return {key: with_floats(one) for key, one in argument.items()}
    if isinstance(argument, Point):
        return Point(*map(with_floats, argument))
    if isinstance(argument, list | tuple):
        return type(argument)(map(with_floats, argument))
    return float(argument) if type(argument) is int else argument


@given(st.lists(NESTED), st.dictionaries(st.text("abc", min_size=1), NESTED))
def test_arguments_are_built_again_from_their_form_and_numbers(args, kwargs):
    found, numbers = read_call("compile", args, kwargs)
    again, again_kwargs = found.build(numbers)
    assert is_same(again, with_floats(args))
    assert is_same(again_kwargs, kwargs)
    assert read_call("compile", again, again_kwargs)[0] == found


@given(NESTED, NESTED)
def test_forms_are_equal_only_if_zeros_for_the_numbers_make_the_same_arguments(a, b):
    def without_numbers(argument):
        found, numbers = read_call("compile", [argument], {})
        return found, found.build([0.0] * len(numbers))

    (form_a, args_a), (form_b, args_b) = without_numbers(a), without_numbers(b)
    assert (form_a == form_b) == is_same(args_a, args_b)

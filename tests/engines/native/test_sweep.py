"""Every name of both engines, called with odd arguments: the same results, errors and words."""

import copy
import inspect
import itertools
import re
import typing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini.engines import bulk
from autograd_mini.table.updates import UPDATES

if ag.engine != "native":
    pytest.skip("the native engine was not built or not asked for", allow_module_level=True)

from support.twins import Native, Reference

from autograd_mini.engines.native import core

ENGINES = (Native, Reference)
ADDRESS = re.compile(r"0x[0-9a-f]+")
# Of an operator, C takes the arguments itself, and has words of its own for their number.
NUMBER_OF_ARGUMENTS = re.compile(
    r"TypeError\(.*(expected (at least )?\d( or \d)? argument|missing \d required|"
    r"takes \d positional|not enough).*"
)


def outcome(action, value_type):
    """Return what a call gives, or the error's type and words, without addresses."""
    try:
        result = action(value_type)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other must raise it too
        result = error
    operands = result.operands if isinstance(result, value_type) else ()
    return type(result).__name__, ADDRESS.sub("0x", f"{result!r} {result} {operands!r}")


def check_alike(action):
    native, of_reference = (outcome(action, value_type) for value_type in ENGINES)
    assert native == of_reference


def check_operator_alike(action):
    outcomes = [outcome(action, value_type) for value_type in ENGINES]
    native, of_reference = (
        (kind, NUMBER_OF_ARGUMENTS.sub("another number of arguments", words))
        for kind, words in outcomes
    )
    assert native == of_reference


def odd(value_type):
    """Return Values and other things, new ones each time."""
    v, w = value_type(3.0, name="v"), value_type(0.5)
    w.grad = 0.25
    return [v, w, v * w, value_type.sum([v, w, 1.0]), 2, -0.5, None, "a", [v], (1.0,), True, 2**53]


KINDS = range(len(odd(Native)))
FIRST_VALUES = range(4)
# Python makes these itself, or their results differ from object to object.
OF_PYTHON = {"__class__", "__dir__", "__doc__", "__getstate__", "__hash__", "__sizeof__"}
NAMES = sorted(
    name
    for name in {*dir(Native), *dir(Reference)}
    - OF_PYTHON
    - {"__new__", "__signature__", "__slots__"}
    - {"__firstlineno__", "__static_attributes__"}  # what CPython 3.13 notes of a class statement
    if name.startswith("__") or not name.startswith("_")
)


@pytest.mark.parametrize("name", NAMES)
def test_both_engines_have_the_name(name):
    assert hasattr(Native, name)
    assert hasattr(Reference, name)


@pytest.mark.parametrize("name", [n for n in NAMES if callable(getattr(Reference, n))])
def test_a_method_of_a_value_gives_the_same_whatever_it_is_called_with(name):
    is_operator = name.startswith("__")
    check = check_operator_alike if is_operator else check_alike
    for length in (1, 2):
        for at in itertools.product(KINDS, repeat=length):
            if is_operator and at[0] not in FIRST_VALUES:
                continue  # C itself refuses them, in other words
            check(lambda kind, at=at: getattr(kind, name)(*(odd(kind)[i] for i in at)))


ATTRIBUTES = [n for n in NAMES if not callable(getattr(Reference, n)) and n != "__annotations__"]


@pytest.mark.parametrize("name", [*ATTRIBUTES, "nothing"])
def test_an_attribute_is_read_set_and_deleted_alike(name):
    def set_and_read(kind, i, j):
        value = odd(kind)[i]
        setattr(value, name, odd(kind)[j])
        return value

    for first in FIRST_VALUES:
        check_alike(lambda kind, i=first: getattr(odd(kind)[i], name))
        check_alike(lambda kind, i=first: delattr(odd(kind)[i], name))
        for second in KINDS:
            check_alike(lambda kind, i=first, j=second: set_and_read(kind, i, j))


@pytest.mark.parametrize("symbol", ["add", "sub", "mul", "truediv", "pow"])
def test_a_reflected_operator_of_two_values_is_the_operator(symbol):
    for kind in ENGINES:
        v, w = kind(3.0), kind(2.0)
        reflected, plain = (getattr(kind, f"__{r}{symbol}__") for r in ("r", ""))
        assert repr(reflected(v, w)) == repr(plain(w, v))
        assert reflected(v, w).operands == (w, v)
        assert reflected(v, w).partials == plain(w, v).partials


def test_types_and_signatures_are_alike():
    hints = {"data": float, "name": str | None, "return": type(None)}
    for kind in ENGINES:
        assert typing.get_type_hints(kind.__init__) == hints
        assert typing.get_type_hints(kind) == {}
        assert isinstance(kind.__new__(kind, 2.0), kind)
    check_alike(inspect.signature)
    for name in ("backward", "exp", "sum", "__reduce__", "__format__"):
        check_alike(lambda kind, name=name: typing.get_type_hints(getattr(kind, name)))
        check_alike(lambda kind, name=name: inspect.signature(getattr(kind, name)))


@given(st.data())
def test_hypothesis_builds_values_of_both_engines(data):
    for kind in ENGINES:
        assert isinstance(data.draw(st.builds(kind)), kind)


def test_no_value_is_without_a_number_and_none_is_made_twice():
    for make in (
        lambda kind: kind.__new__(kind),
        lambda kind: kind.__new__(kind, "2.0"),
        lambda kind: kind.__new__(kind, 1.0, name=3),
        lambda kind: kind.__new__(kind, 1.0, 2.0),
        lambda kind: kind.__init__(kind(1.0)),
        lambda kind: kind.__init__(kind, 2.0),
        lambda kind: kind.__init__(kind(1.0), "2.0"),
        lambda kind: copy.deepcopy(kind(1.0, name="v")),
    ):
        check_alike(make)
    for kind in ENGINES:
        node = kind(3.0) * 2.0
        node.__init__(5.0)
        assert repr(node) == "Value(data=6.0, op=mul)"
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'data'"):
        Reference.__new__(Reference)


# --- the functions over many Values --------------------------------------------------------------

MANY = {
    "nothing": lambda kind: [],
    "values": lambda kind: [kind(1.0), kind(2.0)],
    "an iterator": lambda kind: iter([kind(1.0), kind(2.0) * 2.0]),
    "a number": lambda kind: [1.0],
    "one that is none": lambda kind: (kind(1.0), None),
    "text": lambda kind: "ab",
    "no list": lambda kind: 3.0,
    "None": lambda kind: None,
    "a dict": lambda kind: {kind(1.0): 2.0},
    "floats": lambda kind: [0.5, 0.25],
    "an array": lambda kind: np.array([0.5, 0.25]),
    "ints": lambda kind: [1, 2],
    "too few": lambda kind: [0.5],
    "texts": lambda kind: ["a", "b"],
}


def function_of(name, kind):
    if name in UPDATES:
        return getattr(core, name) if kind is Native else UPDATES[name]
    return getattr(core if kind is Native else bulk, name)


@pytest.mark.parametrize("name", ["data_of", "gradients_of", "zero_gradients"])
@pytest.mark.parametrize("many", MANY)
def test_many_values_are_read_or_refused_alike(name, many):
    check_alike(lambda kind: function_of(name, kind)(MANY[many](kind)))


class Owner:
    """An optimizer, as far as `store_data` knows."""


@pytest.mark.parametrize("many", MANY)
@pytest.mark.parametrize("numbers", MANY)
def test_numbers_are_stored_all_or_none_alike(many, numbers):
    def store(kind, *owner):
        values = MANY[many](kind)
        values = list(values) if many == "an iterator" else values
        try:
            function_of("store_data", kind)(values, MANY[numbers](kind), *owner)
        except TypeError as error:
            return str(error), repr(values)
        except AttributeError:  # of an owner that can have no state
            return repr(values)
        return repr(values), [getattr(one, "_state", None) for one in owner]

    check_alike(store)
    check_alike(lambda kind: store(kind, Owner(), "state"))
    check_alike(lambda kind: store(kind, object(), "state"))
    check_alike(lambda kind: store(kind, None, None))


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_rule_takes_or_refuses_odd_arguments_alike(name):
    rule = UPDATES[name]
    rest = [0.5] * (len(rule.arrays) - 1 + len(rule.numbers))
    lists = [[0.5, 0.25]] * (len(rule.arrays) - 1)
    numbers = [0.5] * len(rule.numbers)
    for many in MANY:
        check_alike(lambda k, m=many: function_of(name, k)(MANY[m](k), *lists, *numbers))
        check_alike(lambda k, m=many: function_of(name, k)(*lists, [0.5, 0.25], MANY[m](k)))
        check_alike(lambda k, m=many: function_of(name, k)(MANY[m](k), *rest))
    for other in (2, "a", None, np.float64(0.5), 1e308, float("inf"), -1.0):
        wrong = [other] * len(numbers)
        check_alike(lambda k, w=wrong: function_of(name, k)([0.5, 1e308], *lists, *w))
        check_alike(lambda k, o=other: function_of(name, k)([0.5, o], *lists, *numbers))
    check_alike(lambda k: function_of(name, k)())

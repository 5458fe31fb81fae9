"""Structures of numbers: flattened, and built again in the same form."""

from collections import Counter, OrderedDict, defaultdict
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.transforms.structures import build, build_matrix, check_alike, flatten


class Point(NamedTuple):
    x: Any
    y: Any


class Numbers(list):
    pass


def take(x, *, argument):
    if isinstance(x, str):
        raise TypeError(argument)
    return x


FORMS = [
    2.0,
    [],
    [1.0, (2.0, 3.0)],
    (),
    Point(1.0, [2.0, 3.0]),
    {"b": 1.0, "a": [2.0], 3: ()},
    OrderedDict(z=1.0, a=2.0),
    defaultdict(list, q=3.0, p=[4.0]),
    Numbers([1.0, 2.0]),
    [{"w": [[1.0, 2.0], [3.0]]}, Point(Point(4.0, 5.0), {})],
]


@pytest.mark.parametrize("given", FORMS, ids=repr)
def test_what_is_flattened_is_built_again_with_types_and_order(given):
    numbers = flatten(given, take, "given")
    again = build(given, iter([10 * x for x in numbers]))
    assert type(again) is type(given)
    assert flatten(again, take, "again") == [10 * x for x in numbers]
    assert repr(build(given, iter(numbers))) == repr(given)


def test_a_counter_gets_the_numbers_and_does_not_add_them():
    assert build(Counter(a=1.0, b=2.0), iter([5.0, 6.0])) == Counter(a=5.0, b=6.0)
    assert ag.grad(lambda x: x["a"] ** 2)(Counter(a=3.0)) == {"a": 6.0}


def test_a_dict_keeps_its_factory():
    built = build(defaultdict(int, a=1.0), iter([5.0]))
    assert built.default_factory is int


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 2), (2, 0, 3)])
def test_arrays_keep_their_shape(shape):
    given = np.arange(np.prod(shape, dtype=int), dtype="f4").reshape(shape)
    again = build({"a": given}, iter(flatten(given, take, "given")))["a"]
    assert again.dtype == float
    assert np.array_equal(again, given)
    assert again.shape == shape
    values = build(given, iter(map(Value, flatten(given, take, "given"))))
    assert values.shape == shape
    assert all(type(x) is Value for x in values.flat)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("no", "given"),
        ([1.0, "no"], "given[1]"),
        ({"a": [1.0, (2.0, "no")]}, "given['a'][1][1]"),
        (Point(1.0, {3: "no"}), "given[1][3]"),
        ({"a": np.array([[1, 2], [3, "no"]], dtype=object)}, "given['a'][1, 1]"),
    ],
)
def test_what_is_no_number_is_named_by_its_path(given, path):
    with pytest.raises(TypeError) as caught:
        flatten(given, take, "given")
    assert str(caught.value) == path


def test_a_list_that_contains_itself_is_refused():
    given = [1.0]
    given.append(given)
    with pytest.raises(ValueError, match=r"given must be a structure of .* at most 100 deep"):
        flatten(given, take, "given")


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize(
    ("kind", "way_out"),
    [(np.ma.array, r"use .filled\(…\)"), (np.matrix, r"numpy.asarray\(…\) makes an array of it")],
)
def test_arrays_that_are_more_than_their_numbers_are_refused(kind, way_out):
    """`asarray` would show the numbers that a mask hides."""
    rule = rf"^given must be a plain NumPy array, got <class '.*'>; {way_out}$"
    with pytest.raises(TypeError, match=rule):
        flatten(kind([1.0, 2.0]), take, "given")


@pytest.mark.parametrize("kind", ["M8[ns]", "m8[ns]", "M8[s]"])
def test_times_of_numpy_are_no_numbers(kind):
    """As objects of Python some are ints."""
    with pytest.raises(TypeError, match=r"argument 0\[1\]\[0\] must be a real number, got np.*64"):
        ag.grad(lambda x: x[0])([2.0, np.array([1], kind)])


def test_a_matrix_has_the_outer_form_outside_and_the_inner_form_inside():
    rows = [[1.0, 2.0], [3.0, 4.0]]
    assert build_matrix([0.0, 0.0], {"x": 0.0, "y": 0.0}, rows) == [
        {"x": 1.0, "y": 2.0},
        {"x": 3.0, "y": 4.0},
    ]
    found = build_matrix(np.zeros(2), {"x": 0.0, "y": 0.0}, rows)
    assert {key: list(array) for key, array in found.items()} == {"x": [1.0, 3.0], "y": [2.0, 4.0]}


def test_axes_of_the_result_come_before_those_of_the_argument():
    """As the derivatives by slices, one after the other, say."""
    a, b = np.zeros((2, 3)), np.zeros((4,))
    rows = np.arange(24.0).reshape(6, 4)
    assert np.array_equal(build_matrix(a, b, rows.tolist()), rows.reshape(2, 3, 4))
    assert np.array_equal(build_matrix(b, a, rows.T.tolist()), rows.T.reshape(4, 2, 3))
    assert build_matrix(np.zeros(0), b, []).shape == (0, 4)
    assert build_matrix(b, np.zeros(0), [[]] * 4).shape == (4, 0)


@pytest.mark.parametrize(
    ("given", "form", "path"),
    [
        ([1.0], [1.0, 2.0], "given"),
        ({"a": 1.0}, {"b": 1.0}, "given"),
        ({"b": 1.0, "a": 2.0}, {"a": 1.0, "b": 1.0}, "given"),
        ([1.0, [2.0]], (1.0, 2.0), r"given\[1\]"),
        ({"a": np.zeros(2)}, {"a": np.zeros(3)}, r"given\['a'\]"),
        (np.zeros(2), 1.0, "given"),
        (1.0, np.zeros(1), "given"),
    ],
)
def test_another_form_is_refused_by_its_path(given, form, path):
    with pytest.raises(ValueError, match=rf"^{path} must be of the form of the other"):
        check_alike(given, form, "given", "the other")


@pytest.mark.parametrize("given", FORMS, ids=repr)
def test_derivatives_have_the_form_of_the_argument(given):
    """In C, where a structure is plain, and in Python, where it is not."""

    def f(x):
        return ag.sum([v * v for v in flatten(x, take, "x")])

    expected = build(given, iter([2 * x for x in flatten(given, take, "given")]))
    assert repr(ag.grad(f)(given)) == repr(expected)
    assert repr(ag.vjp(f, given)[1](1.0)) == repr((expected,))

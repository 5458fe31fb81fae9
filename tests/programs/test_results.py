"""Results of many calls: the form of one, memory for all, and the form of all."""

from array import array
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import Value
from autograd_mini.programs.results import allocate, describe_result


class Point(NamedTuple):
    x: Any
    y: Any


def form_of(result):
    return describe_result("compile", result)[0]


def fill(results, count):
    """Fill the buffers, sample by sample, with 0, 1, 2, … as `Replay.run` would."""
    number = iter(range(10**6))
    for sample in range(count):
        for buffer in results.buffers:
            view = memoryview(buffer)
            assert (view.format, view.shape[0], view.readonly) == ("d", count, False)
            if view.ndim == 1:
                view[sample] = next(number)
            else:
                for k in range(view.shape[1]):
                    view[sample, k] = next(number)


# --- one result ----------------------------------------------------------------------------------

X, Y = Value(2.0), Value(3.0)


@pytest.mark.parametrize(
    ("result", "leaves", "text"),
    [
        (X, [X], "x"),
        (3, [3.0], "x"),
        (np.float32(0.5), [0.5], "x"),
        ([], [], "[]"),
        ([X, 2, Y], [X, 2.0, Y], "[x, x, x]"),
        ([X, (Y,)], [X, Y], "[x, (x,)]"),
        ([X] * 4, [X] * 4, "[x, … 4 numbers]"),
        (Point(X, {"a": Y}), [X, Y], "Point(x, {'a': x})"),
        (OrderedDict(b=X, a=Y), [X, Y], "OrderedDict({'b': x, 'a': x})"),
        (np.array([[X, Y]]), [X, Y], "array of shape (1, 2)"),
        (
            (np.array([1, X]), np.zeros((2, 0))),
            [1.0, X],
            "(array of shape (2,), array of shape (2, 0))",
        ),
    ],
)
def test_a_result_is_a_structure_of_numbers_that_prints_in_words(result, leaves, text):
    form, found = describe_result("compile", result)
    assert (repr(found), str(form)) == (repr(leaves), text)
    assert all(a is b for a, b in zip(found, leaves, strict=True) if isinstance(b, Value))
    again = form.build([1.0 + i for i in range(len(leaves))])
    assert type(again) is (float if text == "x" else type(result))
    refound_form, refound = describe_result("compile", again)
    assert (refound_form, refound) == (form, [1.0 + i for i in range(len(leaves))])
    assert hash(refound_form) == hash(form)


def test_results_of_other_structure_have_other_forms():
    results = [X, [X], (X,), [X, Y], Point(X, Y), {"a": X}, {"b": X}, [[X]], np.array([X]), []]
    assert len({form_of(one) for one in results}) == len(results)
    assert len({hash(form_of(one)) for one in results}) == len(results)
    assert form_of([X, 2.0]) == form_of([1.0, Y])


DOES_IT = "does it return what it computes?"
LOOP: list[Any] = [X]
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("result", "kind", "message"),
    [
        (None, TypeError, f" must be a Value or a number, got None; {DOES_IT}"),
        ([X, None], TypeError, f"[1] must be a Value or a number, got None; {DOES_IT}"),
        ({"a": [X, "b"]}, TypeError, "['a'][1] must be a real number, got 'b'"),
        (True, TypeError, " must be a real number, got True; use float(…) if a number is meant"),
        ({X.data}, TypeError, " must be a real number, got {2.0}"),
        (2j, TypeError, " must be a real number, got 2j"),
        (
            np.array([[1.0, None]]),
            TypeError,
            f"[0, 1] must be a Value or a number, got None; {DOES_IT}",
        ),
        (
            [2**53 + 1],
            ValueError,
            "[0] must be a number that a float holds exactly, got 9007199254740993; "
            "round it yourself, with float(…)",
        ),
        (
            np.ma.array([1.0]),
            TypeError,
            " must be a plain NumPy array, got <class 'numpy.ma.MaskedArray'>; use .filled(…)",
        ),
        (
            LOOP,
            ValueError,
            " must be a structure of numbers, at most 100 deep, got "
            "[Value(data=2.0), [Value(data=2.0), [Value(data=2.0), [Va...",
        ),
    ],
)
def test_a_result_that_is_no_number_is_refused_with_its_path(result, kind, message):
    with pytest.raises(kind) as caught:
        describe_result("price", result)
    assert str(caught.value) == f"price: result of the function{message}"


# --- many results --------------------------------------------------------------------------------


def test_each_number_of_a_result_becomes_a_column():
    results = allocate(form_of({"a": [X, 2.0], "b": Point(Y, ())}), 3, has_arrays=False)
    assert all(isinstance(buffer, array) for buffer in results.buffers)
    fill(results, 3)
    columns = {"a": [[0.0, 3.0, 6.0], [1.0, 4.0, 7.0]], "b": Point([2.0, 5.0, 8.0], ())}
    assert results.finish() == columns


@pytest.mark.parametrize("has_arrays", [True, False])
def test_arrays_get_an_axis_for_the_samples_before_theirs(has_arrays):
    result = [X, np.array([[X, Y], [Y, X], [X, X]]), np.zeros((2, 0)), np.zeros(0), np.array(X)]
    results = allocate(form_of(result), 2, has_arrays=has_arrays)
    assert len(results.buffers) == 3
    fill(results, 2)
    x, matrix, empty, row, scalar = results.finish()
    assert type(x) is (np.ndarray if has_arrays else list)
    assert list(x) == [0.0, 8.0]
    assert matrix.tolist() == [[[1, 2], [3, 4], [5, 6]], [[9, 10], [11, 12], [13, 14]]]
    assert (empty.shape, row.shape) == ((2, 2, 0), (2, 0))
    assert scalar.tolist() == [7.0, 15.0]
    assert {one.dtype for one in (matrix, empty, scalar)} == {np.dtype(float)}


def test_a_number_alone_becomes_a_column_alone():
    results = allocate(form_of(X), 2, has_arrays=True)
    results.store(1, [5.0])
    assert results.finish().tolist() == [0.0, 5.0]
    assert allocate(form_of(X), 0, has_arrays=False).finish() == []


def test_an_array_of_results_owns_its_memory_so_that_nothing_else_stays_alive():
    results = allocate(form_of([X, np.array([X, Y])]), 2, has_arrays=True)
    column, matrix = results.finish()
    assert column.base is None
    assert matrix.base is None


RESULTS = st.recursive(
    st.floats() | st.builds(np.zeros, st.integers(0, 3)),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(), inner) | st.builds(Point, inner, inner)
    ),
    max_leaves=8,
)


def pick(result, i):
    """Return a sample of the results of a map."""
    if isinstance(result, dict):
        return {key: pick(one, i) for key, one in result.items()}
    if isinstance(result, Point):
        return Point(pick(result.x, i), pick(result.y, i))
    if isinstance(result, np.ndarray):
        return result[i]
    return [pick(one, i) for one in result]


@given(RESULTS, st.integers(1, 3))
def test_each_sample_of_the_results_is_what_the_function_returned(result, count):
    form, leaves = describe_result("map", result)
    results = allocate(form, count, has_arrays=True)
    samples = [[10.0 * i + k for k in range(len(leaves))] for i in range(count)]
    for i, numbers in enumerate(samples):
        results.store(i, numbers)
    finished = results.finish()
    for i, numbers in enumerate(samples):
        assert repr(describe_result("map", pick(finished, i))) == repr((form, numbers))
        assert repr(describe_result("map", form.build(numbers))) == repr((form, numbers))

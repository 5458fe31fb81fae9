"""A batch that is like the one before: C runs it at once; it has derivatives as others have."""

from array import array

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines import number_of
from autograd_mini.errors import DomainError
from autograd_mini.programs import batch, points
from autograd_mini.programs.columns import read_columns
from autograd_mini.programs.replay import PythonReplay


class Native(PythonReplay):
    """Does in Python what `Replay.batch` of C does."""

    results: list[bytes | None]

    def batch(self, args, shapes, parameters, strictness, most):
        columns = read_columns("batch", args, {})
        if columns.shapes() != shapes or columns.count > most:
            return None
        given, count = columns.whole(), columns.count
        numbers = array("d", map(number_of, parameters))
        results, sums = (array("d", bytes(8 * size)) for size in (count, len(numbers)))
        found = self.run(given, 0, count, numbers, 1.0, strictness, [results], sums)
        self.results.append(results.tobytes() if found is None else None)
        if found is not None:
            return None
        inputs = b"".join(x.T.tobytes() for x in given if not isinstance(x, float))
        return inputs, numbers.tobytes(), results.tobytes(), sums


@pytest.fixture(autouse=True)
def results(monkeypatch):
    """Return a list that gets the results of each such batch, None where it had to be left."""
    monkeypatch.setattr(points, "Replay", Native)
    monkeypatch.setattr(batch, "Replay", Native)
    monkeypatch.setattr(Native, "results", [], raising=False)
    return Native.results


def test_a_batch_like_the_one_before_has_its_own_numbers_and_derivatives(results):
    w, u = Value(2.0), Value(3.0)
    f = ag.compile(lambda x, k, row: w * w * x * k + u * row[0] * row[1])
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    f.batch(np.ones(2), 5.0, rows)
    assert results == []
    xs, w.data, u.data = np.array([1.0, -1.0]), 7.0, 0.5
    made = f.batch(xs, 10.0, rows)
    expected = [490.0 + 1.0, -490.0 + 6.0]
    assert results == [array("d", expected).tobytes()]
    w.data, u.data, xs[:], rows[:] = 0.0, 0.0, 0.0, 0.0
    assert (type(made.data), made.data.tolist(), len(made)) == (np.ndarray, expected, 2)
    made.backward()
    assert (w.grad, u.grad) == (0.0, 14.0)
    made.backward(seed=[1.0, 0.5])
    assert (w.grad, u.grad) == (140.0 - 70.0, 14.0 + 2.0 + 6.0)


def test_a_batch_with_a_new_path_or_an_error_is_made_as_the_first_is(results):
    w = Value(2.0)
    f = ag.compile(lambda x: w * x if x > 0 else ag.log(x + w))
    f.batch(np.ones(2))
    assert f.batch(np.array([1.0, -1.0])).data.tolist() == [2.0, 0.0]
    with pytest.raises(DomainError, match="log"):
        f.batch(np.array([1.0, -2.0]))
    assert results == [None, None]
    with ag.errstate(nonfinite="ignore"):
        assert f.batch(np.array([1.0, -2.0])).data.tolist() == [2.0, -np.inf]
    assert len(results) == 3
    assert results[2] is not None


def test_a_batch_with_an_executor_or_keywords_is_made_as_the_first_is(results):
    f = ag.compile(lambda x, y=1.0: x * y)
    xs = np.ones(2)
    for _ in range(2):
        assert f.batch(xs, y=2.0).data.tolist() == [2.0, 2.0]
    f.batch(xs)
    f.batch(xs, y=3.0)
    assert f.batch(xs).data.tolist() == [1.0, 1.0]
    assert results == []


def test_two_arrays_are_not_taken_for_a_pair_of_arrays(results):
    xs = np.ones(3)
    f = ag.compile(lambda a, b: a[0] - a[1] if b is None else a * b)
    assert f.batch((xs, 3.0 * xs), None).data.tolist() == [-2.0] * 3
    assert f.batch(xs, 3.0 * xs).data.tolist() == [3.0] * 3
    assert results == []


def test_nothing_is_like_a_batch_that_raised_an_error(results):
    f = ag.compile(ag.log)
    for _ in range(2):
        with pytest.raises(DomainError):
            f.batch(np.array([-1.0]))
    assert f.batch(np.zeros(0)).data.tolist() == []
    assert f.batch(np.ones(1)).data.tolist() == [0.0]
    assert results == []


# --- any batch -----------------------------------------------------------------------------------


def test_a_batch_says_what_it_is():
    w = Value(2.0)
    cost = ag.compile(lambda x: w * x)
    assert repr(cost.batch([1.0, 2.0])) == "<batch of f: 2 results, 1 parameter>"
    assert repr(ag.compile(abs).batch([1.0])) == "<batch of abs: 1 result, 0 parameters>"


def test_a_result_of_the_function_itself_has_its_place():
    """At 0, the derivative by z is infinite, and the function itself is called."""
    w = Value(3.0)
    slope = ag.grad(lambda z: ag.hypot(z, 0.0))
    f = ag.compile(lambda x: w * slope(x))
    assert f.batch([2.0, 0.0, -1.0]).data == [3.0, 0.0, -3.0]


@pytest.mark.parametrize("xs", [[-1.0], [1.0, -1.0]])
def test_an_int_that_is_used_as_one_is_named_on_any_path(xs):
    f = ag.compile(lambda x, n: x * n if x > 0 else x * [1.0, 2.0][n])
    with pytest.raises(TypeError, match=r"^f: argument 1 must be used as a real number, got 1; "):
        f.batch(xs, 1)

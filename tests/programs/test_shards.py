"""A run over many points, in shards."""

import gc
import math
import threading
from array import array
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.programs import shards
from autograd_mini.programs.shards import note_sample, symmetrize


class Reluctant(Executor):
    """Runs nothing before it is asked for a result, and fails at one shard."""

    def __init__(self, fails_at):
        self.fails_at, self.submitted, self.futures = fails_at, 0, []

    def submit(self, call, /, *args):
        self.submitted += 1
        future = Future()
        self.futures.append(future)
        if self.submitted == self.fails_at:
            future.set_exception(OSError("a worker died"))
        else:
            future.set_result(call(*args))
        return future


@pytest.fixture
def small(monkeypatch):
    """Let a shard have 10 samples."""
    monkeypatch.setattr(shards, "SHARD", 10)


def test_an_error_gets_the_number_of_its_sample():
    with pytest.raises(KeyError) as caught, note_sample(17):
        raise KeyError
    assert caught.value.__notes__ == ["sample 17"]
    with pytest.raises(KeyboardInterrupt) as caught, note_sample(17):
        raise KeyboardInterrupt
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 1000])
def test_shards_cover_all_samples(count):
    w = Value(2.0)
    f = ag.compile(lambda x: w * x if x > 5 else x)
    xs = [float(i) for i in range(count)]
    right = [2 * x if x > 5 else x for x in xs]
    with ThreadPoolExecutor(2) as executor:
        for one in (None, executor):
            batch = f.batch(xs, executor=one)
            assert (f.map(xs, executor=one), batch.data) == (right, right)
            w.grad = 0.0
            batch.backward(seed=[1.0] * count)
            assert w.grad == sum(x for x in xs if x > 5)


@pytest.mark.usefixtures("small")
def test_a_worker_that_fails_changes_nothing():
    w = Value(2.0)
    f = ag.compile(lambda x: w * x)
    xs = np.arange(100.0)
    with pytest.raises(OSError, match=r"^a worker died$"):
        f.map(xs, executor=Reluctant(5))
    batch = f.batch(xs, executor=Reluctant(15))  # which has 10 shards, and then 10 more
    w.grad = 0.5
    with pytest.raises(OSError, match=r"^a worker died$"):
        batch.backward(seed=[1.0] * 100)
    assert w.grad == 0.5
    assert f.map(xs).tolist() == (2 * xs).tolist()


@pytest.mark.usefixtures("small")
def test_few_shards_wait_at_a_time(monkeypatch):
    monkeypatch.setattr(shards, "_MOST_WAITING", 3)
    most = []
    executor = Reluctant(0)
    submit = executor.submit
    finished = []
    monkeypatch.setattr(
        executor, "submit", lambda *given: most.append(executor.submitted) or submit(*given)
    )
    finish = shards.Run._finish
    monkeypatch.setattr(shards.Run, "_finish", lambda *given: finished.append(1) or finish(*given))
    ag.compile(lambda x: x).map(np.zeros(100), executor=executor)
    assert (len(most), len(finished)) == (10, 10)


def test_an_executor_gets_a_small_batch_too():
    executor = Reluctant(0)
    assert ag.compile(lambda x: x).map([1.0, 2.0], executor=executor) == [1.0, 2.0]
    assert executor.submitted == 1


@pytest.mark.usefixtures("small")
def test_the_lowest_sample_of_all_shards_raises_its_error():
    f = ag.compile(ag.log)
    xs = [1.0] * 100
    xs[35] = xs[70] = xs[36] = -1.0
    with ThreadPoolExecutor(3) as executor:
        for one in (None, executor):
            with pytest.raises(ag.DomainError) as caught:
                f.map(xs, executor=one)
            assert caught.value.__notes__ == ["sample 35"]


def test_flagged_samples_have_their_part_in_the_sums():
    """At 0, the branch that is not taken is infinite; the eager numbers count."""
    w = Value(3.0)
    f = ag.compile(lambda x: w * ag.grad(lambda z: ag.hypot(z, 0.0))(x))
    batch = f.batch([2.0, 0.0, -1.0])
    assert batch.data == [3.0, 0.0, -3.0]
    batch.backward(seed=[1.0, 1.0, 2.0])
    assert w.grad == -1.0


def test_a_matrix_becomes_symmetric():
    columns = [array("d", one) for one in ([1.0, 2.0], [3.0, 4.0], [5.0, 4.0], [6.0, 7.0])]
    symmetrize([*map(memoryview, columns)])
    assert [one.tolist() for one in columns] == [[1, 2], [4, 4], [4, 4], [6, 7]]
    whole = np.array([[1.0, 3.0, 5.0, 6.0], [1.0, math.inf, -math.inf, 0.0]])
    symmetrize([whole])
    assert repr(whole.tolist()) == "[[1.0, 4.0, 4.0, 6.0], [1.0, nan, nan, 0.0]]"


def bend(x, y):
    return ag.exp(x[0] * x[1]) * ag.sin(x[1] * y) / x[0] + ag.tanh(x[0] * x[1] * y)


def test_blocks_of_a_hessian_have_the_numbers_of_the_function():
    """In a program, the entries come row by row; as a result, block by block."""
    hessian = ag.hessian(bend, (0, 1))
    xs, ys = np.random.default_rng(0).normal(size=(50, 3))[:, :2], np.linspace(-1.0, 1.0, 50)
    found = ag.compile(hessian).map(xs, ys)
    for i, point in enumerate(zip(xs, ys.tolist(), strict=True)):
        blocks = hessian(*point)
        expected = [[np.asarray(one).tolist() for one in row] for row in blocks]
        assert [[one[i].tolist() for one in row] for row in found] == expected


def test_a_hessian_by_one_array_is_as_symmetric_as_that_of_the_function():
    hessian = ag.hessian(lambda x: bend(x, x[2]))
    xs = np.random.default_rng(0).normal(size=(50, 3))
    found = ag.compile(hessian).map(xs)
    assert found.tolist() == [hessian(x).tolist() for x in xs]


# --- a thread of its own -------------------------------------------------------------------------


def test_a_generator_runs_in_another_thread_an_item_at_a_time():
    seen = []

    def count():
        for i in range(3):
            seen.append((i, threading.get_ident() == here))
            yield i

    here = threading.get_ident()
    items = shards.iterate_apart(count())
    assert seen == []
    assert next(items) == 0
    assert seen == [(0, False)]
    assert list(items) == [1, 2]
    assert not any(is_here for _, is_here in seen)


@pytest.mark.parametrize("error", [KeyError("one"), KeyboardInterrupt(), SystemExit(3)])
def test_its_error_comes_through_after_it_has_ended(error):
    ended = []

    def fail():
        try:
            yield 1
            raise error
        finally:
            ended.append(True)

    items = shards.iterate_apart(fail())
    assert next(items) == 1
    with pytest.raises(type(error)) as caught:
        next(items)
    assert caught.value is error
    assert ended == [True]


def test_it_has_ended_when_nobody_asks_for_more():
    ended = []

    def count():
        try:
            yield from range(9)
        finally:
            ended.append(True)

    for item in shards.iterate_apart(count()):
        if item == 2:
            break
    gc.collect()
    assert ended == [True]

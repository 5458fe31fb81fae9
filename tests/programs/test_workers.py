"""Shards for workers: the same bits in other processes, whichever of them dies."""

import contextlib
import functools
import multiprocessing
import os
import pickle
import platform
import random
import signal
import sys
import threading
import time
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest
from support.soak import soaking

import autograd_mini as ag
from autograd_mini import Adam, DomainError, Value, fit, losses
from autograd_mini.nn import MLP
from autograd_mini.programs import points, shards, workers
from autograd_mini.programs.workers import make_job, run_task

W = Value(0.5)
RNG = np.random.default_rng(0)
XS, YS = RNG.normal(size=333), RNG.normal(size=333)
INPUTS = [[x, y] for x, y in zip(XS.tolist(), YS.tolist(), strict=True)][:90]
TARGETS = [x * y for x, y in INPUTS]


@pytest.fixture(autouse=True)
def short_shards(monkeypatch):
    monkeypatch.setattr(shards, "SHARD", 32)
    W.data, W.grad = 0.5, 0.0


class Here(Executor):
    """An executor that pickles what it gets and what it returns, as one of processes does."""

    def __init__(self):
        self.tasks = []

    def submit(self, f, /, *args, **kwargs):
        assert f is run_task
        future = Future()
        task = pickle.loads(pickle.dumps(args[0]))  # noqa: S301 - our own
        self.tasks.append(task)
        try:
            future.set_result(pickle.loads(pickle.dumps(f(task))))  # noqa: S301
        except Exception as error:  # noqa: BLE001 - it is what the caller gets
            future.set_exception(error)
        return future


def branching(x, y):
    z = W * x + ag.tanh(y)
    return [z * z if z > 0 else ag.exp(z), x, {"w": W}]


def square(x, y):
    return (W * x - y) ** 2


# --- the same bits -------------------------------------------------------------------------------


@pytest.mark.parametrize("replay", ["fastest", "python"])
def test_workers_give_the_results_of_a_run_here(replay, monkeypatch):
    expected = ag.compile(branching).map(XS, YS)
    if replay == "python":
        monkeypatch.setattr(points, "Replay", None)
        workers._replays.clear()
    found = ag.compile(branching).map(XS, YS, executor=Here())
    assert [*map(bytes, (found[0], found[1], found[2]["w"]))] == [
        *map(bytes, (expected[0], expected[1], expected[2]["w"]))
    ]
    workers._replays.clear()


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: ag.sin(x * y) * W,
        lambda x, y: ag.maximum(x, y) ** 2,
    ],
)
@pytest.mark.parametrize("transform", [ag.grad, ag.hessian, ag.value_and_grad])
def test_derivatives_come_back_as_they_are_here(f, transform):
    derived = transform(f, (0, 1))
    expected, found = (ag.compile(derived).map(XS, YS, executor=e) for e in (None, Here()))
    assert repr(found) == repr(expected)
    given = XS.tolist(), YS.tolist()
    expected, found = (ag.compile(derived).map(*given, executor=e) for e in (None, Here()))
    assert found == expected


@pytest.mark.parametrize(
    "f",
    [
        ag.grad(lambda x, y: x[0] * ag.exp(x[1]) * y),  # an array for each sample
        ag.hessian(lambda x, y: x[0] * ag.exp(x[1]) * y, (0, 1)),  # blocks, with mixed entries
    ],
)
def test_arrays_come_back_as_they_are_here(f):
    rows = RNG.normal(size=(100, 2))
    expected, found = (ag.compile(f).map(rows, XS[:100], executor=e) for e in (None, Here()))
    assert repr(found) == repr(expected)


@pytest.mark.parametrize("seed", [1.0, 0.25, XS])
def test_a_batch_has_the_same_sums(seed):
    batch = ag.compile(square)
    found = []
    for executor in (None, Here()):
        W.grad = 0.0
        made = batch.batch(XS, YS, executor=executor)
        made.backward(seed=seed)
        found.append((bytes(made.data), W.grad))
    assert found[0] == found[1]


def test_rows_of_an_array_and_numbers_for_all_go_too():
    def f(row, k):
        return [W * row[0] * k, row[1]]

    rows = RNG.normal(size=(100, 2))
    expected, found = (ag.compile(f).map(rows, 3.0, executor=e) for e in (None, Here()))
    assert repr(found) == repr(expected)
    strided = ag.compile(f).map(np.asfortranarray(rows), 3.0, executor=Here())
    assert repr(strided) == repr(expected)


def test_an_error_is_that_of_the_first_sample_that_raises_one():
    executor = Here()
    numbers = [1.0] * 200 + [-1.0] + [1.0] * 50
    with pytest.raises(DomainError) as caught:
        ag.compile(lambda x: ag.log(x) * W).map(numbers, executor=executor)
    assert caught.value.__notes__ == ["sample 200"]
    with ag.errstate(nonfinite="ignore"):
        found = ag.compile(lambda x: ag.log(x) * W).map(numbers, executor=Here())
    assert found[200] != found[200]


def test_a_worker_keeps_the_programs_of_some_jobs():
    workers._replays.clear()
    executor = Here()
    f = ag.compile(square)
    f.map(XS, YS, executor=executor)
    f.map(XS, YS, executor=executor)
    assert len(workers._replays) == 1
    for k in range(12):
        ag.compile(lambda x, k=k: x + k).map(XS, executor=Here())
    assert len(workers._replays) == workers._MOST_JOBS


# --- what a worker refuses -----------------------------------------------------------------------


def test_a_worker_with_another_c_library_refuses(monkeypatch):
    task = []
    monkeypatch.setattr(Here, "submit", lambda self, f, one: task.append(one) or Future())
    waiting = threading.Thread(
        target=lambda: ag.compile(lambda x: ag.exp(x) * x).map(XS, executor=Here()), daemon=True
    )
    waiting.start()
    while not task:
        time.sleep(0.001)
    saved, arrangement, sums, probes = pickle.loads(task[0].job.saved)  # noqa: S301
    assert set(probes) == {"exp"}
    text = pickle.dumps((saved, arrangement, sums, {"exp": "0123456789abcdef"}))
    other = task[0]._replace(job=workers.Job(b"other", text))
    message = (
        r"^function exp of worker 'box' \(glibc 2\.39\) must be the bits that the machine which "
        rf"asks has at 64 points, got '{probes['exp']}'; use workers with the same C library$"
    )
    monkeypatch.setattr(platform, "node", lambda: "box")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.39"))
    with pytest.raises(RuntimeError, match=message):
        run_task(other)
    older = [(tuple((name, "older") for name, _ in rows), *rest) for rows, *rest in saved]
    text = pickle.dumps((older, arrangement, sums, probes))
    with pytest.raises(ValueError, match="row of a pickle"):
        run_task(task[0]._replace(job=workers.Job(b"older", text)))


def test_the_probes_are_of_the_functions_that_rules_call():
    rows = tuple(ag.testing.strategies.PRIMITIVES[name] for name in ("tanh", "pow", "add"))
    probes = workers._probe([(rows,)])
    assert set(probes) >= {"tanh", "pow", "log"}
    assert probes == workers._probe([(rows,), (rows,)])
    assert len({*probes.values()}) == len(probes)


def test_functions_that_cannot_be_pickled_are_named():
    def local(x):
        return x * x

    own = ag.custom(local, lambda x: 2 * x, name="own")
    message = (
        "^f: functions of yours must be functions that can be pickled, as they go to other "
        "processes, got 'own: a pickled custom .*'; define them at the top of a module, or use "
        "threads$"
    )
    with pytest.raises(TypeError, match=message):
        make_job("f", [((own,), b"")], ([0], []), sums=False)
    with pytest.raises(TypeError, match="functions of yours"):
        ag.compile(lambda x: own(x) + 1.0).map(XS, executor=Here())


# --- processes -----------------------------------------------------------------------------------


@functools.cache
def context():
    """Return a way to make processes that is quick, and safe beside threads."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["autograd_mini.programs.workers"])
    return made


def make_model():
    return MLP(2, [4, 1], rng=random.Random(0))


def train(executor=None, *, epochs=3, model=None, callbacks=()):
    """Return the weights and the history of a training over shards."""
    model = model or make_model()
    history = fit(
        model,
        INPUTS,
        TARGETS,
        loss=losses.mean_squared_error,
        optimizer=Adam(model.parameters(), lr=0.01),
        epochs=epochs,
        compiled=True,
        executor=executor,
        callbacks=callbacks,
    )
    return model.state_dict(), history.history


@pytest.mark.parametrize("count", [2, soaking(1), soaking(3)])
def test_processes_give_the_same_bits(count):
    expected = train()
    with ProcessPoolExecutor(count, mp_context=context()) as executor:
        assert train(executor) == expected
        found = ag.compile(branching).map(XS, YS, executor=executor)
    assert repr(found) == repr(ag.compile(branching).map(XS, YS))


def kill_one_of(pids, after):
    """Kill a process after a while, in a thread of its own."""

    def kill():
        time.sleep(after)
        with contextlib.suppress(ProcessLookupError):
            os.kill(random.choice(pids), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("kills", [2, soaking(100)])
def test_a_worker_that_is_killed_leaves_weights_whole(kills):
    """A pool that has lost a process is broken: the training ends between two steps."""
    model = make_model()
    course = [model.state_dict()]
    train(model=model, epochs=40, callbacks=[lambda _: course.append(model.state_dict())])
    broken = 0
    for i in range(kills):
        model = make_model()
        executor = ProcessPoolExecutor(2, mp_context=context())
        [*executor.map(time.sleep, [0.05] * 2)]  # a pool that breaks as it starts may wait forever
        processes = [*executor._processes.values()]
        thread = kill_one_of([one.pid for one in processes], 0.003 * (i % 50))
        try:
            train(executor, model=model, epochs=40)
        except (BrokenProcessPool, CancelledError):
            broken += 1
        thread.join()
        assert model.state_dict() in course
        for one in processes:  # one that died with a lock would keep the others waiting
            one.kill()
        executor.shutdown()
    print(f"{broken} of {kills} trainings were broken")


# --- Dask ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def open_dask():
    """Yield a client of two new worker processes of Dask."""
    why = "the extra distributed is not installed"
    distributed = pytest.importorskip("distributed", reason=why)
    local = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**local) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.mark.filterwarnings("ignore")
def test_dask_gives_the_same_bits():
    expected = train()
    with open_dask() as client:
        executor = client.get_executor()
        assert train(executor) == expected
        found = ag.compile(branching).map(XS, YS, executor=executor)
    assert repr(found) == repr(ag.compile(branching).map(XS, YS))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kills", [1, soaking(20)])
def test_dask_runs_the_shards_of_a_killed_worker_again(kills):
    """With new workers for each: Dask does not always replace one that is killed as it starts."""
    expected = train(epochs=10)
    for i in range(kills):
        with open_dask() as client:
            pids = [*client.run(os.getpid).values()]
            thread = kill_one_of(pids, 0.01 * (i % 20))
            assert train(client.get_executor(), epochs=10) == expected
            thread.join()

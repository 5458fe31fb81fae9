"""Shards of a run for the workers of an executor, in other processes or on other machines."""

from __future__ import annotations

import hashlib
import pickle
import platform
import random
from array import array
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, NamedTuple

from autograd_mini.arguments import requirement
from autograd_mini.engines.python_function import PythonFunction
from autograd_mini.programs.code import restore_row, save_row
from autograd_mini.programs.points import make_replay
from autograd_mini.table.arithmetic import FLOATS
from autograd_mini.table.elementary import ELEMENTARY

__all__ = ["Found", "Job", "Task", "make_job", "run_task"]

_MOST_JOBS = 8
"""Jobs whose programs a worker keeps ready."""

_POINTS = 64

Column = float | tuple[tuple[int, ...], bytes]
"""A number that is the same for all samples, or the shape and the bytes of a buffer of doubles."""


class Job(NamedTuple):
    """The programs of all paths, as bytes: what the shards of a run share.

    Args:
        key: a digest of the bytes.
        saved: a pickle of the programs, of what is summed, and of the bits of C's functions.
    """

    key: bytes
    saved: bytes


class Task(NamedTuple):
    """A shard for a worker.

    Args:
        job: its programs.
        columns: the inputs of its samples.
        samples: their number.
        numbers: the number of each parameter, as bytes of doubles.
        seed: the weight of the samples in the sums: a number, or bytes of doubles.
        strictness: as for `PythonReplay.run`.
        shapes: the shape of each result buffer.
        sums: whether derivatives are summed.
    """

    job: Job
    columns: Sequence[Column]
    samples: int
    numbers: bytes
    seed: float | bytes
    strictness: int
    shapes: Sequence[tuple[int, ...]]
    sums: bool


class Found(NamedTuple):
    """What a worker has found.

    Args:
        others: what `PythonReplay.run` returns.
        results: the bytes of each result buffer.
        sums: the derivatives, as bytes of doubles.
    """

    others: Any
    results: Sequence[bytes]
    sums: bytes


def make_job(
    name: str, programs: Sequence[Sequence[Any]], arrangement: tuple[Any, ...], *, sums: bool
) -> Job:
    """Return the programs of a function for workers.

    Args:
        name: the function, for errors.
        programs: the arguments of `PythonReplay.add` for each path.
        arrangement: the arguments of `PythonReplay.arrange`.
        sums: whether derivatives are summed.

    Raises:
        TypeError: a function of the user cannot be pickled.
    """
    saved = [(tuple(map(save_row, program[0])), *program[1:]) for program in programs]
    try:
        text = pickle.dumps((saved, arrangement, sums, _probe(programs)))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        rule = "functions that can be pickled, as they go to other processes"
        way_out = "define them at the top of a module, or use threads"
        argument = f"{name}: functions of yours"
        raise TypeError(requirement(argument, rule, str(error), way_out)) from error
    return Job(hashlib.sha256(text).digest(), text)


_replays: OrderedDict[bytes, Any] = OrderedDict()
_lock = Lock()


def run_task(task: Task) -> Found:
    """Run a shard; this is what a worker is asked to do.

    Raises:
        RuntimeError: the C library of this machine gives other bits.
        ValueError: this version of the library has other rules.
    """
    replay = _find_replay(task.job)
    columns = [x if isinstance(x, float) else _view(bytearray(x[1]), x[0]) for x in task.columns]
    results = [bytearray(8 * _count(shape)) for shape in task.shapes]
    buffers = [_view(one, shape) for one, shape in zip(results, task.shapes, strict=True)]
    seed = task.seed if isinstance(task.seed, float) else array("d", task.seed)
    sums = array("d", bytes(len(task.numbers))) if task.sums else None
    numbers = array("d", task.numbers)
    others = replay.run(columns, 0, task.samples, numbers, seed, task.strictness, buffers, sums)
    return Found(others, [bytes(one) for one in results], b"" if sums is None else sums.tobytes())


def _find_replay(job: Job) -> Any:
    """Return what runs the programs of a job, which is kept for the next shard."""
    with _lock:
        if job.key in _replays:
            _replays.move_to_end(job.key)
            return _replays[job.key]
    saved, arrangement, sums, expected = pickle.loads(job.saved)  # noqa: S301 - the caller's own
    programs = [(tuple(map(restore_row, rows)), *rest) for rows, *rest in saved]
    _compare(_probe(programs), expected)
    replay, _ = make_replay(programs, sums=sums)
    replay.arrange(*arrangement)
    with _lock:
        _replays[job.key] = replay
        while len(_replays) > _MOST_JOBS:
            _replays.popitem(last=False)
    return replay


def _compare(found: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """Raise an error if a function of C has other bits than on the machine that asks."""
    for name, bits in expected.items():
        if found.get(name) != bits:
            rule = f"the bits that the machine which asks has at {_POINTS} points"
            way_out = "use workers with the same C library"
            machine = f"{platform.node()!r} ({' '.join(platform.libc_ver()) or platform.system()})"
            argument = f"function {name} of worker {machine}"
            raise RuntimeError(requirement(argument, rule, found.get(name), way_out))


def _probe(programs: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Return a digest of the bits of each function of C that the rules of programs call."""
    rows = {row for program in programs for row in program[0]}
    rules = [rule for row in rows if not isinstance(row, PythonFunction) for rule in row.rules]
    functions = FLOATS.namespace(*(rule.tree for rule in rules))
    return {
        name: _digest(function, 2 if name == "pow" else ELEMENTARY[name].arity)
        for name, function in sorted(functions.items())
        if name == "pow" or name in ELEMENTARY
    }


def _digest(function: Any, arity: int) -> str:
    rng = random.Random(0)  # noqa: S311 - any points will do, if they are the same everywhere
    bits = []
    for _ in range(_POINTS):
        point = [rng.choice([-1, 1]) * 10 ** rng.uniform(-3, 2) for _ in range(arity)]
        with suppress(ValueError, ArithmeticError):
            bits.append(function(*point).hex())
    return hashlib.sha256(" ".join(bits).encode()).hexdigest()[:16]


def _count(shape: Sequence[int]) -> int:
    return shape[0] if len(shape) == 1 else shape[0] * shape[1]


def _view(buffer: bytearray, shape: tuple[int, ...]) -> Any:
    """Return a buffer of doubles of one axis or two."""
    view = memoryview(buffer).cast("d")
    return view if len(shape) == 1 else view.cast("B").cast("d", shape)

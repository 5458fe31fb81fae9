"""`Run`: a run of recorded programs over many points, in shards of a fixed size."""

from __future__ import annotations

import math
import operator
from _thread import start_new_thread
from array import array
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from autograd_mini.engines import number_of, read_data
from autograd_mini.engines.nonfinite import strict
from autograd_mini.programs.columns import Columns
from autograd_mini.programs.entries import Entry
from autograd_mini.programs.results import Results
from autograd_mini.programs.workers import Found, Task, run_task

__all__ = ["SHARD", "Run", "arrange", "note_sample", "record_first", "symmetrize"]

T = TypeVar("T")

SHARD = 8192
"""Samples in a shard. The sums of shards are added in their order, so their bits depend on this."""

_MOST_WAITING = 64
"""Shards that an executor has at a time."""

_Shard: TypeAlias = tuple[int, int]
"""The first sample, and how many there are."""

_Found: TypeAlias = "tuple[tuple[list[tuple[int, int, int]], list[int]] | None, array[float]]"
"""What `replay` returns for a shard, and its sums."""


@contextmanager
def note_sample(sample: int) -> Iterator[None]:
    """Add the number of a sample to an error."""
    try:
        yield
    except Exception as error:
        error.add_note(f"sample {sample}")
        raise


def record_first(entry: Entry, columns: Columns, args: Sequence[Any]) -> None:
    """Record the path of the first sample, if there is one and no path yet."""
    if columns.count and not entry.paths:
        with note_sample(0):
            entry.record(columns.sample(0), args)


def iterate_apart(items: Generator[T, None, None]) -> Iterator[T]:
    """Yield what a generator yields, which runs in a thread of its own, an item at a time.

    Ctrl-C reaches the main thread alone. An executor must not meet it: in the middle of its locks,
    which are written in Python, it would leave one that nobody releases.
    """
    asked, answers = SimpleQueue[bool](), SimpleQueue[Any]()

    def serve() -> None:
        error: BaseException | None = None
        while asked.get() and error is None:
            try:
                answers.put((next(items), None))
            except BaseException as raised:  # noqa: BLE001 - it is raised again
                error = raised
                answers.put((None, error))
        items.close()
        answers.put(None)

    has_asked = False
    try:
        start_new_thread(serve, ())
        while True:
            has_asked = True
            asked.put(True)
            item, error = answers.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item
    finally:
        asked.put(False)
        while has_asked and answers.get() is not None:  # what runs has to end first
            pass


class Run:
    """The computation of results for many points, and of the sums of derivatives.

    Args:
        entry: the programs.
        columns: the arguments.
        args: the arguments as they were given, for errors.
        buffers: where results go, in the order of programs.
        store: stores the results for a sample, in the order in which the function returns them.
        sums: whether derivatives by the parameters are added up over the points.
    """

    def __init__(
        self,
        entry: Entry,
        columns: Columns,
        args: Sequence[Any],
        buffers: Sequence[Any],
        store: Callable[[int, Sequence[float]], None],
        *,
        sums: bool,
    ) -> None:
        self._entry, self._columns, self._args = entry, columns, args
        self._buffers, self._store, self._has_sums = buffers, store, sums
        self._strict = strict()
        self._whole = columns.whole()
        self._numbers = array("d")
        self._eager: dict[int, list[float]] = {}  # the derivatives for samples that C left out

    def compute(self, seed: Any = 1.0, executor: Executor | None = None) -> array[float]:
        """Compute all results; return the sums for all parameters.

        Args:
            seed: the weight of each sample in the sums, a float or an array with all of them.
            executor: shares the shards out.
        """
        count = self._columns.count
        self._read_parameters()
        if 0 < count <= SHARD and executor is None:  # a small batch needs no more
            return self._finish((0, count), self._run((0, count), seed), seed)
        shards = [(first, min(SHARD, count - first)) for first in range(0, count, SHARD)]
        totals = array("d", bytes(8 * len(self._numbers)))
        runs = self._run_here(shards, seed)
        if executor is not None:
            runs = iterate_apart(self._run_by(executor, shards, seed))
        for shard, found in runs:
            sums = self._finish(shard, found, seed)
            totals.extend([0.0] * (len(sums) - len(totals)))
            totals = array("d", map(operator.add, totals, sums))
        return totals

    def set_numbers(self, numbers: bytes) -> None:
        """Set the numbers of the parameters, which are otherwise read when the run begins."""
        self._numbers = array("d", numbers)

    def _read_parameters(self) -> None:
        """Read the numbers of the parameters that were not read yet."""
        known, parameters = len(self._numbers), self._entry.parameters
        if known < len(parameters):
            numbers = array("d", bytes(8 * (len(parameters) - known)))
            read_data(parameters[known:] if known else parameters, numbers)
            self._numbers = self._numbers + numbers if known else numbers

    def _run_here(self, shards: Sequence[_Shard], seed: Any) -> Iterator[tuple[_Shard, _Found]]:
        """Run shards, and yield what was found in each, in their order."""
        for shard in shards:
            yield shard, self._run(shard, seed)

    def _run_by(
        self, executor: Executor, shards: Sequence[_Shard], seed: Any
    ) -> Generator[tuple[_Shard, _Found], None, None]:
        """Do the same by an executor."""
        is_near = isinstance(executor, ThreadPoolExecutor)
        waiting: deque[tuple[_Shard, Future[Any]]] = deque()
        remaining = iter(shards)
        try:
            while True:
                for shard in remaining:
                    work: tuple[Any, ...] = self._run, shard, seed
                    if not is_near:
                        work = run_task, self._make_task(shard, seed)
                    waiting.append((shard, executor.submit(*work)))
                    if len(waiting) == _MOST_WAITING:
                        break
                if not waiting:
                    return
                shard, future = waiting.popleft()
                result: Any = future.result()
                found = result if is_near else self._take(shard, result)
                if found[0] is not None:  # no path may be added while others run
                    wait([other for _, other in waiting])
                yield shard, found
        finally:
            wait([future for _, future in waiting if not future.cancel()])

    def _run(self, shard: _Shard, seed: Any) -> _Found:
        """Run the programs for the samples of a shard."""
        first, count = shard
        columns, buffers = self._whole, self._buffers
        at = first
        if columns is None:
            at, columns = 0, self._columns.chunk(first, count)
            buffers, seed = self._cut(shard, seed)
        sums = array("d", bytes(8 * len(self._numbers))) if self._has_sums else None
        replay, strictness = (
            self._entry.replay(sums=self._has_sums),
            self._entry.strictness(is_strict=self._strict),
        )
        found = replay.run(columns, at, count, self._numbers, seed, strictness, buffers, sums)
        return _shift(found, first - at), array("d") if sums is None else sums

    def _cut(self, shard: _Shard, seed: Any) -> tuple[list[Any], Any]:
        """Return the parts of the results and of the weights that are of a shard."""
        first, count = shard
        buffers = [buffer[first : first + count] for buffer in self._buffers]
        return buffers, seed if isinstance(seed, float) else memoryview(seed)[first : first + count]

    def _make_task(self, shard: _Shard, seed: Any) -> Task:
        """Return a shard as what a worker gets."""
        first, count = shard
        buffers, seed = self._cut(shard, seed)
        columns = self._columns.chunk(first, count)
        return Task(
            self._entry.job(sums=self._has_sums),
            [
                x if isinstance(x, float) else (_shape_of(x), memoryview(x).tobytes())
                for x in columns
            ],
            count,
            self._numbers.tobytes(),
            seed if isinstance(seed, float) else seed.tobytes(),
            self._entry.strictness(is_strict=self._strict),
            [_shape_of(buffer) for buffer in buffers],
            self._has_sums,
        )

    def _take(self, shard: _Shard, found: Found) -> _Found:
        """Store the results that a worker has found for a shard."""
        buffers, _ = self._cut(shard, 1.0)
        for buffer, numbers in zip(buffers, found.results, strict=True):
            view = memoryview(buffer)
            if view.ndim == 1:
                view[:] = memoryview(numbers).cast("d")
            else:
                view.cast("B")[:] = numbers
        return _shift(found.others, shard[0]), array("d", found.sums)

    def _finish(self, shard: _Shard, found: _Found, seed: Any) -> array[float]:
        """Record what is unknown, and compute eagerly what C left out; return the sums."""
        others, sums = found
        while others is not None and others[0]:
            # Of shards that ran at a time, an earlier one may have met the same path.
            unknown = [sample for *fork, sample in others[0] if not self._entry.has_fork(*fork)]
            for sample in sorted(unknown):
                error = self._record(sample)
                if error is not None:  # samples before this one may raise errors too
                    before = shard[0], sample - shard[0]
                    self._finish(before, self._run(before, seed), seed)
                    raise error
            self._read_parameters()
            others, sums = self._run(shard, seed)
        if others is not None:
            self._compute_eagerly(others[1])
            for i in others[1]:
                weight = seed if isinstance(seed, float) else seed[i]
                for place, term in enumerate(self._eager[i]):
                    sums[place] += weight * term
        return sums

    def _record(self, sample: int) -> Exception | None:
        """Record the path of a sample, or return the error that this raises."""
        try:
            with note_sample(sample):
                self._entry.record(self._columns.sample(sample), self._args)
        except Exception as error:  # noqa: BLE001 - it is raised later
            return error
        return None

    def _compute_eagerly(self, samples: Sequence[int]) -> None:
        """Compute samples by calls of the function itself, which raise the errors that are due."""
        for i in samples:
            if i not in self._eager:
                numbers = self._columns.sample(i)
                with note_sample(i):
                    self._store(i, list(map(number_of, self._entry.compute_eagerly(numbers))))
                    terms = self._entry.differentiate_eagerly(numbers) if self._has_sums else []
                self._eager[i] = terms


def _save(buffer: Any) -> tuple[tuple[int, ...], bytes]:
    return _shape_of(buffer), memoryview(buffer).tobytes()


def _shape_of(buffer: Any) -> tuple[int, ...]:
    return tuple(memoryview(buffer).shape or ())


def _shift(found: Any, first: int) -> Any:
    """Return what `replay` returns, with the numbers of samples counted from another one."""
    if found is None or not first:
        return found
    unknown, flagged = found
    return [(p, k, i + first) for p, k, i in unknown], [i + first for i in flagged]


def arrange(results: Results, order: Sequence[int]) -> list[Any]:
    """Return the buffers of results as programs write them, outputs first, then derivatives."""
    buffers: list[Any] = [memoryview(x) if isinstance(x, array) else x for x in results.buffers]
    if list(order) == list(range(len(order))):
        return buffers
    columns = _split(buffers)
    places = dict(zip(order, columns, strict=True))
    return [places[i] for i in range(len(columns))]


def symmetrize(buffers: Sequence[Any]) -> None:
    """Replace two entries of a matrix across the diagonal by their mean, for all samples."""
    columns = _split(buffers)
    size = math.isqrt(len(columns))
    for i in range(size):
        for j in range(i):
            a, b = columns[i * size + j], columns[j * size + i]
            for k in range(len(a)):
                if a[k] != b[k]:
                    a[k] = b[k] = a[k] / 2 + b[k] / 2


def _split(buffers: Sequence[Any]) -> list[Any]:
    """Return the columns of buffers of one axis or two."""
    return [memoryview(x) for one in buffers for x in ([one] if one.ndim == 1 else one.T)]

"""`Batch`: the results of a compiled function for many points, which can be differentiated."""

from __future__ import annotations

import functools
import sys
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any

from autograd_mini.arguments import is_iterable, items, number, requirement
from autograd_mini.engines import Replay
from autograd_mini.engines.display import write_count
from autograd_mini.engines.nonfinite import strict
from autograd_mini.programs.entries import Entry
from autograd_mini.programs.shards import SHARD, Run, record_first
from autograd_mini.programs.sources import Columns, restore_columns

__all__ = ["Batch", "make_batch", "repeat_batch"]


class Batch:
    """The results of a function for many points, and their derivatives by its parameters.

    It uses the arguments and the parameters as they were when it was made.

    Args:
        entry: the programs.
        results: the result for each point, as bytes of doubles.
        sums: the derivative of their sum by each parameter, as bytes of doubles.
        weigh: returns the derivatives of the sum with weights.
        has_arrays: whether results come back as an array of NumPy.
    """

    def __init__(
        self,
        entry: Entry,
        results: Any,
        sums: Any,
        weigh: Callable[[array[float]], array[float]],
        *,
        has_arrays: bool,
    ) -> None:
        self._entry, self._results, self._sums, self._weigh = entry, results, sums, weigh
        self._parameters, self._has_arrays = entry.parameters, has_arrays

    @functools.cached_property
    def data(self) -> Any:
        """The result for each point, in a list, or in an array if an argument was one."""
        if self._has_arrays:
            return sys.modules["numpy"].frombuffer(self._results).copy()
        return array("d", self._results).tolist()

    def __len__(self) -> int:
        return len(self._results) // 8

    def __repr__(self) -> str:
        results = write_count(len(self), "result")
        parameters = write_count(len(self._parameters), "parameter")
        return f"<batch of {self._entry.subject.name}: {results}, {parameters}>"

    def backward(self, *, seed: Any = 1.0) -> None:
        """Add the derivative of Σ seed · result by each parameter to its ``grad``.

        It does to parameters what `Value.backward` does to leaves, also if it is called again: an
        error changes no gradient, an interrupt changes all of them or none.

        Args:
            seed: the weight of the results, or a sequence with the weight of each.

        Raises:
            NonFiniteGradientError: a gradient is not finite, unless `errstate` allows that.
            ValueError: there is not one weight for each result.
        """
        factor, sums = 1.0, self._sums
        if type(seed) is not float and is_iterable(seed):
            with self._entry.lock:
                # Other calls may have met other parameters since.
                sums = self._weigh(self._read_weights(seed))[: len(self._parameters)]
        else:
            factor = number(seed, argument="Batch.backward: seed")
        self._entry.add_gradients(self._parameters, sums, factor)

    def _read_weights(self, seed: Any) -> array[float]:
        rule = f"a number, or {len(self)} numbers, one for each result"
        weights = items(seed, argument="Batch.backward: seed", rule=rule)
        if len(weights) != len(self):
            got = write_count(len(weights), "number")
            raise ValueError(requirement("Batch.backward: seed", rule, got))
        return array(
            "d", [number(x, argument=f"Batch.backward: seed[{i}]") for i, x in enumerate(weights)]
        )


def make_batch(
    entry: Entry, given: Columns, args: Sequence[Any], executor: Executor | None
) -> Batch:
    """Return the batch for some arguments.

    Args:
        entry: the programs.
        given: the arguments as columns, which are copied.
        args: the arguments, for errors.
        executor: shares the points out.
    """
    columns = given.snapshot()
    with entry.lock:
        record_first(entry, columns, args)
        entry.check_single()
        results = array("d", bytes(8 * columns.count))
        run = _make_run(entry, columns, args, results)
        sums = run.compute(executor=executor)
        weigh = functools.partial(run.compute, executor=executor)
        return Batch(entry, results.tobytes(), sums, weigh, has_arrays=columns.has_arrays)


def _make_run(entry: Entry, columns: Columns, args: Sequence[Any], results: array[float]) -> Run:
    def store(sample: int, found: Sequence[float]) -> None:
        (results[sample],) = found

    return Run(entry, columns, args, [memoryview(results)], store, sums=True)


def repeat_batch(entry: Entry, shapes: tuple[int, ...], args: tuple[Any, ...]) -> Batch | None:
    """Return the batch for arrays of doubles that are like those of the batch before.

    A small batch takes half of the time for this that it takes by `make_batch`. It is None if the
    arguments are others, or if the function has to be called.

    Args:
        entry: the programs.
        shapes: what `Columns.shapes` has returned.
        args: the arguments.
    """
    with entry.lock:
        if not entry.paths or not entry.modes.hold():
            return None  # the batch before had no points or raised an error, or a mode has changed
        replay = entry.replay(sums=True)
        if type(replay) is not Replay:
            return None
        strictness = entry.strictness(is_strict=strict())
        found = replay.batch(args, shapes, entry.parameters, strictness, SHARD)
        if found is None:
            return None
        inputs, numbers, results, sums = found

        def weigh(weights: array[float]) -> array[float]:
            columns = restore_columns(entry.form, args, shapes, inputs)
            run = _make_run(entry, columns, args, array("d", bytes(len(results))))
            run.set_numbers(numbers)
            return run.compute(weights)

        return Batch(entry, results, sums, weigh, has_arrays=True)

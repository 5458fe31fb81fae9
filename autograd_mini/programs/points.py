"""`Point`: runs the program of a path for one point, and connects its results to the parameters."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from autograd_mini.engines import Operand, Replay, custom_node
from autograd_mini.programs.replay import PythonReplay
from autograd_mini.programs.row import RecordedFunction
from autograd_mini.programs.subjects import Recorded
from autograd_mini.transforms.operators import symmetrize

__all__ = ["Point", "make_replay"]


def make_replay(
    programs: Sequence[Sequence[Any]], *, sums: bool
) -> tuple[Any, list[Sequence[bool]]]:
    """Return what runs some programs, and for each what `PythonReplay.add` returns.

    They run in C, if that was built and has all of their rows.

    Args:
        programs: the arguments of `PythonReplay.add` for each.
        sums: whether derivatives by the parameters are added up over the samples.
    """
    if Replay is not None:
        with suppress(LookupError):
            replay = Replay(sums)
            return replay, [replay.add(*program) for program in programs]
    replay = PythonReplay(sums)
    return replay, [replay.add(*program) for program in programs]


class Point:
    """The program of a path for one point, where parameters are inputs too.

    Args:
        path: the path.
        name: the name of the function.
        inputs: the names of its inputs.
    """

    def __init__(self, path: Recorded, name: str, inputs: Sequence[str | None]) -> None:
        parameters = path.recording.parameters
        count = len(path.numbers)
        leaves = count + len(parameters)
        self._path, self._parameters = path, tuple(parameters)
        roots, wrt = list(path.roots), list(path.wrt)
        if parameters:
            roots, wrt = list(path.outputs), list(range(count, leaves))
        self._width = len(path.outputs) + len(roots) * len(wrt)
        places = (leaves, leaves, list(range(leaves)))
        program = (*path.recording[:4], *places, list(path.outputs), roots, wrt)
        self._replay, (found,) = make_replay([program], sums=False)
        self._valued = [i for i, depends in enumerate(found) if depends] if parameters else []
        first, width = len(path.outputs), len(parameters)
        several = len(self._valued) > 1
        self._rows = {
            i: RecordedFunction(
                f"{name}{i}" if several else name,
                inputs,
                width,
                partial(_compute_again, self._replay, self._width, (i, first + i * width, width)),
            )
            for i in self._valued
        }
        self._is_ordered = list(path.order) == list(range(len(path.order)))

    def compute(self, numbers: Sequence[float], *, strict: int) -> list[Operand] | int | None:
        """Return the results; the number of the guard that differs; None for an eager call."""
        path, count = self._path, len(self._path.outputs)
        plain = count if self._parameters else self._width
        partials = array("d", bytes(8 * (self._width - plain)))
        results = self._replay.point(numbers, self._parameters, strict, plain, partials)
        if type(results) is tuple:
            unknown, _ = results
            return unknown[0][1] if unknown else None
        if path.is_symmetric and path.wrt:
            size = len(path.wrt)
            rows = [results[i : i + size] for i in range(0, len(results), size)]
            results = [x for row in symmetrize(rows) for x in row]
        if self._valued:
            # A node has the inputs as constants, so that views show the point.
            constants, width = array("d", numbers), len(self._parameters)
            operands = (*numbers, *self._parameters)
            for i in self._valued:
                own = constants + partials[i * width : (i + 1) * width]
                fixed = path.fixed[i]
                if fixed is None:
                    fixed = custom_node(self._rows[i], operands, results[i], own)
                results[i] = fixed
        return results if self._is_ordered else [results[i] for i in path.order]


def _compute_again(
    replay: Any, size: int, spot: tuple[int, int, int], given: Sequence[float]
) -> tuple[float, Sequence[float]] | None:
    """Return a result and its derivatives by the parameters; None on another path.

    Args:
        spot: where the result is, where its derivatives begin, and their number.
    """
    found = replay.point(list(given), (), 0, size, array("d"))
    at, first, count = spot
    return None if type(found) is tuple else (found[at], found[first : first + count])

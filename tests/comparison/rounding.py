"""How far two libraries' gradients of a graph may be apart: a running error analysis.

Each operation may be off by the units in the last place that test_rows allows, and by the named
losses. What that does to every value after it, to the slopes there, and to the gradients, is
followed to first order (Higham, *Accuracy and Stability of Numerical Algorithms*, 2002, section
3.3). So the bound knows which graphs are ill-conditioned, and nothing in it was tuned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comparison.losses import OURS, THEIRS, U, lost

from autograd_mini.engines.node import flat
from autograd_mini.table.primitives import Primitive
from autograd_mini.testing import Program

UNITS = 2 * U * (OURS + THEIRS)  # a unit in the last place is at most 2u times the number
SECOND_ORDER = 2  # the errors are so small that their products count for less than this


def gradient_bounds(graph: Program, framework: str) -> list[float]:
    """Return for each leaf how far that framework's derivative may be from ours."""
    values, errors = list(graph.leaves), [0.0] * len(graph.leaves)
    locals_ = []
    for instruction in graph.instructions:
        row, references = instruction.primitive, instruction.operands
        given = list(flat(references))
        at = [values[one] if isinstance(one, int) else one for one in given]
        off = [errors[one] if isinstance(one, int) else 0.0 for one in given]
        out, slopes = _evaluated(row, references, at)
        slope_errors = _slope_errors(row, references, at, off, slopes, framework)
        values.append(out)
        errors.append(
            sum(abs(slope) * error for slope, error in zip(slopes, off, strict=True))
            + _own_error(row, references, at, out, framework)
        )
        locals_.append((given, slopes, slope_errors))
    gradients, bounds = [0.0] * len(values), [0.0] * len(values)
    gradients[-1] = 1.0
    for node in reversed(range(len(graph.leaves), len(values))):
        gradient, bound = gradients[node], bounds[node]
        for one, slope, error in zip(*locals_[node - len(graph.leaves)], strict=True):
            if isinstance(one, int):
                gradients[one] += gradient * slope
                bounds[one] += bound * abs(slope) + abs(gradient) * error
                bounds[one] += 2 * len(values) * U * abs(gradient * slope)  # product, sum
    return [SECOND_ORDER * bound for bound in bounds[: len(graph.leaves)]]


def _own_error(
    row: Primitive, references: Sequence[Any], at: list[float], out: float, framework: str
) -> float:
    if row.nary:
        magnitude, _ = _evaluated(row, references, list(map(abs, at)))
        return 2 * (len(at) + 1) * U * magnitude
    return UNITS * abs(out) + lost(framework, row.name, "value", out, at)


def _slope_errors(
    row: Primitive,
    references: Sequence[Any],
    at: list[float],
    off: list[float],
    slopes: list[float],
    framework: str,
) -> list[float]:
    if row.nary:
        errors = [0.0] * len(slopes)  # they are operands, or 1
    else:
        errors = [
            UNITS * abs(slope) + lost(framework, row.name, operand, slope, at)
            for operand, slope in zip(row.operands, slopes, strict=True)
        ]
    for position, error in enumerate(off):
        if error:
            h = 1e-4 * max(0.1, abs(at[position]))
            sides = []
            for step in (h, -h):
                stepped = list(at)
                stepped[position] += step
                sides.append(_evaluated(row, references, stepped)[1])
            for i, (high, low) in enumerate(zip(*sides, strict=True)):
                bend = max(abs(high - slopes[i]), abs(low - slopes[i])) / h
                errors[i] += bend * error
    return errors


def _evaluated(
    row: Primitive, references: Sequence[Any], at: Sequence[float]
) -> tuple[float, list[float]]:
    """Return a row's value and its slopes in one list, for operands in one list."""
    remaining = iter(at)
    operands = [
        [next(remaining) for _ in one] if isinstance(one, tuple) else next(remaining)
        for one in references
    ]
    out, slopes = row.evaluate(*operands)
    return out, list(flat(slopes))

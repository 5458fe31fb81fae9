"""Points all over the domain of each row, the true numbers there, and how far off others are."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from comparison.frameworks import Framework
from mpmath import mpf
from support.references import precise_partial, precise_value, ulps
from support.rows import points

from autograd_mini.table.primitives import PRIMITIVES, TABLE, Primitive

ELEMENTARY = [row for row in TABLE if not row.nary]
COUNT = 300


@dataclass(frozen=True)
class Sample:
    """The true value and slopes of a row at a point; None where one is infinite, or at a kink."""

    at: tuple[float, ...]
    value: mpf
    slopes: tuple[mpf | None, ...]


@dataclass(frozen=True)
class Error:
    """How far a computed number is from the true one.

    Args:
        of: "value", or the operand of the derivative.
        at: the point.
        computed, true: the numbers.
    """

    of: str
    at: tuple[float, ...]
    computed: float
    true: mpf

    @property
    def ulps(self) -> float:
        """The error in units in the last place; infinite where one number is."""
        return ulps(self.computed, self.true)


def sample(row: Primitive, at: Sequence[float]) -> Sample | None:
    """Return the true numbers at a point, or None where the value is infinite or subnormal.

    A subnormal value has lost digits, which no slope that is computed from it gets back.
    """
    value = precise_value(row, at)
    size = abs(float(value))
    if not math.isfinite(size) or 0 < size < sys.float_info.min:
        return None
    kinked = row.kink is not None and at[0] == (at[1] if row.kink.names == ("x", "y") else 0)
    slopes = tuple(
        None if kinked or x in (domain.low, domain.high) else precise_partial(row, at, position)
        for position, (x, domain) in enumerate(zip(at, row.domains.values(), strict=True))
    )
    return Sample(tuple(at), value, slopes)


@cache
def samples(name: str, count: int = COUNT) -> list[Sample]:
    """Return samples all over the domain of the row of that name."""
    row = PRIMITIVES[name]
    found = [sample(row, at) for at in points(row, count)]
    return [one for one in found if one is not None]


def errors(framework: Framework, row: Primitive, sample: Sample) -> Iterator[Error]:
    """Yield the errors of a framework at a sample: of the value, and by each operand."""
    value, slopes = framework.differentiate(framework.rows[row.name], sample.at)
    yield Error("value", sample.at, value, sample.value)
    for operand, computed, true in zip(row.operands, slopes, sample.slopes, strict=True):
        if true is not None:
            yield Error(operand, sample.at, computed, true)

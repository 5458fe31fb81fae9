"""Domains: the real numbers that an operand of a primitive may be."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = [
    "COSH_RANGE",
    "EXP_RANGE",
    "NONNEGATIVE",
    "NONZERO",
    "POSITIVE",
    "POWER_BASE",
    "REAL",
    "UNIT",
    "Domain",
]


@dataclass(frozen=True)
class Domain:
    """The real numbers from ``low`` to ``high`` that an operand may be.

    Args:
        low, high: the bounds.
        open: whether the bounds themselves are outside.
        nonzero: whether zero is outside.
        stated: the text of the domain, where the bounds do not tell the whole of it.
    """

    low: float = -math.inf
    high: float = math.inf
    open: bool = False
    nonzero: bool = False
    stated: str = ""

    def __contains__(self, number: float) -> bool:
        if self.nonzero and number == 0:
            return False
        return self.low < number < self.high if self.open else self.low <= number <= self.high

    def text(self, name: str) -> str:
        """Return the condition on the operand of that name, such as ``-1 <= x <= 1``.

        >>> Domain(low=0, open=True).text("x")
        'x > 0'
        """
        if self.stated:
            return self.stated
        if self.nonzero:
            return f"{name} != 0"
        less = "<" if self.open else "<="
        match math.isinf(self.low), math.isinf(self.high):
            case True, True:
                return f"any real {name}"
            case True, False:
                return f"{name} {less} {self.high!r}"
            case False, True:
                return f"{name} {less.replace('<', '>')} {self.low!r}"
            case _:
                return f"{self.low!r} {less} {name} {less} {self.high!r}"


REAL = Domain()
NONZERO = Domain(nonzero=True)
POSITIVE = Domain(low=0, open=True)
NONNEGATIVE = Domain(low=0)
UNIT = Domain(low=-1, high=1)
EXP_RANGE = Domain(high=709.782712893384, stated="x <= 709.782712893384, else it overflows")
COSH_RANGE = Domain(
    low=-710.4758600739439,
    high=710.4758600739439,
    stated="-710.4758600739439 <= x <= 710.4758600739439, else it overflows",
)
POWER_BASE = Domain(
    low=0, open=True, stated="x > 0, or x = 0 with y >= 0, or x < 0 with a whole number y"
)

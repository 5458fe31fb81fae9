"""Domains: the real numbers that an operand of a primitive may be."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

__all__ = ["REAL", "Domain"]


@dataclass(frozen=True)
class Domain:
    """The real numbers from ``low`` to ``high`` that an operand may be.

    Args:
        low, high: the bounds.
        open: whether the bounds themselves are outside.
        nonzero: whether zero is outside.
        overflows: whether the result overflows outside.
        stated: the text of the domain, if the bounds alone do not describe it.
    """

    low: float = -math.inf
    high: float = math.inf
    open: bool = False
    nonzero: bool = False
    overflows: bool = False
    stated: str = ""

    def __repr__(self) -> str:
        """Return Python that makes the domain."""
        own = {f.name: getattr(self, f.name) for f in fields(self)}
        given = [f"{f.name}={own[f.name]!r}" for f in fields(self) if own[f.name] != f.default]
        return f"Domain({', '.join(given)})"

    def __contains__(self, number: float) -> bool:
        if self.nonzero and number == 0:
            return False
        return self.low < number < self.high if self.open else self.low <= number <= self.high

    def admits(self, number: float, out: float) -> bool:
        """Return whether a function is defined at a number, where it has the value ``out``.

        The bound of a domain that is stated in words is that of its simple part. Beyond it, a
        number is outside if there is no value there: as for (-2)**0.5, but not for (-1e200)**2.
        """
        return number in self or (self.stated != "" and number != self.low and not math.isnan(out))

    def text(self, name: str) -> str:
        """Return the condition on an operand of this name, such as ``-1 <= x <= 1``.

        >>> Domain(low=0, open=True).text("x")
        'x > 0'
        """
        if self.stated:
            return self.stated
        if self.nonzero:
            return f"{name} != 0"
        less = "<" if self.open else "<="
        text = f"any real {name}"
        if math.isfinite(self.low) and math.isfinite(self.high):
            text = f"{self.low!r} {less} {name} {less} {self.high!r}"
        elif math.isfinite(self.low):
            text = f"{name} {less.replace('<', '>')} {self.low!r}"
        elif math.isfinite(self.high):
            text = f"{name} {less} {self.high!r}"
        return f"{text}, else it overflows" if self.overflows else text


REAL = Domain()
NONZERO = Domain(nonzero=True)
POSITIVE = Domain(low=0, open=True)
NONNEGATIVE = Domain(low=0)
UNIT = Domain(low=-1, high=1)
EXP_RANGE = Domain(high=709.782712893384, overflows=True)
EXP2_RANGE = Domain(high=1023.9999999999999, overflows=True)
COSH_RANGE = Domain(low=-710.4758600739439, high=710.4758600739439, overflows=True)
POWER_BASE = Domain(
    low=0, open=True, stated="x > 0, or x = 0 with y >= 0, or x < 0 with a whole number y"
)

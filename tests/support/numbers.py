"""Kinds of numbers that the rules of the table are computed in, to check what floats give."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from mpmath import mp

from autograd_mini.table.arithmetic import Arithmetic, absolute, angle, library, upright

_ZERO = Fraction(0)


@cache
def precise() -> Arithmetic:
    """Return the arithmetic of mpmath, real or complex, at the precision in force."""
    functions = {
        **library(mp),
        "abs": absolute,
        "cbrt": lambda x: upright(x, mp.cbrt),
        "arctan2": lambda y, x: angle(y, x, mp.atan, mp.pi) if x or y else mp.mpf(0),
        "erfc": lambda x: mp.erfc(x) if x.real < 1e4 else mp.mpf(0),  # mpmath fails far beyond
        "log2": lambda x: mp.log(x) / mp.ln2,  # mpmath has one from version 1.4 on
        "pow": mp.power,
    }
    return Arithmetic(functions, number=mp.mpf, order=attrgetter("real"))


class Dual(NamedTuple):
    """A fraction and its derivative: ``value`` + ``slope`` · ε with ε² = 0.

    A function of such numbers is differentiated exactly (forward-mode differentiation; Griewank
    and Walther, *Evaluating Derivatives*, 2008, chapter 3).

    >>> x = Dual(Fraction(3), Fraction(1))
    >>> (x * x).slope
    Fraction(6, 1)
    """

    value: Fraction
    slope: Fraction = _ZERO

    @property
    def real(self) -> Fraction:
        """The fraction: what numbers are compared by."""
        return self.value

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __add__(self, other: Dual) -> Dual:  # type: ignore[override]  # no tuple's sum
        return Dual(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: Dual) -> Dual:
        return Dual(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other: Dual) -> Dual:  # type: ignore[override]
        slope = self.slope * other.value + self.value * other.slope
        return Dual(self.value * other.value, slope)

    def __truediv__(self, other: Dual) -> Dual:
        quotient = self.value / other.value
        return Dual(quotient, (self.slope - quotient * other.slope) / other.value)


RATIONAL = Arithmetic(
    {"abs": absolute}, number=lambda x: Dual(Fraction(x)), order=attrgetter("real")
)
"""Fractions with derivatives, for the rows that make fractions of fractions."""

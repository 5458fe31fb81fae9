"""What counts as a real number where the library takes one."""

from __future__ import annotations

import math
import numbers
import operator
import reprlib
from typing import Any

__all__ = ["count", "finite", "is_foreign", "number", "whole"]

_WAY_OUT = {
    "bool": "use float(…) if a number is meant",
    "complex": "only real numbers have gradients here",
    "Decimal": "use float(…), which rounds",
    "Fraction": "use float(…), which rounds",
    "Value": "use its .data for the bare number",
}

_EXACT = 2**53
"""Up to this every integer is a float."""


def number(value: object, *, what: str) -> float:
    """Return a real number as a Python float, refusing what would lose or invent something.

    Args:
        value: a float, an int that a float holds exactly, or a NumPy real scalar.
        what: the name of the thing, for the error.

    Raises:
        TypeError: it is no real number (bool, str, complex, Decimal, Fraction, None, …).
        ValueError: it is an integer or a long double that no float holds exactly.

    >>> number(3, what="lr")
    3.0
    >>> number("3", what="lr")
    Traceback (most recent call last):
    TypeError: lr takes a real number, got str '3'
    """
    if isinstance(value, float):
        return float(value)
    if type(value) is int and -_EXACT <= value <= _EXACT:
        return float(value)
    if not _is_real(value):
        kind = type(value).__name__
        way_out = _WAY_OUT.get(kind.rstrip("_"), "")
        raise TypeError(
            f"{what} takes a real number, got {kind} {reprlib.repr(value)}"
            + (way_out and f"; {way_out}")
        )
    # NumPy would round its integers in the comparison too.
    exact: Any = operator.index(value) if isinstance(value, numbers.Integral) else value
    try:
        converted = float(exact)
    except OverflowError:
        converted = math.inf
    if converted != exact and exact == exact:
        raise ValueError(f"{what}: no float is exactly {value!r}; round it yourself, with float(…)")
    return converted


def _is_real(value: object) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool)
    # A duration of NumPy is registered as an integer.
    kind = type(value)
    return (
        kind.__module__ == "numpy"
        and kind.__name__ != "timedelta64"
        and isinstance(value, numbers.Real)
    )


def finite(value: object, *, what: str) -> float:
    """Return a real number as a Python float, refusing infinities and NaNs too.

    Raises:
        TypeError, ValueError: as for `number`, or it is not finite.
    """
    given = number(value, what=what)
    if not math.isfinite(given):
        raise ValueError(f"{what} must be finite, got {given}")
    return given


def whole(value: object) -> int | None:
    """Return an int, or an integer of NumPy, as an int; None for anything else, and for a bool."""
    try:
        return None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def count(value: object, *, what: str) -> int:
    """Return a number of things, at least 1, as an int.

    Raises:
        TypeError: it is no int, nor an integer of NumPy.
        ValueError: it is less than 1.

    >>> count(0, what="epochs")
    Traceback (most recent call last):
    ValueError: epochs must be at least 1, got 0
    """
    given = whole(value)
    if given is None:
        raise TypeError(f"{what} takes a positive int, got {type(value).__name__} {value!r}")
    if given < 1:
        raise ValueError(f"{what} must be at least 1, got {given}")
    return given


def is_foreign(value: object) -> bool:
    """Return whether a type may know better than we do how to combine itself with a Value.

    Such are NumPy's arrays, which then broadcast. The plain types of Python do not.
    """
    kind = type(value)
    if isinstance(value, int | float):
        return False
    if kind.__module__ == "numpy":
        return not isinstance(value, numbers.Number) and kind.__name__ not in ("bool", "bool_")
    return kind.__module__ not in ("builtins", "decimal", "fractions")

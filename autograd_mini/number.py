"""What counts as a real number where the library takes one."""

from __future__ import annotations

import math
import numbers
import reprlib

__all__ = ["is_foreign", "number"]

_WAY_OUT = {
    "bool": "use float(…) if a number is meant",
    "complex": "only real numbers have gradients here",
    "Decimal": "use float(…), which rounds",
    "Fraction": "use float(…), which rounds",
    "Value": "use its .data for the bare number",
}


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
    if not _is_real(value):
        kind = type(value).__name__
        way_out = _WAY_OUT.get(kind.rstrip("_"), "")
        raise TypeError(
            f"{what} takes a real number, got {kind} {reprlib.repr(value)}"
            + (way_out and f"; {way_out}")
        )
    try:
        converted = float(value)  # type: ignore[arg-type]
    except OverflowError:
        converted = math.inf
    if converted != value and value == value:
        raise ValueError(f"{what}: no float is exactly {value!r}; round it yourself, with float(…)")
    return converted


def _is_real(value: object) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool)
    return type(value).__module__ == "numpy" and isinstance(value, numbers.Real)


def is_foreign(value: object) -> bool:
    """Return whether a type may know better than we do how to combine itself with a Value.

    Such are NumPy's arrays, which then broadcast. The plain types of Python do not.
    """
    kind = type(value)
    if kind.__module__ == "numpy":
        return not isinstance(value, numbers.Number) and kind.__name__ not in ("bool", "bool_")
    return kind.__module__ not in ("builtins", "decimal", "fractions")

"""Checks of arguments, and the form of their error messages."""

from __future__ import annotations

import math
import numbers
import operator
import random
import reprlib
from collections.abc import ItemsView, Iterable, KeysView, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

__all__ = [
    "abbreviate", "as_rng", "count", "finite", "flag", "is_foreign", "is_iterable", "items",
    "list_some", "number", "printable", "requirement", "whole",
]  # fmt: skip

_WAY_OUT = {
    "bool": "use float(…) if a number is meant",
    "Decimal": "use float(…), which rounds",
    "Fraction": "use float(…), which rounds",
    "Value": "use its .data for the bare number",
}

_EXACT = 2**53
"""A float holds every integer up to this one exactly."""

_KEY_ITERATORS: Any = type(iter({})) | type(reversed({}))
_SET_ITERATOR: Any = type(iter(set()))


def requirement(argument: str, rule: str, value: object, way_out: str = "") -> str:
    """Return the message of an error about an argument; all messages have this form.

    Args:
        argument: the public function and its argument, such as ``fit: epochs``.
        rule: what the argument must be.
        value: what it is.
        way_out: what the caller can do instead, if there is something that works.

    >>> requirement("fit: epochs", "at least 1", 0)
    'fit: epochs must be at least 1, got 0'
    """
    message = f"{argument} must be {rule}, got {abbreviate(value)}"
    return printable(f"{message}; {way_out}" if way_out else message)


def printable(text: str) -> str:
    r"""Return text in which characters that cannot be shown are escaped.

    A terminal would obey some of them.

    >>> print(printable("\x1b[31mred"))
    \x1b[31mred
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class _Abbreviation(reprlib.Repr):
    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() < 2000:
            return super().repr_int(x, level)
        # Python refuses to write a longer int in decimal: by default, of more than 4300 digits.
        return f"{x:#x}"[:20] + "..."

    def repr_instance(self, x: object, level: int) -> str:
        """Write a Value, whose own repr is refused while a computation is recorded."""
        write = getattr(type(x), "_repr_text_", None)
        return super().repr_instance(_Text(write(x)) if callable(write) else x, level)


class _Text:
    """An object with a given repr."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


_ABBREVIATION = _Abbreviation()
_ABBREVIATION.maxstring = _ABBREVIATION.maxother = _ABBREVIATION.maxlong = MAX_VALUE = 60


def abbreviate(value: object) -> str:
    """Return the repr of a value for an error message, in one line of at most 60 characters.

    >>> abbreviate(list(range(1000)))
    '[0, 1, 2, 3, 4, 5, ...]'
    """
    text = " ".join(_ABBREVIATION.repr(value).split())
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 3]}..."


def list_some(texts: Sequence[str], *, most: int = 3) -> str:
    """Return the first of some texts, and how many others there are.

    >>> list_some(["w", "x", "b", "T"])
    'w, x, b and 1 more'
    """
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def number(value: object, *, argument: str) -> float:
    """Return a real number as a Python float; refuse a conversion that is not exact.

    Args:
        value: a float, an int that a float holds exactly, or a NumPy real scalar.
        argument: the name of the argument, for the error.

    Raises:
        TypeError: the value is not a real number, but a bool, str, complex, Decimal, Fraction, …
        ValueError: the value is an integer or a long double that no float holds exactly.

    >>> number(3, argument="lr")
    3.0
    >>> number("3", argument="lr")
    Traceback (most recent call last):
    TypeError: lr must be a real number, got '3'
    """
    if isinstance(value, float):
        return float(value)
    if type(value) is int and -_EXACT <= value <= _EXACT:
        return float(value)
    if not _is_real(value):
        way_out = _WAY_OUT.get(type(value).__name__.rstrip("_"), "")
        raise TypeError(requirement(argument, "a real number", value, way_out))
    # NumPy would also round its integers in the comparison below.
    exact: Any = operator.index(value) if isinstance(value, numbers.Integral) else value
    try:
        converted = float(exact)
    except OverflowError:
        converted = math.inf
    if converted != exact and exact == exact:
        way_out = "round it yourself, with float(…)" if math.isfinite(converted) else ""
        raise ValueError(
            requirement(argument, "a number that a float holds exactly", value, way_out)
        )
    return converted


def _is_real(value: object) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool)
    # NumPy registers its durations as integers.
    kind = type(value)
    return (
        kind.__module__ == "numpy"
        and kind.__name__ != "timedelta64"
        and isinstance(value, numbers.Real)
    )


def finite(value: object, *, argument: str) -> float:
    """Return a real number as `number` does; an infinity or a NaN raises ValueError too."""
    given = number(value, argument=argument)
    if not math.isfinite(given):
        raise ValueError(requirement(argument, "finite", given))
    return given


def whole(value: object) -> int | None:
    """Return an int or a NumPy integer as an int; return None for a bool or anything else."""
    try:
        return None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def count(value: object, *, argument: str) -> int:
    """Return an int or a NumPy integer as an int; raise ValueError if it is less than 1.

    >>> count(0, argument="epochs")
    Traceback (most recent call last):
    ValueError: epochs must be at least 1, got 0
    """
    given = whole(value)
    if given is None:
        raise TypeError(requirement(argument, "a positive int", value))
    if given < 1:
        raise ValueError(requirement(argument, "at least 1", given))
    return given


def flag(value: object, *, argument: str) -> bool:
    """Return a bool; raise TypeError for anything else, also for 0 and 1.

    >>> flag(1, argument="SGD: nesterov")
    Traceback (most recent call last):
    TypeError: SGD: nesterov must be True or False, got 1
    """
    if not isinstance(value, bool):
        raise TypeError(requirement(argument, "True or False", value))
    return value


def as_rng(given: random.Random | int | None, *, argument: str) -> random.Random:
    """Return a source of randomness.

    Args:
        given: it; an int seeds a new one; None is that of the functions of `random`.
        argument: the name of the argument, for the error.

    >>> as_rng(7, argument="rng").random() == random.Random(7).random()
    True
    """
    if given is None:
        source: random.Random = random.seed.__self__  # type: ignore[attr-defined]  # a bound method
        return source
    if isinstance(given, random.Random):
        return given
    seed = whole(given)
    if seed is None:
        raise TypeError(requirement(argument, "a random.Random, an int or None", given))
    return random.Random(seed)  # noqa: S311 - no secret


def items(given: Any, *, argument: str, rule: str, way_out: str = "") -> Sequence[Any]:
    """Return the items of a sequence: a list or a tuple as it is, anything else as a new list.

    The items of a frame, such as pandas has, are the rows of its array. What gives keys, text or
    items in no order is refused, as a loop would take them for the numbers.

    Args:
        given: a list, an array, a series, an iterator, ``dict.values()``, …
        argument: the name of the argument, for the error.
        rule, way_out: as for `requirement`.

    Raises:
        TypeError: it is no sequence; what an iterator raises passes unchanged.

    >>> items({"a": 1.0}.values(), argument="X", rule="a list")
    [1.0]
    >>> items({"a": 1.0}, argument="X", rule="a list")
    Traceback (most recent call last):
    TypeError: X must be a list, got {'a': 1.0}; the dict gives keys: use .values()
    """
    if isinstance(given, (list, tuple)):
        return given
    kind = type(given).__name__
    if isinstance(given, memoryview):
        try:
            given = given.tolist()  # Python does not iterate over two dimensions
        except NotImplementedError as error:  # it reads few formats
            way_out = f"{error}: use an array"
            raise TypeError(requirement(argument, rule, given, way_out)) from error
    if _is_mapping(given) or isinstance(given, KeysView | ItemsView | _KEY_ITERATORS):
        way_out = f"the {kind} gives keys: use .values()"
    elif isinstance(given, AbstractSet | _SET_ITERATOR):
        way_out = f"the {kind} has no order: use a list"
    elif hasattr(type(given), "columns"):
        if hasattr(given, "to_numpy"):
            return list(given.to_numpy())
        way_out = f"the {kind} gives columns: use its rows"
    elif not isinstance(given, str | bytes | bytearray):
        try:
            iterator = iter(given)
        except TypeError as error:
            raise TypeError(requirement(argument, rule, given, way_out)) from error
        return list(iterator)
    raise TypeError(requirement(argument, rule, given, way_out))


def _is_mapping(given: object) -> bool:
    """Return whether it is a mapping, also one that is not registered, as that of a Manager."""
    kind = type(given)
    return isinstance(given, Mapping) or all(
        callable(getattr(kind, name, None)) for name in ("keys", "values", "__getitem__")
    )


def is_iterable(given: object) -> bool:
    """Return whether it is a sequence of some kind, also one with ``__getitem__`` alone."""
    if isinstance(given, Iterable):
        return True
    try:
        iter(given)  # type: ignore[call-overload]
    except TypeError:
        return False
    return True


def is_foreign(value: object) -> bool:
    """Return whether an operator should return NotImplemented, so that the other type decides.

    NumPy's arrays are foreign, and then broadcast; the plain types of Python are not.
    """
    kind = type(value)
    if isinstance(value, int | float):
        return False
    if kind.__module__ == "numpy":
        return not isinstance(value, numbers.Number) and kind.__name__ not in ("bool", "bool_")
    return kind.__module__ not in ("builtins", "decimal", "fractions")

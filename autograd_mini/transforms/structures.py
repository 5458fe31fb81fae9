"""Structures of numbers: numbers, and lists, tuples, dicts and NumPy arrays of structures.

A structure is flattened to the list of its numbers, and others are built in its form.
"""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any

from autograd_mini.arguments import abbreviate, requirement
from autograd_mini.engines import Value

__all__ = [
    "build", "build_matrix", "check_alike", "flatten", "is_array", "list_array", "make_array",
]  # fmt: skip

_DEEPEST = 100
"""A structure nested deeper than this is taken for one that contains itself."""
_FORMS = "numbers, or lists, tuples, dicts or NumPy arrays of numbers"


def flatten(given: Any, take: Callable[..., Any], argument: str) -> list[Any]:
    """Return the numbers of a structure, in order.

    Args:
        given: the structure.
        take: returns what is used in place of a number, or raises for something else; its keyword
            ``argument`` is the name for the error.
        argument: the name of the structure, for errors, which name the path of a number in it.
    """
    found: list[Any] = []
    if not _collect(given, found, argument, _DEEPEST):
        rule = f"a structure of {_FORMS}, at most {_DEEPEST} deep"
        raise ValueError(requirement(argument, rule, given))
    return [_take(x, take, argument, given, i) for i, x in enumerate(found)]


def _take(x: Any, take: Callable[..., Any], argument: str, given: Any, position: int) -> Any:
    try:
        return take(x, argument=argument)
    except (TypeError, ValueError):
        path = next(p for i, p in enumerate(_paths(given)) if i == position)
        return take(x, argument=f"{argument}{path}")


def _collect(given: Any, found: list[Any], argument: str, depth: int) -> bool:
    """Add the numbers of a structure to a list; return whether it is no deeper than that."""
    if depth < 0:
        return False
    if isinstance(given, list | tuple):
        return all(_collect(one, found, argument, depth - 1) for one in given)
    if isinstance(given, dict):
        return all(_collect(one, found, argument, depth - 1) for one in given.values())
    if not is_array(given):
        found.append(given)
        return True
    found += list_array(given, argument)
    return True


def list_array(array: Any, argument: str) -> list[Any]:
    """Return the entries of a plain NumPy array, as objects of Python where there are such."""
    if type(array).__name__ not in ("ndarray", "memmap"):
        is_masked = hasattr(array, "filled")  # numpy.asarray would show what is masked
        way_out = "use .filled(…)" if is_masked else "numpy.asarray(…) makes an array of it"
        raise TypeError(requirement(argument, "a plain NumPy array", type(array), way_out))
    # NumPy would make ints of times.
    entries = array.ravel()
    found: list[Any] = list(entries) if array.dtype.kind in "mM" else entries.tolist()
    return found


def is_array(given: Any) -> bool:
    """Return whether it is an array of NumPy, which is not loaded for that."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(given, numpy.ndarray)


def _paths(given: Any) -> Iterator[str]:
    """Yield the path of each number of a structure, such as ``['a'][1]``."""
    if isinstance(given, list | tuple):
        for i, one in enumerate(given):
            yield from (f"[{i}]{path}" for path in _paths(one))
    elif isinstance(given, dict):
        for key, one in given.items():
            yield from (f"[{abbreviate(key)}]{path}" for path in _paths(one))
    elif is_array(given):
        yield from (str(list(i)) for i in sys.modules["numpy"].ndindex(given.shape))
    else:
        yield ""


def build(given: Any, numbers: Iterator[Any]) -> Any:
    """Return a structure in the form of another, made of the next numbers of an iterator."""
    if isinstance(given, list | tuple | dict):
        return _like(given, lambda one: build(one, numbers))
    if is_array(given):
        return make_array([_take_next(numbers) for _ in range(given.size)], given.shape)
    return _take_next(numbers)


def _take_next(numbers: Iterator[Any]) -> Any:
    for number in numbers:
        return number
    raise RuntimeError("the form of an argument must be the same after the call, got another one")


def _like(given: Any, make: Callable[[Any], Any]) -> Any:
    """Return a list, tuple or dict of the type of another, with its items made from those."""
    kind = type(given)
    if isinstance(given, dict):
        made = {key: make(one) for key, one in given.items()}
        if kind is dict:
            return made
        other = copy.copy(given)  # such as a defaultdict, with its order and its factory
        for key, one in made.items():
            other[key] = one  # the update of a Counter would add
        return other
    items = [make(one) for one in given]
    if kind is list:
        return items
    return kind(*items) if hasattr(kind, "_fields") else kind(items)


def make_array(numbers: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """Return an array of floats, or of objects if there is a Value among the numbers."""
    numpy = sys.modules["numpy"]
    if any(isinstance(x, Value) for x in numbers):
        array = numpy.empty(len(numbers), dtype=object)
        array[:] = numbers
    else:
        array = numpy.array(numbers, dtype=float)
    return array.reshape(shape)


def build_matrix(outer: Any, inner: Any, rows: Sequence[Sequence[Any]]) -> Any:
    """Return a structure in the form of one, of structures in the form of another.

    Each row has the numbers of an inner structure. Arrays stand inside of all other structures,
    with the shape of the outer before that of the inner one.
    """
    return _build_rows(outer, inner, iter(rows))


def _build_rows(outer: Any, inner: Any, rows: Iterator[Sequence[Any]]) -> Any:
    if isinstance(outer, list | tuple | dict):
        return _like(outer, lambda one: _build_rows(one, inner, rows))
    if not is_array(outer):
        return build(inner, iter(next(rows)))
    block = [next(rows) for _ in range(outer.size)]
    columns = zip(*block, strict=True) if block else repeat(())
    return _build_cells(inner, columns, outer.shape)


def _build_cells(inner: Any, columns: Iterator[Sequence[Any]], shape: tuple[int, ...]) -> Any:
    """Return a structure of arrays: each number of ``inner`` becomes an array of a shape."""
    if isinstance(inner, list | tuple | dict):
        return _like(inner, lambda one: _build_cells(one, columns, shape))
    inner_shape = inner.shape if is_array(inner) else ()
    several = [next(columns) for _ in range(math.prod(inner_shape))]
    cells = [x for row in zip(*several, strict=True) for x in row]
    return make_array(cells, shape + tuple(inner_shape))


def check_alike(given: Any, other: Any, argument: str, like: str) -> None:
    """Raise an error if a structure has not the form of another, whose name is ``like``."""
    pairs = [(given, other, "")]
    while pairs:
        a, b, path = pairs.pop()
        if isinstance(b, dict):
            fits = isinstance(a, dict) and list(a) == list(b)
            pairs += [(a[key], b[key], f"{path}[{abbreviate(key)}]") for key in b if fits]
        elif isinstance(b, list | tuple):
            fits = isinstance(a, list | tuple) and len(a) == len(b)
            triples = zip(a, b, range(len(b)), strict=True) if fits else ()
            pairs += [(x, y, f"{path}[{i}]") for x, y, i in triples]
        elif is_array(b):
            fits = getattr(a, "shape", None) == b.shape
        else:
            fits = not isinstance(a, list | tuple | dict) and not getattr(a, "shape", ())
        if not fits:
            raise ValueError(requirement(f"{argument}{path}", f"of the form of {like}", a))

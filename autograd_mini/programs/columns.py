"""Reads the arguments of many calls, in which the first axis is the sample, as `Columns`.

Arrays of NumPy, and lists, ranges and the like of numbers, have a number for each sample. An array
of more axes has an array for each. A list (or tuple) of lists, tuples, dicts or arrays has one of
these for each sample. A dict, a namedtuple, and a tuple of arrays are structures, each part of
which has the sample as its first axis. A number, and what is no number, are the same for all.
"""

from __future__ import annotations

import sys
from array import array
from collections import deque
from collections.abc import Iterator, KeysView, Mapping, Sequence, ValuesView
from functools import lru_cache
from math import prod
from typing import Any

from autograd_mini.arguments import items, number, requirement
from autograd_mini.engines import Value
from autograd_mini.programs.forms import Form, read_keywords
from autograd_mini.programs.nodes import (
    DEEPEST,
    NUMBER,
    Node,
    ValueMet,
    array_node,
    join_arrays,
    read,
    read_array,
    read_structure,
    unravel,
    write_node,
    write_place,
)
from autograd_mini.programs.sources import ArraySource, Columns, ItemSource, RowSource, Source
from autograd_mini.transforms.structures import is_array

__all__ = ["Columns", "read_columns"]

_EXACT = 2**53
_BLOCK = 1 << 16
"""Entries that are checked at a time, so that the memory for it is small."""


def read_columns(where: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Columns:
    """Return the arguments of many calls, of which each argument has the sample as first axis.

    Args:
        where: the public function, for errors.
        args: the positional arguments.
        kwargs: the keyword arguments, which are the same for all.

    Raises:
        TypeError: an entry is no real number, or an argument is no sequence with a length.
        ValueError: lengths or forms differ, an entry is not exact as a float, or no argument has
            an axis for the samples.
    """
    if not kwargs and (found := _read_native(args)):
        return found
    reader = _Reader()
    try:
        nodes = [reader.read(one, (where, f"argument {i}")) for i, one in enumerate(args)]
        keywords = read_keywords(where, kwargs)
    except ValueMet as met:
        way_out = "for Values call the function itself"
        place = write_place(met.args[0])
        raise TypeError(requirement(place, "a number", met.args[1], way_out)) from None
    if reader.count is None:
        rule, way_out = "at least one list or array", "for one point call the function itself"
        raise ValueError(requirement(f"{where}: arguments", rule, tuple(args), way_out))
    form = Form(tuple(nodes), keywords)
    return Columns(reader.count, form, reader.sources, has_arrays=reader.has_arrays)


def _read_native(args: Sequence[Any]) -> Columns | None:
    """Return what `read_columns` returns for floats and for arrays of native doubles alone.

    A small batch takes no longer than reading its arguments by `_Reader` would.
    """
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    kind, double, count = numpy.ndarray, numpy.dtype("d"), -1
    nodes: list[Node] = []
    sources: list[float | Source] = []
    for one in args:
        if type(one) is kind and one.dtype is double and one.flags.aligned:
            shape = one.shape
            if not shape or 0 in shape or count not in (-1, shape[0]):
                return None
            count = shape[0]
            nodes.append(NUMBER if len(shape) == 1 else array_node(shape[1:]))
            sources.append(ArraySource(one, is_native=True))
        elif type(one) is float:
            nodes.append(NUMBER)
            sources.append(one)
        else:
            return None
    return Columns(count, _make_form(tuple(nodes)), sources, has_arrays=True) if count > 0 else None


@lru_cache(maxsize=64)
def _make_form(nodes: tuple[Node, ...]) -> Form:
    return Form(nodes, ())


def _is_native(array: Any) -> bool:
    """Return whether an array of NumPy has aligned doubles in the byte order of this machine."""
    dtype = array.dtype
    return bool(dtype.char == "d" and dtype.isnative and array.flags.aligned)


class _Reader:
    """Reads arguments; finds their columns and the form of one sample."""

    def __init__(self) -> None:
        self.sources: list[float | Source] = []
        self.count: int | None = None
        self.place: Any = None  # of the argument that has given the count
        self.has_arrays = False

    def read(self, given: Any, place: Any, depth: int = DEEPEST) -> Node:
        """Read an argument or a part of it, and return the node of one sample of it."""
        if is_array(given):
            return self._read_array(given, place)
        if isinstance(given, dict) or _is_tuple_of_columns(given):
            return read_structure(given, self.read, place, depth)
        if _is_foreign(given):
            return self._read_foreign(given, place)
        if isinstance(given, list | tuple | range | array):
            return self._read_items(given, place)
        if isinstance(given, deque | memoryview | ValuesView | set | KeysView):
            argument, rule = write_place(place), "a sequence of numbers"
            return self._read_items(items(given, argument=argument, rule=rule), place)
        if isinstance(given, Iterator):
            rule, way_out = "a sequence with a length", "use list(…)"
            raise TypeError(requirement(write_place(place), rule, given, way_out))
        numbers: list[float] = []
        node = read(given, numbers, place)
        self.sources += numbers
        return node

    def _set_count(self, count: int, place: Any) -> None:
        if self.count is None:
            self.count, self.place = count, place
        elif count != self.count:
            argument, other = write_place(place), write_place(self.place).partition(": ")[2]
            raise ValueError(
                f"{argument} and {other} must be equally long, got lengths {count} and {self.count}"
            )

    def _read_array(self, given: Any, place: Any) -> Node:
        """Read an array of NumPy."""
        shape = given.shape
        if not shape:
            rule, way_out = "an array with an axis for the samples", "use float(…)"
            raise ValueError(requirement(write_place(place), rule, given, way_out))
        self.has_arrays = True
        self._set_count(shape[0], place)
        given = _check_array(given, place)
        source = ArraySource(given, is_native=_is_native(given))
        if len(shape) == 1:
            self.sources.append(source)
            return NUMBER
        if 0 not in shape[1:]:
            self.sources.append(source)
        return array_node(shape[1:])

    def _read_foreign(self, given: Any, place: Any) -> Node:
        """Read a series or a frame of pandas, or what another package has in place of an array."""
        numpy = sys.modules.get("numpy")
        if numpy is None:
            return read(given, [], place)  # which refuses it
        if not hasattr(given, "iloc"):
            return self._read_array(numpy.asarray(given), place)
        if given.ndim == 1:
            return self._read_array(_open_series(given), place)
        # Of a frame, NumPy would round ints among floats, and take a missing one for NaN.
        for j, label in enumerate(given.columns):
            _check_array(_open_series(given.iloc[:, j]), (place, [label]))
        return self._read_array(numpy.asarray(given), place)

    def _read_items(self, given: Any, place: Any) -> Node:
        """Read a sequence of numbers or of structures."""
        self._set_count(len(given), place)
        if isinstance(given, list | tuple) and given and _is_structure(given[0]):
            return self._read_samples(given, place)
        _check_items(given, place)
        self.sources.append(ItemSource(given))
        return NUMBER

    def _read_samples(self, given: Sequence[Any], place: Any) -> Node:
        rows = array("d")
        node: Node = ()
        for i, one in enumerate(given):
            numbers: list[float] = []
            found = read(one, numbers, (place, [i]))
            if not i:
                node = found
            elif found != node:
                rule = f"of the form of item 0, {write_node(node)}"
                raise ValueError(requirement(write_place((place, [i])), rule, one))
            rows.extend(numbers)
        if rows:
            self.sources.append(RowSource(rows, len(rows) // len(given)))
        self.has_arrays = self.has_arrays or join_arrays(node) != node
        return node


def _open_series(series: Any) -> Any:
    """Return the array of a series of pandas, in which what is missing stays apart from NaN."""
    is_plain = isinstance(series.dtype, sys.modules["numpy"].dtype)
    return series.to_numpy() if is_plain else series.to_numpy(dtype=object)


def _is_foreign(given: Any) -> bool:
    """Return whether it is what another package has in place of an array, such as a series."""
    kind = type(given)
    return hasattr(kind, "__array__") and kind.__module__ != "numpy"


def _is_column(given: Any) -> bool:
    return is_array(given) or isinstance(given, array | memoryview) or _is_foreign(given)


def _is_tuple_of_columns(given: Any) -> bool:
    if not isinstance(given, tuple):
        return False
    return hasattr(given, "_fields") or (len(given) > 0 and all(map(_is_column, given)))


def _is_structure(given: Any) -> bool:
    return isinstance(given, list | tuple | dict) or is_array(given)


# --- checks --------------------------------------------------------------------------------------


def _check_array(given: Any, place: Any) -> Any:
    """Return an array of NumPy whose numbers are exact as doubles; raise an error for others."""
    numpy = sys.modules["numpy"]
    if hasattr(given, "filled") and (mask := numpy.ma.getmaskarray(given)).any():
        at = place, unravel(int(mask.argmax()), given.shape)
        way_out = "use .filled(…) or .compressed()"
        raise TypeError(requirement(write_place(at), "a number", numpy.ma.masked, way_out))
    kind = given.dtype.kind
    if kind not in "iuf" or type(given).__name__ not in ("ndarray", "memmap"):
        return numpy.array(read_array(given, place), dtype=float).reshape(given.shape)
    if given.dtype.char == "g" or (kind in "iu" and given.dtype.itemsize > 4):
        step = max(1, _BLOCK // max(1, prod(given.shape[1:])))
        for first in range(0, len(given), step):
            part = given[first : first + step]
            for position in numpy.flatnonzero(_find_suspects(part)):
                row, *within = unravel(int(position), part.shape)
                _take(part[(row, *within)], (place, [first + row, *within]))
    return given


def _find_suspects(part: Any) -> Any:
    """Return for each number whether it may not be exact as a double."""
    if part.dtype.kind == "f":
        with sys.modules["numpy"].errstate(all="ignore"):
            return part.astype(float) != part
    return (part > _EXACT) | (part < -_EXACT) if part.dtype.kind == "i" else part > _EXACT


def _check_items(given: Sequence[Any], place: Any) -> None:
    """Raise an error if an item of a sequence is no number that is exact as a double."""
    if isinstance(given, array) and given.typecode in "fdbBhH":
        return
    if isinstance(given, range) and given and max(abs(given[0]), abs(given[-1])) <= _EXACT:
        return
    if set(map(type, given)) <= {float}:
        return
    for i, one in enumerate(given):
        if not (isinstance(one, float) or (type(one) is int and -_EXACT <= one <= _EXACT)):
            _take(one, (place, [i]))


def _take(one: Any, place: Any) -> float:
    if isinstance(one, Value):
        raise ValueMet(place, one)
    return number(one, argument=write_place(place))

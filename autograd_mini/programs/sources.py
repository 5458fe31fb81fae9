"""`Columns`: the numbers of many calls as columns, and where they come from."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import prod
from typing import Any, TypeAlias

from autograd_mini.programs.forms import Form

__all__ = ["ArraySource", "Columns", "ItemSource", "RowSource", "Source", "restore_columns"]


class Columns:
    """The numbers of many calls of one form, as columns of which each has one for each sample.

    Args:
        count: the number of samples.
        form: the form of the arguments of each sample.
        sources: where the columns come from; a float is the same for all samples.
        has_arrays: whether an argument was an array of NumPy; then arrays come back.
    """

    __slots__ = ("count", "form", "has_arrays", "sources")

    def __init__(
        self, count: int, form: Form, sources: Sequence[float | Source], *, has_arrays: bool
    ) -> None:
        self.count, self.form, self.sources, self.has_arrays = count, form, sources, has_arrays

    def sample(self, index: int) -> list[float]:
        """Return the numbers of a sample."""
        found: list[float] = []
        for column in self.chunk(index, 1):
            if isinstance(column, float):
                found.append(column)
            else:
                (row,) = memoryview(column).tolist()
                found += row if isinstance(row, list) else [row]
        return found

    def chunk(self, first: int, count: int) -> list[Any]:
        """Return the columns of some samples: floats, or buffers of doubles of one or two axes.

        What is made of native doubles is not copied.
        """
        return [x if isinstance(x, float) else x.chunk(first, count) for x in self.sources]

    def whole(self) -> list[Any] | None:
        """Return the columns of all samples as `chunk` does, if none of them has to be copied."""
        found = []
        for source in self.sources:
            buffer = source if isinstance(source, float) else source.whole()
            if buffer is None:
                return None
            found.append(buffer)
        return found

    def shapes(self) -> tuple[int, ...] | None:
        """Return what describes arrays of native doubles, and floats, to `Replay.batch`."""
        found = []
        for source in self.sources:
            if not isinstance(source, float):
                given = source.whole() if isinstance(source, ArraySource) else None
                if given is None:
                    return None
                found.append(1 if given.ndim == 1 else 1 + given.shape[1])
            else:
                found.append(0)
        return tuple(found)

    def snapshot(self) -> Columns:
        """Return columns that no later change of the caller's lists and arrays can reach."""
        sources = [x if isinstance(x, float) else x.snapshot() for x in self.sources]
        return Columns(self.count, self.form, sources, has_arrays=self.has_arrays)


def restore_columns(
    form: Form, args: Sequence[Any], shapes: Sequence[int], inputs: bytes
) -> Columns:
    """Return the columns of arguments of which `Replay.batch` has copied the numbers.

    Args:
        form: the form of a sample.
        args, shapes: the arguments, of which only floats are used, and their shapes.
        inputs: the numbers of the arrays, a column after the other.
    """
    widths = [max(1, shape - 1) if shape else 0 for shape in shapes]
    numbers = array("d", inputs)
    count = len(numbers) // sum(widths)
    sources: list[float | Source] = []
    first = 0
    for one, width in zip(args, widths, strict=True):
        sources += [one] if not width else []
        for _ in range(width):
            sources.append(ItemSource(numbers[first : first + count]))
            first += count
    return Columns(count, form, sources, has_arrays=True)


class ArraySource:
    """An array of NumPy, whose numbers are exact as doubles; native doubles are not copied."""

    __slots__ = ("_given", "_is_native")

    def __init__(self, given: Any, *, is_native: bool) -> None:
        self._given, self._is_native = given, is_native

    def chunk(self, first: int, count: int) -> Any:
        """Return the buffer of some samples."""
        part = self._given[first : first + count]
        part = part if self._is_native else part.astype(float)
        return part if part.ndim < 3 else part.reshape(count, prod(part.shape[1:]))

    def whole(self) -> Any:
        """Return the buffer of all samples; None if numbers have to be copied for that."""
        return self._given if self._is_native and self._given.ndim < 3 else None

    def snapshot(self) -> Source:
        """Return a source that nobody else can change."""
        return ArraySource(self._given.astype(float), is_native=True)


class ItemSource:
    """A sequence of numbers, that are exact as doubles, which can be sliced."""

    __slots__ = ("_given",)

    def __init__(self, given: Any) -> None:
        self._given = given

    def chunk(self, first: int, count: int) -> Any:
        """Return the buffer of some samples."""
        if type(self._given) is array and self._given.typecode == "d":
            return memoryview(self._given)[first : first + count]
        return array("d", self._given[first : first + count])

    def whole(self) -> Any:
        """Return the buffer of all samples; None if numbers have to be copied for that."""
        return self._given if type(self._given) is array and self._given.typecode == "d" else None

    def snapshot(self) -> Source:
        """Return a source that nobody else can change."""
        return ItemSource(array("d", self._given))


class RowSource:
    """The numbers of all samples, some for each, one after the other; nobody else has them."""

    __slots__ = ("_rows",)

    def __init__(self, given: array[float], width: int) -> None:
        self._rows = memoryview(given).cast("B").cast("d", (len(given) // width, width))

    def chunk(self, first: int, count: int) -> Any:
        """Return the buffer of some samples."""
        return self._rows[first : first + count]

    def whole(self) -> Any:
        """Return the buffer of all samples; None if numbers have to be copied for that."""
        return self._rows

    def snapshot(self) -> Source:
        """Return a source that nobody else can change."""
        return self


Source: TypeAlias = ArraySource | ItemSource | RowSource

"""What holds numbers in order, and what only looks as if it did."""

from __future__ import annotations

from array import array
from collections import ChainMap, Counter, OrderedDict, UserDict, deque
from collections.abc import Callable, Iterator, Sequence
from types import MappingProxyType
from typing import Any
from weakref import WeakSet

import numpy as np
import pytest

Make = Callable[[Sequence[float]], Any]


class Columns:
    """A frame whose rows cannot be had; a loop over it gives the labels of its columns."""

    def __init__(self, labels: Sequence[float]) -> None:
        self._labels = labels

    @property
    def columns(self) -> Sequence[float]:
        return self._labels

    def __iter__(self) -> Iterator[float]:
        return iter(self._labels)


class ByIndex:
    """A sequence without ``__iter__``: a loop over it counts from 0."""

    def __init__(self, numbers: Sequence[float]) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, at: int) -> float:
        return self._numbers[at]


class Proxy:
    """A mapping that says so nowhere, as the dict of a `multiprocessing.Manager`."""

    def __init__(self, keys: Sequence[float]) -> None:
        self._content = dict.fromkeys(keys)

    def __getitem__(self, key: float) -> None:
        return self._content[key]

    def __iter__(self) -> Iterator[float]:
        return iter(self._content)

    def keys(self) -> Any:
        return self._content.keys()

    def values(self) -> Any:
        return self._content.values()


def pandas() -> Any:
    """Return pandas; skip the test if it is not installed."""
    return pytest.importorskip("pandas")


def label(numbers: Sequence[float]) -> Any:
    """Return a series whose labels are other numbers; one of its labels is a word."""
    labels = ["columns", *(100.0 + i for i in range(1, len(numbers)))]
    return pandas().Series(list(numbers), index=labels[: len(numbers)])


SEQUENCES: dict[str, Make] = {
    "list": list,
    "tuple": tuple,
    "deque": deque,
    "array": lambda xs: array("d", xs),
    "memoryview": lambda xs: memoryview(array("d", xs)),
    "NumPy array": np.array,
    "NumPy array of objects": lambda xs: np.array(xs, dtype=object),
    "generator": lambda xs: (x for x in xs),
    "map": lambda xs: map(float, xs),
    "by index": ByIndex,
    "dict.values": lambda xs: dict(enumerate(xs)).values(),
    "series": label,
}
"""Each makes of numbers a sequence of them."""

IMPOSTORS: dict[str, Make] = {
    "dict": dict.fromkeys,
    "OrderedDict": OrderedDict.fromkeys,
    "Counter": Counter,
    "UserDict": lambda xs: UserDict(dict.fromkeys(xs)),
    "ChainMap": lambda xs: ChainMap(dict.fromkeys(xs)),
    "proxy": lambda xs: MappingProxyType(dict.fromkeys(xs)),
    "unregistered mapping": Proxy,
    "dict.keys": lambda xs: dict.fromkeys(xs).keys(),
    "OrderedDict.keys": lambda xs: OrderedDict.fromkeys(xs).keys(),
    "dict.items": lambda xs: dict.fromkeys(xs).items(),
    "iterator of a dict": lambda xs: iter(dict.fromkeys(xs)),
    "reversed dict": lambda xs: reversed(dict.fromkeys(xs)),
    "set": set,
    "iterator of a set": lambda xs: iter(set(xs)),
    "frozenset": frozenset,
    "WeakSet": lambda xs: WeakSet(),
    "str": lambda xs: "12",
    "bytes": lambda xs: bytes([1, 2]),
    "bytearray": lambda xs: bytearray([1, 2]),
    "frame without rows": Columns,
    "array without dimensions": lambda xs: np.array(1.0),
    "view of big-endian floats": lambda xs: memoryview(np.array([1.0], dtype=">f8")),
    "view without dimensions": lambda xs: memoryview(np.array(1.0)),
}
"""Each makes of numbers something that is no sequence of them, though a loop may find numbers."""

each_sequence = pytest.mark.parametrize("make", SEQUENCES.values(), ids=list(SEQUENCES))
each_impostor = pytest.mark.parametrize("make", IMPOSTORS.values(), ids=list(IMPOSTORS))

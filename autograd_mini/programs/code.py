"""The instructions of a program in flat arrays, as recordings, interpreters and pickles have them.

An operand is a reference: a node by its number, or a constant by ``~place``, a negative number. For
each instruction there is the place of its row, the number of operands, and a reference for each, in
the order of `Value.operands`, as 32-bit integers.
"""

from __future__ import annotations

import hashlib
import operator
import struct
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from autograd_mini.arguments import requirement
from autograd_mini.engines.choices import Choice
from autograd_mini.engines.extension import Function
from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.primitives import PRIMITIVES, Primitive

__all__ = [
    "COMPARISONS", "Code", "Guard", "Packing", "Ref", "pack_guards", "restore_row", "save_row",
    "unpack_guards",
]  # fmt: skip

Ref: TypeAlias = "int | float"
"""A node by its number, or a constant."""

COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
"""The comparisons that a guard may have; in flat arrays it has the place of one."""
_SIGNS = list(COMPARISONS)
_GUARD_ITEMS = 5


class Guard(NamedTuple):
    """A comparison that a Python branch has made, and its outcome on the path of a program.

    Args:
        place: the number of instructions before it.
        comparison: its sign, such as ``"<"``.
        x, y: what was compared: nodes by their numbers, or constants.
        outcome: whether it is true on this path.
    """

    place: int
    comparison: str
    x: Ref
    y: Ref
    outcome: bool


class Code(NamedTuple):
    """Instructions in flat arrays: the rows that occur, 32-bit integers, and constants as doubles.

    >>> packing = Packing()
    >>> packing.add(PRIMITIVES["mul"], [1, 3.0])
    >>> [(row.name, refs) for row, refs in packing.code().instructions()]
    [('mul', [1, 3.0])]
    """

    rows: tuple[Primitive, ...]
    items: bytes
    constants: bytes

    def instructions(self) -> Iterator[tuple[Primitive, list[Ref]]]:
        """Yield the row and the operands of each instruction."""
        items, look_up = array("i", self.items).tolist(), self.look_up
        at, end = 0, len(items)
        while at < end:
            stop = at + 2 + items[at + 1]
            yield self.rows[items[at]], look_up(items[at + 2 : stop])
            at = stop

    def look_up(self, references: Sequence[int]) -> list[Ref]:
        """Return references with constants in the place of negative numbers."""
        constants = array("d", self.constants)
        return [r if r >= 0 else constants[~r] for r in references]


class Packing:
    """Packs instructions one by one; equal constants share a place."""

    def __init__(self) -> None:
        self._rows: dict[Primitive, int] = {}
        self._items = array("i")
        self._constants: dict[bytes, int] = {}

    def refer(self, operand: Ref) -> int:
        """Return the reference for a node or a constant."""
        if isinstance(operand, int):
            return operand
        return ~self._constants.setdefault(struct.pack("=d", operand), len(self._constants))

    def add(self, row: Primitive, operands: Sequence[Ref]) -> None:
        """Add an instruction."""
        self._items.append(self._rows.setdefault(row, len(self._rows)))
        self._items.append(len(operands))
        self._items.extend(map(self.refer, operands))

    def code(self) -> Code:
        """Return what was packed."""
        return Code(tuple(self._rows), self._items.tobytes(), b"".join(self._constants))


def pack_guards(guards: Sequence[Guard], packing: Packing) -> bytes:
    """Return guards as 32-bit integers, five for each; their constants go into the packing."""
    packed = array("i")
    for place, comparison, x, y, outcome in guards:
        sign = _SIGNS.index(comparison)
        packed.extend((place, sign, packing.refer(x), packing.refer(y), outcome))
    return packed.tobytes()


def unpack_guards(packed: bytes, code: Code) -> tuple[Guard, ...]:
    """Return the guards of `pack_guards`."""
    items = iter(array("i", packed))
    found = []
    for place, sign, x, y, outcome in zip(*[items] * _GUARD_ITEMS, strict=True):
        left, right = code.look_up([x, y])
        found.append(Guard(place, _SIGNS[sign], left, right, bool(outcome)))
    return tuple(found)


def _digest(row: Primitive) -> str:
    """Return a hash of the rules of a row, and of the definitions of the functions they call."""
    text = repr((row.name, row.texts))
    for name, function in reversed([*ELEMENTARY.items()]):  # a definition calls functions above it
        if f"{name}(" in text:
            text += f" {name}: {function.c or function.definition}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def save_row(row: Primitive) -> Any:
    """Return what a pickle has in the place of a row: of the table, its name and a digest."""
    return row if isinstance(row, Function | Choice) else (row.name, _digest(row))


def restore_row(saved: Any) -> Primitive:
    """Return the row of `save_row`.

    Raises:
        ValueError: the table has no row of this name, or one with other rules.
    """
    if isinstance(saved, Primitive):
        return saved
    name, digest = saved
    row = PRIMITIVES.get(name)
    if row is None or _digest(row) != digest:
        rule = "that of this version"
        found = f"another {name!r}" if row else f"{name!r}, which is gone"
        raise ValueError(requirement("Program: row of a pickle", rule, found, "record it again"))
    return row

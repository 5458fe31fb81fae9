"""Tapes: what a thread notes while it records, and what it refuses.

`autograd_mini.engines.recording` makes arrays of a tape; ``recording.h`` does this in C.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import get_ident
from typing import Any, NamedTuple, TypeAlias

from autograd_mini.arguments import requirement
from autograd_mini.engines.choices import Choice
from autograd_mini.table.primitives import Primitive

__all__ = [
    "Guard", "Recording", "Tape", "find_tape", "no_outputs", "record_comparison", "record_node",
    "refusal", "refuse_reading", "refuse_writing", "tapes",
]  # fmt: skip

Value: TypeAlias = Any  # the module of the Value imports this one


class Guard(NamedTuple):
    """A comparison, and how many nodes were on the tape before it."""

    place: int
    comparison: int
    x: Value | float
    y: Value | float
    outcome: bool


class Recording(NamedTuple):
    """What a tape becomes: a computation as arrays.

    Nodes are numbered from 0: first the leaves, which are the inputs and then the parameters, then
    one node for each instruction. A reference is the number of a node, or ~i for a constant.

    Args:
        rows: the distinct rows.
        code: int32s: for each instruction its row, the number of its operands, their references.
        constants: float64s.
        guards: five int32s for each comparison: how many instructions come before it; 0 for ``<``,
            1 for ``<=``, 2 for ``>``, 3 for ``>=``; the references of both sides; the outcome.
        outputs: the references of the outputs.
        parameters: the Values that were there before, in the order of their first use.
    """

    rows: tuple[Primitive, ...]
    code: bytes
    constants: bytes
    guards: bytes
    outputs: list[int]
    parameters: list[Value]


class Tape:
    """The nodes that a thread has made since its recording began, and its comparisons.

    Args:
        inputs: the inputs, which are leaves.
        since: the `count_leaves` when it began; older leaves are inputs or parameters.
    """

    def __init__(self, inputs: Sequence[Value], since: int) -> None:
        self.inputs, self.since = inputs, since
        self.nodes: list[Value] = []
        self.guards: list[Guard] = []
        self.asides: dict[Value, tuple[Value | float, ...]] = {}
        """The operands of a choice through which no derivative goes."""
        self._steady, self._varying = object(), object()  # marks of Values

    def _is_varying(self, value: Value) -> bool:
        if value._row is None:
            return bool(value._dx < self.since)
        return value._mark is self._varying or isinstance(value._row, Choice)

    def depends(self, root: Value) -> bool:
        """Return whether a Value depends on inputs or parameters.

        What the walk finds out is marked, so that all walks together visit each node once, unless
        backward passes change the marks.
        """
        path = [(root, iter([root]))]
        while path:
            node, remaining = path[-1]
            for operand in remaining:
                if self._is_varying(operand):
                    for above, _ in path:
                        above._mark = self._varying
                    return True
                if operand._row is not None and operand._mark is not self._steady:
                    path.append((operand, iter(_find_values(operand))))
                    break
            else:
                node._mark = self._steady
                path.pop()
        return False


def _find_values(node: Value) -> list[Value]:
    """Return the operands of a node that are Values."""
    if node._x is None and node._y is None:
        return list(node._many[1])
    return [operand for operand in (node._x, node._y) if operand is not None]


tapes: dict[int, Tape] = {}
"""The tape of each thread that records. While none does, nothing costs more than a truth test."""


def find_tape() -> Tape | None:
    """Return the tape of this thread; None if it does not record."""
    return tapes.get(get_ident())


def record_node(node: Value) -> None:
    """Put a new node on the tape of this thread, if it has one."""
    tape = find_tape()
    if tape is not None:
        tape.nodes.append(node)


def record_comparison(comparison: int, x: Value, y: Value | float, outcome: bool) -> None:
    """Note a comparison on the tape of this thread, if it has one."""
    tape = find_tape()
    if tape is not None:
        tape.guards.append(Guard(len(tape.nodes), comparison, x, y, outcome))


def refuse_reading(value: Value, reading: str) -> None:
    """Refuse what would be frozen into the recording of this thread, if it has one."""
    tape = find_tape()
    if tape is not None and tape.depends(value):
        raise refusal(value, reading)


def refuse_writing(value: Value) -> None:
    """Refuse to set a number, also of a constant: what was computed from it has the old number."""
    if find_tape() is not None:
        raise refusal(value, ".data =")


_FROZEN = "the number would be frozen into the recording: "
_DIFFERENTIATE = f"{_FROZEN}use gradient_graph, or grad of a function, whose results are Values"
_STORE = "record value_and_grad of the function, or call backward() on its result"
_REFUSALS = {
    ".data": (
        "Value.data must be read",
        f"{_FROZEN}compute with the Value itself, or compare it, as v > 0 is recorded too",
    ),
    ".grad": ("Value.grad must be read", _DIFFERENTIATE),
    ".has_grad": ("Value.has_grad must be read", _DIFFERENTIATE),
    ".partials": ("Value.partials must be read", _DIFFERENTIATE),
    "gradients": ("gradients must be called", _DIFFERENTIATE),
    "a print": ("a Value must be printed", f"{_FROZEN}print what the function returns"),
    "a copy": ("a Value must be copied", f"{_FROZEN}use the Value itself, or copy it before"),
    ".data =": ("Value.data must be set", "make a new Value, or pass the number as an argument"),
    ".grad =": ("Value.grad must be set", _STORE),
    "backward()": ("Value.backward must be called", _STORE),
}


def refusal(value: Value, reading: str) -> TypeError:
    """Return the error for what would be frozen into a recording."""
    argument, way_out = _REFUSALS[reading]
    argument, _, rule = f"compile: {argument}".partition(" must be ")
    return TypeError(
        requirement(argument, f"{rule} outside of the compiled function", value, way_out)
    )


def no_outputs(given: object) -> TypeError:
    """Return the error for outputs of a recording that are none."""
    return TypeError(requirement("end_recording: outputs", "a list of Values and floats", given))

"""Recording: a thread's computation, made into arrays; ``tape.h`` does this in C."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable
from threading import get_ident

from autograd_mini.engines.bulk import take_values
from autograd_mini.engines.choices import Choice
from autograd_mini.engines.tapes import Guard, Recording, Tape, find_tape, no_outputs, tapes
from autograd_mini.engines.value import Operand, Value, count_leaves
from autograd_mini.table.primitives import Primitive

__all__ = [
    "begin_recording", "count_guards", "end_recording", "is_frozen", "is_recording",
    "operands_aside", "set_aside",
]  # fmt: skip


def begin_recording(inputs: Iterable[Value], /) -> None:
    """Begin to record what this thread computes.

    Args:
        inputs: leaves; what depends on them is recorded.

    Raises:
        RuntimeError: this thread records already.
    """
    leaves = take_values(inputs)
    if is_recording():
        raise RuntimeError("begin_recording: this thread records already")
    tapes[get_ident()] = Tape(leaves, count_leaves())


def end_recording(outputs: list[Operand] | None, /) -> Recording | None:
    """End the recording of this thread, and return it; with None for the outputs, drop it."""
    tape = tapes.pop(get_ident(), None)
    if outputs is None:
        return None
    if tape is None:
        raise RuntimeError("end_recording: this thread does not record")
    if type(outputs) is not list or not {*map(type, outputs)} <= {Value, float}:
        raise no_outputs(outputs)
    return _Flat(tape, outputs).build()


def is_recording() -> bool:
    """Return whether this thread records."""
    return find_tape() is not None


def count_guards() -> int:
    """Return how many comparisons this thread has recorded."""
    tape = find_tape()
    return 0 if tape is None else len(tape.guards)


def is_frozen(x: Operand, /) -> bool:
    """Return whether this thread records, and a Value depends on inputs or parameters."""
    tape = find_tape()
    return tape is not None and isinstance(x, Value) and tape.depends(x)


def set_aside(node: Value, operands: tuple[Operand, ...], /) -> None:
    """Note the first operands of a choice, the last node on the tape."""
    tape = find_tape()
    if tape is None or not tape.nodes or tape.nodes[-1] is not node:
        raise RuntimeError("set_aside: node must be the last one on the tape")
    tape.asides[node] = operands


def operands_aside(node: Value, /) -> tuple[Operand, ...]:
    """Return the first operands of a choice on the tape of this thread; of another node, none."""
    tape = find_tape()
    return () if tape is None else tape.asides.get(node, ())


class _Flat:
    """The arrays that a tape becomes."""

    def __init__(self, tape: Tape, outputs: list[Operand]) -> None:
        self.tape, self.outputs = tape, outputs
        self.references: dict[Value, int | None] = {x: i for i, x in enumerate(tape.inputs)}
        """The reference to each Value; None for a constant."""
        self.parameters: list[Value] = []
        self.rows: dict[Primitive, int] = {}
        self.constants: dict[bytes, int] = {}
        self.code, self.guards = array("i"), array("i")
        self.instructions = 0
        self.unused = self.find_unused()

    def find_unused(self) -> set[Value]:
        """Return the choices that nothing uses.

        A product with a choice is made inside it, and then nothing may use the choice itself; any
        other node could raise an error, but a choice cannot.
        """
        sides = [side for guard in self.tape.guards for side in (guard.x, guard.y)]
        used, unused = {*self.outputs, *sides}, set()
        for node in reversed(self.tape.nodes):
            if isinstance(node.op, Choice) and node not in used:
                unused.add(node)
            else:
                used.update(self.operands(node))
        return unused

    def steps(self) -> Iterable[Guard | Value]:
        """Yield the nodes of the tape, and before each the comparisons that came before it."""
        guards = iter(self.tape.guards)
        guard = next(guards, None)
        for place, node in enumerate([*self.tape.nodes, None]):
            while guard is not None and guard.place == place:
                yield guard
                guard = next(guards, None)
            if node is not None and node not in self.unused:
                yield node

    def operands(self, node: Value) -> tuple[Operand, ...]:
        aside = self.tape.asides.get(node, ())
        return (*aside, *node.operands[len(aside) :])

    def build(self) -> Recording:
        for step in self.steps():
            if isinstance(step, Guard):
                self.resolve(step.x, step.y)
            else:
                varies = self.resolve(*self.operands(step))
                self.references[step] = -1 if varies else None  # its number comes later
        self.resolve(*self.outputs)
        inputs = len(self.tape.inputs)
        for i, parameter in enumerate(self.parameters):
            self.references[parameter] = inputs + i
        leaves = inputs + len(self.parameters)
        for step in self.steps():
            if isinstance(step, Guard):
                self.write_guard(step)
            elif self.references[step] is not None:
                self.references[step] = leaves + self.instructions
                self.instructions += 1
                assert step.op is not None
                row = self.rows.setdefault(step.op, len(self.rows))
                operands = self.operands(step)
                self.code.extend((row, len(operands), *map(self.refer, operands)))
        outputs = [self.refer(output) for output in self.outputs]
        return Recording(
            tuple(self.rows),
            self.code.tobytes(),
            b"".join(self.constants),
            self.guards.tobytes(),
            outputs,
            self.parameters,
        )

    def resolve(self, *operands: Operand) -> bool:
        """Find out what some Values are; return whether one of them is no constant."""
        varies = False
        for operand in operands:
            if isinstance(operand, float):
                continue
            if operand not in self.references:
                is_constant = operand._row is None and operand._dx >= self.tape.since
                self.references[operand] = None if is_constant else -1
                if not is_constant:
                    self.parameters.append(operand)
            varies = varies or self.references[operand] is not None
        return varies

    def refer(self, operand: Operand) -> int:
        """Return the reference to a Value or a float."""
        if isinstance(operand, Value):
            reference = self.references[operand]
            if reference is not None:
                return reference
            operand = operand._number
        return ~self.constants.setdefault(struct.pack("=d", operand), len(self.constants))

    def write_guard(self, guard: Guard) -> None:
        if self.resolve(guard.x, guard.y):
            x, y = self.refer(guard.x), self.refer(guard.y)
            self.guards.extend((self.instructions, guard.comparison, x, y, guard.outcome))

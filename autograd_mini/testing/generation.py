"""Random graphs that are well-conditioned: bad graphs are repaired, not thrown away."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence

from autograd_mini.engines.node import flat
from autograd_mini.programs.program import Instruction, OperandRef, Program, look_up
from autograd_mini.table.domains import Domain
from autograd_mini.table.primitives import PRIMITIVES, Primitive

__all__ = [
    "TINY",
    "Builder",
    "bounds",
    "find_steepest",
    "inside",
    "shift_off_kink",
    "well_conditioned_graph",
]

_CONSTANTS = (2.0, 0.5, -1.0, 3.0, -0.75, 1.25)
_LIMIT = 30.0  # 30 to the power 30 is far from an overflow
_SLOPE_LIMIT = 300.0
_MARGIN = 0.1

TINY = 1e-3
"""A smaller leaf becomes zero: the powers of a tiny number would soon lose their bits."""


def well_conditioned_graph(
    leaves: Sequence[float], codes: Iterable[int], primitives: Sequence[Primitive]
) -> Program:
    """Return a graph with an instruction for each code, repaired where it has to be."""
    builder = Builder(leaves)
    for code in codes:
        builder.add(*builder.repair(*builder.decode(code, primitives, _CONSTANTS)))
        builder.scale_down()
    return builder.finish()


class Builder:
    """An unfinished graph, with the numbers of its nodes and bounds of their derivatives.

    Args:
        leaves: the numbers of the leaves.
        least: the least number that a local partial derivative counts for in the bounds.
    """

    def __init__(self, leaves: Sequence[float], *, least: float = 0.0) -> None:
        self.leaves = tuple(leaves)
        self.least = least
        self.numbers = list(leaves)
        self.slopes = [1.0] * len(leaves)
        self.operands = list(range(len(leaves)))  # an instruction may use these nodes
        self.instructions: list[Instruction] = []

    def decode(
        self, code: int, table: Sequence[Primitive], constants: Sequence[float]
    ) -> tuple[Primitive, tuple[OperandRef, ...]]:
        """Unpack an instruction; 0 stands for the first row, and for the latest node."""
        code, row = divmod(code, len(table))
        primitive = table[row]
        length = 0
        if primitive.nary:
            code, length = divmod(code, 4)
        nodes = len(self.operands)

        def pick() -> int | float:
            nonlocal code
            code, choice = divmod(code, nodes + 2)
            if choice < nodes:
                return self.operands[-1 - choice]
            code, choice = divmod(code, len(constants))
            return constants[choice]

        references = tuple(
            tuple(pick() for _ in range(length + 1))
            if name in primitive.value.sequences
            else pick()
            for name in primitive.operands
        )
        if not any(isinstance(o, int) for o in flat(references)):  # it has constants only
            latest = self.operands[-1]
            first = references[0]
            repaired = (latest, *first[1:]) if isinstance(first, tuple) else latest
            references = (repaired, *references[1:])
        return primitive, references

    def add(self, primitive: Primitive, references: tuple[OperandRef, ...]) -> int:
        """Append an instruction, and return the number of its node."""
        number, slope = self.evaluate(primitive, references)
        self.numbers.append(number)
        self.slopes.append(slope)
        self.operands.append(len(self.numbers) - 1)
        self.instructions.append(Instruction(primitive, references))
        return self.operands[-1]

    def evaluate(
        self, primitive: Primitive, references: tuple[OperandRef, ...]
    ) -> tuple[float, float]:
        """Return the number of a node, and a bound of its derivatives by any node before it."""
        number, partials = primitive.evaluate(*(look_up(o, self.numbers) for o in references))
        slope = 0.0
        for reference, partial in zip(flat(references), flat(partials), strict=True):
            if isinstance(reference, int):
                slope += max(self.least, abs(partial)) * self.slopes[reference]
        return number, slope

    def repair(
        self, primitive: Primitive, references: tuple[OperandRef, ...]
    ) -> tuple[Primitive, tuple[OperandRef, ...]]:
        """Return the instruction with its operands shifted to where it is well-conditioned."""
        if primitive.nary:
            return primitive, self.repair_sequence(primitive, references)
        moved = []
        for reference, domain in zip(references, primitive.domains.values(), strict=True):
            number: float = look_up(reference, self.numbers)
            at = inside(number, domain, -_LIMIT, _LIMIT, _MARGIN)
            moved.append(self.shift(reference, at - number))
        given = [look_up(o, self.numbers) for o in moved]
        moved[0] = self.shift(moved[0], shift_off_kink(primitive, given, _MARGIN))
        return primitive, tuple(moved)

    def repair_sequence(
        self, primitive: Primitive, references: tuple[OperandRef, ...]
    ) -> tuple[OperandRef, ...]:
        """Return the operands of a row over sequences, shifted off its kink."""
        if primitive.kink is None:
            return references
        moved = list(flat(references))
        given = [look_up(o, self.numbers) for o in moved]
        at = find_steepest(primitive, given)
        moved[at] = self.shift(moved[at], shift_off_kink(primitive, given, _MARGIN, at))
        return primitive.arrange(moved)

    def shift(self, reference: OperandRef, by: float) -> OperandRef:
        """Return a reference to the operand plus a constant."""
        if not by:
            return reference
        if isinstance(reference, float):
            return reference + by
        return self.add(PRIMITIVES["add"], (reference, by))

    def scale_down(self) -> None:
        """Bring the latest node, and its derivatives, under the limits by a power of two."""
        excess = max(abs(self.numbers[-1]) / _LIMIT, self.slopes[-1] / _SLOPE_LIMIT)
        if excess > 1:
            large = self.operands.pop()
            self.add(PRIMITIVES["mul"], (large, 2.0 ** -math.ceil(math.log2(excess))))

    def finish(self) -> Program:
        """Add up the unused nodes and return the graph."""
        references = [o for made in self.instructions for o in flat(made.operands)]
        used = {reference for reference in references if isinstance(reference, int)}
        unused = [node for node in range(len(self.numbers)) if node not in used]
        if len(unused) > 1:
            self.add(PRIMITIVES["sum"], (tuple(unused),))
        return Program(self.leaves, tuple(self.instructions))


def bounds(
    domain: Domain, min_value: float, max_value: float, margin: float
) -> tuple[float, float]:
    """Return the least and the greatest number of a domain between two others, off its bounds."""
    largest = sys.float_info.max
    low = max(domain.low + margin, min_value, -largest)
    return low, min(domain.high - margin, max_value, largest)


def inside(
    number: float, domain: Domain, min_value: float, max_value: float, margin: float
) -> float:
    """Return the nearest number of the domain between two others that keeps the margin."""
    low, high = bounds(domain, min_value, max_value, margin)
    inside = min(max(number, low), high)
    least = margin or sys.float_info.min
    if domain.nonzero and abs(inside) < least:
        moved = math.copysign(least, inside)
        return moved if low <= moved <= high else -moved
    return inside


def find_steepest(primitive: Primitive, given: Sequence[float]) -> int:
    """Return the position of the operand to shift: in sequences, that of the greatest slope."""
    if not primitive.nary:
        return 0
    _, partials = primitive.evaluate(*primitive.arrange(given))
    slopes = [abs(partial) for partial in flat(partials)]
    return slopes.index(max(slopes))


def shift_off_kink(
    primitive: Primitive, given: Sequence[float], margin: float, position: int = 0
) -> float:
    """Return a shift of an operand, off a kink or a pole of the slope.

    It goes up if that helps, or down if the margin is negative.
    """
    shift = 0.0

    def move() -> list[float]:
        return [*given[:position], given[position] + shift, *given[position + 1 :]]

    if primitive.kink is not None:
        while abs(primitive.distance_to_kink(move())) < abs(margin):
            # Of three that tie for the largest, only the way up helps.
            shift = -shift if shift * margin > 0 else 2 * margin - 2 * shift
    out, partials = primitive.evaluate(*primitive.arrange(move()))
    steepest = max(map(abs, flat(partials)))
    return shift if steepest <= 1e6 * max(1.0, abs(out)) else shift + margin  # as cbrt at zero

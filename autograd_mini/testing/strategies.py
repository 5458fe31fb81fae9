"""Hypothesis strategies: operands for a primitive, and random graphs over the whole table."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from autograd_mini.engines import Value
from autograd_mini.primitives import PRIMITIVES, TABLE, Domain, Primitive

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise ImportError(
        "autograd_mini.testing.strategies needs Hypothesis: pip install hypothesis"
    ) from error

__all__ = ["Graph", "Instruction", "function", "graphs", "integer_graphs", "numbers", "operands"]

# An operand in an instruction: the number of a node, a constant, or a tuple of these for a sum.
Reference: TypeAlias = "int | float | tuple[int | float, ...]"

_CONSTANTS = (2.0, 0.5, -1.0, 3.0, -0.75, 1.25)
_INTEGER_CONSTANTS = (2.0, -1.0, 3.0, 0.0)
_INTEGER_ROWS = (
    "add", "sub", "mul", "neg", "abs", "square", "relu", "maximum", "minimum", "sum", "dot",
)  # fmt: skip

_LIMIT = 30.0  # 30 to the power 30 is far from an overflow
_SLOPE_LIMIT = 300.0
_MARGIN = 0.1
_TINY = 1e-3


def function(primitive: Primitive) -> Callable[..., Any]:
    """Return the function or operator of the library that applies a row to Values and numbers.

    >>> function(PRIMITIVES["div"])(Value(6.0), 3.0).data
    2.0
    """
    name = "truediv" if primitive.name == "div" else primitive.name
    found: Callable[..., Any] = getattr(Value, name, None) or getattr(operator, name)
    return found


def numbers(
    domain: Domain | None = None, *, limit: float = 10.0, margin: float = 0.0
) -> st.SearchStrategy[float]:
    """Draw the numbers of a domain up to a size, and away from its bounds by a margin.

    Args:
        domain: as in ``Primitive.domains``; any real number if there is none.
        limit: the largest absolute value; infinite for every number of the domain.
        margin: the distance kept from finite bounds, and from zero where that is outside.
    """
    domain = domain or Domain()
    low, high = _bounds(domain, limit, margin)
    exclude = domain.open and not margin
    drawn = st.floats(
        low,
        high,
        exclude_min=exclude and low == domain.low and math.isfinite(low),
        exclude_max=exclude and high == domain.high and math.isfinite(high),
        allow_nan=False,
        allow_infinity=False,
    )
    return drawn.map(lambda x: _inside(x, domain, limit, margin)) if domain.nonzero else drawn


@st.composite
def operands(
    draw: st.DrawFn, primitive: Primitive, *, limit: float = 10.0, margin: float = 0.0
) -> tuple[Any, ...]:
    """Draw operands for a primitive: a float each, a list of floats for one inside a sum.

    They are in the domains of the row, and off its kink and poles, by the margin. See `numbers`.
    """
    sequences = primitive.value.sequences
    length = draw(st.integers(0, 5)) if sequences else 0
    drawn: list[Any] = []
    for name, domain in primitive.domains.items():
        one = numbers(domain, limit=limit, margin=margin)
        several = st.lists(one, min_size=length, max_size=length)
        drawn.append(draw(several if name in sequences else one))
    if margin and not sequences:
        drawn[0] += _off_kink(primitive, drawn, margin)
        if _is_steep(primitive, drawn):
            drawn[0] += margin
    return tuple(drawn)


@dataclass(frozen=True)
class Instruction:
    """One node of a `Graph`: a row of the table, and its operands by their place in the graph."""

    primitive: Primitive
    operands: tuple[Reference, ...]

    def __str__(self) -> str:
        return f"{self.primitive.name}({', '.join(map(_written, self.operands))})"


@dataclass(frozen=True, repr=False)
class Graph:
    """A formula over the table of primitives; it can be computed on any type of number.

    Nodes are counted from 0, the leaves first, then the results of the instructions; the last
    one is the output. Floats in an instruction are constants. A graph is a function of its
    leaves, so ``check_gradients(graph, *graph.leaves)`` checks it.

    Args:
        leaves: the numbers at which it is well-conditioned.
        instructions: how to compute.

    >>> graph = Graph((3.0,), (Instruction(PRIMITIVES["mul"], (0, 0)),))
    >>> graph
    Graph: v0 = 3.0; v1 = mul(v0, v0)
    >>> graph(Value(5.0)).data
    25.0
    >>> graph.compute([7], lambda primitive, x, y: x * y)
    [7, 49]
    """

    leaves: tuple[float, ...]
    instructions: tuple[Instruction, ...]

    def __call__(self, *leaves: Value) -> Value:
        """Return the output, computed from leaves."""
        out: Value = self.compute(leaves, lambda primitive, *given: function(primitive)(*given))[-1]
        return out

    def compute(self, leaves: Sequence[Any], apply: Callable[..., Any]) -> list[Any]:
        """Return every node, computed by ``apply(primitive, *operands)``.

        Args:
            leaves: as many as the graph has, of any type.
            apply: gets a list for an operand inside a sum; constants stay floats.
        """
        nodes = list(leaves)
        for instruction in self.instructions:
            given = [_looked_up(reference, nodes) for reference in instruction.operands]
            nodes.append(apply(instruction.primitive, *given))
        return nodes

    def __repr__(self) -> str:
        texts = [*map(repr, self.leaves), *map(str, self.instructions)]
        return "Graph: " + "; ".join(f"v{number} = {text}" for number, text in enumerate(texts))


@st.composite
def graphs(draw: st.DrawFn, *, table: Sequence[Primitive] = TABLE, max_size: int = 20) -> Graph:
    """Draw graphs of shared nodes, in which every node counts and none is ill-conditioned.

    An operand outside the domain of its primitive, or close to its bounds, kink or pole, is
    shifted by a constant; a large result is scaled down. Nodes that nothing uses are added up into
    the output.

    Args:
        table: the rows to use.
        max_size: the most instructions, not counting the shifts, scalings and the last sum.
    """
    # The powers of a tiny number would soon be subnormal, and lose their bits.
    leaf = numbers(limit=4.0).map(lambda x: x if abs(x) > _TINY else 0.0)
    builder = _Builder(draw(st.lists(leaf, min_size=1, max_size=4)))
    for code in _codes(draw, max_size):
        builder.add(*builder.repaired(*builder.decoded(code, table, _CONSTANTS)))
        builder.scale_down()
    return builder.finished()


@st.composite
def integer_graphs(draw: st.DrawFn, *, max_size: int = 15) -> Graph:
    """Draw graphs of integers, small enough that every sum and product in them is exact.

    The rows are add, sub, mul, neg, abs, square, relu, maximum, minimum, sum and dot. Where a
    gradient might grow beyond the exact numbers, the smaller operand takes a product's place.
    """
    leaf = st.integers(-4, 4).map(float)
    builder = _Builder(draw(st.lists(leaf, min_size=1, max_size=4)), least=1.0)
    table = [PRIMITIVES[name] for name in _INTEGER_ROWS]
    for code in _codes(draw, max_size):
        primitive, references = builder.decoded(code, table, _INTEGER_CONSTANTS)
        if builder.slope(primitive, references) > 2.0**16:
            flat = list(_flat(references))
            primitive, references = PRIMITIVES["minimum"], (flat[0], flat[-1])
        builder.add(primitive, references)
    return builder.finished()


def _codes(draw: st.DrawFn, max_size: int) -> list[int]:
    """Draw one integer for each instruction, and before that their number: this shrinks best."""
    size = draw(st.integers(1, max_size))
    return draw(st.lists(st.integers(0, 2**64 - 1), min_size=size, max_size=size))


class _Builder:
    """A graph in the making, with the numbers of its nodes, and bounds of their derivatives.

    Args:
        leaves: the numbers of the leaves.
        least: what a local partial derivative at least counts for in the bounds.
    """

    def __init__(self, leaves: Sequence[float], *, least: float = 0.0) -> None:
        self.leaves = tuple(leaves)
        self.least = least
        self.numbers = list(leaves)
        self.slopes = [1.0] * len(leaves)
        self.operands = list(range(len(leaves)))  # the nodes that an instruction may use
        self.instructions: list[Instruction] = []

    def decoded(
        self, code: int, table: Sequence[Primitive], constants: Sequence[float]
    ) -> tuple[Primitive, tuple[Reference, ...]]:
        """Unpack an instruction; 0 stands for the first row, and for the latest node."""
        code, row = divmod(code, len(table))
        primitive = table[row]
        length = 0
        if primitive.nary:
            code, length = divmod(code, 4)
        nodes = len(self.operands)

        def picked() -> int | float:
            nonlocal code
            code, choice = divmod(code, nodes + 2)
            if choice < nodes:
                return self.operands[-1 - choice]
            code, choice = divmod(code, len(constants))
            return constants[choice]

        references = tuple(
            tuple(picked() for _ in range(length + 1))
            if name in primitive.value.sequences
            else picked()
            for name in primitive.operands
        )
        if not any(isinstance(one, int) for one in _flat(references)):  # a node of constants only
            latest = self.operands[-1]
            first = references[0]
            repaired = (latest, *first[1:]) if isinstance(first, tuple) else latest
            references = (repaired, *references[1:])
        return primitive, references

    def add(self, primitive: Primitive, references: tuple[Reference, ...]) -> int:
        """Append an instruction, and return the number of its node."""
        self.slopes.append(self.slope(primitive, references))
        self.numbers.append(self.evaluated(primitive, references)[0])
        self.operands.append(len(self.numbers) - 1)
        self.instructions.append(Instruction(primitive, references))
        return self.operands[-1]

    def evaluated(
        self, primitive: Primitive, references: tuple[Reference, ...]
    ) -> tuple[float, tuple[Any, ...]]:
        return primitive.evaluate(*(_looked_up(one, self.numbers) for one in references))

    def repaired(
        self, primitive: Primitive, references: tuple[Reference, ...]
    ) -> tuple[Primitive, tuple[Reference, ...]]:
        """Return the instruction with its operands shifted to where it is well-conditioned."""
        if primitive.nary:
            return primitive, references
        moved = []
        for reference, domain in zip(references, primitive.domains.values(), strict=True):
            number: float = _looked_up(reference, self.numbers)
            moved.append(self.shifted(reference, _inside(number, domain, _LIMIT, _MARGIN) - number))
        given = [_looked_up(one, self.numbers) for one in moved]
        moved[0] = self.shifted(moved[0], _off_kink(primitive, given, _MARGIN))
        if _is_steep(primitive, [_looked_up(one, self.numbers) for one in moved]):
            moved[0] = self.shifted(moved[0], 0.5)
        return primitive, tuple(moved)

    def shifted(self, reference: Reference, shift: float) -> Reference:
        """Return a reference to the operand plus a constant."""
        if not shift:
            return reference
        if isinstance(reference, float):
            return reference + shift
        return self.add(PRIMITIVES["add"], (reference, shift))

    def scale_down(self) -> None:
        """Bring the latest node, and its derivatives, under the limits by a power of two."""
        excess = max(abs(self.numbers[-1]) / _LIMIT, self.slopes[-1] / _SLOPE_LIMIT)
        if excess > 1:
            large = self.operands.pop()
            self.add(PRIMITIVES["mul"], (large, 2.0 ** -math.ceil(math.log2(excess))))

    def slope(self, primitive: Primitive, references: tuple[Reference, ...]) -> float:
        """Return a bound of the derivatives of a node by any node before it, if it were added."""
        _, partials = self.evaluated(primitive, references)
        slope = 0.0
        for reference, partial in zip(_flat(references), _flat(partials), strict=True):
            if isinstance(reference, int):
                slope += max(self.least, abs(partial)) * self.slopes[reference]
        return slope

    def finished(self) -> Graph:
        """Return the graph, after adding up the nodes that nothing uses."""
        references = (one for done in self.instructions for one in _flat(done.operands))
        used = {one for one in references if isinstance(one, int)}
        unused = [node for node in range(len(self.numbers)) if node not in used]
        if len(unused) > 1:
            self.add(PRIMITIVES["sum"], (tuple(unused),))
        return Graph(self.leaves, tuple(self.instructions))


def _bounds(domain: Domain, limit: float, margin: float) -> tuple[float, float]:
    limit = min(limit, sys.float_info.max)
    return max(domain.low + margin, -limit), min(domain.high - margin, limit)


def _inside(number: float, domain: Domain, limit: float, margin: float) -> float:
    """Return the nearest number of the domain that is not over the limit and keeps the margin."""
    low, high = _bounds(domain, limit, margin)
    inside = min(max(number, low), high)
    least = margin or sys.float_info.min
    if domain.nonzero and abs(inside) < least:
        return math.copysign(least, inside)
    return inside


def _off_kink(primitive: Primitive, given: Sequence[float], margin: float) -> float:
    """Return what to add to the first operand, to be off the kink by the margin at least."""
    shift = 0.0
    if (kink := _kink(primitive)) is not None:
        at = dict(zip(primitive.operands, given, strict=True))
        start = at["x"]
        while abs(kink.evaluate(*(at[name] for name in kink.operands))[0]) < margin:
            shift = 2 * shift or 2 * margin
            at["x"] = start + shift
    return shift


def _is_steep(primitive: Primitive, given: Sequence[float]) -> bool:
    """Return whether a partial derivative is infinite or almost, as that of cbrt at zero."""
    out, partials = primitive.evaluate(*given)
    return not max(map(abs, partials)) <= 1e6 * max(1.0, abs(out))


@cache
def _kink(primitive: Primitive) -> Primitive | None:
    """Return the kink of a row as a function that can be evaluated."""
    if primitive.kink is None:
        return None
    slopes = {f"d{name}": "0" for name in primitive.kink.names}
    return Primitive("kink", primitive.kink.text, **slopes)  # type: ignore[arg-type]


def _looked_up(reference: Reference, nodes: Sequence[Any]) -> Any:
    if isinstance(reference, tuple):
        return [_looked_up(one, nodes) for one in reference]
    return nodes[reference] if isinstance(reference, int) else reference


def _flat(references: Iterable[Any]) -> Iterator[Any]:
    for one in references:
        if isinstance(one, tuple | list):
            yield from one
        else:
            yield one


def _written(reference: Reference) -> str:
    if isinstance(reference, tuple):
        return f"[{', '.join(map(_written, reference))}]"
    return f"v{reference}" if isinstance(reference, int) else repr(reference)

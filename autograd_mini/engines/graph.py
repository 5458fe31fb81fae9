"""Views of a computation graph: its nodes in topological order, its leaves, its edges.

Every view is iterative, so a graph may be of any depth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from autograd_mini.engines import Value

__all__ = ["Edge", "edges", "leaves", "topological_order"]


class Edge(NamedTuple):
    """One use of one Value: ``node`` was computed from ``operand``.

    ``position`` is the operand's place in ``node.operands``; ``partial`` is the local
    derivative of ``node`` with respect to it, recorded when the node was made.
    """

    operand: Value
    node: Value
    position: int
    partial: float


def topological_order(*roots: Value) -> list[Value]:
    """Return the roots and every node they depend on, operands before results.

    Operands come in the order in which a formula names them, so the list is the same each time.

    >>> from autograd_mini import Value
    >>> x = Value(3.0, name="x")
    >>> [node.data for node in topological_order(x * x + 1)]
    [3.0, 9.0, 10.0]
    """
    order: list[Value] = []
    seen: set[Value] = set()
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, edges(root))]
        while stack:
            node, remaining = stack[-1]
            for edge in remaining:
                if edge.operand not in seen:
                    seen.add(edge.operand)
                    stack.append((edge.operand, edges(edge.operand)))
                    break
            else:
                order.append(node)
                stack.pop()
    return order


def leaves(*roots: Value) -> list[Value]:
    """Return the Values that were not computed from others, in topological order."""
    return [node for node in topological_order(*roots) if node.op is None]


def edges(node: Value) -> Iterator[Edge]:
    """Yield an edge for each operand of the node that is a Value; ``x * x`` has two.

    >>> from autograd_mini import Value
    >>> x = Value(3.0, name="x")
    >>> [(edge.operand.name, edge.partial) for edge in edges(x * x)]
    [('x', 3.0), ('x', 3.0)]
    """
    for position, (operand, partial) in enumerate(zip(node.operands, node.partials, strict=True)):
        if partial is not None and not isinstance(operand, float):
            yield Edge(operand, node, position, partial)

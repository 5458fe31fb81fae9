"""`Graph`: the nodes that some results were computed by, walked once and handed to every view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from autograd_mini.engines.value import Value

__all__ = ["Edge", "Graph"]


class Edge(NamedTuple):
    """One use of one Value: ``node`` was computed from ``operand``.

    ``position`` is the operand's place in ``node.operands``; ``partial`` is the local
    derivative of ``node`` with respect to it, recorded when the node was made.
    """

    operand: Value
    node: Value
    position: int
    partial: float


class Graph:
    """The graph behind some results. The walk is iterative, so it may be of any depth.

    Args:
        roots: the results.

    >>> x = Value(3.0, name="x")
    >>> graph = Graph(x * x + 1)
    >>> [node.data for node in graph.order]
    [3.0, 9.0, 10.0]
    >>> [(edge.position, edge.partial) for edge in graph.consumers[x]]
    [(0, 3.0), (1, 3.0)]
    """

    def __init__(self, *roots: Value) -> None:
        self.roots = list(dict.fromkeys(roots))
        self.order: list[Value] = []
        """The roots and every node they depend on, operands before results.

        Operands come in the order in which a formula names them, so it is the same each time."""
        self.edges: dict[Value, list[Edge]] = {}
        """For each node an edge for each operand that is a Value; ``x * x`` has two."""
        for root in self.roots:
            if root not in self.edges:
                self._walk(root)

    def _walk(self, root: Value) -> None:
        stack = [(root, iter(self._read(root)))]
        while stack:
            node, remaining = stack[-1]
            found = next((edge for edge in remaining if edge.operand not in self.edges), None)
            if found is None:
                self.order.append(node)
                stack.pop()
            else:
                stack.append((found.operand, iter(self._read(found.operand))))

    def _read(self, node: Value) -> list[Edge]:
        """Enter a node's edges, and return them."""
        pairs = enumerate(zip(node.operands, node.partials, strict=True))
        self.edges[node] = [
            Edge(operand, node, position, partial)
            for position, (operand, partial) in pairs
            if partial is not None and not isinstance(operand, float)
        ]
        return self.edges[node]

    @property
    def leaves(self) -> list[Value]:
        """The Values that were not computed from others, in topological order."""
        return [node for node in self.order if node.op is None]

    @cached_property
    def consumers(self) -> Mapping[Value, Sequence[Edge]]:
        """For each node its uses as an operand, in topological order of what it was used in."""
        found: dict[Value, list[Edge]] = {node: [] for node in self.order}
        for node in self.order:
            for edge in self.edges[node]:
                found[edge.operand].append(edge)
        return found

    def chain_rule(
        self,
        seed: Any = 1.0,
        zero: Any = 0.0,
        slopes: Callable[[Value], Sequence[Any]] | None = None,
    ) -> dict[Value, Any]:
        """Return the gradients of the roots by all nodes, in any kind of number; store none.

        Args:
            seed, zero: the gradient of a root itself, and what gradients are added up from.
            slopes: returns the partial derivatives of a node; None for those recorded.

        >>> x = Value(3.0)
        >>> list(Graph(x * x).chain_rule().values()), x.has_grad
        ([6.0, 1.0], False)
        """
        gradients = dict.fromkeys(self.order, zero)
        gradients.update(dict.fromkeys(self.roots, seed))
        for node in reversed(self.order):
            adjoint, edges = gradients[node], self.edges[node]
            local = slopes(node) if slopes and edges else ()
            for edge in edges:
                slope = local[edge.position] if slopes else edge.partial
                gradients[edge.operand] += adjoint * slope
        return gradients

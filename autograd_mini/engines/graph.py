"""`Graph`: the nodes behind some results, which are collected once for every view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from autograd_mini.engines.node import numbers_of
from autograd_mini.engines.value import Value
from autograd_mini.errors import DomainError

__all__ = ["Edge", "Graph", "compute_again", "is_stale"]


class Edge(NamedTuple):
    """One use of a Value: ``operand`` stands at ``position`` in ``node.operands``.

    ``partial`` is the partial derivative of ``node`` with respect to it, recorded with the node.
    """

    operand: Value
    node: Value
    position: int
    partial: float


class Graph:
    """The graph behind some results; it may be of any depth, as the walk is iterative.

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
        """The roots and every node that they depend on; operands stand before results.

        Operands come in the order in which a formula names them, so the order never varies."""
        self.edges: dict[Value, list[Edge]] = {}
        """The edges of each node: one for each operand that is a Value, so ``x * x`` has two."""
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
        """Store a node's edges, and return them."""
        pairs = enumerate(zip(node.operands, node._partials, strict=True))
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
        """The uses of each node as an operand, in topological order of the nodes that use it."""
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
        *,
        seeds: Mapping[Value, Any] | None = None,
    ) -> dict[Value, Any]:
        """Return the derivative of the roots with respect to every node; store no gradient.

        Args:
            seed: the gradient of a root itself, in any kind of number.
            zero: the zero of that kind of number.
            slopes: returns the partial derivatives of a node; None takes the recorded ones.
            seeds: the gradient of each root, if it is not the same for all.

        >>> x = Value(3.0)
        >>> list(Graph(x * x).chain_rule().values()), x.has_grad
        ([6.0, 1.0], False)
        """
        gradients = dict.fromkeys(self.order, zero)
        gradients.update(dict.fromkeys(self.roots, seed) if seeds is None else seeds)
        for node in reversed(self.order):
            adjoint, edges = gradients[node], self.edges[node]
            local = slopes(node) if slopes and edges else ()
            for edge in edges:
                slope = local[edge.position] if slopes else edge.partial
                gradients[edge.operand] += adjoint * slope
        return gradients

    def push_forward(self, tangents: Mapping[Value, float]) -> dict[Value, float]:
        """Return the derivative of every node along the tangents of some leaves.

        >>> x = Value(3.0)
        >>> list(Graph(x * x).push_forward({x: 10.0}).values())
        [10.0, 60.0]
        """
        moved: dict[Value, float] = {}
        for node in self.order:
            moved[node] = tangents.get(node, 0.0)
            for edge in self.edges[node]:
                moved[node] += edge.partial * moved[edge.operand]
        return moved


def compute_again(node: Value) -> tuple[float, Sequence[Any]]:
    """Return the value and the partials of a node from what its operands are now."""
    assert node.op is not None
    return node.op.evaluate(*map(numbers_of, node.op.arrange(node.operands)))


def is_stale(node: Value) -> bool:
    """Return whether a Value is not what its operands give now, as one of them was changed."""
    try:
        return node.op is not None and repr(compute_again(node)[0]) != repr(node.data)
    except DomainError:  # a function of a user refuses the numbers of now
        return True

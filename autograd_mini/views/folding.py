"""Folds a graph: nameless results of plain arithmetic become part of the formula that uses them."""

from __future__ import annotations

from collections.abc import Collection

from autograd_mini.engines import Value
from autograd_mini.engines.graph import Edge, Graph
from autograd_mini.views.explanation.chain import find_inlined
from autograd_mini.views.scene import Scene

__all__ = ["find_folded", "merge_edges"]

_LONGEST = 6
"""An operation of more operands stays: a formula leaves out the middle of a longer sum."""


def find_folded(scene: Scene) -> set[Value]:
    """Return the Values that `explain` writes out where they are used.

    An operation on a number with a box stays, as the arrow from the box leads to it. A result that
    is used outside of its frame stays too.
    """
    graph = scene.graph
    apart = {node for node, _ in scene.boxes}
    apart |= {node for node in graph.order if len(node.operands) > _LONGEST}
    apart |= {edge.operand for node in apart for edge in graph.edges[node]}
    frame = scene.groups.get
    edges = [edge for several in graph.edges.values() for edge in several]
    apart |= {e.operand for e in edges if frame(e.operand) and frame(e.operand) != frame(e.node)}
    return find_inlined(graph, given={*graph.roots, *scene.named, *apart}) - apart


def merge_edges(graph: Graph, folded: Collection[Value]) -> dict[Value, list[Edge]]:
    """Return for each Value with a box its edges: one from each Value in its formula.

    The edge has the derivative of the formula: the sum over the paths through folded Values.
    """
    found: dict[Value, list[Edge]] = {}
    for node in graph.order:
        if node not in folded:
            edges = graph.edges[node]
            is_formula = any(edge.operand in folded for edge in edges)
            found[node] = _merge(graph, node, folded) if is_formula else edges
    return found


def _merge(graph: Graph, node: Value, folded: Collection[Value]) -> list[Edge]:
    slopes: dict[Value, float] = {}
    remaining = [(edge, 1.0) for edge in reversed(graph.edges[node])]
    while remaining:
        edge, outer = remaining.pop()
        slope = outer * edge.partial
        if edge.operand in folded:
            remaining += [(inner, slope) for inner in reversed(graph.edges[edge.operand])]
        else:
            slopes[edge.operand] = slopes.get(edge.operand, 0.0) + slope
    return [Edge(operand, node, i, slope) for i, (operand, slope) in enumerate(slopes.items())]

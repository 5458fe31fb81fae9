"""Graphs of the strategies, built from fresh leaves and differentiated."""

from autograd_mini import Value
from autograd_mini.engines.graph import Graph


def built(graph):
    """Return fresh leaves of a graph, and the node that it makes of them."""
    leaves = [Value(x) for x in graph.leaves]
    return leaves, graph(*leaves)


def gradients(graph, seed=1.0, f=lambda out: out):
    """Return the gradients of f of a fresh graph by its leaves."""
    leaves, out = built(graph)
    f(out).backward(seed=seed)
    return [leaf.grad for leaf in leaves]


def same(one, other):
    """Whether lists of floats are equal, but for bits lost to subnormal numbers."""
    return all(a == b or abs(a - b) < 1e-300 for a, b in zip(one, other, strict=True))


def edges(node):
    """Return the edges of a node, without those of the nodes that it was computed from."""
    return list(Graph(node).edges[node])

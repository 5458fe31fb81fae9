"""Bounds for the rounding errors of a number or a gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping

from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import flat, numbers_of

__all__ = [
    "UNIT_ROUNDOFF",
    "absolute_gradients",
    "bound_error",
    "bound_rounding",
    "count_units",
    "leaves_floats",
]

UNIT_ROUNDOFF = 2.0**-53
_UNDERFLOW = 1e-322  # half of this is not zero yet
_SMALLEST = 1e-290  # some bits above the subnormal numbers


def absolute_gradients(root: Value | Graph, *, seed: float = 1.0) -> dict[Value, float]:
    """Return for each node the gradient of `backward` over the absolute values of all partials.

    It is the sum of the terms of a gradient if none of them cancelled: the scale for the error of
    the gradient (as in running error analysis; Higham, *Accuracy and Stability of Numerical
    Algorithms*, 2002, section 3.3). It changes no gradient.

    >>> x = Value(3.0)
    >>> absolute_gradients(5.0 * x - 4.0 * x)[x]
    9.0
    """

    def magnitudes(node: Value) -> list[float | None]:
        return [None if partial is None else abs(partial) for partial in node.partials]

    graph = root if isinstance(root, Graph) else Graph(root)
    return graph.chain_rule(abs(seed), 0.0, magnitudes)


def count_units(graph: Graph) -> float:
    """Return the error of a gradient that is allowed, in units of 2⁻⁵³ of the absolute gradient.

    It is 4 and the number of nodes. An exponential of a difference of operands is off by as many
    units as the difference is large, so a node of such a row counts 16 and the largest difference.
    """
    units = 4.0
    for node in graph.order:
        units += 1 if node.op is None or node.op.is_separable else 16 + _spread(node)
    return units


def _spread(node: Value) -> float:
    finite = list(filter(math.isfinite, numbers_of(node.operands)))
    return max(finite, default=0.0) - min(finite, default=0.0)


def bound_rounding(number: float) -> float:
    """Return a bound for the error of a number that is right to 4 units in the last place."""
    return 8 * UNIT_ROUNDOFF * abs(number) + _UNDERFLOW


def bound_error(graph: Graph) -> float:
    """Return a bound for the error of a computed number, the rounding of its leaves included."""
    bound = 0.0
    for node, absolute in absolute_gradients(graph).items():
        if absolute:
            is_nary = node.op is not None and node.op.nary
            bound += absolute * (_bound_nary(node) if is_nary else bound_rounding(node.data))
    return bound if bound == bound else math.inf


def _bound_nary(node: Value) -> float:
    """Return n · u · Σ|terms| for a sum of n operands; otherwise 4 units of all that adds up."""
    row = node.op
    assert row is not None
    operands = numbers_of(node.operands)
    if row.is_separable:
        magnitude, _ = row.evaluate(*row.arrange(list(map(abs, operands))))
        return len(operands) * UNIT_ROUNDOFF * magnitude + _UNDERFLOW
    _, partials = row.evaluate(*row.arrange(operands))
    terms = (abs(p * x) for p, x in zip(flat(partials), operands, strict=True) if p)
    return bound_rounding(abs(node.data) + sum(terms))


def leaves_floats(graph: Graph, tangents: Mapping[Value, float]) -> bool:
    """Return whether a product of a sweep, in forward or in reverse mode, is no normal number."""
    moved, adjoints = graph.push_forward(tangents), graph.chain_rule()
    return any(
        partial and factor and not _SMALLEST < abs(partial * factor) < math.inf
        for node in graph.order
        for operand, _, _, partial in graph.edges[node]
        for factor in (moved[operand], adjoints[node])
    )

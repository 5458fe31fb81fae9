"""Bounds for the rounding errors of a number or a gradient."""

from __future__ import annotations

import math

from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import numbers_of

__all__ = ["UNIT_ROUNDOFF", "absolute_gradients", "bound_error", "bound_rounding"]

UNIT_ROUNDOFF = 2.0**-53
_UNDERFLOW = 1e-322  # half of this is not zero yet


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


def bound_rounding(number: float) -> float:
    """Return a bound for the error of a number that is right to 4 units in the last place."""
    return 8 * UNIT_ROUNDOFF * abs(number) + _UNDERFLOW


def bound_error(graph: Graph) -> float:
    """Return a bound for the error of a computed number, the rounding of its leaves included."""
    bound = 0.0
    for node, absolute in absolute_gradients(graph).items():
        if absolute:
            is_sum = node.op is not None and node.op.nary
            bound += absolute * (_bound_sum(node) if is_sum else bound_rounding(node.data))
    return bound if bound == bound else math.inf


def _bound_sum(node: Value) -> float:
    """Return n · u · Σ|terms| for a node that adds up n operands."""
    assert node.op is not None
    operands = list(map(abs, numbers_of(node.operands)))
    magnitude, _ = node.op.evaluate(*node.op.arrange(operands))
    return len(operands) * UNIT_ROUNDOFF * magnitude + _UNDERFLOW

"""The scale by which the rounding of a gradient is judged."""

from __future__ import annotations

from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph

__all__ = ["UNIT_ROUNDOFF", "absolute_gradients"]

UNIT_ROUNDOFF = 2.0**-53


def absolute_gradients(root: Value | Graph, *, seed: float = 1.0) -> dict[Value, float]:
    """Return for each node what `backward` would, had every local partial its absolute value.

    It is what the terms of a gradient add up to when none of them cancel: the scale by which the
    error of the gradient is to be judged (as in running error analysis; Higham, *Accuracy and
    Stability of Numerical Algorithms*, 2002, section 3.3). No gradient is changed.

    >>> x = Value(3.0)
    >>> absolute_gradients(5.0 * x - 4.0 * x)[x]
    9.0
    """

    def magnitudes(node: Value) -> list[float | None]:
        return [None if partial is None else abs(partial) for partial in node.partials]

    graph = root if isinstance(root, Graph) else Graph(root)
    return graph.chain_rule(abs(seed), 0.0, magnitudes)

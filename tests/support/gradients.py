"""What the gradients of a graph should be: the chain rule in high precision, or in fractions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from support.numbers import RATIONAL, Dual, precise

from autograd_mini.arguments import finite
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import numbers_of
from autograd_mini.testing.local import differentiate, one_term
from autograd_mini.testing.rounding import UNIT_ROUNDOFF, absolute_gradients, count_units

if TYPE_CHECKING:
    from mpmath import mpf

__all__ = [
    "Exact",
    "Reference",
    "exact",
    "precise_slopes",
    "reference",
]

_BITS = 200
_SLOPE_BITS = 100
_LEAST = math.ulp(0.0)
_TINY = 1e-300


# --- in high precision ---------------------------------------------------------------------------


def precise_slopes(node: Value) -> list[Any] | None:
    """Return the same as `slopes` as numbers of mpmath, each right to 70 bits at least.

    Raises:
        ImportError: mpmath is not installed.
    """
    arithmetic = precise()
    from mpmath import mp, mpc, mpf  # noqa: PLC0415 - optional

    def precise_slope(f: Callable[[Any], Any], x: float) -> Any:
        # Far shorter than the distance to a pole, so relative to x, and than any wave.
        step = mpf(2) ** -_SLOPE_BITS * min(abs(x) or 1, 1)
        return f(mpc(x, step)).imag / step

    # Next to one, the step of a small number has to keep its bits.
    exponents = [abs(math.frexp(x)[1]) for x in numbers_of(node.operands)]
    with mp.workprec(2 * (_SLOPE_BITS + max(exponents))):
        return differentiate(node, arithmetic, precise_slope, mpf)


@dataclass(frozen=True)
class Reference:
    """The gradients of a graph by the chain rule in high precision, at the recorded numbers.

    Attributes:
        gradients: the gradient of each node, as mpmath's ``mpf``.
        absolute: what its terms add up to without cancelling; see `absolute_gradients`.
        underflow: what an underflow of each product on the way back, and of each partial derivative
            and what it is computed from, can take away.
        bound: the largest error that a backward pass over this graph may make, in units of
            2⁻⁵³ times the absolute gradient, and of the underflow.
    """

    gradients: Mapping[Value, mpf]
    absolute: Mapping[Value, float]
    underflow: Mapping[Value, float]
    bound: float

    def error(self, node: Value) -> float:
        """Return how wrong the gradient that a node holds is, in units of 2⁻⁵³ times the absolute.

        What underflow may have taken away is not counted.
        """
        if not math.isfinite(node.grad):
            return math.inf
        difference = abs(node.grad - self.gradients[node]) - self.bound * self.underflow[node]
        if difference <= 0:
            return 0.0
        scale = self.absolute[node]
        return float(difference / (UNIT_ROUNDOFF * scale)) if scale else math.inf


def reference(root: Value, *, seed: float = 1.0) -> Reference:
    """Return the gradients that ``root.backward(seed=seed)`` should give.

    The values of the rows are differentiated by a complex step in mpmath, at the numbers recorded
    in the graph; their derivative rules play no part. Then the chain rule is applied, with 200
    bits. Where an operation has no derivative, at a kink or an edge of its domain, the
    recorded one is used.

    Args:
        root: what to differentiate. No gradient is changed.
        seed: what its own gradient is taken to be.

    Raises:
        ImportError: mpmath is not installed.
        ValueError: a number in the graph is not finite, or ``seed`` is not.
    """
    precise()
    from mpmath import mp, mpf  # noqa: PLC0415 - optional

    seed = finite(seed, argument="reference: seed")
    graph = Graph(root)
    for node in graph.order:
        finite(node.data, argument=f"reference: the data of {node!r}")
    with mp.workprec(_BITS):
        gradients = graph.chain_rule(
            mpf(seed), mpf(0), lambda node: precise_slopes(node) or node.partials
        )
    absolute = absolute_gradients(graph, seed=seed)
    return Reference(gradients, absolute, _bound_underflow(graph, absolute), count_units(graph))


def _bound_underflow(graph: Graph, absolute: Mapping[Value, float]) -> dict[Value, float]:
    """Return for each node what underflow takes from its gradient, where each step loses 5e-324.

    The slope of `gauss` is ``-2 * x * out``: it loses twice |x| of that, and others as much as one
    over an operand.
    """
    lost = dict.fromkeys(graph.order, 0.0)
    for node in reversed(graph.order):
        sizes = [abs(x) for x in numbers_of(node.operands) if x]
        scale = 2 * max(1, *sizes, *(1 / max(size, _TINY) for size in sizes)) if sizes else 1
        for edge in graph.edges[node]:
            lost[edge.operand] += (
                abs(edge.partial) * lost[node] + (absolute[node] * scale + 1) * _LEAST
            )
    return lost


# --- in fractions --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exact:
    """The numbers and the gradients of a graph without any rounding.

    Attributes:
        values: the number of each node, computed from the numbers that the leaves hold now.
        gradients: the gradient of each node.
    """

    values: Mapping[Value, Fraction]
    gradients: Mapping[Value, Fraction]


_HALF, _ONE, _ZERO = Fraction(1, 2), Fraction(1), Fraction(0)

# The subgradients of least norm, where a row has a kink.
_SUBGRADIENTS: Mapping[str, Callable[..., tuple[Fraction, ...]]] = {
    "leaky_relu": lambda _, slope: (slope, _ZERO),
    "maximum": lambda *_: (_HALF, _HALF),
    "minimum": lambda *_: (_HALF, _HALF),
    **dict.fromkeys(("abs", "relu", "step"), lambda _: (_ZERO,)),
}


def exact(root: Value, *, seed: float = 1.0) -> Exact:
    """Return the numbers and gradients of a graph in exact arithmetic.

    The values of the rows are differentiated by dual numbers over fractions; their derivative
    rules play no part. At a kink the subgradient of least norm is taken. Where every number is a
    small integer, floats are exact too, and `backward` gives equal gradients.

    Args:
        root: what to differentiate; all in it is sums, products, quotients, ``abs``, ``relu`` and
            the like. No gradient is changed.
        seed: what its own gradient is taken to be.

    Raises:
        ValueError: an operation makes no fractions of fractions, as ``exp``; or a number in the
            graph is not finite, or ``seed`` is not.
    """
    seed = finite(seed, argument="exact: seed")
    graph = Graph(root)
    values: dict[Value, Fraction] = {}
    slopes: dict[Value, list[Fraction | None]] = {}
    for node in graph.order:
        if node.op is None:
            values[node] = Fraction(finite(node.data, argument=f"exact: the data of {node!r}"))
        else:
            values[node], slopes[node] = _differentiated(node, values)
    return Exact(values, graph.chain_rule(Fraction(seed), _ZERO, slopes.__getitem__))


def _differentiated(
    node: Value, values: Mapping[Value, Fraction]
) -> tuple[Fraction, list[Fraction | None]]:
    """Return the exact number of a node, and its partial derivatives by its operands."""
    row = node.op
    assert row is not None
    compute = RATIONAL.function(row.value, row.operands)
    if compute is None:
        raise ValueError(f"exact: {row.name} makes no fractions of fractions; see reference()")
    operands = [Fraction(o) if isinstance(o, float) else values[o] for o in node.operands]
    value = compute(*row.arrange([*map(Dual, operands)])).value
    at = _SUBGRADIENTS[row.name](*operands) if row.distance_to_kink(operands) == 0 else None
    slopes: list[Fraction | None] = []
    for position, operand in enumerate(node.operands):
        if isinstance(operand, float):
            slopes.append(None)
        elif at:
            slopes.append(at[position])
        else:
            term, place = one_term(row, operands, position)
            given = [Dual(x, _ONE if i == place else _ZERO) for i, x in enumerate(term)]
            slopes.append(compute(*row.arrange(given)).slope)
    return value, slopes

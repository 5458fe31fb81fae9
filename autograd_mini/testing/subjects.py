"""What a gradient check checks: functions of Values, and functions of plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd_mini.arguments import number
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import flat, numbers_of
from autograd_mini.errors import DomainError
from autograd_mini.testing.diagnosis import explain_mismatch
from autograd_mini.testing.differences import Evaluation, Slope
from autograd_mini.testing.local import complex_slope, slopes
from autograd_mini.testing.rounding import (
    UNDERFLOW,
    UNIT_ROUNDOFF,
    absolute_gradients,
    bound_rounding,
)

__all__ = ["Gradients", "OfNumbers", "OfValues"]

_COMPLEX = "complex step"


class Gradients(NamedTuple):
    """A seed, the gradients for each argument, and the absolute ones, if these can be known."""

    seed: float
    numbers: list[float]
    absolute: list[float] | None

    def scale(self, position: int, numeric: float) -> float:
        """Return the absolute gradient; if it is not known, the greater of two gradients."""
        if self.absolute is None:
            return max(abs(self.numbers[position]), abs(numeric))
        return self.absolute[position]


class OfValues:
    """A function of Values, whose ``backward()`` is checked.

    Attributes:
        called: what errors call it.
        sharp: the part of the absolute gradient to which a complex step has to agree.
    """

    sharp = 1e-12

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], called: str) -> None:
        self._f, self._args = f, args
        self.called = called

    def _build(self, point: list[float]) -> tuple[list[Value], Value]:
        leaves = [Value(x) for x in point]
        out = self._f(*_regroup(leaves, self._args))
        if not isinstance(out, Value):
            raise TypeError(
                f"check_gradients: {self.called} must return a Value, got {type(out).__name__} "
                f"{out!r}; a function of plain numbers can be checked if gradient= is given too"
            )
        return leaves, out

    def evaluate(self, point: list[float]) -> Evaluation:
        """Return the number, its rounding, and the operations with the sides of their kinks."""
        _, out = self._build(point)
        graph = Graph(out)
        return Evaluation(out.data, bound_rounding(graph), _pattern(graph))

    def gradients(self, point: list[float], seed: float) -> Gradients:
        """Return the gradients that ``backward(seed=seed)`` gives."""
        leaves, out = self._build(point)
        absolute = absolute_gradients(out, seed=seed)
        out.backward(seed=seed)
        return Gradients(
            seed,
            [leaf.grad for leaf in leaves],
            [absolute.get(leaf, 0.0) for leaf in leaves],
        )

    def complex_steps(self, point: list[float]) -> list[Slope | None]:
        """Return the chain rule over complex steps through each operation, as it was recorded."""
        leaves, out = self._build(point)
        graph = Graph(out)
        local = {node: slopes(node) for node in graph.order if node.op is not None}
        if None in local.values():
            return [None] * len(leaves)
        gradients = graph.chain_rule(slopes=lambda node: local[node] or ())
        absolute = absolute_gradients(graph)
        rounding = (4 + len(graph.order)) * UNIT_ROUNDOFF
        return [
            Slope.single(gradients.get(leaf, 0.0), rounding * absolute.get(leaf, 0.0), _COMPLEX)
            for leaf in leaves
        ]

    def explain(self, point: list[float], seed: float, *, kink: bool) -> str:
        """Return where in the graph a wrong gradient arises, and the graph as a program."""
        _, out = self._build(point)
        out.backward(seed=seed)
        return explain_mismatch(out, seed=seed, kink=kink)


class OfNumbers:
    """A function of plain numbers, with a function that returns its gradient.

    It has the attributes and methods of `OfValues`.
    """

    sharp = 1e-9

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        called: str,
        gradient: Callable[..., Any],
    ) -> None:
        self._f, self._args = f, args
        self.called = called
        self._gradient = gradient

    def evaluate(self, point: list[float]) -> Evaluation:
        """Return the number, as if it were right to 4 units in the last place."""
        try:
            out = self._f(*_regroup(point, self._args))
        except (ArithmeticError, ValueError) as error:
            raise DomainError(f"{self.called} at {point!r}: {error}") from error
        if isinstance(out, complex):  # as Python's power of a negative number is
            raise DomainError(f"{self.called} is {out!r} at {point!r}, no real number")
        out = number(out, what=f"check_gradients: the result of {self.called}")
        if not math.isfinite(out):
            raise DomainError(f"{self.called} is {out!r} at {point!r}")
        return Evaluation(out, 8 * UNIT_ROUNDOFF * abs(out) + UNDERFLOW)

    def gradients(self, point: list[float], seed: float) -> Gradients:
        """Return what ``gradient`` tells."""
        single = len(self._args) == 1 and not isinstance(self._args[0], list | tuple)
        told = self._gradient(*_regroup(point, self._args))
        what = f"check_gradients: the gradient of {self.called}"
        try:
            numbers = list(flat([told] if single else told))
        except TypeError:
            raise TypeError(
                f"{what} must be a sequence of {len(point)} numbers, got {told!r}"
            ) from None
        if len(numbers) != len(point):
            raise ValueError(f"{what} must have {len(point)} numbers, got {told!r}")
        return Gradients(seed, [seed * number(one, what=what) for one in numbers], None)

    def complex_steps(self, point: list[float]) -> list[Slope | None]:
        """Return the derivatives by complex steps, if the function takes complex numbers."""
        return [self._complex_step(point, position) for position in range(len(point))]

    def _complex_step(self, point: list[float], position: int) -> Slope | None:
        def along(z: complex) -> complex:
            changed: list[Any] = list(point)
            changed[position] = z
            out = self._f(*_regroup(changed, self._args))
            if not isinstance(out, complex):
                raise TypeError("a real number came of a complex one")
            return out

        try:
            slope = complex_slope(along, point[position])
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            return None  # f is for real numbers
        if not slope or not math.isfinite(slope):  # a zero may be an underflow
            return None
        return Slope.single(slope, 0.0, _COMPLEX)

    def explain(self, point: list[float], seed: float, *, kink: bool) -> str:  # noqa: ARG002
        """Return nothing: there is no graph to look at."""
        return ""


def _regroup(numbers: Sequence[Any], args: Sequence[Any]) -> list[Any]:
    """Return numbers in the form of some arguments, of which some may be lists."""
    remaining = iter(numbers)
    return [
        [next(remaining) for _ in arg] if isinstance(arg, list | tuple) else next(remaining)
        for arg in args
    ]


def _pattern(graph: Graph) -> object:
    """Return the operations of a graph, and the side of its kink that each is on."""
    pattern: list[object] = []
    for node in graph.order:
        pattern.append(node.op)
        if node.op is not None and node.op.kink is not None:
            distance = node.op.distance_to_kink(numbers_of(node.operands))
            pattern.append((distance > 0) - (distance < 0))
    return pattern

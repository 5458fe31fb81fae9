"""What a gradient check checks: functions of Values, and functions of plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from autograd_mini.arguments import number
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import flat, numbers_of
from autograd_mini.errors import DomainError
from autograd_mini.testing.diagnosis import explanation
from autograd_mini.testing.differences import Evaluation, Slope
from autograd_mini.testing.local import complex_slope, slopes
from autograd_mini.testing.rounding import UNIT_ROUNDOFF, absolute_gradients

__all__ = ["Gradients", "OfNumbers", "OfValues", "Subject"]

_UNDERFLOW = 1e-322  # half of it is not zero yet
_COMPLEX = "complex step"


@dataclass(frozen=True)
class Gradients:
    """The gradients to be checked, for each argument.

    Attributes:
        seed: what they are seed times the derivatives by.
        numbers: the gradients.
        absolute: what their terms add up to without cancelling; None if that cannot be known.
    """

    seed: float
    numbers: list[float]
    absolute: list[float] | None

    def scale(self, position: int, numeric: float) -> float:
        """Return the absolute gradient; if it is not known, the greater of two gradients."""
        if self.absolute is None:
            return max(abs(self.numbers[position]), abs(numeric))
        return self.absolute[position]


class Subject(Protocol):
    """A function with gradients that can be checked.

    Attributes:
        called: what errors call it.
        sharp: the part of the absolute gradient to which a complex step has to agree.
    """

    called: str
    sharp: float

    def evaluate(self, point: list[float]) -> Evaluation:
        """Return what the function gives at a point."""

    def gradients(self, point: list[float], seed: float) -> Gradients:
        """Return the gradients to be checked."""

    def complex_steps(self, point: list[float]) -> list[Slope | None]:
        """Return the derivatives by complex steps; None for one where that cannot be done."""

    def explanation(self, seed: float, *, kink: bool) -> str:
        """Return where the wrong gradients of the last call arise, if that can be known."""


class Arguments:
    """The arguments of a function, some of them perhaps lists, as one list of numbers."""

    def __init__(self, args: Sequence[Any]) -> None:
        self._shape = [len(arg) if isinstance(arg, list | tuple) else None for arg in args]

    @property
    def single(self) -> bool:
        """Whether there is one argument, and it is a number."""
        return self._shape == [None]

    def __call__(self, point: Sequence[Any]) -> list[Any]:
        """Return the arguments for a list of numbers."""
        remaining = iter(point)
        return [
            next(remaining) if length is None else [next(remaining) for _ in range(length)]
            for length in self._shape
        ]


class OfValues:
    """A function of Values, whose ``backward()`` is checked."""

    sharp = 1e-12

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], called: str) -> None:
        self._f = f
        self.called = called
        self._arguments = Arguments(args)

    def _built(self, point: list[float]) -> tuple[list[Value], Value]:
        leaves = [Value(x) for x in point]
        out = self._f(*self._arguments(leaves))
        if not isinstance(out, Value):
            raise TypeError(
                f"check_gradients: {self.called} must return a Value, got {type(out).__name__} "
                f"{out!r}; a function of plain numbers can be checked if gradient= is given too"
            )
        return leaves, out

    def evaluate(self, point: list[float]) -> Evaluation:
        """Return the number, its rounding, and the operations with the sides of their kinks."""
        _, out = self._built(point)
        graph = Graph(out)
        return Evaluation(out.data, _rounding(graph), _pattern(graph))

    def gradients(self, point: list[float], seed: float) -> Gradients:
        """Return the gradients that ``backward(seed=seed)`` gives."""
        self._point = point
        leaves, self._out = self._built(point)
        absolute = absolute_gradients(self._out, seed=seed)
        self._out.backward(seed=seed)
        return Gradients(
            seed,
            [leaf.grad for leaf in leaves],
            [absolute.get(leaf, 0.0) for leaf in leaves],
        )

    def complex_steps(self, point: list[float]) -> list[Slope | None]:
        """Return the chain rule over complex steps through each operation, as it was recorded."""
        leaves, out = self._built(point)
        graph = Graph(out)
        local: dict[Value, Any] = {
            node: slopes(node) for node in graph.order if node.op is not None
        }
        if None in local.values():
            return [None] * len(leaves)
        gradients = graph.chain_rule(1.0, 0.0, local.__getitem__)
        absolute = absolute_gradients(graph)
        rounding = (4 + len(graph.order)) * UNIT_ROUNDOFF
        return [
            Slope.single(gradients.get(leaf, 0.0), rounding * absolute.get(leaf, 0.0), _COMPLEX)
            for leaf in leaves
        ]

    def explanation(self, seed: float, *, kink: bool) -> str:
        """Return where in the graph a wrong gradient arises, and the graph as a program."""
        self.gradients(self._point, seed)
        return explanation(self._out, seed=seed, kink=kink)


class OfNumbers:
    """A function of plain numbers, with a function that returns its gradient."""

    sharp = 1e-9

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        called: str,
        gradient: Callable[..., Any],
    ) -> None:
        self._f = f
        self.called = called
        self._arguments = Arguments(args)
        self._gradient = gradient

    def evaluate(self, point: list[float]) -> Evaluation:
        """Return the number, as if it were right to 4 units in the last place."""
        try:
            out = self._f(*self._arguments(point))
        except (ArithmeticError, ValueError) as error:
            raise DomainError(f"{self.called} at {point!r}: {error}") from error
        if isinstance(out, complex):  # as Python's power of a negative number is
            raise DomainError(f"{self.called} is {out!r} at {point!r}, no real number")
        out = number(out, what=f"check_gradients: the result of {self.called}")
        if not math.isfinite(out):
            raise DomainError(f"{self.called} is {out!r} at {point!r}")
        return Evaluation(out, 8 * UNIT_ROUNDOFF * abs(out) + _UNDERFLOW)

    def gradients(self, point: list[float], seed: float) -> Gradients:
        """Return what ``gradient`` tells."""
        told = self._gradient(*self._arguments(point))
        what = f"check_gradients: the gradient of {self.called}"
        try:
            numbers = list(flat([told] if self._arguments.single else told))
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
            args: list[Any] = list(point)
            args[position] = z
            out = self._f(*self._arguments(args))
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

    def explanation(self, seed: float, *, kink: bool) -> str:  # noqa: ARG002
        """Return nothing: there is no graph to look at."""
        return ""


def _pattern(graph: Graph) -> object:
    """Return the operations of a graph, and the side of its kink that each is on."""
    pattern: list[object] = []
    for node in graph.order:
        pattern.append(node.op)
        if node.op is not None and node.op.kink is not None:
            distance = node.op.distance_to_kink(numbers_of(node.operands))
            pattern.append((distance > 0) - (distance < 0))
    return pattern


def _rounding(graph: Graph) -> float:
    """Return a bound for the error of a computed number; of its leaves too, which a step rounds."""
    bound = 0.0
    for node, absolute in absolute_gradients(graph).items():
        if absolute:
            own = _summing(node) if node.op and node.op.nary else 8 * UNIT_ROUNDOFF * abs(node.data)
            bound += absolute * (own + _UNDERFLOW)
    return bound if bound == bound else math.inf


def _summing(node: Value) -> float:
    """Return n · u · Σ|terms| for a node that adds n operands up."""
    assert node.op is not None
    operands = list(map(abs, numbers_of(node.operands)))
    magnitude, _ = node.op.evaluate(*node.op.arrange(operands))
    return len(operands) * UNIT_ROUNDOFF * magnitude

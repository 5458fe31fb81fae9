"""The subjects of a gradient check: functions of Values, and functions of plain numbers."""

from __future__ import annotations

import math
import operator
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from autograd_mini.arguments import (
    abbreviate,
    finite,
    is_iterable,
    items,
    number,
    requirement,
)
from autograd_mini.engines import Value, errstate, sweep_back, sweep_forward
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import flat, numbers_of
from autograd_mini.errors import DomainError
from autograd_mini.functions import dot
from autograd_mini.programs.program import Program
from autograd_mini.testing.diagnosis import explain_mismatch
from autograd_mini.testing.differences import Evaluation, Slope
from autograd_mini.testing.local import complex_slope, slopes
from autograd_mini.testing.rounding import (
    UNIT_ROUNDOFF,
    absolute_gradients,
    bound_error,
    bound_rounding,
    count_units,
    leaves_floats,
)
from autograd_mini.transforms import gradient_graph

__all__ = ["Gradients", "OfNumbers", "OfValues", "as_lists"]

_COMPLEX = "complex step"


class Gradients(NamedTuple):
    """A seed, the gradient for each number, and the absolute gradients if these are known."""

    seed: float
    numbers: list[float]
    absolute: list[float] | None

    def scale(self, position: int, numeric: float) -> float:
        """Return the absolute gradient; if it is unknown, the greater of two gradients."""
        if self.absolute is None:
            return max(abs(self.numbers[position]), abs(numeric))
        return self.absolute[position]


@dataclass
class _Subject(ABC):
    """A function at a point.

    Attributes:
        f: the function.
        args: its arguments, numbers and lists of numbers.
        called: its name in errors.
        names: the name of each number in errors.
        point: the numbers, without lists.
    """

    f: Callable[..., Any]
    args: Sequence[Any]
    called: str
    names: list[str]

    def __post_init__(self) -> None:
        self.point = [
            finite(arg, argument=f"check_gradients: {name}")
            for name, arg in zip(self.names, flat(self.args), strict=True)
        ]

    @abstractmethod
    def evaluate(self, point: list[float]) -> Evaluation:
        """Return the number of the function at a point."""

    @abstractmethod
    def gradients(self, seed: float) -> Gradients:
        """Return the gradients to check, which are those of this seed."""

    def check_numbers_repeat(self, times: int) -> None:
        """Refuse a function that does not give the same number each time."""
        first = self.evaluate(self.point)
        for _ in range(times):
            again = self.evaluate(self.point)
            if abs(again.number - first.number) > first.rounding + again.rounding:
                self._refuse_other_numbers("result", first.number, again.number)

    def check_gradients_repeat(self, found: Gradients, times: int) -> None:
        """Refuse gradients that are not the same each time."""
        for _ in range(times):
            for first, again in zip(found.numbers, self.gradients(found.seed).numbers, strict=True):
                if abs(again - first) > 1e-9 * abs(first):
                    self._refuse_other_numbers("gradient", first, again)

    def _refuse_other_numbers(self, thing: str, *numbers: float) -> None:
        argument = f"check_gradients: {thing} of {self.called}"
        rule, way_out = "the same each time", "draw random numbers, and count, outside of it"
        raise ValueError(requirement(argument, rule, list(numbers), way_out))

    def _regroup(self, numbers: Sequence[Any]) -> list[Any]:
        """Return numbers in the form of the arguments, with their lists."""
        remaining = iter(numbers)
        return [
            [next(remaining) for _ in arg] if isinstance(arg, list) else next(remaining)
            for arg in self.args
        ]


@dataclass
class OfValues(_Subject):
    """A function of Values, whose ``backward()`` is checked."""

    weights: Sequence[Sequence[float]] = ()
    """What is checked is f; or the sum of its derivatives times the first of these weights; or the
    sum of the derivatives of that, times the second; and so on."""
    sharp = 1e-12
    """A complex step has to agree to this part of the absolute gradient."""

    @property
    def order(self) -> int:
        """The order of the derivatives that are checked."""
        return 1 + len(self.weights)

    def _build(self, point: Sequence[float]) -> tuple[list[Value], list[Value]]:
        """Return fresh leaves, and f with the sums of its derivatives; the last is checked."""
        leaves = [Value(x) for x in point]
        out = self.f(*self._regroup(leaves))
        if not isinstance(out, Value):
            argument = f"check_gradients: result of {self.called}"
            way_out = "for a function of plain numbers, give its gradient= too"
            raise TypeError(requirement(argument, "a Value", out, way_out))
        sums = [out]
        for weights in self.weights:
            sums.append(dot(weights, gradient_graph(sums[-1], leaves)))
        return leaves, sums

    def evaluate(self, point: list[float]) -> Evaluation:
        """Return the number, its rounding, and the operations with the sides of their kinks."""
        _, sums = self._build(point)
        # A sum of derivatives jumps at a kink of f, of which its own graph need not know.
        return Evaluation(sums[-1].data, bound_error(Graph(sums[-1])), _find_pattern(Graph(*sums)))

    def gradients(self, seed: float) -> Gradients:
        """Return the gradients that ``backward(seed=seed)`` gives."""
        leaves, (*_, out) = self._build(self.point)
        absolute = absolute_gradients(out, seed=seed)
        out.backward(seed=seed)
        scales = [absolute.get(leaf, 0.0) for leaf in leaves]
        return Gradients(seed, [leaf.grad for leaf in leaves], scales)

    def complex_steps(self) -> list[Slope | None]:
        """Return the chain rule over a complex step through each recorded operation."""
        leaves, (*_, out) = self._build(self.point)
        graph = Graph(out)
        local = {node: slopes(node) for node in graph.order if node.op is not None}
        if None in local.values():
            return [None] * len(leaves)
        gradients = graph.chain_rule(slopes=lambda node: local[node] or ())
        absolute = absolute_gradients(graph)
        rounding = count_units(graph) * UNIT_ROUNDOFF
        return [
            Slope.single(gradients.get(leaf, 0.0), rounding * absolute.get(leaf, 0.0), _COMPLEX)
            for leaf in leaves
        ]

    def explain(self, seed: float, *, kink: bool) -> str:
        """Return the place where a wrong gradient arises, and the graph as a program."""
        _, (*_, out) = self._build(self.point)
        out.backward(seed=seed)
        return explain_mismatch(out, seed=seed, kink=kink)

    def record(self) -> tuple[Program, list[Value]]:
        """Return f as a program, and its nodes."""
        return Program.record(self._build(self.point)[1][0])

    def compare_modes(self, tangents: list[float]) -> tuple[float, float, float] | None:
        """Return the derivative along tangents in forward and in reverse mode.

        The third number is what they may differ by: twice the rounding of either. The result is
        None if they differ because a product of one mode overflows or underflows.
        """
        leaves, (*_, out) = self._build(self.point)
        graph = Graph(out)
        with errstate(nonfinite="ignore"):
            forward = sweep_forward([out], leaves, tangents, 0, "check_gradients")
            reverse = sweep_back([out], leaves, [1.0], 0, "check_gradients")
        assert forward is not None  # no leaf is too old
        assert reverse is not None
        along = sum(map(operator.mul, tangents, reverse))
        absolute = absolute_gradients(graph)
        scale = sum(abs(t) * absolute.get(x, 0.0) for t, x in zip(tangents, leaves, strict=True))
        allowed = 2 * (count_units(graph) + len(leaves)) * UNIT_ROUNDOFF * scale
        is_near = abs(forward[0] - along) <= allowed
        if not is_near and leaves_floats(graph, dict(zip(leaves, tangents, strict=True))):
            return None
        return forward[0], along, allowed


@dataclass
class OfNumbers(_Subject):
    """A function of plain numbers, with a function that returns its gradient."""

    gradient: Callable[..., Any]
    order = 1
    sharp = 1e-9

    def evaluate(self, point: list[float]) -> Evaluation:
        """Return the number, with the rounding of a number of the library."""
        try:
            out = self.f(*self._regroup(point))
        except (ArithmeticError, ValueError) as error:
            argument = f"check_gradients: args of {self.called}"
            message = requirement(argument, "in its domain", point, str(error))
            raise DomainError(message) from error
        argument = f"check_gradients: result of {self.called} at {abbreviate(point)}"
        if isinstance(out, complex):  # Python's power of a negative number is complex
            raise DomainError(requirement(argument, "a real number", out))
        out = number(out, argument=argument)
        if not math.isfinite(out):
            raise DomainError(requirement(argument, "finite", out))
        return Evaluation(out, bound_rounding(out))

    def gradients(self, seed: float) -> Gradients:
        """Return the supplied gradients, times the seed."""
        supplied = self.gradient(*self._regroup(self.point))
        argument = f"check_gradients: gradient of {self.called}"
        rule = f"a sequence of {len(self.point)} numbers"
        is_number = len(self.args) == 1 and not isinstance(self.args[0], list)
        parts = [supplied] if is_number else items(supplied, argument=argument, rule=rule)
        numbers = list(flat(as_lists(parts, argument=argument, rule=rule)))
        if len(numbers) != len(self.point):
            raise ValueError(requirement(argument, rule, supplied))
        return Gradients(seed, [seed * number(x, argument=argument) for x in numbers], None)

    def complex_steps(self) -> list[Slope | None]:
        """Return the derivatives by complex steps, if the function takes complex numbers."""
        return [self._complex_step(position) for position in range(len(self.point))]

    def _complex_step(self, position: int) -> Slope | None:
        def compute(z: complex) -> Any:
            point = [*self.point[:position], z, *self.point[position + 1 :]]
            return self.f(*self._regroup(point))

        try:
            with warnings.catch_warnings(action="ignore"):  # of a cast to real numbers, as NumPy's
                slope = float(complex_slope(compute, self.point[position]))
        except Exception:  # noqa: BLE001 - f is for real numbers, and may say so in any way
            return None
        if not slope or not math.isfinite(slope):  # 0 comes of an underflow, or of a real result
            return None
        return Slope.single(slope, 0.0, _COMPLEX)

    def explain(self, seed: float, *, kink: bool) -> str:  # noqa: ARG002
        """Return nothing: there is no graph to look at."""
        return ""


def as_lists(args: Iterable[Any], *, argument: str, rule: str) -> list[Any]:
    """Return numbers as they are, and sequences of numbers as lists."""
    return [
        list(items(arg, argument=argument, rule=rule))
        if is_iterable(arg) and not isinstance(arg, str)
        else arg
        for arg in args
    ]


def _find_pattern(graph: Graph) -> object:
    """Return the operations of a graph, each with the side of its kink."""
    pattern: list[object] = []
    for node in graph.order:
        pattern.append(node.op)
        if node.op is not None and node.op.kink is not None:
            distance = node.op.distance_to_kink(numbers_of(node.operands))
            pattern.append((distance > 0) - (distance < 0))
            if node.op.nary:  # for maximum and minimum, which operand it is
                pattern.append([bool(partial) for partial in node.partials])
    return pattern

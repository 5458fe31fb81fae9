"""Difference quotients of a function of numbers, each with a bound for its error.

docs/gradient-checks.md says how the steps are chosen, and why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from autograd_mini.errors import AutogradError, DomainError, NonFiniteGradientError

__all__ = ["Evaluation", "Line", "Slope", "measure_slope"]


class Evaluation(NamedTuple):
    """The result of a function: its number, a bound for its rounding, and its pattern.

    The pattern has the side of each kink: between points with different patterns there is a kink.
    """

    number: float
    rounding: float
    pattern: object = None


@dataclass(frozen=True)
class Slope:
    """A derivative, its uncertainty, and the method that measured it.

    On a kink it may be any number from ``low``, the lesser of the slopes on both sides, to
    ``high``.
    """

    low: float
    high: float
    uncertainty: float
    method: str
    kink: bool = False

    @classmethod
    def single(cls, slope: float, uncertainty: float, method: str) -> Slope:
        """Return the derivative at a point without a kink."""
        return cls(slope, slope, uncertainty, method)

    def nearest(self, number: float) -> float:
        """Return the possible derivative that is nearest to a number."""
        return min(max(number, self.low), self.high)


class Line:
    """A function along one of its arguments, from a point on.

    Attributes:
        point: all arguments.
        x: the argument that changes.
        here: the result at the point.
        largest: the largest absolute result so far.
        refusal: the latest error where the function was not defined.
    """

    def __init__(
        self, evaluate: Callable[[list[float]], Evaluation], point: list[float], position: int
    ) -> None:
        self._evaluate, self._position = evaluate, position
        self.point = point
        self.x = point[position]
        self.here = evaluate(point)
        self.largest = abs(self.here.number)
        self.refusal: AutogradError | None = None

    def step(self, distance: float) -> Evaluation | None:
        """Return the result at a distance from the point, if the function is defined there."""
        stepped = list(self.point)
        stepped[self._position] += distance
        try:
            evaluation = self._evaluate(stepped)
        except (DomainError, NonFiniteGradientError) as error:
            self.refusal = error
            return None
        self.largest = max(self.largest, abs(evaluation.number))
        return evaluation


def measure_slope(line: Line, *, expected: float, scale: float, tolerance: float) -> Slope | None:
    """Return the derivative along a line by difference quotients.

    If it is not as expected, the slopes on both sides are compared, as there may be a kink
    that no pattern shows. None stands for a function such as sin at 1e50: with a derivative of this
    scale, it would change by more than all of its values from one float to the next.

    Raises:
        DomainError: there is no quotient, not even one-sided.
    """
    slope = _find_surest(line, "left and right", tolerance)
    if 0 < line.largest < scale * math.ulp(line.x):
        return None
    enough = scale * tolerance
    if slope and abs(expected - slope.low) <= enough + slope.uncertainty:
        return slope
    both = (_find_surest(line, side, tolerance) for side in ("left", "right"))
    sides = [found for found in both if found]
    if not sides:
        reason = line.refusal or "f is not finite beside this point"
        raise DomainError(str(reason)) from line.refusal
    low, high = min(side.low for side in sides), max(side.high for side in sides)
    uncertainty = max(side.uncertainty for side in sides)
    if slope and high - low <= 4 * (enough + uncertainty):
        return min(slope, *sides, key=lambda found: found.uncertainty)
    return Slope(low, high, uncertainty, "slopes on both sides of a kink", kink=True)


def _measure_quotient(line: Line, h: float, sides: str) -> Slope | None:
    """Return a difference quotient with its rounding, if there is a finite one.

    It is central, or one-sided at an edge and beside a kink. On a kink, with both sides, there is
    none.
    """
    left = line.step(-h) if "left" in sides else None
    right = line.step(h) if "right" in sides else None
    if left and right and left.pattern == right.pattern:
        return _divide(left, right, 2 * h, "central difference")
    if right and (left is None or right.pattern == line.here.pattern):
        return _divide(line.here, right, h, "right difference")
    if left and (right is None or left.pattern == line.here.pattern):
        return _divide(left, line.here, h, "left difference")
    return None


def _divide(left: Evaluation, right: Evaluation, distance: float, method: str) -> Slope | None:
    # The difference of two huge numbers may overflow, but the difference of their halves does not.
    slope = (right.number / 2 - left.number / 2) / (distance / 2)
    rounding = (left.rounding + right.rounding) / distance
    return Slope.single(slope, rounding, method) if math.isfinite(slope + rounding) else None


def _find_surest(line: Line, sides: str, tolerance: float) -> Slope | None:
    """Return the quotient with the least uncertainty, if there are any.

    The uncertainty is the rounding, and 8 times the change since the step before. Steps longer than
    the waves of a function, or than the distance to a pole, give quotients that are small and
    change little. So a quotient does not count if a shorter step refutes it, nor, where the
    rounding is known, if it is less than its own uncertainty.
    """
    rounding_is_known = line.here.pattern is not None
    surest: Slope | None = None
    previous: float | None = None
    for h in _choose_steps(line.x):
        found = _measure_quotient(line, h, sides)
        if found is None:
            continue
        if previous is not None:
            truncation = 8 * abs(found.low - previous)
            latest = Slope.single(found.low, found.uncertainty + truncation, found.method)
            if (
                surest is None
                or latest.uncertainty < surest.uncertainty
                or (rounding_is_known and surest.uncertainty > abs(surest.low))
                or abs(latest.low - surest.low) > surest.uncertainty + latest.uncertainty
            ):
                surest = latest
            elif surest.uncertainty < 0.01 * abs(surest.low):
                break  # from here on rounding grows
            if latest.uncertainty <= tolerance * abs(latest.low) or truncation <= found.uncertainty:
                break
        previous = found.low
    return surest


def _choose_steps(x: float) -> Iterator[float]:
    """Yield ever shorter steps h, such that x + h is exact."""
    steps = [5e-5 * max(abs(x), 1.0) / 8.0**shortening for shortening in range(-1, 13)]
    if abs(x) < 1e-12:  # a pole or an edge at zero may be nearer than these steps
        steps += [4e-4 * abs(x), 5e-5 * abs(x)]
    for h in steps:
        if h:
            yield (x + h) - x or h

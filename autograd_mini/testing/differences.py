"""Difference quotients of a function of numbers, each with a bound for how wrong it may be.

docs/gradient-checks.md says how the steps are chosen, and why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from autograd_mini.errors import DomainError

__all__ = ["Evaluation", "Line", "Slope", "measure_slope"]


class Evaluation(NamedTuple):
    """What a function gave: its number, a bound for its rounding, and the way it was computed.

    The pattern tells on which side of each kink the computation was. Between two points with
    different patterns there is one.
    """

    number: float
    rounding: float
    pattern: object = None


@dataclass(frozen=True)
class Slope:
    """A derivative, how far from it the true one may be, and how it was found.

    On a kink it may be anything from ``low``, the lesser of the slopes on both sides, to ``high``.
    """

    low: float
    high: float
    uncertainty: float
    method: str
    kink: bool = False

    @classmethod
    def single(cls, slope: float, uncertainty: float, method: str) -> Slope:
        """Return the one derivative of a place without a kink."""
        return cls(slope, slope, uncertainty, method)

    def nearest(self, number: float) -> float:
        """Return the possible derivative that is nearest to a number."""
        return min(max(number, self.low), self.high)


class Line:
    """A function along one of its arguments, from a point on.

    Attributes:
        point: all arguments.
        x: the one that is changed.
        here: what the function gives there.
        largest: the largest number that it gave so far.
        refusal: the latest error where it was not defined.
    """

    def __init__(
        self, evaluate: Callable[[list[float]], Evaluation], point: list[float], position: int
    ) -> None:
        self._evaluate, self._position = evaluate, position
        self.point = point
        self.x = point[position]
        self.here = evaluate(point)
        self.largest = abs(self.here.number)
        self.refusal: DomainError | None = None

    def step(self, distance: float) -> Evaluation | None:
        """Return what the function gives at a distance from the point, if it is defined there."""
        stepped = list(self.point)
        stepped[self._position] += distance
        try:
            evaluation = self._evaluate(stepped)
        except DomainError as error:
            self.refusal = error
            return None
        self.largest = max(self.largest, abs(evaluation.number))
        return evaluation


def measure_slope(line: Line, *, expected: float, scale: float, tolerance: float) -> Slope | None:
    """Return what difference quotients tell about the derivative along a line.

    Where they tell another than is expected, the slopes on both sides are compared, as there may be
    a kink that no pattern shows. None stands for a function whose numbers cannot show a derivative
    of that scale, as those of sin at 1e50: it would change them by more than all of them from one
    float to the next.

    Raises:
        DomainError: no quotient can be computed, not even a one-sided one.
    """
    slope = _find_surest(line, "left and right", tolerance)
    if 0 < line.largest < scale * math.ulp(line.x):
        return None
    enough = scale * tolerance
    if slope and abs(expected - slope.low) <= enough + slope.uncertainty:
        return slope
    sides = [one for side in ("left", "right") if (one := _find_surest(line, side, tolerance))]
    if not sides:
        raise DomainError(
            f"no finite difference quotient at {line.point!r}, not even a one-sided one"
            + (f": {line.refusal}" if line.refusal else "")
        ) from line.refusal
    low, high = min(one.low for one in sides), max(one.high for one in sides)
    uncertainty = max(one.uncertainty for one in sides)
    if slope and high - low <= 4 * (enough + uncertainty):
        return min(slope, *sides, key=lambda one: one.uncertainty)
    return Slope(low, high, uncertainty, "slopes on both sides of a kink", kink=True)


class _Quotient(NamedTuple):
    slope: float
    rounding: float
    method: str


def _quotient(line: Line, h: float, sides: str) -> _Quotient | None:
    """Return the central quotient; with one side, at an edge or beside a kink, that of the side.

    On a kink, with both sides, there is none.
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


def _divide(left: Evaluation, right: Evaluation, distance: float, method: str) -> _Quotient:
    half = distance / 2  # as the difference of two huge numbers may overflow, but not their halves'
    slope = (right.number / 2 - left.number / 2) / half
    return _Quotient(slope, (left.rounding + right.rounding) / distance, method)


def _find_surest(line: Line, sides: str, tolerance: float) -> Slope | None:
    """Return the quotient with the least uncertainty, if there are any.

    The uncertainty is the rounding, and 8 times the change since the step before. Steps longer than
    the waves of a function, or than the distance to a pole, give quotients that are small and
    change little. So what a shorter step refutes does not count, nor, where the rounding is known,
    what is less than its own uncertainty.
    """
    rounding_is_known = line.here.pattern is not None
    surest: Slope | None = None
    previous: float | None = None
    for h in _steps(line.x):
        found = _quotient(line, h, sides)
        if found is None or not math.isfinite(found.slope + found.rounding):
            continue
        if previous is not None:
            truncation = 8 * abs(found.slope - previous)
            latest = Slope.single(found.slope, found.rounding + truncation, found.method)
            if (
                surest is None
                or latest.uncertainty < surest.uncertainty
                or (rounding_is_known and surest.uncertainty > abs(surest.low))
                or abs(latest.low - surest.low) > surest.uncertainty + latest.uncertainty
            ):
                surest = latest
            elif surest.uncertainty < 0.01 * abs(surest.low):
                break  # from here on rounding grows
            if latest.uncertainty <= tolerance * abs(latest.low) or truncation <= found.rounding:
                break
        previous = found.slope
    return surest


def _steps(x: float) -> Iterator[float]:
    """Yield ever shorter steps such that x + h is not rounded."""
    steps = [5e-5 * max(abs(x), 1.0) / 8.0**shortening for shortening in range(-1, 13)]
    if abs(x) < 1e-12:  # there may be a pole or an edge at zero, nearer than these
        steps += [4e-4 * abs(x), 5e-5 * abs(x)]
    for h in steps:
        if h:
            yield (x + h) - x or h

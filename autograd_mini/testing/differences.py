"""Difference quotients of a function of numbers, each with a bound for how wrong it may be."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from autograd_mini.errors import DomainError

__all__ = [
    "Evaluation",
    "KinkError",
    "Slope",
    "central",
    "extrapolated",
    "is_observable",
    "on_both_sides",
]

# A difference quotient is the sum of weight · f(x + offset · h), over h. All three are exact for
# parabolas; the one-sided ones serve at the edge of a domain and at a kink.
Stencil = Sequence[tuple[int, float]]
_CENTRAL: Stencil = ((1, 0.5), (-1, -0.5))
_RIGHT: Stencil = ((0, -1.5), (1, 2.0), (2, -0.5))
_LEFT: Stencil = tuple((-offset, -weight) for offset, weight in _RIGHT)


class Evaluation(NamedTuple):
    """What a function gave: its number, a bound for its rounding, and the way it was computed.

    The pattern tells on which side of each kink the computation was. Between two points with
    different patterns there is one.
    """

    number: float
    rounding: float
    pattern: object = None


Evaluate = Callable[[list[float]], Evaluation]
"""Computes the function at a point, or raises DomainError where it is not defined."""


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


class KinkError(Exception):
    """There is a kink within every step."""


def central(evaluate: Evaluate, point: list[float], position: int, *, enough: float) -> Slope:
    """Return the difference quotient with h = 6e-6 · max(|x|, 1e-3), or a better one.

    While it is not certain enough, and gets more so, the step is shortened by factors of 8, which
    lets it come close to poles. At the edge of a domain, and beside a kink, it is one-sided.

    Raises:
        KinkError: the point is on a kink.
        DomainError: not even a one-sided quotient can be computed.
    """
    stencils = (_CENTRAL, _RIGHT, _LEFT)
    return _least_uncertain(evaluate, point, position, stencils, on_kink=False, enough=enough)


def on_both_sides(evaluate: Evaluate, point: list[float], position: int) -> Slope | None:
    """Return the slopes on both sides of a kink, or on the one that has one; None without any."""
    slopes = []
    for stencil in (_LEFT, _RIGHT):
        with contextlib.suppress(DomainError, KinkError):  # then this side has no slope
            slopes.append(
                _least_uncertain(evaluate, point, position, (stencil,), on_kink=True, enough=0.0)
            )
    if not slopes:
        return None
    return Slope(
        min(one.low for one in slopes),
        max(one.high for one in slopes),
        max(one.uncertainty for one in slopes),
        "slopes on both sides of a kink" if len(slopes) == 2 else slopes[0].method,
        kink=True,
    )


def extrapolated(evaluate: Evaluate, point: list[float], position: int) -> Slope | None:
    """Return the limit of central quotients over halved steps; None if none could be taken.

    By Richardson's extrapolation in the form of Ridders (*Accurate computation of F′(x) and
    F′(x)F″(x)*, Advances in Engineering Software 4, 1982): it knows a smooth function's derivative
    to ten digits or so, and how sure it is.
    """
    start = 0.25 * max(abs(point[position]), 1e-3)
    best: Slope | None = None
    row: list[float] = []
    for halvings in range(14):
        h = start / 2.0**halvings
        try:
            quotient, rounding = _applied(_CENTRAL, evaluate, point, position, h)
        except (DomainError, KinkError):
            row, best = [], None
            continue
        above, row = row, [quotient]
        for order, previous in enumerate(above):
            factor = 4.0 ** (order + 1)
            row.append((factor * row[-1] - previous) / (factor - 1))
            uncertainty = max(abs(row[-1] - row[-2]), abs(row[-1] - previous), 2 * rounding)
            if best is None or uncertainty < best.uncertainty:
                best = Slope.single(row[-1], uncertainty, "extrapolated difference")
    return best


def _least_uncertain(
    evaluate: Evaluate,
    point: list[float],
    position: int,
    stencils: Sequence[Stencil],
    *,
    on_kink: bool,
    enough: float,
) -> Slope:
    """Return the best of the quotients over ever shorter steps.

    How far one is from the derivative is taken to be 8 times its change since the step before, 8
    times as long, and its rounding. Where it grows by more than rounding can explain, the steps are
    longer than waves of the function, or than the distance to a pole: it has nothing to do with the
    derivative yet, nor have those before it, unless the rounding is not known.
    """
    rounding_is_known = _pattern_at(evaluate, point) is not None
    best = nothing = Slope.single(math.nan, math.inf, "")
    crossed = False
    refused: DomainError | None = None
    for steps in _series(point[position]):
        previous: float | None = None
        for h in steps:
            try:
                quotient, rounding, method = _first(
                    stencils, evaluate, point, position, h, on_kink=on_kink
                )
            except DomainError as error:
                refused = error
                continue
            except KinkError:
                crossed = True
                continue
            if previous is not None:
                change = abs(quotient - previous)
                uncertainty = rounding + 8 * change
                if abs(quotient) > 1.5 * abs(previous) and change > 4 * rounding:
                    best = nothing if rounding_is_known else best
                elif uncertainty < best.uncertainty:
                    best = Slope.single(quotient, uncertainty, method)
            if best.uncertainty <= enough or rounding > best.uncertainty:
                break
            previous = quotient
        if best.uncertainty <= enough:
            break
    if best.uncertainty < math.inf:
        return best
    if crossed:
        raise KinkError
    raise DomainError(
        f"no finite difference quotient at {point!r}, not even a one-sided one"
        + (f": {refused}" if refused else "")
    ) from refused


def _pattern_at(evaluate: Evaluate, point: list[float]) -> object:
    with contextlib.suppress(DomainError):
        return evaluate(point).pattern
    return None


def _series(x: float) -> Iterator[list[float]]:
    """Yield lists of ever shorter steps; beside a number of less than 1e-9, far shorter ones first.

    They are such that x + h is not rounded.
    """
    sizes = [max(abs(x), 1e-3)]
    if 0 < abs(x) < 1e-9:
        sizes.insert(0, abs(x))
    for size in sizes:
        steps = [6e-6 * size / 8.0**shortening for shortening in range(-1, 12)]
        yield [(x + h) - x or h for h in steps if h]


def is_observable(evaluate: Evaluate, point: list[float], position: int, *, scale: float) -> bool:
    """Return whether a derivative of that size shows in the numbers of the function.

    It does not if it would change them by more than all of them from one float to the next, as
    that of sin at 1e50 would.
    """
    x = point[position]
    sizes = []
    for offset in (0, 1, -1):
        stepped = list(point)
        stepped[position] += offset * 6e-6 * max(abs(x), 1e-3)
        with contextlib.suppress(DomainError):
            sizes.append(abs(evaluate(stepped).number))
    largest = max(sizes, default=0.0)
    return not 0 < largest < scale * math.ulp(x) or x == 0


_METHODS = {_CENTRAL: "central difference", _RIGHT: "right difference", _LEFT: "left difference"}


def _first(
    stencils: Sequence[Stencil],
    evaluate: Evaluate,
    point: list[float],
    position: int,
    h: float,
    *,
    on_kink: bool,
) -> tuple[float, float, str]:
    """Return the quotient, its rounding and its name, by the first stencil that does."""
    refusals: list[DomainError | KinkError] = []
    for stencil in stencils:
        try:
            quotient, rounding = _applied(stencil, evaluate, point, position, h, on_kink=on_kink)
        except (DomainError, KinkError) as error:
            refusals.append(error)
        else:
            return quotient, rounding, _METHODS[stencil]
    raise next((one for one in refusals if isinstance(one, KinkError)), refusals[-1])


def _applied(
    stencil: Stencil,
    evaluate: Evaluate,
    point: list[float],
    position: int,
    h: float,
    *,
    on_kink: bool = False,
) -> tuple[float, float]:
    """Return a quotient and its rounding; on a kink, the pattern at the point itself is its own."""
    difference = rounding = 0.0
    patterns = []
    for offset, weight in stencil:
        stepped = list(point)
        stepped[position] += offset * h
        evaluation = evaluate(stepped)
        difference += weight * evaluation.number
        rounding += abs(weight) * evaluation.rounding
        if offset or not on_kink:
            patterns.append(evaluation.pattern)
    if any(pattern != patterns[0] for pattern in patterns):
        raise KinkError
    return difference / h, rounding / h

"""The points of a curve, with gaps at jumps and where it is not defined."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeVar

from autograd_mini.arguments import finite, items, number, requirement
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.errors import DomainError

__all__ = [
    "Curve",
    "Pair",
    "check_interval",
    "evaluate",
    "find_slope",
    "leave_gap",
    "read_number",
    "read_pair",
    "sample",
    "spread",
]

Curve = tuple[list[float], list[float]]
"""The points of a curve, all x and then all y; a NaN is a gap."""
Pair = tuple[float, float]
T = TypeVar("T")

_PIECES = 400
"""The number of pieces of a curve."""
_HALVINGS = 40
"""A piece with a jump is halved this many times."""
_JUMP = 0.01
"""A jump is at least this part of the height of the curve."""


def sample(f: Callable[[float], float], low: float, high: float) -> Curve:
    """Return the points of a curve, with a gap inside each jump."""
    points = [(x, evaluate(f, x)) for x in spread(low, high, _PIECES + 1)]
    known = [y for _, y in points if not math.isnan(y)]
    least = _JUMP * (max(known) - min(known)) if known else 0.0
    line = points[:1]
    for before, after in pairwise(points):
        if abs(after[1] - before[1]) > least:
            left, right = _narrow(f, before, after)
            if abs(right[1] - left[1]) > least:
                line += [left, (right[0], math.nan), right]
        line.append(after)
    return [x for x, _ in line], [y for _, y in line]


def _narrow(
    f: Callable[[float], float], left: tuple[float, float], right: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return points next to each other between which the curve rises or falls the most."""
    for _ in range(_HALVINGS):
        x = (left[0] + right[0]) / 2
        middle = (x, evaluate(f, x))
        if abs(middle[1] - left[1]) > abs(right[1] - middle[1]):
            right = middle
        else:
            left = middle
    return left, right


def evaluate(f: Callable[[T], float], x: T) -> float:
    """Return f(x), or NaN where it is not defined or not finite."""
    try:
        return leave_gap(f(x))
    except DomainError:
        return math.nan


def leave_gap(y: float) -> float:
    """Return a number; NaN if it is not finite."""
    return y if math.isfinite(y) else math.nan


def spread(low: float, high: float, steps: int) -> list[float]:
    """Return numbers at equal distances, the bounds included."""
    return [low + (high - low) * (i / (steps - 1)) for i in range(steps)]


def check_interval(low: float, high: float, where: str) -> tuple[float, float]:
    """Return the bounds of a chart as floats."""
    low, high = finite(low, argument=f"{where}: low"), finite(high, argument=f"{where}: high")
    if not low < high:
        raise ValueError(requirement(f"{where}: low", f"less than high = {high!r}", low))
    return low, high


def read_number(result: Any, argument: str) -> float:
    """Return the result of a function, a number or a Value, as a number."""
    if isinstance(result, Value):
        return result.data
    try:
        return number(result, argument=argument)
    except TypeError:
        raise TypeError(requirement(argument, "a Value or a number", result)) from None


def read_pair(x: object, argument: str, way_out: str = "") -> Pair:
    """Return a pair of finite numbers."""
    rule = "a pair of numbers"
    numbers = [
        finite(number, argument=argument) for number in items(x, argument=argument, rule=rule)
    ]
    if len(numbers) != 2:
        raise ValueError(requirement(argument, rule, numbers, way_out))
    return numbers[0], numbers[1]


def find_slope(out: Value, leaf: Value) -> float:
    """Return the derivative of a result; leave every gradient alone."""
    return float(Graph(out).chain_rule().get(leaf, 0.0))

"""Charts of gradient descent, on a curve or on a map."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from autograd_mini.arguments import finite, items, requirement
from autograd_mini.engines import Value
from autograd_mini.views.charts.canvas import BLUE, ROOM, VERMILLION, take_axes
from autograd_mini.views.charts.contours import draw_contours
from autograd_mini.views.charts.curves import (
    Pair,
    check_interval,
    find_slope,
    read_number,
    read_pair,
    sample,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["descent"]

_DIGIT, _EDGE, _LINE = 0.018, 0.025, 0.06
"""The widths of a digit and of the edge around a number, and its height, as parts of the chart."""


def descent(
    cost: Callable[..., Any],
    weights: Iterable[float | Sequence[float]],
    /,
    *,
    low: float | Sequence[float] | None = None,
    high: float | Sequence[float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a cost and the steps of a descent on it: J(w) as a curve, J(w₁, w₂) as a map.

    docs/views.md says what the curve and the map show.

    Args:
        cost: a function of one Value or of two, such as
            ``lambda w: sum_of_squares([w * x for x in X], y)``, that returns a Value or a number.
        weights: the weight at the start, and after each step; or pairs of two weights.
        low, high: the bounds of w, or pairs; None for bounds around the lowest cost.
        ax: where to draw; None makes a figure.

    Raises:
        TypeError: ``cost`` is not a function, or gives no number; a weight is not a number.
        ValueError: there are no weights, a weight or its cost is not finite, or ``low`` is not
            below ``high``.
        DomainError: the cost is not defined at a weight.
        ModuleNotFoundError: matplotlib is not installed.

    >>> from matplotlib.figure import Figure
    >>> ax = descent(lambda w: (w - 2) ** 2, [0.0, 1.0, 1.5], ax=Figure().subplots())
    >>> [line.get_label() for line in ax.lines]
    ['J(w)', 'slope at the start: -4', 'steps']
    """
    where = "plots.descent"
    if not callable(cost):
        raise TypeError(requirement(f"{where}: cost", "a function of one Value or two", cost))
    given = items(weights, argument=f"{where}: weights", rule="a list of numbers or of pairs")
    if not given:
        raise ValueError(requirement(f"{where}: weights", "a list of one number or more", given))
    if isinstance(given[0], Iterable):
        return _draw_on_map(cost, given, low, high, ax, where)
    return _draw_on_curve(cost, given, low, high, ax, where)


def _draw_on_curve(
    cost: Callable[..., Any], weights: Sequence[Any], low: Any, high: Any, ax: Any, where: str
) -> Axes:
    ws = [finite(w, argument=f"{where}: weights[{i}]") for i, w in enumerate(weights)]

    def compute_cost(w: float) -> float:
        return read_number(cost(Value(w)), f"{where}: result of cost")

    costs = _compute_costs(compute_cost, ws, where)
    least, most = _find_bounds(ws, costs)
    low, high = check_interval(least if low is None else low, most if high is None else high, where)
    xs, ys = sample(compute_cost, low, high)

    axes = take_axes(ax, where)
    axes.plot(xs, ys, color="0.6", linewidth=2.5, label="J(w)")
    seen = [j for j in ys if math.isfinite(j)] + costs
    bottom = min(seen)
    top = max(costs) if max(costs) > min(costs) else max(seen)
    room = ROOM * (top - bottom) or 1.0
    axes.set(xlim=(low, high), ylim=(bottom - room, top + room), xlabel="w", ylabel="J(w)")
    _draw_tangent(axes, cost, ws[0])
    _draw_steps(axes, ws, costs)
    return axes


def _draw_on_map(
    cost: Callable[..., Any], weights: Sequence[Any], low: Any, high: Any, ax: Any, where: str
) -> Axes:
    points = [read_pair(w, f"{where}: weights[{i}]") for i, w in enumerate(weights)]

    def compute_cost(point: Pair) -> float:
        return read_number(cost(*map(Value, point)), f"{where}: result of cost")

    costs = _compute_costs(compute_cost, points, where)
    across, up = (list(ws) for ws in zip(*points, strict=True))
    bounds = [_find_bounds(ws, costs) for ws in (across, up)]
    lows, highs = zip(*bounds, strict=True)
    lows = lows if low is None else read_pair(low, f"{where}: low")
    highs = highs if high is None else read_pair(high, f"{where}: high")
    xlim, ylim = (check_interval(*pair, where) for pair in zip(lows, highs, strict=True))

    axes = take_axes(ax, where)
    axes.set(xlim=xlim, ylim=ylim, xlabel="w₁", ylabel="w₂")
    draw_contours(axes, compute_cost, lows, highs, label="J(w₁, w₂)")
    _draw_steps(axes, across, up)
    return axes


def _compute_costs(cost: Callable[[Any], float], weights: Sequence[Any], where: str) -> list[float]:
    return [
        finite(cost(w), argument=f"{where}: cost at weights[{i}] = {w!r}")
        for i, w in enumerate(weights)
    ]


def _find_bounds(ws: Sequence[float], costs: Sequence[float]) -> tuple[float, float]:
    """Return bounds for all weights that are equally far from the weight with the lowest cost."""
    center = ws[costs.index(min(costs))]
    reach = (1 + ROOM) * max(abs(w - center) for w in ws) or max(1.0, abs(center))
    return center - reach, center + reach


def _draw_steps(axes: Any, xs: Sequence[float], ys: Sequence[float]) -> None:
    axes.plot(xs, ys, "-o", color=VERMILLION, linewidth=1, label="steps", zorder=3)
    _number_steps(axes, xs, ys)
    axes.legend()


def _draw_tangent(axes: Any, cost: Callable[[Any], Any], w: float) -> None:
    """Draw a piece of the tangent of a cost, downhill, if the cost is a Value."""
    leaf = Value(w, name="w")
    out = cost(leaf)
    slope = find_slope(out, leaf) if isinstance(out, Value) else math.nan
    if not math.isfinite(slope):
        return
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    length = min(0.2 * (right - left), 0.3 * (top - bottom) / abs(slope) if slope else math.inf)
    end = w - math.copysign(length, slope)
    axes.plot(
        [w, end],
        [out.data, out.data + slope * (end - w)],
        "--",
        color=BLUE,
        linewidth=2,
        label=f"slope at the start: {slope:.4g}",
    )


def _number_steps(axes: Any, xs: Sequence[float], ys: Sequence[float]) -> None:
    """Write their numbers on the first step, the last, and the steps where there is room."""
    steps = list(zip(xs, ys, strict=True))
    places = axes.transLimits.transform(steps).tolist()  # (0, 0) to (1, 1) on the chart
    numbered: list[int] = []

    def covers(i: int, other: int) -> bool:
        across, up = (abs(a - b) for a, b in zip(places[i], places[other], strict=True))
        width = _EDGE + _DIGIT * (len(str(i)) + len(str(other))) / 2
        return bool(across < width and up < _LINE)

    for i in [0, len(steps) - 1, *range(1, len(steps) - 1)]:
        if not any(covers(i, other) for other in numbered):
            numbered.append(i)
            axes.annotate(
                str(i),
                steps[i],
                color="white",
                fontsize="small",
                horizontalalignment="center",
                verticalalignment="center",
                bbox={"boxstyle": "round,pad=0.2", "facecolor": VERMILLION, "edgecolor": "white"},
            )

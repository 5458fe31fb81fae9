"""Charts of gradient descent on a curve."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from autograd_mini.arguments import finite, items, requirement
from autograd_mini.engines import Value
from autograd_mini.views.charts.canvas import BLUE, ROOM, VERMILLION, take_axes
from autograd_mini.views.charts.curves import check_interval, find_slope, read_number, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["descent"]

_APART = 0.05
"""Two numbered steps are at least this part of the chart apart."""


def descent(
    cost: Callable[[Any], Any],
    weights: Iterable[float],
    /,
    *,
    low: float | None = None,
    high: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the curve of a cost J(w) and the steps of a descent on it.

    The steps have numbers from 0 where there is room; the dashed line is the tangent at the start.

    Args:
        cost: a function of one Value, such as
            ``lambda w: sum_of_squares([w * x for x in X], y)``. If it returns a plain number, there
            is no tangent. Outside its domain there is a gap.
        weights: the weight at the start, and after each step.
        low, high: the bounds of w; None for bounds around the weight with the lowest cost.
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
        raise TypeError(requirement(f"{where}: cost", "a function of one Value", cost))
    given = items(weights, argument=f"{where}: weights", rule="a list of numbers")
    ws = [finite(w, argument=f"{where}: weights[{i}]") for i, w in enumerate(given)]
    if not ws:
        raise ValueError(requirement(f"{where}: weights", "a list of one number or more", ws))

    def compute_cost(w: float) -> float:
        return read_number(cost(Value(w)), f"{where}: result of cost")

    costs = [
        finite(compute_cost(w), argument=f"{where}: cost at weights[{i}] = {w!r}")
        for i, w in enumerate(ws)
    ]
    center = ws[costs.index(min(costs))]
    reach = (1 + ROOM) * max(abs(w - center) for w in ws) or max(1.0, abs(center))
    low, high = check_interval(
        center - reach if low is None else low, center + reach if high is None else high, where
    )
    xs, ys = sample(compute_cost, low, high)

    axes = take_axes(ax, where)
    axes.plot(xs, ys, color="0.6", linewidth=2.5, label="J(w)")
    seen = [j for j in ys if math.isfinite(j)] + costs
    bottom = min(seen)
    top = max(costs) if max(costs) > min(costs) else max(seen)
    room = ROOM * (top - bottom) or 1.0
    axes.set(xlim=(low, high), ylim=(bottom - room, top + room), xlabel="w", ylabel="J(w)")
    _draw_tangent(axes, cost, ws[0])
    axes.plot(ws, costs, "-o", color=VERMILLION, linewidth=1, label="steps", zorder=3)
    _number_steps(axes, ws, costs)
    axes.legend()
    return axes


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


def _number_steps(axes: Any, ws: list[float], costs: list[float]) -> None:
    """Write their numbers on the first step, the last, and the steps apart from these."""
    steps = list(zip(ws, costs, strict=True))
    places = axes.transLimits.transform(steps).tolist()  # (0, 0) to (1, 1) on the chart
    numbered: list[int] = []
    for i in [0, len(steps) - 1, *range(1, len(steps) - 1)]:
        if all(math.dist(places[i], places[other]) > _APART for other in numbered):
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

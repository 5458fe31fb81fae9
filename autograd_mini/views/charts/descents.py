"""Charts of gradient descent on a curve."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from autograd_mini.arguments import finite
from autograd_mini.engines import Value
from autograd_mini.errors import DomainError
from autograd_mini.views.charts.canvas import BLUE, GREY, ROOM, VERMILLION, axes_for
from autograd_mini.views.charts.curves import interval, number_of, sampled, slope_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["descent"]

_FLAT = 0.3
"""A curve is flat if it rises and falls less than that, where the diagonal rises by 1."""
_NEAR = 14.0
"""Below this distance, in points, there is no room for a number or an arrowhead."""


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

    The steps are numbered from 0, where there is room. A dashed line is the tangent at the first,
    downhill.

    Args:
        cost: a function of one Value or number, such as
            ``lambda w: sum_of_squares([w * x for x in X], y)``; one that returns a plain number
            for a Value gets no tangent.
        weights: the numbers that the weight was, in order: the start, then one for each step.
        low, high: where w begins and ends; None to show as much on either side of the weight with
            the lowest cost. Outside the domain of the cost there is a gap.
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
    what = "plots.descent"
    if not callable(cost):
        raise TypeError(f"{what}: cost must be a function of one Value, got {cost!r}")
    if isinstance(weights, str) or not isinstance(weights, Iterable):
        raise TypeError(f"{what}: weights takes a list of numbers, got {weights!r}")
    ws = [finite(w, what=f"{what}: weights[{i}]") for i, w in enumerate(weights)]
    if not ws:
        raise ValueError(f"{what}: weights must have at least one number, got none")
    costs = [number_of(cost(Value(w)), f"{what}: cost") for w in ws]
    for i, (w, j) in enumerate(zip(ws, costs, strict=True)):
        finite(j, what=f"{what}: the cost at weights[{i}] = {w!r}")
    centre = ws[costs.index(min(costs))]
    reach = (1 + ROOM) * max(abs(w - centre) for w in ws) or max(1.0, abs(centre))
    low, high = interval(
        centre - reach if low is None else low, centre + reach if high is None else high, what
    )

    def at(w: float) -> float:
        try:
            return number_of(cost(Value(w)), f"{what}: cost")
        except DomainError:
            return math.nan

    curve = sampled(at, low, high)

    axes = axes_for(ax, what)
    axes.plot(curve.xs, curve.ys, color=GREY, linewidth=2.5, label="J(w)")
    seen = [j for j in curve.ys if math.isfinite(j)] + costs
    bottom = min(seen)
    top = max(costs) if max(costs) > min(costs) else max(seen)
    room = ROOM * (top - bottom) or 1.0
    axes.set(xlim=(low, high), ylim=(bottom - room, top + room), xlabel="w", ylabel="J(w)")
    _draw_tangent(axes, cost, ws[0])
    axes.plot(
        ws, costs, color=VERMILLION, marker="o", linewidth=1, markersize=6, label="steps", zorder=3
    )
    _draw_steps(axes, ws, costs, at)
    axes.legend()
    return axes


def _draw_tangent(axes: Any, cost: Callable[[Any], Any], w: float) -> None:
    """Draw a piece of the tangent of a cost, downhill, if the cost knows its slope."""
    leaf = Value(w, name="w")
    out = cost(leaf)
    slope = slope_of(out, leaf) if isinstance(out, Value) else math.nan
    if not math.isfinite(slope):
        return
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    length = min(0.2 * (right - left), 0.3 * (top - bottom) / abs(slope) if slope else math.inf)
    end = w - math.copysign(length, slope)
    axes.plot(
        [w, end],
        [out.data, out.data + slope * (end - w)],
        color=BLUE,
        linewidth=2,
        linestyle="--",
        label=f"slope at the start: {slope:.4g}",
    )


def _draw_steps(
    axes: Any, ws: list[float], costs: list[float], cost: Callable[[float], float]
) -> None:
    """Draw an arrowhead on each step that is long enough, and numbers where there is room."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    short = 1e-3 * (right - left)
    pixels = axes.transData.transform(list(zip(ws, costs, strict=True))).tolist()
    near = _NEAR * axes.figure.dpi / 72
    for (a, b), (start, end) in zip(
        pairwise(pixels), pairwise(zip(ws, costs, strict=True)), strict=True
    ):
        if math.dist(a, b) > near:
            axes.annotate(
                "", end, start, arrowprops={"arrowstyle": "-|>", "color": VERMILLION, "shrinkA": 0}
            )
    numbered: list[int] = []
    for i in [0, len(ws) - 1, *range(1, len(ws) - 1)]:
        if all(math.dist(pixels[i], pixels[other]) > near for other in numbered):
            numbered.append(i)
            # Below the curve, where no step goes: to the left of it where it falls.
            rise = (cost(ws[i] + short) - cost(ws[i] - short)) / (top - bottom) / (2e-3)
            side = 1 if rise > _FLAT else -1 if rise < -_FLAT else 0
            axes.annotate(
                str(i),
                (ws[i], costs[i]),
                (7 * side, -3 if side else -7),
                textcoords="offset points",
                horizontalalignment=("center", "left", "right")[side],
                verticalalignment="top",
                color=VERMILLION,
            )

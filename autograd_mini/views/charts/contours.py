"""The map of a cost over two weights: contours, and their scale."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd_mini.views.charts.canvas import BLUE
from autograd_mini.views.charts.curves import Pair, evaluate, spread

__all__ = ["draw_contours"]

_GRID = 50
"""The number of points in each direction."""
_BANDS = 12
"""The number of bands. They are narrow near the lowest cost, where a descent is slow."""
_PALEST, _STRONGEST = 0.1, 0.9
"""How much of the color the lowest and the highest band have; the rest is white."""


def draw_contours(
    axes: Any, cost: Callable[[Pair], float], low: Pair, high: Pair, *, label: str
) -> None:
    """Color a rectangle by the cost, from pale to blue; leave a gap where it is not defined.

    Args:
        axes: where to draw.
        cost: returns the cost at a pair of weights.
        low, high: the corners of the rectangle.
        label: what the color means.
    """
    import numpy as np  # noqa: PLC0415 - optional, comes with matplotlib
    from matplotlib.colors import to_rgb  # noqa: PLC0415 - optional

    across, up = (spread(*bounds, _GRID) for bounds in zip(low, high, strict=True))
    costs = [[evaluate(cost, (a, b)) for a in across] for b in up]
    known = [j for row in costs for j in row if math.isfinite(j)]
    levels = _choose_levels(min(known), max(known)) if known else []
    if len(levels) < 2:
        return
    strengths = spread(_PALEST, _STRONGEST, max(len(levels) - 1, 2))
    colors = [tuple(1 - strength * (1 - part) for part in to_rgb(BLUE)) for strength in strengths]
    masked = np.ma.masked_invalid(costs)
    bands = axes.contourf(across, up, masked, levels=levels, colors=colors[: len(levels) - 1])
    axes.contour(across, up, masked, levels=levels[1:-1], colors="white", linewidths=0.6)
    bar = axes.figure.colorbar(bands, ax=axes, label=label, format="%.3g")
    bar.set_ticks(levels[::2])


def _choose_levels(low: float, high: float) -> list[float]:
    """Return the bounds of the bands: the distances between them grow."""
    levels = {low + (high - low) * (k / _BANDS) ** 3 for k in range(_BANDS)} | {high}
    return sorted(level for level in levels if math.isfinite(level))

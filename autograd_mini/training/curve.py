"""The curve of the losses of a training, as an SVG that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["MANY", "draw_curve"]

_WIDTH, _HEIGHT = 400, 160
_LEFT, _TOP, _RIGHT, _BOTTOM = 76, 24, 388, 134
"""The size of the picture, and the bounds of the curve in it."""
_PIECES = 150
"""A curve of more epochs than twice this shows the least and the greatest loss of each piece."""
MANY = 100.0
"""The scale is logarithmic if the largest loss is this many times the smallest."""
_LINE, _GRAY = "#1f83c4", "#767676"  # both are legible on white and on black


def draw_curve(losses: Sequence[float], validation: Sequence[float] = ()) -> str:
    """Return an SVG of the loss of each epoch; losses that are not finite are left out.

    Args:
        losses: the loss of each epoch.
        validation: the validation loss of each, which is a thin line.

    >>> draw_curve([4.0, 1.0], [3.0, 2.0]).count("<polyline")
    2
    """
    points, others = _find_points(losses), _find_points(validation)
    if not points:
        return ""
    low, high = min(y for _, y in points + others), max(y for _, y in points + others)
    is_logarithmic = low > 0 and high > MANY * low
    size, last = max(abs(low), abs(high)) or 1.0, len(losses)

    def scale(loss: float) -> float:
        # Parts of the size, as the difference of two floats may overflow.
        return math.log(loss) if is_logarithmic else loss / size

    bottom, top = scale(low), scale(high)

    def place(epoch: int, loss: float) -> str:
        part = (scale(loss) - bottom) / (top - bottom) if top > bottom else 0.5
        x = _LEFT + (_RIGHT - _LEFT) * (epoch - 1) / max(last - 1, 1)
        return f"{x:.1f},{_BOTTOM - (_BOTTOM - _TOP) * part:.1f}"

    def label(x: float, y: float, anchor: str, text: str) -> str:
        return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'

    title = "loss (thin: validation)" if others else "loss"
    texts = [label(_LEFT, 14, "start", f"{title}, logarithmic" if is_logarithmic else title)]
    texts.append(label(_LEFT - 6, _TOP + 4 if top > bottom else 83, "end", f"{high:.4g}"))
    if top > bottom:
        texts.append(label(_LEFT - 6, _BOTTOM + 4, "end", f"{low:.4g}"))
    texts.append(label(_LEFT, _BOTTOM + 18, "start", "epoch 1"))
    if last > 1:
        texts.append(label(_RIGHT, _BOTTOM + 18, "end", str(last)))
    places = [place(*point) for point in points]
    thin = _draw_line([place(*point) for point in others], 1) if others else ""
    x, y = places[-1].split(",")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12" '
        f'fill="{_GRAY}">{"".join(texts)}'
        f'<path d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}" fill="none" stroke="{_GRAY}"/>'
        f'{thin}{_draw_line(places, 2)}<circle cx="{x}" cy="{y}" r="4" fill="{_LINE}"/></svg>'
    )


def _find_points(losses: Sequence[float]) -> list[tuple[int, float]]:
    """Return the points of a curve: the number of the epoch, and its loss."""
    return _thin_out([(e, y) for e, y in enumerate(losses, start=1) if math.isfinite(y)])


def _draw_line(places: list[str], width: int) -> str:
    return (
        f'<polyline points="{" ".join(places)}" fill="none" stroke="{_LINE}" '
        f'stroke-width="{width}" stroke-linejoin="round"/>'
    )


def _thin_out(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return fewer points of a long curve, but its first, its last and every peak."""
    if len(points) <= 2 * _PIECES:
        return points
    kept = {points[0], points[-1]}
    for piece in range(_PIECES):
        some = points[len(points) * piece // _PIECES : len(points) * (piece + 1) // _PIECES]
        kept |= {min(some, key=lambda point: point[1]), max(some, key=lambda point: point[1])}
    return sorted(kept)

"""What the charts have in common: colours, axes, scales, legends."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BLUE",
    "COLORS",
    "LINES",
    "MARKERS",
    "PALE",
    "ROOM",
    "VERMILLION",
    "choose_scale",
    "draw_legend_beside",
    "label_each",
    "load_pyplot",
    "take_axes",
]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
BLUE, VERMILLION = COLORS[:2]
PALE = "0.88"
LINES = ("-", "--", "-.", ":")
MARKERS = "os^Dv"
ROOM = 0.15
"""How much more than its points a chart shows, as a part of their distance."""
_SMALLEST = 1e-280
"""Below this, matplotlib has no logarithmic scale with a zero."""
T = TypeVar("T")


def take_axes(ax: Any, argument: str) -> Axes:
    """Return the Axes that were given, or those of a new figure."""
    if ax is None:
        _, ax = load_pyplot(argument).subplots(layout="constrained")
    elif not hasattr(ax, "get_xlim"):
        raise TypeError(
            f"{argument}: ax takes the Axes of one panel, such as pyplot.subplots()[1], "
            f"got {type(ax).__name__} {reprlib.repr(ax)}"
        )
    axes: Axes = ax
    return axes


def load_pyplot(argument: str) -> Any:
    """Return matplotlib's pyplot, or say how to get it."""
    try:
        from matplotlib import pyplot  # noqa: PLC0415 - optional, and slow to import
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{argument} draws with matplotlib, which is not installed: "
            'pip install "autograd-mini[plot]"',
            name=error.name,
        ) from error
    return pyplot


def label_each(given: Any, kind: type[T], argument: str) -> list[tuple[str, T]]:
    """Return what was given with its labels; a single one has an empty label."""
    if isinstance(given, kind):
        return [("", given)]
    if isinstance(given, Mapping) and given and all(isinstance(v, kind) for v in given.values()):
        return [(str(label), one) for label, one in given.items()]
    raise TypeError(
        f"{argument} takes a {kind.__name__}, or a dict of labels and several, "
        f"got {type(given).__name__} {reprlib.repr(given)}"
    )


def choose_scale(axes: Any, sizes: Sequence[float], *, least: float) -> None:
    """Make the scale logarithmic if sizes span more than that; zeros are at its lower end."""
    positive = [size for size in sizes if size > 0]
    if not any(sizes):
        axes.set_ylim(-0.05, 1.0)
    elif min(sizes) < 0 or max(positive) < least * min(positive):
        return
    elif len(positive) == len(sizes):
        axes.set_yscale("log")
    else:
        decade = max(10.0 ** math.floor(math.log10(min(positive))), _SMALLEST)
        axes.set_yscale("symlog", linthresh=decade)
        axes.set_ylim(bottom=-0.3 * decade)


def draw_legend_beside(axes: Any) -> None:
    """Draw the legend where it covers nothing, if the layout makes room for it there."""
    if axes.figure.get_layout_engine() is None:
        axes.legend()
    else:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)

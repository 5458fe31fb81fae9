"""The common parts of the charts: colours, axes, scales, legends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from autograd_mini.arguments import requirement

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BLUE",
    "COLORS",
    "DARK",
    "LINES",
    "LITERAL",
    "MARKERS",
    "PALE",
    "ROOM",
    "VERMILLION",
    "as_label",
    "choose_scale",
    "draw_legend",
    "draw_legend_beside",
    "label_each",
    "load_pyplot",
    "take_axes",
]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#767676")
BLUE, VERMILLION = COLORS[:2]
DARK = "0.4"
"""A line that is seen on white, on black and on light colors."""
PALE = (0.5, 0.5, 0.5, 0.25)
"""The lines of a grid, on any background."""
LINES = ("-", "--", "-.", ":")
MARKERS = "os^Dv"
LITERAL = {"parse_math": False, "usetex": False}
"""How matplotlib is to write a text of the user."""
ROOM = 0.15
"""The margin around the points of a chart, as a part of their distance."""
_SMALLEST = 1e-280
"""Below this, matplotlib has no logarithmic scale with a zero."""
T = TypeVar("T")


def take_axes(ax: Any, where: str) -> Axes:
    """Return ``ax``, or for None the Axes of a new figure."""
    if ax is None:
        _, ax = load_pyplot(where).subplots(layout="constrained")
    elif not hasattr(ax, "get_xlim"):
        rule = "the Axes of one panel, such as pyplot.subplots()[1]"
        raise TypeError(requirement(f"{where}: ax", rule, ax))
    axes: Axes = ax
    return axes


def load_pyplot(where: str) -> Any:
    """Return matplotlib's pyplot, or say how to get it."""
    try:
        from matplotlib import pyplot  # noqa: PLC0415 - optional, and slow to import
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{where}: matplotlib is not installed (pip install matplotlib)",
            name=error.name,
        ) from error
    return pyplot


def label_each(given: Any, kind: type[T], argument: str) -> list[tuple[str, T]]:
    """Return things with their labels; a single thing has an empty label."""
    if isinstance(given, kind):
        return [("", given)]
    if isinstance(given, Mapping) and given and all(isinstance(v, kind) for v in given.values()):
        return [(str(label), thing) for label, thing in given.items()]
    rule = f"a {kind.__name__}, or a dict of labels and several"
    raise TypeError(requirement(argument, rule, given))


def choose_scale(axes: Any, sizes: Sequence[float], *, least: float) -> None:
    """Make the scale logarithmic if sizes span more than ``least``; zeros are at its lower end."""
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


def as_label(text: str) -> str:
    """Return a label for matplotlib, which leaves those with an underscore out of the legend."""
    return f" {text}" if text.startswith("_") else text


def draw_legend(axes: Any, labels: Iterable[str], **options: Any) -> None:
    """Draw the legend, with these labels as they are: no part of them is mathematics."""
    wanted = {as_label(label): label for label in labels}
    for text in axes.legend(**options).get_texts():
        if text.get_text() in wanted:
            text.set(text=wanted[text.get_text()], **LITERAL)


def draw_legend_beside(axes: Any, labels: Iterable[str]) -> None:
    """Draw the legend where it covers nothing, if the layout makes room for it there."""
    if axes.figure.get_layout_engine() is None:
        draw_legend(axes, labels)
    else:
        draw_legend(axes, labels, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)

"""Charts of what a classifier of two inputs decides."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograd_mini.arguments import count, finite
from autograd_mini.views.charts.canvas import COLORS, MARKERS, ROOM, draw_legend_beside, take_axes
from autograd_mini.views.charts.curves import leave_gap, read_number, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["decision_boundary"]

_Pair = tuple[float, float]


def decision_boundary(
    model: Callable[[Any], Any],
    X: Iterable[Sequence[float]],  # noqa: N803 - the field's name for the examples
    y: Iterable[float],
    *,
    threshold: float = 0.0,
    names: Iterable[str] | None = None,
    grid: int = 60,
    ax: Axes | None = None,
) -> Axes:
    """Draw which class a model gives to each point of the plane, and the examples on it.

    A model with one output decides for the second class where its output is above the threshold.
    A model with several decides for the class whose output is the largest, the first of those that
    tie. Where an output is not finite, there is no colour.

    Args:
        model: a function of a pair of floats that gives a Value or a number, or a list of them.
        X: the examples, pairs of numbers.
        y: their classes, as many: 0 and 1, or -1 and 1, or the indices of several outputs.
        threshold: 0 for a score or a logit, 0.5 for a probability; with one output only.
        names: what to call the classes, in ascending order.
        grid: how many points in each direction the model is called for.
        ax: where to draw; None makes a figure.

    Raises:
        TypeError: an argument is of a wrong kind, or the model returns no numbers.
        ValueError: there are no examples, lengths do not fit, or an argument is out of its range.
        ModuleNotFoundError: matplotlib is not installed.

    >>> from matplotlib.figure import Figure
    >>> X, y = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)], [0, 0, 0, 1]
    >>> ax = decision_boundary(lambda x: x[0] + x[1] - 1.5, X, y, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['class 0', 'class 1', 'output = 0']
    """
    argument = "plots.decision_boundary"
    if not callable(model):
        raise TypeError(f"{argument}: model must be a function of a pair of numbers, got {model!r}")
    threshold = finite(threshold, argument=f"{argument}: threshold")
    grid = count(grid, argument=f"{argument}: grid")
    if grid < 2:
        raise ValueError(f"{argument}: grid must be at least 2, got {grid}")
    points, targets = _read_examples(X, y, argument)
    outputs = len(_call_model(model, points[0], argument))
    classes = _find_classes(targets, outputs, argument)
    titles = _name_classes(names, classes, argument)
    across, up = (_spread_around(numbers, grid) for numbers in zip(*points, strict=True))
    scores = [[_call_model(model, (a, b), argument, outputs) for a in across] for b in up]

    axes = take_axes(ax, argument)
    has_boundary = _draw_regions(axes, across, up, scores, threshold)
    for i, (chosen, title) in enumerate(zip(classes, titles, strict=True)):
        of_class = [p for p, target in zip(points, targets, strict=True) if target == chosen]
        axes.plot(
            [a for a, _ in of_class],
            [b for _, b in of_class],
            MARKERS[i % len(MARKERS)],
            markersize=7,
            color=COLORS[i % len(COLORS)],
            markeredgecolor="white",
            label=title,
        )
    boundary = f"output = {threshold:g}" if outputs == 1 else "boundary"
    if has_boundary:
        axes.plot([], [], color="black", label=boundary)
    else:
        axes.plot([], [], linestyle="none", label=f"nowhere {boundary}")
    axes.axis((across[0], across[-1], up[0], up[-1]))
    axes.set(xlabel="first input", ylabel="second input")
    draw_legend_beside(axes)
    return axes


def _draw_regions(
    axes: Any,
    across: list[float],
    up: list[float],
    scores: list[list[list[float]]],
    threshold: float,
) -> bool:
    """Colour the plane by classes and draw the boundary; return whether there is one.

    The region of each class is painted over those of the classes before it, without a gap where
    three meet: where the best of its output and the later ones is above the best of the earlier.
    """
    import numpy as np  # noqa: PLC0415 - optional, comes with matplotlib
    from matplotlib.colors import to_rgb  # noqa: PLC0415 - optional

    outputs = np.moveaxis(np.array(scores), -1, 0)
    if len(outputs) == 1:
        leads = [outputs[0] - threshold]
    else:
        leads = [outputs[k:].max(axis=0) - outputs[:k].max(axis=0) for k in range(1, len(outputs))]
    tints = [tuple(0.75 + 0.25 * part for part in to_rgb(color)) for color in COLORS]
    has_boundary = False
    for k, lead in enumerate(leads, start=1):
        colors = ["none" if k > 1 else tints[0], tints[k % len(tints)]]
        axes.contourf(across, up, lead, levels=[-math.inf, 0.0, math.inf], colors=colors)
        if (lead <= 0).any() and (lead > 0).any():
            # In the order of the regions, so that a later one covers it.
            axes.contour(across, up, lead, levels=[0.0], colors="k", linewidths=1.5, zorder=1)
            has_boundary = True
    return has_boundary


def _read_examples(inputs: Any, classes: Any, argument: str) -> tuple[list[_Pair], list[float]]:
    """Return the examples as pairs of numbers, and the numbers of their classes."""
    for name, given in (("X", inputs), ("y", classes)):
        if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
            raise TypeError(
                f"{argument}: {name} takes a list, got {type(given).__name__} {given!r}"
            )
    points = [_read_pair(x, f"{argument}: X[{i}]") for i, x in enumerate(inputs)]
    targets = [finite(target, argument=f"{argument}: y[{i}]") for i, target in enumerate(classes)]
    if not points:
        raise ValueError(f"{argument}: there must be at least one example, got none")
    if len(points) != len(targets):
        raise ValueError(
            f"{argument}: X and y must be equally long, got lengths {len(points)} and {len(targets)}"
        )
    return points, targets


def _read_pair(x: object, argument: str) -> _Pair:
    if isinstance(x, str) or not isinstance(x, Iterable):
        raise TypeError(f"{argument} must be a pair of numbers, got {x!r}")
    numbers = [finite(one, argument=argument) for one in x]
    if len(numbers) != 2:
        raise ValueError(
            f"{argument} must be a pair of numbers, got {len(numbers)}; a model of more inputs can be "
            "drawn with the others fixed: lambda pair: model([*pair, 0.0])"
        )
    return numbers[0], numbers[1]


def _call_model(
    model: Callable[[Any], Any], point: _Pair, argument: str, expected: int | None = None
) -> list[float]:
    """Return what a model says of a point, as one number or more; NaN for one not finite."""
    out = model(point)
    outputs = list(out) if isinstance(out, Iterable) else [out]
    if not outputs:
        raise ValueError(f"{argument}: the model must return at least one number, got {out!r}")
    numbers = [leave_gap(read_number(one, f"{argument}: model")) for one in outputs]
    if expected not in (None, len(numbers)):
        raise ValueError(
            f"{argument}: the model must return as many outputs everywhere, "
            f"got {expected} at first and {len(numbers)} at {point}"
        )
    return numbers


def _find_classes(targets: list[float], outputs: int, argument: str) -> Sequence[int]:
    """Return the classes that a model with so many outputs tells apart."""
    kinds: list[Sequence[int]] = [(0, 1), (-1, 1)] if outputs == 1 else [range(outputs)]
    for kind in kinds:
        if set(targets) <= set(kind):
            return kind
    rule = (
        "0 and 1, or -1 and 1, as the model has one output"
        if outputs == 1
        else f"from 0 to {outputs - 1}, as the model has {outputs} outputs"
    )
    raise ValueError(
        f"{argument}: y must be classes {rule}; got {reprlib.repr(sorted(set(targets)))}"
    )


def _name_classes(names: Iterable[str] | None, classes: Sequence[int], argument: str) -> list[str]:
    """Return what to call the classes."""
    if names is None:
        return [f"class {chosen}" for chosen in classes]
    titles = [] if isinstance(names, str) or not isinstance(names, Iterable) else list(names)
    if len(titles) != len(classes) or not all(isinstance(title, str) for title in titles):
        raise ValueError(
            f"{argument}: names takes {len(classes)} strings, one for each class, got {names!r}"
        )
    return titles


def _spread_around(numbers: Sequence[float], steps: int) -> list[float]:
    """Return equal steps over a range that has some room around the numbers."""
    low, high = min(numbers), max(numbers)
    room = ROOM * (high - low) or max(1.0, abs(low))
    return spread(low - room, high + room, steps)

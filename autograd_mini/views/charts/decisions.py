"""Charts of the decisions of a classifier with two inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from autograd_mini.arguments import count, finite, items, requirement
from autograd_mini.views.charts.canvas import (
    COLORS,
    DARK,
    MARKERS,
    ROOM,
    as_label,
    draw_legend_beside,
    take_axes,
)
from autograd_mini.views.charts.curves import Pair, leave_gap, read_number, read_pair, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["decision_boundary"]

_FEWER = "fix the other inputs of a larger model: lambda pair: model([*pair, 0.0])"


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
    """Draw the class that a model gives to each point of the plane, and the examples.

    docs/views.md says how a model with one output decides, and a model with several.

    Args:
        model: a function of a pair of floats that gives a Value or a number, or a list of them.
        X: the examples, pairs of numbers.
        y: their classes, as many: 0 and 1, or -1 and 1, or the indices of several outputs.
        threshold: 0 for a score or a logit, 0.5 for a probability; for a model with one output.
        names: the names of the classes, in ascending order.
        grid: the number of points in each direction.
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
    where = "plots.decision_boundary"
    if not callable(model):
        raise TypeError(requirement(f"{where}: model", "a function of a pair of numbers", model))
    threshold = finite(threshold, argument=f"{where}: threshold")
    grid = count(grid, argument=f"{where}: grid")
    if grid < 2:
        raise ValueError(requirement(f"{where}: grid", "at least 2", grid))
    points, targets = _read_examples(X, y, where)
    outputs = len(_call_model(model, points[0], where))
    classes = _find_classes(targets, outputs, where)
    titles = _name_classes(names, classes, where)
    across, up = (_spread_around(numbers, grid) for numbers in zip(*points, strict=True))
    scores = [[_call_model(model, (a, b), where, outputs) for a in across] for b in up]

    axes = take_axes(ax, where)
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
            label=as_label(title),
        )
    boundary = f"output = {threshold:g}" if outputs == 1 else "boundary"
    if has_boundary:
        axes.plot([], [], color=DARK, linewidth=2, label=boundary)
    else:
        axes.plot([], [], linestyle="none", label=f"nowhere {boundary}")
    axes.axis((across[0], across[-1], up[0], up[-1]))
    axes.set(xlabel="first input", ylabel="second input")
    draw_legend_beside(axes, titles)
    return axes


def _draw_regions(
    axes: Any,
    across: list[float],
    up: list[float],
    scores: list[list[list[float]]],
    threshold: float,
) -> bool:
    """Colour the plane by classes and draw the boundary; return whether there is a boundary.

    The region of a class and the later ones covers the regions of the classes before it, so there
    is no gap where three classes meet.
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
            # In the order of the regions, so that the later regions cover it.
            axes.contour(across, up, lead, levels=[0.0], colors=DARK, linewidths=2, zorder=1)
            has_boundary = True
    return has_boundary


def _read_examples(inputs: Any, classes: Any, where: str) -> tuple[list[Pair], list[float]]:
    """Return the examples as pairs of numbers, and the numbers of their classes."""
    inputs = items(inputs, argument=f"{where}: X", rule="a list")
    classes = items(classes, argument=f"{where}: y", rule="a list")
    points = [read_pair(x, f"{where}: X[{i}]", _FEWER) for i, x in enumerate(inputs)]
    targets = [finite(target, argument=f"{where}: y[{i}]") for i, target in enumerate(classes)]
    if not points:
        raise ValueError(requirement(f"{where}: X", "a list of one example or more", points))
    if len(points) != len(targets):
        lengths = f"{len(points)} and {len(targets)}"
        raise ValueError(f"{where}: X and y must be equally long, got lengths {lengths}")
    return points, targets


def _call_model(
    model: Callable[[Any], Any], point: Pair, where: str, expected: int | None = None
) -> list[float]:
    """Return the outputs of a model for a point; NaN for an output that is not finite."""
    out = model(point)
    argument = f"{where}: result of model"
    rule = "a number or a list of numbers"
    outputs = items(out, argument=argument, rule=rule) if isinstance(out, Iterable) else [out]
    if not outputs:
        raise ValueError(requirement(argument, "one number or more", out))
    if expected not in (None, len(outputs)):
        rule = f"{expected}, as at the first example"
        raise ValueError(requirement(f"{argument}: length at {point}", rule, len(outputs)))
    return [leave_gap(read_number(output, argument)) for output in outputs]


def _find_classes(targets: list[float], outputs: int, where: str) -> Sequence[int]:
    """Return the classes that a model with this number of outputs tells apart."""
    kinds: list[Sequence[int]] = [(0, 1), (-1, 1)] if outputs == 1 else [range(outputs)]
    for kind in kinds:
        if set(targets) <= set(kind):
            return kind
    rule = f"classes from 0 to {outputs - 1}, as the model has {outputs} outputs"
    if outputs == 1:
        rule = "classes 0 and 1, or -1 and 1, as the model has one output"
    raise ValueError(requirement(f"{where}: y", rule, sorted(set(targets))))


def _name_classes(names: Iterable[str] | None, classes: Sequence[int], where: str) -> list[str]:
    """Return the names of the classes."""
    if names is None:
        return [f"class {chosen}" for chosen in classes]
    argument, rule = f"{where}: names", f"a list of {len(classes)} strings, one for each class"
    titles = [] if isinstance(names, str) else list(items(names, argument=argument, rule=rule))
    if len(titles) != len(classes) or not all(isinstance(title, str) for title in titles):
        raise ValueError(requirement(argument, rule, names))
    return titles


def _spread_around(numbers: Sequence[float], steps: int) -> list[float]:
    """Return equal steps over a range with some room around the numbers."""
    low, high = min(numbers), max(numbers)
    room = ROOM * (high - low) or max(1.0, abs(low))
    return spread(low - room, high + room, steps)

"""Charts of functions with their slopes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from autograd_mini.arguments import items, requirement
from autograd_mini.engines import Value
from autograd_mini.engines.display import write_count
from autograd_mini.nn.activations import ACTIVATIONS, Activation, ActivationLike, as_activation
from autograd_mini.views.charts.canvas import (
    BLUE,
    LITERAL,
    PALE,
    VERMILLION,
    load_pyplot,
    take_axes,
)
from autograd_mini.views.charts.curves import Curve, check_interval, find_slope, sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["activation", "activations"]


def activation(
    function: ActivationLike, /, *, low: float = -4.0, high: float = 4.0, ax: Axes | None = None
) -> Axes:
    """Draw a function of one Value and its slope, which ``backward`` would give.

    Jumps stay jumps, and where the function is not defined there is a gap. For a function over a
    layer, such as softmax, the chart has the first output for the inputs [x, 0].

    Args:
        function: a name in `autograd_mini.nn.activations.ACTIVATIONS`, or a function of a Value.
        low, high: the bounds of x.
        ax: where to draw; None makes a figure.

    Raises:
        ValueError: there is no activation of that name, ``low`` is not below ``high``, or the
            function is defined nowhere between them.
        TypeError: ``function`` is neither a name nor a function, or returns no Value.
        ModuleNotFoundError: matplotlib is not installed.

    >>> from matplotlib.figure import Figure
    >>> value, slope = activation("tanh", ax=Figure().subplots()).lines
    >>> float(max(slope.get_ydata()))
    1.0
    """
    where = "plots.activation"
    chosen = as_activation(function, argument=f"{where}: function")
    low, high = check_interval(low, high, where)
    curves = _sample_both(chosen, low, high, where)
    axes = take_axes(ax, where)
    _draw_activation(axes, chosen, curves)
    axes.legend()
    return axes


class Panels(tuple[Any, ...]):
    """The Axes of several charts; their `repr` is one line, as a notebook shows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        titles = ", ".join(panel.get_title().partition("\n")[0] for panel in self)
        return f"<{write_count(len(self), 'panel')}: {titles}>"


def activations(
    functions: Iterable[ActivationLike] | None = None, /, *, low: float = -4.0, high: float = 4.0
) -> Panels:
    """Draw several functions and their slopes on a new figure, each in a panel of its own.

    Args:
        functions: names and functions, as for `activation`; None for all activations.
        low, high: the bounds of x.

    Returns:
        A tuple of the panels' Axes; ``panels[0].figure`` is the figure.

    Raises:
        TypeError, ValueError, ModuleNotFoundError: as for `activation`, or the list is empty.

    >>> from matplotlib import pyplot
    >>> panels = activations(["relu", "leaky_relu"])
    >>> [panel.get_title() for panel in panels]
    ['relu', 'leaky_relu']
    >>> pyplot.close(panels[0].figure)
    """
    where = "plots.activations"
    given = items(
        ACTIVATIONS.values() if functions is None else functions,
        argument=f"{where}: functions",
        rule="a list, such as ['relu', 'tanh']",
    )
    chosen = [as_activation(f, argument=f"{where}: functions[{i}]") for i, f in enumerate(given)]
    if not chosen:
        rule, way_out = "a list of one function or more", "leave it out to draw all activations"
        raise ValueError(requirement(f"{where}: functions", rule, chosen, way_out))
    low, high = check_interval(low, high, where)
    curves = [_sample_both(function, low, high, where) for function in chosen]
    columns = min(len(chosen), 4)
    rows = math.ceil(len(chosen) / columns)
    figure, grid = load_pyplot(where).subplots(
        rows, columns, figsize=(3.2 * columns, 3.2 * rows), squeeze=False, layout="constrained"
    )
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    panels, spare = Panels(grid.flat[: len(chosen)]), grid.flat[len(chosen) :]
    for panel, function, pair in zip(panels, chosen, curves, strict=True):
        _draw_activation(panel, function, pair)
    for panel in spare:
        panel.set_axis_off()
    if len(spare):
        spare[0].legend(handles=panels[0].lines, loc="center", fontsize="x-large", frameon=False)
    else:
        figure.legend(handles=panels[0].lines, loc="outside lower center", ncols=2, frameon=False)
    return panels


def _sample_both(
    activation: Activation, low: float, high: float, where: str
) -> tuple[Curve, Curve]:
    """Return the curves of a function and of its derivative."""
    function = activation.function

    @cache
    def at(x: float) -> tuple[float, float]:
        leaf = Value(x, name="x")
        out = function([leaf, 0.0])[0] if activation.over_layer else function(leaf)
        if not isinstance(out, Value):
            rule = "a Value, which keeps the slope"
            raise TypeError(requirement(f"{where}: result of {activation.name}", rule, out))
        return out.data, find_slope(out, leaf)

    value = sample(lambda x: at(x)[0], low, high)
    slope = sample(lambda x: at(x)[1], low, high)
    if not any(map(math.isfinite, value[1])):
        rule = f"numbers between which {activation.name} is defined"
        raise ValueError(requirement(f"{where}: low and high", rule, (low, high)))
    return value, slope


def _draw_activation(axes: Any, activation: Activation, curves: tuple[Curve, Curve]) -> None:
    value, slope = curves
    (left, *_, right), _ = value
    axes.plot(*value, color=BLUE, linewidth=2.5, label="value")
    axes.plot(*slope, "--", color=VERMILLION, linewidth=2, label="slope")
    axes.set_title(activation.name + " of [x, 0]" * activation.over_layer, **LITERAL)
    axes.set(xlim=(left, right), xlabel="x", ylabel="value, slope")
    axes.grid(visible=True, color=PALE)

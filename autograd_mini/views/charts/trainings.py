"""Charts of a training: its losses, its gradients, and the gradients of its model."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autograd_mini.arguments import finite, items, requirement
from autograd_mini.engines.display import write_count
from autograd_mini.errors import StateError
from autograd_mini.nn.module import Module
from autograd_mini.training.curve import MANY
from autograd_mini.training.history import History
from autograd_mini.views.charts.canvas import (
    COLORS,
    LINES,
    LITERAL,
    MARKERS,
    PALE,
    as_label,
    choose_scale,
    draw_legend,
    draw_legend_beside,
    label_each,
    take_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["gradient_norms", "gradient_sizes", "losses"]

_ENDS = {
    "tolerance": ("*", "below the tolerance after {}"),
    "epochs": ("s", "{} used up"),
    "early_stopping": ("P", "stopped early after {}"),
    "diverged": ("X", "diverged after {}"),
    "interrupted": ("^", "interrupted after {}"),
    "callback": ("D", "ended by a callback after {}"),
    None: ("", "goes on after {}"),
}
"""For each way in which a training ends, the mark at the end of its curve, and the words."""
_NEURON = re.compile(r"(^|\.)neurons\.\d+(\..*)?$")
_NUMBERED_LAYER = re.compile(r"layers\.\d+")


def losses(history: History | Mapping[str, History], /, *, ax: Axes | None = None) -> Axes:
    """Draw the loss of each epoch of trainings, and where and why each training ended.

    A thin line is the validation loss, if there is any. The scale is logarithmic if the losses span
    more than two decades.

    Args:
        history: the result of `fit`, or a dict of labels and several results.
        ax: where to draw; None makes a figure.

    Raises:
        TypeError: it is no `History`, nor a dict of them.
        ValueError: a training has no epochs yet, or a loss is not finite.
        ModuleNotFoundError: matplotlib is not installed.

    >>> from matplotlib.figure import Figure
    >>> slow = History({"loss": [1.0, 0.5], "grad_norm": [2.0, 1.0]}, stopped="epochs")
    >>> ax = losses({"slow": slow}, ax=Figure().subplots())
    >>> ax.lines[0].get_label()
    'slow: 2 epochs used up'
    """
    return _draw_epochs(history, "loss", "plots.losses", "loss", ax, validation="val_loss")


def gradient_norms(history: History | Mapping[str, History], /, *, ax: Axes | None = None) -> Axes:
    """Draw the norm of the gradient in each epoch of trainings, as `losses` draws the loss.

    It is the Euclidean norm over all parameters: it falls to 0 at a minimum, and grows where a
    training diverges. The arguments and errors are those of `losses`.

    >>> from matplotlib.figure import Figure
    >>> slow = History({"loss": [1.0, 0.5], "grad_norm": [2.0, 1.0]}, stopped="epochs")
    >>> gradient_norms(slow, ax=Figure().subplots()).lines[0].get_ydata().tolist()
    [2.0, 1.0]
    """
    label = "norm of the gradient"
    return _draw_epochs(history, "grad_norm", "plots.gradient_norms", label, ax)


def _draw_epochs(
    history: Any,
    quantity: str,
    where: str,
    ylabel: str,
    ax: Axes | None,
    *,
    validation: str = "",
) -> Axes:
    """Draw a number for each epoch of trainings, and beside it that of the validation data."""
    curves = []
    for label, training in label_each(history, History, f"{where}: history"):
        named = f"{where}: {label or 'history'}"
        given = items(training.history[quantity], argument=named, rule="a list of numbers")
        ys = [
            finite(y, argument=f"{named}: {quantity} of epoch {epoch}")
            for epoch, y in enumerate(given, start=1)
        ]
        if not ys:
            rule = "a training of one epoch or more"
            raise ValueError(requirement(named, rule, training, "go on with fit"))
        curves.append((label, training.stopped, ys, training.history.get(validation, [])))
    axes = take_axes(ax, where)
    labels = []
    for i, (label, stopped, ys, validated) in enumerate(curves):
        marker, words = _ENDS[stopped]
        text = words.format(write_count(len(ys), "epoch"))
        labels.append(f"{label}: {text}" if label else text)
        axes.plot(
            range(1, len(ys) + 1),
            ys,
            LINES[i % len(LINES)],
            color=COLORS[i % len(COLORS)],
            linewidth=2,
            marker=marker,
            markevery=[len(ys) - 1],
            markersize=11,
            markeredgecolor="white",
            label=as_label(labels[-1]),
        )
        if any(map(math.isfinite, validated)):
            labels.append(f"{label}: validation" if label else "validation")
            xs, color = range(1, len(validated) + 1), COLORS[i % len(COLORS)]
            axes.plot(xs, validated, color=color, linewidth=0.8, label=as_label(labels[-1]))
    drawn = [y for _, _, ys, validated in curves for y in (*ys, *validated) if math.isfinite(y)]
    choose_scale(axes, drawn, least=MANY)
    last = max(len(ys) for _, _, ys, _ in curves)
    axes.set(xlabel="epoch", ylabel=ylabel)
    if last == 1:
        axes.set_xticks([1])
    else:
        axes.set_xlim(1, 1 + 1.04 * (last - 1))  # with room for the mark at the end
        axes.locator_params(axis="x", integer=True)
    axes.grid(visible=True, color=PALE)
    draw_legend(axes, labels)
    return axes


def gradient_sizes(model: Module | Mapping[str, Module], /, *, ax: Axes | None = None) -> Axes:
    """Draw the size of the gradient in each layer of models.

    The size is the root mean square of the gradients of the layer's weights, without its biases; a
    weight that no backward pass has reached counts as 0. The scale is logarithmic. A layer without
    any gradient is at the lower end, with a hollow marker.

    Args:
        model: a module after a backward pass, or a dict of labels and several of them.
        ax: where to draw; None makes a figure.

    Raises:
        TypeError: it is no `Module`, nor a dict of them.
        StateError: there was no backward pass yet.
        ValueError: a model has no weights, or a gradient is not finite.
        ModuleNotFoundError: matplotlib is not installed.

    >>> from matplotlib.figure import Figure
    >>> from autograd_mini.nn import MLP
    >>> model = MLP(1, [1, 1], activation="linear", init=lambda rng, fan_in, fan_out: 0.5)
    >>> model([3.0]).backward()
    >>> gradient_sizes(model, ax=Figure().subplots()).lines[0].get_ydata().tolist()
    [1.5, 1.5]
    """
    where = "plots.gradient_sizes"
    sizes = [
        (label, _measure_gradients(module, where))
        for label, module in label_each(model, Module, f"{where}: model")
    ]
    axes = take_axes(ax, where)
    for i, (label, of_layers) in enumerate(sizes):
        color, marker = COLORS[i % len(COLORS)], MARKERS[i % len(MARKERS)]
        xs, ys = range(1, len(of_layers) + 1), list(of_layers.values())
        line = LINES[i % len(LINES)] + marker
        shown = as_label(label) or None
        axes.plot(xs, ys, line, color=color, linewidth=2, markersize=7, label=shown)
        if zeros := [x for x, y in zip(xs, ys, strict=True) if not y]:
            axes.plot(
                zeros,
                [0.0] * len(zeros),
                marker,
                color=color,
                markersize=11,
                markerfacecolor="white",
                markeredgewidth=2,
                zorder=3,
                label=as_label(f"{label}: no gradient" if label else "no gradient"),
            )
    choose_scale(axes, [size for _, of_layers in sizes for size in of_layers.values()], least=1.0)
    _name_layers(axes, [list(of_layers) for _, of_layers in sizes])
    axes.set_ylabel("gradient of the weights, root mean square")
    axes.grid(visible=True, color=PALE)
    if axes.get_legend_handles_labels()[1]:
        labels = [label for label, _ in sizes]
        draw_legend_beside(axes, [*labels, *(f"{label}: no gradient" for label in labels)])
    return axes


def _measure_gradients(model: Module, where: str) -> dict[str, float]:
    """Return the root mean square of the gradients of the weights, by the path of the layer."""
    parameters = model.named_parameters()
    gradients: dict[str, list[float]] = {}
    for path, parameter in parameters:
        owner, _, attribute = re.sub(r"(\.\d+)+$", "", path).rpartition(".")
        if attribute not in ("bias", "biases"):
            size = finite(parameter.grad, argument=f"{where}: gradient of {path}")
            gradients.setdefault(_NEURON.sub("", owner), []).append(size)
    if not gradients:
        raise ValueError(requirement(f"{where}: model", "a module with weights", model))
    if not any(parameter.has_grad for _, parameter in parameters):
        way_out = "call backward() on a loss of its outputs"
        raise StateError(requirement(f"{where}: model", "a module with gradients", model, way_out))
    return {
        layer: math.hypot(*numbers) / math.sqrt(len(numbers))
        for layer, numbers in gradients.items()
    }


def _name_layers(axes: Any, names: list[list[str]]) -> None:
    """Write the names of the layers, or their numbers where names would tell less."""
    if all(_NUMBERED_LAYER.fullmatch(name) for of_model in names for name in of_model):
        axes.set_xlabel("layer (1 is next to the input)")
    elif any(of_model != names[0] for of_model in names):
        axes.set_xlabel("layer, in the order of the parameters")
    else:
        axes.set_xlabel("layer")
        titles = [name or "all" for name in names[0]]
        slant = {"rotation": 30, "rotation_mode": "anchor", "horizontalalignment": "right"}
        style = LITERAL | (slant if len(titles) > 3 else {})
        axes.set_xticks(range(1, len(titles) + 1), titles, **style)
        return
    axes.locator_params(axis="x", integer=True)

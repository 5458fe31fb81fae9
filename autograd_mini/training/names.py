"""The losses, optimizers and metrics that `fit` knows by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias

from autograd_mini.arguments import items, requirement
from autograd_mini.engines import Value
from autograd_mini.nn import losses
from autograd_mini.optim.descent import SGD, Adam, AdamW, RMSprop
from autograd_mini.optim.optimizers import Optimizer
from autograd_mini.training.metrics import Metric, compute_accuracy, compute_r2

__all__ = [
    "LOSSES", "METRICS", "OPTIMIZERS", "LossName", "MetricName", "OptimizerName", "find_loss",
    "find_metrics", "find_optimizer",
]  # fmt: skip

LossName = Literal[
    "mse", "mae", "squared_error", "sum_of_squares", "mean_squared_error", "mean_absolute_error",
    "huber", "hinge", "binary_cross_entropy", "cross_entropy",
]  # fmt: skip
MetricName: TypeAlias = Literal["accuracy", "r2"] | LossName
OptimizerName = Literal["sgd", "rmsprop", "adam", "adamw"]

LOSSES: Mapping[str, Callable[[Any, Any], Any]] = {
    "mse": losses.mean_squared_error,
    "mae": losses.mean_absolute_error,
    **{name: getattr(losses, name) for name in losses.__all__ if name != "Loss"},
}
"""The losses by their names, and by those that other libraries use."""

OPTIMIZERS: Mapping[str, Callable[[Iterable[Value]], Optimizer]] = {
    "sgd": lambda parameters: SGD(parameters, 0.01),
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}
"""What makes an optimizer of parameters, by its name: with the defaults, and SGD with lr=0.01."""


METRICS: Mapping[str, Metric] = {"accuracy": compute_accuracy, "r2": compute_r2, **LOSSES}
"""The metrics by name: those that are no losses, and all losses."""


def find_loss(loss: Any) -> Any:
    """Return the loss of a name; anything else as it is."""
    return _find("loss", loss, LOSSES, "a function of predictions and targets")


def find_optimizer(optimizer: Any, parameters: Iterable[Value]) -> Any:
    """Return the optimizer of a name for some parameters; anything else as it is."""
    if not isinstance(optimizer, str):
        return optimizer
    return _find("optimizer", optimizer, OPTIMIZERS, "an Optimizer")(parameters)


def find_metrics(given: Any) -> dict[str, Metric]:
    """Return metrics by their names.

    Args:
        given: names, and functions of predictions and targets, which are lists of numbers.

    Raises:
        TypeError: it is no list, or something in it is neither a name nor a function.
        ValueError: there is no metric of a name, or two have the same name.
    """
    rule, way_out = "a list of names or functions", "put it in a list"
    argument = "fit: metrics"
    if isinstance(given, str) or callable(given):
        raise TypeError(requirement(argument, rule, given, way_out))
    found: dict[str, Metric] = {}
    for one in items(given, argument=argument, rule=rule):
        metric = _find("metric", one, METRICS, "a function of predictions and targets")
        if not callable(metric):
            raise TypeError(requirement("fit: metric", "a name or a function", one))
        name = one if isinstance(one, str) else getattr(one, "__name__", type(one).__name__)
        if name in found or name in ("loss", "grad_norm"):
            raise ValueError(requirement("fit: name of a metric", "unique", name))
        found[name] = metric
    return found


def _find(argument: str, given: Any, table: Mapping[str, Any], kind: str) -> Any:
    """Return what a name stands for; anything else as it is.

    Raises:
        ValueError: there is nothing of this name.
    """
    if not isinstance(given, str):
        return given
    if given not in table:
        rule = f"{kind}, or one of {', '.join(table)}"
        raise ValueError(requirement(f"fit: {argument}", rule, given))
    return table[given]

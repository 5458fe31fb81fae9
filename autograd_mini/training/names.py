"""The losses and optimizers that `fit` knows by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from autograd_mini.arguments import requirement
from autograd_mini.engines import Value
from autograd_mini.nn import losses
from autograd_mini.optim.descent import SGD, Adam, AdamW, RMSprop
from autograd_mini.optim.optimizers import Optimizer

__all__ = ["LOSSES", "OPTIMIZERS", "LossName", "OptimizerName", "find_loss", "find_optimizer"]

LossName = Literal[
    "mse", "mae", "squared_error", "sum_of_squares", "mean_squared_error", "mean_absolute_error",
    "huber", "hinge", "binary_cross_entropy", "cross_entropy",
]  # fmt: skip
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


def find_loss(loss: Any) -> Any:
    """Return the loss of a name; anything else as it is.

    Raises:
        ValueError: there is no loss of this name.
    """
    if not isinstance(loss, str):
        return loss
    if loss not in LOSSES:
        rule = f"a function of predictions and targets, or one of {', '.join(LOSSES)}"
        raise ValueError(requirement("fit: loss", rule, loss))
    return LOSSES[loss]


def find_optimizer(optimizer: Any, parameters: Iterable[Value]) -> Any:
    """Return the optimizer of a name for some parameters; anything else as it is.

    Raises:
        ValueError: there is no optimizer of this name.
    """
    if not isinstance(optimizer, str):
        return optimizer
    if optimizer not in OPTIMIZERS:
        rule = f"an Optimizer, or one of {', '.join(OPTIMIZERS)}"
        raise ValueError(requirement("fit: optimizer", rule, optimizer))
    return OPTIMIZERS[optimizer](parameters)

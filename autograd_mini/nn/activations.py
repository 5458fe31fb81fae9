"""The activation functions of layers, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from autograd_mini import functions
from autograd_mini.arguments import printable, requirement
from autograd_mini.nn.initializers import InitializerLike

__all__ = ["ACTIVATIONS", "Activation", "ActivationLike", "ActivationName", "as_activation"]

ActivationName = Literal[
    "sigmoid", "tanh", "relu", "softmax", "step", "linear", "leaky_relu", "elu", "silu", "gelu"
]


@dataclass(frozen=True, repr=False)
class Activation:
    """An activation function, and the facts that a layer needs to use it.

    Args:
        name: the name that selects and shows it.
        function: takes and returns a Value; if ``over_layer``, a list of Values.
        range: the bounds of its values; it need not reach them.
        init: the initializer that suits it, by its name in `autograd_mini.nn`.
        over_layer: whether each output depends on all neurons of the layer.
    """

    name: str
    function: Callable[[Any], Any]
    range: tuple[float, float] = (-math.inf, math.inf)
    init: InitializerLike = "xavier"
    over_layer: bool = False

    def __repr__(self) -> str:
        return f"<activation {printable(self.name)}>"


_TABLE = (
    Activation("sigmoid", functions.sigmoid, range=(0.0, 1.0)),
    Activation("tanh", functions.tanh, range=(-1.0, 1.0)),
    Activation("relu", functions.relu, range=(0.0, math.inf), init="sphere"),
    Activation("softmax", functions.softmax, range=(0.0, 1.0), over_layer=True),
    Activation("step", functions.step, range=(0.0, 1.0), init="uniform"),
    Activation("linear", functions.linear),
    Activation("leaky_relu", functions.leaky_relu, init="sphere"),
    Activation("elu", functions.elu, range=(-1.0, math.inf), init="sphere"),
    Activation("silu", functions.silu, range=(-0.2784645427610738, math.inf), init="sphere"),
    Activation("gelu", functions.gelu, range=(-0.16997120747990369, math.inf), init="sphere"),
)

ACTIVATIONS: Mapping[str, Activation] = {row.name: row for row in _TABLE}
"""The activations of the library, by name."""


ActivationLike: TypeAlias = ActivationName | Callable[[Any], Any] | Activation


def as_activation(activation: ActivationLike, *, argument: str = "activation") -> Activation:
    """Return the activation that a name or a function stands for.

    A function of your own gets its ``__name__``, an unbounded range and Xavier initialization; pass
    an `Activation` to choose others.

    >>> as_activation("relu").range
    (0.0, inf)
    >>> as_activation(functions.sin).name
    'sin'
    """
    if isinstance(activation, Activation):
        return activation
    if isinstance(activation, str):
        if activation not in ACTIVATIONS:
            rule = f"a function or one of {', '.join(ACTIVATIONS)}"
            raise ValueError(requirement(argument, rule, activation))
        return ACTIVATIONS[activation]
    if not callable(activation):
        raise TypeError(requirement(argument, "a name or a function", activation))
    for row in _TABLE:
        if activation is row.function:
            return row
    return Activation(getattr(activation, "__name__", type(activation).__name__), activation)

"""Initializers, which draw the first weights and biases of a layer."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from autograd_mini.arguments import requirement

__all__ = [
    "INITIALIZERS",
    "Initializer",
    "InitializerLike",
    "as_initializer",
    "draw_layer",
    "he",
    "sphere",
    "uniform",
    "xavier",
]

LayerNumbers: TypeAlias = tuple[list[list[float]], list[float]]
"""The weights of a layer, a row for each output, and its biases."""
Initializer: TypeAlias = Callable[[random.Random, int, int], float | LayerNumbers]
"""Draws a weight from ``(rng, fan_in, fan_out)``, where fan_in and fan_out are the numbers of
inputs and outputs; or draws all weights and biases of the layer at once, otherwise biases are 0."""
InitializerLike: TypeAlias = Literal["uniform", "xavier", "he", "sphere"] | Initializer


def uniform(rng: random.Random, fan_in: int, fan_out: int) -> float:  # noqa: ARG001
    """Draw a weight uniformly from [−1, 1]; the size of the layer does not matter."""
    return rng.uniform(-1.0, 1.0)


def xavier(rng: random.Random, fan_in: int, fan_out: int) -> float:
    """Draw a weight uniformly from ±√(6 / (fan_in + fan_out)).

    If the activation is nearly linear, signals and gradients keep their variance from layer to
    layer: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
    neural networks", AISTATS 2010, equation 16.
    """
    limit = math.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit)


def he(rng: random.Random, fan_in: int, fan_out: int) -> float:  # noqa: ARG001
    """Draw a weight from the normal distribution of variance 2 / fan_in.

    The factor 2 compensates for a ReLU, which is zero half of the time: K. He, X. Zhang, S. Ren and
    J. Sun, "Delving deep into rectifiers", ICCV 2015, equation 10.
    """
    return rng.gauss(0.0, math.sqrt(2.0 / fan_in))


def sphere(rng: random.Random, fan_in: int, fan_out: int) -> LayerNumbers:
    """Draw the weights of each neuron from the sphere of radius √2, its bias from [−1, 1].

    A ReLU bends along the line where its neuron is 0. With biases of 0, all these lines meet in the
    origin, and the first steps of a training are spent on moving them; so where they are is drawn
    too (I. Steinwart, "A sober look at neural network initializations", 2019). A length of √2 is
    the mean of `he`, so signals and gradients keep their variance from layer to layer.
    """
    rows = [_draw_direction(rng, fan_in) for _ in range(fan_out)]
    return rows, [rng.uniform(-1.0, 1.0) for _ in range(fan_out)]


def _draw_direction(rng: random.Random, size: int) -> list[float]:
    """Draw a vector of length √2, each direction with the same chance."""
    vector = [rng.gauss(0.0, 1.0) for _ in range(size)]
    length = math.hypot(*vector) or 1.0
    return [math.sqrt(2.0) * x / length for x in vector]


INITIALIZERS: Mapping[str, Initializer] = {
    "uniform": uniform,
    "xavier": xavier,
    "he": he,
    "sphere": sphere,
}
"""The initializers by name."""


_FUNCTION = "a function (rng, fan_in, fan_out) -> float"


def as_initializer(init: InitializerLike, *, argument: str) -> Initializer:
    """Return the initializer that a name or a function stands for."""
    if isinstance(init, str):
        if init not in INITIALIZERS:
            rule = f"{_FUNCTION} or one of {', '.join(INITIALIZERS)}"
            raise ValueError(requirement(argument, rule, init))
        return INITIALIZERS[init]
    if not callable(init):
        raise TypeError(requirement(argument, f"{_FUNCTION} or a name", init))
    return init


def draw_layer(
    init: Initializer, fan_in: int, fan_out: int, rng: random.Random
) -> tuple[Sequence[Sequence[Any]], Sequence[Any]]:
    """Return random weights for a layer, a row for each output, and its biases."""
    first: Any = init(rng, fan_in, fan_out)
    if isinstance(first, tuple):
        if len(first) != 2:
            rule = "a float, or a pair of the weights and the biases of a layer"
            raise ValueError(requirement("the result of init", rule, first))
        return first
    others = (init(rng, fan_in, fan_out) for _ in range(fan_in * fan_out - 1))
    weights: list[Any] = [first, *others]
    return [weights[i : i + fan_in] for i in range(0, len(weights), fan_in)], [0.0] * fan_out

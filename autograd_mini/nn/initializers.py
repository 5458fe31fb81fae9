"""Initializers, which draw the first weights of a layer."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from autograd_mini.arguments import requirement

__all__ = [
    "INITIALIZERS",
    "Initializer",
    "InitializerLike",
    "as_initializer",
    "draw_weights",
    "he",
    "uniform",
    "xavier",
]

Initializer: TypeAlias = Callable[[random.Random, int, int], float]
"""Draws a weight: ``(rng, fan_in, fan_out) -> float``, from the numbers of inputs and outputs."""
InitializerLike: TypeAlias = Literal["uniform", "xavier", "he"] | Initializer


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


INITIALIZERS: Mapping[str, Initializer] = {"uniform": uniform, "xavier": xavier, "he": he}
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


def draw_weights(
    init: Initializer, fan_in: int, fan_out: int, rng: random.Random
) -> list[list[float]]:
    """Return random weights for a layer: a row for each output, with a weight for each input."""
    return [[init(rng, fan_in, fan_out) for _ in range(fan_in)] for _ in range(fan_out)]

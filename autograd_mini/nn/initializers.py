"""Initialisers: they draw the first weights of a layer."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

__all__ = [
    "INITIALISERS",
    "Initialiser",
    "InitialiserLike",
    "as_rng",
    "drawn",
    "he",
    "uniform",
    "xavier",
]

Initialiser: TypeAlias = Callable[[random.Random, int, int], float]
"""Draws one weight: ``(rng, fan_in, fan_out) -> float``."""
InitialiserLike: TypeAlias = Literal["uniform", "xavier", "he"] | Initialiser


def uniform(rng: random.Random, fan_in: int, fan_out: int) -> float:  # noqa: ARG001
    """Draw a weight uniformly from [−1, 1], whatever the size of the layer."""
    return rng.uniform(-1.0, 1.0)


def xavier(rng: random.Random, fan_in: int, fan_out: int) -> float:
    """Draw a weight uniformly from ±√(6 / (fan_in + fan_out)).

    It keeps the variance of signals and gradients from layer to layer where the activation is
    nearly linear: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
    feedforward neural networks", AISTATS 2010, equation 16.
    """
    limit = math.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit)


def he(rng: random.Random, fan_in: int, fan_out: int) -> float:  # noqa: ARG001
    """Draw a weight from the normal distribution of variance 2 / fan_in.

    The 2 makes up for a ReLU, which is zero half of the time: K. He, X. Zhang, S. Ren and J. Sun,
    "Delving deep into rectifiers", ICCV 2015, equation 10.
    """
    return rng.gauss(0.0, math.sqrt(2.0 / fan_in))


INITIALISERS: Mapping[str, Initialiser] = {"uniform": uniform, "xavier": xavier, "he": he}
"""The initialisers by name: each draws one weight of a layer with ``fan_in`` inputs and
``fan_out`` outputs from ``rng``."""


def as_rng(rng: random.Random | None) -> random.Random:
    """Return the source of randomness that was given, or a fresh one."""
    if rng is None:
        return random.Random()  # noqa: S311 - weights are no secret
    if not isinstance(rng, random.Random):
        raise TypeError(f"rng takes a random.Random, such as random.Random(0), got {rng!r}")
    return rng


def drawn(
    fan_in: int, fan_out: int, *, init: InitialiserLike, rng: random.Random | None
) -> list[list[float]]:
    """Return random weights for a layer, a row for each output.

    Args:
        fan_in, fan_out: the number of inputs and outputs of the layer.
        init: an initialiser, or its name.
        rng: the source of randomness; a fresh one if None.

    Raises:
        ValueError: there is no initialiser of that name.
        TypeError: an argument is of the wrong kind.
    """
    rng = as_rng(rng)
    if isinstance(init, str):
        if init not in INITIALISERS:
            raise ValueError(
                f"unknown init {init!r}; the known ones are {', '.join(INITIALISERS)}; "
                "or give a function (rng, fan_in, fan_out) -> float"
            )
        init = INITIALISERS[init]
    if not callable(init):
        raise TypeError(
            f"init takes a name or a function (rng, fan_in, fan_out) -> float, got {init!r}"
        )
    return [[init(rng, fan_in, fan_out) for _ in range(fan_in)] for _ in range(fan_out)]

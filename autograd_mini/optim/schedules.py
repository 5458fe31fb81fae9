"""Schedules of the learning rate: functions of the number of the epoch, from 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from autograd_mini.arguments import count, finite, requirement

__all__ = ["CosineDecay", "ExponentialDecay", "Schedule", "StepDecay", "WarmUp"]

Schedule: TypeAlias = Callable[[int], float]
"""A function of the number of the epoch, from 0, that returns the learning rate."""


@dataclass(frozen=True)
class StepDecay:
    """A rate that is multiplied by a factor after each few epochs: lr · factor^⌊epoch / every⌋.

    Args:
        lr: the rate of the first epochs, at least 0.
        every: the number of epochs with the same rate.
        factor: what multiplies the rate, at least 0.

    Raises:
        TypeError, ValueError: an argument is no number, or out of its range.

    >>> schedule = StepDecay(0.5, every=2, factor=0.1)
    >>> [round(schedule(epoch), 4) for epoch in range(5)]
    [0.5, 0.5, 0.05, 0.05, 0.005]
    """

    lr: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _check(self, "lr", "factor")
        count(self.every, argument="StepDecay: every")

    def __call__(self, epoch: int, /) -> float:
        """Return the rate of an epoch."""
        return self.lr * self.factor ** (epoch // self.every)


@dataclass(frozen=True)
class ExponentialDecay:
    """A rate that is multiplied by a factor after each epoch: lr · factor^epoch.

    Args:
        lr: the rate of the first epoch, at least 0.
        factor: what multiplies the rate, at least 0.

    Raises:
        TypeError, ValueError: an argument is no number, or out of its range.

    >>> schedule = ExponentialDecay(0.5, factor=0.5)
    >>> [schedule(epoch) for epoch in range(3)]
    [0.5, 0.25, 0.125]
    """

    lr: float
    factor: float

    def __post_init__(self) -> None:
        _check(self, "lr", "factor")

    def __call__(self, epoch: int, /) -> float:
        """Return the rate of an epoch."""
        return self.lr * self.factor**epoch


@dataclass(frozen=True)
class CosineDecay:
    """A rate that falls along half a cosine, and then stays the least.

    It is least + ½ (lr − least) (1 + cos(π epoch / epochs)) (Loshchilov and Hutter, *SGDR:
    Stochastic Gradient Descent with Warm Restarts*, 2017, equation 5, without restarts).

    Args:
        lr: the rate of the first epoch, at least 0.
        epochs: the number of epochs in which it falls.
        least: the rate after that, at least 0.

    Raises:
        TypeError, ValueError: an argument is no number, or out of its range.

    >>> schedule = CosineDecay(0.5, epochs=4)
    >>> [round(schedule(epoch), 4) for epoch in (0, 2, 4, 9)]
    [0.5, 0.25, 0.0, 0.0]
    """

    lr: float
    epochs: int
    least: float = 0.0

    def __post_init__(self) -> None:
        _check(self, "lr", "least")
        count(self.epochs, argument="CosineDecay: epochs")

    def __call__(self, epoch: int, /) -> float:
        """Return the rate of an epoch."""
        if epoch >= self.epochs:
            return self.least
        share = (1 + math.cos(math.pi * epoch / self.epochs)) / 2
        return self.least + (self.lr - self.least) * share


@dataclass(frozen=True)
class WarmUp:
    """A rate that first rises in a straight line, and then follows a schedule from its beginning.

    In the first epochs it is lr · (start + (1 − start) · epoch / epochs), where lr is the first
    rate of the schedule.

    Args:
        lr: a rate, at least 0, or the schedule that comes after.
        epochs: the number of epochs in which the rate rises.
        start: the part of the rate in the first epoch, at least 0.

    Raises:
        TypeError, ValueError: an argument is no number, or out of its range.

    >>> schedule = WarmUp(CosineDecay(0.5, epochs=8), epochs=2, start=0.5)
    >>> [round(schedule(epoch), 4) for epoch in range(4)]
    [0.25, 0.375, 0.5, 0.481]
    """

    lr: float | Schedule
    epochs: int
    start: float = 0.1

    def __post_init__(self) -> None:
        _check(self, "start", *([] if callable(self.lr) else ["lr"]))
        count(self.epochs, argument="WarmUp: epochs")

    def __call__(self, epoch: int, /) -> float:
        """Return the rate of an epoch."""
        rises = epoch < self.epochs
        lr = self.lr(0 if rises else epoch - self.epochs) if callable(self.lr) else self.lr
        return lr * (self.start + (1 - self.start) * epoch / self.epochs) if rises else lr


def _check(schedule: object, *names: str) -> None:
    """Check the settings of a schedule that are numbers, at least 0."""
    for name in names:
        argument, given = f"{type(schedule).__name__}: {name}", getattr(schedule, name)
        if finite(given, argument=argument) < 0:
            raise ValueError(requirement(argument, "at least 0", given))

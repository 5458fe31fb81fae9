"""`Dropout`: a module that drops some of its inputs while it trains."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any, overload

from autograd_mini.arguments import as_rng, finite, is_iterable, items, requirement
from autograd_mini.engines import Operand, Value, is_recording
from autograd_mini.functions import as_operand
from autograd_mini.nn.module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """Multiplies each input by 0 or by 1 / (1 − rate), at random, while it trains.

    An input is dropped with the probability ``rate``; the factor of the others keeps the
    expectation (Srivastava et al., *Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting*, 2014, section 10). After `eval`, the inputs are returned as they are.

    Args:
        rate: the probability of being dropped, at least 0 and below 1.
        rng: the source of randomness, as for `Neuron`; pass a ``random.Random`` or an int if a
            resumed training has to end as if it had never stopped.

    Raises:
        TypeError, ValueError: an argument is no number, or out of its range.

    >>> dropout = Dropout(0.5, rng=0)
    >>> dropout([1.0, 1.0, 1.0, 1.0])
    [2.0, 2.0, 0.0, 0.0]
    >>> dropout.eval()([1.0, 1.0, 1.0, 1.0])
    [1.0, 1.0, 1.0, 1.0]
    """

    def __init__(self, rate: float, *, rng: random.Random | int | None = None) -> None:
        self.rate = finite(rate, argument="Dropout: rate")
        if not 0 <= self.rate < 1:
            raise ValueError(requirement("Dropout: rate", "at least 0 and below 1", rate))
        self.rng = None if rng is None else as_rng(rng, argument="Dropout: rng")

    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: Iterable[Operand], /) -> list[Operand]: ...
    def __call__(self, x: Any, /) -> Any:
        """Return the inputs, a number or a list, of which some are 0 while the module trains.

        Raises:
            TypeError: it trains while a computation is recorded, which would freeze its choice.
        """
        is_list = is_iterable(x)
        given = items(x, argument="Dropout: x", rule="a list") if is_list else [x]
        xs = [as_operand(one, argument="Dropout: an input") for one in given]
        if self.training and self.rate:
            if is_recording():
                way_out = "call eval(), or train without compiled=True"
                rule = "eval while a computation is recorded"
                raise TypeError(requirement("Dropout: mode", rule, "train", way_out))
            draw = as_rng(self.rng, argument="Dropout: rng").random
            keep = 1 / (1 - self.rate)
            xs = [one * (0.0 if draw() < self.rate else keep) for one in xs]
        return xs if is_list else xs[0]

    def _architecture(self) -> str:
        return f"{self.rate!r}, "

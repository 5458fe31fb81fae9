"""Reads the numbers of many leaves, and stores all or none; ``bulk.h`` does the same in C."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any

from autograd_mini.engines.node import Node

__all__ = ["data_of", "gradients_of", "store", "store_data", "zero_gradients"]


def store(things: Iterable[Any], attributes: Iterable[str], values: Iterable[Any]) -> None:
    """Store a value in an attribute of each thing, in one call that no interrupt can divide.

    Signal handlers run between bytecode instructions. This call has none inside, unless setting
    an attribute runs Python code.
    """
    deque(map(setattr, things, attributes, values), maxlen=0)


def store_data(
    values: Sequence[Node], numbers: Sequence[float], owner: object = None, state: object = None
) -> None:
    """Store numbers in Values and a state in their owner's ``_state``: all of them or none."""
    if owner is None:
        store(values, repeat("_number"), numbers)
    else:
        attributes = chain(repeat("_number", len(values)), ("_state",))
        store(chain(values, (owner,)), attributes, chain(numbers, (state,)))


def data_of(values: Iterable[Node]) -> list[float]:
    """Return the numbers of Values."""
    return [value.data for value in values]


def gradients_of(values: Iterable[Node]) -> list[float]:
    """Return the gradients of Values."""
    return [value.grad for value in values]


def zero_gradients(values: Iterable[Node]) -> None:
    """Set the gradients to zero, all of them or none; `has_grad` stays as it is."""
    store([value for value in values if value.has_grad], repeat("_grad"), repeat(0.0))

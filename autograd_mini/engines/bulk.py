"""Reads the numbers of many leaves, and stores all or none; ``bulk.h`` does the same in C."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat

from autograd_mini.arguments import requirement
from autograd_mini.engines.value import Value, store

__all__ = ["data_of", "gradients_of", "no_numbers", "no_value", "store_data", "zero_gradients"]


def store_data(
    values: Iterable[Value],
    numbers: Iterable[float],
    owner: object = None,
    state: object = None,
    /,
) -> None:
    """Store numbers in Values and a state in their owner's ``_state``: all of them or none."""
    taken, numbers = _take(values), tuple(numbers)
    if len(taken) != len(numbers) or not {*map(type, numbers)} <= {float}:
        raise no_numbers(len(taken), numbers)
    if owner is None:
        store(taken, repeat("_number"), numbers)
    else:  # the owner first: if it has no state, nothing is stored
        attributes = chain(("_state",), repeat("_number", len(taken)))
        store(chain((owner,), taken), attributes, chain((state,), numbers))


def data_of(values: Iterable[Value], /) -> list[float]:
    """Return the numbers of Values."""
    return [value.data for value in _take(values)]


def gradients_of(values: Iterable[Value], /) -> list[float]:
    """Return the gradients of Values."""
    return [value.grad for value in _take(values)]


def zero_gradients(values: Iterable[Value], /) -> None:
    """Set the gradients to zero, all of them or none; `has_grad` stays as it is."""
    store([value for value in _take(values) if value.has_grad], repeat("_grad"), repeat(0.0))


def _take(values: Iterable[Value]) -> tuple[Value, ...]:
    taken = tuple(values)
    if not {*map(type, taken)} <= {Value}:
        raise next(no_value(i, one) for i, one in enumerate(taken) if type(one) is not Value)
    return taken


def no_value(position: int, given: object) -> TypeError:
    """Return the error for something else than a Value."""
    return TypeError(requirement(f"values[{position}]", "a Value", given))


def no_numbers(count: int, given: object) -> TypeError:
    """Return the error for something else than a float for each Value."""
    return TypeError(requirement("numbers", f"{count} floats, one for each Value", given))

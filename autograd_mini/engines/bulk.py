"""Functions of the engine for the rest of the library; C has the same.

They read the numbers of many leaves, store all or none, and make a node of a row of a user.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat

from autograd_mini.arguments import requirement
from autograd_mini.engines.value import Operand, Value, store
from autograd_mini.table.primitives import Primitive

__all__ = [
    "custom_node", "data_of", "gradients_of", "no_numbers", "no_operands", "no_value",
    "store_data", "zero_gradients",
]  # fmt: skip


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


def custom_node(
    row: Primitive,
    operands: tuple[Operand, ...],
    number: float,
    partials: tuple[float, ...],
    /,
) -> Value:
    """Return a node of a row that is not in the table, with a partial derivative an operand."""
    fits = len(operands) == len(partials) and {*map(type, operands)} <= {Value, float}
    if not fits or not {*map(type, partials)} <= {float}:
        raise no_operands(operands, partials)
    values = [operand for operand in operands if isinstance(operand, Value)]
    slopes = [p for operand, p in zip(operands, partials, strict=True) if type(operand) is Value]
    node = object.__new__(Value)
    node._number, node._op = number, row
    node._x = node._y = node._mark = None
    node._many = operands, values, slopes
    return node


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


def no_operands(operands: object, partials: object) -> TypeError:
    """Return the error for something else than Values and floats with a float for each."""
    rule = "Values and floats, with a float for each as its partial derivative"
    return TypeError(requirement("operands", rule, (operands, partials)))

"""Functions of the engine for the rest of the library; C has the same.

They read the numbers of many leaves, store all or none, and make a node of a row of a user.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any

from autograd_mini.arguments import requirement
from autograd_mini.engines.tapes import record_node, refuse_reading, refuse_writing, tapes
from autograd_mini.engines.value import Operand, Value, store
from autograd_mini.table.primitives import PRIMITIVES, Primitive

__all__ = [
    "add_gradients", "are_finite", "are_floats", "custom_node", "data_of", "gradients_of",
    "neuron_outputs", "no_numbers", "no_operands", "no_value", "norm_of", "read_data", "store_data",
    "take_values", "zero_gradients",
]  # fmt: skip


def store_data(
    values: Iterable[Value],
    numbers: Sequence[float],
    owner: object = None,
    state: object = None,
    /,
) -> None:
    """Store numbers in Values and a state in their owner's ``_state``: all of them or none."""
    taken, numbers = take_values(values), tuple(numbers)
    if len(taken) != len(numbers) or not {*map(type, numbers)} <= {float}:
        raise no_numbers(len(taken), numbers)
    if tapes:
        for value in taken:
            refuse_writing(value)
    if owner is None:
        store(taken, repeat("_number"), numbers)
    else:  # the owner first: if it has no state, nothing is stored
        attributes = chain(("_state",), repeat("_number", len(taken)))
        store(chain((owner,), taken), attributes, chain((state,), numbers))


def data_of(values: Iterable[Value], /) -> array[float]:
    """Return the numbers of Values."""
    return array("d", [value.data for value in take_values(values)])


def are_finite(numbers: array[float], /) -> bool:
    """Return whether all numbers of an array are finite."""
    return all(map(math.isfinite, numbers))


def are_floats(items: Sequence[object], /) -> bool:
    """Return whether all items of a list or tuple are floats, and nothing but floats."""
    return [*map(type, items)].count(float) == len(items)


def read_data(values: Sequence[Value], numbers: array[float], /) -> None:
    """Put the numbers of Values in an array, which does not count as reading their ``.data``."""
    if len(numbers) != len(values):
        rule = f"a double for each of {len(values)} Values"
        raise ValueError(requirement("read_data: numbers", rule, len(numbers)))
    numbers[:] = array("d", [value._number for value in take_values(values)])


def gradients_of(values: Iterable[Value], /) -> array[float]:
    """Return the gradients of Values."""
    return array("d", [value.grad for value in take_values(values)])


def zero_gradients(values: Iterable[Value], /) -> None:
    """Set the gradients to zero, all of them or none; `has_grad` stays as it is."""
    taken = take_values(values)
    if tapes:
        for value in taken:
            refuse_reading(value, ".grad =")
    store([value for value in taken if value.has_grad], repeat("_grad"), repeat(0.0))


def add_gradients(
    values: tuple[Value, ...],  # noqa: ARG001
    numbers: array[float] | bytes,  # noqa: ARG001
    seed: float,  # noqa: ARG001
    /,
) -> bool:
    """Add seed · number to the gradient of each of different leaves; return whether it did.

    C does it, unless a gradient would not be finite or a thread records; here it does nothing.
    """
    return False


def norm_of(numbers: array[float], /) -> float:
    """Return the Euclidean norm of an array, as the row ``norm`` computes it."""
    value, _ = PRIMITIVES["norm"].evaluate(numbers.tolist())
    return value


def neuron_outputs(neurons: list[Any], xs: Sequence[Operand], kind: type, /) -> list[Any]:  # noqa: ARG001
    """Return the outputs of the first neurons, as many as one call makes: here none."""
    return []


def custom_node(
    row: Primitive,
    operands: tuple[Operand, ...],
    number: float,
    partials: tuple[float, ...] | array[float],
    /,
) -> Value:
    """Return a node of a row that is not in the table, with a partial derivative an operand."""
    partials = tuple(partials)
    fits = len(operands) == len(partials) and {*map(type, operands)} <= {Value, float}
    if not fits or not {*map(type, partials)} <= {float}:
        raise no_operands(operands, partials)
    values = [operand for operand in operands if isinstance(operand, Value)]
    slopes = [p for operand, p in zip(operands, partials, strict=True) if type(operand) is Value]
    node = object.__new__(Value)
    node._number, node._row = number, row
    node._x = node._y = node._mark = None
    node._many = operands, values, slopes
    if tapes:
        record_node(node)
    return node


def take_values(values: Iterable[Value]) -> tuple[Value, ...]:
    """Return Values as a tuple; refuse anything else."""
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

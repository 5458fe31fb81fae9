"""Predictions and targets of any shape, as the lists of numbers that formulas of losses take."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

from autograd_mini.arguments import is_iterable, items, requirement
from autograd_mini.engines import Operand, Value
from autograd_mini.functions import as_operand

__all__ = ["as_list", "compare", "flatten", "has_value", "values_of"]


def compare(
    where: str,
    formula: Callable[[list[Value], list[Operand]], Value],
    predictions: Any,
    targets: Any,
) -> Any:
    """Return a formula of two lists of numbers for predictions and targets of one shape.

    Args:
        where: the loss, for errors.
        formula: a function of two lists of equal length.
        predictions, targets: see the module `losses`.

    Raises:
        ValueError: the shapes differ, or there is nothing to compare.
    """
    shape, ps = flatten(predictions, f"{where}: predictions")
    target_shape, ts = flatten(targets, f"{where}: targets")
    if _drop_columns_of_one(shape) != _drop_columns_of_one(target_shape):
        raise ValueError(
            f"{where}: targets must be {_describe_shape(shape)}, as the predictions are, "
            f"got {_describe_shape(target_shape)}"
        )
    result = formula(values_of(ps), ts)
    return result if has_value(ps) or has_value(ts) else result.data


def flatten(given: object, argument: str) -> tuple[tuple[int, ...], list[Operand]]:
    """Return the shape of an argument, (), (n,) or (rows, columns), and its items in order."""
    if not is_iterable(given):
        return (), [as_operand(given, argument=argument)]
    parts = as_list(given, argument)
    if not is_iterable(parts[0]):
        return (len(parts),), _operands(parts, argument)
    rows = [as_list(row, f"{argument}[{i}]") for i, row in enumerate(parts)]
    columns = len(rows[0])
    for i, row in enumerate(rows):
        if len(row) != columns:
            rule = f"{columns}, the length of row 0"
            raise ValueError(requirement(f"{argument}: length of row {i}", rule, len(row)))
    flat = [_operands(row, f"{argument}[{i}]") for i, row in enumerate(rows)]
    return (len(rows), columns), list(chain.from_iterable(flat))


def _operands(row: list[Any], argument: str) -> list[Operand]:
    if set(map(type, row)) <= {Value, float}:
        return row
    return [as_operand(x, argument=f"{argument}[{i}]") for i, x in enumerate(row)]


def as_list(given: object, argument: str) -> list[Any]:
    """Return a sequence as a list that is not empty."""
    found = list(items(given, argument=argument, rule="a list"))
    if not found:
        raise ValueError(requirement(argument, "a list that is not empty", found))
    return found


def _drop_columns_of_one(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape, but (n,) for (n, 1), which has the same numbers, as a column of a frame."""
    return shape[:1] if shape[1:] == (1,) else shape


def _describe_shape(shape: tuple[int, ...]) -> str:
    match shape:
        case ():
            return "a single number"
        case (length,):
            return f"a list of {length}"
        case _:
            return f"{shape[0]} rows of {shape[1]}"


def values_of(operands: list[Operand]) -> list[Value]:
    """Return Values, so that an overflow raises even if all operands are plain numbers."""
    return [x if isinstance(x, Value) else Value(x) for x in operands]


def has_value(operands: object) -> bool:
    """Return whether there is a Value among operands."""
    return isinstance(operands, list) and any(isinstance(x, Value) for x in operands)

"""`Results`: the numbers that many calls of a function return, in the form of its result."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from autograd_mini.arguments import number, requirement
from autograd_mini.engines import Operand, Value
from autograd_mini.programs.nodes import (
    DEEPEST,
    NUMBER,
    Node,
    array_node,
    array_shapes,
    build_node,
    join_arrays,
    read_structure,
    unravel,
    write_node,
    write_place,
)
from autograd_mini.transforms.structures import is_array, list_array

__all__ = ["ResultForm", "Results", "allocate", "describe_result"]


class ResultForm:
    """The form of a result: a number, or lists, tuples, dicts and arrays of numbers.

    It prints as the result would, with ``x`` for each number.

    >>> form, numbers = describe_result("compile", {"a": [Value(2.0), 3], "b": 5.0})
    >>> form
    {'a': [x, x], 'b': x}
    >>> form.build([1.0, 2.0, 3.0])
    {'a': [1.0, 2.0], 'b': 3.0}
    """

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def build(self, numbers: Iterable[Any]) -> Any:
        """Return a result in this form, of floats or Values: the next ones of an iterator."""
        return build_node(self.node, iter(numbers))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResultForm) and self.node == other.node

    def __hash__(self) -> int:
        return hash(self.node)

    def __repr__(self) -> str:
        return write_node(self.node)


def describe_result(where: str, result: Any) -> tuple[ResultForm, list[Operand]]:
    """Return the form of what a function returned, and its Values and floats in order.

    Raises:
        TypeError: a part of it is no number, such as None.
        ValueError: a number is not exact as a float.
    """
    found: list[Operand] = []

    def describe(part: Any, place: Any, depth: int = DEEPEST) -> Node:
        if isinstance(part, list | tuple | dict):
            return read_structure(part, describe, place, depth)
        if is_array(part):
            entries = list_array(part, write_place(place))
            for i, one in enumerate(entries):
                found.append(_take(one, (place, unravel(i, part.shape))))
            return array_node(part.shape)
        found.append(_take(part, place))
        return NUMBER

    node = describe(result, (where, "result of the function"))
    return ResultForm(node), found


def _take(one: Any, place: Any) -> Operand:
    if isinstance(one, Value):
        return one
    if one is None:
        rule, way_out = "a Value or a number", "does it return what it computes?"
        raise TypeError(requirement(write_place(place), rule, one, way_out))
    return number(one, argument=write_place(place))


class Results:
    """Memory for the numbers of many results of one form.

    Args:
        form: the form of each result.
        leaves: for each number or array of it, the numbers of all samples.
        has_arrays: whether they come back as arrays of NumPy; otherwise as lists.
    """

    __slots__ = ("_form", "_has_arrays", "_leaves", "buffers")

    def __init__(self, form: ResultForm, leaves: list[Any], *, has_arrays: bool) -> None:
        self._form, self._leaves, self._has_arrays = form, leaves, has_arrays
        # A buffer has one axis or two; an array that has no numbers in it needs none.
        self.buffers = [
            x.reshape(len(x), prod(x.shape[1:])) if is_array(x) and x.ndim > 1 else x
            for x in leaves
            if not (is_array(x) and 0 in x.shape[1:])
        ]

    def store(self, sample: int, numbers: Sequence[float]) -> None:
        """Store the numbers of one result."""
        remaining = iter(numbers)
        for buffer in self.buffers:
            if is_array(buffer) and buffer.ndim == 2:
                buffer[sample] = [next(remaining) for _ in range(buffer.shape[1])]
            else:
                buffer[sample] = next(remaining)

    def finish(self) -> Any:
        """Return the result of all samples: each number is a column, the arrays get an axis."""
        columns = [x.tolist() if isinstance(x, array) else x for x in self._leaves]
        return build_node(join_arrays(self._form.node), iter(columns))


def allocate(form: ResultForm, count: int, *, has_arrays: bool) -> Results:
    """Return memory for a number of results; a number needs a double for each, an array a row."""
    leaves: list[Any] = []
    for shape in array_shapes(form.node):
        if has_arrays or shape is not None:
            leaves.append(sys.modules["numpy"].zeros((count, *(shape or ()))))
        else:
            leaves.append(array("d", bytes(8 * count)))
    return Results(form, leaves, has_arrays=has_arrays)

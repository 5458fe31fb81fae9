"""Losses: they measure how far predictions are from their targets.

Predictions are a Value or a number, a list, or a list of rows. Targets have the same shape, unless
they are indices of classes. With plain numbers, a loss returns a plain number.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, Protocol, TypeAlias, overload

from autograd_mini.arguments import items, requirement, whole
from autograd_mini.engines import Operand, Value
from autograd_mini.engines.node import numbers_of
from autograd_mini.functions import as_operand, dot, log_softmax, mean, relu, softplus, square, sum

__all__ = [
    "Loss",
    "binary_cross_entropy",
    "cross_entropy",
    "hinge",
    "mean_squared_error",
    "squared_error",
    "sum_of_squares",
]

Numbers: TypeAlias = float | Sequence[float] | Sequence[Sequence[float]]
Operands: TypeAlias = "Operand | Sequence[Operand | Sequence[Operand]]"


class Loss(Protocol):
    """A loss of predictions and targets; it is a float if all of them are numbers."""

    @overload
    def __call__(self, predictions: Numbers, targets: Numbers) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, predictions: Operands, targets: Operands) -> Value: ...


def _over_pairs(formula: Callable[[list[Value], list[Operand]], Value]) -> Loss:
    """Turn a formula over two lists of equal length into a loss over two equal shapes."""
    name = formula.__name__

    @functools.wraps(formula)
    def loss(predictions: Any, targets: Any) -> Any:
        shape, ps = _flat(predictions, f"{name}: predictions")
        target_shape, ts = _flat(targets, f"{name}: targets")
        if shape != target_shape:
            raise ValueError(
                f"{name}: targets must be {_describe_shape(shape)}, as the predictions are, "
                f"got {_describe_shape(target_shape)}"
            )
        result = formula(_values(ps), ts)
        return result if _any_value(ps) or _any_value(ts) else result.data

    return loss


@_over_pairs
def squared_error(predictions: list[Value], targets: list[Operand]) -> Value:
    """Return ½ Σ (T − a)² over predictions a and targets T.

    Raises:
        ValueError: the shapes differ, or there is nothing to compare.

    >>> a = Value(0.75)
    >>> squared_error(a, 0.25).backward()
    >>> a.grad
    0.5
    """
    return 0.5 * _sum([square(t - p) for p, t in zip(predictions, targets, strict=True)])


@_over_pairs
def sum_of_squares(predictions: list[Value], targets: list[Operand]) -> Value:
    """Return Σ (z − p)² over predictions p and targets z.

    Raises:
        ValueError: the shapes differ, or there is nothing to compare.

    >>> sum_of_squares([0.5, 1.0], [1.0, 2.0])
    1.25
    """
    return _sum([square(t - p) for p, t in zip(predictions, targets, strict=True)])


@_over_pairs
def mean_squared_error(predictions: list[Value], targets: list[Operand]) -> Value:
    """Return the mean of (t − p)² over all predictions p and targets t, in all rows.

    Raises:
        ValueError: the shapes differ, or there is nothing to compare.

    >>> mean_squared_error([[0.5, 1.0]], [[1.0, 2.0]])
    0.625
    """
    return _mean([square(t - p) for p, t in zip(predictions, targets, strict=True)])


@_over_pairs
def binary_cross_entropy(logits: list[Value], targets: list[Operand]) -> Value:
    """Return the mean of −t ln σ(z) − (1 − t) ln (1 − σ(z)) over logits z and targets t.

    It is computed as t softplus(−z) + (1 − t) softplus(z), where nothing overflows or cancels. The
    derivative of one term is σ(z) − t.

    Args:
        logits: the predictions before the sigmoid; this loss applies the sigmoid itself.
        targets: the probabilities that the sigmoid should give, from 0 to 1.

    Raises:
        ValueError: the shapes differ, there is nothing to compare, or a target is outside [0, 1].

    >>> binary_cross_entropy([0.0, 1000.0], [1.0, 1.0])
    0.34657359027997264
    """
    for target in targets:
        if not 0 <= target <= 1:
            rule = "from 0 to 1"
            raise ValueError(requirement("binary_cross_entropy: targets", rule, numbers_of(target)))
    return _mean([_binary_surprise(z, t) for z, t in zip(logits, targets, strict=True)])


def _binary_surprise(logit: Value, target: Operand) -> Value:
    if isinstance(target, float) and target in (0.0, 1.0):
        return softplus(-logit if target else logit)
    return target * softplus(-logit) + (1.0 - target) * softplus(logit)


@_over_pairs
def hinge(scores: list[Value], targets: list[Operand]) -> Value:
    """Return the mean of max(0, 1 − t s) over scores s and targets t, which are 1 or −1.

    Raises:
        ValueError: the shapes differ, there is nothing to compare, or a target is not 1 or −1.

    >>> hinge([0.25, -3.0], [1, -1])
    0.375
    """
    for target in numbers_of(targets):
        if target not in (1, -1):
            raise ValueError(requirement("hinge: targets", "1 or -1", target))
    return _mean([relu(1.0 - t * s) for s, t in zip(scores, targets, strict=True)])


@overload
def cross_entropy(logits: Numbers, targets: Numbers) -> float: ...  # type: ignore[overload-overlap]
@overload
def cross_entropy(logits: Operands, targets: Operands) -> Value: ...
def cross_entropy(logits: Any, targets: Any) -> Any:
    """Return the mean over the examples of −Σ t ln softmax(z), with logits z and targets t.

    It is computed by `log_softmax`, which does not overflow. The derivative for one example is
    softmax(z) − t.

    Args:
        logits: the predictions before the softmax, which this loss applies itself: for each example
            a row with a number for each class; or the row of a single example.
        targets: for each example the index of its class, or a row with the probability of each
            class; or the index or row of a single example.

    Raises:
        ValueError: there are no examples, the shapes do not fit, there is no class of an index, or
            the probabilities of a row do not add up to 1.
        TypeError: a target is neither an int nor a row of numbers.

    >>> cross_entropy([[2.0, 2.0], [0.0, 1000.0]], [0, 1])
    0.34657359027997264
    >>> cross_entropy([2.0, 2.0], [0.5, 0.5])
    0.6931471805599453
    """
    shape, flat = _flat(logits, "cross_entropy: logits")
    if not shape:
        rule = "a row for each example, or one row"
        raise ValueError(requirement("cross_entropy: logits", rule, logits))
    count, classes = (1, *shape)[-2:]
    given = [targets] if len(shape) == 1 else _as_list(targets, "cross_entropy: targets")
    if len(given) != count:
        rule = f"{count}, a target for each row of logits"
        raise ValueError(requirement("cross_entropy: number of targets", rule, len(given)))
    rows = [flat[i : i + classes] for i in range(0, len(flat), classes)]
    weights = [_target(target, classes) for target in given]
    result = _mean([_surprise(z, t) for z, t in zip(rows, weights, strict=True)])
    return result if any(map(_any_value, [flat, *weights])) else result.data


def _surprise(logits: list[Operand], target: int | list[Operand]) -> Value:
    log_probabilities = log_softmax(_values(logits))
    if isinstance(target, int):
        return -log_probabilities[target]
    return -dot(target, log_probabilities)


def _target(target: object, classes: int) -> int | list[Operand]:
    if isinstance(target, Iterable):
        _, row = _flat(target, "cross_entropy: a row of targets")
        probabilities = numbers_of(row)
        if len(row) != classes:
            rule = f"{classes}, a probability for each class"
            raise ValueError(
                requirement("cross_entropy: length of a row of targets", rule, len(row))
            )
        if not (min(probabilities) >= 0 and abs(math.fsum(probabilities) - 1) <= 1e-6):
            rule = "probabilities that add up to 1"
            raise ValueError(requirement("cross_entropy: a row of targets", rule, probabilities))
        return row
    index = whole(target)
    if index is None:
        rule = "the index of a class, an int, or a row of probabilities"
        raise TypeError(requirement("cross_entropy: target", rule, target))
    if not 0 <= index < classes:
        rule = f"the index of a class, 0 to {classes - 1}"
        raise ValueError(requirement("cross_entropy: target", rule, index))
    return index


def _flat(given: object, argument: str) -> tuple[tuple[int, ...], list[Operand]]:
    """Return the shape of an argument, (), (n,) or (rows, columns), and its items in order."""
    if not isinstance(given, Iterable):
        return (), [as_operand(given, argument=argument)]
    parts = _as_list(given, argument)
    if not isinstance(parts[0], Iterable):
        return (len(parts),), _operands(parts, argument)
    rows = [_as_list(row, f"{argument}[{i}]") for i, row in enumerate(parts)]
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


def _as_list(given: object, argument: str) -> list[Any]:
    found = list(items(given, argument=argument, rule="a list"))
    if not found:
        raise ValueError(requirement(argument, "a list that is not empty", found))
    return found


def _describe_shape(shape: tuple[int, ...]) -> str:
    match shape:
        case ():
            return "a single number"
        case (length,):
            return f"a list of {length}"
        case _:
            return f"{shape[0]} rows of {shape[1]}"


def _values(operands: list[Operand]) -> list[Value]:
    """Return Values, so that an overflow raises even if all operands are plain numbers."""
    return [x if isinstance(x, Value) else Value(x) for x in operands]


def _any_value(operands: object) -> bool:
    return isinstance(operands, list) and any(isinstance(x, Value) for x in operands)


def _sum(terms: list[Value]) -> Value:
    """Return the sum; a single term needs no node, which a drawing would show."""
    return terms[0] if len(terms) == 1 else sum(terms)


def _mean(terms: list[Value]) -> Value:
    return terms[0] if len(terms) == 1 else mean(terms)

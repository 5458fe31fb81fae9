"""Losses: they measure how far predictions are from their targets.

Predictions are a Value or a number, a list, or a list of rows. Targets have the same shape, unless
they are indices of classes; rows of one number each are as a list of these numbers. With plain
numbers, a loss returns a plain number.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar, overload

from autograd_mini.arguments import finite, is_iterable, requirement, whole
from autograd_mini.engines import Operand, Value, errstate, is_recording
from autograd_mini.engines.node import numbers_of
from autograd_mini.errors import DomainError
from autograd_mini.functions import among, mean, minimum, relu, softplus, square, sum
from autograd_mini.nn.pairs import as_list, compare, flatten, has_value, values_of

__all__ = [
    "Loss",
    "binary_cross_entropy",
    "cross_entropy",
    "hinge",
    "huber",
    "mean_absolute_error",
    "mean_squared_error",
    "squared_error",
    "sum_of_squares",
]

Numbers: TypeAlias = float | Sequence[float] | Sequence[Sequence[float]]
Operands: TypeAlias = "Operand | Sequence[Operand | Sequence[Operand]]"
T = TypeVar("T")


class Loss(Protocol):
    """A loss of predictions and targets; it is a float if all of them are numbers."""

    @overload
    def __call__(self, predictions: Numbers, targets: Numbers) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, predictions: Operands, targets: Operands) -> Value: ...


Formula: TypeAlias = "Callable[[list[Value], list[Operand]], Value]"


def _over_pairs(formula: Formula) -> Loss:
    """Turn a formula over two lists of equal length into a loss over two equal shapes."""

    @functools.wraps(formula)
    def loss(predictions: Any, targets: Any) -> Any:
        return compare(formula.__name__, formula, predictions, targets)

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
def mean_absolute_error(predictions: list[Value], targets: list[Operand]) -> Value:
    """Return the mean of |t − p| over all predictions p and targets t, in all rows.

    Where they are equal the derivative is 0, the least subgradient.

    Raises:
        ValueError: the shapes differ, or there is nothing to compare.

    >>> mean_absolute_error([[0.5, 1.0]], [[1.0, 2.0]])
    0.75
    """
    return _mean([abs(t - p) for p, t in zip(predictions, targets, strict=True)])


@overload
def huber(predictions: Numbers, targets: Numbers, *, delta: float = ...) -> float: ...  # type: ignore[overload-overlap]
@overload
def huber(predictions: Operands, targets: Operands, *, delta: float = ...) -> Value: ...
def huber(predictions: Any, targets: Any, *, delta: float = 1.0) -> Any:
    """Return the mean of ½ r² where |r| ≤ delta, and of delta (|r| − ½ delta) elsewhere.

    r = t − p is the residual of prediction p and target t: small ones count as in a squared error,
    large ones in proportion, so that outliers pull less (Huber, *Robust Estimation of a Location
    Parameter*, 1964).

    Args:
        predictions, targets: of one shape.
        delta: where the two parts meet, above 0.

    Raises:
        ValueError: the shapes differ, there is nothing to compare, or delta is not above 0.

    >>> huber([0.5, 1.0], [1.0, 4.0])
    1.3125
    """
    delta = finite(delta, argument="huber: delta")
    if delta <= 0:
        raise ValueError(requirement("huber: delta", "above 0", delta))

    def compute(predictions: list[Value], targets: list[Operand]) -> Value:
        terms = []
        for p, t in zip(predictions, targets, strict=True):
            size = abs(t - p)
            near = minimum(size, delta)
            terms.append(near * (size - 0.5 * near))  # whose derivative cancels nothing
        return _mean(terms)

    return compare("huber", compute, predictions, targets)


@overload
def binary_cross_entropy(  # type: ignore[overload-overlap]
    predictions: Numbers, targets: Numbers, *, from_logits: bool = ...
) -> float: ...
@overload
def binary_cross_entropy(
    predictions: Operands, targets: Operands, *, from_logits: bool = ...
) -> Value: ...
def binary_cross_entropy(predictions: Any, targets: Any, *, from_logits: bool = True) -> Any:
    """Return the mean of −t ln p − (1 − t) ln (1 − p) over probabilities p and targets t.

    The predictions are logits z, and p is σ(z). A term is computed as
    t softplus(−z) + (1 − t) softplus(z), where nothing overflows or cancels; its derivative is
    σ(z) − t. What has weight 0 counts for nothing, even if it is infinite.

    Args:
        predictions: the numbers before the sigmoid; without ``from_logits``, the probabilities.
        targets: the probabilities that the predictions should give, from 0 to 1.
        from_logits: whether this loss applies the sigmoid itself.

    Raises:
        ValueError: the shapes differ, there is nothing to compare, a target or a probability is
            outside [0, 1], or a logit is the output of a sigmoid or a softmax.
        DomainError: a probability is 0, and its target is not.

    >>> binary_cross_entropy([0.0, 1000.0], [1.0, 1.0])
    0.34657359027997264
    >>> binary_cross_entropy([0.5, 1.0], [1.0, 1.0], from_logits=False)
    0.34657359027997264
    """
    where = "binary_cross_entropy"

    def compute(predictions: list[Value], targets: list[Operand]) -> Value:
        for target in targets:
            if not 0 <= target <= 1:
                rule = "from 0 to 1"
                raise ValueError(requirement(f"{where}: targets", rule, numbers_of(target)))
        weights = [[1.0 - target, target] for target in targets]
        if from_logits:
            _refuse_probabilities(predictions, where)
            return _expect(predictions, weights, _surprises_of_logit)
        _check_range(predictions, where)
        for i, (p, target) in enumerate(zip(predictions, targets, strict=True)):
            if p >= 1 and target < 1:
                raise _impossible(where, 0, i, 1.0 - target)
            if p <= 0 and target > 0:
                raise _impossible(where, 1, i, target)
        return _expect(predictions, weights, _surprises_of_probability)

    return compare(where, compute, predictions, targets)


@_over_pairs
def hinge(scores: list[Value], targets: list[Operand]) -> Value:
    """Return the mean of max(0, 1 − t s) over scores s and targets t, which are 1 or −1.

    Raises:
        ValueError: the shapes differ, there is nothing to compare, or a target is not 1 or −1.

    >>> hinge([0.25, -3.0], [1, -1])
    0.375
    """
    for target in targets:
        if not (1 <= target <= 1 or -1 <= target <= -1):
            raise ValueError(requirement("hinge: targets", "1 or -1", numbers_of(target)))
    return _mean([relu(1.0 - t * s) for s, t in zip(scores, targets, strict=True)])


@overload
def cross_entropy(predictions: Numbers, targets: Numbers, *, from_logits: bool = ...) -> float: ...  # type: ignore[overload-overlap]
@overload
def cross_entropy(
    predictions: Operands, targets: Operands, *, from_logits: bool = ...
) -> Value: ...
def cross_entropy(predictions: Any, targets: Any, *, from_logits: bool = True) -> Any:
    """Return the mean over the examples of −Σ t ln p, with probabilities p and targets t.

    The predictions are logits z, and p is softmax(z). It is computed by `log_softmax`, which does
    not overflow; the derivative for an example is softmax(z) − t. What has weight 0 counts for
    nothing, even if it is infinite.

    Args:
        predictions: the numbers before the softmax, or without ``from_logits`` the probabilities:
            for each example a row with a number for each class; or the row of a single example.
        targets: for each example the index of its class, or a row with the probability of each
            class; or the index or row of a single example.
        from_logits: whether this loss applies the softmax itself.

    Raises:
        ValueError: there are no examples, the shapes do not fit, there is no class of an index, the
            probabilities of a row do not add up to 1, or a logit is the output of a softmax.
        TypeError: a target is neither an int nor a row of numbers.
        DomainError: a probability is 0, and its target is not.

    >>> cross_entropy([[2.0, 2.0], [0.0, 1000.0]], [0, 1])
    0.34657359027997264
    >>> cross_entropy([0.5, 0.5], [0.25, 0.75], from_logits=False)
    0.6931471805599453
    """
    shape, flat = flatten(predictions, "cross_entropy: predictions")
    if not shape:
        rule = "a row for each example, or one row"
        raise ValueError(requirement("cross_entropy: predictions", rule, predictions))
    count, classes = (1, *shape)[-2:]
    given = [targets] if len(shape) == 1 else as_list(targets, "cross_entropy: targets")
    if len(given) != count:
        rule = f"{count}, a target for each row of predictions"
        raise ValueError(requirement("cross_entropy: number of targets", rule, len(given)))
    values = values_of(flat)
    rows = [values[i : i + classes] for i in range(0, len(flat), classes)]
    weights = [weigh_classes(target, classes) for target in given]
    if from_logits:
        _refuse_probabilities(values, "cross_entropy")
        result = _expect(rows, weights, _surprises_of_logits)
    else:
        _check_range(values, "cross_entropy")
        for row in rows:
            _check_total(row, "cross_entropy: a row of predictions")
        for i, (row, ws) in enumerate(zip(rows, weights, strict=True)):
            for k, (p, target) in enumerate(zip(row, ws, strict=True)):
                if p <= 0 and target > 0:
                    raise _impossible("cross_entropy", k, i, target)
        result = _expect(rows, weights, _surprises_of_probabilities)
    return result if any(map(has_value, [flat, *weights])) else result.data


def _expect(
    predictions: Sequence[T],
    weights: list[list[Operand]],
    surprises: Callable[[T, list[int]], list[Value]],
) -> Value:
    """Return the mean over the examples of the expectation of the surprise −ln p.

    Args:
        predictions: the prediction for each example.
        weights: for each example, the probability of each class.
        surprises: returns the surprises of some classes under a prediction.
    """
    terms = []
    for prediction, ws in zip(predictions, weights, strict=True):
        classes = [k for k, w in enumerate(ws) if isinstance(w, Value) or w]
        found = surprises(prediction, classes)
        kept = [ws[k] for k in classes]
        is_certain = len(kept) == 1 and isinstance(kept[0], float) and kept[0] == 1
        terms.append(found[0] if is_certain else Value.expectation(kept, found))
    return _mean(terms)


def _surprises_of_logit(logit: Value, classes: list[int]) -> list[Value]:
    return [softplus(-logit if k else logit) for k in classes]


def _surprises_of_logits(logits: list[Value], classes: list[int]) -> list[Value]:
    pairs = list(among(logits)) if len(classes) > 1 else []
    surprises = []
    for k in classes:
        if pairs and -math.inf < pairs[k][1] < math.inf:
            others, logit = pairs[k]
        else:  # perhaps it became infinite in the pair, and the row has to raise an error
            others, logit = logits[:k] + logits[k + 1 :], logits[k]
        surprises.append(-Value.log_softmax(others, logit))
    return surprises


def _surprises_of_probability(probability: Value, classes: list[int]) -> list[Value]:
    with errstate(nonfinite="ignore"):  # if it is 0, its target is a Value of 0
        return [-(probability.log() if k else (-probability).log1p()) for k in classes]


def _surprises_of_probabilities(probabilities: list[Value], classes: list[int]) -> list[Value]:
    with errstate(nonfinite="ignore"):
        return [-probabilities[k].log() for k in classes]


def _check_range(probabilities: Sequence[Operand], where: str) -> None:
    for p in probabilities:
        if not 0 <= p <= 1:
            raise ValueError(requirement(f"{where}: predictions", "from 0 to 1", numbers_of(p)))


def _impossible(where: str, class_: int, example: int, target: Operand) -> DomainError:
    """Return the error for a probability of 0 whose target is not 0."""
    argument = f"{where}: the probability of class {class_} in example {example}"
    return DomainError(
        requirement(argument, f"above 0, as its target is {numbers_of(target)}", 0.0)
    )


def _refuse_probabilities(logits: list[Value], where: str) -> None:
    """Refuse the outputs of a sigmoid or a softmax: with a second one, a model hardly learns."""
    for logit in logits:
        if logit.op is not None and logit.op.name in ("sigmoid", "softmax"):
            way_out = f"leave out the {logit.op}, or say from_logits=False"
            raise ValueError(requirement(f"{where}: predictions", "logits", logit, way_out))


def weigh_classes(target: object, classes: int) -> list[Operand]:
    """Return the weight of each class: its probability, or 1 for the index of a class."""
    if is_iterable(target):
        _, row = flatten(target, "cross_entropy: a row of targets")
        if len(row) != classes:
            rule = f"{classes}, a probability for each class"
            raise ValueError(
                requirement("cross_entropy: length of a row of targets", rule, len(row))
            )
        _check_total(row, "cross_entropy: a row of targets")
        return row
    index = whole(target)
    if index is None:
        rule = "the index of a class, an int, or a row of probabilities"
        raise TypeError(requirement("cross_entropy: target", rule, target))
    if not 0 <= index < classes:
        rule = f"the index of a class, 0 to {classes - 1}"
        raise ValueError(requirement("cross_entropy: target", rule, index))
    return [float(k == index) for k in range(classes)]


def _check_total(probabilities: Sequence[Operand], argument: str) -> None:
    """Refuse a row that does not add up to 1, by comparisons, which a recording notes."""
    numbers = numbers_of(probabilities)
    with errstate(nonfinite="ignore"):
        total = Value.fsum(probabilities if is_recording() else numbers)
    if not (all(p >= 0 for p in probabilities) and abs(total - 1) <= 1e-6):
        raise ValueError(requirement(argument, "probabilities that add up to 1", numbers))


def _sum(terms: list[Value]) -> Value:
    """Return the sum; a single term needs no node, which a drawing would show."""
    return terms[0] if len(terms) == 1 else sum(terms)


def _mean(terms: list[Value]) -> Value:
    return terms[0] if len(terms) == 1 else mean(terms)

"""The gradient of the loss of a batch: by the graph, or by recorded programs of model and loss."""

from __future__ import annotations

import functools
import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from types import FunctionType
from typing import Any, Protocol

from autograd_mini.arguments import requirement
from autograd_mini.engines import Value, are_floats, sweep_back
from autograd_mini.engines.nonfinite import strict
from autograd_mini.errors import DomainError
from autograd_mini.nn import losses
from autograd_mini.programs.entries import Entry
from autograd_mini.programs.forms import read_call
from autograd_mini.programs.predictor import Examples, Predictor, Total
from autograd_mini.programs.subjects import Subject
from autograd_mini.transforms import value_and_grad

__all__ = ["Differentiated", "EagerLoss", "Loss", "Model", "compile_loss"]

Loss = Callable[[list[Any], list[Any]], Value]

IS_MEAN: Mapping[Any, bool] = {
    **dict.fromkeys((losses.squared_error, losses.sum_of_squares), False),
    losses.mean_squared_error: True,
    losses.binary_cross_entropy: True,
    losses.cross_entropy: True,
    losses.hinge: True,
    losses.huber: True,
    losses.mean_absolute_error: True,
}
"""Whether the loss of a batch is the mean of those of its examples, or the sum. Of others nobody
knows how it comes of them."""

MOST_PATHS = 3
"""A loss over a batch with more ways through its branches is computed by its graph."""


class Model(Protocol):
    """A model that can be trained: a function of one example, with parameters."""

    def __call__(self, x: Any, /) -> Any:
        """Return the prediction for an example."""

    def parameters(self) -> Any:
        """Return the leaves that training may change."""


class Differentiated(Protocol):
    """What computes the loss of a batch and its gradient."""

    def differentiate(self, batch: Sequence[int], zero_grad: Callable[[], None]) -> float:
        """Return the loss of a batch; set the gradients, after they were made zero.

        Args:
            batch: the numbers of its examples.
            zero_grad: makes the gradients zero, once nothing but `backward` can fail.

        Raises:
            DomainError, NonFiniteGradientError: a number is not finite.
        """


class EagerLoss:
    """The loss over batches of examples by the graph of all predictions.

    Args:
        model: a function of an example that returns a prediction.
        loss: a function of the predictions and the targets of a batch that returns a Value.
        inputs, targets: the examples and their targets.
    """

    def __init__(
        self, model: Model, loss: Loss, inputs: Sequence[Any], targets: Sequence[Any]
    ) -> None:
        self.model, self.loss, self.inputs, self.targets = model, loss, inputs, targets

    def compute(self, batch: Sequence[int]) -> tuple[list[Any], Value]:
        """Return the predictions for a batch, and their loss.

        Raises:
            TypeError: the loss is no Value.
        """
        predictions = [self.model(self.inputs[i]) for i in batch]
        return predictions, self.compare(predictions, batch)

    def compare(self, predictions: list[Any], batch: Sequence[int]) -> Value:
        """Return the loss of predictions for a batch, which is a finite Value."""
        loss = self.loss(predictions, [self.targets[i] for i in batch])
        if not isinstance(loss, Value):
            way_out = (
                "it has a gradient only if the predictions depend on the parameters, and the loss "
                "uses Values, not their .data"
            )
            raise TypeError(requirement("fit: result of loss", "a Value", loss, way_out))
        _check_finite(loss.data)
        return loss

    def differentiate(self, batch: Sequence[int], zero_grad: Callable[[], None]) -> float:
        """Return the loss of a batch; see `Differentiated`."""
        _, loss = self.compute(batch)
        zero_grad()
        loss.backward()
        return loss.data


def compile_loss(
    eager: EagerLoss, batch: Sequence[int], executor: Executor | None
) -> Differentiated:
    """Return what computes the same as the graphs do, by recorded programs.

    The loss of the first batch is computed by its graph too: a loss may look at what predictions
    are made of, and refuse that.

    Args:
        eager: what it replaces.
        batch: the numbers of the examples of the first batch.
        executor: shares the examples of a batch out.
    """
    predictions, _ = eager.compute(batch)
    loss = _find_loss(eager.loss)
    is_mean = IS_MEAN.get(loss) if isinstance(loss, FunctionType) else None
    if is_mean is not None:
        targets = eager.targets
        if loss is losses.cross_entropy and isinstance(predictions[0], list | tuple):
            # An index of a class becomes a row with a number for each class.
            targets = [losses.weigh_classes(one, len(predictions[0])) for one in targets]
        with suppress(TypeError, ValueError):  # then X or y has several forms
            pairs = list(zip(eager.inputs, targets, strict=True))
            examples = Examples("fit: X and y", pairs)
            return _SeparableLoss(eager, examples, executor, is_mean=is_mean)
    examples = Examples("fit: X", [(x,) for x in eager.inputs])
    return _LossOfPredictions(eager, examples, executor)


def _find_loss(loss: object) -> object:
    """Return the function that a partial function calls; anything else as it is."""
    while isinstance(loss, functools.partial) and not loss.args:
        loss = loss.func
    return loss


class _SeparableLoss:
    """A loss that is the sum or the mean of the losses of the examples: one program has it all."""

    def __init__(
        self, eager: EagerLoss, pairs: Examples, executor: Executor | None, *, is_mean: bool
    ) -> None:
        self._eager, self._pairs, self._executor = eager, pairs, executor
        self._is_mean = is_mean
        self._total = Total(self._compute, type(eager.model).__name__, pairs.form)

    def _compute(self, x: Any, target: Any) -> Value:
        return self._eager.loss([self._eager.model(x)], [target])

    def differentiate(self, batch: Sequence[int], zero_grad: Callable[[], None]) -> float:
        """Return the loss of a batch; see `Differentiated`."""
        share = 1.0 / len(batch) if self._is_mean else 1.0
        found, sums = self._total.compute(self._pairs.columns(batch), share, self._executor)
        loss = sum(found) * share
        _check_finite(loss)
        zero_grad()
        self._total.add_gradients(sums)
        return loss


class _LossOfPredictions:
    """Any loss: the model is recorded, and so is the loss of the predictions of a whole batch.

    A loss that cannot be recorded, or that has parameters, is computed by its graph.
    """

    def __init__(self, eager: EagerLoss, examples: Examples, executor: Executor | None) -> None:
        self._eager, self._examples, self._executor = eager, examples, executor
        self._predictor = Predictor(eager.model, type(eager.model).__name__, examples.form)
        self._targets: Examples | None = None
        with suppress(TypeError, ValueError):  # they have several forms
            self._targets = Examples("fit: y", [(target,) for target in eager.targets])
        self._programs: dict[int, Entry] = {}  # by the length of the batch

    def differentiate(self, batch: Sequence[int], zero_grad: Callable[[], None]) -> float:
        """Return the loss of a batch; see `Differentiated`."""
        columns = self._examples.columns(batch)
        predictions = self._predictor.predict(columns, self._executor)
        loss, weights = self._differentiate_loss(predictions, batch)
        data = loss.data if isinstance(loss, Value) else loss
        _check_finite(data)
        sums = self._predictor.differentiate(columns, weights, self._executor)
        zero_grad()
        self._predictor.add_gradients(sums, loss if isinstance(loss, Value) else None)
        return data

    def _differentiate_loss(
        self, predictions: array[float], batch: Sequence[int]
    ) -> tuple[float | Value, array[float]]:
        """Return the loss, and its derivative by each number of the predictions.

        The loss is a Value if it was computed by its graph.
        """
        if self._targets is not None:
            entry = self._programs.get(len(batch)) or self._make_program(predictions, batch)
            numbers = (predictions + self._targets.rows(batch)).tolist()
            with suppress(Exception):  # what is due is raised by the loss itself, below
                found = entry.compute(numbers, (), strict=strict())
                if are_floats(found):  # otherwise it depends on parameters too
                    if len(entry.paths) > MOST_PATHS:
                        self._targets = None
                    return found[0], array("d", found[1:])
            self._targets = None
        leaves = [Value(x) for x in predictions]
        loss = self._eager.compare(self._predictor.build(leaves, len(batch)), batch)
        slopes = sweep_back([loss], leaves, [1.0], 0, "fit")
        assert slopes is not None  # no leaf is too old
        return loss, array("d", slopes)

    def _make_program(self, predictions: array[float], batch: Sequence[int]) -> Entry:
        """Return what records the loss for batches of a length."""
        eager = self._eager
        given = self._predictor.build(predictions, len(batch)), [eager.targets[i] for i in batch]
        form, _ = read_call("fit: loss", given, {})
        assert form is not None  # there are no Values
        subject = Subject(value_and_grad(eager.loss), "loss")
        entry = Entry(subject, form, natively=True, max_paths=MOST_PATHS + 1)
        self._programs[len(batch)] = entry
        return entry


def _check_finite(loss: float) -> None:
    if not math.isfinite(loss):
        raise DomainError(requirement("the loss", "finite", loss))

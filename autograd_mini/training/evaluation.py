"""What is measured of a model after each epoch: metrics, and the loss of validation data."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any

from autograd_mini.arguments import number
from autograd_mini.engines import Value, number_of
from autograd_mini.programs.predictor import Examples, Predictor
from autograd_mini.training.gradients import EagerLoss
from autograd_mini.training.metrics import Metric, compute_accuracy

__all__ = ["Evaluation"]


class Evaluation:
    """What is measured of a model with some examples.

    Args:
        eager: the model, the loss, the examples and their targets.
        metrics: functions of predictions and targets, by name.
        is_validation: whether the loss is measured too; then all names begin with ``val_``.
        compiled: whether the model is recorded and runs natively.
        executor: shares the examples out.
    """

    def __init__(
        self,
        eager: EagerLoss,
        metrics: Mapping[str, Metric],
        *,
        is_validation: bool,
        compiled: bool,
        executor: Executor | None,
    ) -> None:
        self._eager, self._metrics, self._executor = eager, dict(metrics), executor
        self.is_validation, self._all = is_validation, range(len(eager.inputs))
        self._targets = [_take_numbers(target) for target in eager.targets]
        self._examples: Examples | None = None
        if compiled:
            where = "fit: validation_data" if is_validation else "fit: X"
            self._examples = Examples(where, [(x,) for x in eager.inputs])
            name = type(eager.model).__name__
            self._predictor = Predictor(eager.model, name, self._examples.form)
        if self._metrics.get("accuracy") is compute_accuracy and self._gives_probability():
            self._metrics["accuracy"] = partial(compute_accuracy, threshold=0.5)
        self._prefix = "val_" if is_validation else ""

    def measure(self) -> dict[str, float]:
        """Return what is measured, by name.

        Raises:
            DomainError: a prediction or the loss is not finite.
            TypeError: a metric returns no number.
        """
        predictions = self._predict()
        found = {}
        if self.is_validation:
            found["val_loss"] = self._eager.compare(predictions, self._all).data
        numbers = [_take_numbers(prediction) for prediction in predictions]
        for name, metric in self._metrics.items():
            argument = f"fit: result of metric {name!r}"
            measured = metric(list(numbers), list(self._targets))
            found[self._prefix + name] = number(measured, argument=argument)
        return found

    def _predict(self) -> list[Any]:
        """Return the predictions, which are Values."""
        if self._examples is None:
            return [self._eager.model(x) for x in self._eager.inputs]
        numbers = self._predictor.predict(self._examples.columns(self._all), self._executor)
        return self._predictor.build([Value(x) for x in numbers], len(self._all))

    def _gives_probability(self) -> bool:
        """Return whether the model ends with a sigmoid."""
        prediction = self._eager.model(self._eager.inputs[0])
        op = prediction.op if isinstance(prediction, Value) else None
        return op is not None and op.name == "sigmoid"


def _take_numbers(of: Any) -> Any:
    """Return a prediction or a target with floats in the place of Values, and lists of arrays."""
    if isinstance(of, Value):
        return number_of(of)
    if isinstance(of, list | tuple):
        return [_take_numbers(one) for one in of]
    if isinstance(of, dict):
        return {key: _take_numbers(one) for key, one in of.items()}
    return of.tolist() if hasattr(of, "tolist") else of

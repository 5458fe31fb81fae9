"""`fit`: train a model until it is good enough, time is up, or something goes wrong."""

from __future__ import annotations

import math
import random
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, Protocol

from autograd_mini.engines import Value
from autograd_mini.errors import DivergenceError, DomainError, NonFiniteGradientError
from autograd_mini.number import count, number
from autograd_mini.optim import Optimizer

__all__ = ["History", "fit"]

EXPLOSION = 1e6
"""Training has diverged when the loss is this many times its first, or 1 if that is larger."""

Stopped = Literal["tolerance", "epochs", "diverged", "interrupted", "callback"]


class Model(Protocol):
    """What can be trained: a function of one example, with parameters."""

    def __call__(self, x: Any, /) -> Any:
        """Return the prediction for an example."""

    def parameters(self) -> Iterable[Value]:
        """Return the leaves that training may change."""


@dataclass(repr=False, eq=False)
class History:
    """What happened in a training, epoch by epoch, and why it ended.

    Attributes:
        history: for each epoch its ``"loss"`` and its ``"grad_norm"``, the Euclidean norm of the
            gradient. Both are taken before each update; over several batches they are the mean,
            in which every example has the same weight.
        stopped: ``"tolerance"``, ``"epochs"``, ``"diverged"``, ``"interrupted"`` or
            ``"callback"``; None while the training goes on.
        message: what happened, in a sentence.
    """

    history: dict[str, list[float]] = field(default_factory=lambda: {"loss": [], "grad_norm": []})
    stopped: Stopped | None = None
    message: str = "The training goes on."

    @property
    def epochs(self) -> int:
        """The number of times that training has gone through all examples."""
        return len(self.history["loss"])

    def __repr__(self) -> str:
        losses = self.history["loss"]
        course = f", loss {losses[0]:.6g} → {losses[-1]:.6g}" if losses else ""
        return f"<History: {self.epochs} epochs{course}, stopped={self.stopped!r}>"

    def _record(self, loss: float, grad_norm: float) -> None:
        # One call, so that an interrupt cannot leave lists of different lengths.
        deque(map(list.append, self.history.values(), (loss, grad_norm)), maxlen=0)

    def _stop(self, stopped: Stopped, message: str) -> None:
        self.stopped, self.message = stopped, message


def fit(
    model: Model,
    X: Iterable[Any],  # noqa: N803 - the field's name for the examples
    y: Iterable[Any],
    *,
    loss: Callable[[list[Any], list[Any]], Value],
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = None,
    tolerance: float | None = None,
    rng: random.Random | None = None,
    callbacks: Iterable[Callable[[History], object]] = (),
    progress: bool = False,
) -> History:
    """Train a model on examples; return what happened.

    Each batch does what a plain loop would: predict, take the loss, ``optimizer.zero_grad()``,
    ``loss.backward()``, ``optimizer.step()``. The training ends

    - when the loss of an epoch is below ``tolerance``. With all examples in one batch this loss is
      that of the present weights, so they are not moved any more;
    - when all ``epochs`` are used up, or a callback returns True;
    - when it diverges: the loss, a gradient or a weight is not finite, or the loss exceeds a
      million times that of the first epoch (or a million, if that was below 1). The weights, and
      what the optimiser remembers, then go back to the start of the epoch with the lowest loss;
      with all examples in one batch they are the weights that gave this loss;
    - on Ctrl-C, with the weights as they were before a step, or after it.

    Args:
        model: called with an example, it returns a prediction; it has ``parameters()``.
        X: the examples: a list, a tuple, an array.
        y: their targets, as many.
        loss: called with the list of predictions and the list of targets of a batch, it returns
            the Value to make small.
        optimizer: made with the parameters of the model, or some of them.
        epochs: how many times to go through all examples, at most.
        batch_size: how many examples an update is computed from; None for all of them.
        tolerance: the loss that is small enough, at least 0; None to go on anyway.
        rng: shuffles the examples before each epoch; None to keep their order.
        callbacks: functions called with the history after each epoch; one that returns True ends
            the training, one that raises ends it with that error.
        progress: show a progress bar, if tqdm is installed.

    Raises:
        TypeError: an argument is of a wrong kind, or the loss is not a Value.
        ValueError: an argument is out of its range, or the optimizer moves nothing of this model.

    >>> from autograd_mini.losses import sum_of_squares
    >>> from autograd_mini.nn import MLP
    >>> from autograd_mini.optim import SGD
    >>> line = MLP(1, [1], rng=random.Random(0))
    >>> X, y = [[0.0], [0.5], [1.0]], [1.0, 2.0, 3.0]
    >>> descent = SGD(line.parameters(), lr=0.2)
    >>> fit(line, X, y, loss=sum_of_squares, optimizer=descent, epochs=500, tolerance=1e-9).stopped
    'tolerance'
    >>> round(line([2.0]).data, 3)
    5.0
    """
    examples = _examples(X, y)
    epochs = count(epochs, what="fit: epochs")
    batch_size = len(examples) if batch_size is None else count(batch_size, what="fit: batch_size")
    if tolerance is not None:
        tolerance = number(tolerance, what="fit: tolerance")
        if not tolerance >= 0:
            raise ValueError(f"fit: tolerance must be at least 0, got {tolerance!r}")
    _check_parts(model, loss, optimizer, rng)
    callbacks = _callables(callbacks)
    bar = None
    if progress and (bar := _bar(epochs)):
        callbacks.insert(0, partial(_show, bar))

    training = _Training(model, loss, optimizer, tolerance)
    history = training.history
    try:
        with bar or nullcontext():
            training.run(examples, epochs, batch_size, rng, callbacks)
    except KeyboardInterrupt:
        history._stop(
            "interrupted",
            f"Training was interrupted in epoch {training.number}; no update was done by halves.",
        )
    return history


class _Training:
    """A training under way, and the best weights that it came by."""

    def __init__(
        self,
        model: Model,
        loss: Callable[[list[Any], list[Any]], Value],
        optimizer: Optimizer,
        tolerance: float | None,
    ) -> None:
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.tolerance = -math.inf if tolerance is None else tolerance
        self.history = History()
        self.number = 0
        self.limit = math.inf
        self.lowest = math.inf
        self.best = optimizer.snapshot()
        self.best_number = 1

    def run(
        self,
        examples: list[tuple[Any, Any]],
        epochs: int,
        batch_size: int,
        rng: random.Random | None,
        callbacks: list[Callable[[History], object]],
    ) -> None:
        """Go through the epochs until there is a reason to stop."""
        for _ in range(epochs):
            try:
                good_enough = self.epoch(_batches(examples, batch_size, rng))
            except (DomainError, NonFiniteGradientError, DivergenceError) as error:
                self.fall_back(error)
                return
            wishes = [callback(self.history) for callback in callbacks]
            if good_enough:
                self.history._stop(
                    "tolerance", f"The loss is below the tolerance of {self.tolerance!r}."
                )
                return
            if any(map(_is_true, wishes)):
                self.history._stop("callback", "A callback ended the training.")
                return
        self.history._stop("epochs", f"All {epochs} epochs were used up.")

    def epoch(self, batches: Sequence[list[tuple[Any, Any]]]) -> bool:
        """Go through all examples once; return whether the loss is below the tolerance."""
        self.number += 1
        start = self.optimizer.snapshot()
        total = sum(map(len, batches))
        loss = grad_norm = 0.0
        for batch in batches:
            share = len(batch) / total
            batch_loss, batch_norm = self.backward(batch)
            loss += share * batch_loss
            grad_norm += share * batch_norm
            if len(batches) > 1:
                self.optimizer.step()
        self.history._record(loss, grad_norm)
        if loss < self.lowest:
            self.lowest, self.best, self.best_number = loss, start, self.number
        if self.number == 1:
            self.limit = EXPLOSION * max(1.0, abs(loss))
        if loss > self.limit:
            raise DivergenceError(f"the loss of {loss!r} exceeds the limit of {self.limit!r}")
        if loss < self.tolerance:
            return True
        if len(batches) == 1:
            self.optimizer.step()
        return False

    def backward(self, batch: list[tuple[Any, Any]]) -> tuple[float, float]:
        """Leave the gradients of a batch in the parameters; return its loss and their norm."""
        loss = self.loss([self.model(x) for x, _ in batch], [target for _, target in batch])
        if not isinstance(loss, Value):
            raise TypeError(
                f"fit: the loss must be a Value, got {type(loss).__name__} {loss!r}, which has no "
                "gradient; do the predictions depend on parameters that are Values, and does the "
                "loss use them rather than their .data?"
            )
        if not math.isfinite(loss.data):
            raise DivergenceError(f"the loss is {loss.data!r}")
        self.optimizer.zero_grad()
        loss.backward()
        norm = math.hypot(*[parameter.grad for parameter in self.optimizer.parameters])
        if not math.isfinite(norm):
            raise DivergenceError(f"the norm of the gradient is {norm!r}")
        return loss.data, norm

    def fall_back(self, error: Exception) -> None:
        """End the training with the best weights, and gradients of zero."""
        self.optimizer.restore(self.best)
        self.optimizer.zero_grad()
        if self.lowest < math.inf:
            where = (
                f"of the start of epoch {self.best_number}, whose loss is least, {self.lowest!r}"
            )
        else:
            where = "that it began with"
        self.history._stop(
            "diverged",
            f"Training diverged in epoch {self.number}: {error}. The weights are those {where}.",
        )


def _batches(
    examples: list[tuple[Any, Any]], size: int, rng: random.Random | None
) -> list[list[tuple[Any, Any]]]:
    """Return the examples in batches: in order, or in an order that depends on ``rng`` alone."""
    if rng is not None:
        examples = examples.copy()
        rng.shuffle(examples)
    return [examples[i : i + size] for i in range(0, len(examples), size)]


def _examples(X: Any, y: Any) -> list[tuple[Any, Any]]:  # noqa: N803 - as in fit
    for what, given in (("X", X), ("y", y)):
        is_list = hasattr(given, "__len__") and hasattr(given, "__getitem__")
        is_single = getattr(given, "ndim", 1) == 0  # an array of NumPy without dimensions
        if not is_list or is_single or isinstance(given, str | bytes | Mapping):
            raise TypeError(
                f"fit: {what} must be a list, a tuple or an array, got {type(given).__name__}"
            )
    if len(X) != len(y):
        raise ValueError(f"fit: X and y must be equally long, got lengths {len(X)} and {len(y)}")
    if len(X) == 0:
        raise ValueError("fit: there must be at least one example, got none")
    return list(zip(X, y, strict=True))


def _check_parts(model: Any, loss: Any, optimizer: Any, rng: Any) -> None:
    if not callable(model) or not callable(getattr(model, "parameters", None)):
        raise TypeError(f"fit: model must be callable and have parameters(), got {model!r}")
    if not callable(loss):
        raise TypeError(f"fit: loss must be a function of predictions and targets, got {loss!r}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"fit: optimizer must be an Optimizer, such as SGD, got {optimizer!r}")
    if set(optimizer.parameters).isdisjoint(model.parameters()):
        raise ValueError(
            f"fit: {optimizer!r} moves no parameter of this model; make it with model.parameters()"
        )
    if rng is not None and (isinstance(rng, type) or not hasattr(rng, "shuffle")):
        raise TypeError(f"fit: rng must be a random.Random, got {rng!r}; try random.Random({rng})")


def _callables(callbacks: Any) -> list[Callable[[History], object]]:
    if callable(callbacks):
        raise TypeError("fit: callbacks takes a list of functions, got one; put it in a list")
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"fit: callbacks takes a list of functions, got {callbacks!r}")
    functions = list(callbacks)
    for one in functions:
        if not callable(one):
            raise TypeError(f"fit: a callback must be a function of the history, got {one!r}")
    return functions


def _is_true(wish: object) -> bool:
    """Return whether a callback returned True, also NumPy's; another number is an accident."""
    return type(wish).__name__ in ("bool", "bool_") and bool(wish)


def _bar(epochs: int) -> Any:
    try:
        from tqdm import tqdm  # noqa: PLC0415 - optional, and slow to import
    except ImportError:
        warnings.warn(
            "fit: progress=True needs tqdm, which is not installed; training goes on without a "
            "bar. To get one: pip install autograd-mini[progress]",
            stacklevel=3,
        )
        return None
    return tqdm(total=epochs, unit="epoch")


def _show(bar: Any, history: History) -> None:
    """Show an epoch in the bar; a callback."""
    bar.set_postfix(loss=f"{history.history['loss'][-1]:.4g}", refresh=False)
    bar.update()

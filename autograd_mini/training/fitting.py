"""`fit`: train a model until it is good enough, time is up, or something goes wrong."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from autograd_mini.arguments import abbreviate, count, items, number, requirement
from autograd_mini.engines import gradients_of, norm_of
from autograd_mini.errors import DivergenceError, DomainError, NonFiniteGradientError, StateError
from autograd_mini.optim.optimizers import Optimizer
from autograd_mini.training.gradients import Differentiated, EagerLoss, Loss, Model, compile_loss
from autograd_mini.training.history import Checkpoint, History, Stopped
from autograd_mini.training.names import LossName, OptimizerName, find_loss, find_optimizer
from autograd_mini.training.progress import make_bar, show_end, show_epoch

__all__ = ["fit"]

EXPLOSION = 1e6
"""Training diverges if the loss exceeds this times the larger of 1 and the first loss."""


def fit(
    model: Model,
    X: Iterable[Any],  # noqa: N803 - the field's name for the examples
    y: Iterable[Any],
    *,
    loss: Loss | LossName,
    optimizer: Optimizer | OptimizerName,
    epochs: int,
    batch_size: int | None = None,
    tolerance: float | None = None,
    rng: random.Random | None = None,
    callbacks: Iterable[Callable[[History], object]] = (),
    progress: bool = False,
    resume: History | None = None,
    compiled: bool = False,
    executor: Executor | None = None,
) -> History:
    """Train a model on examples; docs/training.md says when that ends, and how to resume it.

    Args:
        model: a function of an example that returns a prediction; it has ``parameters()``.
        X, y: the examples and their targets, equally long: lists, arrays, or frames, by rows.
        loss: a function of the predictions and the targets of a batch that returns a Value, or the
            name of one in `autograd_mini.losses`; "mse" and "mae" are the mean errors.
        optimizer: an optimizer of parameters of the model, or "sgd" (lr=0.01), "rmsprop", "adam" or
            "adamw" with its defaults.
        epochs: the most passes over all examples, the epochs of ``resume`` included.
        batch_size: the number of examples for an update; None for all examples.
        tolerance: training ends when the loss is below this number; None to use all epochs.
        rng: shuffles the examples before each epoch; None to keep their order.
        callbacks: functions of the history, called after each epoch; True ends the training.
        progress: show a progress bar, if tqdm is installed.
        resume: the History of an earlier `fit`, to go on from there.
        compiled: record the model and the loss, and run them natively. The training is the same,
            but sums over examples are added up in another order.
        executor: shares the examples of a batch out, if ``compiled``; the result is the same.

    Raises:
        TypeError, ValueError, StateError: an argument is wrong, or the loss is not a Value.
        DomainError, NonFiniteGradientError: the first loss or its gradient is not finite.

    >>> from autograd_mini import SGD, losses, nn
    >>> line = nn.MLP(1, [1], rng=random.Random(0))
    >>> sgd, loss = SGD(line.parameters(), lr=0.2), losses.sum_of_squares
    >>> fit(line, [[0], [1]], [1, 3], loss=loss, optimizer=sgd, epochs=99, tolerance=1e-9).stopped
    'tolerance'
    """
    inputs, targets = _examples(X, y)
    epochs = count(epochs, argument="fit: epochs")
    batch_size = (
        len(inputs) if batch_size is None else count(batch_size, argument="fit: batch_size")
    )
    if tolerance is not None:
        tolerance = number(tolerance, argument="fit: tolerance")
        if not tolerance >= 0:
            raise ValueError(requirement("fit: tolerance", "at least 0", tolerance))
    _check_model(model)
    compare, mover = find_loss(loss), find_optimizer(optimizer, model.parameters())
    _check_parts(model, compare, mover, rng)
    _check_compiled(compiled, executor)
    callbacks = _callables(callbacks)
    if resume is not None:
        _check_resume(resume, mover, epochs, rng, compiled)
    eager = EagerLoss(model, compare, inputs, targets)
    training = _Training(eager, mover, tolerance, rng, compiled, executor)
    training.begin(resume)
    bar = make_bar(epochs, training.history.epochs) if progress else None
    if bar is not None:
        callbacks.insert(0, partial(show_epoch, bar))

    with bar or nullcontext():
        try:
            training.run(len(inputs), epochs, batch_size, callbacks)
        except KeyboardInterrupt:
            where = f"in epoch {min(training.number, epochs)}"
            training.stop(
                "interrupted", f"Training was interrupted {where}; no update was done by halves."
            )
        if bar is not None:
            show_end(bar, training.history)
    return training.history


@dataclass
class _Training:
    """The state of a training."""

    eager: EagerLoss
    optimizer: Optimizer
    tolerance: float | None
    rng: random.Random | None
    compiled: bool
    executor: Executor | None
    loss: Differentiated | None = None
    history: History = field(default_factory=History)
    has_moved: bool = False

    def begin(self, earlier: History | None) -> None:
        """Begin with the present weights, or with the checkpoint of an earlier training."""
        if earlier is None:
            self.remember()
            return
        checkpoint = earlier._get_checkpoint()
        numbers = {name: of[: checkpoint.epochs] for name, of in earlier.history.items()}
        self.history = History(numbers)
        self.history._checkpoint = checkpoint
        self.has_moved = checkpoint.epochs > 0
        if self.rng is not None:
            self.rng.setstate(checkpoint.rng_state)
        self.optimizer._set_all(checkpoint.settings, checkpoint.latest.state)
        self.optimizer.restore(checkpoint.latest)

    def remember(self) -> None:
        """Make a checkpoint, and replace the previous checkpoint in a single store."""
        latest, before = self.optimizer.snapshot(), self.history._checkpoint
        lowest, best = math.inf, latest
        if before is not None:
            lowest, best = before.lowest_and_best(self.history.history["loss"])
        self.history._checkpoint = Checkpoint(
            epochs=self.history.epochs,
            latest=latest,
            best=best,
            lowest=lowest,
            optimizer=type(self.optimizer).__name__,
            settings={name: getattr(self.optimizer, name) for name in self.optimizer.settings},
            rng=type(self.rng).__name__,
            rng_state=None if self.rng is None else _state_of(self.rng),
            compiled=self.compiled,
        )

    @property
    def number(self) -> int:
        """The number of the current epoch, from 1."""
        return self.history._get_checkpoint().epochs + 1

    def run(
        self,
        examples: int,
        epochs: int,
        batch_size: int,
        callbacks: list[Callable[[History], object]],
    ) -> None:
        batches = _batches(range(examples), batch_size)
        for _ in range(self.number, epochs + 1):  # whatever a callback does to the history
            try:
                if self.rng is not None:
                    order = list(range(examples))
                    self.rng.shuffle(order)
                    batches = _batches(order, batch_size)
                good_enough = self.epoch(batches)
            except (DomainError, NonFiniteGradientError, DivergenceError) as error:
                if not self.has_moved:
                    error.add_note(
                        "fit: this is the first loss, so nothing has diverged yet; "
                        "the reason is in the examples, the first weights or the loss"
                    )
                    raise
                self.fall_back(error)
                return
            wishes = [callback(self.history) for callback in callbacks]
            if good_enough:
                self.stop("tolerance", f"The loss is below the tolerance of {self.tolerance!r}.")
                return
            self.remember()
            if any(map(_is_true, wishes)):
                self.stop("callback", "A callback ended the training.")
                return
        self.stop("epochs", f"All {epochs} epochs were used up.")

    def stop(self, stopped: Stopped, message: str) -> None:
        self.history._latest = self.optimizer.snapshot()
        self.history.stopped, self.history.message = stopped, message

    def epoch(self, batches: Sequence[Sequence[int]]) -> bool:
        """Train on all examples once; return whether the loss is below the tolerance."""
        total = sum(map(len, batches))
        loss = grad_norm = 0.0
        for batch in batches:
            share = len(batch) / total
            batch_loss, batch_norm = self.backward(batch)
            loss += share * batch_loss
            grad_norm += share * batch_norm
            if len(batches) > 1:
                self.step()
        self.history._record(loss, grad_norm)
        limit = EXPLOSION * max(1.0, abs(self.history.history["loss"][0]))
        if loss > limit:
            raise DivergenceError(f"the loss must be at most {limit!r}, got {loss!r}")
        if self.tolerance is not None and loss < self.tolerance:
            return True
        if len(batches) == 1:
            self.step()
        return False

    def step(self) -> None:
        """Update the weights; from now on an error may be a divergence."""
        self.has_moved = True
        self.optimizer.step()

    def backward(self, batch: Sequence[int]) -> tuple[float, float]:
        """Set the gradients of the parameters for a batch; return the loss and their norm."""
        if self.loss is None:
            self.loss = self.eager
            if self.compiled:
                self.loss = compile_loss(self.eager, batch, self.executor)
        try:
            loss = self.loss.differentiate(batch, self.optimizer.zero_grad)
        except (DomainError, NonFiniteGradientError):
            if not self.compiled:
                raise
            # The graph raises the same error with more names.
            loss = self.eager.differentiate(batch, self.optimizer.zero_grad)
        norm = norm_of(gradients_of(self.optimizer.parameters))
        if not math.isfinite(norm):
            raise NonFiniteGradientError(requirement("the norm of the gradient", "finite", norm))
        return loss, norm

    def fall_back(self, error: Exception) -> None:
        """End a training that diverged, with the best weights and gradients of zero."""
        losses = self.history.history["loss"]
        self.optimizer.restore(self.history.best)
        self.optimizer.zero_grad()
        where = "that it began with"
        if losses:
            least = min(losses)
            where = f"of the start of epoch {losses.index(least) + 1}, whose loss is least, {least}"
        self.stop(
            "diverged",
            f"Training diverged in epoch {self.number}: {error}. The weights are those {where}.",
        )


def _batches(order: Sequence[int], size: int) -> list[Sequence[int]]:
    """Return the numbers of the examples in batches."""
    return [order[i : i + size] for i in range(0, len(order), size)]


def _examples(X: Any, y: Any) -> tuple[Sequence[Any], Sequence[Any]]:  # noqa: N803 - as in fit
    rule = "a list, a tuple or an array"
    inputs, targets = (items(of, argument=f"fit: {n}", rule=rule) for n, of in (("X", X), ("y", y)))
    if len(inputs) != len(targets):
        lengths = f"{len(inputs)} and {len(targets)}"
        raise ValueError(f"fit: X and y must be equally long, got lengths {lengths}")
    if not inputs:
        raise ValueError(requirement("fit: X", "a list of one example or more", X))
    return tuple(inputs), tuple(targets)  # whatever a callback does to them


def _check_model(model: Any) -> None:
    is_class = isinstance(model, type)
    if is_class or not callable(model) or not callable(getattr(model, "parameters", None)):
        rule, way_out = "callable and have parameters()", "make a model" if is_class else ""
        raise TypeError(requirement("fit: model", rule, model, way_out))


def _check_parts(model: Any, loss: Any, optimizer: Any, rng: Any) -> None:
    if not callable(loss):
        raise TypeError(requirement("fit: loss", "a function of predictions and targets", loss))
    if not isinstance(optimizer, Optimizer):
        raise TypeError(requirement("fit: optimizer", "an Optimizer, such as SGD", optimizer))
    if set(optimizer.parameters).isdisjoint(model.parameters()):
        rule, way_out = "one of parameters of the model", "make it with model.parameters()"
        raise ValueError(requirement("fit: optimizer", rule, optimizer, way_out))
    if rng is not None and (isinstance(rng, type) or not hasattr(rng, "shuffle")):
        way_out = f"try random.Random({abbreviate(rng)})" if isinstance(rng, int) else ""
        raise TypeError(requirement("fit: rng", "a random.Random", rng, way_out))


def _check_compiled(compiled: Any, executor: Any) -> None:
    if not isinstance(compiled, bool):
        raise TypeError(requirement("fit: compiled", "True or False", compiled))
    if executor is None:
        return
    if not hasattr(executor, "submit"):
        raise TypeError(requirement("fit: executor", "a concurrent.futures.Executor", executor))
    if not compiled:
        way_out = "only compiled=True shares examples out"
        raise ValueError(requirement("fit: executor", "None", executor, way_out))


def _check_resume(resume: Any, optimizer: Optimizer, epochs: int, rng: Any, compiled: bool) -> None:
    if not isinstance(resume, History):
        raise TypeError(requirement("fit: resume", "the History of an earlier fit", resume))
    earlier = resume._get_checkpoint()
    weights = len(earlier.latest.weights)
    if (earlier.optimizer, weights) != (type(optimizer).__name__, len(optimizer.parameters)):
        rule = f"{earlier.optimizer} (parameters: {weights}), as in resume"
        raise StateError(requirement("fit: optimizer", rule, optimizer))
    if earlier.rng != type(rng).__name__:
        raise StateError(requirement("fit: rng", f"of type {earlier.rng}, as in resume", rng))
    if rng is not None and earlier.rng_state is None:
        rule = "a random.Random, whose state can be restored for resume"
        raise TypeError(requirement("fit: rng", rule, rng))
    if earlier.compiled is not compiled:
        rule = f"{earlier.compiled}, as in resume"
        raise StateError(requirement("fit: compiled", rule, compiled))
    if epochs < resume.epochs:
        rule = f"at least the {resume.epochs} of resume"
        raise ValueError(requirement("fit: epochs", rule, epochs))


def _state_of(rng: Any) -> Any:
    """Return the state of a generator; None if it cannot be read, as with NumPy's generators."""
    with suppress(AttributeError, NotImplementedError):
        return rng.getstate()


def _callables(callbacks: Any) -> list[Callable[[History], object]]:
    rule = "a list of functions"
    if callable(callbacks):
        raise TypeError(requirement("fit: callbacks", rule, callbacks, "put it in a list"))
    functions = list(items(callbacks, argument="fit: callbacks", rule=rule))
    for one in functions:
        if not callable(one):
            raise TypeError(requirement("fit: callback", "a function of the history", one))
    return functions


def _is_true(wish: object) -> bool:
    """Return whether a callback returned True, Python's or NumPy's; no other result ends a fit."""
    return type(wish).__name__ in ("bool", "bool_") and bool(wish)

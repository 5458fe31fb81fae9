"""`fit`: train a model until it is good enough, time is up, or something goes wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import nullcontext
from functools import partial
from typing import Any

from autograd_mini.arguments import count, number, requirement
from autograd_mini.nn.module import Module, set_modes
from autograd_mini.optim.gradients import check_norm
from autograd_mini.optim.optimizers import Optimizer
from autograd_mini.training.checks import (
    check_early_stopping,
    check_model,
    check_parts,
    check_resume,
    read_callbacks,
    read_compiled,
    read_data,
    read_rng,
    split_data,
)
from autograd_mini.training.gradients import EagerLoss, Loss, Model
from autograd_mini.training.history import History
from autograd_mini.training.loop import Training
from autograd_mini.training.metrics import Metric
from autograd_mini.training.names import (
    LossName,
    MetricName,
    OptimizerName,
    find_loss,
    find_metrics,
    find_optimizer,
)
from autograd_mini.training.progress import make_bar, show_end, show_epoch

__all__ = ["fit"]


def fit(
    model: Model,
    X: Iterable[Any],  # noqa: N803 - the field's name for the examples
    y: Iterable[Any],
    *,
    loss: Loss | LossName,
    optimizer: Optimizer | OptimizerName,
    epochs: int,
    batch_size: int | None = None,
    validation_data: tuple[Iterable[Any], Iterable[Any]] | None = None,
    validation_split: float | None = None,
    metrics: Iterable[Metric | MetricName] = (),
    clip_norm: float | None = None,
    tolerance: float | None = None,
    rng: random.Random | int | None = None,
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
        validation_data: examples and targets that only measure: the loss after each epoch is
            ``history["val_loss"]``.
        validation_split: the share of X and y, the last of them, that is validation data.
        metrics: what else is measured: "accuracy", "r2", the name of a loss, or a function of
            predictions and targets, as lists of numbers.
        clip_norm: the largest norm of a gradient, see `autograd_mini.optim.clip_gradients`.
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
    >>> line = nn.MLP(1, [1], rng=0)
    >>> sgd, loss = SGD(line.parameters(), lr=0.2), losses.sum_of_squares
    >>> fit(line, [[0], [1]], [1, 3], loss=loss, optimizer=sgd, epochs=99, tolerance=1e-9).stopped
    'tolerance'
    """
    everything = read_data(X, y, ["X", "y"])
    examples, validation = split_data(everything, validation_data, validation_split)
    size = len(examples[0])
    epochs = count(epochs, argument="fit: epochs")
    batch_size = size if batch_size is None else count(batch_size, argument="fit: batch_size")
    if clip_norm is not None:
        clip_norm = check_norm(clip_norm, argument="fit: clip_norm")
    if tolerance is not None:
        tolerance = number(tolerance, argument="fit: tolerance")
        if not tolerance >= 0:
            raise ValueError(requirement("fit: tolerance", "at least 0", tolerance))
    check_model(model)
    compare, mover = find_loss(loss), find_optimizer(optimizer, model.parameters())
    check_parts(model, compare, mover)
    compiled = read_compiled(compiled, executor)
    rng, callbacks = read_rng(rng), read_callbacks(callbacks)
    check_early_stopping(callbacks, validates=validation is not None)
    training = Training(
        EagerLoss(model, compare, *examples),
        mover,
        clip_norm,
        tolerance,
        rng,
        compiled,
        executor,
        model.modules() if isinstance(model, Module) else [],
    )
    training.plan_evaluations(find_metrics(metrics), validation)
    if resume is not None:
        options: Any = {"compiled": compiled, "quantities": training.quantities}
        check_resume(resume, mover, epochs, rng, training.dropouts, **options)
    training.begin(resume)
    bar = make_bar(epochs, training.history.epochs) if progress else None
    if bar is not None:
        callbacks.insert(0, partial(show_epoch, bar))

    with bar or nullcontext():
        try:
            training.run(epochs, batch_size, callbacks)
        except KeyboardInterrupt:
            where = f"in epoch {min(training.number, epochs)}"
            training.stop(
                "interrupted", f"Training was interrupted {where}; no update was done by halves."
            )
        finally:
            set_modes(training.modules, training=False)
        if bar is not None:
            show_end(bar, training.history)
    return training.history

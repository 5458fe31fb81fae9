"""`Training`: a training epoch by epoch, which can be interrupted and resumed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from autograd_mini.arguments import requirement
from autograd_mini.engines import gradients_of, norm_of
from autograd_mini.engines.display import write_count
from autograd_mini.errors import DivergenceError, DomainError, NonFiniteGradientError
from autograd_mini.nn.dropout import Dropout
from autograd_mini.nn.module import Module, evaluate, set_modes
from autograd_mini.optim.gradients import clip_gradients
from autograd_mini.optim.optimizers import Optimizer
from autograd_mini.training.checks import describe_optimizer
from autograd_mini.training.evaluation import Evaluation
from autograd_mini.training.gradients import Differentiated, EagerLoss, compile_loss
from autograd_mini.training.history import Checkpoint, History, Stopped
from autograd_mini.training.metrics import Metric
from autograd_mini.training.stopping import EarlyStopping

__all__ = ["EXPLOSION", "Training"]

EXPLOSION = 1e6
"""Training diverges if the loss exceeds this times the larger of 1 and the first loss."""


@dataclass
class Training:
    """The state of a training; docs/training.md says what an epoch does."""

    eager: EagerLoss
    optimizer: Optimizer
    clip_norm: float | None
    tolerance: float | None
    rng: Any
    compiled: bool
    executor: Executor | None
    modules: list[Module]
    evaluations: list[Evaluation] = field(default_factory=list)
    quantities: list[str] = field(default_factory=list)  # what is measured after each epoch
    dropouts: list[Dropout] = field(init=False)
    loss: Differentiated | None = None
    history: History = field(default_factory=History)
    has_moved: bool = False

    def __post_init__(self) -> None:
        self.dropouts = [module for module in self.modules if isinstance(module, Dropout)]

    def begin(self, earlier: History | None) -> None:
        """Begin with the present weights, or with the checkpoint of an earlier training."""
        if earlier is None:
            self.history.history.update({name: [] for name in self.quantities})
            self.remember()
            return
        checkpoint = earlier._get_checkpoint()
        numbers = {name: of[: checkpoint.epochs] for name, of in earlier.history.items()}
        self.history = History(numbers)
        self.history._checkpoint = checkpoint
        self.has_moved = checkpoint.epochs > 0
        if self.rng is not None:
            self.rng.setstate(checkpoint.rng_state)
        for dropout, state in zip(self.dropouts, checkpoint.dropout_states, strict=True):
            if dropout.rng is not None:
                dropout.rng.setstate(state)
        epoch = max(checkpoint.epochs - 1, 0)
        self.optimizer._set_all(checkpoint.settings, epoch, checkpoint.latest.state)
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
            optimizer=describe_optimizer(self.optimizer),
            settings={name: getattr(self.optimizer, name) for name in self.optimizer.settings},
            rng=type(self.rng).__name__,
            rng_state=_state_of(self.rng),
            dropout_states=[_state_of(dropout.rng) for dropout in self.dropouts],
            compiled=self.compiled,
            quantities=self.quantities,
            validated=self.history._find_validated(latest),
        )

    @property
    def number(self) -> int:
        """The number of the current epoch, from 1."""
        return self.history._get_checkpoint().epochs + 1

    def plan_evaluations(
        self, metrics: dict[str, Metric], validation: tuple[Sequence[Any], Sequence[Any]] | None
    ) -> None:
        """Decide what is measured after each epoch, and measure it once, to see whether it can be.

        Args:
            metrics: functions of predictions and targets, by name.
            validation: the examples and targets that only measure.
        """
        options: dict[str, Any] = {"compiled": self.compiled, "executor": self.executor}
        with evaluate(self.modules):
            if metrics:
                evaluation = Evaluation(self.eager, metrics, is_validation=False, **options)
                self.evaluations.append(evaluation)
            if validation is not None:
                eager = EagerLoss(self.eager.model, self.eager.loss, *validation)
                evaluation = Evaluation(eager, metrics, is_validation=True, **options)
                self.evaluations.append(evaluation)
            for evaluation in self.evaluations:
                try:
                    self.quantities += evaluation.measure()  # their names
                except Exception as error:
                    data = "validation data" if evaluation.is_validation else "training data"
                    error.add_note(f"fit: this was measured with the {data}, before any update")
                    raise

    def run(
        self, epochs: int, batch_size: int, callbacks: list[Callable[[History], object]]
    ) -> None:
        """Train until something ends that; a KeyboardInterrupt passes.

        Args:
            epochs: the most epochs, those before included.
            batch_size: the number of examples for an update.
            callbacks: functions of the history, called after each epoch.
        """
        stops = [one for one in callbacks if isinstance(one, EarlyStopping) and one(self.history)]
        if stops:  # an interrupt came when that was noted and not yet done
            self.end_by_callback(stops)
            return
        examples = len(self.eager.inputs)
        batches = _batches(range(examples), batch_size)
        set_modes(self.modules, training=True)
        for number_of_epoch in range(self.number, epochs + 1):  # whatever callbacks do to history
            try:
                self.optimizer.epoch = number_of_epoch - 1
                if self.rng is not None:
                    order = list(range(examples))
                    self.rng.shuffle(order)
                    batches = _batches(order, batch_size)
                good_enough = self.epoch(batches)
                self.measure()
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
            if callbacks:  # which may have changed modes
                set_modes(self.modules, training=True)
            if good_enough:
                self.stop("tolerance", f"The loss is below the tolerance of {self.tolerance!r}.")
                return
            self.remember()
            enders = [one for one, wish in zip(callbacks, wishes, strict=True) if _is_true(wish)]
            if enders:
                self.end_by_callback(enders)
                return
        self.restore_best(callbacks)
        self.stop("epochs", f"All {epochs} epochs were used up.")

    def end_by_callback(self, callbacks: Sequence[object]) -> None:
        """End the training as these callbacks wish."""
        for one in callbacks:
            if isinstance(one, EarlyStopping):
                self.restore_best(callbacks)
                epochs = write_count(one.patience, "epoch")
                message = f"The validation loss has not fallen for {epochs}."
                self.stop("early_stopping", message)
                return
        self.stop("callback", "A callback ended the training.")

    def restore_best(self, callbacks: Sequence[object]) -> None:
        """Go back to the weights of the least validation loss, if a callback wishes that."""
        validated = self.history._get_checkpoint().validated
        wished = any(isinstance(one, EarlyStopping) and one.restore_best for one in callbacks)
        if wished and validated is not None:
            self.optimizer.restore(validated.weights)

    def stop(self, stopped: Stopped, message: str) -> None:
        """Note how the training ended, and with which weights."""
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
        later = dict.fromkeys(self.quantities, math.nan)
        self.history._record({"loss": loss, "grad_norm": grad_norm, **later})
        limit = EXPLOSION * max(1.0, abs(self.history.history["loss"][0]))
        if loss > limit:
            raise DivergenceError(f"the loss must be at most {limit!r}, got {loss!r}")
        if self.tolerance is not None and loss < self.tolerance:
            return True
        if len(batches) == 1:
            self.step()
        return False

    def measure(self) -> None:
        """Measure what is wanted of the present weights."""
        if self.evaluations:
            with evaluate(self.modules):
                for evaluation in self.evaluations:
                    self.history._complete(evaluation.measure())

    def step(self) -> None:
        """Update the weights; from now on an error may be a divergence."""
        self.has_moved = True
        if self.clip_norm is not None:
            clip_gradients(self.optimizer.parameters, self.clip_norm)
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


def _state_of(rng: Any) -> Any:
    """Return the state of a generator; None if it cannot be read, as with NumPy's generators."""
    if rng is None:
        return None
    with suppress(AttributeError, NotImplementedError):
        return rng.getstate()


def _is_true(wish: object) -> bool:
    """Return whether a callback returned True, Python's or NumPy's; no other result ends a fit."""
    return type(wish).__name__ in ("bool", "bool_") and bool(wish)

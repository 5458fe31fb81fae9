"""`History`: the record of a training, with the checkpoint from which it can continue."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Literal, NamedTuple

from autograd_mini.arguments import requirement
from autograd_mini.engines.display import write_count, write_paragraph, write_picture
from autograd_mini.errors import StateError
from autograd_mini.optim.snapshot import Snapshot
from autograd_mini.training.curve import draw_curve

__all__ = ["Checkpoint", "History", "Stopped"]

Stopped = Literal[
    "tolerance", "epochs", "early_stopping", "diverged", "interrupted", "callback"
]  # fmt: skip


class Validated(NamedTuple):
    """The epoch with the least validation loss so far, counted from 1, and its last weights."""

    loss: float
    epoch: int
    weights: Snapshot


class Checkpoint(NamedTuple):
    """A training between two epochs: everything that the next epochs depend on."""

    epochs: int
    latest: Snapshot
    best: Snapshot
    lowest: float
    optimizer: str
    settings: dict[str, Any]
    rng: str
    rng_state: Any
    compiled: bool = False
    # Histories that an earlier version has pickled have no more than this.
    dropout_states: Sequence[Any] = ()
    quantities: Sequence[str] = ()
    validated: Validated | None = None

    def lowest_and_best(self, losses: list[float]) -> tuple[float, Snapshot]:
        """Return the lowest loss and its weights, also over the epoch that begins here."""
        if len(losses) > self.epochs and losses[self.epochs] < self.lowest:
            return losses[self.epochs], self.latest
        return self.lowest, self.best


@dataclass(repr=False, eq=False)
class History:
    """The record of a training, epoch by epoch; `fit` can continue from it.

    Attributes:
        history: the ``"loss"`` of each epoch and its ``"grad_norm"``, the Euclidean norm of the
            gradient. Both are taken before each update; with several batches they are the mean,
            in which every example has the same weight. Each metric and the ``"val_loss"`` are
            taken at the end of the epoch, and are NaN if it ended before that.
        stopped: ``"tolerance"``, ``"epochs"``, ``"early_stopping"``, ``"diverged"``,
            ``"interrupted"`` or ``"callback"``; None while the training runs.
        message: a sentence that says why the training ended.

    ``history["loss"]`` is short for ``history.history["loss"]``, and the length is that of it.
    """

    history: dict[str, list[float]] = field(default_factory=lambda: {"loss": [], "grad_norm": []})
    stopped: Stopped | None = None
    message: str = "The training goes on."
    _checkpoint: Checkpoint | None = field(default=None, init=False)
    _latest: Snapshot | None = field(default=None, init=False)

    @property
    def epochs(self) -> int:
        """The number of epochs in the record."""
        return len(self.history["loss"])

    @property
    def best(self) -> Snapshot:
        """The snapshot at the start of the epoch with the lowest loss, for `Optimizer.restore`."""
        return self._get_checkpoint().lowest_and_best(self.history["loss"])[1]

    @property
    def latest(self) -> Snapshot:
        """The snapshot at the end of the training or, while it runs, at the start of the epoch."""
        return self._latest or self._get_checkpoint().latest

    def __len__(self) -> int:
        return self.epochs

    def __getitem__(self, quantity: str) -> list[float]:
        if quantity not in self.history:
            raise KeyError(
                requirement("History: a quantity", f"one of {list(self.history)}", quantity)
            )
        return self.history[quantity]

    def __bool__(self) -> bool:
        return True  # it is there, also before the first epoch

    __iter__ = None  # otherwise Python would ask for the quantity 0

    def __repr__(self) -> str:
        return f"<History: {self._course()}, stopped={self.stopped!r}>"

    def _repr_html_(self) -> str:
        """Return the curve of the losses, and why the training ended, for a notebook."""
        course = self._course()
        curve = draw_curve(self.history["loss"], self.history.get("val_loss", []))
        words = write_paragraph(f"{course}. {self.message}")
        return words + write_picture(curve, f"The curve of the loss: {course}") if curve else words

    def _course(self) -> str:
        losses = self.history["loss"]
        epochs = write_count(len(losses), "epoch")
        return f"{epochs}, loss {losses[0]:.6g} → {losses[-1]:.6g}" if losses else epochs

    def _record(self, numbers: Mapping[str, float]) -> None:
        """Add the numbers of an epoch; those that are measured at its end are NaN until then."""
        # This is one call, so that an interrupt cannot leave lists of different lengths.
        lists = [self.history[name] for name in numbers]
        deque(map(list.append, lists, numbers.values()), maxlen=0)

    def _complete(self, numbers: Mapping[str, float]) -> None:
        """Store what was measured at the end of the epoch."""
        lists = [self.history[name] for name in numbers]
        deque(map(list.__setitem__, lists, repeat(-1), numbers.values()), maxlen=0)

    def _find_validated(self, latest: Snapshot) -> Validated | None:
        """Return the epoch with the least validation loss, up to the epoch that has just ended.

        Args:
            latest: the present weights.
        """
        before = self._checkpoint.validated if self._checkpoint is not None else None
        for loss in self.history.get("val_loss", [])[-1:]:
            if loss < (math.inf if before is None else before.loss):
                return Validated(loss, self.epochs, latest)
        return before

    def _epochs_without_progress(self) -> int:
        """Return how many epochs have ended since that with the least validation loss."""
        best = self._find_validated(self.latest)
        return self.epochs - (0 if best is None else best.epoch)

    def _get_checkpoint(self) -> Checkpoint:
        if self._checkpoint is None:
            raise StateError(requirement("History", "one that fit() returned", self))
        return self._checkpoint

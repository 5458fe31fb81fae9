"""`History`: the record of a training, with the checkpoint from which it can continue."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from autograd_mini.arguments import requirement
from autograd_mini.engines.display import write_count, write_paragraph, write_picture
from autograd_mini.errors import StateError
from autograd_mini.optim.snapshot import Snapshot
from autograd_mini.training.curve import draw_curve

__all__ = ["Checkpoint", "History", "Stopped"]

Stopped = Literal["tolerance", "epochs", "diverged", "interrupted", "callback"]


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
            in which every example has the same weight.
        stopped: ``"tolerance"``, ``"epochs"``, ``"diverged"``, ``"interrupted"`` or
            ``"callback"``; None while the training runs.
        message: a sentence that says why the training ended.
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

    def __repr__(self) -> str:
        return f"<History: {self._course()}, stopped={self.stopped!r}>"

    def _repr_html_(self) -> str:
        """Return the curve of the losses, and why the training ended, for a notebook."""
        course = self._course()
        curve = draw_curve(self.history["loss"])
        words = write_paragraph(f"{course}. {self.message}")
        return words + write_picture(curve, f"The curve of the loss: {course}") if curve else words

    def _course(self) -> str:
        losses = self.history["loss"]
        epochs = write_count(len(losses), "epoch")
        return f"{epochs}, loss {losses[0]:.6g} → {losses[-1]:.6g}" if losses else epochs

    def _record(self, loss: float, grad_norm: float) -> None:
        # This is one call, so that an interrupt cannot leave lists of different lengths.
        deque(map(list.append, self.history.values(), (loss, grad_norm)), maxlen=0)

    def _get_checkpoint(self) -> Checkpoint:
        if self._checkpoint is None:
            raise StateError(requirement("History", "one that fit() returned", self))
        return self._checkpoint

"""`History`: what happened in a training, and the checkpoint that it can go on from."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from autograd_mini.arguments import requirement
from autograd_mini.errors import StateError
from autograd_mini.optim.optimizers import Snapshot

__all__ = ["Checkpoint", "History", "Stopped"]

Stopped = Literal["tolerance", "epochs", "diverged", "interrupted", "callback"]


class Checkpoint(NamedTuple):
    """A training between two epochs, with all that the next ones depend on; never changed."""

    epochs: int
    latest: Snapshot
    best: Snapshot
    lowest: float
    optimizer: str
    settings: dict[str, Any]
    rng: str
    rng_state: Any

    def lowest_and_best(self, losses: list[float]) -> tuple[float, Snapshot]:
        """Return the lowest loss and its weights, that of the epoch begun here included."""
        if any(loss < self.lowest for loss in losses[self.epochs :]):
            return losses[self.epochs], self.latest
        return self.lowest, self.best


@dataclass(repr=False, eq=False)
class History:
    """What happened in a training, epoch by epoch, and all that it takes to go on with it.

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
    _checkpoint: Checkpoint | None = field(default=None, init=False)
    _latest: Snapshot | None = field(default=None, init=False)

    @property
    def epochs(self) -> int:
        """The number of times that training has gone through all examples."""
        return len(self.history["loss"])

    @property
    def best(self) -> Snapshot:
        """What the epoch with the lowest loss began with, for `Optimizer.restore`."""
        return self._get_checkpoint().lowest_and_best(self.history["loss"])[1]

    @property
    def latest(self) -> Snapshot:
        """What the training ended with or, while it goes on, what the epoch began with."""
        return self._latest or self._get_checkpoint().latest

    def __repr__(self) -> str:
        losses = self.history["loss"]
        course = f", loss {losses[0]:.6g} → {losses[-1]:.6g}" if losses else ""
        return f"<History: {self.epochs} epochs{course}, stopped={self.stopped!r}>"

    def _record(self, loss: float, grad_norm: float) -> None:
        # One call, so that an interrupt cannot leave lists of different lengths.
        deque(map(list.append, self.history.values(), (loss, grad_norm)), maxlen=0)

    def _get_checkpoint(self) -> Checkpoint:
        if self._checkpoint is None:
            raise StateError(requirement("History", "one that fit() returned", self))
        return self._checkpoint

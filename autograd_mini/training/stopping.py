"""`EarlyStopping`: end a training when the validation loss does not fall any more."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograd_mini.arguments import count, flag
from autograd_mini.training.history import History

__all__ = ["EarlyStopping"]


@dataclass(frozen=True)
class EarlyStopping:
    """A callback of `fit` that ends a training whose validation loss has stopped falling.

    Args:
        patience: how many epochs in a row may have no lower validation loss than all before.
        restore_best: go back to the weights of the epoch with the least validation loss, if this
            ends the training or all epochs are used up.

    Raises:
        TypeError, ValueError: an argument has the wrong type, or patience is below 1.

    >>> import autograd_mini as ag
    >>> line, X, y = ag.MLP(1, [1], rng=0), [[0], [1], [2], [3]], [0, 1, 9, 3]
    >>> data = {"validation_split": 0.25, "callbacks": [EarlyStopping(patience=3)]}
    >>> history = ag.fit(line, X, y, loss="mse", optimizer="adam", epochs=9999, **data)
    >>> history.stopped
    'early_stopping'
    """

    patience: int
    restore_best: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        count(self.patience, argument="EarlyStopping: patience")
        flag(self.restore_best, argument="EarlyStopping: restore_best")

    def __call__(self, history: History) -> bool:
        """Return whether the training has to end."""
        return history._epochs_without_progress() >= self.patience

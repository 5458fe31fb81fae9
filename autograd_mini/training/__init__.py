"""Training: the loop and its history."""

from autograd_mini.training.fitting import fit
from autograd_mini.training.history import History
from autograd_mini.training.stopping import EarlyStopping

__all__ = ["EarlyStopping", "History", "fit"]


def __dir__() -> list[str]:
    return __all__

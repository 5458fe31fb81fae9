"""Optimizers, which move parameters against their gradients."""

from autograd_mini.optim.optimizers import SGD, Adam, Optimizer, Snapshot
from autograd_mini.optim.optimizers import State as State  # old pickles look for it here

__all__ = ["SGD", "Adam", "Optimizer", "Snapshot"]


def __dir__() -> list[str]:
    return __all__

"""Optimizers, which move parameters against their gradients."""

from autograd_mini.optim.descent import SGD, Adam, AdamW, RMSprop
from autograd_mini.optim.gradients import clip_gradients, zero_grad
from autograd_mini.optim.optimizers import Optimizer
from autograd_mini.optim.schedules import CosineDecay, ExponentialDecay, StepDecay, WarmUp
from autograd_mini.optim.snapshot import Snapshot
from autograd_mini.optim.snapshot import State as State  # old pickles look for it here

__all__ = [
    "SGD", "Adam", "AdamW", "CosineDecay", "ExponentialDecay", "Optimizer", "RMSprop", "Snapshot",
    "StepDecay", "WarmUp", "clip_gradients", "zero_grad",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__

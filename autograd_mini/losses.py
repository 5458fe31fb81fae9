"""The public module of the losses in `autograd_mini.nn.losses`."""

from autograd_mini.nn.losses import *  # noqa: F403
from autograd_mini.nn.losses import __all__


def __dir__() -> list[str]:
    return __all__

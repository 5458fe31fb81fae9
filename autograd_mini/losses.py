"""The costs of `autograd_mini.nn.losses`, as a module of its own."""

from autograd_mini.nn.losses import *  # noqa: F403
from autograd_mini.nn.losses import __all__


def __dir__() -> list[str]:
    return __all__

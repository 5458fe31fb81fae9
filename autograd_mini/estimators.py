"""The public module of the estimators for scikit-learn in `autograd_mini.training.estimators`."""

from autograd_mini.training.estimators import *  # noqa: F403
from autograd_mini.training.estimators import __all__


def __dir__() -> list[str]:
    return __all__

"""Checks of gradients, for the library's own tests and for yours.

`strategies` needs Hypothesis, and is imported when it is first asked for.
"""

import importlib
from types import ModuleType

from autograd_mini.testing.gradcheck import absolute_gradients, check_gradients

__all__ = ["absolute_gradients", "check_gradients"]


def __getattr__(name: str) -> ModuleType:
    if name == "strategies":
        return importlib.import_module("autograd_mini.testing.strategies")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Checks of gradients, for the library's own tests and for yours.

`strategies` needs Hypothesis, so it is imported at the first use.
"""

import importlib
from types import ModuleType

from autograd_mini.programs.program import Instruction, Program
from autograd_mini.testing.gradcheck import check_gradients
from autograd_mini.testing.report import Comparison, GradientReport
from autograd_mini.testing.rounding import absolute_gradients

__all__ = [
    "Comparison",
    "GradientReport",
    "Instruction",
    "Program",
    "absolute_gradients",
    "check_gradients",
]


def __getattr__(name: str) -> ModuleType:
    if name == "strategies":
        return importlib.import_module("autograd_mini.testing.strategies")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "strategies"]

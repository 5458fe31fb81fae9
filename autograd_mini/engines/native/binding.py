"""Completes the `Value` in C with what it shares with the reference engine.

C has what must be fast. The rest, from ``__repr__`` to the name and documentation of every method,
is the reference's own, and so written once.
"""

from __future__ import annotations

import gc
import inspect
from functools import update_wrapper
from types import FunctionType, ModuleType
from typing import Any

from autograd_mini.engines import value as reference

__all__ = ["complete", "describe"]


def complete(core: ModuleType) -> None:
    """Give ``core.Value`` every method of the reference that it lacks, and let it tidy up."""
    native: Any = core.Value
    native.__name__ = "Value"  # Python's own errors then name it so, without a module
    native.__doc__ = reference.Value.__doc__
    native.__signature__ = inspect.signature(reference.Value)
    present = {*vars(native), "__init__"}
    for name, attribute in vars(reference.Value).items():
        if name in present or (name.startswith("_") and not name.startswith("__")):
            continue
        if name == "backward":
            setattr(native, name, core.Function("backward", name))
        elif isinstance(attribute, reference.Operation):
            defaults = () if attribute.default is None else (attribute.default,)
            setattr(native, name, core.Function(attribute.primitive.name, name, *defaults))
        elif isinstance(attribute, FunctionType | classmethod):
            setattr(native, name, attribute)
    if core.collected not in gc.callbacks:
        gc.callbacks.append(core.collected)


def describe(function: Any, name: str) -> None:
    """Give a function in C the name, documentation and signature of the reference's method."""
    update_wrapper(function, getattr(reference.Value, name))

"""Completes the `Value` in C with the methods and docstrings of the reference engine.

Only code that must be fast is in C. The rest, such as ``__repr__`` and every docstring, is the
reference's own, so it is written once.
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
    """Give ``core.Value`` every method of the reference that it does not have in C.

    If the package is imported again, the methods of the earlier import are replaced.
    """
    native: Any = core.Value
    native.__name__ = "Value"  # so that Python's own errors name it without a module
    native.__doc__ = reference.Value.__doc__
    native.__signature__ = inspect.signature(reference.Value)
    replaceable = (FunctionType, classmethod, core.Function)
    in_c = {name for name, own in vars(native).items() if type(own) not in replaceable}
    for name, attribute in vars(reference.Value).items():
        is_private = name.startswith("_") and not name.endswith("_")
        if isinstance(attribute, reference.Foreign):
            setattr(native, name, attribute)
        if name in in_c or is_private:
            continue
        if name == "backward":
            setattr(native, name, core.Function("backward", name))
        elif isinstance(attribute, reference.Operation):
            row = attribute.primitive
            defaults = () if attribute.default is None else (attribute.default,)
            function = core.Function(row.name, name, *defaults)
            setattr(native, name, reference.OfSequences(function) if row.nary else function)
        elif isinstance(attribute, FunctionType | classmethod):
            setattr(native, name, attribute)
    # After a full garbage collection, `collected` returns free memory of nodes to the system.
    earlier = [c for c in gc.callbacks if getattr(c, "__module__", None) == core.__name__]
    for callback in earlier:
        gc.callbacks.remove(callback)
    gc.callbacks.append(core.collected)


def describe(function: Any, name: str) -> None:
    """Give a function in C the name, documentation and signature of the reference's method."""
    update_wrapper(function, getattr(reference.Value, name))

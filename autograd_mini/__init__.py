"""Scalar automatic differentiation.

A `Value` remembers how it was computed; its `backward` computes every gradient.

>>> import autograd_mini as ag
>>> w = ag.Value(0.2, name="w")
>>> ((2.0 - w * 1.0) ** 2).backward()
>>> w.grad
-3.6
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from autograd_mini import functions
from autograd_mini.engines import Value, engine, errstate
from autograd_mini.errors import (
    AutogradError,
    DivergenceError,
    DomainError,
    GradientMismatchError,
    GraphTooLargeError,
    NonFiniteGradientError,
    RendererNotFoundError,
    StateError,
)

if TYPE_CHECKING:
    from autograd_mini import losses, nn, optim, plots, testing
    from autograd_mini.engines.extension import primitive
    from autograd_mini.engines.python_function import custom
    from autograd_mini.functions import *  # noqa: F403
    from autograd_mini.nn import MLP, Layer, Module, Neuron, load
    from autograd_mini.optim import SGD, Adam, AdamW, RMSprop, zero_grad
    from autograd_mini.programs.compiled import compile
    from autograd_mini.training import EarlyStopping, History, fit
    from autograd_mini.transforms import (
        grad,
        gradient_graph,
        gradients,
        hessian,
        hvp,
        jacobian,
        jvp,
        stop_gradient,
        value_and_grad,
        vjp,
    )
    from autograd_mini.views.drawing import draw
    from autograd_mini.views.explanation import explain
    from autograd_mini.views.page import explore
    from autograd_mini.views.rendering import Drawing

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "AutogradError",
    "DivergenceError",
    "DomainError",
    "Drawing",
    "EarlyStopping",
    "GradientMismatchError",
    "GraphTooLargeError",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "NonFiniteGradientError",
    "RMSprop",
    "RendererNotFoundError",
    "StateError",
    "Value",
    "compile",
    "custom",
    "draw",
    "engine",
    "errstate",
    "explain",
    "explore",
    "fit",
    "grad",
    "gradient_graph",
    "gradients",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "load",
    "losses",
    "nn",
    "optim",
    "plots",
    "primitive",
    "stop_gradient",
    "testing",
    "value_and_grad",
    "vjp",
    "zero_grad",
]
__all__ += functions.__all__

__version__ = "0.1.0"

# The module of each name that is imported when it is first used.
_LATER = {
    **dict.fromkeys(functions.__all__, "functions"),
    **dict.fromkeys(("MLP", "Layer", "Module", "Neuron", "load"), "nn"),
    **dict.fromkeys(("SGD", "Adam", "AdamW", "RMSprop", "zero_grad"), "optim"),
    **dict.fromkeys(("EarlyStopping", "History", "fit"), "training"),
    "compile": "programs.compiled",
    "custom": "engines.python_function",
    "primitive": "engines.extension",
    **dict.fromkeys(
        ("grad", "gradient_graph", "gradients", "hessian", "hvp", "jacobian", "jvp"), "transforms"
    ),
    **dict.fromkeys(("stop_gradient", "value_and_grad", "vjp"), "transforms"),
    "draw": "views.drawing",
    "explain": "views.explanation",
    "explore": "views.page",
    "Drawing": "views.rendering",
}

if not TYPE_CHECKING:

    def __getattr__(name):
        if name in _LATER:
            found = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
        elif name in __all__:
            found = import_module(f"{__name__}.{name}")
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted(__all__)


# Old pickles name modules that are gone; this says where their content is now.
_MOVED = {
    "activations": "nn",
    "draw": "views.drawing",
    "explain": "views.explanation",
    "explore": "views.page",
    "history": "training",
    "initialisers": "nn.initializers",
    "module": "nn",
    "primitives": "table.primitives",
    "rendering": "views.rendering",
    "rules": "table.rules",
    "storage": "nn.saving",
    "testing.graphs": "programs",
    "value": "engines.value",
}


class _Moved:
    """A finder that Python asks last; it says where the content of a missing module is now."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:  # noqa: ARG004
        """Raise an error for a module that is gone; find no other module."""
        new = _MOVED.get(name.removeprefix(f"{__name__}."))
        if new is not None and name.startswith(f"{__name__}."):
            raise ModuleNotFoundError(
                f"{name} is gone, what stood in it is in {__name__}.{new}; a pickle that names it "
                "was made before that: load it with the version that made it, and keep the "
                "numbers of a model by model.save(path)",
                name=name,
            )


sys.meta_path.append(_Moved)

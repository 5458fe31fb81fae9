"""Scalar automatic differentiation, for learning it and for trusting it.

A `Value` remembers how it was computed; its `backward` gives every gradient.

>>> import autograd_mini as ag
>>> w = ag.Value(0.2, name="w")
>>> ((2.0 - w * 1.0) ** 2).backward()
>>> w.grad
-3.6
"""

from autograd_mini import losses, nn, optim, plots, testing
from autograd_mini.engines import Value, engine
from autograd_mini.errors import (
    AutogradError,
    DivergenceError,
    DomainError,
    GradientMismatchError,
    GraphTooLargeError,
    NonFiniteGradientError,
    RendererNotFoundError,
    StateError,
    errstate,
)
from autograd_mini.functions import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctanh,
    cbrt,
    cos,
    cosh,
    dot,
    erf,
    exp,
    expm1,
    leaky_relu,
    linear,
    log,
    log1p,
    log2,
    log10,
    log_softmax,
    logsumexp,
    maximum,
    mean,
    minimum,
    relu,
    sigmoid,
    sin,
    sinh,
    softmax,
    softplus,
    sqrt,
    square,
    step,
    sum,
    tan,
    tanh,
    where,
)
from autograd_mini.nn.layers import MLP, Layer, Module, Neuron
from autograd_mini.optim.optimizers import SGD, Adam
from autograd_mini.training.fitting import fit
from autograd_mini.training.history import History
from autograd_mini.views.drawing import draw
from autograd_mini.views.explanation.explanation import explain
from autograd_mini.views.page.page import explore
from autograd_mini.views.rendering import Drawing

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AutogradError",
    "DivergenceError",
    "DomainError",
    "Drawing",
    "GradientMismatchError",
    "GraphTooLargeError",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "NonFiniteGradientError",
    "RendererNotFoundError",
    "StateError",
    "Value",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "cbrt",
    "cos",
    "cosh",
    "dot",
    "draw",
    "engine",
    "erf",
    "errstate",
    "exp",
    "explain",
    "explore",
    "expm1",
    "fit",
    "leaky_relu",
    "linear",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_softmax",
    "logsumexp",
    "losses",
    "maximum",
    "mean",
    "minimum",
    "nn",
    "optim",
    "plots",
    "relu",
    "sigmoid",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "step",
    "sum",
    "tan",
    "tanh",
    "testing",
    "where",
]

__version__ = "0.1.0"

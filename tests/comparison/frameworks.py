"""Frameworks behind one interface: each row of the table as their own function, with its slopes.

One is imported when it is first asked for. All of them calculate in double precision.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.table.primitives import TABLE
from autograd_mini.testing.strategies import function

PACKAGES = {"PyTorch": "torch", "JAX": "jax", "autograd": "autograd"}
"""The package of each framework, by the name that the page gives it."""

Slopes = tuple[float, list[float]]


@dataclass(frozen=True)
class Framework:
    """One framework.

    Args:
        name: as the page has it.
        rows: its own function for each row of the table that it has; a list for each operand
            inside a sum.
        costs: its own functions of several numbers, by the name of ours.
        differentiate: gives the value of a function of scalars at a point, and all derivatives.
    """

    name: str
    rows: Mapping[str, Callable[..., Any]]
    costs: Mapping[str, Callable[..., Any]]
    differentiate: Callable[[Callable[..., Any], Sequence[float]], Slopes]

    def __str__(self) -> str:
        return self.name


def version(name: str) -> str:
    """Return the version of a framework, without what tells builds of the same source apart."""
    return importlib.metadata.version(PACKAGES[name]).partition("+")[0]


def need_all() -> None:
    """Skip what calls this, a test or a module of tests, unless all the frameworks are there."""
    for package in (*PACKAGES.values(), "scipy"):  # autograd has erf only where SciPy is
        pytest.importorskip(package, reason=f"the comparison needs {package}")


def ours() -> Framework:
    """Return this library as one of the frameworks, on the engine in use, by IEEE 754."""

    def differentiate(f: Callable[..., Any], at: Sequence[float]) -> Slopes:
        leaves = [Value(x) for x in at]
        with ag.errstate(nonfinite="ignore"):
            out = f(*leaves)
            if isinstance(out, float):  # a sum of nothing
                return out, []
            out.backward()
        return out.data, [leaf.grad for leaf in leaves]

    rows = {row.name: function(row) for row in TABLE}
    costs = {
        "logsigmoid": lambda x: -ag.softplus(-x),
        "softmax": lambda *xs: ag.softmax(xs)[0],
        "log_softmax": lambda *xs: ag.log_softmax(xs)[0],
        "logsumexp": lambda *xs: ag.logsumexp(xs),
        "cross_entropy": lambda *xs: ag.losses.cross_entropy(xs, 0),
        "binary_cross_entropy": lambda z: ag.losses.binary_cross_entropy(z, 1.0),
    }
    return Framework("autograd_mini", rows, costs, differentiate)


@cache
def frameworks() -> tuple[Framework, ...]:
    """Return the frameworks, in the order of the page."""
    return _pytorch(), _jax(), _autograd()


def _pytorch() -> Framework:
    torch = importlib.import_module("torch")
    functional = torch.nn.functional

    def stacked(xs: Sequence[Any]) -> Any:
        return torch.stack([tensor(x) for x in xs]) if xs else torch.zeros(0, dtype=torch.float64)

    def tensor(x: Any) -> Any:
        return x if isinstance(x, torch.Tensor) else torch.tensor(x, dtype=torch.float64)

    def on_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *operands: function(*map(tensor, operands))

    def differentiate(f: Callable[..., Any], at: Sequence[float]) -> Slopes:
        if not at:
            return f().item(), []
        leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in at]
        out = f(*leaves)
        found = torch.autograd.grad(out, leaves, allow_unused=True)
        return out.item(), [0.0 if one is None else one.item() for one in found]

    rows = {
        name: on_tensors(getattr(torch, name))
        for name in (
            "add", "sub", "mul", "div", "pow", "neg", "abs", "square", "sqrt", "exp", "expm1",
            "log", "log1p", "log2", "log10", "sin", "cos", "tan", "arcsin", "arccos", "arctan",
            "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "erf", "sigmoid", "relu",
            "maximum", "minimum", "exp2", "erfc", "arctan2", "hypot",
        )
    } | {
        "softplus": on_tensors(functional.softplus),
        "leaky_relu": on_tensors(functional.prelu),  # the one whose slope has a derivative
        "sum": lambda xs: torch.sum(stacked(xs)),
        "dot": lambda ws, xs, b: torch.dot(stacked(ws), stacked(xs)) + b,
    }  # fmt: skip
    costs = {
        "logsigmoid": on_tensors(functional.logsigmoid),
        "softmax": lambda *xs: torch.softmax(stacked(xs), 0)[0],
        "log_softmax": lambda *xs: torch.log_softmax(stacked(xs), 0)[0],
        "logsumexp": lambda *xs: torch.logsumexp(stacked(xs), 0),
        "cross_entropy": lambda *xs: functional.cross_entropy(stacked(xs), torch.tensor(0)),
        "binary_cross_entropy": lambda z: functional.binary_cross_entropy_with_logits(
            z, torch.ones_like(z)
        ),
    }
    return Framework("PyTorch", rows, costs, differentiate)


def _jax() -> Framework:
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jnp, nn = jax.numpy, jax.nn

    def differentiate(f: Callable[..., Any], at: Sequence[float]) -> Slopes:
        if not at:
            return float(f()), []
        out, found = jax.value_and_grad(f, argnums=tuple(range(len(at))))(*at)
        return float(out), list(map(float, found))

    def stacked(xs: Sequence[Any]) -> Any:
        return jnp.stack([jnp.asarray(x, float) for x in xs]) if xs else jnp.zeros(0)

    rows = {
        name: getattr(jnp, name)
        for name in (
            "abs", "square", "sqrt", "cbrt", "exp", "expm1", "log", "log1p", "log2", "log10",
            "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh",
            "arccosh", "arctanh", "maximum", "minimum", "exp2", "arctan2", "hypot",
        )
    } | {
        "erfc": importlib.import_module("jax.scipy.special").erfc,
        "elu": nn.elu,
        "add": jnp.add,
        "sub": jnp.subtract,
        "mul": jnp.multiply,
        "div": jnp.divide,
        "pow": jnp.power,
        "neg": jnp.negative,
        "erf": importlib.import_module("jax.scipy.special").erf,
        "sigmoid": nn.sigmoid,
        "softplus": nn.softplus,
        "relu": nn.relu,
        "leaky_relu": nn.leaky_relu,
        "step": lambda x: jnp.heaviside(x, 1.0),
        "sum": lambda xs: jnp.sum(stacked(xs)),
        "dot": lambda ws, xs, b: jnp.dot(stacked(ws), stacked(xs)) + b,
    }  # fmt: skip
    costs = {
        "logsigmoid": nn.log_sigmoid,
        "softmax": lambda *xs: nn.softmax(stacked(xs))[0],
        "log_softmax": lambda *xs: nn.log_softmax(stacked(xs))[0],
        "logsumexp": lambda *xs: nn.logsumexp(stacked(xs)),
    }
    return Framework("JAX", rows, costs, differentiate)


def _autograd() -> Framework:
    autograd = importlib.import_module("autograd")
    anp = importlib.import_module("autograd.numpy")
    special = importlib.import_module("autograd.scipy.special")
    numpy = importlib.import_module("numpy")

    def differentiate(f: Callable[..., Any], at: Sequence[float]) -> Slopes:
        if not at:
            return float(f()), []

        def of_all(leaves: Any) -> Any:
            return f(*(leaves[i] for i in range(len(at))))

        with numpy.errstate(all="ignore"):
            out, found = autograd.value_and_grad(of_all)(tuple(map(numpy.float64, at)))
        return float(out), list(map(float, found))

    rows = {
        name: getattr(anp, name)
        for name in (
            "abs", "square", "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin",
            "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh",
            "arccosh", "arctanh", "maximum", "minimum", "exp2", "arctan2",
        )
    } | {
        "erfc": special.erfc,
        "add": anp.add,
        "sub": anp.subtract,
        "mul": anp.multiply,
        "div": anp.divide,
        "pow": anp.power,
        "neg": anp.negative,
        "erf": special.erf,
        "sigmoid": special.expit,
        "softplus": lambda x: anp.logaddexp(0.0, x),
        "sum": lambda xs: anp.sum(anp.array(xs)),
        "dot": lambda ws, xs, b: anp.dot(anp.array(ws), anp.array(xs)) + b,
    }  # fmt: skip
    costs = {"logsumexp": lambda *xs: special.logsumexp(anp.array(xs))}
    return Framework("autograd", rows, costs, differentiate)

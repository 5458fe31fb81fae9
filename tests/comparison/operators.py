"""The transforms of each framework behind one interface: they take a function of several numbers.

``f`` takes a list of numbers of the framework and returns a list of its numbers. Points, tangents
and cotangents are lists of floats, and so are results; those of a Jacobian or Hessian are rows.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import autograd_mini as ag

Function = Callable[[Sequence[Any]], Sequence[Any]]
Operator = Callable[[Function, list[float], list[float], list[float]], Any]
"""Called with the function, the point, a tangent and a cotangent; each takes what it needs."""

OPERATORS = ("gradient", "jacobian", "hessian", "jvp", "vjp", "hvp")
"""Gradient, Hessian and its product are those of the last result."""


def operators(name: str) -> Mapping[str, Operator]:
    """Return the operators of a framework, by the name that the page gives it."""
    return {"autograd_mini": _ours, "PyTorch": _pytorch, "JAX": _jax, "autograd": _autograd}[name]()


@cache
def _ours() -> Mapping[str, Operator]:
    def last(f: Function) -> Callable[..., Any]:
        return lambda xs: f(xs)[-1]

    return {
        "gradient": lambda f, at, *_: ag.grad(last(f))(at),
        "jacobian": lambda f, at, *_: ag.jacobian(f)(at),
        "hessian": lambda f, at, *_: ag.hessian(last(f))(at),
        "jvp": lambda f, at, tangent, _: ag.jvp(f, (at,), (tangent,))[1],
        "vjp": lambda f, at, _, cotangent: ag.vjp(f, at)[1](cotangent)[0],
        "hvp": lambda f, at, tangent, _: ag.hvp(last(f), (at,), (tangent,))[0],
    }


@cache
def _pytorch() -> Mapping[str, Operator]:
    torch = importlib.import_module("torch")
    func = torch.func

    def vector(xs: Sequence[Any]) -> Any:
        return torch.tensor(xs, dtype=torch.float64)

    def stacked(f: Function) -> Callable[..., Any]:
        def g(xs: Any) -> Any:
            found = f(xs.unbind())
            return torch.stack([torch.as_tensor(x, dtype=torch.float64) for x in found])

        return g

    def last(f: Function) -> Callable[..., Any]:
        return lambda xs: stacked(f)(xs)[-1]

    def differentiate(f: Function, at: list[float], tangent: list[float]) -> Any:
        return func.jvp(func.grad(last(f)), (vector(at),), (vector(tangent),))[1]

    with warnings.catch_warnings():  # the first use of forward mode warns of what torch itself does
        warnings.simplefilter("ignore")
        func.jvp(torch.sin, (vector([1.0]),), (vector([1.0]),))
    return {
        "gradient": lambda f, at, *_: func.grad(last(f))(vector(at)).tolist(),
        "jacobian": lambda f, at, *_: func.jacrev(stacked(f))(vector(at)).tolist(),
        "hessian": lambda f, at, *_: func.hessian(last(f))(vector(at)).tolist(),
        "jvp": lambda f, at, t, _: func.jvp(stacked(f), (vector(at),), (vector(t),))[1].tolist(),
        "vjp": lambda f, at, _, c: func.vjp(stacked(f), vector(at))[1](vector(c))[0].tolist(),
        "hvp": lambda f, at, tangent, _: differentiate(f, at, tangent).tolist(),
    }


@cache
def _jax() -> Mapping[str, Operator]:
    jax = importlib.import_module("jax")
    jnp = jax.numpy

    def stacked(f: Function) -> Callable[..., Any]:
        return lambda xs: jnp.stack([jnp.asarray(x, float) for x in f(list(xs))])

    def last(f: Function) -> Callable[..., Any]:
        return lambda xs: stacked(f)(xs)[-1]

    def on(transform: Callable[..., Any]) -> Callable[..., Any]:
        """Return an operator on lists, made of a transform of arrays."""
        return lambda f, at, *more: transform(f, jnp.array(at), *map(jnp.array, more)).tolist()

    return {
        "gradient": on(lambda f, at, *_: jax.grad(last(f))(at)),
        "jacobian": on(lambda f, at, *_: jax.jacrev(stacked(f))(at)),
        "hessian": on(lambda f, at, *_: jax.hessian(last(f))(at)),
        "jvp": on(lambda f, at, tangent, _: jax.jvp(stacked(f), (at,), (tangent,))[1]),
        "vjp": on(lambda f, at, _, cotangent: jax.vjp(stacked(f), at)[1](cotangent)[0]),
        "hvp": on(lambda f, at, tangent, _: jax.jvp(jax.grad(last(f)), (at,), (tangent,))[1]),
    }


@cache
def _autograd() -> Mapping[str, Operator]:
    autograd = importlib.import_module("autograd")
    anp = importlib.import_module("autograd.numpy")

    def stacked(f: Function) -> Callable[..., Any]:
        return lambda xs: anp.array(f([xs[i] for i in range(len(xs))]))

    def last(f: Function) -> Callable[..., Any]:
        return lambda xs: f([xs[i] for i in range(len(xs))])[-1]

    def pull_back(f: Function, at: list[float], cotangent: list[float]) -> Any:
        return autograd.make_vjp(stacked(f))(anp.array(at))[0](anp.array(cotangent))

    def push_forward(f: Function, at: list[float], tangent: list[float]) -> Any:
        return autograd.make_jvp(stacked(f))(anp.array(at))(anp.array(tangent))[1]

    def product(f: Function, at: list[float], tangent: list[float]) -> Any:
        return autograd.hessian_vector_product(last(f))(anp.array(at), anp.array(tangent))

    def quietly(operator: Operator) -> Operator:
        """Return an operator that does not warn where a derivative is 0 everywhere."""

        def ask(*arguments: Any) -> Any:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Output seems independent of input")
                return operator(*arguments)

        return ask

    found: dict[str, Operator] = {
        "gradient": lambda f, at, *_: autograd.grad(last(f))(anp.array(at)).tolist(),
        "jacobian": lambda f, at, *_: autograd.jacobian(stacked(f))(anp.array(at)).tolist(),
        "hessian": lambda f, at, *_: autograd.hessian(last(f))(anp.array(at)).tolist(),
        "jvp": lambda f, at, tangent, _: push_forward(f, at, tangent).tolist(),
        "vjp": lambda f, at, _, cotangent: pull_back(f, at, cotangent).tolist(),
        "hvp": lambda f, at, tangent, _: product(f, at, tangent).tolist(),
    }
    return {name: quietly(operator) for name, operator in found.items()}

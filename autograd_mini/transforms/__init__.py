"""Derivatives of any order: of functions, and of graphs that are there."""

from autograd_mini.transforms.graphs import gradient_graph, gradients, stop_gradient
from autograd_mini.transforms.operators import (
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)

__all__ = [
    "grad", "gradient_graph", "gradients", "hessian", "hvp", "jacobian", "jvp", "stop_gradient",
    "value_and_grad", "vjp",
]  # fmt: skip

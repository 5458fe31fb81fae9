"""Do gradient checkers find a wrong gradient? Each at its default settings, on the same functions.

A function is slope · x and claims another slope.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from autograd_mini import Value
from autograd_mini.testing import check_gradients

AT = 1.5

CLAIMS = [
    # function and claim, the slope, and what is claimed to be the slope
    ("x, slope 1: right", 1.0, 1.0),
    ("x, slope −1", 1.0, -1.0),
    ("x, slope 1.0005", 1.0, 1.0005),
    ("1e-6·x, slope 0", 1e-6, 0.0),
    ("1e-6·x, slope −1e-6", 1e-6, -1e-6),
    ("1e-8·x, slope −1e-8", 1e-8, -1e-8),
]


def passes_ours(slope: float, claimed: float) -> bool:
    """Whether `autograd_mini.testing.check_gradients` lets the claim pass."""

    def f(x: Value) -> Value:
        return claimed * x + (slope - claimed) * x.data  # the latter has no gradient

    return _passes(lambda: check_gradients(f, AT), AssertionError)


def passes_pytorch(slope: float, claimed: float) -> bool:
    """Whether `torch.autograd.gradcheck` lets it pass."""
    torch = importlib.import_module("torch")

    class Claim(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return slope * x

        @staticmethod
        def backward(ctx, gradient):
            return claimed * gradient

    x = torch.tensor(AT, dtype=torch.float64, requires_grad=True)
    module = importlib.import_module("torch.autograd.gradcheck")
    return _passes(lambda: module.gradcheck(Claim.apply, x), module.GradcheckError)


def passes_jax(slope: float, claimed: float) -> bool:
    """Whether `jax.test_util.check_grads` lets it pass."""
    jax = importlib.import_module("jax")
    test_util = importlib.import_module("jax.test_util")

    @jax.custom_vjp
    def f(x):
        return slope * x

    f.defvjp(lambda x: (slope * x, None), lambda _, gradient: (claimed * gradient,))
    x = jax.numpy.asarray(AT, float)
    return _passes(lambda: test_util.check_grads(f, (x,), order=1, modes=["rev"]), AssertionError)


def passes_autograd(slope: float, claimed: float) -> bool:
    """Whether `autograd.test_util.check_grads` lets it pass."""
    extend = importlib.import_module("autograd.extend")
    test_util = importlib.import_module("autograd.test_util")
    random = importlib.import_module("numpy").random

    @extend.primitive
    def f(x):
        return slope * x

    extend.defvjp(f, lambda out, x: lambda gradient: claimed * gradient)
    state = random.get_state()
    random.seed(0)  # it draws random directions
    try:
        check = test_util.check_grads(f, modes=["rev"], order=1)
        return _passes(lambda: check(AT), AssertionError)
    finally:
        random.set_state(state)


def _passes(check: Callable[[], object], failure: type[Exception]) -> bool:
    try:
        check()
    except failure:
        return False
    return True


CHECKERS: dict[str, Callable[[float, float], bool]] = {
    "autograd_mini": passes_ours,
    "PyTorch": passes_pytorch,
    "JAX": passes_jax,
    "autograd": passes_autograd,
}

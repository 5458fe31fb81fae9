"""Functions of the gradients of several parameters together, for a training loop of your own."""

from __future__ import annotations

import math
from collections.abc import Iterable

from autograd_mini.arguments import finite, items, requirement
from autograd_mini.engines import Value, gradients_of, norm_of, store_gradients, zero_gradients
from autograd_mini.errors import NonFiniteGradientError

__all__ = ["clip_gradients", "zero_grad"]


def zero_grad(parameters: Iterable[Value]) -> None:
    """Set the gradients of some Values to zero, all of them or none; `has_grad` stays as it is.

    Args:
        parameters: a list of Values, such as ``model.parameters()``.

    Raises:
        TypeError: it is not a list of Values.

    >>> w = Value(2.0)
    >>> (w * w).backward()
    >>> zero_grad([w])
    >>> w.grad
    0.0
    """
    zero_gradients(_list("zero_grad", parameters))


def clip_gradients(parameters: Iterable[Value], max_norm: float) -> float:
    """Shorten the gradient of some Values, taken together, to a norm; return the norm before.

    All gradients are multiplied by max_norm / norm if the Euclidean norm is above max_norm, all of
    them or none (Pascanu, Mikolov and Bengio, *On the difficulty of training recurrent neural
    networks*, 2013, algorithm 1).

    Args:
        parameters: a list of Values, such as ``model.parameters()``.
        max_norm: the largest norm, above 0.

    Raises:
        TypeError, ValueError: an argument is wrong.
        NonFiniteGradientError: the norm is not finite; nothing has changed.

    >>> x, y = Value(0.0), Value(0.0)
    >>> (3.0 * x + 4.0 * y).backward()
    >>> clip_gradients([x, y], 2.5)
    5.0
    >>> x.grad, y.grad
    (1.5, 2.0)
    """
    given = _list("clip_gradients", parameters)
    gradients = gradients_of(given)
    norm = norm_of(gradients)
    if not math.isfinite(norm):
        rule = "finite"
        raise NonFiniteGradientError(requirement("clip_gradients: norm", rule, norm))
    most = check_norm(max_norm, argument="clip_gradients: max_norm")
    if norm > most:
        factor = most / norm
        store_gradients(given, [factor * gradient for gradient in gradients])
    return norm


def check_norm(norm: float, *, argument: str) -> float:
    """Return a largest norm; raise TypeError or ValueError if it is none."""
    most = finite(norm, argument=argument)
    if most <= 0:
        raise ValueError(requirement(argument, "above 0", norm))
    return most


def _list(where: str, parameters: Iterable[Value]) -> list[Value]:
    argument, rule = f"{where}: parameters", "a list of Values"
    given = items(parameters, argument=argument, rule=rule, way_out="pass model.parameters()")
    for i, one in enumerate(given):
        if not isinstance(one, Value):
            raise TypeError(requirement(f"{argument}[{i}]", "a Value", one))
    return list(given)

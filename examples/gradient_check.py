"""Is this derivative right? Checks of derivatives written by hand, some of them wrong.

The function is swish, x·σ(x). Its derivative is σ(x) + x·σ(x)·(1 − σ(x)). The wrong ones have
mistakes that are easily made, and easily missed: a term left out, a sign, and a millionth too much,
such as a constant copied with too few digits.

Run it with ``python examples/gradient_check.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import autograd_mini as ag
from autograd_mini import GradientMismatchError, Value
from autograd_mini.testing import check_gradients

POINTS = [-30.0, -2.0, -0.5, 0.0, 1e-9, 0.5, 2.0, 30.0]


def logistic(x: float) -> float:
    """Return σ(x), without overflow on either side."""
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


def swish(x: float) -> float:
    """Return x·σ(x)."""
    return x * logistic(x)


def right(x: float) -> float:
    """Return the derivative."""
    return logistic(x) + x * logistic(x) * logistic(-x)


def without_a_term(x: float) -> float:
    """Forget the product rule."""
    return logistic(x)


def with_a_wrong_sign(x: float) -> float:
    """Take one sign wrong."""
    return logistic(x) - x * logistic(x) * logistic(-x)


def a_millionth_too_large(x: float) -> float:
    """Be wrong by a millionth."""
    return right(x) * 1.000001


def by_hand(derivative: Callable[[float], float]) -> None:
    """Check a derivative written by hand at all points; print the first that fails."""
    worst = 0.0
    for x in POINTS:
        try:
            report = check_gradients(swish, x, gradient=derivative)
        except GradientMismatchError as error:
            print(f"{derivative.__name__}: found at x = {x}\n  {error}\n")
            return
        worst = max(worst, report.worst.error)
    print(f"{derivative.__name__}: agrees at all points, to {worst:.1e}\n")


def bent(x: Value) -> Value:
    """Return x·σ(x), but take a number out of the graph on the way."""
    return ag.sigmoid(x) * x.data


def main() -> None:
    """Check them all."""
    for derivative in (right, without_a_term, with_a_wrong_sign, a_millionth_too_large):
        by_hand(derivative)

    print("A function of Values is checked by itself: its gradient is that of backward().")
    print(check_gradients(lambda x: x * ag.sigmoid(x), 0.5), "\n")
    print("On a kink the gradient lies between the slopes on both sides, and the report says so.")
    print(check_gradients(ag.relu, 0.0).kinks, "\n")
    print("Where a gradient is lost, the graph is printed as a program.")
    try:
        check_gradients(bent, 0.5)
    except GradientMismatchError as error:
        print(error)


if __name__ == "__main__":
    main()

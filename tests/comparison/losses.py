"""Where a framework loses digits: the formula that it uses, and how much is lost by it."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

U = 2.0**-53
OURS, THEIRS = 4, 16
"""The units in the last place that any of our numbers may be off, and any of theirs but these.

Sixteen are about one decimal digit of the sixteen that a float has.
"""

JAX, PYTORCH, AUTOGRAD = "JAX", "PyTorch", "autograd"
ALL = (PYTORCH, JAX, AUTOGRAD)


@dataclass(frozen=True)
class Loss:
    """A number that some frameworks compute by a formula that loses digits.

    Args:
        row: the name of the row.
        of: "value", or the operand of the derivative.
        frameworks: those that use the formula.
        formula: what is lost, and how.
        size: the error of a number of this size reaches the result; a function of the true
            result and the operands. It is infinite where the formula overflows.
        shown: telling points, for the page.
    """

    row: str
    of: str
    frameworks: tuple[str, ...]
    formula: str
    size: Callable[..., float]
    shown: tuple[tuple[float, ...], ...]


def _sigmoid(true: float, x: float) -> float:
    return 1 / (1 + math.exp(min(-x, 700.0)))


def _near_one(true: float, x: float) -> float:
    return abs(true) / abs((1 - x) * (1 + x))


def _exponent(true: float, x: float) -> float:
    return abs(true * x)


def _beyond_threshold(true: float, x: float) -> float:
    return math.exp(-x) / U if x > 20 else 0.0


def _unless(safe: Callable[[float], bool]) -> Callable[..., float]:
    """Return the size of what overflows unless the last operand is safe."""
    return lambda true, *operands: 0.0 if safe(operands[-1]) else math.inf


def _unless_of_common_size(true: float, x: float, y: float) -> float:
    return 0.0 if 1e-150 < max(abs(x), abs(y)) < 1e150 else math.inf


SQUARE_OVERFLOWS = _unless(lambda x: abs(x) < 1.3e154)

LOSSES = [
    Loss("sigmoid", "x", ALL, "s(1 − s) cancels", _sigmoid, ((10.0,), (37.0,))),
    Loss("tanh", "x", (PYTORCH, JAX), "1 − t² cancels", lambda true, x: 1.0, ((10.0,), (19.0,))),
    Loss("tanh", "x", (AUTOGRAD,), "cosh² overflows (1 − t² is 0)", _unless(lambda x: abs(x) < 355),
         ((360.0,),)),
    Loss("softplus", "value", (PYTORCH,), "is x beyond its threshold, 20", _beyond_threshold,
         ((20.5,),)),
    Loss("softplus", "x", (PYTORCH,), "is 1 beyond its threshold, 20", _beyond_threshold,
         ((20.5,),)),
    Loss("softplus", "x", (JAX, AUTOGRAD), "exp(x − out) rounds its exponent", _exponent,
         ((-33.3,),)),
    Loss("expm1", "x", ALL, "out + 1 cancels", lambda true, x: 1.0, ((-20.0,), (-40.0,))),
    Loss("log1p", "value", (JAX,), "its approximation is poor there",
         lambda true, x: 8 * abs(true) if -0.4143 < x < -0.29 else 0.0, ((-0.41,),)),
    Loss("arctanh", "value", (JAX,), "by way of its log1p",
         lambda true, x: 8 * abs(true) if 0.29 < abs(x) < 0.4143 else 0.0, ((0.41,),)),
    Loss("sinh", "value", (JAX,), "exp(x − ln 2) rounds its exponent", _exponent, ((637.0,),)),
    Loss("sinh", "x", (JAX,), "by way of its cosh", _exponent, ((637.0,),)),
    Loss("cosh", "value", (JAX,), "exp(x − ln 2) rounds its exponent", _exponent, ((637.0,),)),
    Loss("cosh", "x", (JAX,), "by way of its sinh", _exponent, ((637.0,),)),
    Loss("arcsin", "x", (PYTORCH, AUTOGRAD), "1 − x² cancels", _near_one, ((0.999999999,),)),
    Loss("arccos", "x", (PYTORCH, AUTOGRAD), "1 − x² cancels", _near_one, ((0.999999999,),)),
    Loss("arctanh", "x", (PYTORCH, AUTOGRAD), "1 − x² cancels", _near_one, ((0.999999999,),)),
    Loss("arccosh", "x", (PYTORCH, AUTOGRAD), "x² − 1 cancels",
         lambda true, x: _near_one(true, min(x, 2.0)), ((1.000000001,),)),
    Loss("arccosh", "x", ALL, "x² overflows", SQUARE_OVERFLOWS, ((1e155,),)),
    Loss("arcsinh", "x", ALL, "x² overflows", SQUARE_OVERFLOWS, ((1e155,),)),
    Loss("arctan", "x", ALL, "x² overflows", SQUARE_OVERFLOWS, ((1e155,),)),
    Loss("erf", "x", ALL, "exp(−x²) rounds its exponent", lambda true, x: abs(true) * x * x,
         ((8.7,),)),
    Loss("erfc", "value", (JAX, AUTOGRAD), "exp(−x²) rounds its exponent",
         lambda true, x: abs(true) * x * x, ((8.7,),)),
    Loss("erfc", "x", ALL, "exp(−x²) rounds its exponent", lambda true, x: abs(true) * x * x,
         ((8.7,),)),
    Loss("exp2", "value", (JAX,), "exp(x·ln 2) rounds its exponent", _exponent, ((1000.3,),)),
    Loss("exp2", "x", (JAX,), "by way of its exp2", _exponent, ((1000.3,),)),
    Loss("elu", "x", (JAX,), "out + y cancels", lambda true, x, y: abs(y), ((-9.63, 1.0),)),
    Loss("arctan2", "x", ALL, "x² + y² overflows or underflows", _unless_of_common_size,
         ((1e200, 1e190),)),
    Loss("arctan2", "y", ALL, "x² + y² overflows or underflows", _unless_of_common_size,
         ((1e200, 1e190),)),
    Loss("hypot", "y", (JAX,), "a square overflows or underflows", _unless_of_common_size,
         ((3e200, 4e200),)),
    Loss("pow", "x", ALL, "y·x^(y − 1) rounds its exponent",
         lambda true, x, y: abs(true * (y - 1) * math.log(abs(x))), ((1e-300, 0.2),)),
    Loss("div", "y", (JAX, AUTOGRAD), "y² underflows or overflows",
         _unless(lambda y: 1e-140 < abs(y) < 1e150), ((1e-200, 1e-170),)),
]  # fmt: skip

FLUSHING = (JAX,)
"""The frameworks that take a subnormal number for zero."""


def lost(framework: str, row: str, of: str, true: float, at: Sequence[float]) -> float:
    """Return how much a result may be off beyond the units in the last place.

    A number that the formula takes is off by as many of those as any, twice that if it is squared.
    """
    sizes = [
        loss.size(true, *at)
        for loss in LOSSES
        if (loss.row, loss.of) == (row, of) and framework in loss.frameworks
    ]
    return 2 * THEIRS * U * sum(sizes) + (sys.float_info.min if framework in FLUSHING else 0.0)

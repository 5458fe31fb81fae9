"""Other ways to compute what the library computes: precisely, on fractions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from mpmath import mp, mpf
from support.numbers import precise

from autograd_mini import Value, engine
from autograd_mini.engines.value import Operation
from autograd_mini.table.primitives import Primitive

# --- at high precision ---------------------------------------------------------------------------


def precise_value(primitive: Primitive, operands: Sequence[float]) -> mpf:
    """Return the value of a row's rule at high precision."""
    with mp.workprec(2500):  # 1e300 and 1e-300 have their sum
        return precise().function(primitive.value, primitive.operands)(*map(mpf, operands))


def precise_partial(primitive: Primitive, operands: Sequence[float], position: int) -> mpf:
    """Return a partial derivative of a row's *value*, by differences at high precision.

    The derivative rule plays no part. The step is far less than the distance to the bounds of the
    domain and to the kink, and shrinks until two results agree.
    """
    value = precise().function(primitive.value, primitive.operands)
    x = mpf(operands[position])
    room = [mpf(1), abs(x) or mpf(1)]
    domain = primitive.domains[primitive.operands[position]]
    room += [abs(x - bound) for bound in (domain.low, domain.high) if math.isfinite(bound)]
    if primitive.kink:
        room.append(abs(primitive.distance_to_kink(operands)))
    exponent = 2 * sum(abs(math.frexp(operand)[1]) for operand in operands)
    previous = None
    for bits in (100, 400, 1600):
        with mp.workprec(5 * bits + exponent):
            step = min(room) * mpf(2) ** -bits
            high, low = ([mpf(one) for one in operands] for _ in range(2))
            high[position] += step
            low[position] -= step
            slope = (value(*high) - value(*low)) / (2 * step)
        converged = previous is not None and abs(slope - previous) <= abs(slope) * mpf(2) ** -70
        if converged and (slope or bits > 100):  # a first zero may be a difference too small to see
            break
        previous = slope
    return slope


def ulps(computed: float, exact: mpf) -> float:
    """Return the error of a float in units in the last place of the exact number."""
    nearest = float(exact)
    if not math.isfinite(nearest) or not math.isfinite(computed):
        return 0.0 if nearest == computed else math.inf
    with mp.workprec(2500):
        return float(abs(mpf(computed) - exact) / mpf(math.ulp(nearest)))


# --- on fractions --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exact:
    """A fraction with its derivatives by the leaves: forward-mode differentiation."""

    data: Fraction
    slopes: tuple[Fraction, ...]


def _exact(data: Fraction, *terms: tuple[Fraction, Exact]) -> Exact:
    columns = zip(*([weight * slope for slope in one.slopes] for weight, one in terms), strict=True)
    return Exact(data, tuple(sum(column, Fraction(0)) for column in columns))


def _step_half(x: Fraction) -> Fraction:
    return Fraction(1) if x > 0 else Fraction(1, 2) if x == 0 else Fraction(0)


_HALF, _ONE, _ZERO = Fraction(1, 2), Fraction(1), Fraction(0)

EXACT: dict[str, Callable[..., Exact]] = {
    "add": lambda x, y: _exact(x.data + y.data, (_ONE, x), (_ONE, y)),
    "sub": lambda x, y: _exact(x.data - y.data, (_ONE, x), (-_ONE, y)),
    "mul": lambda x, y: _exact(x.data * y.data, (y.data, x), (x.data, y)),
    "neg": lambda x: _exact(-x.data, (-_ONE, x)),
    "square": lambda x: _exact(x.data**2, (2 * x.data, x)),
    "abs": lambda x: _exact(abs(x.data), (Fraction((x.data > 0) - (x.data < 0)), x)),
    "relu": lambda x: _exact(max(x.data, _ZERO), (Fraction(x.data > 0), x)),
    "maximum": lambda x, y: _exact(
        max(x.data, y.data), (_step_half(x.data - y.data), x), (_step_half(y.data - x.data), y)
    ),
    "minimum": lambda x, y: _exact(
        min(x.data, y.data), (_step_half(y.data - x.data), x), (_step_half(x.data - y.data), y)
    ),
    "sum": lambda xs: _exact(sum(x.data for x in xs), *((_ONE, x) for x in xs)),
    "dot": lambda ws, xs, b: _exact(
        sum(w.data * x.data for w, x in zip(ws, xs, strict=True)) + b.data,
        *((x.data, w) for w, x in zip(ws, xs, strict=True)),
        *((w.data, x) for w, x in zip(ws, xs, strict=True)),
        (_ONE, b),
    ),
}
"""The rows that are exact on integers, differentiated by hand."""


# --- a row bound for a while ---------------------------------------------------------------------


@contextmanager
def bound(primitive: Primitive, name: str = "made_up") -> Iterator[Callable[..., Any]]:
    """Bind a row to a name on Value by the one line that this takes, and unbind it afterwards."""
    if engine != "python":
        pytest.skip("rows are bound to the Python engine; AUTOGRAD_MINI_ENGINE=python runs this")
    assert not hasattr(Value, name)
    binding: Operation[Any, Any] = Operation(primitive, default=0.0 if primitive.nary else None)
    setattr(Value, name, binding)
    binding.__set_name__(Value, name)
    try:
        yield getattr(Value, name)
    finally:
        delattr(Value, name)

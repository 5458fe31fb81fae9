"""Python's mathematical functions twice: as `math` has them, and as IEEE 754 defines them.

`math` raises where C returns an infinity or a NaN. The first form is the fast one; the second
is total: every float goes in, a float comes out, NaN gives NaN, and nothing is raised.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

__all__ = ["RAISING", "TOTAL", "divide"]

_INF = math.inf
_NAN = math.nan


def power(x: float, y: float) -> float:
    """Return x to the power y; unlike C's ``pow``, a NaN on either side gives NaN."""
    return math.pow(x, y) if x == x and y == y else _NAN


RAISING: Mapping[str, Callable[..., float]] = {
    "abs": math.fabs,
    "arccos": math.acos,
    "arccosh": math.acosh,
    "arcsin": math.asin,
    "arcsinh": math.asinh,
    "arctan": math.atan,
    "arctanh": math.atanh,
    "cbrt": math.cbrt,
    "cos": math.cos,
    "cosh": math.cosh,
    "erf": math.erf,
    "exp": math.exp,
    "expm1": math.expm1,
    "log": math.log,
    "log10": math.log10,
    "log1p": math.log1p,
    "log2": math.log2,
    "pow": power,
    "sin": math.sin,
    "sinh": math.sinh,
    "sqrt": math.sqrt,
    "tan": math.tan,
    "tanh": math.tanh,
}

_POLES: Mapping[str, Mapping[float, float]] = {
    "arctanh": {-1.0: -_INF, 1.0: _INF},
    "log": {0.0: -_INF},
    "log10": {0.0: -_INF},
    "log1p": {-1.0: -_INF},
    "log2": {0.0: -_INF},
}


def _total(name: str) -> Callable[[float], float]:
    function = RAISING[name]
    poles = _POLES.get(name, {})

    def total(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return -_INF if name == "sinh" and x < 0 else _INF
        except ValueError:
            return poles.get(x, _NAN)

    total.__name__ = name
    return total


def _total_power(x: float, y: float) -> float:
    try:
        return power(x, y)
    except OverflowError:
        pass
    except ValueError:
        if x != 0:
            return _NAN
    # An overflow, or a negative power of zero: infinite, with the sign of an odd power of x.
    odd = math.fmod(y, 2.0) in (1.0, -1.0)
    return math.copysign(_INF, x) if odd else _INF


def divide(x: float, y: float) -> float:
    """Return x / y, with a zero divisor as IEEE 754 has it."""
    try:
        return x / y
    except ZeroDivisionError:
        if x == 0 or x != x:
            return _NAN
        return math.copysign(_INF, x) * math.copysign(1.0, y)


TOTAL: Mapping[str, Callable[..., float]] = {
    name: _total_power if name == "pow" else _total(name) for name in RAISING
}

"""Fit an exponential decay to data, with exact derivatives.

The model is a·exp(−t/τ) + c. Its residuals are what it gives less what was measured, and
`ag.jacobian` differentiates each of them by a, τ and c. Where SciPy is installed, its
`least_squares` takes that Jacobian; otherwise Gauss–Newton does, in twenty lines, with the same
result. The inverse of JᵀJ says how sure the parameters are.

Run it with ``python examples/curve_fit.py``.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import autograd_mini as ag

TRUE = {"a": 2.5, "τ": 1.3, "c": 0.5}
NOISE = 0.02
START = [1.0, 1.0, 0.0]
TIMES = [0.1 * i for i in range(60)]

Matrix = list[list[float]]


def decay(t: float, a: Any, tau: Any, c: Any) -> Any:
    """Return the model at a time: a number for numbers, a Value for Values."""
    return a * ag.exp(-t / tau) + c


_rng = random.Random(1)
MEASURED = [decay(t, *TRUE.values()) + _rng.gauss(0, NOISE) for t in TIMES]


def residuals(parameters: Sequence[Any]) -> list[Any]:
    """Return what the model gives less what was measured."""
    return [decay(t, *parameters) - y for t, y in zip(TIMES, MEASURED, strict=True)]


jacobian = ag.jacobian(residuals)


def gauss_newton(start: list[float]) -> list[float]:
    """Return the parameters with the least sum of squared residuals.

    Each step takes the residuals for linear, and goes to where their squares would be least.
    """
    at = start
    for _ in range(50):
        columns = list(zip(*jacobian(at), strict=True))
        downhill = [-dot(column, residuals(at)) for column in columns]
        step = [dot(row, downhill) for row in covariance(at)]
        at = [x + move for x, move in zip(at, step, strict=True)]
        if max(map(abs, step)) < 1e-12:
            break
    return at


def covariance(at: list[float]) -> Matrix:
    """Return the inverse of JᵀJ, by Gauss–Jordan elimination."""
    columns = list(zip(*jacobian(at), strict=True))
    size = range(len(at))
    rows = [
        [*(dot(a, b) for b in columns), *(float(i == k) for k in size)]
        for i, a in enumerate(columns)
    ]
    for i in size:
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for k in size:
            if k != i:
                rows[k] = [x - rows[k][i] * y for x, y in zip(rows[k], rows[i], strict=True)]
    return [row[len(at) :] for row in rows]


def dot(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return Σxy."""
    return math.fsum(x * y for x, y in zip(xs, ys, strict=True))


def fit() -> tuple[str, list[float]]:
    """Return the name of the method, and the parameters that it finds."""
    if find_spec("scipy"):
        from scipy.optimize import least_squares  # noqa: PLC0415 - optional

        found = least_squares(residuals, START, jac=jacobian, method="lm", xtol=1e-15, ftol=1e-15)
        return "scipy.optimize.least_squares", found.x.tolist()
    return "Gauss–Newton, as SciPy is not installed", gauss_newton(START)


def main() -> None:
    """Fit the model, and print its parameters with their standard errors."""
    method, parameters = fit()
    free = len(TIMES) - len(parameters)
    variance = dot(residuals(parameters), residuals(parameters)) / free
    print(f"a·exp(−t/τ) + c through {len(TIMES)} points, by {method}\n")
    print(f"{'':>3}  {'true':>6}  {'fitted':>10}  {'± standard error':>16}")
    errors = [math.sqrt(variance * row[i]) for i, row in enumerate(covariance(parameters))]
    for (name, true), fitted, error in zip(TRUE.items(), parameters, errors, strict=True):
        print(f"{name:>3}  {true:>6}  {fitted:>10.6f}  {error:>16.6f}")
    print(f"\nscatter of the points about the curve: {math.sqrt(variance):.6f} (true: {NOISE})")


if __name__ == "__main__":
    main()

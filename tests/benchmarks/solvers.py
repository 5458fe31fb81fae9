"""Count and time what SciPy's solvers need, with derivatives and without.

``python tests/benchmarks/solvers.py`` prints the table of docs/scipy.md. Without a derivative, a
solver estimates it by differences. A row counts the calls of the function and of its derivative,
and has the median of the CPU time of a whole solution; the ways take turns.
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))  # the library of this checkout

import numpy as np
import scipy
from comparison.times import processor
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares, minimize
from support.solvers import Counted, rosenbrock

import autograd_mini as ag
from autograd_mini.command.tables import table

ROUNDS = 31
TIMES = np.linspace(0.0, 6.0, 60)
MEASURED = 2.5 * np.exp(-TIMES / 1.3) + 0.5 + 0.02 * np.random.default_rng(0).normal(size=60)
CELLS = 20


def residuals(p):
    return p[0] * np.exp(-TIMES / p[1]) + p[2] - MEASURED


def robertson(t, y):
    slow, fast, third = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
    return np.array([fast - slow, slow - fast - third, third])


def diffuse(t, y):
    """Return the right-hand side of the Brusselator on a line of cells: u and v of each."""
    u, v = y[:CELLS], y[CELLS:]
    spread = 0.02 * (CELLS + 1) ** 2
    left, right = np.concatenate([[1.0], u[:-1]]), np.concatenate([u[1:], [1.0]])
    below, above = np.concatenate([[3.0], v[:-1]]), np.concatenate([v[1:], [3.0]])
    return np.concatenate(
        [
            1.0 + u * u * v - 4.0 * u + spread * (left - 2.0 * u + right),
            3.0 * u - u * u * v + spread * (below - 2.0 * v + above),
        ]
    )


def minimize_by(f, derivative, *, size):
    start = np.tile([-1.2, 1.0], size // 2)
    found = minimize(f, start, jac=derivative, method="BFGS", options={"gtol": 1e-4})
    assert found.success


def fit_by(f, derivative):
    found = least_squares(f, [1.0, 1.0, 0.0], jac=derivative or "2-point")
    assert found.success


def integrate_by(f, derivative, *, until, start):
    found = solve_ivp(f, (0, until), start, "BDF", jac=derivative, rtol=1e-6, atol=1e-9)
    assert found.success


def add_gradient(f, wrap):
    """Return a function of value and gradient, and that its gradient is to be used."""
    return wrap(ag.value_and_grad(f)), True


def add_jacobian(f, wrap, argnums=0):
    """Return a function, and one of its Jacobian; the function itself gains nothing by wrapping."""
    return f, wrap(ag.jacobian(f, argnums=argnums))


def add_jacobian_by_state(f, wrap):
    """Return the right-hand side of an equation, and its Jacobian by the state."""
    return add_jacobian(f, wrap, argnums=1)


WAVE = np.sin(2 * np.pi * np.linspace(0, 1, CELLS + 2)[1:-1])
STATE = np.concatenate([1 + WAVE, np.full(CELLS, 3.0)])
PROBLEMS = {
    "BFGS, Rosenbrock's function of 2": (rosenbrock, add_gradient, minimize_by, {"size": 2}),
    "BFGS, Rosenbrock's function of 20": (rosenbrock, add_gradient, minimize_by, {"size": 20}),
    "least squares, 60 residuals of 3": (residuals, add_jacobian, fit_by, {}),
    "BDF, Robertson's reaction of 3": (
        robertson,
        add_jacobian_by_state,
        integrate_by,
        {"until": 1e6, "start": [1.0, 0.0, 0.0]},
    ),
    f"BDF, Brusselator of {2 * CELLS}": (
        diffuse,
        add_jacobian_by_state,
        integrate_by,
        {"until": 10.0, "start": STATE},
    ),
}


def measure(f, add_derivative, solve, options):
    """Yield the name of each way, both counts, and the median time in milliseconds."""
    ways = {
        "differences": (f, None),
        "derivatives": add_derivative(f, lambda g: g),
        "recorded": add_derivative(f, ag.compile),
    }
    times = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begin = time.process_time()
            solve(*way, **options)
            times[name].append(time.process_time() - begin)
    for name, (function, derivative) in ways.items():
        counted = Counted(function)
        also = Counted(derivative) if callable(derivative) else derivative
        solve(counted, also, **options)
        calls = [counted.calls, getattr(also, "calls", "with f" if also else 0)]
        yield name, *calls, 1e3 * statistics.median(times[name])


def main():
    rows = []
    for title, problem in PROBLEMS.items():
        for name, *found in measure(*problem):
            rows.append([title, name, *found])
    print(f"{processor()}, SciPy {scipy.__version__}, {ag.engine} engine\n")
    print(table(["problem", "by", "calls of f", "of its derivative", "ms"], rows, digits=2))


if __name__ == "__main__":
    main()

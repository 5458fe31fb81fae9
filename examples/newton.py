"""Newton's method beside gradient descent: what the second derivative is good for.

Gradient descent goes down the slope, by a learning rate that somebody has to choose. Newton's
method also asks how the slope changes, and steps to where it would be zero if that stayed the same:
w − J′(w)/J″(w), and with several numbers the solution of H·step = −gradient. On a parabola, such as
J(w) = Σ(z − wx)², it arrives at once. On Rosenbrock's curved valley, 100(y − x²)² + (1 − x)², it
needs six steps where gradient descent needs thousands.

Run it with ``python examples/newton.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import autograd_mini as ag
from autograd_mini import Value

X = [0.2, 0.4, 0.6]  # the data of gradient_descent.py
Z = [2 * x for x in X]
FLAT = 1e-6  # a slope this small counts as the bottom

Function = Callable[[Sequence[Value]], Value]
Points = list[list[float]]


def cost(ws: Sequence[Value]) -> Value:
    """Return J(w)."""
    return ag.losses.sum_of_squares([ws[0] * x for x in X], Z)


def rosenbrock(at: Sequence[Value]) -> Value:
    """Return Rosenbrock's function, which is least at (1, 1)."""
    x, y = at
    return 100 * (y - x**2) ** 2 + (1 - x) ** 2


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Return the solution of a system of linear equations, by Gauss's elimination with pivots."""
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        best = max(range(i, len(rows)), key=lambda k: abs(rows[k][i]))
        rows[i], rows[best] = rows[best], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for k, row in enumerate(rows):
            if k != i:
                rows[k] = [x - row[i] * y for x, y in zip(row, rows[i], strict=True)]
    return [row[-1] for row in rows]


def newton(f: Function, start: Sequence[float], most: int) -> Points:
    """Return the points that Newton's method visits."""
    gradient, hessian = ag.grad(f), ag.hessian(f)

    def step(at: list[float], slope: list[float]) -> list[float]:
        return [x - move for x, move in zip(at, solve(hessian(at), slope), strict=True)]

    return _walk(gradient, step, start, most)


def descend(f: Function, start: Sequence[float], rate: float, most: int) -> Points:
    """Return the points that gradient descent visits."""

    def step(at: list[float], slope: list[float]) -> list[float]:
        return [x - rate * s for x, s in zip(at, slope, strict=True)]

    return _walk(ag.grad(f), step, start, most)


def _walk(
    gradient: Callable[[list[float]], list[float]],
    step: Callable[[list[float], list[float]], list[float]],
    start: Sequence[float],
    most: int,
) -> Points:
    points = [list(start)]
    while len(points) <= most and max(map(abs, slope := gradient(points[-1]))) > FLAT:
        points.append(step(points[-1], slope))
    return points


def report(title: str, f: Function, by_newton: Points, by_descent: Points) -> None:
    """Print both walks beside each other."""

    def cells(points: Points, step: int) -> str:
        if step >= len(points):
            return f"{'':>22}  {'':>10}"
        at = points[step]
        height = f([Value(x) for x in at]).data
        return f"{', '.join(f'{x:.6f}' for x in at):>22}  {height:>10.2e}"

    print(f"\n{title}\n")
    print(f"{'step':>6}  {'Newton: at':>22}  {'cost':>10}  {'descent: at':>22}  {'cost':>10}")
    steps = {*range(len(by_newton)), *(10**k for k in range(7)), len(by_descent) - 1}
    for step in sorted(step for step in steps if step < max(len(by_newton), len(by_descent))):
        print(f"{step:>6}  {cells(by_newton, step)}  {cells(by_descent, step)}".rstrip())
    print(f"steps: Newton's method {len(by_newton) - 1}, gradient descent {len(by_descent) - 1}")


def main() -> None:
    """Walk down both functions by both methods."""
    print(f"A walk ends where no slope is more than {FLAT}.")
    report(
        "J(w) = Σ(z − wx)², from w = 0.2; gradient descent at the rate of the course, 0.4",
        cost,
        newton(cost, [0.2], most=50),
        descend(cost, [0.2], rate=0.4, most=1000),
    )
    start = [-1.2, 1.0]
    report(
        "Rosenbrock's valley, from (−1.2, 1); gradient descent at a rate of 0.0019",
        rosenbrock,
        newton(rosenbrock, start, most=50),
        descend(rosenbrock, start, rate=0.0019, most=100_000),
    )


if __name__ == "__main__":
    main()

"""Gradient descent on a single weight, and what the learning rate does to it.

The cost is J(w) = Σ(z − wx)² for data with z = 2x, so it is least at w = 2. It starts at w = 0.2
with a learning rate of α = 0.4, as in the course. The course's notes give no data; these three
points are ours. A step multiplies the distance to the minimum by 1 − 2αΣx². They are chosen such
that 2αΣx² is below 1 at α = 0.4, so that w comes nearer from one side, as the notes describe.

Run it with ``python examples/gradient_descent.py``; ``--out DIR`` says where the picture goes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from autograd_mini import Value, plots
from autograd_mini.losses import sum_of_squares
from autograd_mini.optim import SGD

X = [0.2, 0.4, 0.6]
Z = [2 * x for x in X]
START = 0.2
FLAT = 1e-6  # a slope this small counts as the bottom


class Point(NamedTuple):
    """Where the descent is at one iteration."""

    w: float
    cost: float
    slope: float


class Rate(NamedTuple):
    """A learning rate, and what it is an example of."""

    alpha: float
    title: str
    verdict: str
    iterations: int


COURSE = Rate(0.4, "the rate of the course", "the rate of the course: straight to the minimum", 100)
OTHERS = [
    Rate(0.05, "small: slow", "a small rate: it arrives too, but slowly", 1000),
    Rate(1.6, "large: overshoots", "a large rate: each step overshoots the minimum", 1000),
    Rate(1.9, "too large: diverges", "too large a rate: each step overshoots by more", 60),
]


def cost(w: Value) -> Value:
    """Return J(w)."""
    return sum_of_squares([w * x for x in X], Z)


def descend(rate: Rate) -> list[Point]:
    """Return the iterations until the slope is flat or their number is used up."""
    w = Value(START, name="w")
    optimizer = SGD([w], lr=rate.alpha)
    points = []
    for _ in range(rate.iterations + 1):
        j = cost(w)
        optimizer.zero_grad()
        j.backward()
        points.append(Point(w.data, j.data, w.grad))
        if abs(w.grad) < FLAT:
            break
        optimizer.step()
    return points


def factor(alpha: float) -> float:
    """Return what a step multiplies the distance to the minimum by."""
    return 1 - 2 * alpha * sum(x * x for x in X)


def print_table(points: Sequence[Point], *, shown: int) -> None:
    """Print the first iterations and the last."""
    print(f"{'iteration':>9}  {'w':>14}  {'J(w)':>12}  {'slope dJ/dw':>12}")
    for iteration, point in enumerate(points):
        if iteration < shown or iteration == len(points) - 1:
            w, j, slope = point
            print(f"{iteration:>9}  {w:>14.8f}  {j:>12.4e}  {slope:>12.4e}")
        elif iteration == shown:
            print(f"{'…':>9}  {'…':>14}  {'…':>12}  {'…':>12}")


def report(rate: Rate, *, shown: int) -> list[Point]:
    """Print the descent at a rate; return its points."""
    points = descend(rate)
    print(f"\nα = {rate.alpha}, {rate.verdict}")
    print(f"each step multiplies w − 2 by 1 − 2αΣx² = {factor(rate.alpha):.4f}\n")
    print_table(points, shown=shown)
    if abs(points[-1].slope) < FLAT:
        print(f"converged to w = {points[-1].w:.6f} after {len(points) - 1} iterations")
    else:
        growth = points[-1].cost / points[0].cost
        print(f"diverged: after {len(points) - 1} iterations J has grown {growth:.3g}-fold")
    return points


def draw(descents: dict[Rate, list[Point]], directory: Path) -> None:
    """Draw the steps of every descent on the curve J(w), if matplotlib is installed."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - optional
    except ImportError:
        print("\nNo picture: matplotlib is not installed (pip install matplotlib)")
        return
    figure = Figure(figsize=(11, 7.5), layout="constrained")
    panels = list(figure.subplots(2, 2).flat)
    for (rate, points), axis in zip(sorted(descents.items()), panels, strict=True):
        ws = [point.w for point in points[:9]]
        reach = 1.3 * max(abs(w - 2) for w in ws)
        plots.descent(cost, ws, low=2 - reach, high=2 + reach, ax=axis)
        axis.axvline(2, color="0.4", linestyle=":", label="minimum")
        axis.set_title(f"α = {rate.alpha}, {rate.title}")
        axis.get_legend().remove()
    panels[0].legend(loc="upper center", framealpha=1)
    figure.suptitle("J(w) = Σ(z − wx)²: the first eight steps from w = 0.2", fontsize=14)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "gradient_descent.png"
    figure.savefig(path, dpi=150)
    print(f"\nThe picture is {path}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    out = parser.parse_args(arguments).out
    print(f"J(w) = Σ(z − wx)² over x = {X}, z = 2x; Σx² = {sum(x * x for x in X):.2f}")
    descents = {COURSE: report(COURSE, shown=100)}
    for rate in OTHERS:
        descents[rate] = report(rate, shown=8)
    draw(descents, out)


if __name__ == "__main__":
    main()

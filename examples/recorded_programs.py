"""Recorded programs: ten thousand options, and a network that learns, at the speed of C.

`ag.compile` records what a Python function computes, and replays it for many points. First the
price of 10 000 options and its derivatives (the Greeks), by `map`; the first ones are compared with
calls of the function itself, to the last bit. Then a network learns whether a point is inside of a
ring, in a loop by hand, by `batch` and `backward`. At the end a program is printed, as Python.

Run it with ``python examples/recorded_programs.py``.
"""

from __future__ import annotations

import random
from time import perf_counter
from typing import Any

import autograd_mini as ag

OPTIONS, COMPARED = 10_000, 200
STRIKE, RATE = 100.0, 0.03
STEPS, POINTS = 150, 400


def price(share: Any, volatility: Any, years: Any) -> Any:
    """Return the price of a European call, of numbers or Values (Black and Scholes, 1973)."""
    spread = volatility * ag.sqrt(years)
    d1 = (ag.log(share / STRIKE) + RATE * years) / spread + spread / 2
    return share * ag.norm_cdf(d1) - STRIKE * ag.exp(-RATE * years) * ag.norm_cdf(d1 - spread)


def price_options() -> None:
    """Print the sums over all options, and compare some with the function itself."""
    greeks = ag.value_and_grad(price, argnums=(0, 1, 2))
    gamma = ag.grad(ag.grad(price))
    rng = random.Random(0)
    shares = [rng.uniform(60.0, 160.0) for _ in range(OPTIONS)]
    volatilities = [rng.uniform(0.1, 0.5) for _ in range(OPTIONS)]
    years = [rng.uniform(0.1, 2.0) for _ in range(OPTIONS)]

    start = perf_counter()
    prices, (deltas, vegas, slopes) = ag.compile(greeks).map(shares, volatilities, years)
    gammas = ag.compile(gamma).map(shares, volatilities, years)
    by_map = (perf_counter() - start) / OPTIONS

    points = list(zip(shares, volatilities, years, strict=True))[:COMPARED]
    start = perf_counter()
    found = [(*greeks(*point), gamma(*point)) for point in points]
    by_calls = (perf_counter() - start) / COMPARED
    columns = zip(prices, zip(deltas, vegas, slopes, strict=True), gammas, strict=True)
    are_equal = found == list(columns)[:COMPARED]

    print(f"{OPTIONS} calls, strike {STRIKE}, rate {RATE}: sums over all of them")
    thetas = [-slope for slope in slopes]  # what a year less costs
    table = {"price": prices, "delta": deltas, "gamma": gammas, "vega": vegas, "theta": thetas}
    for name, column in table.items():
        print(f"  {name:<5}  {sum(column):>16.4f}")
    print(f"as one call after the other gives them, to the last bit: {are_equal}")
    print(f"microseconds an option: {by_map * 1e6:.1f} by map, {by_calls * 1e6:.0f} by calls\n")


def train_network() -> None:
    """Train a network by batches, and print its loss and how many points it gets right."""
    rng = random.Random(1)
    points = [[rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)] for _ in range(POINTS)]
    targets = [float(0.3 < ag.hypot(*point) < 0.8) for point in points]
    model = ag.MLP(2, [12, 1], activation="tanh", rng=rng)
    optimizer = ag.Adam(model.parameters(), lr=0.1)

    @ag.compile
    def loss(point: list[float], target: float) -> Any:
        return ag.losses.binary_cross_entropy(model(point), target)

    print(f"a network of {len(model.parameters())} weights, {POINTS} points, {STEPS} steps")
    for step in range(STEPS + 1):
        batch = loss.batch(points, targets)
        if step % 50 == 0:
            print(f"  step {step:>3}  loss {sum(batch.data) / POINTS:.4f}")
        optimizer.zero_grad()
        batch.backward(seed=1 / POINTS)
        optimizer.step()
    logits = ag.compile(model).map(points)
    right = sum((logit > 0) == (target == 1) for logit, target in zip(logits, targets, strict=True))
    print(f"right: {right} of {POINTS}; {loss!r}\n")


def print_program() -> None:
    """Print the program of a function with a branch."""

    def payoff(share: Any, strike: Any) -> Any:
        return share - strike if share > strike else 0.0

    print(ag.compile(payoff).program(110.0, 95.0))


def main() -> None:
    """Run all three."""
    price_options()
    train_network()
    print_program()


if __name__ == "__main__":
    main()

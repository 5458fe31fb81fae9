"""Costs, composed of several operations, and their true slopes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from comparison.frameworks import Framework
from comparison.samples import Error
from mpmath import mp, mpf


def _log_softmax(*zs: mpf) -> mpf:
    return -mp.log(sum(mp.exp(z - zs[0]) for z in zs))


def _logsigmoid(z: mpf) -> mpf:
    return -mp.log(1 + mp.exp(-z))


COSTS: dict[str, Callable[..., Any]] = {
    "logsigmoid": _logsigmoid,
    "softmax": lambda *zs: mp.exp(zs[0]) / sum(map(mp.exp, zs)),
    "log_softmax": _log_softmax,
    "logsumexp": lambda *zs: mp.log(sum(map(mp.exp, zs))),
    "cross_entropy": lambda *zs: -_log_softmax(*zs),
    "binary_cross_entropy": lambda z: -_logsigmoid(z),
}
"""Each at high precision; those of several classes are for the first, the binary one for 1."""

UNARY = ("logsigmoid", "binary_cross_entropy")


OVER_MANY = ("logsumexp", "cross_entropy", "softmax")


def worst_over_many(framework: Framework, name: str, count: int) -> float:
    """Return the worst error of a slope over many operands, in units of the slope itself.

    The operands are uniform in [0, 1]; the first is the largest.
    """
    rng = random.Random(count)
    at = sorted((rng.uniform(0, 1) for _ in range(count)), reverse=True)
    _, slopes = framework.differentiate(framework.costs[name], at)
    with mp.workprec(200):
        powers = [mp.exp(mpf(z)) for z in at]
        total = mp.fsum(powers)
        ps = [power / total for power in powers]
        rest = (total - powers[0]) / total
        true = {
            "logsumexp": ps,
            "cross_entropy": [-rest, *ps[1:]],
            "softmax": [ps[0] * rest, *(-ps[0] * p for p in ps[1:])],
        }[name]
        errors = [abs(mpf(s) - t) / math.ulp(t) for s, t in zip(slopes, true, strict=True)]
    return float(max(errors))


def true_cost(name: str, at: Sequence[float]) -> tuple[mpf, list[mpf]]:
    """Return the value of a cost and its slopes, by central differences at high precision."""
    cost = COSTS[name]
    slopes = []
    with mp.workprec(1000):
        step = mpf(2) ** -200
        for position in range(len(at)):
            high, low = ([mpf(z) for z in at] for _ in range(2))
            high[position] += step
            low[position] -= step
            slopes.append((cost(*high) - cost(*low)) / (2 * step))
        return cost(*map(mpf, at)), slopes


def cost_errors(framework: Framework, name: str, at: tuple[float, ...]) -> Iterator[Error]:
    """Yield the errors of a framework: of the value, and by each operand, ``z0``, ``z1``, …"""
    true, true_slopes = true_cost(name, at)
    value, slopes = framework.differentiate(framework.costs[name], at)
    yield Error("value", at, value, true)
    for position, (computed, exact) in enumerate(zip(slopes, true_slopes, strict=True)):
        yield Error(f"z{position}", at, computed, exact)

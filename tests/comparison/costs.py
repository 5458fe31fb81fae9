"""Costs, composed of several operations, and their true slopes."""

from __future__ import annotations

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

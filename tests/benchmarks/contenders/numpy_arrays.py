"""NumPy: the derivatives by hand, over arrays."""

import math

import numpy as np
from benchmarks.contenders.problems import flat


def network(problem):
    (W1, b1), (W2, b2), (W3, b3) = problem.layers
    X, T = problem.X, problem.T
    w3 = W3[0]

    def run():
        h1 = np.maximum(X @ W1.T + b1, 0.0)
        h2 = np.maximum(h1 @ W2.T + b2, 0.0)
        error = h2 @ w3 + b3 - T
        back = error * (2.0 / len(X))
        d2 = np.outer(back, w3) * (h2 > 0.0)
        d1 = (d2 @ W2) * (h1 > 0.0)
        gradients = d1.T @ X, d1.sum(0), d2.T @ h1, d2.sum(0), back @ h2, back.sum()
        return error @ error / len(X), gradients

    return run, lambda found: flat(*found)


def options(problem):
    from scipy.special import ndtr  # noqa: PLC0415 - the network does not need it

    S, K, T, r, sigma = problem.columns

    def run():
        root = np.sqrt(T)
        spread = sigma * root
        d1 = (np.log(S / K) + (r + 0.5 * sigma * sigma) * T) / spread
        below1, below2 = ndtr(d1), ndtr(d1 - spread)
        discount = np.exp(-r * T)
        lost = K * discount * below2
        dense = S * np.exp(-0.5 * d1 * d1) * (1 / math.sqrt(2 * math.pi))
        by_time = dense * sigma / (2.0 * root) + r * lost
        return S * below1 - lost, below1, -discount * below2, by_time, T * lost, dense * root

    return run, np.column_stack


def rosenbrock(problem):
    x = problem.x

    def run():
        bend, rest = x[1:] - x[:-1] * x[:-1], 1.0 - x[:-1]
        gradient = np.zeros(len(x))
        gradient[:-1] = -400.0 * bend * x[:-1] - 2.0 * rest
        gradient[1:] += 200.0 * bend
        return 100.0 * (bend @ bend) + rest @ rest, gradient

    return run, lambda found: [found[0], *found[1]]

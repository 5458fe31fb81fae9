"""Numba: the derivatives by hand, in loops."""

import math

import numba
import numpy as np
from benchmarks.contenders.problems import flat

HIDDEN, BLOCK = 16, 128
ROOT_HALF = math.sqrt(0.5)
DENSITY = 1 / math.sqrt(2 * math.pi)


def network(problem, step=None):
    arrays = problem.X, problem.T, *(a for layer in problem.layers for a in layer)
    step = network_step if step is None else step
    return lambda: step(*arrays), lambda found: flat(found[0], found[1:])


def network_fast(problem):
    """The same where the compiler may change the order of sums."""
    return network(problem, numba.njit(cache=False, fastmath=True)(network_step.py_func))


@numba.njit(cache=False)
def network_step(X, T, W1, b1, W2, b2, W3, b3):
    # The inner loops go over the samples of a block, which fit the first cache, and take four
    # neurons at a time: half the time of a loop over samples outside.
    h1, h2, d1 = np.empty((3, HIDDEN, BLOCK))
    x0, x1, error = np.empty((3, BLOCK))
    G1, G2 = np.zeros((HIDDEN, 2)), np.zeros((HIDDEN, HIDDEN))
    g1, g2, g3 = np.zeros((3, HIDDEN))
    total = by_bias = 0.0
    for start in range(0, len(X), BLOCK):
        n = min(BLOCK, len(X) - start)
        for s in range(n):
            x0[s], x1[s], error[s] = X[start + s, 0], X[start + s, 1], b3[0] - T[start + s]
        for i in range(HIDDEN):
            w0, w1, bias = W1[i, 0], W1[i, 1], b1[i]
            for s in range(n):
                h1[i, s] = max(bias + w0 * x0[s] + w1 * x1[s], 0.0)
                d1[i, s] = 0.0
        for j in range(HIDDEN):
            bias, w = b2[j], W3[0, j]
            for s in range(n):
                h2[j, s] = bias
            for i in range(0, HIDDEN, 4):
                w0, w1, w2, w3 = W2[j, i], W2[j, i + 1], W2[j, i + 2], W2[j, i + 3]
                for s in range(n):
                    h2[j, s] += (
                        w0 * h1[i, s] + w1 * h1[i + 1, s] + w2 * h1[i + 2, s] + w3 * h1[i + 3, s]
                    )
            for s in range(n):
                h2[j, s] = max(h2[j, s], 0.0)
                error[s] += w * h2[j, s]
        for s in range(n):
            total += error[s] * error[s]
            error[s] *= 2.0 / len(X)
            by_bias += error[s]
        for j in range(HIDDEN):
            w, to_w, to_bias = W3[0, j], 0.0, 0.0
            for s in range(n):
                to_w += h2[j, s] * error[s]
                d = w * error[s] if h2[j, s] > 0.0 else 0.0
                h2[j, s] = d
                to_bias += d
            g3[j] += to_w
            g2[j] += to_bias
        for i in range(HIDDEN):
            for j in range(0, HIDDEN, 4):
                w0, w1, w2, w3 = W2[j, i], W2[j + 1, i], W2[j + 2, i], W2[j + 3, i]
                t0 = t1 = t2 = t3 = 0.0
                for s in range(n):
                    e0, e1, e2, e3 = h2[j, s], h2[j + 1, s], h2[j + 2, s], h2[j + 3, s]
                    d1[i, s] += w0 * e0 + w1 * e1 + w2 * e2 + w3 * e3
                    t0 += h1[i, s] * e0
                    t1 += h1[i, s] * e1
                    t2 += h1[i, s] * e2
                    t3 += h1[i, s] * e3
                G2[j, i] += t0
                G2[j + 1, i] += t1
                G2[j + 2, i] += t2
                G2[j + 3, i] += t3
            to_bias = t0 = t1 = 0.0
            for s in range(n):
                d = d1[i, s] if h1[i, s] > 0.0 else 0.0
                to_bias += d
                t0 += d * x0[s]
                t1 += d * x1[s]
            g1[i] += to_bias
            G1[i, 0] += t0
            G1[i, 1] += t1
    return total / len(X), G1, g1, G2, g2, g3, by_bias


def options(problem):
    out = np.empty((len(problem.rows), 6))

    def run():
        options_loop(*problem.columns, out)
        return out

    return run, lambda found: found


@numba.njit(cache=False)
def options_loop(S, K, T, r, sigma, out):
    for i in range(len(S)):
        root = math.sqrt(T[i])
        spread = sigma[i] * root
        d1 = (math.log(S[i] / K[i]) + (r[i] + 0.5 * sigma[i] * sigma[i]) * T[i]) / spread
        below1 = 0.5 * math.erfc(-d1 * ROOT_HALF)
        below2 = 0.5 * math.erfc((spread - d1) * ROOT_HALF)
        paid = K[i] * math.exp(-r[i] * T[i])
        dense = S[i] * DENSITY * math.exp(-0.5 * d1 * d1)
        out[i, 0] = S[i] * below1 - paid * below2
        out[i, 1] = below1
        out[i, 2] = -paid * below2 / K[i]
        out[i, 3] = dense * sigma[i] / (2.0 * root) + r[i] * paid * below2
        out[i, 4] = T[i] * paid * below2
        out[i, 5] = dense * root


def rosenbrock(problem):
    x = problem.x
    return lambda: rosenbrock_loop(x), lambda found: [found[0], *found[1]]


@numba.njit(cache=False)
def rosenbrock_loop(x):
    total, gradient = 0.0, np.zeros(len(x))
    for i in range(len(x) - 1):
        bend, rest = x[i + 1] - x[i] * x[i], 1.0 - x[i]
        total += 100.0 * bend * bend + rest * rest
        gradient[i] += -400.0 * bend * x[i] - 2.0 * rest
        gradient[i + 1] += 200.0 * bend
    return total, gradient

"""ddx: a graph of named symbols, interpreted in batch or compiled by LLVM."""

import ddx
import numpy as np
from benchmarks.contenders.problems import black_scholes
from comparison.times import residual, rotate_by


class Functions:
    """The functions of a formula."""

    exp, log, sqrt, sin, cos = ddx.exp, ddx.log, ddx.sqrt, ddx.sin, ddx.cos

    @staticmethod
    def norm_cdf(x):
        return 0.5 * (1 + ddx.erf(x * 0.5**0.5))


def prepare(equation, batch, *, compiled):
    """Return a call that fills the value and the Jacobian of a batch."""
    if compiled:
        equation.compile(points=batch.shape[1], veclib=ddx.VecLib.AUTO)
    call = equation.buffer(batch)

    def run():
        call()
        return call.value, call.jacobian

    return run


def network(problem, *, compiled=False):
    """The points are the batch; the derivatives by the weights are added up by NumPy."""
    numbers = np.concatenate([a.ravel() for layer in problem.layers for a in layer])

    def loss():
        parameters = iter([ddx.var(f"p{i}") for i in range(len(numbers))])
        out = [ddx.param("x0"), ddx.param("x1")]
        for i, (weights, biases) in enumerate(problem.layers):
            rows = [[next(parameters) for _ in row] for row in weights]
            sums = [sum(w * x for w, x in zip(row, out, strict=True)) for row in rows]
            out = [one + next(parameters) for one, _ in zip(sums, biases, strict=True)]
            out = out if i == 2 else [ddx.max(one, 0.0) for one in out]
        return (out[0] - ddx.param("t")) ** 2

    count = len(problem.X)
    same = np.repeat(numbers[:, None], count, axis=1)
    batch = np.concatenate([same, problem.X.T, problem.T[None]])
    each = prepare(ddx.equation(loss), batch, compiled=compiled)

    def run():
        values, gradients = each()
        return np.mean(values), gradients.mean(axis=1)

    return run, lambda found: [found[0], *found[1]]


def network_compiled(problem):
    return network(problem, compiled=True)


def options(problem, *, compiled=False):
    def price():
        return black_scholes(Functions, *(ddx.var(name) for name in "SKTrv"))

    batch = np.ascontiguousarray(problem.rows.T)
    run = prepare(ddx.equation(price), batch, compiled=compiled)
    return run, lambda found: np.column_stack([found[0], found[1].T])


def options_compiled(problem):
    return options(problem, compiled=True)


def rotate(m, by, x):
    return rotate_by(m, by, x, sum(b * b for b in by))


def cameras(problem, *, compiled=False):
    def project():
        x = [ddx.var(f"x{i}") for i in range(15)]
        return tuple(residual(Functions, x[:11], x[11:14], x[14], rotate=rotate))

    batch = np.ascontiguousarray(problem.rows.T)
    run = prepare(ddx.equation(project), batch, compiled=compiled)
    return run, lambda found: np.moveaxis(found[1], 2, 0)


def cameras_compiled(problem):
    return cameras(problem, compiled=True)

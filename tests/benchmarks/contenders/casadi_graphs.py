"""CasADi: a symbolic graph of one sample, mapped over the batch, as C text that gcc compiles."""

import os
import subprocess
import tempfile
from pathlib import Path

import casadi
import numpy as np
from benchmarks.contenders import Skipped
from benchmarks.contenders.problems import black_scholes
from comparison.times import residual, rotate_by


class Functions:
    """The functions of a formula."""

    exp, log, sqrt, sin, cos = casadi.exp, casadi.log, casadi.sqrt, casadi.sin, casadi.cos

    @staticmethod
    def norm_cdf(x):
        return 0.5 * (1 + casadi.erf(x * 0.5**0.5))


def build(function):
    """Return a function as gcc compiles its C text."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # the only place that it writes to
        try:
            function.generate("built.c")
            command = ["gcc", "-O3", "-march=native", "-shared", "-fPIC", "built.c", "-lm"]
            subprocess.run([*command, "-o", "built.so"], check=True)
            return casadi.external(function.name(), "./built.so")
        except FileNotFoundError as error:
            raise Skipped("there is no gcc") from error
        finally:
            os.chdir(before)


def prepare(function, arguments, results):
    """Return a call that reads and fills arrays in place."""
    kept = build(function)
    buffer, call = kept.buffer()
    for i, array in enumerate(arguments):
        buffer.set_arg(i, memoryview(array))
    for i, array in enumerate(results):
        buffer.set_res(i, memoryview(array))

    def run(kept=(kept, buffer, arguments)):
        call()
        return results

    return run


def network(problem):
    count, symbols = len(problem.X), []

    def symbol(rows, columns=1):
        # CasADi keeps columns, and the parameters are in rows.
        symbols.append(casadi.SX.sym(f"p{len(symbols)}", columns, rows))
        return symbols[-1].T

    x, t = casadi.SX.sym("x", 2), casadi.SX.sym("t")
    out = x
    for i, (weights, biases) in enumerate(problem.layers):
        out = symbol(*weights.shape) @ out + symbol(len(biases))
        out = out if i == 2 else casadi.fmax(out, 0)
    loss = (out - t) ** 2 / count
    parameters = casadi.vertcat(*(casadi.vec(one) for one in symbols))
    gradient = casadi.gradient(loss, parameters)
    one = casadi.Function("one", [parameters, x, t], [loss, gradient], {"cse": True})
    # The parameters are the same for all; the results are added up.
    mapped = one.map("mapped", "serial", count, [0], [0, 1], {})
    numbers = np.concatenate([a.ravel() for layer in problem.layers for a in layer])
    run = prepare(mapped, [numbers, problem.X, problem.T], [np.zeros(1), np.zeros(len(numbers))])
    return run, np.concatenate


def options(problem):
    x = casadi.SX.sym("x", 5)
    out = black_scholes(Functions, *casadi.vertsplit(x))
    result = casadi.vertcat(out, casadi.gradient(out, x))
    one = casadi.Function("one", [x], [result], {"cse": True})
    results = [np.zeros((len(problem.rows), 6))]
    run = prepare(one.map(len(problem.rows), "serial"), [problem.rows], results)
    return run, lambda found: found[0]


def rotate(m, by, x):
    return rotate_by(m, by, x, sum(b * b for b in by))


def cameras(problem):
    x = casadi.SX.sym("x", 15)
    given = casadi.vertsplit(x)
    out = residual(Functions, given[:11], given[11:14], given[14], rotate=rotate)
    jacobian = casadi.densify(casadi.jacobian(casadi.vertcat(*out), x).T)
    one = casadi.Function("one", [x], [jacobian], {"cse": True})
    results = [np.zeros((len(problem.rows), 2, 15))]
    run = prepare(one.map(len(problem.rows), "serial"), [problem.rows], results)
    return run, lambda found: found[0]

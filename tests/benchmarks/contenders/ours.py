"""The library: recorded programs, and the eager engine that they are compared with."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from benchmarks.contenders.problems import black_scholes, price, project, rosenbrock, valley

import autograd_mini as ag

FIVE = (0, 1, 2, 3, 4)


# --- the network ---------------------------------------------------------------------------------


def network(problem):
    """Gradients add up from step to step; zeroing them belongs to the update."""
    model, X, T = problem.model(), problem.X, problem.T
    loss = ag.compile(lambda x, t: (model(x) - t) ** 2)

    def run():
        batch = loss.batch(X, T)
        batch.backward(seed=1 / len(X))
        return batch

    def answer(batch):
        return [np.mean(batch.data), *problem.gradients(model)]

    return run, answer


def eager_network(problem, *, fused=True):
    model = problem.model(fused=fused)
    mean_loss = problem.mean_loss(model)

    def run():
        loss = mean_loss()
        loss.backward()
        return loss

    return run, lambda loss: [loss.data, *problem.gradients(model)]


def eager_network_of_scalars(problem):
    return eager_network(problem, fused=False)


# --- maps ----------------------------------------------------------------------------------------


def columns(found):
    """Return the arrays of a structure, as the columns of one."""
    if isinstance(found, tuple | list):
        return np.column_stack([columns(one) for one in found])
    return found


def options(problem, f=price):
    mapped = ag.compile(ag.value_and_grad(f, argnums=FIVE))
    return lambda: mapped.map(*problem.columns), columns


def guarded_options(problem):
    return options(problem, price_after_questions)


def price_after_questions(S, K, T, r, sigma):
    """Return the price of a call, after four questions that all these options answer alike."""
    if S <= 0 or K <= 0 or T <= 0 or sigma <= 0:
        raise ValueError("these must be positive")
    return black_scholes(ag, S, K, T, r, sigma)


def options_by_threads(problem, threads=2):
    mapped = ag.compile(ag.value_and_grad(price, argnums=FIVE))
    executor = ThreadPoolExecutor(threads)
    return lambda: mapped.map(*problem.columns, executor=executor), columns


def cameras(problem):
    mapped = ag.compile(ag.jacobian(project, argnums=(0, 1, 2)))

    def answer(rows):
        return np.stack([columns(row) for row in rows], axis=1)

    return lambda: mapped.map(problem.camera, problem.point, problem.weight), answer


def rosenbrock_by_pairs(problem):
    x = problem.x
    mapped = ag.compile(ag.value_and_grad(valley, argnums=(0, 1)))

    def run():
        values, (by_first, by_second) = mapped.map(x[:-1], x[1:])
        gradient = np.zeros(len(x))
        gradient[:-1] += by_first
        gradient[1:] += by_second
        return values.sum(), gradient

    return run, lambda found: [found[0], *found[1]]


# --- whole graphs --------------------------------------------------------------------------------


def rosenbrock_whole(problem):
    f, x = ag.compile(ag.value_and_grad(rosenbrock)), problem.x.tolist()
    return lambda: f(x), lambda found: [found[0], *found[1]]


def eager_rosenbrock(problem):
    f, x = ag.value_and_grad(rosenbrock), problem.x.tolist()
    return lambda: f(x), lambda found: [found[0], *found[1]]


def document(problem):
    model = problem.model()
    return _trained(model, ag.compile(model.loss), problem.word)


def eager_document(problem):
    model = problem.model()
    return _trained(model, model.loss, problem.word)


def _trained(model, loss_of, word):
    def run():
        loss = loss_of(word)
        loss.backward()
        return loss

    return run, lambda loss: [loss.data, *(p.grad for p in model.parameters)]


def recording(problem):
    """The first call of a function: it is recorded, lowered and replayed."""
    model = problem.model()

    def record(word):
        return ag.compile(model.loss)(word)

    return _built(model, record, problem.word)


def recording_alone(problem):
    """Ask for the program of a function that was not called yet."""
    model = problem.model()
    return lambda: ag.compile(model.loss).program(problem.word), None


def eager_building(problem):
    model = problem.model()
    return _built(model, model.loss, problem.word)


def _built(model, loss_of, word):
    def answer(loss):
        loss.backward()
        return [loss.data, *(p.grad for p in model.parameters)]

    return lambda: loss_of(word), answer

"""What the contenders compute: data from one seed, and the eager engine's numbers to check by."""

import random
from itertools import pairwise

import numpy as np
from benchmarks.gpt import GPT, WORDS
from benchmarks.workloads import SIZES, two_moons
from comparison.times import residual

import autograd_mini as ag
from autograd_mini.nn import MLP

SEED = 0
OPTIONS = OBSERVATIONS = 100_000
CHECKS = 200  # so many samples of a large batch are checked
TOLERANCE = 1e-9


class Problem:
    """What is computed: it has its data, and an answer that is an array of some shape."""

    shape: tuple[int, ...]
    places = ...  # of an answer are checked

    def expected(self):
        """Return what the eager engine finds at these places."""
        raise NotImplementedError

    def check(self, answer, name):
        """Raise if an answer is not that of the eager engine."""
        answer, expected = np.asarray(answer, dtype=float), self.expected()
        if answer.shape != self.shape:
            raise ValueError(f"{name}: the shape must be {self.shape}, got {answer.shape}")
        off = np.abs(answer[self.places] - expected) / (1 + np.abs(expected))
        if not np.all(off <= TOLERANCE):
            rule = f"within {TOLERANCE} of the eager engine's"
            raise ValueError(f"{name}: the numbers must be {rule}, got some {off.max():.1e} off")


def choose(count):
    """Return the places of the samples of a batch that are checked, first and last among them."""
    chosen = random.Random(SEED).sample(range(count), min(CHECKS, count))
    return sorted({0, count - 1, *chosen})


class Network(Problem):
    """Mean squared loss of the 2-16-16-1 ReLU network on two moons, and its 337 derivatives.

    An answer is the loss, then for each layer the derivatives by the rows of its weights, then by
    its biases.
    """

    def __init__(self, points):
        self.X, self.T = (np.array(one, dtype=float) for one in two_moons(points))
        rng = np.random.default_rng(SEED)
        self.layers = [
            (rng.normal(0, fan_in**-0.5, (fan_out, fan_in)), rng.normal(0, 0.1, fan_out))
            for fan_in, fan_out in pairwise(SIZES)
        ]
        self.shape = (1 + sum(array.size for layer in self.layers for array in layer),)

    def model(self, *, fused=True):
        """Return the library's own network with these weights."""
        model = MLP(SIZES[0], SIZES[1:], fused=fused)
        leaves = self.parameters(model)
        numbers = np.concatenate([array.ravel() for layer in self.layers for array in layer])
        for leaf, number in zip(leaves, numbers.tolist(), strict=True):
            leaf.data = number
        return model

    def parameters(self, model):
        """Return the leaves of a model, in the order of an answer."""
        found = []
        for layer in model.layers:
            found += [weight for neuron in layer.neurons for weight in neuron.weights]
            found += [neuron.bias for neuron in layer.neurons]
        return found

    def mean_loss(self, model):
        """Return a function that builds the mean loss in the eager engine."""
        points, targets = self.X.tolist(), self.T.tolist()

        def loss():
            losses = [(model(x) - t) ** 2 for x, t in zip(points, targets, strict=True)]
            return ag.sum(losses) * (1 / len(losses))

        return loss

    def gradients(self, model):
        """Return what backward passes have added up in a model, in the order of an answer."""
        return [leaf.grad for leaf in self.parameters(model)]

    def expected(self):
        model = self.model()
        loss = self.mean_loss(model)()
        loss.backward()
        return np.array([loss.data, *self.gradients(model)])


def flat(loss, gradients):
    """Return an answer of `Network`, from derivatives by weights and biases, layer by layer."""
    return np.concatenate([np.ravel(loss), *(np.ravel(g) for g in gradients)])


def black_scholes(m, S, K, T, r, sigma):
    """Return the price of a call; ``m`` has exp, log, sqrt and norm_cdf."""
    spread = sigma * m.sqrt(T)
    d1 = (m.log(S / K) + (r + sigma * sigma * 0.5) * T) / spread
    return S * m.norm_cdf(d1) - K * m.exp(-r * T) * m.norm_cdf(d1 - spread)


class Options(Problem):
    """Prices of calls and their derivatives by the spot, strike, time, rate and volatility.

    An answer has a row of six numbers for each option.
    """

    def __init__(self, count=OPTIONS):
        rng = np.random.default_rng(SEED)
        ranges = (80, 120), (80, 120), (0.2, 2), (0.01, 0.05), (0.1, 0.5)
        self.columns = [rng.uniform(low, high, count) for low, high in ranges]
        self.rows = np.column_stack(self.columns)
        self.places, self.shape = choose(count), (count, 6)

    def expected(self):
        f = ag.value_and_grad(price, argnums=(0, 1, 2, 3, 4))
        found = [f(*row) for row in self.rows[self.places].tolist()]
        return np.array([[value, *greeks] for value, greeks in found])


def price(S, K, T, r, sigma):
    """Return the price of a call by the library's functions."""
    return black_scholes(ag, S, K, T, r, sigma)


class Cameras(Problem):
    """The Jacobians of ADBench's residual of bundle adjustment, of observations.

    An answer has for each observation two rows of fifteen numbers.
    """

    def __init__(self, count=OBSERVATIONS):
        rng = np.random.default_rng(SEED)
        self.camera = rng.uniform(0.1, 1.0, (count, 11))
        self.point = rng.uniform((1, 1, 4), (2, 2, 5), (count, 3))
        self.weight = rng.uniform(0.5, 1.0, count)
        self.rows = np.column_stack([self.camera, self.point, self.weight])
        self.places, self.shape = choose(count), (count, 2, 15)

    def expected(self):
        f = ag.jacobian(project, argnums=(0, 1, 2))
        found = [f(row[:11], row[11:14], row[14]) for row in self.rows[self.places].tolist()]
        return np.array([[[*camera, *point, last] for camera, point, last in two] for two in found])


def project(camera, point, weight):
    """Return the residual by the library's functions."""
    return residual(ag, camera, point, weight)


class Rosenbrock(Problem):
    """Rosenbrock's function of a thousand numbers and its derivatives: an answer is both."""

    def __init__(self, count=1_000):
        self.x = np.random.default_rng(SEED).uniform(-1.5, 1.5, count)
        self.shape = (1 + count,)

    def expected(self):
        value, gradient = ag.value_and_grad(rosenbrock)(self.x.tolist())
        return np.array([value, *gradient])


def rosenbrock(x):
    """Return the sum over all pairs of neighbors, over numbers of any type."""
    total = 0.0
    for a, b in pairwise(x):
        total = total + valley(a, b)
    return total


def valley(a, b):
    """Return the term of two neighbors."""
    bend, rest = b - a * a, 1.0 - a
    return 100.0 * bend * bend + rest * rest


class Transformer(GPT):
    """The small GPT as it can be recorded: exponentials are not made smaller by the largest.

    That reads numbers of nodes, which a recording refuses; these logits are small anyway.
    """

    def softmax(self, xs):
        powers = [x.exp() for x in xs]
        total = self.total(powers)
        return [power / total for power in powers]

    def surprise(self, logits, target):
        powers = [x.exp() for x in logits]
        return (self.total(powers) / powers[target]).log()


class Document(Problem):
    """The loss of the small GPT on a word, and the derivatives by its parameters."""

    word = WORDS[0]

    def __init__(self):
        self.shape = (1 + len(self.model().parameters),)

    def model(self):
        return Transformer(ag.Value)

    def expected(self):
        model = self.model()
        loss = model.loss(self.word)
        loss.backward()
        return np.array([loss.data, *(p.grad for p in model.parameters)])

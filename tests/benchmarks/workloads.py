"""The work that is timed: graphs, a small network on two moons, a small transformer.

`ACTIONS` has a function for each kind of work; it takes the `Value` type to use, so that engines
are compared over the same code, and returns what is timed.
"""

import math
import random
from itertools import pairwise
from operator import methodcaller

from benchmarks.gpt import GPT, FusedGPT, PlainValue

import autograd_mini as ag
from autograd_mini.nn import MLP
from autograd_mini.optim import SGD

SIZES = [2, 16, 16, 1]


def deep(value_type, nodes):
    """Build and differentiate a chain of additions and multiplications."""
    x = value_type(1.0)
    w = value_type(0.999999)
    out = x
    for _ in range(nodes // 2):
        out = out * w + x
    out.backward()


def wide(value_type, nodes):
    """Build and differentiate a balanced tree over products."""
    leaves = [value_type(0.5) for _ in range(64)]
    row = [leaves[i % 64] * leaves[(i + 1) % 64] for i in range(nodes // 2)]
    while len(row) > 1:
        pairs = [row[i] + row[i + 1] for i in range(0, len(row) - 1, 2)]
        row = pairs + row[len(pairs) * 2 :]
    row[0].backward()


def two_moons(examples=100):
    """Return points on two interleaved half circles, with noise, and labels of 1 and -1."""
    rng = random.Random(0)
    points, labels = [], []
    for i in range(examples):
        angle = math.pi * rng.random()
        x, y = math.cos(angle), math.sin(angle)
        label = 1 if i % 2 else -1
        points.append([x if label > 0 else 1 - x, y if label > 0 else 0.5 - y])
        points[-1] = [coordinate + rng.gauss(0, 0.1) for coordinate in points[-1]]
        labels.append(label)
    return points, labels


def positive_part(x):
    """Return the ReLU of a plain float."""
    return x if x > 0.0 else 0.0


class ScalarNetwork:
    """The 2-16-16-1 ReLU network of micrograd's demonstration, one node for each operation.

    Over plain floats it can only go forward: the floor below which no engine gets that is called
    from these loops.
    """

    def __init__(self, value_type):
        rng = random.Random(0)
        self.layers = [
            [
                ([value_type(rng.uniform(-1, 1)) for _ in range(inputs)], value_type(0.0))
                for _ in range(outputs)
            ]
            for inputs, outputs in pairwise(SIZES)
        ]
        self.parameters = [p for layer in self.layers for ws, b in layer for p in (*ws, b)]
        self.points, self.labels = two_moons()
        self.relu = positive_part if value_type is float else methodcaller("relu")

    def __call__(self, x):
        relu = self.relu
        for layer in self.layers:
            out = []
            for weights, bias in layer:
                z = bias
                for w, one in zip(weights, x, strict=True):
                    z = z + w * one
                out.append(relu(z) if layer is not self.layers[-1] else z)
            x = out
        return x[0]

    def loss(self):
        total = 0.0
        for x, label in zip(self.points, self.labels, strict=True):
            total = self.relu(1 + self(x) * -label) + total
        return total * (1 / len(self.points))

    def step(self):
        """Do forward, loss, backward and update; return the loss."""
        loss = self.loss()
        for p in self.parameters:
            p.grad = 0.0
        loss.backward()
        for p in self.parameters:
            p.data -= 0.01 * p.grad
        return loss.data


class DotNetwork:
    """The same network as the library builds it, with one ``dot`` node for a neuron."""

    def __init__(self):
        self.model = MLP(2, SIZES[1:], activation="relu", rng=random.Random(0))
        self.optimizer = SGD(self.model.parameters(), lr=0.01)
        self.points, self.labels = two_moons()

    def step(self):
        """Do forward, loss, backward and update; return the loss."""
        outputs = [self.model(x) for x in self.points]
        loss = ag.losses.hinge(outputs, self.labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.data


def value_types():
    """Return the types that can be compared here, by name; micrograd's if it is installed."""
    found = {"autograd_mini": ag.Value, "plain": PlainValue, "floats": float}
    try:
        from micrograd.engine import Value as MicrogradValue  # noqa: PLC0415 - optional
    except ImportError:
        return found
    return {**found, "micrograd": MicrogradValue}


ACTIONS = {
    "step": lambda value_type: ScalarNetwork(value_type).step,
    "forward": lambda value_type: ScalarNetwork(value_type).loss,
    "dot step": lambda _: DotNetwork().step,
    "wide": lambda value_type, nodes=100_000: lambda: wide(value_type, nodes),
    "deep": lambda value_type, nodes=100_000: lambda: deep(value_type, nodes),
    "wide 1e7": lambda value_type: lambda: wide(value_type, 10_000_000),
    "deep 1e7": lambda value_type: lambda: deep(value_type, 10_000_000),
    "gpt": lambda value_type: GPT(value_type).step,
    "fused gpt": lambda _: FusedGPT().step,
}

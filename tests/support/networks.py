"""Graphs that the tests of several views show."""

import math

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.command.demo import START, forward


def two_neurons(**numbers):
    """Return the Values of the network of the course, by name; its numbers may be others."""
    leaves = {name: Value(number, name=name) for name, number in (START | numbers).items()}
    return leaves | forward(leaves)


def attention():
    """Return an output of an attention head over three positions, of two dimensions each."""
    query = [Value(x, name=f"q{i}") for i, x in enumerate([0.3, -1.2])]
    keys = [[Value(0.4 * i - 0.7 * j, name=f"k{i}{j}") for j in range(2)] for i in range(3)]
    values = [Value(0.5 - 0.8 * i, name=f"v{i}") for i in range(3)]
    scores = [ag.dot(query, key) / math.sqrt(2.0) for key in keys]
    return ag.dot(ag.softmax(scores), values)

"""Random graphs without Hypothesis are as those with it: well-conditioned, of every kind."""

import math
import random

from support.generation import INTEGER_ROWS, random_graph, random_integer_graph

from autograd_mini import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.testing import absolute_gradients


def many(make, count=300):
    return [make(random.Random(seed)) for seed in range(count)]


def test_the_same_seed_gives_the_same_graph():
    assert many(random_graph, 20) == many(random_graph, 20)
    assert many(random_integer_graph, 20) == many(random_integer_graph, 20)
    assert len(set(map(repr, many(random_graph, 20)))) > 15


def test_every_row_comes_up():
    rows = {one.primitive for graph in many(random_graph) for one in graph.instructions}
    assert rows == set(TABLE)
    rows = {one.primitive for graph in many(random_integer_graph) for one in graph.instructions}
    assert rows == set(INTEGER_ROWS)


def test_random_graphs_compute_and_are_not_steep():
    for graph in many(random_graph):
        out = graph(*map(Value, graph.leaves))
        order = Graph(out).order
        assert all(math.isfinite(node.data) for node in order)
        assert sum(node.op is None for node in order) == len(graph.leaves)
        assert max(absolute_gradients(out).values()) < 1e9


def test_integer_graphs_hold_small_integers():
    for graph in many(random_integer_graph):
        for node in Graph(graph(*map(Value, graph.leaves))).order:
            assert node.data.is_integer()
            assert abs(node.data) < 2.0**40


def test_rows_and_size_can_be_chosen():
    graphs = many(lambda rng: random_graph(rng, primitives=[PRIMITIVES["tanh"]], nodes=3))
    rows = {one.primitive.name for graph in graphs for one in graph.instructions}
    assert rows == {"tanh", "sum"}
    assert max(len(graph.instructions) for graph in graphs) == 3 + 1

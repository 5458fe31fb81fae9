"""Views of a graph."""

import math
from fractions import Fraction

from hypothesis import given
from support.building import edges

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.graph import Edge, Graph, compute_again, is_stale
from autograd_mini.functions import dot
from autograd_mini.functions import sum as total
from autograd_mini.testing.strategies import graphs


@given(graphs())
def test_operands_come_before_results_and_nothing_comes_twice(graph):
    nodes = graph.nodes(*map(Value, graph.leaves))
    order = Graph(nodes[-1]).order
    place = {node: number for number, node in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is nodes[-1]
    assert set(nodes) == set(order)
    for node in order:
        assert all(place[edge.operand] < place[node] for edge in edges(node))


def test_order_is_that_of_the_formula():
    x, y, z = Value(1.0, name="x"), Value(2.0, name="y"), Value(3.0, name="z")
    out = dot([y, x], [z, y], x)
    assert [node.name for node in Graph(out).order] == ["y", "x", "z", None]


def test_a_leaf_alone_is_its_own_graph():
    x = Value(1.0)
    assert Graph(x).order == [x]
    assert Graph(x).leaves == [x]
    assert list(edges(x)) == []


def test_several_roots_share_their_nodes():
    x = Value(2.0)
    shared = x * x
    one, other = shared + 1.0, shared - 1.0
    assert Graph(one, other, one).order == [x, shared, one, other]
    assert Graph(one, one, other).order == [x, shared, one, other]


def test_no_roots_have_no_nodes():
    assert Graph().order == []
    assert Graph().leaves == []


def test_leaves_are_what_was_not_computed():
    x, y = Value(1.0), Value(2.0)
    assert Graph(x * y + x).leaves == [x, y]


def test_edges_tell_position_and_partial_and_leave_constants_out():
    x, y = Value(3.0), Value(5.0)
    node = dot([x, 2.0], [y, y], 1.0)
    assert list(edges(node)) == [
        Edge(x, node, 0, 5.0),
        Edge(y, node, 2, 3.0),
        Edge(y, node, 3, 2.0),
    ]
    node = 2.0 / x
    assert list(edges(node)) == [Edge(x, node, 1, -2.0 / 3.0 / 3.0)]


def test_both_edges_of_a_square_product_are_kept():
    x = Value(3.0)
    assert [(edge.position, edge.partial) for edge in edges(x * x)] == [(0, 3.0), (1, 3.0)]


def test_a_nan_operand_keeps_its_edge():
    x = Value(float("nan"))
    assert [edge.operand for edge in edges(total([x, x]))] == [x, x]


def test_a_deep_graph_is_ordered_without_recursion():
    x = out = Value(0.0)
    for _ in range(20_000):
        out = out + 1.0
    order = Graph(out).order
    assert len(order) == 20_001
    assert order[0] is x
    assert Graph(out).leaves == [x]


def test_the_chain_rule_runs_over_any_kind_of_number():
    """A third is no float; the slopes of x / 3 + x·x are exact here."""
    x = Value(2.0)
    quotient, square = x / 3.0, x * x
    out = quotient + square
    slopes = {
        quotient: [Fraction(1, 3), None],
        square: [Fraction(2), Fraction(2)],
        out: [Fraction(1), Fraction(1)],
    }
    asked = []

    def exact(node):
        asked.append(node)
        return slopes[node]

    gradients = Graph(out).chain_rule(seed=Fraction(1), zero=Fraction(0), slopes=exact)
    assert gradients == {x: Fraction(13, 3), quotient: 1, square: 1, out: 1}
    assert asked == [out, square, quotient]  # of a leaf, no slopes are asked for
    assert not x.has_grad


def test_the_chain_rule_gives_what_backward_stores():
    x = Value(2.0)
    out = (x / 3.0 + x * x).exp()
    gradients = Graph(out).chain_rule()
    out.backward()
    assert gradients[x] == x.grad


def test_a_result_is_stale_if_its_operands_give_another_number_now():
    x, y = Value(2.0), Value(-0.0)
    product, several = x * y, dot([x, 3.0], [4.0, y], 1.0)
    assert not any(map(is_stale, [x, product, several]))
    y.data = 0.0  # the product is 0.0 now, and was -0.0
    assert [is_stale(node) for node in (y, product, several)] == [False, True, False]
    assert compute_again(product) == (0.0, (0.0, 2.0))
    x.data = 5.0
    assert is_stale(several)
    assert compute_again(several)[0] == 21.0


def test_a_node_is_stale_if_its_function_refuses_the_numbers_of_now():
    root = ag.custom(math.sqrt, lambda x: 0.5 / math.sqrt(x), name="root")
    x = Value(4.0)
    node = root(x)
    assert not is_stale(node)
    x.data = -1.0
    assert is_stale(node)

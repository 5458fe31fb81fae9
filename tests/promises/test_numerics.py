"""The promises about numbers, over whole graphs: P1 and P3 to P5 of the design.

P2, each primitive by itself, and P6, that a wrong one is found out, are in test_primitives.
"""

from fractions import Fraction

import pytest
from building import built, gradients, same
from hypothesis import given, settings
from hypothesis import strategies as st
from references import COMPLEX, EXACT, Exact, chain_rule

from autograd_mini import Value
from autograd_mini.functions import dot, maximum
from autograd_mini.functions import sum as total
from autograd_mini.graph import topological_order
from autograd_mini.primitives import TABLE
from autograd_mini.testing import absolute_gradients, check_gradients
from autograd_mini.testing.strategies import graphs, integer_graphs

U = Fraction(2) ** -53
SEEDS = st.sampled_from([1.0, -0.75, 0.1, -3.0, 1e-3])

# --- right --------------------------------------------------------------------------------------


@given(integer_graphs(), st.sampled_from([1.0, -3.0, 0.5]))
def test_p1_gradients_of_integer_graphs_equal_the_exact_ones(graph, seed):
    count = len(graph.leaves)
    identity = [tuple(Fraction(i == j) for j in range(count)) for i in range(count)]
    exact_leaves = [Exact(Fraction(x), row) for x, row in zip(graph.leaves, identity, strict=True)]

    def apply(primitive, *given_):
        return EXACT[primitive.name](*(_with_constants(one, count) for one in given_))

    nodes = graph.compute(exact_leaves, apply)
    leaves, out = built(graph)
    out.backward(seed=seed)
    assert Fraction(out.data) == nodes[-1].data
    for leaf, slope in zip(leaves, nodes[-1].slopes, strict=True):
        assert Fraction(leaf.grad) == Fraction(seed) * slope


def _with_constants(one, count):
    if isinstance(one, list):
        return [_with_constants(each, count) for each in one]
    return one if isinstance(one, Exact) else Exact(Fraction(one), (Fraction(0),) * count)


@given(graphs(), SEEDS)
def test_p3_rounding_stays_within_a_few_units_of_the_absolute_gradient(graph, seed):
    """Against the chain rule in exact arithmetic, at the partial derivatives recorded."""
    _, out = built(graph)
    exact = chain_rule(out, seed)
    absolute = absolute_gradients(out, seed=seed)
    out.backward(seed=seed)
    order = topological_order(out)
    for node in order:
        error = abs(Fraction(node.grad) - exact[node])
        assert error <= (4 + len(order)) * U * Fraction(absolute[node]) + Fraction(5e-324)


@settings(max_examples=200)
@given(graphs())
def test_p4_gradients_agree_with_central_differences(graph):
    check_gradients(graph, *graph.leaves)


@settings(max_examples=200)
@given(graphs(table=[row for row in TABLE if row.name in COMPLEX]))
def test_p4_gradients_agree_with_the_complex_step(graph):
    """Im f(x + ih) / h has no cancellation, so h can be 1e-200 (Squire and Trapp, 1998)."""
    leaves, out = built(graph)
    absolute = absolute_gradients(out)
    out.backward()
    for position, leaf in enumerate(leaves):
        stepped = [complex(x, 1e-200 * (i == position)) for i, x in enumerate(graph.leaves)]
        nodes = graph.compute(stepped, lambda row, *given_: COMPLEX[row.name](*given_))
        error = abs(leaf.grad - nodes[-1].imag / 1e-200)
        assert error <= 1e-12 * absolute[leaf] + 1e-100  # where h times the slope underflows


def test_the_complex_step_covers_most_of_the_table():
    assert {row.name for row in TABLE} - set(COMPLEX) == {"cbrt", "erf", "expm1"}


# --- relations (P5) -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "factor"),
    [
        (lambda f: -f, -1.0),
        (lambda f: 0.0 - f, -1.0),
        (lambda f: 8.0 * f, 8.0),
        (lambda f: f / 4.0, 0.25),
        (lambda f: f + f, 2.0),
        (lambda f: f * 1.0 + 0.0, 1.0),
        (lambda f: maximum(f, f), 1.0),
        (lambda f: total([f, f, f, f]), 4.0),
        (lambda f: dot([f], [2.0]), 2.0),
    ],
)
@settings(max_examples=30)
@given(graph=graphs())
def test_p5_relations_hold_bitwise(graph, relation, factor):
    plain = gradients(graph)
    assert same(gradients(graph, f=relation), [factor * gradient for gradient in plain])


@given(graphs())
def test_p5_a_power_of_two_as_seed_scales_the_gradients_exactly(graph):
    plain = gradients(graph)
    assert same(gradients(graph, seed=-0.25), [-0.25 * gradient for gradient in plain])


@given(graphs())
def test_p5_a_seed_of_zero_gives_zero(graph):
    leaves, out = built(graph)
    out.backward(seed=0.0)
    assert all(leaf.grad == 0.0 and leaf.has_grad for leaf in leaves)


@given(graphs())
def test_p5_two_passes_give_twice_the_gradient_in_leaves_and_once_in_nodes(graph):
    leaves, out = built(graph)
    out.backward()
    first = {node: node.grad for node in topological_order(out)}
    out.backward()
    for node, gradient in first.items():
        assert node.grad == (2 * gradient if node.op is None else gradient)
    assert set(leaves) <= set(first)


@given(graphs())
def test_the_same_graph_gives_the_same_bits(graph):
    assert gradients(graph) == gradients(graph)

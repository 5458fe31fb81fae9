"""Random graphs over all the rows that a framework has: its gradients and ours."""

import random

import pytest
from comparison.frameworks import frameworks, need_all, ours
from comparison.losses import U
from comparison.rounding import gradient_bounds
from mpmath import mp
from support.generation import random_graph
from support.references import ulps

from autograd_mini import Value
from autograd_mini.table.primitives import TABLE
from autograd_mini.testing import Program

need_all()


def graphs(framework):
    """Return random graphs over the rows of a framework, the same each time."""
    rng = random.Random(f"graphs for {framework}")
    table = [row for row in TABLE if row.name in framework.rows]
    count = 200 if framework.name == "JAX" else 1000  # it takes a tenth of a second each
    return [random_graph(rng, primitives=table) for _ in range(count)]


def gradients(framework, graph):
    def f(*leaves):
        return graph.compute(leaves, lambda row, *given: framework.rows[row.name](*given))[-1]

    return framework.differentiate(f, graph.leaves)[1]


@pytest.mark.parametrize("framework", frameworks(), ids=str)
def test_gradients_of_random_graphs_agree_to_their_rounding(framework):
    met = set()
    for graph in graphs(framework):
        met |= {instruction.primitive.name for instruction in graph.instructions}
        bounds = gradient_bounds(graph, framework.name)
        pairs = zip(gradients(ours(), graph), gradients(framework, graph), bounds, strict=True)
        for mine, theirs, bound in pairs:
            assert abs(mine - theirs) <= bound, (graph, mine, theirs, bound)
    assert met == set(framework.rows)


@pytest.mark.parametrize("framework", frameworks(), ids=str)
def test_the_bound_leaves_most_digits_to_be_checked(framework):
    """Half of the bounds are under 10⁻¹² of the gradient: a wrong rule would be far outside."""
    relative = sorted(
        bound / abs(gradient)
        for graph in graphs(framework)
        for gradient, bound in zip(
            gradients(ours(), graph), gradient_bounds(graph, framework.name), strict=True
        )
        if abs(gradient) > U
    )
    assert relative[len(relative) // 2] < 1e-12


@pytest.mark.parametrize("framework", frameworks(), ids=str)
def test_a_named_loss_is_a_loss_of_the_whole_gradient(framework):
    """Here expm1 adds 1 to what is almost −1, and five of sixteen digits are gone."""
    x = -3.473968912433607
    graph = Program.of(Value(x).sinh().expm1())
    (mine,), (theirs,) = gradients(ours(), graph), gradients(framework, graph)
    with mp.workprec(200):
        true = mp.exp(mp.sinh(x)) * mp.cosh(x)
    assert ulps(mine, true) < 100  # sinh is −16, and its rounding counts that often
    assert ulps(theirs, true) > 1e4
    (bound,) = gradient_bounds(graph, framework.name)
    assert abs(mine - theirs) <= bound

"""The promises about numbers, over whole graphs: P1 and P3 to P5 of the design.

P2, each primitive by itself, and P6, that a wrong one is found out, are in test_primitives.

The soak tests print the worst error: ``python -m pytest -m soak -rP tests/promises``.
"""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from support.building import built, gradients, same
from support.generation import integer_graphs, random_graph, random_integer_graph
from support.gradients import exact, reference
from support.soak import TIMES

import autograd_mini as ag
from autograd_mini import Value, engine
from autograd_mini.engines.graph import Graph
from autograd_mini.functions import dot, maximum
from autograd_mini.functions import sum as total
from autograd_mini.table.primitives import TABLE
from autograd_mini.testing import check_gradients
from autograd_mini.testing.strategies import graphs

SEEDS = [1.0, -0.75, 0.1, -3.0, 1e-3]
DYADIC_SEEDS = [1.0, -3.0, 0.5]

# --- right --------------------------------------------------------------------------------------


def check_exact(graph, seed):
    """Check that all numbers and gradients of a graph of integers are free of rounding (P1)."""
    _, out = built(graph)
    found = exact(out, seed=seed)
    out.backward(seed=seed)
    for node, value in found.values.items():
        assert node.data == value, graph
        assert node.grad == found.gradients[node], graph


def worst_error(graph, seed):
    """Return the greatest error of a gradient, as a part of what P3 allows for the graph."""
    _, out = built(graph)
    found = reference(out, seed=seed)
    out.backward(seed=seed)
    return max(map(found.error, found.gradients)) / found.bound


@given(integer_graphs(), st.sampled_from(DYADIC_SEEDS))
def test_p1_gradients_of_integer_graphs_equal_the_exact_ones(graph, seed):
    check_exact(graph, seed)


@given(graphs(), st.sampled_from(SEEDS))
def test_p3_rounding_stays_within_a_few_units_of_the_absolute_gradient(graph, seed):
    """Against the chain rule in high precision, at the numbers recorded."""
    assert worst_error(graph, seed) <= 1


def worst_unit(size, spread, shift):
    """Return the worst error of a partial derivative in units of itself, as a part of P3.

    The scale of the other check adds up what cancels: it would not see a partial formed as 1 - p.
    """
    rng = random.Random(f"{size} {spread} {shift}")
    numbers = [rng.uniform(0, spread) + shift for _ in range(size)]
    second, top = sorted(numbers)[-2:]
    blocks = 1 if size <= 32 else 2
    errors = []

    def distance(number):
        return blocks * (top - (number if number != top else second))

    with mp.workprec(1200):
        powers = [mp.exp(mpf(x)) for x in numbers]
        total_power = mp.fsum(powers)
        ps = [power / total_power for power in powers]
        for i in {numbers.index(top), 0, size - 1}:
            rest = (total_power - powers[i]) / total_power
            xs = list(map(Value, numbers))
            cases = [  # the function, and its slope by operand i and by another
                (ag.logsumexp(xs), ps[i], ps),
                (ag.softmax(xs)[i], ps[i] * rest, [-p * ps[i] for p in ps]),
                (ag.log_softmax(xs)[i], rest, [-p for p in ps]),
                (ag.losses.cross_entropy(xs, i), -rest, ps),
            ]
            for out, own, others in cases:
                for x in xs:
                    x.grad = 0.0
                out.backward()
                for k, (x, other) in enumerate(zip(xs, others, strict=True)):
                    error = abs(mpf(x.grad) - (own if k == i else other)) / math.ulp(x.grad)
                    errors.append(error / (16 + distance(x.data) + distance(numbers[i])))
    return max(errors)


@pytest.mark.parametrize("size", [2, 27, 400])
@pytest.mark.parametrize("spread", [1e-3, 1.0, 30.0, 600.0])
@pytest.mark.parametrize("shift", [-300.0, 1000.0])  # after this, every difference is exact
def test_p3_partials_over_many_operands_are_right_to_units_of_themselves(size, spread, shift):
    assert worst_unit(size, spread, shift) <= 1


@pytest.mark.soak
@pytest.mark.parametrize("spread", [1e-3, 1.0, 30.0, 600.0])
def test_p3_partials_over_ten_thousand_operands_are_right_to_units_of_themselves(spread):
    worst = worst_unit(10_000, spread, -spread / 2)
    print(f"10000 operands: worst error {float(worst):.2f} of the bound")
    assert worst <= 1


@settings(max_examples=200)
@given(graphs())
def test_p4_gradients_agree_with_central_differences_and_the_complex_step(graph):
    report = check_gradients(graph, *graph.leaves)
    sharp = {one.method for one in report.comparisons} - {"central difference"}
    # There is no complex erf, and a slope of gauss may be too small for the complex step.
    used = {instruction.primitive.name for instruction in graph.instructions}
    if not used & {"erf", "erfc", "gauss"}:
        assert sharp == {"complex step"}
    for one in report.comparisons:
        assert one.method != "complex step" or one.difference <= 1e-12 * one.absolute + 1e-300


# --- thousands a second, without Hypothesis -----------------------------------------------------


def soak_exact(count):
    for number in range(count):
        rng = random.Random(number)
        check_exact(random_integer_graph(rng), rng.choice(DYADIC_SEEDS))


def soak_reference(count):
    """Return the worst error as a part of the bound, and the number of the graph that has it."""
    worst, where, rows = 0.0, 0, set()
    for number in range(count):
        rng = random.Random(number)
        graph = random_graph(rng)
        rows |= {instruction.primitive for instruction in graph.instructions}
        error = worst_error(graph, rng.choice(SEEDS))
        assert error <= 1, graph
        if error > worst:
            worst, where = error, number
    assert rows == set(TABLE)
    return worst, where


def test_p1_random_graphs_of_integers():
    soak_exact(1_000)


def test_p3_random_graphs():
    worst, _ = soak_reference(300)
    assert worst > 0.01, "rounding that cannot be seen is not looked at"


@pytest.mark.soak
def test_p1_many_random_graphs_of_integers():
    soak_exact(20_000 * TIMES)
    print(f"{20_000 * TIMES} graphs of integers on the {engine} engine: all equal")


@pytest.mark.soak
def test_p3_many_random_graphs():
    worst, where = soak_reference(2_000 * TIMES)
    print(
        f"{2_000 * TIMES} graphs on the {engine} engine: the worst error is {worst:.3f} of the "
        f"bound, in graph {where}"
    )


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
    first = {node: node.grad for node in Graph(out).order}
    out.backward()
    for node, gradient in first.items():
        assert node.grad == (2 * gradient if node.op is None else gradient)
    assert set(leaves) <= set(first)


@given(graphs())
def test_the_same_graph_gives_the_same_bits(graph):
    assert gradients(graph) == gradients(graph)

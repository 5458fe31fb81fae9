"""Derivatives of a graph as a graph."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_mini import Value, compile, errstate, functions, hessian, primitive
from autograd_mini.engines import derivatives, number_of, sweep_back
from autograd_mini.engines.derivatives import (
    VALUES,
    count_graphs,
    differentiate,
    find_order,
    push_forward,
)
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import flat
from autograd_mini.table.arithmetic import IEEE
from autograd_mini.table.primitives import TABLE
from autograd_mini.table.rules import Rule
from autograd_mini.testing.strategies import function, graphs, points_in_domain


@pytest.mark.parametrize("row", TABLE, ids=str)
@settings(max_examples=10)
@given(st.data())
def test_every_rule_over_values_has_the_bits_that_the_node_recorded(row, data):
    drawn = data.draw(points_in_domain(row, min_value=-30.0, max_value=30.0))
    operands = [[*map(Value, one)] if isinstance(one, list) else Value(one) for one in drawn]
    leaves = list(flat(operands))
    if leaves:
        with errstate(nonfinite="ignore"):
            out = function(row)(*operands)
            edges = Graph(out).edges[out]
            partials = derivatives._compute_partials(out, edges)
        for edge, partial in zip(edges, partials, strict=True):
            assert repr(number_of(partial)) == repr(edge.partial)


@pytest.mark.parametrize(
    "text",
    ["x / y", "x ** y", "1 / x", "x / 0", "0 / x", "2 ** y", "abs(x) - y", "sqrt(x) / exp(y)"],
)
@pytest.mark.parametrize("point", [(2.0, 3.0), (0.0, 0.0), (1e308, 1e-308), (0.5, 1e4)])
def test_a_formula_has_the_bits_of_floats_with_values_floats_and_both(text, point):
    rule = Rule(text, names=["x", "y"])
    expected = repr(IEEE.function(rule, ("x", "y"))(*point))
    compute = VALUES.function(rule, ("x", "y"))
    with errstate(nonfinite="ignore"):
        for kinds in ((Value, Value), (Value, float), (float, Value), (float, float)):
            given_numbers = [kind(x) for kind, x in zip(kinds, point, strict=True)]
            assert repr(number_of(compute(*given_numbers))) == expected


@given(graphs(), st.data())
def test_forward_mode_over_values_agrees_with_reverse_mode_over_values(graph, data):
    leaves = [*map(Value, graph.leaves)]
    out = graph(*leaves)
    one = st.sampled_from([0.0, 1.0, -0.5, 3.0])
    tangents = data.draw(st.lists(one, min_size=len(leaves), max_size=len(leaves)))
    (moved,) = push_forward([out], dict(zip(leaves, tangents, strict=True)), "f")
    slopes = map(number_of, differentiate([out], leaves, [1.0], "f"))
    terms = [slope * tangent for slope, tangent in zip(slopes, tangents, strict=True)]
    scale = functions.sum([abs(x) for x in Graph(out).chain_rule(slopes=_magnitudes).values()])
    assert abs(number_of(moved) - math.fsum(terms)) <= 1e-13 * scale


def _magnitudes(node):
    return [None if partial is None else abs(partial) for partial in node.partials]


def test_only_what_depends_on_the_inputs_is_differentiated():
    x, w = Value(2.0), Value(0.0)
    out = x * x + functions.sqrt(w)  # whose own derivative is infinite
    assert differentiate([out], [x], [1.0], "f")[0].data == 4.0


def test_the_order_of_a_derivative_is_the_number_of_transforms():
    x = Value(2.0)
    first = Value.identity(x)
    second = Value.identity(first * 3.0)
    assert find_order([x * x], [x]) == 1
    assert find_order([first * x], [x]) == 2
    assert find_order([second * second], [x]) == 3
    assert find_order([second * second], [first]) == 2
    assert find_order([second], [Value(1.0)]) == 1
    assert find_order([], [x]) == 1


def test_a_derivative_is_never_minus_zero():
    """A sweep adds to 0.0; a graph of derivatives has the numbers of a sweep."""
    x, y = Value(-0.0), Value(2.0)
    (graph,) = differentiate([x * y], [y], [1.0], "test")
    assert (repr(number_of(graph)), repr(sweep_back([x * y], [y], [1.0], 0, "")[0])) == ("0.0",) * 2
    (constant,) = differentiate([y * -0.0], [y], [1.0], "test")
    assert repr(constant) == "0.0"


def test_the_largest_number_in_rules_of_the_table_has_no_derivative():
    """It shifts exponents, and cancels; so the graph of a derivative does not go through it."""
    xs = [Value(1.0), Value(3.0), Value(2.0)]
    first = differentiate([Value.logsumexp(xs)], xs, [1.0], "test")
    rows = [differentiate([one], xs, [1.0], "test") for one in first]
    shares = [number_of(one) for one in first]
    for i, row in enumerate(rows):
        for j, found in enumerate(row):
            right = shares[i] * ((i == j) - shares[j])
            assert math.isclose(number_of(found), right, rel_tol=1e-14)


def test_the_largest_number_in_the_rule_of_a_user_has_its_derivative():
    """The derivative of max² + max · rest by the largest is 2 max + rest."""
    row = primitive(
        "max(x) * sum(x)", dx="max(x) + (sum(x) if x == max(x) else 0)", name="top_times_sum"
    )
    assert hessian(row)([1.0, 3.0]) == [[0.0, 1.0], [1.0, 2.0]]
    assert compile(hessian(row)).map([[1.0, 3.0]]) == [
        [[0.0], [1.0]],
        [[1.0], [2.0]],
    ]


def test_graphs_of_derivatives_are_counted():
    x = Value(2.0)
    before = count_graphs()
    differentiate([x * x], [x], [1.0], "test")
    push_forward([x * x], {x: 1.0}, "test")
    assert count_graphs() == before + 2

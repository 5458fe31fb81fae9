"""Derivatives of a graph that is there, as floats."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import NonFiniteGradientError, Value, engines, errstate
from autograd_mini.engines import sweeps
from autograd_mini.engines.graph import Graph
from autograd_mini.functions import log, sqrt
from autograd_mini.testing.strategies import graphs

FLOATS = st.floats(-4, 4)


@given(graphs(), st.data())
def test_both_sweeps_have_the_bits_of_the_reference(graph, data):
    nodes = graph.nodes(*map(Value, graph.leaves))
    leaves, outputs = nodes[: len(graph.leaves)], data.draw(st.lists(st.sampled_from(nodes)))
    seeds = data.draw(st.lists(FLOATS, min_size=len(outputs), max_size=len(outputs)))
    tangents = data.draw(st.lists(FLOATS, min_size=len(leaves), max_size=len(leaves)))
    back = (outputs, nodes, seeds, 0, "f")
    assert repr(engines.sweep_back(*back)) == repr(sweeps.sweep_back(*back))
    forward = (outputs, leaves, tangents, 0, "f")
    assert repr(engines.sweep_forward(*forward)) == repr(sweeps.sweep_forward(*forward))


def test_a_sweep_stops_at_an_older_leaf():
    older = Value(2.0)
    since = engines.count_leaves()
    x = Value(3.0)
    for sweep in (engines.sweep_back, engines.sweep_forward):
        assert sweep([x * x], [x], [1.0], since, "f") == [6.0]
        assert sweep([x * older], [x], [1.0], since, "f") is None
        assert sweep([x * older], [x], [1.0], 0, "f") == [2.0]
    assert engines.sweep_back([x * x], [older], [1.0], since, "f") == [0.0]


def test_arguments_are_new_values_which_know_whether_they_were_read():
    x = Value(3.0)
    leaf, copy = engines.make_arguments([2.0, x])
    assert (leaf.data, leaf.op) == (2.0, None)
    assert (copy.data, copy.op.name, copy.operands) == (3.0, "identity", (x,))
    leaf, copy = engines.make_arguments([2.0, x])
    assert not engines.were_read([leaf, copy])
    assert engines.number_of(leaf) + engines.number_of(copy) == 5.0
    assert leaf < copy
    assert not engines.were_read([leaf, copy])
    assert f"{copy:.1f}" == "3.0"
    assert not engines.were_read([leaf])
    assert engines.were_read([leaf, copy])
    engines.data_of([leaf])
    assert engines.were_read([leaf])


@pytest.mark.parametrize("sweep", [engines.sweep_back, engines.sweep_forward])
def test_what_is_not_finite_raises_or_is_returned(sweep):
    x = Value(0.0, name="x")
    out = sqrt(x)
    with pytest.raises(NonFiniteGradientError, match=r"^f: the .* must be finite, got inf.*sqrt"):
        sweep([out], [x], [1.0], 0, "f")
    assert not out.has_grad
    with errstate(nonfinite="ignore"):
        assert sweep([out], [x], [1.0], 0, "f") == [math.inf]
        minus_infinity = log(x)
        assert sweep([minus_infinity * 0.0 + x], [x], [1.0], 0, "f") != [1.0]


def test_a_leaf_that_is_itself_the_output():
    x = Value(2.0)
    assert engines.sweep_back([x, x], [x], [1.0, 2.0], 0, "f") == [3.0]
    assert engines.sweep_forward([x, x * x], [x], [0.5], 0, "f") == [0.5, 2.0]
    assert Graph(x).push_forward({x: 2.0}) == {x: 2.0}


@pytest.mark.skipif(engines.engine == "python", reason="C checks what Python would trip over")
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ([1.0], [], [1.0], 0, "f"),
        ([], [1.0], [], 0, "f"),
        ([Value(1.0)], [], [], 0, "f"),
        ([Value(1.0)], [], [1], 0, "f"),
        (Value(1.0), [], [1.0], 0, "f"),
    ],
)
def test_c_refuses_what_is_no_sweep(arguments):
    with pytest.raises(TypeError, match="a sweep takes two lists"):
        engines.sweep_back(*arguments)

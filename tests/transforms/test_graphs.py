"""Derivatives of a graph that is there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini import NonFiniteGradientError, Value, errstate, gradient_graph, gradients
from autograd_mini.engines.graph import Graph
from autograd_mini.testing.strategies import graphs


@given(graphs(), st.sampled_from([1.0, -0.75, 8.0]))
def test_numbers_are_those_of_a_backward_pass_for_every_node(graph, seed):
    nodes = graph.nodes(*map(Value, graph.leaves))
    out = nodes[-1]
    found = gradients(out, nodes, seeds=seed)
    assert not any(node.has_grad for node in nodes)
    out.backward(seed=seed)
    assert repr(found) == repr([node.grad for node in nodes])


@given(graphs())
def test_the_graph_of_the_gradient_has_the_same_bits(graph):
    leaves = list(map(Value, graph.leaves))
    out = graph(*leaves)
    found = gradient_graph(out, leaves)
    assert [x.data for x in found] == gradients(out, leaves)


def test_several_outputs_add_up_and_what_is_not_used_gives_zero():
    x, y, z = Value(3.0), Value(4.0), Value(5.0)
    outputs = [x * y, x + x, x]
    assert gradients(outputs, [x, y, z]) == [7.0, 3.0, 0.0]
    assert gradients(outputs, (x, y), seeds=[10, 1.0, 0.5]) == (42.5, 30.0)
    assert gradients([outputs[0], outputs[0]], x) == 8.0
    assert gradients([], {"x": x}) == {"x": 0.0}
    assert gradients(x, [x, x]) == [1.0, 1.0]


def test_a_computed_value_counts_too():
    x = Value(3.0)
    y = x * x
    assert gradients(y * y, {"y": y, "x": x}) == {"y": 18.0, "x": 108.0}


def test_gradients_that_are_there_are_neither_read_nor_changed():
    x = Value(3.0)
    y = x * x
    x.grad, y.grad = 5.0, 7.0
    assert gradients(y, x) == 6.0
    with pytest.raises(NonFiniteGradientError):
        gradients(ag.sqrt(y * 0.0), x)
    assert (x.grad, y.grad) == (5.0, 7.0)


def test_structures_and_arrays():
    x = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    assert np.array_equal(gradients((x * x).sum(), x), [[2.0, 4.0], [6.0, 8.0]])
    second = gradient_graph((x * x * x).sum(), x)
    assert second.dtype == object
    assert second[1, 0].data == 27.0


def test_seeds_may_be_values():
    x, s = Value(3.0), Value(2.0)
    found = gradient_graph(x * x, x, seeds=s)
    assert found.data == 12.0
    assert gradients(found, [x, s]) == [4.0, 6.0]
    with pytest.raises(TypeError, match=r"gradients: seeds\[0\] must be a real number"):
        gradients(x * x, x, seeds=s)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: gradients(3.0, x), "gradients: outputs must be a Value or a sequence of Values"),
        (lambda x: gradients([x, 3.0], x), r"gradients: outputs\[1\] must be a Value, got 3.0"),
        (lambda x: gradients(x, {"w": [x, 1.0]}), r"gradients: wrt\['w'\]\[1\] must be a Value"),
        (lambda x: gradients([x, x], x, seeds=[1.0]), r"gradients: seeds must be a sequence of 2"),
        (lambda x: gradients([x], x, seeds=1.0), r"gradients: seeds must be a sequence of 1"),
        (lambda x: gradient_graph(x, None), r"gradient_graph: wrt must be a Value, got None"),
        (lambda x: gradients(x, x, seeds=True), r"gradients: seeds\[0\] must be a real number"),
        (lambda x: ag.stop_gradient("x"), "stop_gradient: operand must be a real number"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        call(Value(2.0))


# --- numbers that were changed (P10) -------------------------------------------------------------


def test_a_number_that_was_changed_since_is_named():
    w = Value(1.0, name="w")
    first = gradient_graph(w**3, w)
    assert first.data == 3.0
    w.data = 5.0
    assert gradients(first, w) == 6.0  # of the point at which it was computed
    with pytest.raises(RuntimeError, match=r"derivative of pow.*'w' \(5.0\).*was changed since"):
        gradient_graph(first, w)


@pytest.mark.parametrize(
    ("f", "before", "after"),
    [
        (ag.sin, 1.0, -1.0),  # the partial derivative is the same there, and the value is not
        (ag.cosh, 1.0, 2.0),
        (ag.sigmoid, 40.0, 50.0),  # the value is the same there, and the partial derivative is not
        (lambda w: w * w, 1.0, 2.0),
        (lambda w: ag.logsumexp([w, 1.0]), 0.5, 0.25),
        (lambda w: ag.dot([w], [w]), 0.5, 0.25),
    ],
)
def test_a_change_is_found_where_the_derivative_depends_on_it(f, before, after):
    w = Value(before, name="w")
    out = f(w)
    w.data = after
    with pytest.raises(RuntimeError, match="was changed since"):
        gradient_graph(out, w)
    w.data = before
    assert gradient_graph(out, w).data == gradients(out, w)


def test_a_change_that_no_derivative_depends_on_is_no_fault():
    w, x = Value(2.0), Value(3.0)
    out = ag.relu(w + x) * 2.0
    w.data = 2.5
    assert gradient_graph(out, [w, x])[0].data == 2.0


def test_a_node_that_was_changed_is_named():
    x = Value(2.0)
    node = x * 1.0
    node.name = "inner"
    out = node**3
    node.data = 7.0
    with pytest.raises(RuntimeError, match=r"'inner' \(7.0\)"):
        gradient_graph(out, x)


# --- to higher order -----------------------------------------------------------------------------


def test_constants_are_constants():
    """No node stands for a product by 1, or a sum with 0."""
    x, y = Value(3.0), Value(4.0)
    assert gradient_graph(x * y, x) is y
    assert gradient_graph(x + y, x).op is None
    assert len(Graph(gradient_graph(ag.square(x), x)).order) == 2
    slope = gradient_graph(ag.relu(x) * y, x)
    assert slope is y


def test_kinks_have_the_second_derivative_zero():
    for f in (ag.relu, abs, ag.step, lambda x: ag.maximum(x, 0.0)):
        for at in (0.0, 1.0, -1.0):
            x = Value(at)
            first = gradient_graph(f(x), x)
            assert gradients(first, x) == 0.0


def test_a_rule_may_meet_infinities_where_its_result_is_finite():
    x, y = Value(1e308), Value(-1e308)
    found = gradient_graph(ag.logsumexp([x, y]), [x, y])
    assert [v.data for v in found] == [1.0, 0.0]


def test_a_derivative_that_is_not_finite_raises_unless_it_may_be():
    x = Value(0.0, name="x")
    out = ag.sqrt(x)
    message = r"^gradient_graph: the gradient of 'x' \(0.0\) must be finite.* arises at sqrt"
    with pytest.raises(NonFiniteGradientError, match=message):
        gradient_graph(out, x)
    with errstate(nonfinite="ignore"):
        assert gradient_graph(out, x).data == float("inf")


def test_stop_gradient_has_the_number_and_no_operands():
    x = Value(3.0)
    stopped = ag.stop_gradient(x * x)
    assert (stopped.data, stopped.op) == (9.0, None)
    assert ag.stop_gradient(2) == 2.0
    assert gradients(x * ag.stop_gradient(x), x) == 3.0

"""A wrong gradient is traced to where it arises."""

import pytest
from support.references import bound

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.errors import GradientMismatchError
from autograd_mini.table.primitives import Primitive
from autograd_mini.testing import check_gradients
from autograd_mini.testing.diagnosis import explain_mismatch


def differentiated(out, seed=1.0):
    out.backward(seed=seed)
    return out


def test_a_wrong_derivative_rule_is_named_with_the_node_and_its_operand():
    row = Primitive("third_power", "x * x * x", dx="3 * x * x * 1.001")
    with bound(row) as third_power:
        x = Value(2.0, name="x")
        text = explain_mismatch(differentiated(ag.sin(third_power(x) * 0.1)), seed=1.0, kink=False)
    first = text.splitlines()[0]
    assert first.startswith(
        "It arises at v1 = Value.third_power(x), with x = 2.0: the derivative for x was "
        "recorded as "
    )
    assert float(first.split()[-1].rstrip(".")) == pytest.approx(12.0)


def test_a_wrong_sum_is_named_with_the_node_that_holds_it():
    x = Value(2.0, name="x")
    inner = x * 3.0
    out = differentiated(inner * inner, seed=2.0)
    inner.grad += 1.0
    text = explain_mismatch(out, seed=2.0, kink=False)
    assert text.startswith(
        "It arises in the backward pass at v1: it holds the gradient 25.0, and those of its "
        "consumers times their recorded derivatives add up to 24.0."
    )


def test_what_is_right_leaves_only_what_the_graph_does_not_show():
    out = differentiated(Value(2.0) * 3.0)
    assert explain_mismatch(out, seed=1.0, kink=False).startswith("Each local derivative is right")
    assert explain_mismatch(out, seed=1.0, kink=True).startswith("Each operation has one of its")


def test_the_program_of_a_large_graph_is_left_out():
    out = x = Value(1.0)
    for _ in range(100):
        out = out * 1.0
    text = explain_mismatch(differentiated(out), seed=1.0, kink=False)
    assert text.endswith("(The graph has 101 nodes, too many to print.)")
    assert x.grad == 1.0


def test_a_failing_check_in_a_test_shows_the_line_that_called_it():
    """And none of its own: frames of the library are hidden from pytest's tracebacks."""
    with pytest.raises(GradientMismatchError) as caught:
        check_gradients(lambda x: x * x.data, 3.0)
    hidden = [
        frame.frame.f_locals.get("__tracebackhide__", False) for frame in caught.traceback[1:]
    ]
    assert all(hidden)

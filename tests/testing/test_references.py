"""The references are right, by other ways to know it."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from mpmath import mp
from support.generation import integer_graphs
from support.gradients import exact, reference

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.testing import absolute_gradients
from autograd_mini.testing.strategies import graphs

# --- absolute gradients --------------------------------------------------------------------------


def test_terms_of_an_absolute_gradient_do_not_cancel():
    x, y = Value(3.0), Value(-2.0)
    root = x * y - x * 5.0
    absolute = absolute_gradients(root)
    assert [absolute[node] for node in Graph(root).order] == [7.0, 3.0, 1.0, 1.0, 1.0]
    assert absolute_gradients(root, seed=-2.0)[x] == 14.0
    assert not x.has_grad


@given(graphs())
def test_an_absolute_gradient_is_at_least_the_gradient(graph):
    out = graph(*map(Value, graph.leaves))
    out.backward(seed=-0.5)
    for node, absolute in absolute_gradients(out, seed=-0.5).items():
        assert abs(node.grad) <= absolute * (1 + 1e-12)


# --- in high precision ---------------------------------------------------------------------------


def test_a_reference_is_the_chain_rule_at_the_numbers_that_were_recorded():
    x = Value(0.7)
    inner = x.exp()
    out = inner.sin()
    found = reference(out, seed=-2.0)
    with mp.workprec(200):
        expected = -2 * mp.cos(mp.mpf(inner.data)) * mp.exp(mp.mpf(0.7))
        assert abs(found.gradients[x] - expected) < 1e-50
    assert found.bound == 4 + 3
    assert not x.has_grad


def test_the_error_is_in_units_of_the_rounding_of_the_absolute_gradient():
    x = Value(3.0)
    out = x * 5.0 - x * 4.0
    found = reference(out)
    out.backward()
    assert found.error(x) == 0.0
    x.grad = 1.0 + 2.0**-50
    assert found.error(x) == 8 / 9
    x.grad = math.nan
    assert found.error(x) == math.inf


def test_an_error_where_there_should_be_no_gradient_is_infinite():
    x = Value(3.0)
    out = x * 0.0
    found = reference(out)
    out.backward()
    assert found.error(x) == 0.0
    x.grad = 1e-300
    assert found.error(x) == math.inf


def test_what_underflow_takes_away_grows_on_the_way_back_and_is_no_error():
    x = Value(27.299075016572118 / 64)
    inner = x * 64.0
    out = inner.gauss()  # less than half of the least float
    found = reference(out)
    out.backward()
    for node, slope in ((inner, -1.2e-322), (x, -7.7e-321)):
        assert float(found.gradients[node]) == pytest.approx(slope, rel=0.02)
        assert node.grad == 0.0
        assert found.error(node) == 0.0
    inner.grad = -1e-320
    x.grad = -1e-300
    assert found.error(inner) == found.error(x) == math.inf


@pytest.mark.parametrize("f", [ag.relu, abs, lambda x: x.maximum(x), lambda x: x.sqrt() * 0.0])
def test_at_a_kink_or_edge_the_recorded_subgradient_is_taken(f):
    x = Value(0.0)
    out = f(x * 1.0)
    with ag.errstate(nonfinite="ignore"):
        out.backward()
    found = float(reference(out).gradients[x])
    assert found == x.grad or (found != found and x.grad != x.grad)


def test_a_number_that_is_not_finite_has_no_reference():
    with ag.errstate(nonfinite="ignore"):
        out = Value(0.0).log() * 2.0
    with pytest.raises(ValueError, match=r"reference: the data of Value\(data=-inf.* finite"):
        reference(out)
    with pytest.raises(ValueError, match="reference: seed must be finite"):
        reference(Value(1.0), seed=math.inf)


# --- in fractions --------------------------------------------------------------------------------


def test_exact_numbers_and_gradients_are_not_rounded():
    x, y = Value(1.0), Value(3.0)
    out = x / y + x * x
    found = exact(out, seed=2.0)
    assert found.values[out] == Fraction(4, 3)
    assert found.gradients[x] == 2 * (Fraction(1, 3) + 2)
    assert found.gradients[y] == Fraction(-2, 9)


def test_the_subgradients_at_kinks_are_those_of_least_norm():
    x, y = Value(0.0), Value(0.0)
    for extreme in (x.maximum(y), x.minimum(y)):
        gradients = exact(extreme).gradients
        assert gradients[x] == gradients[y] == Fraction(1, 2)
    for f in (abs, Value.relu, Value.step):
        assert exact(f(x) + x * 0.0).gradients[x] == 0
    assert exact(x.leaky_relu(0.25)).gradients[x] == Fraction(1, 4)


@given(integer_graphs())
def test_exact_gradients_agree_with_the_reference_in_high_precision(graph):
    """The one by dual numbers over fractions, the other by complex steps."""
    out = graph(*map(Value, graph.leaves))
    found, precise = exact(out), reference(out)
    for node, gradient in found.gradients.items():
        with mp.workprec(200):
            expected = mp.mpf(gradient.numerator) / gradient.denominator
            assert abs(precise.gradients[node] - expected) <= abs(expected) * mp.mpf(2) ** -60


def test_what_makes_no_fractions_is_named():
    with pytest.raises(ValueError, match="exact: exp makes no fractions of fractions"):
        exact(Value(1.0).exp())
    with pytest.raises(ValueError, match=r"exact: the data of .* finite"):
        exact(Value(math.inf))


def test_long_sums_take_time_in_proportion():
    """Each term is differentiated by itself: 2 000 terms are no 4 000 000 steps."""
    xs = [Value(float(i)) for i in range(2_000)]
    out = Value.dot(xs, xs)
    found = exact(out)
    assert all(found.gradients[x] == 2 * x.data for x in xs)
    assert float(reference(out).gradients[xs[7]]) == 14.0

"""The gradients of several parameters together: made zero, and clipped."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import Value
from autograd_mini.errors import NonFiniteGradientError
from autograd_mini.optim import clip_gradients, zero_grad

numbers = st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=8)


def with_gradients(*gradients):
    values = [Value(1.0) for _ in gradients]
    for value, gradient in zip(values, gradients, strict=True):
        value.grad = gradient
    return values


def gradients(values):
    return [value.grad for value in values]


def test_gradients_are_made_zero_and_those_never_computed_stay_so():
    first, second = Value(1.0), Value(2.0)
    first.grad = 3.0
    zero_grad(iter([first, second]))
    assert [(one.grad, one.has_grad) for one in (first, second)] == [(0.0, True), (0.0, False)]


@given(numbers, st.floats(1e-3, 1e100))
def test_a_clipped_gradient_keeps_its_direction_and_has_the_norm(given_gradients, most):
    values = with_gradients(*given_gradients)
    norm = clip_gradients(values, most)
    assert norm == pytest.approx(math.hypot(*given_gradients), rel=1e-14)
    factor = most / norm if norm > most else 1.0
    expected = [factor * gradient for gradient in given_gradients]
    assert gradients(values) == pytest.approx(expected, rel=1e-14)
    assert math.hypot(*gradients(values)) <= most * (1 + 1e-14)


def test_a_gradient_that_is_short_enough_keeps_its_bits():
    values = with_gradients(0.1, 0.2, 0.3)
    clip_gradients(values, math.hypot(0.1, 0.2, 0.3) * (1 + 1e-15))
    assert gradients(values) == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf, math.nan, "1", None])
def test_a_largest_norm_is_finite_and_above_0(bad):
    values = with_gradients(3.0, 4.0)
    with pytest.raises((TypeError, ValueError), match=r"^clip_gradients: max_norm must be "):
        clip_gradients(values, bad)
    assert gradients(values) == [3.0, 4.0]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_no_norm(bad):
    values = with_gradients(3.0, bad)
    with pytest.raises(NonFiniteGradientError, match=r"^clip_gradients: norm must be finite, got"):
        clip_gradients(values, 1.0)
    assert values[0].grad == 3.0


@pytest.mark.parametrize("call", [zero_grad, lambda given: clip_gradients(given, 1.0)])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (Value(1.0), "parameters must be a list of Values, got Value(data=1.0); pass model.par"),
        ([Value(1.0), 2.0], "parameters[1] must be a Value, got 2.0"),
        ({"w": Value(1.0)}, "parameters must be a list of Values, got {'w': Value(data=1.0)}"),
    ],
)
def test_what_is_no_list_of_values_is_refused(call, bad, message):
    with pytest.raises(TypeError, match=f": {re.escape(message)}"):
        call(bad)

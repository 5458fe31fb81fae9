"""Initializers: what they draw, and from which source of randomness."""

import math
import random
import statistics
from typing import get_args

import pytest

from autograd_mini.nn.initializers import (
    INITIALIZERS,
    InitializerLike,
    as_initializer,
    draw_weights,
    he,
    uniform,
    xavier,
)

MANY = 4000


def many(initializer, fan_in, fan_out):
    rng = random.Random(0)
    return [initializer(rng, fan_in, fan_out) for _ in range(MANY)]


def test_they_have_names():
    assert dict(INITIALIZERS) == {"uniform": uniform, "xavier": xavier, "he": he}


def test_the_type_lists_the_names_of_the_table():
    names, _ = get_args(InitializerLike)
    assert get_args(names) == tuple(INITIALIZERS)


@pytest.mark.parametrize(
    ("initializer", "fan_in", "fan_out", "limit"),
    [(uniform, 3, 5, 1.0), (xavier, 3, 5, math.sqrt(6 / 8)), (xavier, 1, 1, math.sqrt(3))],
)
def test_a_uniform_one_fills_its_range_on_both_sides(initializer, fan_in, fan_out, limit):
    weights = many(initializer, fan_in, fan_out)
    assert 0.99 * limit < max(weights) <= limit
    assert -limit <= min(weights) < -0.99 * limit
    assert abs(statistics.fmean(weights)) < 0.05 * limit


@pytest.mark.parametrize("fan_in", [1, 2, 50])
def test_that_of_he_has_mean_0_and_variance_2_over_the_inputs(fan_in):
    weights = many(he, fan_in, 7)
    assert abs(statistics.fmean(weights)) < 0.05 * math.sqrt(2 / fan_in)
    assert statistics.pvariance(weights) == pytest.approx(2 / fan_in, rel=0.1)
    assert max(map(abs, weights)) > 3 * math.sqrt(2 / fan_in)  # no uniform one goes so far


def test_weights_come_row_by_row_from_the_source_that_was_given():
    rng = random.Random(7)
    expected = [[rng.uniform(-1, 1) for _ in range(3)] for _ in range(2)]
    assert draw_weights(uniform, 3, 2, random.Random(7)) == expected


def test_a_function_gets_the_source_and_the_size_of_the_layer():
    rng = random.Random(0)
    assert draw_weights(lambda *given: given, 3, 2, rng) == [[(rng, 3, 2)] * 3] * 2


def test_an_initializer_is_a_function_or_its_name():
    assert as_initializer("he", argument="init") is he
    assert as_initializer(max, argument="init") is max


@pytest.mark.parametrize(
    ("init", "message"),
    [
        (
            "xaver",
            "MLP: init must be a function (rng, fan_in, fan_out) -> float or one of uniform, "
            "xavier, he, got 'xaver'",
        ),
        (
            0.5,
            "MLP: init must be a function (rng, fan_in, fan_out) -> float or a name, got 0.5",
        ),
    ],
)
def test_what_is_no_initializer_is_refused(init, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        as_initializer(init, argument="MLP: init")
    assert str(caught.value) == message

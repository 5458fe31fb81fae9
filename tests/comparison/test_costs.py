"""Costs of one or several logits, of the frameworks and of ours, against the true numbers."""

import random

import pytest
from comparison.costs import COSTS, OVER_MANY, UNARY, cost_errors, worst_over_many
from comparison.frameworks import frameworks, need_all, ours
from comparison.losses import U

need_all()


@pytest.mark.parametrize(
    ("framework", "name"),
    [(one, name) for one in (ours(), *frameworks()) for name in COSTS if name in one.costs],
    ids=str,
)
def test_costs_and_their_slopes_are_right_to_a_few_roundings_of_one(framework, name):
    """The slopes are at most 1; small ones may be differences of numbers near 1.

    So what is allowed is not relative to the slope, but to 1, or to the value if that is larger.
    """
    rng = random.Random(name)
    for _ in range(50):
        count = 1 if name in UNARY else rng.randint(2, 4)
        at = tuple(rng.choice((rng.uniform(-3, 3), rng.uniform(-40, 40))) for _ in range(count))
        for error in cost_errors(framework, name, at):
            size = max(1.0, *map(abs, at))
            assert abs(error.computed - error.true) <= 8 * U * size, error


@pytest.mark.parametrize("name", OVER_MANY)
@pytest.mark.parametrize("count", [27, 1000])
def test_over_many_operands_each_slope_is_right_to_units_of_itself(name, count):
    """PyTorch's own errors grow too, to about as many units."""
    assert worst_over_many(ours(), name, count) <= 16

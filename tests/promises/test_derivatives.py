"""The promise about derivatives of any order: P19 of the design.

The error of a derivative is measured against its Taylor series in high precision, which knows only
the formula of the value (tests/support/jets.py). It is told in units of the sum of absolute terms:
the lesser of two sums, of the terms

- that the series adds up: no error in a derivative rule can make that sum larger;
- that a backward pass over absolute partials adds up, through the graph of the derivative below.

``python -m pytest -rP tests/promises/test_derivatives.py`` prints the worst error for each order.
"""

import gc
import itertools
import math
import random
import sys
import threading

import pytest
from mpmath import mp, mpf
from support.generation import random_graph
from support.jets import ORDER, derivatives
from support.rows import points
from support.soak import soaking

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.errors import NonFiniteGradientError
from autograd_mini.programs.program import function
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.testing import absolute_gradients
from autograd_mini.testing.rounding import UNIT_ROUNDOFF, count_units
from autograd_mini.transforms.calls import Call

ALLOWED = 1e-12  # of the sum of absolute terms
SMALLEST, LARGEST = 1e-290, 1e290  # beyond, floats on the way underflow or overflow
BITS = 400

# --- every row to third order --------------------------------------------------------------------


def draw(row, count):
    """Return operands all over the domain of a row, without lists, that are not extreme."""
    rng = random.Random(f"{row} {count}")
    sequences = row.value.sequences
    if not sequences:
        return [soften(row, one) for one in points(row, count)]
    found = []
    for _ in range(count):
        others = len(row.operands) - len(sequences)
        length = rng.randint(max(1, 2 - others), max(2, 4 - others) // len(sequences))
        spread = rng.choice([0.1, 3.0, 30.0, 100.0])
        size = length * len(sequences) + others
        found.append([rng.uniform(-spread, spread) for _ in range(size)])
    return found


def soften(row, numbers):
    """Return numbers that are not so far from 1 that powers of them leave the floats."""
    numbers = list(numbers)
    while not (
        all(x == 0 or 1e-20 < abs(x) < 1e20 for x in numbers)
        and 1e-50 < abs(row.evaluate(*numbers)[0] or 1.0) < 1e50
    ):
        numbers = [math.copysign(math.sqrt(abs(x)), x) for x in numbers]
    return numbers


def apply(row, leaves):
    operands = (list(x) if isinstance(x, tuple) else x for x in row.arrange(leaves))
    return function(row)(*operands)


def compare(row, numbers):
    """Yield the order of each derivative, by all operands in all orders, with its error."""
    with mp.workprec(BITS):
        exact = dict(derivatives(row, numbers))
    leaves = list(map(Value, numbers))

    def descend(result, by):
        scales = absolute_gradients(result)
        wanted = [exact[tuple(sorted((*by, i)))] for i in range(len(leaves))]
        found = ag.gradients(result, leaves)
        for leaf, right, number in zip(leaves, wanted, found, strict=True):
            error = float(abs(mpf(number) - right.number))
            of_graph = max(scales.get(leaf, 0.0), float(abs(right.number)))
            scale = min(float(right.absolute), of_graph)
            if scale == 0 or SMALLEST < scale < LARGEST:
                yield len(by) + 1, error and (error / scale if scale else math.inf)
        if len(by) + 1 < ORDER:
            for i, slope in enumerate(ag.gradient_graph(result, leaves)):
                yield from descend(slope, (*by, i))

    out = apply(row, leaves)
    yield from descend(out, ())


@pytest.mark.parametrize("count", [60, soaking(1000)])
@pytest.mark.parametrize("row", TABLE, ids=str)
def test_p19_every_row_is_right_to_third_order(row, count):
    """At 60 points or more, by all operands of one to four, the same ones and different ones."""
    worst, compared = dict.fromkeys(range(1, ORDER + 1), 0.0), dict.fromkeys(range(1, ORDER + 1), 0)
    for numbers in draw(row, count * 4 // 3):  # some derivatives underflow
        seen = set()
        for order, error in compare(row, numbers):
            worst[order] = max(worst[order], error)
            seen.add(order)
        for order in seen:
            compared[order] += 1
    print(f"{row}: worst errors {', '.join(f'{error:.1e}' for error in worst.values())}")
    assert max(worst.values()) <= ALLOWED
    assert min(compared.values()) >= count

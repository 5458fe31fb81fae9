"""The program of a path as Python text: what it returns for a sample."""

import math

import pytest

import autograd_mini as ag
from autograd_mini.engines.choices import CHOICES, HELD
from autograd_mini.engines.node import flat
from autograd_mini.programs.code import Guard, Packing
from autograd_mini.programs.paths import Path
from autograd_mini.programs.text import compile_path
from autograd_mini.table.primitives import PRIMITIVES, TABLE

MUL, SIN = PRIMITIVES["mul"], PRIMITIVES["sin"]
product = ag.custom(lambda x, y: x * y, lambda x, y: (y, x), name="product_in_text")
tripled = ag.custom(lambda x: 3 * x, lambda _: 3.0, name="tripled_in_text")


def make(*steps, inputs, leaves=None, guards=(), outputs=(), roots=(), wrt=(), sums=False):
    packing = Packing()
    for row, *operands in steps:
        packing.add(row, operands)
    places = list(range(leaves or inputs))
    return compile_path(
        Path(packing.code(), guards, inputs, len(places), places, outputs, roots, wrt, sums)
    )


def test_a_sample_has_outputs_derivatives_and_terms():
    """Node 2 is 0 · 1, where 1 is a parameter."""
    f = make((MUL, 0, 1), inputs=1, leaves=2, outputs=[2, 0, 0.5], roots=[2], wrt=[0])
    assert f([3.0], [2.0], 1.0) == ((6.0, 3.0, 0.5, 2.0), ())
    sums = make((MUL, 0, 1), inputs=1, leaves=2, outputs=[2], roots=[2], sums=True)
    assert sums([3.0], [2.0], 0.5) == ((6.0,), (1.5,))


def test_terms_are_of_uniform_operands_wherever_they_stand():
    """Nodes 2 = sin(1) and 3 = 0 · 1; a sweep from 4 = 3 + 2 meets 2 first."""
    steps = [(SIN, 1), (MUL, 0, 1), (PRIMITIVES["add"], 3, 2)]
    f = make(*steps, inputs=1, leaves=2, outputs=[4], roots=[4], sums=True)
    assert f([3.0], [2.0, 0.5], 0.25) == ((6.5,), (0.25, 0.75))
    root = make((SIN, 1), inputs=1, leaves=2, outputs=[2], roots=[2], sums=True)
    assert root([3.0], [2.0, 0.5], 0.25) == ((0.5,), (0.25,))


@pytest.mark.parametrize(("outcome", "x"), [(True, 0.5), (False, -0.5)])
def test_a_sample_leaves_at_the_first_guard_with_another_outcome(outcome, x):
    guards = [Guard(0, "<", 0, -1.0, False), Guard(1, ">=", 1, 0.0, outcome)]
    f = make((SIN, 0), inputs=1, guards=guards, outputs=[1])
    assert f([x], [], 1.0) == ((math.sin(x),), ())
    assert (f([-2.0], [], 1.0), f([-x], [], 1.0)) == (0, 1)


def test_what_is_not_finite_raises():
    f = make((MUL, 0, 0), inputs=1, outputs=[1])
    with pytest.raises(ArithmeticError):
        f([1e200], [], 1.0)
    with pytest.raises(ArithmeticError):
        f([math.nan], [], 1.0)


def test_constants_of_any_kind_are_written():
    f = make((MUL, 0, -0.0), inputs=1, outputs=[1, -0.0, math.inf])
    (zero, negative, infinite), _ = f([2.0], [], 1.0)
    assert (math.copysign(1, zero), math.copysign(1, negative), infinite) == (-1, -1, math.inf)


def test_rows_of_users_and_choices_are_called():
    steps = [(tripled, 0), (CHOICES["<"], 0, 1.0, 1, 0), (HELD, 2)]
    f = make(*steps, inputs=1, outputs=[2, 3], roots=[2, 3], wrt=[0])
    assert f([0.5], [], 1.0) == ((1.5, 1.5, 3.0, 0.0), ())
    assert f([2.0], [], 1.0) == ((2.0, 2.0, 1.0, 0.0), ())
    both = make((product, 0, 1), inputs=2, outputs=[2], roots=[2], wrt=[0, 1])
    assert both([3.0, 2.0], [], 1.0) == ((6.0, 2.0, 3.0), ())


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_each_row_has_the_value_and_the_partials_of_the_table(row):
    numbers = [0.5 + 0.25 * i for i in range(len(row.operands))]
    if any(1.0 not in domain for domain in row.domains.values()):
        numbers = [x / 4 for x in numbers]
    if row.name == "arccosh":
        numbers = [1.5]
    if row.value.sequences:
        numbers = [0.5 + 0.25 * i for i in range(2 * len(row.operands) + 1)]
        others = len(row.operands) - len(row.value.sequences)
        numbers = numbers[: 2 * len(row.value.sequences) + others]
    inputs = range(len(numbers))
    root = len(numbers)
    f = make((row, *inputs), inputs=root, outputs=[root], roots=[root], wrt=inputs)
    value, partials = row.evaluate(*row.arrange(numbers))
    found, _ = f(numbers, [], 1.0)
    assert list(found) == [value, *(0.0 + x for x in flat(partials))]

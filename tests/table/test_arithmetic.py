"""Dual numbers differentiate by the rules of calculus, exactly."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini.table.arithmetic import RATIONAL, Arithmetic, Dual
from autograd_mini.table.primitives import PRIMITIVES, TABLE


def value(arithmetic, row):
    return arithmetic.function(row.value, row.operands)


FRACTIONS = st.fractions(-10, 10, max_denominator=50)
DUALS = st.builds(Dual, FRACTIONS, FRACTIONS)


def parts(dual):
    return dual.value, dual.slope


@given(DUALS, DUALS)
def test_sums_and_products_have_the_derivatives_of_calculus(x, y):
    assert parts(x + y) == (x.value + y.value, x.slope + y.slope)
    assert parts(x - y) == (x.value - y.value, x.slope - y.slope)
    assert parts(-x) == (-x.value, -x.slope)
    assert parts(x * y) == (x.value * y.value, x.slope * y.value + x.value * y.slope)


@given(DUALS, DUALS)
def test_a_quotient_times_its_divisor_is_the_dividend(x, y):
    if y.value:
        assert parts(x / y * y) == parts(x)


def test_rational_rows_are_those_that_make_fractions_of_fractions():
    rational = {row.name for row in TABLE if value(RATIONAL, row)}
    assert rational == {
        "add", "sub", "mul", "div", "neg", "abs", "square", "relu", "leaky_relu", "step",
        "maximum", "minimum", "sum", "dot",
    }  # fmt: skip


def test_rules_are_computed_in_the_numbers_given():
    dot = value(RATIONAL, PRIMITIVES["dot"])
    ws = [Dual(Fraction(1, 3)), Dual(Fraction(1, 7))]
    assert dot(ws, ws, Dual(Fraction(1))).value == Fraction(1, 9) + Fraction(1, 49) + 1


def test_numbers_in_a_rule_become_numbers_of_the_arithmetic():
    assert value(RATIONAL, PRIMITIVES["step"])(Dual(Fraction(-1))).value == 0
    assert isinstance(value(RATIONAL, PRIMITIVES["step"])(Dual(Fraction(1))), Dual)


@pytest.mark.parametrize("name", ["exp", "pow", "sigmoid"])
def test_a_row_whose_functions_are_missing_has_no_value(name):
    assert value(Arithmetic({}, number=float), PRIMITIVES[name]) is None

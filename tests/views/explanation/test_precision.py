"""A formula shows as many digits as its result needs."""

import ast
import math

import pytest

import autograd_mini as ag
from autograd_mini import Value, explain
from autograd_mini.views.explanation.precision import find_digits


@pytest.mark.parametrize(
    ("formula", "result", "digits"),
    [
        ("2 * 3.0", 6.0, 4), ("1 - 0.2913126 ** 2", 0.9151369, 4),
        ("1 - 0.99998771 ** 2", 2.4579e-5, 7), ("0.1234567 - 0.1234566", 1e-7, 7),
        ("exp(-sqrt(2.0)) + pi", math.exp(-math.sqrt(2)) + math.pi, 4),
        ("1 - 1", 9e-16, 4),  # no number of digits is enough
        ("maximum(0.12345678, 0) - 0.12345677", 1e-8, 4), ("x - 0.99999", 1e-5, 4),
        ("1 - 0.99999", math.inf, 4), ("0.99999 - 1", -1e-5, 5),
    ],
)  # fmt: skip
def test_numbers_that_cancel_need_more_digits(formula, result, digits):
    tree = ast.parse(formula, mode="eval").body
    before = ast.dump(tree)
    assert find_digits(tree, result, 4) == digits
    assert ast.dump(tree) == before


def test_only_the_line_of_numbers_has_more_digits():
    x = Value(6.0, name="x")
    assert str(explain(x.tanh(), wrt=x)).split("\n\n")[1:] == [
        "∂out/∂x = 1 − out²\n        = 1 − 0.9999877²\n        = 2.458e−05",
        "where\n    out = tanh(x) = 1",
    ]


def test_what_is_not_finite_needs_no_digits():
    with ag.errstate(nonfinite="ignore"):
        x = Value(0.0, name="x")
        assert "= 1/(2·0)\n" in str(explain(x.sqrt(), wrt=x))

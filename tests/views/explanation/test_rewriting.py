"""Parts of formulas are replaced: names, cases, and what changes nothing."""

import ast
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.formulas import exactly, formulas, near

from autograd_mini.table.arithmetic import IEEE
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.table.rules import Rule
from autograd_mini.views.explanation.algebra import name
from autograd_mini.views.explanation.rewriting import decide, substitute, tidy


def parsed(text):
    return ast.parse(text, mode="eval").body


def test_formulas_are_put_in_place_of_names():
    values = {"x": parsed("a + b"), "y": parsed("x")}
    tree = parsed("x * y - z if x > 0 and y < 1 else -f(x) ** y")
    assert ast.unparse(substitute(tree, values, {})) == (
        "(a + b) * x - z if a + b > 0 and x < 1 else -f(a + b) ** x"
    )


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0 + c"),
        (1, "w0 * x0 + c"),
        (2, "w0 * x0 + w1 * x1 + c"),
        (6, "w0 * x0 + w1 * x1 + w2 * x2 + w3 * x3 + w4 * x4 + w5 * x5 + c"),
        (7, "w0 * x0 + w1 * x1 + w2 * x2 + w3 * x3 + … + w6 * x6 + c"),
        (100, "w0 * x0 + w1 * x1 + w2 * x2 + w3 * x3 + … + w99 * x99 + c"),
    ],
)
def test_a_sum_is_written_out_the_middle_of_a_long_one_left_out(length, text):
    sequences = {letter: [name(f"{letter}{i}") for i in range(length)] for letter in "wx"}
    tree = substitute(PRIMITIVES["dot"].formula, {"b": name("c")}, sequences)
    assert ast.unparse(tree) == text


@pytest.mark.parametrize("row", [row for row in TABLE if not row.nary], ids=str)
@settings(max_examples=15)
@given(x=st.floats(-800, 800), y=st.floats(-5, 5))
def test_of_several_cases_the_one_that_applies_has_the_value_of_all(row, x, y):
    """For every rule of the table, with whatever functions its conditions call."""
    at = dict(zip(row.operands, (x, y), strict=False))
    out, _ = row.evaluate(*at.values())
    for rule in (row.value, *row.partials.values()):
        numbers = {**at, "out": out}
        chosen = decide(rule.tree, numbers)
        assert not any(isinstance(node, ast.IfExp) for node in ast.walk(chosen))
        one, other = (
            IEEE.function(written)(*(numbers[name] for name in written.names))
            for written in (rule, Rule(ast.unparse(chosen)))
        )
        assert one == other or (one != one and other != other)


@pytest.mark.parametrize(
    ("x", "chosen"),
    [
        (1.0, "-f(1) * (2 + y)"),
        (-1.0, "-f(y) * (3 + y)"),
        (math.nan, "-f(y) * (3 + y)"),
    ],
)
def test_cases_inside_a_formula_are_decided_too(x, chosen):
    tree = parsed("-f(1 if x > 0 else y) * ((2 if x > 0 else 3) + y)")
    assert ast.unparse(decide(tree, {"x": x})) == chosen


def test_cases_inside_a_case_and_inside_a_condition_are_decided():
    tree = parsed("(1 if y > 1 else 2) if (x if y > 0 else -x) > 0 else 3")
    found = {
        (x, y): ast.unparse(decide(tree, {"x": x, "y": y}))
        for x in (-1.0, 1.0)
        for y in (-1.0, 0.5, 2.0)
    }
    assert found == {
        (-1.0, -1.0): "2", (-1.0, 0.5): "3", (-1.0, 2.0): "3",
        (1.0, -1.0): "3", (1.0, 0.5): "2", (1.0, 2.0): "1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("w * x + 0", "w * x"), ("0 + (x - 0)", "x"), ("0 - x", "-x"), ("1 * x * 1", "x"),
        ("x / 1", "x"), ("1 / x", "1 / x"), ("0 * x", "0 * x"), ("x * (y + 0) ** 2", "x * y ** 2"),
        ("0.0 + 1.0 * x", "x"), ("f(0 + x)", "f(x)"), ("0 + 0", "0"), ("1 * 1", "1"),
        ("x + 10", "x + 10"), ("x ** 1 + x * 0.1", "x ** 1 + x * 0.1"),
    ],
)  # fmt: skip
def test_added_zeros_and_factors_of_one_are_left_out(text, tidied):
    assert ast.unparse(tidy(parsed(text))) == tidied


@given(formulas(constants=st.sampled_from([0, 1, 2, 0.0, 1.0]), powers=(1, 2)))
def test_a_tidy_formula_has_the_same_value(tree):
    values = {letter: exactly(x) for letter, x in zip("abcde", (2, 3, -5, 7, 0.5), strict=True)}
    try:
        value = near(tree, values).value
    except ZeroDivisionError:
        return
    assert near(tidy(tree), values).value == value

"""The algebra of formulas: what is simplified keeps its value."""

import ast
import math
from fractions import Fraction
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.formulas import NAMES, formulas, size

from autograd_mini.views.explanation import algebra
from autograd_mini.views.explanation.algebra import (
    name,
    number,
    product,
    simplify,
    total,
)

DECIMALS = st.sampled_from([0, 1, 2, 3, 0.1, 0.25, 0.3, 0.5, 1.5, 12.75, 0.001, 100])


def parsed(text):
    return ast.parse(text, mode="eval").body


def shown(text):
    return ast.unparse(simplify(parsed(text)))


class UndefinedError(ArithmeticError):
    """A division by zero."""


def exact(tree, values):
    """Return the value of a formula in fractions; a constant is the decimal it is written as."""
    match tree:
        case ast.Constant(value=value):
            return Fraction(repr(value))
        case ast.Name(id=text):
            return values[text]
        case ast.UnaryOp(operand=operand):
            return -exact(operand, values)
        case ast.Call(func=ast.Name(id=text), args=[argument]):
            return FUNCTIONS[text](exact(argument, values))
        case ast.BinOp(left=left, op=op, right=right):
            x, y = exact(left, values), exact(right, values)
            match op:
                case ast.Add():
                    return x + y
                case ast.Sub():
                    return x - y
                case ast.Mult():
                    return x * y
                case ast.Div():
                    if y == 0:
                        raise UndefinedError
                    return x / y
                case ast.Pow():
                    if x == 0 and y < 0:
                        raise UndefinedError
                    return x**y
    raise AssertionError(ast.dump(tree))


FUNCTIONS = {"f": lambda x: x * x - 2, "g": lambda x: 3 * x + 1}
numbers = st.integers(-6, 6) | st.sampled_from([Fraction(1, 3), Fraction(-5, 2), Fraction(7, 11)])
points = st.lists(
    st.fixed_dictionaries({letter: numbers.map(Fraction) for letter in NAMES}),
    min_size=3,
    max_size=3,
)


def values(tree, at):
    """Return the values of a formula at several points, None where there is none."""
    found = []
    for one in at:
        try:
            found.append(exact(tree, one))
        except UndefinedError:
            found.append(None)
    return found


def check_same(before, after, at, tolerance=Fraction(0)):
    """Check that two formulas have the same values wherever the first has one."""
    for one, other in zip(values(before, at), values(after, at), strict=True):
        assert one is None or (other is not None and abs(one - other) <= tolerance * abs(one))


def length(tree):
    """Return the size of a formula; that of a negative power is that of a quotient."""
    negative = sum(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow)
        and isinstance(node.right, ast.UnaryOp)
        for node in ast.walk(tree)
    )
    return size(tree) + negative


WHOLE = formulas(functions=("f", "g"), powers=(-2, -1, 0, 1, 2, 3), leaves=16)


@given(tree=WHOLE, at=points)
def test_a_simplified_formula_has_the_same_value(tree, at):
    check_same(tree, simplify(tree), at)


@settings(max_examples=40)
@given(tree=formulas(constants=DECIMALS, powers=(0, 1, 2), leaves=6), at=points)
def test_decimals_are_multiplied_to_their_last_digits(tree, at):
    """Without a sum in it, so that nothing cancels: to 15 digits."""
    factors = [node for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.Name)]
    out = product(factors)
    meant = Fraction(1)
    for one in factors:
        meant *= exact(one, at[0])
    assert abs(exact(out, at[0]) - meant) <= Fraction(1, 10**14) * abs(meant)


@pytest.mark.soak
@given(tree=formulas(functions=("f", "g"), powers=(-2, -1, 0, 1, 2, 3), leaves=40), at=points)
def test_a_long_simplified_formula_has_the_same_value(tree, at):
    out = simplify(tree)
    check_same(tree, out, at)
    assert length(out) <= length(tree)
    assert ast.dump(simplify(out)) == ast.dump(out)


@given(tree=WHOLE)
def test_a_simplified_formula_is_no_longer(tree):
    assert length(simplify(tree)) <= length(tree)


@settings(max_examples=40)
@given(tree=formulas(functions=("f", "g"), constants=DECIMALS, leaves=16))
def test_a_formula_with_decimals_becomes_no_longer(tree):
    assert length(simplify(tree)) <= length(tree)


@given(tree=WHOLE)
def test_to_simplify_twice_changes_nothing(tree):
    out = simplify(tree)
    assert ast.unparse(simplify(out)) == ast.unparse(out)


@settings(max_examples=40)
@given(tree=WHOLE)
def test_a_formula_that_is_simplified_stays_as_it_was(tree):
    before = ast.dump(tree)
    simplify(tree)
    assert ast.dump(tree) == before


@settings(max_examples=60)
@example(
    trees=[parsed(text) for text in ("a", "b", "d", "e", "1 + (c + a ** 2)")],
    at=[dict.fromkeys(NAMES, Fraction(2))],
)
@given(trees=st.lists(formulas(leaves=5), max_size=5), at=points)
@patch.object(algebra, "shorten", lambda terms, dots: terms)
def test_products_and_totals_have_the_values_of_their_parts(trees, at):
    """A total is taken without dots, which have no value; five formulas may have many terms."""
    parts = [values(tree, at) for tree in trees]
    for i, one in enumerate(at):
        column = [part[i] for part in parts]
        if None in column:
            continue
        assert is_same(exact(product(trees), one), math.prod(column))
        assert is_same(exact(total(trees), one), sum(column))


def is_same(found, right):
    """Return whether numbers are equal; a large one is written as the float that is nearest."""
    return found == right or (abs(right) > 2**53 and abs(found / right - 1) < 2**-50)


@pytest.mark.parametrize(
    ("formula", "simple"),
    [
        ("0.5 * (2 * (T - a) ** (2 - 1)) * -1", "-(T - a)"),
        ("x * (x + x) + x * x * 1", "3 * x ** 2"),
        ("1 / (2 * y) * 3 * x", "3 * x / (2 * y)"),
        ("e + e - 0", "2 * e"),
        ("x + 0", "x"),
        ("0 * x", "0"),
        ("x / x", "1"),
        ("x - x", "0"),
        ("x ** 1", "x"),
        ("x ** 0", "1"),
        ("1 * x", "x"),
        ("--x", "x"),
        ("-x * -y", "x * y"),
        ("-(-x * -y)", "-(x * y)"),
        ("x - -y", "x + y"),
        ("x + -2 * y", "x - 2 * y"),
        ("-x + y", "-x + y"),
        ("2 + x + 3", "5 + x"),
        ("0.1 * 3 * x", "0.3 * x"),
        ("0.5 * x", "0.5 * x"),
        ("0.1 * x", "0.1 * x"),
        ("0.2 * x / 2", "x / 10"),
        ("0.5 / x", "0.5 / x"),
        ("-0.5 * 1", "-0.5"),
        ("4 * x / 6", "2 * x / 3"),
        ("x / 3 + x / 3", "2 * x / 3"),
        ("2 / 4", "1 / 2"),
        ("1 / 3 + 1 / -3", "0"),
        ("(2 / a / b) ** -2", "(a * b) ** 2 / 4"),
        ("1 + 4 * 2 ** -1", "3"),
        ("(a * 0) ** -2", "1 / 0 ** 2"),
        ("x / 3 - x / 3 * y - x / 3", "-(x * y / 3)"),
        ("x / (2 / y)", "x * y / 2"),
        ("x * 0.1234567890123456 * y", "0.1234567890123456 * x * y"),
        ("1234567890123 * x + y", "1234567890123.0 * x + y"),
        ("x ** -2", "1 / x ** 2"),
        ("x ** 3 / x", "x ** 2"),
        ("x / x ** 3", "1 / x ** 2"),
        ("(x ** 2) ** 3", "x ** 6"),
        ("(-x) ** 3", "-x ** 3"),
        ("(-x) ** 2", "x ** 2"),
        ("(2 * x) ** 2", "4 * x ** 2"),
        ("(2 * x / 3) ** 2", "4 * x ** 2 / 9"),
        ("(-2 * x * y) ** 3", "-(8 * (x * y) ** 3)"),
        ("1 / (-2 * x * y) ** 3", "-(1 / (8 * (x * y) ** 3))"),
        ("(x * y) ** 2", "(x * y) ** 2"),
        ("(x * y) ** 3 / (x * y) ** 2", "x * y"),
        ("(a + b) * 1 * (a + b)", "(a + b) ** 2"),
        ("1 * (a + b) + a", "2 * a + b"),
        ("3 * (a + b) - 2 * (a + b) + a", "2 * a + b"),
        ("1 - (1 - x)", "1 - (1 - x)"),
        ("-(T - a) - (S - a)", "-(T - a) - (S - a)"),
        ("x ** y * x ** y", "(x ** y) ** 2"),
        ("y * x ** (y - 1)", "y * x ** (y - 1)"),
        ("x ** (2 * 1)", "x ** 2"),
        ("f(x + x)", "f(2 * x)"),
        ("f(x) * f(x)", "f(x) ** 2"),
    ],
)
def test_a_formula_becomes_what_one_would_write(formula, simple):
    assert shown(formula) == simple


@pytest.mark.parametrize(
    "formula",
    [
        "(x ** 2) ** 0.5",  # |x|
        "((x ** 2) ** 0.5) ** 3",  # |x|³
        "(x ** 4) ** (1 / 4)",
        "(x * y) ** 0.5",  # defined where both are negative
        "1 / 0",
        "x / 0",
        "x / (y - y)",
        "0 ** (0 - 1)",
        "1e+200 ** 2 * x",  # no float
        "x / 1e-200 ** 2",
        "1e+200 * x * 1e+200",
        "1e-200 * x * 1e-200",
        "1e+200 / 1e-200 * x",
        "2 ** 1000 * x",
        "x ** 1e+300",
        "(x ** 1e+200) ** 1e+200",
    ],
)
def test_what_cannot_be_taken_together_is_kept(formula):
    """Rounding, overflow and a division by zero would make another number of it."""
    out = shown(formula)
    for x in (Fraction(-3), Fraction(2, 7)):
        at = {"x": float(x), "y": -2.0}
        try:
            meant = eval(formula, at)  # noqa: S307 - of this table
        except (ZeroDivisionError, OverflowError) as error:
            with pytest.raises(type(error)):
                eval(out, at)  # noqa: S307
        else:
            assert eval(out, at) == pytest.approx(meant, rel=1e-14, abs=0)  # noqa: S307


def test_nothing_is_taken_together_with_an_infinity_or_a_nan():
    infinite, nan = number(math.inf), number(math.nan)
    for tree in (
        ast.BinOp(infinite, ast.Sub(), infinite),
        ast.BinOp(infinite, ast.Div(), infinite),
        ast.BinOp(number(0), ast.Mult(), nan),
        ast.Call(name("f"), [ast.BinOp(nan, ast.Div(), nan)], []),
    ):
        assert simplify(tree) is tree
    assert ast.unparse(product([number(0), infinite])) == "0 * ∞"
    assert ast.unparse(total([infinite, number(-math.inf)])) == "∞ - ∞"


def test_products_and_totals_may_be_left_as_they_are():
    zero, x = number(0), name("x")
    assert ast.unparse(product([zero, ast.BinOp(x, ast.Div(), zero)], simplify=False)) == (
        "0 * (x / 0)"
    )
    assert ast.unparse(total([x, ast.UnaryOp(ast.USub(), x), zero], simplify=False)) == "x - x + 0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"), (-2.0, "-2"), (0.0, "0"), (-0.0, "0"), (0.5, "0.5"), (-0.1, "-0.1"),
        (1e11, "100000000000"), (1e12, "1000000000000.0"), (1e300, "1e+300"), (5e-324, "5e-324"),
        (math.inf, "∞"), (-math.inf, "-∞"), (math.nan, "NaN"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_people_do(value, text):
    assert ast.unparse(number(value)) == text


def test_an_empty_product_is_one_and_an_empty_total_zero():
    assert ast.unparse(product([])) == "1"
    assert ast.unparse(total([])) == "0"


@pytest.mark.parametrize("count", [7, 2000])
def test_many_factors_and_terms_are_taken_together_without_recursion(count):
    x, y = name("x"), name("y")
    assert ast.unparse(product([x, y] * count)) == f"x ** {count} * y ** {count}"
    assert ast.unparse(total([x, y] * count)) == f"{count} * x + {count} * y"
    assert ast.unparse(total(name(f"x{i}") for i in range(count))) == (
        f"x0 + x1 + x2 + x3 + … + x{count - 1}"
    )


@pytest.mark.parametrize("depth", [10, 40])
@pytest.mark.parametrize("collapses", [False, True])
def test_a_nested_formula_is_not_simplified_again_and_again(monkeypatch, depth, collapses):
    """Counted, not timed: on each level a few calls, whatever is below."""
    calls = 0
    once = algebra._simplify

    def counted(tree):
        nonlocal calls
        calls += 1
        return once(tree)

    monkeypatch.setattr(algebra, "_simplify", counted)
    tree = name("x")
    for level in range(depth):
        tree = ast.BinOp(ast.BinOp(tree, ast.Mult(), number(level + 2)), ast.Add(), number(1))
        if collapses:
            tree = ast.BinOp(ast.BinOp(tree, ast.Sub(), number(1)), ast.Add(), number(0))
    algebra.simplify(tree)
    assert calls <= 8 * depth

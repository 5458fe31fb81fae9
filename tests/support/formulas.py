"""Formulas as trees of the rule language: drawn at random, and computed in high precision."""

import ast
import itertools
import operator
from dataclasses import dataclass

from hypothesis import strategies as st
from mpmath import mp, mpf
from support.numbers import precise

from autograd_mini.table.primitives import PRIMITIVES

NAMES = "abcde"
DIGITS = st.integers(0, 9)


def size(tree):
    """Return the number of names and numbers in a formula."""
    return sum(isinstance(node, ast.Name | ast.Constant) for node in ast.walk(tree))


def formulas(*, functions=(), constants=DIGITS, powers=(0, 1, 2, 3), leaves=12):
    """Draw a formula in the names a to e.

    Args:
        functions: the names of functions of one operand that it may call.
        constants: a strategy for the numbers in it.
        powers: the exponents that it may have.
        leaves: about how many names and numbers it has at most.
    """
    leaf = st.sampled_from(NAMES).map(_name) | constants.map(ast.Constant)
    signs = st.sampled_from([ast.Add, ast.Sub, ast.Mult, ast.Div])
    exponents = st.sampled_from(powers).map(_number)

    def longer(inner):
        kinds = [
            st.builds(
                lambda left, sign, right: ast.BinOp(left, sign(), right), inner, signs, inner
            ),
            st.builds(lambda left, right: ast.BinOp(left, ast.Pow(), right), inner, exponents),
            st.builds(lambda operand: ast.UnaryOp(ast.USub(), operand), inner),
        ]
        if functions:
            called = st.sampled_from(functions).map(_name)
            kinds.append(st.builds(lambda f, operand: ast.Call(f, [operand], []), called, inner))
        return st.one_of(kinds)

    return st.recursive(leaf, longer, max_leaves=leaves)


def _name(text):
    return ast.Name(text, ast.Load())


def _number(value):
    size = ast.Constant(abs(value))
    return ast.UnaryOp(ast.USub(), size) if value < 0 else size


# --- the value of a formula in high precision ----------------------------------------------------


@dataclass(frozen=True)
class Near:
    """A number, and how far from it the floats may be that were computed instead."""

    value: mpf
    error: mpf


def near(tree, values, *, bits=300):
    """Return the value of a formula in high precision, with its error were it computed in floats.

    Args:
        tree: the formula; it may call the elementary primitives.
        values: a `Near` for each name.
        bits: how precise the numbers are.
    """
    with mp.workprec(bits):
        return _near(tree, values)


def exactly(number):
    return Near(mpf(number), mpf(0))


def rounded(value, error=0):
    """Return a number with the error of the operation that made it, beside that of operands."""
    return Near(value, error + abs(value) * mpf(2) ** -50 + mpf(2) ** -1060)


def _near(tree, values):
    match tree:
        case ast.Constant(value=int() as number):
            return exactly(number)
        case ast.Constant(value=number):
            return rounded(mpf(number))
        case ast.Name(id="pi") if "pi" not in values:
            return exactly(mp.pi)
        case ast.Name(id=text):
            return values[text]
        case ast.UnaryOp(operand=operand):
            inner = _near(operand, values)
            return Near(-inner.value, inner.error)
        case ast.BinOp(left=left, op=op, right=right):
            compute = _COMPUTE[type(op)]
            operands = [_near(left, values), _near(right, values)]
        case ast.Call(func=ast.Name(id=text), args=arguments):
            row = PRIMITIVES[text]
            function = precise().function(row.value, row.operands)

            def compute(*numbers):
                return function(*row.arrange(numbers))

            operands = [_near(one, values) for one in arguments]
        case _:
            raise AssertionError(ast.dump(tree))
    value = compute(*(one.value for one in operands))
    corners = itertools.product(*({-1, 1} if one.error else {0} for one in operands))
    ends = [
        compute(*(one.value + sign * one.error for one, sign in zip(operands, signs, strict=True)))
        for signs in corners
    ]
    return rounded(value, max(2 * abs(end - value) for end in ends))


_COMPUTE = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: mp.power,
}

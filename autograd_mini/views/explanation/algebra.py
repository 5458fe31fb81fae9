"""Formulas put together and simplified: the algebra between a rule and what a textbook prints.

A formula is a tree of `ast` in the rule language. Names in it may be any text, and it may call
functions that are not of the language, since it is only ever shown.
"""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from autograd_mini.table.arithmetic import IEEE
from autograd_mini.table.notation import shorten
from autograd_mini.table.rules import float_of

__all__ = [
    "decided",
    "name",
    "number",
    "product",
    "simplified",
    "substituted",
    "total",
]

_LARGEST_POWER = 2**53
"""Larger whole powers are not taken together: up to here, every integer is a float."""
_DIGITS = 12
"""Constants are rounded to so many digits, or 0.1 * 3 would be 0.30000000000000004."""


def name(text: str) -> ast.expr:
    """Return the formula that is a name alone."""
    return ast.Name(text, ast.Load())


def number(value: float) -> ast.expr:
    """Return the formula that is a number alone; whole ones without a decimal point."""
    if math.isnan(value):
        return name("NaN")
    size = name("∞") if math.isinf(value) else ast.Constant(_plain(abs(value)))
    return ast.UnaryOp(ast.USub(), size) if value < 0 else size


def product(factors: Iterable[ast.expr], *, simplify: bool = True) -> ast.expr:
    """Return the product of formulas, simplified unless told otherwise; 1 if there are none."""
    factors = list(factors)
    if not simplify or any(map(_is_singular, factors)):
        return _joined(ast.Mult(), factors, empty=1)
    found = _Product()
    for factor in factors:
        found.multiply(factor, 1)
    return found.tree()


def total(terms: Iterable[ast.expr], *, simplify: bool = True) -> ast.expr:
    """Return the sum of formulas as `product` does, the middle of a long one left out."""
    terms = list(terms)
    if not simplify or any(map(_is_singular, terms)):
        return _added(shorten(terms, name("…")))
    found = _Sum()
    for term in terms:
        found.add(term, 1.0)
    return found.tree(shortened=True)


def substituted(
    tree: ast.expr, values: Mapping[str, ast.expr], sequences: Mapping[str, Sequence[ast.expr]]
) -> ast.expr:
    """Return a formula with others in place of its names.

    Args:
        tree: the formula.
        values: what stands for each name.
        sequences: what stands for each name inside a ``sum(…)``, which is written out.
    """
    out: ast.expr = _Substitution(values, sequences).visit(deepcopy(tree))
    return out


def decided(tree: ast.expr, numbers: Mapping[str, float]) -> ast.expr:
    """Return a formula with the case that applies at some numbers in place of its cases.

    >>> slope = ast.parse("1 if x > 0 else -1 if x < 0 else 0", mode="eval").body
    >>> ast.unparse(decided(slope, {"x": -2.0}))
    '-1'
    """
    out: ast.expr = _Decision(numbers).visit(deepcopy(tree))
    return out


def simplified(tree: ast.expr) -> ast.expr:
    """Return a formula with its constants, equal factors and equal terms taken together.

    Nothing is multiplied out, a sum that is subtracted stays together, and nothing becomes longer,
    but that a negative power is written as a quotient. Nothing can be taken together with an
    infinity or a NaN, so a formula that has one is returned as it is.

    >>> def shown(text):
    ...     return ast.unparse(simplified(ast.parse(text, mode="eval").body))
    >>> shown("0.5 * (2 * (T - a) ** (2 - 1)) * -1")
    '-(T - a)'
    >>> shown("x * (x + x) + x * x * 1"), shown("1 / (2 * y) * 3 * x"), shown("e + e - 0")
    ('3 * x ** 2', '3 * x / (2 * y)', '2 * e')
    """
    return tree if _is_singular(tree) else _simplified(tree)


def _simplified(tree: ast.expr) -> ast.expr:
    match tree:
        case ast.Constant():
            return number(float_of(tree))
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            terms = _Sum()
            terms.add(tree, 1.0)
            return terms.tree()
        case ast.UnaryOp() | ast.BinOp():
            found = _Product()
            found.multiply(tree, 1)
            return found.tree()
        case ast.Call():
            return ast.Call(tree.func, [_simplified(one) for one in tree.args], [])
    return tree


class _Product:
    """A coefficient, as a fraction, and the whole powers of other formulas."""

    def __init__(self) -> None:
        self.above = 1.0
        self.below = 1.0
        self.bases: dict[str, ast.expr] = {}
        self.exponents: dict[str, int] = {}

    def multiply(self, tree: ast.expr, exponent: int) -> None:
        """Multiply by a power of a formula; one of a product with several factors is kept whole."""
        match tree:
            case ast.Constant():
                self.scale(float_of(tree), exponent)
            case ast.UnaryOp(operand=operand):
                if exponent % 2:
                    self.above = -self.above
                self.multiply(operand, exponent)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right) if (
                abs(exponent) == 1
            ):
                self.multiply(left, exponent)
                self.multiply(right, exponent if isinstance(op, ast.Mult) else -exponent)
            case ast.BinOp(op=ast.Mult() | ast.Div()):
                self.include(tree, exponent)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                power = _simplified(right)
                value = _constant(power)
                # (x²)^½ is |x|, so that only whole powers are taken together.
                if (
                    value is not None
                    and value.is_integer()
                    and abs(exponent * value) <= _LARGEST_POWER
                ):
                    self.multiply(left, exponent * int(value))
                else:
                    self.raised(ast.BinOp(_simplified(left), ast.Pow(), power), exponent)
            case _:
                inner = _simplified(tree)
                if _is_sum(inner) or not isinstance(tree, ast.BinOp):
                    self.raised(inner, exponent)
                else:
                    self.multiply(inner, exponent)

    def include(self, tree: ast.expr, exponent: int) -> None:
        """Multiply by a power of a product: by that of its coefficient, and of what remains."""
        inner = _Product()
        inner.multiply(tree, 1)
        inner.unite()
        self.scale(inner.above, exponent)
        if inner.above == 0:
            return
        self.scale(inner.below, -exponent)
        inner.above = inner.below = 1.0
        for key, power in inner.exponents.items() if len(inner.bases) == 1 else ():
            self.raised(inner.bases[key], power * exponent)
        if len(inner.bases) > 1:
            self.raised(inner.tree(), exponent)

    def scale(self, value: float, exponent: int) -> None:
        """Multiply the coefficient by a power of a number, unless digits would get lost."""
        if value < 0 and exponent % 2:
            self.above = -self.above
        value = abs(value)
        try:
            power = value ** abs(exponent)
        except OverflowError:
            power = math.inf
        above, below = (power, 1.0) if exponent >= 0 else (1.0, power)
        above, below = self.above * above, self.below * below
        is_exact_zero = above == 0 and 0 in (value, self.above)
        if abs(exponent) <= 64 and (_is_normal(above) or is_exact_zero) and _is_normal(below):
            self.above, self.below = above, below
        else:
            self.raised(number(value), exponent)

    def raised(self, base: ast.expr, exponent: int) -> None:
        key = ast.dump(base)
        self.bases[key] = base
        self.exponents[key] = self.exponents.get(key, 0) + exponent

    def unite(self) -> None:
        """Unite with the coefficient and the other factors what has become part of them."""
        for key, exponent in list(self.exponents.items()):
            base = self.bases[key]
            factors = isinstance(base, ast.BinOp) and isinstance(base.op, ast.Mult | ast.Div)
            if exponent == 0 or isinstance(base, ast.Constant) or (factors and abs(exponent) == 1):
                del self.bases[key], self.exponents[key]
                if exponent:
                    self.multiply(base, exponent)
        quotient = self.above / self.below
        if self.above.is_integer() and self.below.is_integer():
            divisor = math.gcd(int(self.above), int(self.below))
            self.above, self.below = self.above / divisor, self.below / divisor
        elif quotient.is_integer() and _is_normal(quotient):
            self.above, self.below = quotient, 1.0

    def coefficient(self, *, alone: bool) -> tuple[float, float]:
        """Return the coefficient as a fraction, the sign above."""
        above, below = self.above, self.below
        quotient, inverse = above / below, below / above
        if not (_is_normal(quotient) and _is_normal(inverse)):
            return above, below
        if above.is_integer() and below.is_integer():
            return above, below
        # 0.2 stays what it is, but 0.2/2 becomes 1/10.
        if inverse.is_integer() and not alone and below != 1:
            return math.copysign(1.0, above), abs(inverse)
        return _rounded(quotient), 1.0

    def tree(self) -> ast.expr:
        self.unite()
        if self.above == 0:
            return number(0)
        above_line, below_line = (
            [_power(self.bases[k], abs(e)) for k, e in self.exponents.items() if e * side > 0]
            for side in (1, -1)
        )
        above, below = self.coefficient(alone=not above_line)
        if abs(above) != 1:
            above_line.insert(0, number(abs(above)))
        if below != 1:
            below_line.insert(0, number(below))
        tree = _joined(ast.Mult(), above_line, empty=1)
        if below_line:
            tree = ast.BinOp(tree, ast.Div(), _joined(ast.Mult(), below_line, empty=1))
        return ast.UnaryOp(ast.USub(), tree) if above < 0 else tree


class _Sum:
    """The multiples of products that a sum consists of; 1 stands for the constants in it."""

    def __init__(self) -> None:
        self.terms: dict[str, tuple[_Product, float]] = {}

    def add(self, tree: ast.expr, sign: float) -> None:
        if sign > 0 and isinstance(tree, ast.BinOp) and _is_sum(tree):
            self.add(tree.left, 1.0)
            self.add(tree.right, 1.0 if isinstance(tree.op, ast.Add) else -1.0)
            return
        found = _Product()
        found.multiply(tree, 1)
        found.unite()
        multiple = found.above if found.below == 1 else math.copysign(1.0, found.above)
        if multiple:
            found.above /= multiple
        multiple *= sign
        rest = found.tree()
        if multiple and found.above:
            key = ast.dump(rest)
            self.terms[key] = found, self.terms.get(key, (found, 0.0))[1] + multiple

    def tree(self, *, shortened: bool = False) -> ast.expr:
        terms = []
        for found, multiple in self.terms.values():
            if multiple:
                found.above *= _rounded(multiple)
                terms.append(found.tree())
        if any(map(_is_sum, terms)) and len(terms) > 1:
            opened = _Sum()
            for term in terms:
                opened.add(term, 1.0)
            return opened.tree(shortened=shortened)
        return _added(shorten(terms, name("…")) if shortened else terms)


class _Substitution(ast.NodeTransformer):
    def __init__(
        self, values: Mapping[str, ast.expr], sequences: Mapping[str, Sequence[ast.expr]]
    ) -> None:
        self.values = values
        self.sequences = sequences

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if ast.unparse(node.func) == "sum":
            return self.write_out(node.args[0])
        return ast.Call(node.func, [self.visit(one) for one in node.args], [])

    def write_out(self, term: ast.expr) -> ast.expr:
        """Return a sum term by term, the middle of a long one left out."""
        items = zip(*self.sequences.values(), strict=True)
        terms = [
            substituted(term, dict(zip(self.sequences, one, strict=True)), {}) for one in items
        ]
        return _joined(ast.Add(), shorten(terms, name("…")), empty=0)


class _Decision(ast.NodeTransformer):
    def __init__(self, numbers: Mapping[str, float]) -> None:
        self.numbers = numbers

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        return self.visit(node.body if IEEE.holds(node.test, self.numbers) else node.orelse)


def _joined(op: ast.operator, trees: Sequence[ast.expr], *, empty: int) -> ast.expr:
    """Return formulas joined by an operator, from left to right."""
    if not trees:
        return number(empty)
    out, *others = trees
    for tree in others:
        out = ast.BinOp(out, op, tree)
    return out


def _added(terms: Sequence[ast.expr]) -> ast.expr:
    """Return formulas added up; those with a minus sign are subtracted."""
    if not terms:
        return number(0)
    out, *others = terms
    for term in others:
        if isinstance(term, ast.UnaryOp):
            out = ast.BinOp(out, ast.Sub(), term.operand)
        else:
            out = ast.BinOp(out, ast.Add(), term)
    return out


def _power(base: ast.expr, exponent: int) -> ast.expr:
    return base if exponent == 1 else ast.BinOp(base, ast.Pow(), number(exponent))


def _constant(tree: ast.expr) -> float | None:
    """Return the number that a formula is, or None."""
    match tree:
        case ast.Constant():
            return float_of(tree)
        case ast.UnaryOp(operand=ast.Constant() as inner):
            return -float_of(inner)
    return None


def _is_sum(tree: ast.expr) -> bool:
    return isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Sub)


def _is_singular(tree: ast.expr) -> bool:
    """Whether a formula has an infinity or a NaN in it."""
    return any(isinstance(node, ast.Name) and node.id in ("∞", "NaN") for node in ast.walk(tree))


def _is_normal(value: float) -> bool:
    return sys.float_info.min <= abs(value) <= sys.float_info.max


def _rounded(value: float) -> float:
    """Return a number with fewer digits, if the others are but rounding errors."""
    rounded = float(f"{value:.{_DIGITS}g}")
    return rounded if abs(rounded - value) <= 8 * math.ulp(value) else value


def _plain(value: float) -> int | float:
    """Return a number as it is written: a whole one without a decimal point."""
    return int(value) if value == int(value) and value < 10**_DIGITS else value

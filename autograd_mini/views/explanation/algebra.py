"""Formulas put together and simplified: the algebra between a rule and what a textbook prints.

A formula is a tree of `ast` in the rule language. Names in it may be any text, and it may call
functions that the language does not have, since it is only shown.
"""

from __future__ import annotations

import ast
import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

from autograd_mini.table.notation import shorten
from autograd_mini.table.rules import float_of

__all__ = ["DOTS", "join", "name", "number", "product", "simplify", "total"]

_LARGEST_POWER = 2**53
"""Larger whole powers stay apart: up to here, every integer is a float."""
_MOST_FACTORS = 64
"""A number to a larger power stays a power."""
_DIGITS = 12
"""Constants are rounded to this number of digits, or 0.1 * 3 would be 0.30000000000000004."""


def name(text: str) -> ast.expr:
    """Return a name as a formula."""
    return ast.Name(text, ast.Load())


DOTS = name("…")
"""What stands for the middle of a long sum."""


def number(value: float | Fraction) -> ast.expr:
    """Return a number as a formula; a whole number has no decimal point."""
    if value != value:
        return name("NaN")
    size = -value if value < 0 else value
    tree = name("∞") if size > sys.float_info.max else ast.Constant(_plain(size))
    return ast.UnaryOp(ast.USub(), tree) if value < 0 else tree


def join(op: ast.operator, trees: Sequence[ast.expr], *, empty: int) -> ast.expr:
    """Return formulas with an operator between them, from left to right."""
    if not trees:
        return number(empty)
    out, *others = trees
    for tree in others:
        out = ast.BinOp(out, op, tree)
    return out


def product(factors: Iterable[ast.expr], *, simplify: bool = True) -> ast.expr:
    """Return the product of formulas; 1 if there are none."""
    factors = list(factors)
    if not simplify or any(map(_is_singular, factors)):
        return join(ast.Mult(), factors, empty=1)
    if len(factors) == 1:
        return _simplify(factors[0])
    found = _Product()
    for factor in factors:
        found.multiply(factor, 1)
    return found.tree()


def total(terms: Iterable[ast.expr], *, simplify: bool = True) -> ast.expr:
    """Return the sum of formulas; dots stand for the middle of a long sum."""
    terms = list(terms)
    if not simplify or any(map(_is_singular, terms)):
        return _add(shorten(terms, DOTS))
    found = _Sum()
    distinct = {ast.dump(term): term for term in terms}  # of thousands, most may be equal
    for key, times in Counter(map(ast.dump, terms)).items():
        found.add(distinct[key], times)
    return found.tree(shortened=True)


def simplify(tree: ast.expr) -> ast.expr:
    """Return a formula in which constants, equal factors and equal terms are united.

    No product is multiplied out, a sum that is subtracted stays together, and a negative power
    becomes a quotient. A formula with an infinity or a NaN is returned as it is.

    >>> def shown(text):
    ...     return ast.unparse(simplify(ast.parse(text, mode="eval").body))
    >>> shown("0.5 * (2 * (T - a) ** (2 - 1)) * -1")
    '-(T - a)'
    >>> shown("x * (x + x) + x * x * 1"), shown("1 / (2 * y) * 3 * x"), shown("e + e - 0")
    ('3 * x ** 2', '3 * x / (2 * y)', '2 * e')
    """
    return tree if _is_singular(tree) else _simplify(tree)


def _simplify(tree: ast.expr) -> ast.expr:
    match tree:
        case ast.Constant():
            return number(float_of(tree))
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            terms = _Sum()
            terms.add(tree, 1)
            return terms.tree()
        case ast.UnaryOp() | ast.BinOp():
            found = _Product()
            found.multiply(tree, 1)
            return found.tree()
        case ast.Call():
            return ast.Call(tree.func, list(map(_simplify, tree.args)), [])
    return tree


class _Product:
    """A coefficient, as a number over a number, and the whole powers of other formulas."""

    def __init__(self) -> None:
        self.above = Fraction(1)
        self.below = Fraction(1)
        self.powers: dict[str, tuple[ast.expr, int]] = {}

    def multiply(self, tree: ast.expr, exponent: int) -> None:
        """Multiply by a power of a formula."""
        match tree:
            case ast.Constant():
                self.scale(Fraction(float_of(tree)), exponent)
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
                power = _simplify(right)
                whole = _whole(power)
                # (x²)^½ is |x|, so only whole powers are united.
                if whole is not None and abs(exponent * whole) <= _LARGEST_POWER:
                    self.multiply(left, exponent * whole)
                else:
                    self.keep(ast.BinOp(_simplify(left), ast.Pow(), power), exponent)
            case _:
                inner = _simplify(tree)
                if _is_sum(inner) or not isinstance(tree, ast.BinOp):
                    self.keep(inner, exponent)
                else:
                    self.multiply(inner, exponent)

    def include(self, tree: ast.expr, exponent: int) -> None:
        """Multiply by a power of a product: of its coefficient, and of the rest as a whole."""
        inner = _Product()
        inner.multiply(tree, 1)
        inner.unite()
        self.scale(inner.above, exponent)
        self.scale(inner.below, -exponent)
        inner.above = inner.below = Fraction(1)
        if len(inner.powers) == 1:
            ((base, power),) = inner.powers.values()
            self.keep(base, power * exponent)
        elif inner.powers:
            if all(power < 0 for _, power in inner.powers.values()):  # (1/(a·b))⁻² is (a·b)²
                inner.powers = {key: (b, -power) for key, (b, power) in inner.powers.items()}
                exponent = -exponent
            self.keep(inner.tree(), exponent)

    def scale(self, value: Fraction, exponent: int) -> None:
        """Multiply the coefficient by a power of a number, unless no float is near the result."""
        if value < 0 and exponent % 2:
            self.above = -self.above
        value = abs(value)
        if value == 1 or abs(exponent) <= _MOST_FACTORS:
            above = self.above * value ** max(exponent, 0)
            below = self.below * value ** max(-exponent, 0)
            if below and _is_near_float(above) and _is_near_float(below):
                self.above, self.below = above, below
                return
        self.keep(number(value), exponent)

    def keep(self, base: ast.expr, exponent: int) -> None:
        """Multiply by a power of a formula that stays a factor."""
        key = ast.dump(base)
        _, before = self.powers.get(key, (base, 0))
        self.powers[key] = base, before + exponent

    def unite(self) -> None:
        """Unite the factors that have become numbers or products with the others."""
        for key, (base, exponent) in list(self.powers.items()):
            factors = isinstance(base, ast.BinOp) and isinstance(base.op, ast.Mult | ast.Div)
            if exponent == 0 or isinstance(base, ast.Constant) or (factors and abs(exponent) == 1):
                del self.powers[key]
                if exponent:
                    self.multiply(base, exponent)
        if self.above == 0:
            self.powers.clear()
        quotient = self.above / self.below
        if _is_whole(self.above) and _is_whole(self.below):
            quotient = Fraction(round(self.above), round(self.below))
            self.above, self.below = map(Fraction, quotient.as_integer_ratio())
        elif _is_whole(quotient):
            self.above, self.below = quotient, Fraction(1)

    def coefficient(self, *, alone: bool) -> tuple[float, float]:
        """Return the coefficient as a number over a number, with the sign above."""
        above, below = self.above, self.below
        if not (_is_whole(above) and _is_whole(below)):
            inverse = below / above
            # 0.2 stays as it is, but 0.2/2 becomes 1/10.
            if _is_whole(inverse) and not alone and below != 1:
                above, below = inverse / abs(inverse), abs(inverse)
            elif _is_near_float(inverse):
                above, below = above / below, Fraction(1)
        return _nearest(above), _nearest(below)

    def tree(self) -> ast.expr:
        """Return the product as a formula."""
        self.unite()
        above_line, below_line = (
            [_power(base, abs(e)) for base, e in self.powers.values() if e * side > 0]
            for side in (1, -1)
        )
        above, below = self.coefficient(alone=not above_line)
        if abs(above) != 1:
            above_line.insert(0, number(abs(above)))
        if below != 1:
            below_line.insert(0, number(below))
        tree = join(ast.Mult(), above_line, empty=1)
        if below_line:
            tree = ast.BinOp(tree, ast.Div(), join(ast.Mult(), below_line, empty=1))
        return ast.UnaryOp(ast.USub(), tree) if above < 0 else tree


class _Sum:
    """A sum as multiples of products; the constants are multiples of 1."""

    def __init__(self) -> None:
        self.terms: dict[str, tuple[_Product, Fraction]] = {}

    def add(self, tree: ast.expr, times: int) -> None:
        """Add a multiple of a formula; a sum that is subtracted stays together."""
        if times > 0 and isinstance(tree, ast.BinOp) and _is_sum(tree):
            self.add(tree.left, times)
            self.add(tree.right, times if isinstance(tree.op, ast.Add) else -times)
            return
        found = _Product()
        found.multiply(tree, 1)
        found.unite()
        if found.above == 0:
            return
        multiple = found.above if found.below == 1 else Fraction(1 if found.above > 0 else -1)
        found.above /= multiple
        key = ast.dump(found.tree())
        _, before = self.terms.get(key, (found, 0))
        self.terms[key] = found, before + multiple * times

    def tree(self, *, shortened: bool = False) -> ast.expr:
        """Return the sum as a formula."""
        terms = []
        for found, multiple in self.terms.values():
            if multiple:
                found.above *= multiple
                terms.append(found.tree())
        if any(map(_is_sum, terms)) and len(terms) > 1:
            opened = _Sum()
            for term in terms:
                opened.add(term, 1)
            return opened.tree(shortened=shortened)
        return _add(shorten(terms, DOTS) if shortened else terms)


def _add(terms: Sequence[ast.expr]) -> ast.expr:
    """Return the sum of formulas; formulas with a minus sign are subtracted."""
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
    return base if exponent == 1 else ast.BinOp(base, ast.Pow(), ast.Constant(exponent))


def _whole(tree: ast.expr) -> int | None:
    """Return the number of a formula that is a whole number, or None."""
    match tree:
        case ast.Constant() if float_of(tree).is_integer():
            return int(float_of(tree))
        case ast.UnaryOp(operand=ast.Constant() as size) if float_of(size).is_integer():
            return -int(float_of(size))
    return None


def _is_sum(tree: ast.expr) -> bool:
    return isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Sub)


def _is_singular(tree: ast.expr) -> bool:
    """Return whether a formula has an infinity or a NaN in it."""
    return any(isinstance(node, ast.Name) and node.id in ("∞", "NaN") for node in ast.walk(tree))


def _is_near_float(value: Fraction) -> bool:
    return value == 0 or sys.float_info.min <= abs(value) <= sys.float_info.max


def _is_whole(value: Fraction) -> bool:
    if value.denominator == 1:  # nearly always, and integers are compared in a tenth of the time
        return abs(value.numerator) <= sys.float_info.max
    return _is_near_float(value) and _nearest(value).is_integer()


def _nearest(value: Fraction) -> float:
    """Return a computed number; if its last digits are only rounding errors, without these."""
    if value.denominator == 1 and abs(value.numerator) < 10**_DIGITS:
        return float(value.numerator)
    if abs(value) > sys.float_info.max:
        return math.inf if value > 0 else -math.inf
    near = float(value)
    rounded = float(f"{near:.{_DIGITS}g}")
    return rounded if abs(rounded - near) <= 8 * math.ulp(near) else near


def _plain(value: float | Fraction) -> int | float:
    """Return a number for writing: a whole number as an int."""
    return int(value) if value == int(value) and value < 10**_DIGITS else float(value)

"""Formulas put together and simplified: the algebra between a rule and what a textbook prints.

A formula is a tree of `ast` in the rule language. Names in it may be any text, and it may call
functions that are not of the language, since it is only ever shown.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence

from autograd_mini.ieee import TOTAL, divide
from autograd_mini.languages import FUNCTIONS, float_of

__all__ = ["decided", "name", "number", "product", "simplified", "size", "substituted", "total"]

_SHOWN = 6
"""A longer sum is shown by its first terms and its last."""
_DIGITS = 12
"""Products of constants are rounded to so many digits, or 0.1 * 3 would be 0.30000000000000004."""


def name(text: str) -> ast.expr:
    """Return the formula that is a name alone."""
    return ast.Name(text, ast.Load())


def number(value: float) -> ast.expr:
    """Return the formula that is a number alone; whole ones without a decimal point."""
    if math.isnan(value):
        return name("NaN")
    size = name("∞") if math.isinf(value) else ast.Constant(_plain(abs(value)))
    return ast.UnaryOp(ast.USub(), size) if value < 0 else size


def product(factors: Iterable[ast.expr]) -> ast.expr:
    """Return the simplified product of formulas; 1 if there are none."""
    return simplified(_joined(ast.Mult(), list(factors), empty=1))


def total(terms: Iterable[ast.expr]) -> ast.expr:
    """Return the simplified sum of formulas; 0 if there are none."""
    return simplified(_joined(ast.Add(), list(terms), empty=0))


def substituted(
    tree: ast.expr, values: Mapping[str, ast.expr], sequences: Mapping[str, Sequence[ast.expr]]
) -> ast.expr:
    """Return a formula with others in place of its names.

    Args:
        tree: the formula.
        values: what stands for each name.
        sequences: what stands for each name inside a ``sum(…)``, which is written out.
    """
    return _Substitution(values, sequences).run(tree)


def size(tree: ast.expr) -> int:
    """Return the number of names and numbers in a formula."""
    return sum(isinstance(node, ast.Name | ast.Constant) for node in ast.walk(tree))


def decided(tree: ast.expr, numbers: Mapping[str, float]) -> ast.expr:
    """Return a formula with the case that applies at some numbers in place of its cases.

    >>> slope = ast.parse("1 if x > 0 else -1 if x < 0 else 0", mode="eval").body
    >>> ast.unparse(decided(slope, {"x": -2.0}))
    '-1'
    """
    while isinstance(tree, ast.IfExp):
        tree = tree.body if _holds(tree.test, numbers) else tree.orelse
    match tree:
        case ast.UnaryOp(op=op, operand=operand):
            return ast.UnaryOp(op, decided(operand, numbers))
        case ast.BinOp(left=left, op=op, right=right):
            return ast.BinOp(decided(left, numbers), op, decided(right, numbers))
        case ast.Call(func=func, args=arguments):
            return ast.Call(func, [decided(one, numbers) for one in arguments], [])
    return tree


def _holds(condition: ast.expr, numbers: Mapping[str, float]) -> bool:
    match condition:
        case ast.BoolOp(op=op, values=values):
            held = (_holds(one, numbers) for one in values)
            return all(held) if isinstance(op, ast.And) else any(held)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _COMPARE[type(op)](_computed(left, numbers), _computed(right, numbers))
    raise AssertionError(ast.dump(condition))


def _computed(tree: ast.expr, numbers: Mapping[str, float]) -> float:
    """Return the value of a formula by IEEE 754."""
    match tree:
        case ast.Constant():
            return float_of(tree)
        case ast.Name(id=text):
            return numbers[text]
        case ast.UnaryOp(operand=operand):
            return -_computed(operand, numbers)
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATE[type(op)](_computed(left, numbers), _computed(right, numbers))
        case ast.IfExp():
            return _computed(decided(tree, numbers), numbers)
        case ast.Call(func=ast.Name(id=text), args=[argument]):
            x = _computed(argument, numbers)
            if text in TOTAL:
                return TOTAL[text](x)
            definition = ast.parse(FUNCTIONS[text].definition, mode="eval").body
            return _computed(definition, {"x": x})
    raise AssertionError(ast.dump(tree))


_COMPARE: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_OPERATE: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: divide,
    ast.Pow: TOTAL["pow"],
}


def simplified(tree: ast.expr) -> ast.expr:
    """Return a formula with its constants, equal factors and equal terms taken together.

    Nothing is multiplied out. A power of a sum of constants is a number, as is whatever else
    consists of numbers and signs of arithmetic alone.

    >>> def shown(text):
    ...     return ast.unparse(simplified(ast.parse(text, mode="eval").body))
    >>> shown("0.5 * (2 * (T - a) ** (2 - 1)) * -1")
    '-(T - a)'
    >>> shown("x * (x + x) + x * x * 1"), shown("1 / (2 * y) * 3 * x"), shown("e + e - 0")
    ('3 * x ** 2', '3 * x / (2 * y)', '2 * e')
    """
    match tree:
        case ast.Constant():
            return number(float_of(tree))
        case ast.UnaryOp() | ast.BinOp(op=ast.Mult() | ast.Div() | ast.Pow()):
            found = _Product()
            found.multiply(tree, 1)
            return found.tree()
        case ast.BinOp():
            terms = _Sum()
            terms.add(tree, 1.0)
            return terms.tree()
        case ast.Call():
            return ast.Call(tree.func, [simplified(one) for one in tree.args], [])
    return tree


class _Product:
    """A coefficient, as a fraction, and the powers of other formulas."""

    def __init__(self) -> None:
        self.above = 1.0
        self.below = 1.0
        self.bases: dict[str, ast.expr] = {}
        self.exponents: dict[str, float] = {}

    def multiply(self, tree: ast.expr, exponent: float) -> None:
        """Multiply by a formula to the power of a whole number or another."""
        match tree:
            case ast.UnaryOp(operand=operand) if exponent == int(exponent):
                if int(exponent) % 2:
                    self.above = -self.above
                self.multiply(operand, exponent)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                self.multiply(left, exponent)
                self.multiply(right, exponent)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                self.multiply(left, exponent)
                self.multiply(right, -exponent)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                power = _constant(simplified(right))
                # (x²)^½ is |x|, so that only powers of whole numbers are taken together.
                if power is not None and power == int(power) and exponent == int(exponent):
                    self.multiply(left, exponent * power)
                elif power is not None and exponent in (1, -1):
                    self.raised(simplified(left), exponent * power)
                else:
                    self.raised(ast.BinOp(simplified(left), ast.Pow(), simplified(right)), exponent)
            case ast.Constant():
                self.scale(float_of(tree), exponent)
            case _:
                inner = simplified(tree)
                if ast.dump(inner) == ast.dump(tree):
                    self.raised(inner, exponent)
                else:
                    self.multiply(inner, exponent)

    def scale(self, value: float, exponent: float) -> None:
        """Multiply the coefficient by a power of a number, if that is one itself."""
        whole = exponent == int(exponent) and abs(exponent) <= 64
        if not whole or (value == 0 and exponent < 0):
            self.raised(number(value), exponent)
        elif exponent >= 0:
            self.above *= value**exponent
        else:
            self.below *= value**-exponent

    def raised(self, base: ast.expr, exponent: float) -> None:
        key = ast.dump(base)
        self.bases[key] = base
        self.exponents[key] = self.exponents.get(key, 0.0) + exponent

    def coefficient(self) -> tuple[float, float]:
        """Return the coefficient as a fraction, the sign above."""
        above, below = math.copysign(self.above, self.above * self.below), abs(self.below)
        if not math.isfinite(above / below):
            return above / below, 1.0
        if (above / below).is_integer():
            return above / below, 1.0
        if (below / above).is_integer():
            return math.copysign(1.0, above), abs(below / above)
        if above.is_integer() and below.is_integer():
            return above, below
        return _rounded(above / below), 1.0

    def tree(self) -> ast.expr:
        if self.above == 0:
            return number(0)
        above, below = self.coefficient()
        numerators = [number(abs(above))] if abs(above) != 1 else []
        denominators = [number(below)] if below != 1 else []
        for key, exponent in self.exponents.items():
            if exponent:
                side = numerators if exponent > 0 else denominators
                side.append(_power(self.bases[key], abs(exponent)))
        tree = _joined(ast.Mult(), numerators, empty=1)
        if denominators:
            tree = ast.BinOp(tree, ast.Div(), _joined(ast.Mult(), denominators, empty=1))
        return ast.UnaryOp(ast.USub(), tree) if above < 0 else tree


class _Sum:
    """The multiples of formulas that a sum consists of; 1 stands for the constants in it."""

    def __init__(self) -> None:
        self.terms: dict[str, tuple[ast.expr, float]] = {}

    def add(self, tree: ast.expr, sign: float) -> None:
        match tree:
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                self.add(left, sign)
                self.add(right, sign if isinstance(op, ast.Add) else -sign)
            case _:
                found = _Product()
                found.multiply(tree, 1)
                multiple = sign
                if found.below == 1:
                    multiple, found.above = sign * found.above, 1.0
                rest = found.tree() if multiple else number(1)
                key = ast.dump(rest)
                self.terms[key] = (rest, self.terms.get(key, (rest, 0.0))[1] + multiple)

    def tree(self) -> ast.expr:
        out: ast.expr | None = None
        for rest, multiple in self.terms.values():
            if multiple == 0:
                continue
            found = _Product()
            found.multiply(rest, 1)
            found.above *= _rounded(multiple if out is None else abs(multiple))
            term = found.tree()
            if out is None:
                out = term
            else:
                out = ast.BinOp(out, ast.Add() if multiple > 0 else ast.Sub(), term)
        return number(0) if out is None else out


class _Substitution:
    def __init__(
        self, values: Mapping[str, ast.expr], sequences: Mapping[str, Sequence[ast.expr]]
    ) -> None:
        self.values = values
        self.sequences = sequences

    def run(self, tree: ast.expr) -> ast.expr:
        match tree:
            case ast.Name(id=text):
                return self.values.get(text, tree)
            case ast.UnaryOp(op=op, operand=operand):
                return ast.UnaryOp(op, self.run(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return ast.BinOp(self.run(left), op, self.run(right))
            case ast.Compare(left=left, ops=ops, comparators=[right]):
                return ast.Compare(self.run(left), ops, [self.run(right)])
            case ast.BoolOp(op=op, values=values):
                return ast.BoolOp(op, [self.run(one) for one in values])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return ast.IfExp(self.run(test), self.run(body), self.run(orelse))
            case ast.Call(func=ast.Name(id="sum"), args=[term]):
                return self.written_out(term)
            case ast.Call(func=func, args=arguments):
                return ast.Call(func, [self.run(one) for one in arguments], [])
        return tree

    def written_out(self, term: ast.expr) -> ast.expr:
        """Return a sum term by term, the middle of a long one left out."""
        length = len(next(iter(self.sequences.values())))
        shown: list[int | None] = list(range(length))
        if length > _SHOWN:
            shown = [*range(_SHOWN - 2), None, length - 1]
        terms = []
        for i in shown:
            if i is None:
                terms.append(name("…"))
            else:
                items = {key: items[i] for key, items in self.sequences.items()}
                terms.append(substituted(term, items, {}))
        return _joined(ast.Add(), terms, empty=0)


def _joined(op: ast.operator, trees: Sequence[ast.expr], *, empty: int) -> ast.expr:
    """Return formulas joined by an operator, from left to right."""
    if not trees:
        return number(empty)
    out, *others = trees
    for tree in others:
        out = ast.BinOp(out, op, tree)
    return out


def _power(base: ast.expr, exponent: float) -> ast.expr:
    return base if exponent == 1 else ast.BinOp(base, ast.Pow(), number(exponent))


def _constant(tree: ast.expr) -> float | None:
    """Return the number that a formula is, or None."""
    match tree:
        case ast.Constant():
            return float_of(tree)
        case ast.UnaryOp(operand=ast.Constant() as inner):
            return -float_of(inner)
    return None


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _plain(value: float) -> int | float:
    """Return a number as it is written: a whole one without a decimal point."""
    return int(value) if value == int(value) and value < 10**_DIGITS else value

"""Writes formulas and numbers as mathematics, in Unicode and in LaTeX.

A formula is a tree of `ast`: a rule, or an expression composed of rules. It is shown and never
computed, so its names may be any text, and it may call functions that no rule may call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from autograd_mini.table.elementary import ELEMENTARY, Elementary
from autograd_mini.table.names import name_as_latex, name_as_text
from autograd_mini.table.printer import Printer
from autograd_mini.table.rules import COMPARISONS, Comparison, split_cases

__all__ = ["Latex", "Unicode", "shorten"]

Term = TypeVar("Term")

_SUPERSCRIPT = str.maketrans("−0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SHOWN = 6  # how many terms of a sum are shown


def shorten(terms: Sequence[Term], dots: Term) -> Sequence[Term]:
    """Return the terms of a sum; in a long sum, dots replace the terms in the middle."""
    return terms if len(terms) <= _SHOWN else [*terms[: _SHOWN - 2], dots, terms[-1]]


class Unicode(Printer):
    """Prints formulas in plain text; a factor before a parenthesis needs no sign of a product.

    Args:
        digits: how many significant digits a number shows, unless it is a whole constant.
        names: the names of the Values around; a function is spelled out if its sign is one of them.
        symbols: what is written in the place of some names.

    >>> Unicode().formula(ast.parse("-(T - a2) ** 2 / 2 * exp(beta)", mode="eval").body)
    '−(T − a₂)²/2·exp(β)'
    """

    plus, difference, less = "+", "−", "<"
    minus = "−"  # before a number
    dot = "·"  # the sign of a product in a formula
    times = " · "  # the sign of a product in a chain of partial derivatives
    apposition = ""  # the text between a factor and a parenthesis
    comma = ", "
    parentheses: tuple[str, ...] = ("(",)  # how a formula begins that begins with a parenthesis
    both, either = " and ", " or "
    indices = "ᵢ", "Σᵢ"  # the index of a name inside a sum, and the sign of the sum
    to = " → "
    dots = "…"
    quarter = "¼"
    derivative = "∂{}/∂{}"

    def __init__(
        self,
        digits: int = 4,
        names: Iterable[str] = (),
        symbols: Mapping[str, str] | None = None,
    ) -> None:
        self.digits = digits
        self.symbols = symbols or {}
        self.taken = {name_as_text(self.symbols.get(name, name)) for name in names}
        self.index = ""

    def formula(self, tree: ast.expr, *, factor: bool = False) -> str:
        """Return a formula as text; if it is a ``factor``, a sum gets parentheses."""
        return self.within(tree, self.PRODUCT if factor else self.CONDITIONAL)

    def number(self, value: float) -> str:
        """Return a number with `digits` significant digits."""
        return self.write_digits(f"{value + 0.0:.{self.digits}g}")  # adding 0.0: -0.0 becomes 0

    def enclose(self, text: str) -> str:
        """Return a formula, in parentheses if it begins with a minus sign."""
        return self.parenthesize(text) if text.startswith(self.minus) else text

    def print(self, node: ast.expr) -> tuple[str, int]:
        """Return a formula as text, and its precedence."""
        within = self.within
        match node:
            case ast.Constant(value=float() as value):
                return self.constant(f"{value:.{self.digits}g}")
            case ast.Constant(value=value):
                return self.constant(str(value))
            case ast.Name(id=name):
                return self.name(name) + self.index, self.ATOM
            case ast.UnaryOp(operand=operand):
                return f"{self.minus}{self._enclose(operand)}", self.MINUS
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self.power(within(left, self.ATOM), right), self.POWER
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self.quotient(left, right)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                first, second = within(left, self.PRODUCT), within(right, self.POWER)
                beside = second.startswith(self.parentheses) and not self._is_open(left, right)
                return f"{first}{self.apposition if beside else self.dot}{second}", self.PRODUCT
            case ast.BinOp(left=left, op=op, right=right):
                sign = self.plus if isinstance(op, ast.Add) else self.difference
                return f"{within(left, self.SUM)} {sign} {self._enclose(right)}", self.SUM
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sign = self.compare(COMPARISONS[type(op)])
                return f"{within(left, self.SUM)} {sign} {within(right, self.SUM)}", self.COMPARE
            case ast.BoolOp(op=op, values=values):
                own, sign = (
                    (self.AND, self.both) if isinstance(op, ast.And) else (self.OR, self.either)
                )
                return sign.join(within(value, own + 1) for value in values), own
            case ast.IfExp():
                return self.cases(node)
            case ast.Call(func=ast.Name(id="sum") as function, args=[term, start]):
                return self.print(ast.BinOp(start, ast.Add(), ast.Call(function, [term], [])))
            case ast.Call(func=ast.Name(id="sum"), args=[term]):
                self.index, sigma = self.indices
                text = f"{sigma} {within(term, self.PRODUCT)}"
                self.index = ""
                return text, self.PRODUCT
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments)
        raise AssertionError(ast.dump(node))

    def _enclose(self, node: ast.expr) -> str:
        """Return an operand after a sign, in parentheses if it is a sum or begins with a minus."""
        return self.enclose(self.within(node, self.PRODUCT))

    def _is_open(self, factor: ast.expr, other: ast.expr) -> bool:
        """Return whether a parenthesis after a product would seem part of its last factor.

        f(x + 1) would seem a call; a(1 − a) does not, as its name stands inside again.
        """
        while isinstance(factor, ast.UnaryOp):
            factor = factor.operand
        while isinstance(factor, ast.BinOp) and isinstance(factor.op, ast.Mult):
            factor = factor.right  # a minus sign there is in parentheses
        if isinstance(factor, ast.Name):
            while isinstance(other, ast.BinOp) and isinstance(other.op, ast.Pow):
                other = other.left
            inside = (node.id for node in ast.walk(other) if isinstance(node, ast.Name))
            return factor.id not in inside
        return self.ends_open(factor)

    def _call(self, name: str, arguments: list[ast.expr]) -> tuple[str, int]:
        """Return a call: by its template, or spelled out if a Value has the sign of the function.

        A call with an exponent, or one that begins with a word, needs parentheses in a power.
        """
        row = ELEMENTARY.get(name)
        template = "" if row is None or self.taken & set(self.signs(row)) else self.template(row)
        if not template or len(arguments) > 1:
            return self.spell(name, self.comma.join(map(self.text, arguments)))
        (argument,) = arguments
        encloses, raised = self.reads(template)
        text = self.text(argument) if encloses else self.within(argument, self.ATOM)
        if f"{self.plus} {{}}" in template or f"{self.plus}{{}}" in template:
            text = self._enclose(argument)
        return template.format(text), self.ATOM if encloses and not raised else self.POWER

    def signs(self, row: Elementary) -> Iterable[str]:
        """Return what may not be the name of a Value where this function is not spelled out."""
        sign = row.text.partition("(")[0]
        return [sign] if len(sign) == 1 else []

    def template(self, row: Elementary) -> str:
        """Return the template of a function; an empty one if its name stands before parentheses."""
        return row.text

    def reads(self, template: str) -> tuple[bool, bool]:
        """Return whether a template encloses its argument, and whether it has an exponent."""
        return template.endswith((")", "|")) and "²" not in template, "²" in template

    def spell(self, function: str, arguments: str) -> tuple[str, int]:
        """Return a function by its name before its arguments."""
        return f"{function}({arguments})", self.ATOM

    def words(self, text: str) -> str:
        """Return plain words where mathematics is expected."""
        return text

    def name(self, name: str) -> str:
        """Return a name, or the symbol that stands for it."""
        return self.whole_name(self.symbols.get(name, name))

    def whole_name(self, name: str) -> str:
        """Return a name, whatever stands for it elsewhere."""
        return name_as_text(name)

    def partial(self, of: str, wrt: str) -> str:
        """Return the partial derivative of one Value with respect to another, by their names."""
        return self.derivative.format(self.name(of), self.name(wrt))

    def compare(self, sign: Comparison) -> str:
        return sign.text

    def write_digits(self, number: str) -> str:
        """Return a number that Python has formatted, with the signs of mathematics."""
        return number.replace("-", self.minus).replace("inf", "∞").replace("nan", "NaN")

    def constant(self, text: str) -> tuple[str, int]:
        return text.replace("-", self.minus), self.POWER if "e" in text else self.ATOM

    def power(self, base: str, exponent: ast.expr) -> str:
        if _is_whole(exponent):
            return base + self.text(exponent).translate(_SUPERSCRIPT)
        return f"{base}^{self.within(exponent, self.ATOM)}"

    def ends_open(self, factor: ast.expr) -> bool:
        match factor:
            case ast.BinOp(op=ast.Pow(), right=exponent):
                return not _is_whole(exponent)
            case ast.BinOp(op=ast.Div()):
                return True
        return False

    def quotient(self, left: ast.expr, right: ast.expr) -> tuple[str, int]:
        return f"{self.within(left, self.PRODUCT)}/{self.within(right, self.POWER)}", self.PRODUCT

    def cases(self, node: ast.IfExp) -> tuple[str, int]:
        taken, otherwise = self.within(node.body, self.OR), self.text(node.orelse)
        return f"{taken} if {self.text(node.test)} else {otherwise}", self.CONDITIONAL


class Latex(Unicode):
    r"""Prints formulas in LaTeX, for its mathematics mode.

    >>> print(Latex().formula(ast.parse("-(T - a2) ** 2 / 2", mode="eval").body))
    \frac{-\left(T - a_{2}\right)^{2}}{2}
    """

    minus = difference = "-"
    dot = times = r" \cdot "
    apposition = " "
    parentheses = (r"\left(",)
    both, either = r" \land ", r" \lor "
    indices = "_i", r"\sum_i"
    to = r" \to "
    dots = r"\cdots"
    quarter = r"\tfrac{1}{4}"
    derivative = r"\frac{{\partial {}}}{{\partial {}}}"

    def words(self, text: str) -> str:
        return rf"\text{{{text}}}"

    def whole_name(self, name: str) -> str:
        return name_as_latex(name)

    def parenthesize(self, text: str) -> str:
        return rf"\left({text}\right)"

    def compare(self, sign: Comparison) -> str:
        return sign.latex

    def write_digits(self, number: str) -> str:
        mantissa, _, exponent = number.replace("inf", r"\infty").partition("e")
        if "nan" in number:
            return r"\text{NaN}"
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa

    def constant(self, text: str) -> tuple[str, int]:
        if "e" not in text:
            return text, self.ATOM
        return self.write_digits(text).removeprefix(r"1 \cdot "), self.PRODUCT

    def power(self, base: str, exponent: ast.expr) -> str:
        return f"{base}^{{{self.text(exponent)}}}"

    def ends_open(self, factor: ast.expr) -> bool:
        match factor:
            case ast.Call(func=ast.Name(id=name)) if name in ELEMENTARY:  # sin x, not e^x or √x
                return not ELEMENTARY[name].latex.startswith(("e^", r"\sqrt", r"\left", "{}"))
        return False

    def quotient(self, left: ast.expr, right: ast.expr) -> tuple[str, int]:
        return rf"\frac{{{self.text(left)}}}{{{self.text(right)}}}", self.POWER

    def cases(self, node: ast.IfExp) -> tuple[str, int]:
        rows = [
            f"{self.text(case)} & "
            + (rf"\text{{if }} {self.text(test)}" if test else r"\text{otherwise}")
            for test, case in split_cases(node)
        ]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", self.ATOM

    def signs(self, row: Elementary) -> Iterable[str]:
        return [*super().signs(row), *(["e"] if "e^" in row.latex else [])]

    def template(self, row: Elementary) -> str:
        return row.latex

    def reads(self, template: str) -> tuple[bool, bool]:
        encloses = template.endswith((r"\right|", "}}", r"\right)")) and "^2" not in template
        return encloses, any(sign in template for sign in ("^", r"\ln"))

    def spell(self, function: str, arguments: str) -> tuple[str, int]:
        of, is_partial, wrt = function.removeprefix("∂").partition("/∂")
        name = of.removesuffix("′").replace("_", r"\_")
        text = rf"\operatorname{{{name}}}" + "'" * of.endswith("′")
        if is_partial:
            text = self.derivative.format(text, self.whole_name(wrt))
        return f"{text}{self.parenthesize(arguments)}", self.POWER


def _is_whole(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant) and isinstance(node.value, int)

"""Printers of rules as code in C and JavaScript, which needs the `prelude` of the language."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Literal

from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.printer import Printer
from autograd_mini.table.rules import ARITHMETIC, COMPARISONS, Rule, float_of

__all__ = ["Language", "as_c", "as_javascript", "prelude"]

Language = Literal["c", "javascript"]


def as_c(rule: Rule) -> str:
    """Return a rule as C text; it needs ``math.h``.

    A ``sum(…)`` becomes the variable ``total``. The surrounding code must compute it, by adding
    the values of the rule's ``summand`` from left to right.

    >>> as_c(Rule("x / (1 + y) ** 2"))
    'x / ag_pow(1.0 + y, 2.0)'
    """
    return _C().text(rule.tree)


def as_javascript(rule: Rule) -> str:
    """Return a rule as JavaScript text; the names inside a ``sum(…)`` stand for arrays.

    >>> as_javascript(Rule("sum(abs(x))"))
    'x.reduce((total, _, i) => total + Math.abs(x[i]), 0)'
    """
    return _JavaScript().text(rule.tree)


def prelude(language: Language) -> str:
    """Return the functions that printed rules call, defined in the language."""
    lines = [_PRELUDES[language]]
    for name, function in ELEMENTARY.items():
        if function.definition and language == "c":
            body = as_c(Rule(function.definition))
            lines.append(f"static double ag_{name}(double x) {{ return {body}; }}\n")
        elif function.definition:
            lines.append(f"const ag_{name} = (x) => {as_javascript(Rule(function.definition))};\n")
    return "".join(lines)


_PRELUDES: Mapping[Language, str] = {
    "c": """\
static double ag_pow(double x, double y) { return x != x || y != y ? NAN : pow(x, y); }
""",
    # JavaScript has no erf. All terms of this series have the sign of x, so nothing cancels.
    "javascript": """\
const ag_pow = (x, y) => {
  if (x !== x || y !== y) return NaN;
  return Math.abs(x) === 1 && Math.abs(y) === Infinity ? 1 : x ** y;
};
const ag_erf = (x) => {
  if (x !== x) return NaN;
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 3; Math.abs(term) > Math.abs(sum) * 1e-17; n += 2) sum += term *= 2 * x * x / n;
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
};
""",
}


class _C(Printer):
    """Prints a rule in the syntax that C and JavaScript share."""

    index = ""

    def print(self, node: ast.expr) -> tuple[str, int]:
        within = self.within
        match node:
            case ast.Constant():
                return repr(float_of(node)), self.ATOM
            case ast.Name(id=name):
                return name + self.index, self.ATOM
            case ast.UnaryOp(operand=operand):
                return f"-{within(operand, self.POWER)}", self.MINUS
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"ag_pow({self.text(left)}, {self.text(right)})", self.ATOM
            case ast.BinOp(left=left, op=op, right=right):
                own = self.SUM if isinstance(op, ast.Add | ast.Sub) else self.PRODUCT
                sign = ARITHMETIC[type(op)].code
                return f"{within(left, own)} {sign} {within(right, own + 1)}", own
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sign = self.comparison(COMPARISONS[type(op)].code)
                return f"{within(left, self.SUM)} {sign} {within(right, self.SUM)}", self.COMPARE
            case ast.BoolOp(op=op, values=values):
                own, sign = (self.AND, " && ") if isinstance(op, ast.And) else (self.OR, " || ")
                return sign.join(within(value, own + 1) for value in values), own
            case ast.IfExp(test=test, body=body, orelse=orelse):
                text = f"{within(test, self.OR)} ? {within(body, self.OR)} : {self.text(orelse)}"
                return text, self.CONDITIONAL
            case ast.Call(func=ast.Name(id="sum"), args=[term]):
                return self.sum(term), self.ATOM
            case ast.Call(func=ast.Name(id=name), args=[argument]):
                return f"{self.function(name)}({self.text(argument)})", self.ATOM
        raise AssertionError(ast.dump(node))

    def comparison(self, sign: str) -> str:
        return sign

    def function(self, name: str) -> str:
        return ELEMENTARY[name].c or f"ag_{name}"

    def sum(self, term: ast.expr) -> str:  # noqa: ARG002 - the surrounding code adds it
        return "total"


class _JavaScript(_C):
    def comparison(self, sign: str) -> str:
        return f"{sign}=" if sign in ("==", "!=") else sign

    def function(self, name: str) -> str:
        row = ELEMENTARY[name]
        return row.javascript or (f"Math.{row.c}" if row.c else f"ag_{name}")

    def sum(self, term: ast.expr) -> str:
        self.index = "[i]"
        text = self.within(term, self.PRODUCT)
        self.index = ""
        first = Rule(ast.unparse(term)).names[0]
        return f"{first}.reduce((total, _, i) => total + {text}, 0)"

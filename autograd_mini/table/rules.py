"""The rule language: one-line formulas, which are checked and kept as trees.

A rule is a Python expression made of numbers, names, ``+ - * / **``, comparisons,
``a if condition else b``, ``and``, ``or`` and calls to `ELEMENTARY` functions. A rule over many
operands has one ``sum(term)``; the names inside it stand for sequences of equal length.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from autograd_mini.arguments import requirement
from autograd_mini.table.elementary import ELEMENTARY

__all__ = ["ARITHMETIC", "COMPARISONS", "Comparison", "Infix", "Rule", "RuleError", "float_of"]


class Infix(NamedTuple):
    """An arithmetic operator: the name of its row, its sign in code and its sign in text."""

    row: str
    code: str
    sign: str


class Comparison(NamedTuple):
    """How a comparison is written in code, in LaTeX and in plain text."""

    code: str
    latex: str
    text: str


ARITHMETIC: Mapping[type[ast.operator], Infix] = {
    ast.Add: Infix("add", "+", "+"),
    ast.Sub: Infix("sub", "-", "−"),
    ast.Mult: Infix("mul", "*", "×"),
    ast.Div: Infix("div", "/", "÷"),
    ast.Pow: Infix("pow", "**", "^"),
}
COMPARISONS: Mapping[type[ast.cmpop], Comparison] = {
    ast.Lt: Comparison("<", "<", "<"),
    ast.LtE: Comparison("<=", r"\le", "≤"),
    ast.Gt: Comparison(">", ">", ">"),
    ast.GtE: Comparison(">=", r"\ge", "≥"),
    ast.Eq: Comparison("==", "=", "="),
    ast.NotEq: Comparison("!=", r"\ne", "≠"),
}


class RuleError(ValueError):
    """A formula is not in the rule language; the message quotes it."""


class Rule:
    """A checked formula of the rule language.

    Args:
        text: the formula, such as ``"x * y"``.
        names: the names that the formula may use; None allows any name.

    Raises:
        RuleError: the text is not in the language, or uses another name.

    >>> rule = Rule("sum(w * x) + exp(b)")
    >>> rule.names, rule.sequences, rule.functions, rule.summand
    (('w', 'x', 'b'), ('w', 'x'), ('exp',), Rule('w * x'))
    """

    __slots__ = ("functions", "names", "sequences", "summand", "text", "tree")

    def __init__(self, text: str, *, names: Iterable[str] | None = None) -> None:
        self.text = text
        try:
            self.tree = ast.parse(text, mode="eval").body
        except SyntaxError as error:
            raise RuleError(requirement("rule", "an expression", text, error.msg)) from None
        check = _Check(text, names)
        check.number(self.tree)
        self.names = tuple(check.names)
        """The names used, in order of appearance."""
        self.sequences = tuple(check.sequences)
        """The names that stand inside ``sum(…)``."""
        self.functions = tuple(check.functions)
        """The elementary functions called."""
        self.summand = None if check.summand is None else Rule(ast.unparse(check.summand))
        """The term inside ``sum(…)``, as a rule over one item of each sequence; None if no sum."""

    def __repr__(self) -> str:
        return f"Rule({self.text!r})"


class _Check:
    """Refuses a formula that is not in the language, and collects the names that it uses."""

    def __init__(self, text: str, allowed: Iterable[str] | None) -> None:
        self.text = text
        self.allowed = None if allowed is None else set(allowed)
        self.names: dict[str, None] = {}
        self.sequences: dict[str, None] = {}
        self.functions: dict[str, None] = {}
        self.summand: ast.expr | None = None
        self.inside_sum = False

    def fail(self, part: str, rule: str, found: object) -> RuleError:
        return RuleError(requirement(f"rule {self.text!r}: {part}", rule, found))

    def number(self, node: ast.expr) -> None:
        match node:
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                if not node.value <= sys.float_info.max:  # type: ignore[operator]
                    raise self.fail("number", "at most the largest float", node.value)
            case ast.Name(id=name):
                if self.allowed is not None and name not in self.allowed:
                    raise self.fail("name", f"one of {', '.join(sorted(self.allowed))}", name)
                self.names[name] = None
                if self.inside_sum:
                    self.sequences[name] = None
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self.number(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                self.number(left)
                self.number(right)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.condition(test)
                self.number(body)
                self.number(orelse)
            case ast.Call(func=ast.Name(id="sum"), args=[term], keywords=[]) if not self.inside_sum:
                if self.summand is not None:
                    raise self.fail("number of sums", "at most 1", 2)
                self.summand, self.inside_sum = term, True
                self.number(term)
                self.inside_sum = False
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
                if name not in ELEMENTARY:
                    raise self.fail("function", "an elementary function of the table", name)
                self.functions[name] = None
                self.number(argument)
            case _:
                raise self.fail("part", "a number of the rule language", ast.unparse(node))

    def condition(self, node: ast.expr) -> None:
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
                self.number(left)
                self.number(right)
            case ast.BoolOp(values=values):
                for value in values:
                    self.condition(value)
            case _:
                raise self.fail("part", "a condition of the rule language", ast.unparse(node))


def float_of(node: ast.Constant) -> float:
    """Return a constant of a formula as a float."""
    assert isinstance(node.value, int | float)  # the rule language has no other constants
    return float(node.value)

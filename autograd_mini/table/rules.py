"""The rule language: one-line formulas, which are checked and kept as trees.

A rule is a Python expression made of numbers, names, ``+ - * / **``, comparisons,
``a if condition else b``, ``and``, ``or`` and calls to `ELEMENTARY` functions. A rule over many
operands has reductions: ``sum(term)``, which adds from left to right as a chain of ``+``,
``fsum(term)``, whose rounding errors do not add up, and ``max(term)``. Each may start from a
number, as in ``sum(term, start)``. A name that stands only inside reductions is a sequence; inside
a reduction it stands for an item of its own loop.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from autograd_mini.arguments import requirement
from autograd_mini.table.elementary import ELEMENTARY

__all__ = [
    "ARITHMETIC",
    "COMPARISONS",
    "REDUCTIONS",
    "Comparison",
    "Infix",
    "Reduction",
    "Rule",
    "RuleError",
    "float_of",
    "split_cases",
]

Kind = Literal["sum", "fsum", "max"]
REDUCTIONS: tuple[Kind, ...] = get_args(Kind)


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


class Reduction(NamedTuple):
    """A number that a rule makes of all items of some sequences, such as a sum.

    Args:
        name: the name that stands for it in the `body` of a rule, and in later reductions.
        kind: how the terms are reduced to a number.
        term: the term for an item of each sequence, as a rule.
        sequences: the sequences.
        start: the number that it starts from, as a rule; None for that of nothing.
    """

    name: str
    kind: Kind
    term: Rule
    sequences: tuple[str, ...]
    start: Rule | None


class Rule:
    """A checked formula of the rule language.

    Args:
        text: the formula, such as ``"x * y"``.
        names: the names that the formula may use; None allows any name.
        sequences: the names that are sequences; they may stand in reductions although they are
            not in ``names``. None takes the names that stand only in reductions.
        known: the reductions that other rules of the row have; those of this rule are added.

    Raises:
        RuleError: the text is not in the language, or uses another name.

    >>> rule = Rule("sum(w * x) + exp(b)")
    >>> rule.names, rule.sequences, rule.functions, rule.reductions[0].term
    (('w', 'x', 'b'), ('w', 'x'), ('exp',), Rule('w * x'))
    """

    __slots__ = ("body", "functions", "names", "reductions", "sequences", "text", "tree")

    def __init__(
        self,
        text: str,
        *,
        names: Iterable[str] | None = None,
        sequences: Sequence[str] | None = None,
        known: list[Reduction] | None = None,
    ) -> None:
        self.text = text
        try:
            self.tree = ast.parse(text, mode="eval").body
        except SyntaxError as error:
            raise RuleError(requirement("rule", "an expression", text, error.msg)) from None
        check = _Check(text, names, sequences)
        check.number(self.tree)
        self.names = tuple(check.names)
        """The names used, in order of appearance."""
        if sequences is None:
            sequences = [name for name in check.reduced if name not in check.singles]
        self.sequences = tuple(name for name in sequences if name in check.reduced)
        """The names that stand for sequences, in reductions."""
        self.functions = tuple(check.functions)
        """The elementary functions called."""
        extraction = _Extraction(self, [] if known is None else known)
        self.body: ast.expr = extraction.visit(ast.parse(text, mode="eval").body)
        """The tree with the name of each reduction in its place."""
        self.reductions = tuple(extraction.found)
        """The reductions, in an order in which they can be computed."""

    def __repr__(self) -> str:
        return f"Rule({self.text!r})"


class _Extraction(ast.NodeTransformer):
    """Puts a name in the place of each reduction, and collects the reductions."""

    def __init__(self, rule: Rule, known: list[Reduction]) -> None:
        self.rule, self.known = rule, known
        self.found: dict[Reduction, None] = {}

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        kind = ast.unparse(node.func)
        if kind not in REDUCTIONS:
            return node
        texts = list(map(ast.unparse, node.args))
        for reduction in self.known:
            given = filter(None, [reduction.term, reduction.start])
            if reduction.kind == kind and [rule.text for rule in given] == texts:
                break
        else:
            term, *start = map(Rule, texts)
            over = tuple(name for name in self.rule.sequences if name in term.names)
            if not over:
                raise RuleError(
                    requirement(f"rule {self.rule.text!r}: {kind}", "over a sequence", texts[0])
                )
            name = f"{kind}{len(self.known)}"
            reduction = Reduction(name, kind, term, over, start[0] if start else None)
            self.known.append(reduction)
        self.found[reduction] = None
        return ast.Name(reduction.name, ast.Load())


class _Check:
    """Refuses a formula that is not in the language, and collects the names that it uses."""

    def __init__(
        self, text: str, allowed: Iterable[str] | None, sequences: Iterable[str] | None
    ) -> None:
        self.text = text
        self.allowed = None if allowed is None else set(allowed)
        self.allowed_inside = sequences or ()
        self.names: dict[str, None] = {}
        self.reduced: dict[str, None] = {}  # the names inside reductions
        self.singles: dict[str, None] = {}  # the names outside
        self.functions: dict[str, None] = {}
        self.depth = 0

    def fail(self, part: str, rule: str, found: object) -> RuleError:
        return RuleError(requirement(f"rule {self.text!r}: {part}", rule, found))

    def number(self, node: ast.expr) -> None:
        match node:
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                if not node.value <= sys.float_info.max:  # type: ignore[operator]
                    raise self.fail("number", "at most the largest float", node.value)
            case ast.Name(id=name):
                inside = self.depth > 0 and name in self.allowed_inside
                if self.allowed is not None and not (inside or name in self.allowed):
                    raise self.fail("name", f"one of {', '.join(sorted(self.allowed))}", name)
                self.names[name] = None
                (self.reduced if self.depth else self.singles)[name] = None
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self.number(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                self.number(left)
                self.number(right)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.condition(test)
                self.number(body)
                self.number(orelse)
            case ast.Call(func=ast.Name(id=kind), args=[term, *start], keywords=[]) if (
                kind in REDUCTIONS and len(start) <= 1
            ):
                for number in start:
                    self.number(number)
                self.depth += 1
                self.number(term)
                self.depth -= 1
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if (
                name not in REDUCTIONS and self.arity(name) == len(arguments)
            ):
                self.functions[name] = None
                for argument in arguments:
                    self.number(argument)
            case _:
                raise self.fail("part", "a number of the rule language", ast.unparse(node))

    def arity(self, name: str) -> int:
        """Return how many arguments a function has."""
        if name not in ELEMENTARY:
            raise self.fail("function", "an elementary function of the table", name)
        return ELEMENTARY[name].arity

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


def split_cases(tree: ast.expr) -> list[tuple[ast.expr | None, ast.expr]]:
    """Return the cases of a formula, each with its condition; the last has none.

    >>> cases = split_cases(ast.parse("1 if x > 0 else 0", mode="eval").body)
    >>> [(test and ast.unparse(test), ast.unparse(case)) for test, case in cases]
    [('x > 0', '1'), (None, '0')]
    """
    cases: list[tuple[ast.expr | None, ast.expr]] = []
    while isinstance(tree, ast.IfExp):
        cases.append((tree.test, tree.body))
        tree = tree.orelse
    return [*cases, (None, tree)]

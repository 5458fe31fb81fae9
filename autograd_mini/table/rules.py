"""The rule language: one-line formulas, checked, then printed as Python, C, JavaScript and LaTeX.

A rule is a Python expression made of numbers, names, ``+ - * / **``, comparisons,
``a if condition else b``, ``and``, ``or`` and calls to `FUNCTIONS`. A rule over many operands
has one ``sum(term)``; the names inside it stand for sequences of equal length.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from autograd_mini.table.ieee import RAISING, TOTAL, divide
from autograd_mini.table.languages import (
    ARITHMETIC,
    COMPARISONS,
    FUNCTIONS,
    PRELUDES,
    Language,
    as_c,
    as_javascript,
    as_latex,
    float_of,
)

__all__ = ["Rule", "RuleError", "compile_function", "namespace", "prelude"]


class RuleError(ValueError):
    """A formula is not in the rule language; the message quotes it."""


class Rule:
    r"""A checked formula of the rule language.

    Args:
        text: the formula, such as ``"x * y"``.
        names: the names it may use; without them, any name.

    Raises:
        RuleError: the text is not in the language, or uses another name.

    >>> rule = Rule("x / (1 + y) ** 2")
    >>> rule.c()
    'x / ag_pow(1.0 + y, 2.0)'
    >>> rule.latex()
    '\\frac{x}{\\left(1 + y\\right)^{2}}'
    """

    __slots__ = ("names", "sequences", "summand", "text", "tree")

    def __init__(self, text: str, *, names: Iterable[str] | None = None) -> None:
        self.text = text
        self.tree = _parse(text)
        used, sequences = _Check(text, names).run(self.tree)
        self.names = tuple(used)
        """The names used, in order of appearance."""
        self.sequences = tuple(sequences)
        """Those of them that stand inside ``sum(…)``."""
        self.summand = next(map(Rule, _summands(self.tree)), None)
        """What is summed, as a rule over one item of each sequence; None without a sum."""

    def __repr__(self) -> str:
        return f"Rule({self.text!r})"

    def python(self, *, ieee: bool = False, each: Sequence[str] = ()) -> str:
        """Return the rule as Python text over the names of `namespace`; numbers become floats.

        With ``ieee`` a division is a call to ``divide``, which takes a zero divisor. With
        ``each``, names of sequences, the text is the list of the rule's values over them; the
        sequence of the ``x`` is called ``xs``.

        >>> Rule("x / 2").python(), Rule("x / 2").python(ieee=True)
        ('x / 2.0', 'divide(x, 2.0)')
        >>> Rule("2 * x").python(each=["x"])
        '[2.0 * x for x in xs]'
        """
        if self.text in each:
            return f"{self.text}s"
        text = ast.unparse(_Python(ieee=ieee).visit(_parse(self.text)))
        return f"[{text} for {_zipped(each)}]" if each else text

    def statements(self, *, ieee: bool = False) -> list[str]:
        """Return Python lines that set ``out`` to the rule's value.

        A ``sum(term)`` becomes a loop that adds from left to right, one float addition at a time:
        the bits of a chain of ``+``. (The built-in ``sum`` compensates its rounding, from Python
        3.12 on.) It starts from -0.0, which changes no number that is added to it.
        """
        value = self.python(ieee=ieee)
        if self.summand is None:
            return [f"out = {value}"]
        return [
            f"total = -0.0 if {self.sequences[0]}s else 0.0",
            f"for {_zipped(self.sequences)}:",
            f"    total += {self.summand.python(ieee=ieee)}",
            f"out = {value}",
        ]

    def c(self) -> str:
        """Return the rule as C text; it needs ``math.h`` and ``prelude("c")``.

        A ``sum(…)`` becomes ``total``: a number that the text around it has added up from the
        `summand`, as `statements` does.
        """
        return as_c(self.tree)

    def javascript(self) -> str:
        """Return the rule as JavaScript text; it needs ``prelude("javascript")``."""
        return as_javascript(self.tree)

    def latex(self) -> str:
        """Return the rule as LaTeX text for mathematics mode."""
        return as_latex(self.tree)


def _parse(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise RuleError(f"not an expression: {text!r} ({error.msg})") from None


def _summands(tree: ast.expr) -> list[str]:
    return [
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "sum"
    ]


def _zipped(names: Sequence[str]) -> str:
    sequences = ", ".join(f"{name}s" for name in names)
    return f"{', '.join(names)} in {sequences if len(names) == 1 else f'zip({sequences})'}"


class _Check:
    """Walks a formula once, refusing what is not in the language, and collects its names."""

    def __init__(self, text: str, allowed: Iterable[str] | None) -> None:
        self.text = text
        self.allowed = None if allowed is None else set(allowed)
        self.names: dict[str, None] = {}
        self.sequences: dict[str, None] = {}
        self.sums = 0

    def run(self, tree: ast.expr) -> tuple[dict[str, None], dict[str, None]]:
        self.number(tree, inside_sum=False)
        return self.names, self.sequences

    def fail(self, what: str) -> RuleError:
        return RuleError(f"{what} in {self.text!r}")

    def number(self, node: ast.expr, *, inside_sum: bool) -> None:
        match node:
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                if not node.value <= sys.float_info.max:  # type: ignore[operator]
                    raise self.fail("a number too large for a float")
            case ast.Name(id=name):
                if self.allowed is not None and name not in self.allowed:
                    raise self.fail(f"unknown name {name!r}")
                self.names[name] = None
                if inside_sum:
                    self.sequences[name] = None
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self.number(operand, inside_sum=inside_sum)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                self.number(left, inside_sum=inside_sum)
                self.number(right, inside_sum=inside_sum)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.condition(test, inside_sum=inside_sum)
                self.number(body, inside_sum=inside_sum)
                self.number(orelse, inside_sum=inside_sum)
            case ast.Call(func=ast.Name(id="sum"), args=[term], keywords=[]) if not inside_sum:
                self.sums += 1
                if self.sums > 1:
                    raise self.fail("a second sum")
                self.number(term, inside_sum=True)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
                if name not in FUNCTIONS:
                    raise self.fail(f"unknown function {name!r}")
                self.number(argument, inside_sum=inside_sum)
            case _:
                raise self.fail(f"{ast.unparse(node)!r} is not a number of the rule language")

    def condition(self, node: ast.expr, *, inside_sum: bool) -> None:
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
                self.number(left, inside_sum=inside_sum)
                self.number(right, inside_sum=inside_sum)
            case ast.BoolOp(values=values):
                for value in values:
                    self.condition(value, inside_sum=inside_sum)
            case _:
                raise self.fail(f"{ast.unparse(node)!r} is not a condition of the rule language")


class _Python(ast.NodeTransformer):
    def __init__(self, *, ieee: bool) -> None:
        self.ieee = ieee

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(float_of(node))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Pow):
            return _call("pow", node.left, node.right)
        if isinstance(node.op, ast.Div) and self.ieee:
            return _call("divide", node.left, node.right)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="sum")):
                return ast.Name("total", ast.Load())
        return node


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(func=ast.Name(name, ast.Load()), args=list(arguments), keywords=[])


def prelude(language: Language) -> str:
    """Return the definitions that printed rules of the language rely on."""
    lines = [PRELUDES[language]]
    for name, function in FUNCTIONS.items():
        if function.definition:
            rule = Rule(function.definition, names="x")
            if language == "c":
                lines.append(f"static double ag_{name}(double x) {{ return {rule.c()}; }}\n")
            else:
                lines.append(f"const ag_{name} = (x) => {rule.javascript()};\n")
    return "".join(lines)


def namespace(*, ieee: bool) -> dict[str, Any]:
    """Return what the text of `Rule.python` runs in: the functions of `autograd_mini.table.ieee`.

    With ``ieee`` the functions never raise; without, they raise as those of `math` do.
    """
    functions = TOTAL if ieee else RAISING
    names: dict[str, Any] = {**functions, "divide": divide}
    for name, function in FUNCTIONS.items():
        if function.definition:
            source = f"def {name}(x):\n    return {Rule(function.definition).python(ieee=ieee)}\n"
            names[name] = compile_function(source, name=name, namespace=names)
    return names


def compile_function(source: str, *, name: str, namespace: dict[str, Any]) -> Any:
    """Compile the source of one function, so that tracebacks and debuggers show its lines."""
    number = 0
    while (
        filename := f"<autograd_mini {name}{f' {number}' if number else ''}>"
    ) in linecache.cache:
        number += 1
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    local: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), namespace, local)
    return local[name]

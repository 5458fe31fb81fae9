"""Formulas in which some parts are replaced: names, cases, and what changes nothing."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from autograd_mini.table.arithmetic import IEEE
from autograd_mini.table.notation import shorten
from autograd_mini.views.explanation.algebra import DOTS, join

__all__ = ["decide", "substitute", "tidy"]


def substitute(
    tree: ast.expr, values: Mapping[str, ast.expr], sequences: Mapping[str, Sequence[ast.expr]]
) -> ast.expr:
    """Return a formula with other formulas in place of its names.

    A ``sum(…)`` is written term by term, with the ``sequences`` in place of the names inside.
    """
    out: ast.expr = _Substitution(values, sequences).visit(deepcopy(tree))
    return out


def decide(tree: ast.expr, numbers: Mapping[str, float]) -> ast.expr:
    """Return a formula with the case that applies at some numbers instead of all cases.

    >>> slope = ast.parse("1 if x > 0 else -1 if x < 0 else 0", mode="eval").body
    >>> ast.unparse(decide(slope, {"x": -2.0}))
    '-1'
    """
    out: ast.expr = _Decision(numbers).visit(deepcopy(tree))
    return out


def tidy(tree: ast.expr) -> ast.expr:
    """Return a formula without zeros that are added and ones that are multiplied by.

    >>> ast.unparse(tidy(ast.parse("0 + 1 * x + (y - 0) * 1", mode="eval").body))
    'x + y'
    """
    match tree:
        case ast.UnaryOp(op=op, operand=operand):
            return ast.UnaryOp(op, tidy(operand))
        case ast.Call(func=function, args=arguments):
            return ast.Call(function, list(map(tidy, arguments)), [])
        case ast.BinOp(left=left, op=op, right=right):
            return _tidy_operation(tidy(left), op, tidy(right))
    return tree


def _tidy_operation(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    match left, op, right:
        case (kept, ast.Add() | ast.Sub(), ast.Constant(value=0)):
            return kept
        case (ast.Constant(value=0), ast.Add(), kept):
            return kept
        case (ast.Constant(value=0), ast.Sub(), kept):
            return ast.UnaryOp(ast.USub(), kept)
        case (kept, ast.Mult() | ast.Div(), ast.Constant(value=1)):
            return kept
        case (ast.Constant(value=1), ast.Mult(), kept):
            return kept
    return ast.BinOp(left, op, right)


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
            return self.write_out(*node.args)
        arguments = [one for argument in node.args for one in self.spread(argument)]
        return ast.Call(node.func, arguments, [])

    def spread(self, argument: ast.expr) -> Sequence[ast.expr]:
        """Return an argument of a call; of a sequence, as in max(x), the items."""
        match argument:
            case ast.Name(id=name) if name in self.sequences and name not in self.values:
                return self.sequences[name]
        return [self.visit(argument)]

    def write_out(self, term: ast.expr, *start: ast.expr) -> ast.expr:
        """Return a sum term by term; dots stand for the middle of a long sum."""
        items = list(zip(*self.sequences.values(), strict=True))
        terms = list(map(self.visit, start))
        terms += [
            DOTS
            if item[0] is DOTS
            else substitute(
                term, {**self.values, **dict(zip(self.sequences, item, strict=True))}, {}
            )
            for item in shorten(items, (DOTS,) * len(self.sequences))
        ]
        return join(ast.Add(), terms, empty=0)


class _Decision(ast.NodeTransformer):
    def __init__(self, numbers: Mapping[str, float]) -> None:
        self.numbers = numbers

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        return self.visit(node.body if IEEE.holds(node.test, self.numbers) else node.orelse)

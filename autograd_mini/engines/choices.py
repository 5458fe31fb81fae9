"""Choices: the rows of nodes that derivatives have only while a computation is recorded.

A rule with conditions becomes one graph for all samples if each condition chooses between numbers
that are both computed. These rows are not in the table: nothing but a recording has them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from autograd_mini.table.domains import REAL
from autograd_mini.table.primitives import Primitive
from autograd_mini.table.rules import COMPARISONS, Rule

__all__ = ["CHOICES", "HELD", "Choice"]


class Choice(Primitive):
    """A row whose first operands have no derivative: no walk along the edges sees them.

    A node has the numbers of these operands as constants; the tape of the recording has the Values.

    Args:
        name: the name of the row.
        value: the value, as a rule.
        aside: the names of the operands without a derivative.
        partials: the partial derivative for each other operand.
        comparison: the sign of the comparison of the first operands, if there is one.
    """

    def __init__(
        self,
        name: str,
        value: str,
        aside: tuple[str, ...],
        partials: Mapping[str, str],
        comparison: str = "",
    ) -> None:
        self.comparison = comparison
        self.name, self.operand_label, self.activation = name, f"{name}: operand", False
        self.operands = (*aside, *partials)
        self.aside = len(aside)
        """How many operands have no derivative."""
        slopes = {**dict.fromkeys(aside, "0"), **partials}
        self.texts = {"value": value, **{f"d{o}": text for o, text in slopes.items()}}
        self.value = Rule(value)
        self.partials = self.textbook = {o: Rule(text) for o, text in slopes.items()}
        self.domains = dict.fromkeys(self.operands, REAL)
        self.kink = None
        arguments: list[ast.expr] = [ast.Name(o, ast.Load()) for o in self.operands]
        self.formula = ast.Call(ast.Name(name, ast.Load()), arguments, [])

    def __repr__(self) -> str:
        return f"<{self.name}: {self.value.text}>"

    def __reduce_ex__(self, protocol: object) -> tuple[Callable[[str], Choice], tuple[str]]:
        return _find_row, (self.name,)

    def holds(self, a: float, b: float) -> bool:
        """Return whether the comparison of this row is true for two floats."""
        out: float = self.evaluate(a, b, 1.0, 0.0)[0]
        return out == 1.0


def _make_choice(sign: str) -> Choice:
    condition = f"a {sign} b"
    partials = {"x": f"1 if {condition} else 0", "y": f"0 if {condition} else 1"}
    return Choice(f"choice_{_NAMES[sign]}", f"x if {condition} else y", ("a", "b"), partials, sign)


_NAMES = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}

CHOICES: Mapping[str, Choice] = {
    comparison.code: _make_choice(comparison.code) for comparison in COMPARISONS.values()
}
"""The choice ``x if a < b else y`` for each comparison."""

HELD = Choice("held", "x", ("x",), {})
"""The number of an operand, which nothing is differentiated by: that of `stop_gradient`."""


def _find_row(name: str) -> Choice:
    return next(row for row in (*CHOICES.values(), HELD) if row.name == name)

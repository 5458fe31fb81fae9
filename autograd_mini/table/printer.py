"""The base of the printers of formulas, which writes parentheses only where they are needed."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod

__all__ = ["Printer"]


class Printer(ABC):
    """Prints the tree of a formula."""

    # The precedence of a printed formula; an operand of lower precedence gets parentheses.
    CONDITIONAL, OR, AND, COMPARE, SUM, PRODUCT, MINUS, POWER, ATOM = range(9)

    def text(self, node: ast.expr) -> str:
        """Return a formula as text."""
        return self.print(node)[0]

    def within(self, node: ast.expr, precedence: int) -> str:
        """Return an operand as text, in parentheses if its own precedence is lower."""
        text, own = self.print(node)
        return text if own >= precedence else self.parenthesize(text)

    def parenthesize(self, text: str) -> str:
        """Return a formula in parentheses."""
        return f"({text})"

    @abstractmethod
    def print(self, node: ast.expr) -> tuple[str, int]:
        """Return a formula as text, and its precedence."""

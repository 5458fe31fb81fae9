"""What the printers of formulas share: parentheses where they are needed, and nowhere else."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod

__all__ = ["Printer"]


class Printer(ABC):
    """Prints the tree of a formula."""

    # How tightly a printed piece holds together; an operand that holds less gets parentheses.
    CONDITIONAL, OR, AND, COMPARE, SUM, PRODUCT, MINUS, POWER, ATOM = range(9)

    def text(self, node: ast.expr) -> str:
        """Return a formula as text."""
        return self.print(node)[0]

    def within(self, node: ast.expr, strength: int) -> str:
        """Return an operand as text, in parentheses unless it holds together so tightly."""
        text, own = self.print(node)
        return text if own >= strength else self.parenthesize(text)

    def parenthesize(self, text: str) -> str:
        """Return a piece in parentheses."""
        return f"({text})"

    @abstractmethod
    def print(self, node: ast.expr) -> tuple[str, int]:
        """Return a formula as text, and how tightly that holds together."""

"""How an explanation is written: its notation, in Unicode or LaTeX, and its pieces."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from autograd_mini.table.languages import as_latex, as_text, name_as_latex, name_as_text
from autograd_mini.views.explanation.algebra import SHOWN
from autograd_mini.views.explanation.chain import Factor

__all__ = ["Equation", "Group", "Latex", "Notation", "Piece", "PlainText", "Sentence", "Table"]


class Notation(ABC):
    """Mathematics in one of its written forms."""

    times: str
    to: str
    dots: str
    quarter: str

    def __init__(self, digits: int) -> None:
        self.digits = digits

    def number(self, value: float) -> str:
        """Return a number with the digits that are shown."""
        return self.signed(f"{value + 0.0:.{self.digits}g}")  # which makes 0 of -0

    def numbers(self, values: Iterable[float]) -> str:
        """Return a product of numbers, each in parentheses."""
        return "".join(self.parenthesised(self.number(value)) for value in values)

    def product(self, pieces: Iterable[str]) -> str:
        """Return a product of pieces; one that begins with a minus sign is first or enclosed."""
        first, *others = pieces
        return self.times.join([first, *map(self.enclosed, others)])

    def symbols(self, factors: Sequence[Factor]) -> str:
        """Return the product of factors in symbols."""
        alone = len(factors) == 1
        return self.product(self.formula(one.formula, factor=not alone) for one in factors)

    def sum(self, values: Iterable[float]) -> str:
        """Return a sum of numbers."""
        first, *others = map(self.number, values)
        return self.shortened_sum([first, *map(self.enclosed, others)])

    def shortened_sum(self, terms: Sequence[str]) -> str:
        """Return a sum, the middle of a long one left out."""
        if len(terms) > SHOWN:
            terms = [*terms[: SHOWN - 2], self.dots, terms[-1]]
        return " + ".join(terms)

    def enclosed(self, text: str) -> str:
        """Return a piece of mathematics, in parentheses if it begins with a minus sign."""
        return self.parenthesised(text) if text[0] in "-−" else text

    def chain(self, factors: Iterable[Factor]) -> str:
        """Return the product of factors as partial derivatives."""
        return self.times.join(self.partial(one.of, one.wrt) for one in factors)

    @abstractmethod
    def words(self, text: str) -> str:
        """Return plain words where mathematics is expected."""

    @abstractmethod
    def signed(self, number: str) -> str:
        """Return a number that Python has formatted."""

    @abstractmethod
    def parenthesised(self, text: str) -> str:
        """Return a piece of mathematics in parentheses."""

    @abstractmethod
    def name(self, name: str) -> str:
        """Return the name of a Value."""

    @abstractmethod
    def partial(self, of: str, wrt: str) -> str:
        """Return a partial derivative of a Value with respect to another, by their names."""

    @abstractmethod
    def formula(self, tree: ast.expr, *, factor: bool = False) -> str:
        """Return a formula; as a ``factor``, a sum has parentheses."""


class PlainText(Notation):
    """Mathematics in Unicode."""

    times = " · "
    to = " → "
    dots = "…"
    quarter = "¼"

    def words(self, text: str) -> str:
        return text

    def signed(self, number: str) -> str:
        return number.replace("-", "−").replace("inf", "∞").replace("nan", "NaN")

    def parenthesised(self, text: str) -> str:
        return f"({text})"

    def name(self, name: str) -> str:
        return name_as_text(name)

    def partial(self, of: str, wrt: str) -> str:
        return f"∂{name_as_text(of)}/∂{name_as_text(wrt)}"

    def formula(self, tree: ast.expr, *, factor: bool = False) -> str:
        return as_text(tree, factor=factor)


class Latex(Notation):
    """Mathematics in LaTeX."""

    times = r" \cdot "
    to = r" \to "
    dots = r"\cdots"
    quarter = r"\tfrac{1}{4}"

    def words(self, text: str) -> str:
        return rf"\text{{{text}}}"

    def signed(self, number: str) -> str:
        mantissa, _, exponent = number.replace("inf", r"\infty").partition("e")
        if "nan" in number:
            return r"\text{NaN}"
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa

    def parenthesised(self, text: str) -> str:
        return rf"\left({text}\right)"

    def name(self, name: str) -> str:
        return name_as_latex(name)

    def partial(self, of: str, wrt: str) -> str:
        return rf"\frac{{\partial {name_as_latex(of)}}}{{\partial {name_as_latex(wrt)}}}"

    def formula(self, tree: ast.expr, *, factor: bool = False) -> str:
        return as_latex(tree, factor=factor)


class Equation(NamedTuple):
    """What is on the left, and what it is equal to, and equal to; in one line, or line by line."""

    left: str
    right: Sequence[str]
    sign: str = "="
    now: str = ""
    in_a_line: bool = False

    def text(self) -> str:
        right = _without_repetition(self.right)
        space = " " if self.in_a_line else "\n" + " " * (len(self.left) + 1)
        first, *others = right
        lines = [f"{self.left} {self.sign} {first}", *(f"= {one}" for one in others)]
        return space.join(lines) + (f", now {self.now}" if self.now else "")

    def latex(self) -> str:
        first, *others = _without_repetition(self.right)
        new_line = " = " if self.in_a_line else r" \\ &= "
        now = rf",\ \text{{now }} {self.now}" if self.now else ""
        text = rf"{self.left} &{self.sign} {new_line.join([first, *others])}{now}"
        return rf"\begin{{aligned}} {text} \end{{aligned}}"


class Sentence(NamedTuple):
    """Words, with pieces of mathematics at every second place."""

    pieces: Sequence[str]

    def text(self) -> str:
        return "".join(self.pieces)

    def latex(self) -> str:
        words = (rf"\text{{{piece}}}" if piece else "" for piece in self.pieces[::2])
        mathematics = [*self.pieces[1::2], ""]
        return "".join(f"{w}{m}" for w, m in zip(words, mathematics, strict=False))


class Table(NamedTuple):
    """Rows of mathematics under a heading in words."""

    heading: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        lines = [self.heading, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)

    def latex(self) -> str:
        heading = [rf"\text{{{one}}}" if one else "" for one in self.heading]
        lines = r" \\[1ex] ".join(" & ".join(line) for line in [heading, *self.rows])
        return rf"\begin{{array}}{{{'l' * len(heading)}}} {lines} \end{{array}}"


class Group(NamedTuple):
    """Equations, each in a line, that belong to what stands above them."""

    head: Equation | Sentence
    equations: Sequence[Equation]

    def text(self) -> str:
        return "\n    ".join(one.text() for one in [self.head, *self.equations])

    def latex(self) -> str:
        return r" \\ \quad ".join(one.latex() for one in [self.head, *self.equations])


Piece: TypeAlias = Equation | Sentence | Table | Group


def _without_repetition(texts: Sequence[str]) -> list[str]:
    """Return texts without those that are the same as the one before."""
    return [text for i, text in enumerate(texts) if i == 0 or text != texts[i - 1]]

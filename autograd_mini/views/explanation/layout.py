"""The pieces of an explanation, and their layout as text and as LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple, TypeAlias

__all__ = ["Equation", "Group", "Piece", "Sentence", "Table"]


class Equation(NamedTuple):
    """A left side and the expressions that it is equal to, in a line or line by line."""

    left: str
    right: Sequence[str]
    sign: str = "="
    now: str = ""
    in_a_line: bool = False

    def text(self) -> str:
        first, *others = self._drop_repetitions()
        space = " " if self.in_a_line else "\n" + " " * (len(self.left) + 1)
        lines = [f"{self.left} {self.sign} {first}", *(f"= {other}" for other in others)]
        return space.join(lines) + (f", now {self.now}" if self.now else "")

    def latex(self) -> str:
        first, *others = self._drop_repetitions()
        new_line = " = " if self.in_a_line else r" \\ &= "
        now = rf",\ \text{{now }} {self.now}" if self.now else ""
        text = rf"{self.left} &{self.sign} {new_line.join([first, *others])}{now}"
        return rf"\begin{{aligned}} {text} \end{{aligned}}"

    def _drop_repetitions(self) -> list[str]:
        return [text for text, _ in groupby(self.right)]


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
        heading = [rf"\text{{{words}}}" if words else "" for words in self.heading]
        lines = r" \\[1ex] ".join(" & ".join(line) for line in [heading, *self.rows])
        return rf"\begin{{array}}{{{'l' * len(heading)}}} {lines} \end{{array}}"


class Group(NamedTuple):
    """Equations, each in a line, under the equation or sentence that they belong to."""

    head: Equation | Sentence
    equations: Sequence[Equation]

    def text(self) -> str:
        return "\n    ".join(piece.text() for piece in [self.head, *self.equations])

    def latex(self) -> str:
        return r" \\ \quad ".join(piece.latex() for piece in [self.head, *self.equations])


Piece: TypeAlias = Equation | Sentence | Table | Group

"""The pieces of an explanation, and their layout as text, as LaTeX and as HTML.

The mathematics in a piece is written for the layout that is asked for: in plain text, LaTeX, or
MathML.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple, TypeAlias

__all__ = ["Equation", "Givens", "Group", "Piece", "Sentence", "Table", "make_page"]

_WIDTH = 100
"""What is given goes on in a new line of text from this width on."""
_IN_A_ROW = 5
"""In LaTeX, it goes on in a new line after so many equations."""


class Equation(NamedTuple):
    """A left side and the expressions that it is equal to, in a line or line by line."""

    left: str
    right: Sequence[str]
    sign: str = "="
    now: str = ""
    in_a_line: bool = False

    def text(self) -> str:
        space = " " if self.in_a_line else "\n" + " " * (len(self.left) + 1)
        return space.join(self._list_sides()) + (f", now {self.now}" if self.now else "")

    def latex(self) -> str:
        first, *others = self._drop_repetitions()
        new_line = " = " if self.in_a_line else r" \\ &= "
        text = rf"{self.left} &{self.sign} {new_line.join([first, *others])}{self._latex_now()}"
        return rf"\begin{{aligned}} {text} \end{{aligned}}"

    def lines(self) -> list[str]:
        sides = self._list_sides()
        return [" ".join(sides) + self._latex_now()] if self.in_a_line else sides

    def html(self) -> str:
        first, *others = (f"<mo>=</mo>{text}" for text in self._drop_repetitions())
        if self.sign != "=":
            first = first.replace("=", self.sign, 1)
        if self.in_a_line:
            now = f", now {_math(self.now)}" if self.now else ""
            return f"<div>{_math(self.left, first, *others)}{now}</div>"
        rows = "<span></span>".join(map(_math, [first, *others]))
        return f'<div class="equation">{_math(self.left)}{rows}</div>'

    def _list_sides(self) -> list[str]:
        first, *others = self._drop_repetitions()
        return [f"{self.left} {self.sign} {first}", *(f"= {other}" for other in others)]

    def _drop_repetitions(self) -> list[str]:
        return [text for text, _ in groupby(self.right)]

    def _latex_now(self) -> str:
        return rf",\ \text{{now }} {self.now}" if self.now else ""


class Sentence(NamedTuple):
    """Words, with pieces of mathematics at every second place."""

    pieces: Sequence[str]

    @classmethod
    def of(cls, template: str, *mathematics: str) -> Sentence:
        """Return a sentence with mathematics in each place of its template."""
        first, *words = template.split("{}")
        pairs = zip(mathematics, words, strict=True)
        return cls((first, *(piece for pair in pairs for piece in pair)))

    def text(self) -> str:
        return "".join(self.pieces)

    def latex(self) -> str:
        words = (rf"\text{{{piece}}}" if piece else "" for piece in self.pieces[::2])
        mathematics = [*self.pieces[1::2], ""]
        return "".join(f"{w}{m}" for w, m in zip(words, mathematics, strict=False))

    def lines(self) -> list[str]:
        return [self.latex()]

    def html(self) -> str:
        parts = (
            _math(piece) if i % 2 else html.escape(piece) for i, piece in enumerate(self.pieces)
        )
        return f"<div>{''.join(parts)}</div>"


class Givens(NamedTuple):
    """The numbers that the equations begin with, one after the other."""

    equations: Sequence[Equation]

    def text(self) -> str:
        lines = ["with "]
        for i, equation in enumerate(self.equations):
            item = equation.text() + ("," if i + 1 < len(self.equations) else "")
            if lines[-1].strip() and len(lines[-1]) + len(item) >= _WIDTH:
                lines.append("    ")
            lines[-1] += item if lines[-1] == "with " else f" {item}"
        return "\n".join(lines)

    def latex(self) -> str:
        lines = r",\\ ".join(self.lines())
        return rf"\begin{{array}}{{l}} \text{{with }} {lines} \end{{array}}"

    def lines(self) -> list[str]:
        items = [line for equation in self.equations for line in equation.lines()]
        starts = range(0, len(items), _IN_A_ROW)
        return [r",\quad ".join(items[start : start + _IN_A_ROW]) for start in starts]

    def html(self) -> str:
        items = ", ".join(
            _math(equation.left, *(f"<mo>=</mo>{text}" for text in equation.right))
            for equation in self.equations
        )
        return f"<div>with {items}</div>"


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

    def lines(self) -> list[str]:
        return [r" \quad ".join(filter(None, row)) for row in self.rows]

    def html(self) -> str:
        heading = "".join(f"<th>{html.escape(words)}</th>" for words in self.heading)
        rows = (
            "".join(f"<td>{_math(cell) if cell else ''}</td>" for cell in row) for row in self.rows
        )
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table>"


class Group(NamedTuple):
    """Pieces, each in a line, under the equation or sentence that they belong to."""

    head: Equation | Sentence
    pieces: Sequence[Equation | Sentence]

    def text(self) -> str:
        return "\n    ".join(piece.text() for piece in [self.head, *self.pieces])

    def latex(self) -> str:
        return r" \\ \quad ".join(piece.latex() for piece in [self.head, *self.pieces])

    def lines(self) -> list[str]:
        return [line for piece in [self.head, *self.pieces] for line in piece.lines()]

    def html(self) -> str:
        inner = "".join(piece.html() for piece in self.pieces)
        return f'<div>{self.head.html()}<div class="group">{inner}</div></div>'


Piece: TypeAlias = Equation | Givens | Group | Sentence | Table


def make_page(text: str, pieces: Sequence[Piece]) -> str:
    """Return an explanation in HTML, with its plain text for where no MathML can be shown.

    A notebook that is not trusted loses every element of MathML but not the letters in it, and
    also the style: so the text is what is shown there, and the style brings out the mathematics.
    """
    mathematics = "".join(piece.html() for piece in pieces)
    return (
        f'<div class="autograd-explanation mathjax_ignore tex2jax_ignore"><style>{_STYLE}</style>'
        f"<pre>{html.escape(text)}</pre>"
        f'<div hidden="hidden" style="display: none">{mathematics}</div></div>'
    )


_STYLE = """
@supports (math-style: normal) {
  .autograd-explanation > pre { display: none !important; }
  .autograd-explanation > div { display: block !important; overflow-x: auto; }
}
.autograd-explanation > div > * { margin: 0.7em 0; }
.autograd-explanation > div math {
  font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Math TeX Gyre", math;
}
.autograd-explanation > div table :is(td, th) { padding: 0.1em 0.6em; text-align: left !important; }
.autograd-explanation .equation {
  display: grid; grid-template-columns: max-content 1fr; gap: 0.3em; align-items: baseline;
}
.autograd-explanation .equation math { justify-self: start; }
.autograd-explanation .group { padding-left: 2em; }
.autograd-explanation .group > * { margin: 0.6em 0; }
"""


def _math(*elements: str) -> str:
    return f'<math displaystyle="true">{"".join(elements)}</math>'

"""`Explanation`: what is explained, and how a notebook or a slide shows it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

from autograd_mini.table.mathml import MathML
from autograd_mini.table.notation import Latex, Unicode
from autograd_mini.views.explanation.definitions import Definitions
from autograd_mini.views.explanation.layout import Piece, make_page

__all__ = ["Explanation"]

Notation = TypeVar("Notation", bound=Unicode)


class Explanation(ABC):
    """The chain rule of a graph: ``print`` it, or let a notebook show it.

    Attributes:
        root: the name of the result that is differentiated.
        wrt: the name of the Value that it is differentiated by; None for all Values.
        value: the derivative; 1 for all Values.
        adjoints: the derivative by each Value on the paths, by name, from the result back.
    """

    root: str
    wrt: str | None
    value: float
    adjoints: dict[str, float]

    def __init__(self, definitions: Definitions, *, digits: int) -> None:
        self._definitions, self._digits = definitions, digits

    @abstractmethod
    def _write(self, notation: Unicode) -> Iterator[Piece]:
        """Yield the steps of the explanation in a notation."""

    def _pieces(self, kind: type[Unicode]) -> list[Piece]:
        """Return the explanation, with what the symbols in it stand for."""
        definitions = self._definitions
        notation = kind(self._digits, definitions.names, definitions.symbols)
        return [
            *definitions.tell_changes(notation),
            *definitions.write_givens(notation),
            *self._write(notation),
        ]

    def __str__(self) -> str:
        return "\n\n".join(piece.text() for piece in self._pieces(Unicode))

    __repr__ = __str__

    @property
    def lines(self) -> list[str]:
        """The steps as LaTeX for mathematics mode, one string each, as slides need them."""
        return [line for piece in self._pieces(Latex) for line in piece.lines()]

    def latex(self) -> str:
        """Return the explanation as LaTeX text for mathematics mode."""
        pieces = [piece.latex() for piece in self._pieces(Latex)]
        if len(pieces) == 1:
            return pieces[0]
        lines = r" \\[3ex] ".join(pieces)
        return rf"\begin{{array}}{{l}} {lines} \end{{array}}"

    def _repr_mimebundle_(
        self,
        include: Collection[str] | None = None,  # noqa: ARG002 - the notebook chooses itself
        exclude: Collection[str] | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        text = str(self)
        return {
            "text/plain": text,
            "text/html": make_page(text, self._pieces(MathML)),
            "text/latex": f"$${self.latex()}$$",
        }

"""Labels of operations in a drawing: a sign, a name or a formula, with every constant in it."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection, Iterator, Mapping

from autograd_mini.engines import Operand, Value
from autograd_mini.engines.graph import Graph
from autograd_mini.programs.row import RecordedFunction
from autograd_mini.programs.sample import Comparison
from autograd_mini.table.notation import Unicode
from autograd_mini.table.rules import ARITHMETIC
from autograd_mini.views.constants import Constant, Use
from autograd_mini.views.explanation.chain import Formulas

__all__ = ["Labels"]

_WIDTH = 28
"""A longer label has several lines."""
_LONGEST = 12_000
"""A longer text under the mouse loses its end."""
_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
_INFIX = {infix.row for infix in ARITHMETIC.values()}


class Labels:
    """Labels of the operations of a graph.

    Args:
        names: what the Values are called.
        boxes: the constants that have a box, and stand in no label.
        digits: how many significant digits a constant has.
    """

    def __init__(
        self, names: Mapping[Value, str], boxes: Mapping[Use, Constant], *, digits: int
    ) -> None:
        self.notation = _Notation(digits)
        self.names = names
        self.boxes = boxes

    def write(self, node: Value) -> list[str]:
        """Return the lines of the label of the operation that made a node."""
        assert node.op is not None
        operands = [self._read(node, i) for i in range(len(node.operands))]
        if isinstance(node.op, RecordedFunction):
            return _wrap(self.notation.formula(Formulas(self.names).definition(node)))
        if not node.op.nary:
            return self._write_call(node, operands)
        given = dict(zip(node.op.operands, node.op.arrange(operands), strict=True))
        match node.op.operands:
            case ("x",) if node.op.label == "Σ":
                return _wrap(" ".join(["Σ", *map(self._add, _constants(given["x"]))]))
            case ("w", "x", *_):
                pairs = zip(given["w"], given["x"], strict=True)
                terms = [
                    f"{self._write(w)}·{self._write(x)}"
                    for w, x in pairs
                    if isinstance(w, float) or isinstance(x, float)
                ]
                # Without a bias, dot adds 0.0.
                bias = [b for b in _constants([given.get("b", 0.0)]) if repr(b) != "0.0"]
                return [node.op.label, *_wrap(", ".join([*terms, *map(self._add, bias)]))]
            case ("x", "y"):
                beside = ", ".join(map(self._write, _constants(given["x"])))
                of = f"of {self._write(given['y'])}"
                return [node.op.label, *_wrap(f"{of} beside {beside}" if beside else of)]
        beside = ", ".join(map(self._write, _constants(given["x"])))
        return [node.op.label, *_wrap(f"with {beside}" if beside else "")]

    def write_exactly(self, node: Value) -> str:
        """Return the formula of an operation, and its constants with all digits.

        Graphviz refuses a text of more than 16 384 characters, so the last ones may be missing.
        """
        assert node.op is not None
        parts = [f"{node.op.name}: {ast.unparse(node.op.formula)}"]
        slots = node.op.slots(len(node.operands))
        for position, ((name, place), operand) in enumerate(zip(slots, node.operands, strict=True)):
            if isinstance(operand, float) and (node, position) not in self.boxes:
                parts.append(f"{name if place is None else f'{name}[{place}]'} = {operand!r}")
        text = "; ".join(parts)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rpartition(';')[0]}; …"

    def write_formula(self, node: Value, folded: Collection[Value]) -> tuple[list[str], str]:
        """Return the lines of the formula of a node, and the formula with all digits as code.

        The folded Values are expressions in it.
        """
        tree = Formulas(self.names, folded).definition(node)
        return _wrap(self.notation.formula(tree)), ast.unparse(tree)

    def write_comparison(self, comparison: Comparison, folded: Collection[Value]) -> str:
        """Return a comparison that is true, or "not" and one that is not.

        What has no box in the drawing is written as a formula.
        """
        sides = comparison.x, comparison.y
        graph = Graph(*(side for side in sides if isinstance(side, Value)))
        names = {node: node.name or "…" for node in graph.leaves} | dict(self.names)
        hidden = {node for node in graph.order if node not in names or node in folded}
        formulas = Formulas(names, hidden)
        x, y = (self.notation.formula(formulas.of(side)) for side in sides)
        text = f"{x} {_SIGNS[comparison.sign]} {y}"
        return text if comparison.outcome else f"not {text}"

    def _read(self, node: Value, position: int) -> Operand | Constant:
        """Return an operand, or the constant with a box that stands for it."""
        return self.boxes.get((node, position), node.operands[position])

    def _write_call(self, node: Value, operands: list[Operand | Constant]) -> list[str]:
        assert node.op is not None
        label = node.op.label
        if not any(isinstance(operand, float) for operand in operands):
            return [label]
        if node.op.name in _INFIX:
            left, right = (self._write(o) if isinstance(o, float) else "" for o in operands)
            return [f"{left} {label} {right}".strip()]
        inside = ", ".join(self._write(o) if isinstance(o, float) else "·" for o in operands)
        return [f"{label}({inside})"]

    def _write(self, operand: Operand | Constant) -> str:
        if isinstance(operand, float):
            return self.notation.number(operand)
        name = operand.name if isinstance(operand, Constant) else self.names[operand]
        return self.notation.name(name)

    def _add(self, constant: float) -> str:
        text = self.notation.number(constant)
        minus = self.notation.minus
        return f"{minus} {text.removeprefix(minus)}" if text.startswith(minus) else f"+ {text}"


class _Notation(Unicode):
    """Prints a formula whose constants have as many digits as numbers."""

    def constant(self, text: str) -> tuple[str, int]:
        number = self.number(float(text))
        return number, self.POWER if "e" in number else self.ATOM


def _constants(operands: object) -> Iterator[float]:
    assert isinstance(operands, list | tuple)
    return (operand for operand in operands if isinstance(operand, float))


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)

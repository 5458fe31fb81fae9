"""What case of a function applies at the recorded numbers, in a sentence: a branch, or a kink."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import Any

from autograd_mini.engines.graph import Edge
from autograd_mini.engines.node import numbers_of
from autograd_mini.engines.python_function import PythonFunction
from autograd_mini.programs.row import RecordedFunction
from autograd_mini.table.notation import Unicode
from autograd_mini.table.primitives import Primitive
from autograd_mini.views.explanation.chain import Formulas
from autograd_mini.views.explanation.layout import Sentence
from autograd_mini.views.explanation.rewriting import tidy

__all__ = ["tell_case"]


def tell_case(formulas: Formulas, edge: Edge, notation: Unicode) -> Sentence | None:
    """Return a sentence about the case that gives the slope along an edge; None without cases.

    Where the cases meet is what the row says by its kink.
    """
    node = edge.node
    row = node.op
    if isinstance(row, RecordedFunction):
        words = "{} and its derivatives are results of a recorded program."
        return Sentence.of(words, notation.formula(formulas.definition(node)))
    if isinstance(row, PythonFunction):
        trees = [formulas.definition(node), formulas.partial(edge)]
        slope = notation.number(edge.partial)
        words = "{} is a custom function, whose partials gave {} as {}."
        return Sentence.of(words, *map(notation.formula, trees), slope)
    if row is None or row.kink is None:
        return None
    numbers = [numbers_of(operand) for operand in row.arrange(node.operands)]
    distance = row.distance_to_kink(numbers_of(node.operands))
    if math.isnan(distance):
        return None
    function = formulas.definition(node)
    if _has_sides(row.kink.tree):
        condition = _compare(tidy(formulas.apply(row.kink.tree, node)), distance)
        if condition is None:
            return None
        place, mathematics = "At {}", [notation.formula(condition), notation.formula(function)]
    elif distance:
        return None
    else:
        place, mathematics = "Here", [notation.formula(function)]
    by = ""
    if len(node.operands) > 1:
        by = " by {}"
        mathematics.append(notation.formula(formulas.of(edge.operand)))
    slope = notation.number(edge.partial)
    if distance:
        is_flat = edge.partial == 0 and not by
        words = "{} is flat: its slope" if is_flat else f"the slope of {{}}{by}"
        return Sentence.of(f"As {{}}, {words} is {{}}.", *mathematics, slope)
    sides = _look_at_sides(row, numbers)
    if sides is None:
        return Sentence.of(
            f"{place}, {{}} has a kink; of its slopes{by}, {{}} is taken.", *mathematics, slope
        )
    (low, before), (high, after) = sides
    slot, _ = row.slots(len(node.operands))[edge.position]
    at = row.operands.index(slot)
    if abs(high - low) > 1e-6 * max(1.0, abs(high)):
        words = f"{place}, {{}} jumps, so it has no slope{by}; {{}} is taken."
        return Sentence.of(words, *mathematics, slope)
    if math.isclose(before[at], after[at], rel_tol=1e-9, abs_tol=1e-300):
        return None
    ends = map(notation.number, sorted([before[at], after[at]]))
    _, partials = row.evaluate(*numbers)
    why = ", as in the subgradient of least norm" if _is_least(partials, before, after) else ""
    words = (
        f"{place}, {{}} has a kink: its slope{by} jumps between {{}} and {{}}, and {{}} is taken"
    )
    return Sentence.of(f"{words}{why}.", *mathematics, *ends, slope)


def _has_sides(kink: ast.expr) -> bool:
    """Return whether a kink is where an operand passes zero or another one, as for relu."""
    return isinstance(kink, ast.Name | ast.BinOp) and not any(
        isinstance(part, ast.Call) for part in ast.walk(kink)
    )


def _compare(kink: ast.expr, distance: float) -> ast.expr | None:
    """Return how the two sides of a kink compare, such as x < y; None if they are the same."""
    left: ast.expr = kink
    right: ast.expr = ast.Constant(0)
    if isinstance(kink, ast.BinOp) and isinstance(kink.op, ast.Sub):
        left, right = kink.left, kink.right
    if ast.dump(left) == ast.dump(right):
        return None
    op: ast.cmpop = ast.Lt() if distance < 0 else ast.Gt() if distance > 0 else ast.Eq()
    return ast.Compare(left, [op], [right])


def _look_at_sides(row: Primitive, numbers: Sequence[Any]) -> Any:
    """Return the value and the partial derivatives on both sides of a kink.

    None for operands in sequences: how to step off their kink is not known.
    """
    first, *others = numbers
    if row.nary:
        return None
    return [row.evaluate(math.nextafter(first, end), *others) for end in (-math.inf, math.inf)]


def _is_least(taken: Sequence[float], before: Sequence[float], after: Sequence[float]) -> bool:
    """Return whether, between two slopes in several directions, the least in size is taken."""
    step = [b - a for a, b in zip(before, after, strict=True)]
    along = -sum(a * s for a, s in zip(before, step, strict=True)) / sum(s * s for s in step)
    share = min(max(along, 0.0), 1.0)
    least = [a + share * s for a, s in zip(before, step, strict=True)]
    return all(math.isclose(t, x, abs_tol=1e-9) for t, x in zip(taken, least, strict=True))

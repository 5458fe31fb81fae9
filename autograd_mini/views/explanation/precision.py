"""How many digits the numbers in a formula need, so that a reader gets its result from them."""

from __future__ import annotations

import ast
import math
from copy import deepcopy

from autograd_mini.table.arithmetic import IEEE
from autograd_mini.views.explanation.algebra import name, number

__all__ = ["find_digits"]

_MOST = 17
"""Every float has this many digits at most."""


def find_digits(tree: ast.expr, result: float, digits: int) -> int:
    """Return how many digits the numbers in a formula need; ``digits`` if these are enough.

    Where numbers cancel, as in 1 − 0.9999907², four digits would give 0. They are enough if the
    result has an error of no more than a unit in the last place but one.

    >>> find_digits(ast.parse("1 - 0.9999907 ** 2", mode="eval").body, 1.86e-05, 4)
    7
    """
    names = {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)}
    functions = {part.func for part in ast.walk(tree) if isinstance(part, ast.Call)}
    names -= {part.id for part in functions if isinstance(part, ast.Name)}
    if names - {"pi"} or not math.isfinite(result):
        return digits
    bound = abs(result) * 10.0 ** (2 - digits)
    for more in range(digits, _MOST + 1):
        shown: ast.expr = _Rounding(more).visit(deepcopy(tree))
        error = ast.Call(name("abs"), [ast.BinOp(shown, ast.Sub(), number(result))], [])
        near = ast.Compare(error, [ast.LtE()], [number(bound)])
        try:
            if IEEE.holds(near, {"pi": math.pi}):
                return more
        except LookupError:  # a function that is no elementary function
            break
    return digits


class _Rounding(ast.NodeTransformer):
    def __init__(self, digits: int) -> None:
        self.digits = digits

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, float):
            return ast.Constant(float(f"{node.value:.{self.digits}g}"))
        return node

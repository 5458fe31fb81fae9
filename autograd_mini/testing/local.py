"""The local derivatives of an operation by a complex step, and its kinks.

For a small h, Im f(x + ih) / h is f′(x), and nothing cancels (Squire and Trapp, *Using complex
variables to estimate derivatives of real functions*, SIAM Review 40, 1998). It differentiates the
value of a row; the derivative rule plays no part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd_mini.engines import Value
from autograd_mini.engines.node import numbers_of
from autograd_mini.table.arithmetic import COMPLEX, Arithmetic
from autograd_mini.table.primitives import Primitive

__all__ = ["complex_slope", "differentiate", "one_term", "slopes"]

_STEP = 1e-200
_UNDERFLOW_LIMIT = 1e-90  # times the step, this is still a normal number
_MIN_SLOPE = 1e-80  # such a slope does not underflow
_MIN_OPERAND = 1e-150  # the step is far smaller than such an operand
_MAX_OPERAND = 1e80


def slopes(node: Value) -> list[float | None] | None:
    """Return the partial derivatives of a node for its operands by a complex step, in floats.

    None stands for an operand that is a constant. On a kink, and if a partial derivative is not
    finite, the result has the recorded ones. If complex numbers do not help (at a pole, for erf,
    with a slope that would underflow, with tiny or huge operands), the result is None.
    """
    if any(partial and abs(partial) < _MIN_SLOPE for partial in node.partials):
        return None
    if any(x and not _MIN_OPERAND < abs(x) < _MAX_OPERAND for x in numbers_of(node.operands)):
        return None
    return differentiate(node, COMPLEX, complex_slope, complex)


def complex_slope(f: Callable[[complex], Any], x: float) -> float:
    """Return f′(x) by a complex step; zero if it would underflow."""
    imaginary: float = f(complex(x, _STEP)).imag
    return imaginary / _STEP if abs(imaginary) > _STEP * _UNDERFLOW_LIMIT else 0.0


def differentiate(
    node: Value,
    arithmetic: Arithmetic,
    slope: Callable[[Callable[[Any], Any], float], Any],
    number: Callable[[float], Any],
) -> list[Any] | None:
    """Return the partial derivatives of a node in a kind of number, by slopes of its row's value.

    `slopes` says what the result is where this cannot be done.
    """
    row = node.op
    assert row is not None
    numbers = numbers_of(node.operands)
    partials = node.partials
    on_kink = row.distance_to_kink(numbers) == 0
    if on_kink or not all(p is None or math.isfinite(p) for p in partials):
        return list(partials)
    compute = arithmetic.function(row.value, row.operands)
    if compute is None:
        return None

    def differentiate_by(position: int) -> Any:
        operands, place = one_term(row, numbers, position)
        given = [number(x) for x in operands]

        def f(z: Any) -> Any:
            return compute(*row.arrange([*given[:place], z, *given[place + 1 :]]))

        return slope(f, operands[place])

    try:
        return [None if p is None else differentiate_by(i) for i, p in enumerate(partials)]
    except (ArithmeticError, ValueError):
        return None


def one_term(row: Primitive, numbers: Sequence[Any], position: int) -> tuple[list[Any], int]:
    """Return the operands that a partial derivative depends on, and the place of its own there.

    In a sum, it depends on no other term.
    """
    if not row.is_separable:
        return list(numbers), position
    kept = list(row.term(len(numbers), position).values())
    return [numbers[i] for i in kept], kept.index(position)

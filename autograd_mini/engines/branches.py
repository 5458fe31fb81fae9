"""Sums and products of derivatives, also of those that depend on the branch that a rule takes.

While a computation is recorded, both branches are computed. What depends on a branch that is not
taken has no derivative; but to multiply a zero by the infinite slope of that branch would give a
NaN. So a product with a choice is made inside: a choice between products. This does not reach into
sums of what depends on several choices; a sample where such a sum meets an infinite slope gives a
NaN, and has to be computed without the recording.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from autograd_mini.engines import (
    Choice,
    Operand,
    Value,
    choose,
    is_frozen,
    is_recording,
    number_of,
    operands_aside,
)
from autograd_mini.engines.choices import CHOICES

__all__ = ["add", "decide", "differentiate_choice", "multiply", "settle"]

_ABSENT = -0.0
"""The derivative by a branch that is not taken; to add it changes no number."""

_DEEPEST = 8
"""Choices that are nested deeper, as for the largest of many numbers, are multiplied as a whole."""


class _Branches(NamedTuple):
    """What a choice chooses from, and by which comparison of which operands."""

    comparison: str
    a: Operand
    b: Operand
    x: Operand
    y: Operand

    @classmethod
    def read(cls, value: Operand) -> _Branches | None:
        """Return the branches of a choice of the present recording; None for another operand."""
        if not isinstance(value, Value) or not isinstance(value.op, Choice):
            return None
        aside = operands_aside(value)
        if len(aside) != 2:
            return None
        return cls(value.op.comparison, *aside, *value.operands[2:])

    def make(self, x: Operand, y: Operand) -> Operand:
        """Return the choice between other numbers."""
        return x if x is y else choose(*self[:3], x, y)

    def is_alike(self, other: _Branches) -> bool:
        """Return whether another choice is made by the same comparison."""
        sides = zip(self[1:3], other[1:3], strict=True)
        return self.comparison == other.comparison and all(
            one is another or (type(one) is type(another) is float and one == another)
            for one, another in sides
        )


def _read_branches(value: Operand) -> _Branches | None:
    """Return the branches of a choice that is not too deep and has a plain number in it."""
    has_number, depth, level = False, 0, [value]
    while choices := [found for found in map(_Branches.read, level) if found is not None]:
        depth += 1
        level = [branch for choice in choices for branch in choice[3:]]
        has_number = has_number or float in map(type, level)
        if depth > _DEEPEST:
            return None
    return _Branches.read(value) if has_number else None


def decide(
    comparison: str,
    a: Operand,
    b: Operand,
    then: Callable[[], Operand],
    otherwise: Callable[[], Operand],
) -> Operand:
    """Return a branch, or a choice between both if the comparison may have another outcome."""
    if is_frozen(a) or is_frozen(b):
        return choose(comparison, a, b, then(), otherwise())
    return then() if CHOICES[comparison].holds(number_of(a), number_of(b)) else otherwise()


def differentiate_choice(node: Value, position: int) -> Operand:
    """Return the partial derivative of a choice for the operand at a position."""
    branches = _Branches.read(node)
    slopes = [1.0 if position == place else _ABSENT for place in (2, 3)]
    if branches is not None:
        return branches.make(*slopes)
    return slopes[0] if node._partials[2] == 1.0 else slopes[1]  # of a recording that has ended


def multiply(x: Operand, partial: Operand) -> Operand:
    """Return the product; a partial derivative of 0 or 1 makes no node."""
    recording = is_recording()
    if isinstance(partial, float):
        if partial == 1.0:
            return x
        if recording and _is_absent(partial):
            return partial
        if partial == 0.0 and math.isfinite(number_of(x)):
            return 0.0
    if isinstance(x, float):
        if x == 1.0:
            return partial
        if recording and _is_absent(x):
            return x
        if x == 0.0 and math.isfinite(number_of(partial)):
            return 0.0
    if recording:
        if branches := _read_branches(partial):
            return branches.make(multiply(x, branches.x), multiply(x, branches.y))
        if branches := _read_branches(x):
            return branches.make(multiply(branches.x, partial), multiply(branches.y, partial))
    return x * partial


def add(x: Operand | None, y: Operand) -> Operand:
    """Return the sum; nothing, or a zero that is no Value, makes no node."""
    if x is None or (isinstance(x, float) and x == 0.0):
        return y
    if isinstance(y, float) and y == 0.0:
        return x
    if is_recording():
        one, other = _read_branches(x), _read_branches(y)
        if one and other and one.is_alike(other):
            return one.make(add(one.x, other.x), add(one.y, other.y))
    return x + y


def settle(x: Operand) -> Operand:
    """Return a derivative in which that by a branch that is not taken is 0.

    A sweep adds to 0.0, so it never returns -0.0; neither does this.
    """
    if isinstance(x, float):
        return 0.0 if x == 0.0 else x
    if is_frozen(x) or _is_absent(number_of(x)):
        return x + 0.0
    branches = _read_branches(x)
    return x if branches is None else branches.make(settle(branches.x), settle(branches.y))


def _is_absent(x: float) -> bool:
    return x == 0.0 and math.copysign(1.0, x) < 0.0

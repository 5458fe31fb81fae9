"""The table of update rules: the arithmetic of the optimizers, each rule for whole arrays."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

from autograd_mini.table.arithmetic import FLOATS, compile_function
from autograd_mini.table.rules import Rule

__all__ = ["UPDATES", "Update", "UpdateFunction"]

UpdateFunction: TypeAlias = "Callable[..., array[float]]"


class Update:
    """A rule that computes a new array of doubles from others, item by item.

    Call it with the arrays, or with lists, then with the numbers in the order in which the rule
    names them.

    Args:
        name: the name of the function.
        text: the rule; it is read when it is first used.
        arrays: the names in the rule that stand for arrays, in order; other names are numbers.

    >>> Update("scale", "k * x", arrays="x")([1.0, 2.0], 3.0)
    array('d', [3.0, 6.0])
    """

    def __init__(self, name: str, text: str, *, arrays: str) -> None:
        self.name, self.text, self.arrays = name, text, tuple(arrays.split())

    @cached_property
    def rule(self) -> Rule:
        """The rule."""
        return Rule(self.text)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names in the rule that stand for numbers, in order."""
        return tuple(n for n in self.rule.names if n not in self.arrays)

    @cached_property
    def function(self) -> UpdateFunction:
        """The rule as a function in Python."""
        arrays = ", ".join(f"{name}s" for name in self.arrays)
        lines = [
            f"def {self.name}({', '.join([arrays, *self.numbers])}, /):",
            f"    return array('d', [{FLOATS.text(self.rule)}"
            f" for {', '.join(self.arrays)}, in zip({arrays}, strict=True)])\n",
        ]
        names = {"array": array, **FLOATS.namespace(self.rule.tree)}
        function: UpdateFunction = compile_function(
            "\n".join(lines), name=self.name, namespace=names
        )
        return function

    def __call__(self, *arrays_and_numbers: Sequence[float] | float) -> array[float]:
        """Return the new array."""
        return self.function(*arrays_and_numbers)


# w is a weight and g its gradient; m and v are means of g and of g², b is a velocity, which the
# optimizer keeps from step to step. A rule gives the new numbers of its first array. The docstrings
# of the optimizers have the formulas and their sources.
UPDATES: Mapping[str, Update] = {
    update.name: update
    for update in (
        Update("decayed", "g + weight_decay * w", arrays="g w"),
        Update("descended", "w - lr * g", arrays="w g"),
        Update("scaled", "factor * w", arrays="w"),
        Update("followed", "w - lr * b", arrays="w b"),
        Update("velocity", "momentum * b + g", arrays="b g"),
        Update("lookahead", "g + momentum * b", arrays="g b"),
        Update("first_moment", "beta * m + fresh * g", arrays="m g"),
        Update("second_moment", "beta * v + fresh * g * g", arrays="v g"),
        Update("normalized", "g / (sqrt(v) + eps)", arrays="g v"),
        # Where all g are nearly the same, rounding may leave less than 0 of the variance.
        Update("standardized", "g / (sqrt(abs(v - m * m)) + eps)", arrays="g v m"),
        Update("adapted", "w - lr * (m / bias) / (sqrt(v) / root + eps)", arrays="w m v"),
    )
}

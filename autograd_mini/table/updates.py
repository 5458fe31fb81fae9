"""The table of update rules: the arithmetic of the optimizers, each rule for whole lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeAlias

from autograd_mini.table.arithmetic import FLOATS, compile_function
from autograd_mini.table.rules import Rule

__all__ = ["UPDATES", "Update", "UpdateFunction"]

UpdateFunction: TypeAlias = Callable[..., list[float]]


class Update:
    """A rule that computes a new list of numbers from other lists, item by item.

    Call it with the lists, then with the numbers in the order in which the rule names them.

    Args:
        name: the name of the function.
        text: the rule; it is read when it is first used.
        lists: the names in the rule that stand for lists, in order; other names are numbers.

    >>> Update("scale", "k * x", lists="x")([1.0, 2.0], 3.0)
    [3.0, 6.0]
    """

    def __init__(self, name: str, text: str, *, lists: str) -> None:
        self.name, self.text, self.lists = name, text, tuple(lists.split())

    @cached_property
    def rule(self) -> Rule:
        """The rule."""
        return Rule(self.text)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names in the rule that stand for numbers, in order."""
        return tuple(n for n in self.rule.names if n not in self.lists)

    @cached_property
    def function(self) -> UpdateFunction:
        """The rule as a function in Python."""
        lists = ", ".join(f"{name}s" for name in self.lists)
        lines = [
            f"def {self.name}({', '.join([lists, *self.numbers])}, /):",
            f"    return [{FLOATS.text(self.rule)}"
            f" for {', '.join(self.lists)}, in zip({lists}, strict=True)]\n",
        ]
        names = FLOATS.namespace(self.rule.tree)
        function: UpdateFunction = compile_function(
            "\n".join(lines), name=self.name, namespace=names
        )
        return function

    def __call__(self, *lists_and_numbers: list[float] | float) -> list[float]:
        """Return the new list."""
        return self.function(*lists_and_numbers)


# w is a weight and g its gradient; m and v are moments, which the optimizer keeps from step to
# step. The docstrings of the optimizers have the formulas and their sources.
UPDATES: Mapping[str, Update] = {
    update.name: update
    for update in (
        Update("decayed", "g + weight_decay * w", lists="g w"),
        Update("descended", "w - lr * g", lists="w g"),
        Update("velocity", "momentum * v + g", lists="v g"),
        Update("lookahead", "g + momentum * v", lists="g v"),
        Update("first_moment", "beta * m + fresh * g", lists="m g"),
        Update("second_moment", "beta * v + fresh * g * g", lists="v g"),
        Update("adapted", "w - lr * (m / bias) / (sqrt(v) / root + eps)", lists="w m v"),
    )
}

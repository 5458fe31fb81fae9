"""The table of update rules: the arithmetic of the optimisers, one rule for a list at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from autograd_mini.table.rules import Rule, compile_function, namespace

__all__ = ["UPDATES", "Update", "UpdateFunction"]

UpdateFunction: TypeAlias = Callable[..., list[float]]


class Update:
    """A rule that makes a new list of numbers from others, item by item.

    Args:
        name: of the function.
        text: the rule.
        lists: those of its names that stand for lists, in order; the others are numbers.

    >>> Update("scale", "k * x", lists="x").python()([1.0, 2.0], 3.0)
    [3.0, 6.0]
    """

    def __init__(self, name: str, text: str, *, lists: str) -> None:
        self.name = name
        self.rule = Rule(text)
        self.lists = tuple(lists.split())
        self.numbers = tuple(n for n in self.rule.names if n not in self.lists)

    def python(self) -> UpdateFunction:
        """Return a function of the lists, then the numbers in their order in the rule."""
        lists = ", ".join(f"{name}s" for name in self.lists)
        items = f"for {', '.join(self.lists)}, in zip({lists}, strict=True)"
        source = (
            f"def {self.name}({', '.join([lists, *self.numbers])}, /):\n"
            f"    return [{self.rule.python()} {items}]\n"
        )
        function: UpdateFunction = compile_function(
            source, name=self.name, namespace=namespace(ieee=False)
        )
        return function


# w is a weight, g its gradient; m and v are what is remembered. The formulas, and where they come
# from, are in the documentation of the optimisers.
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

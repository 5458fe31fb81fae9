"""The leaves of a formula, from ``NAME=NUMBER`` as a user types them."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_mini.arguments import requirement
from autograd_mini.command.formula import Formula, FormulaError
from autograd_mini.engines import Value
from autograd_mini.table.names import as_identifier, name_as_text, shorten_name

__all__ = ["Leaves"]


class Leaves(dict[str, Value]):
    """A leaf for each name of a formula that got a number.

    A name can be typed as the views show it, and a number as a formula of numbers.

    Raises:
        FormulaError: an assignment is not NAME=NUMBER, or has a name that the formula has not.

    >>> Leaves(Formula("alpha*x"), ["α=1/4"])["alpha"].data
    0.25
    """

    def __init__(self, formula: Formula, assignments: Sequence[str]) -> None:
        super().__init__()
        own = {name: name for name in formula.names}
        self._names = {**{name_as_text(name): name for name in own}, **own}
        if any(text.startswith("=") or text.endswith("=") for text in assignments):
            together, way_out = " ".join(assignments), "write no spaces around ="
            raise FormulaError(requirement("assignment", "NAME=NUMBER", together, way_out))
        for assignment in assignments:
            typed, sign, text = assignment.partition("=")
            if not sign:
                raise FormulaError(requirement("assignment", "NAME=NUMBER", assignment))
            name = self._find_name(typed, argument=f"{assignment}: name")
            if name in self:
                raise FormulaError(f"{name} must be given once, got {assignment} too")
            self[name] = Value(_read_number(text, assignment), name=name)

    def find(self, typed: str, *, argument: str) -> Value:
        """Return the leaf of a name that was typed; ``argument`` is for the error."""
        name = self._find_name(typed.strip(), argument=argument)
        if name not in self:
            way_out = f"write {name}=NUMBER"
            raise FormulaError(requirement(argument, "a name with a number", typed, way_out))
        return self[name]

    def _find_name(self, typed: str, *, argument: str) -> str:
        plain = as_identifier(typed)
        name = self._names.get(plain) or self._names.get(name_as_text(plain))
        if name is None:
            known = shorten_name(", ".join(dict.fromkeys(self._names.values()))) or "none"
            raise FormulaError(requirement(argument, f"a name of the formula ({known})", typed))
        return name


def _read_number(text: str, assignment: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(Formula(text).compute({}, {}))  # without a name it is no Value
    except FormulaError:
        way_out = "a number is such as -0.25, 1/4 or pi/2"
        raise FormulaError(requirement("assignment", "NAME=NUMBER", assignment, way_out)) from None

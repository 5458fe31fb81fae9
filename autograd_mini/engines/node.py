"""`Node`, the interface of a Value of either engine, and functions that need no more than it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, Self

from autograd_mini.arguments import requirement
from autograd_mini.table.primitives import Primitive

__all__ = ["Node", "ParameterPath", "check_name", "describe", "flat", "numbers_of"]


class Node(Protocol):
    """The interface that both engines' Values share; `autograd_mini.Value` documents it."""

    data: float
    grad: float
    name: str | None

    @property
    def has_grad(self) -> bool: ...
    @property
    def op(self) -> Primitive | None: ...
    @property
    def operands(self) -> Sequence[Node | float]: ...
    @property
    def partials(self) -> Sequence[float | None]: ...

    # For the library itself: reading these is neither noted nor refused.
    @property
    def _number(self) -> float: ...
    @property
    def _partials(self) -> Sequence[float | None]: ...


class ParameterPath(str):
    """The name that a module gives to a parameter: its path from the outermost module.

    Args:
        path: the path, such as ``layers.0.neurons.3.bias``.
        owner: the path of the module that has the parameter, here ``layers.0.neurons.3``.
    """

    __slots__ = ("owner",)
    owner: str

    def __new__(cls, path: str, owner: str) -> Self:
        """Make a path; a string gets its text before ``__init__`` is called."""
        made = super().__new__(cls, path)
        made.owner = owner
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.owner)


def check_name(name: object) -> str | None:
    """Return a name as a plain str, or None; raise TypeError for another type."""
    if name is None:
        return None
    if not isinstance(name, str):
        raise TypeError(requirement("Value: name", "a string or None", name))
    # Keep only the text of a subclass: its attributes could refer to the Value and make a cycle.
    return name if type(name) is ParameterPath else str.__str__(name)


def numbers_of(operand: Any) -> Any:
    """Return the number of a Value or a float; for a sequence, the list of its numbers."""
    if isinstance(operand, tuple | list):
        return [one if isinstance(one, float) else one._number for one in operand]
    return operand if isinstance(operand, float) else operand._number


def flat(operands: Iterable[Any]) -> Iterator[Any]:
    """Yield the operands one by one; lists and tuples are unpacked."""
    for one in operands:
        if isinstance(one, tuple | list):
            yield from one
        else:
            yield one


def describe(operand: Node | float) -> str:
    """Return the words for an operand in an error: its name and its number."""
    if isinstance(operand, float):
        return repr(operand)
    if operand.name is not None:
        return f"{operand.name!r} ({operand._number!r})"
    return f"a Value of {operand._number!r}"

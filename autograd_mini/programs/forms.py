"""`Form`: what the arguments of a call are, but for their numbers."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from autograd_mini.programs.nodes import NUMBER, Node, ValueMet, build_node, read, write_node
from autograd_mini.transforms.structures import flatten

__all__ = ["Form", "find_ints", "name_inputs", "read_call", "read_keywords"]


class Form:
    """The form of the arguments of a call: structure, types, keys, shapes, and what is no number.

    Forms are equal if a function that sees the arguments, but for their numbers, cannot tell them
    apart. They keep alive what they compare by identity.

    Args:
        nodes: one for each positional argument.
        keywords: the name and the node of each keyword argument, which has no numbers.
    """

    __slots__ = ("_hash", "_key")

    def __init__(self, nodes: tuple[Node, ...], keywords: tuple[tuple[str, Node], ...]) -> None:
        self._key = nodes, keywords
        self._hash: int | None = None

    def build(self, numbers: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return arguments in this form, with Values or floats as their numbers."""
        nodes, keywords = self._key
        remaining = iter(numbers)
        args = [build_node(node, remaining) for node in nodes]
        return args, {name: build_node(node, remaining) for name, node in keywords}

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Form) and self._key == other._key)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(self._key)
        return self._hash

    def __repr__(self) -> str:
        nodes, keywords = self._key
        texts = [*map(write_node, nodes), *(f"{k}={write_node(node)}" for k, node in keywords)]
        return f"Form({', '.join(texts)})"


def read_call(
    where: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[Form | None, list[float]]:
    """Return the form of the arguments of a call, and their numbers.

    Numbers in positional arguments are inputs, also inside of lists, tuples, dicts and arrays. All
    else is static, and so are keyword arguments as wholes. The form is None if there is a Value.

    Raises:
        TypeError: something is neither a number nor hashable, or looks like a number.
        ValueError: a number is not exact as a float.
    """
    if not kwargs:
        for one in args:
            if type(one) is not float:
                break
        else:
            return _plain_form(len(args)), list(args)
    found: list[float] = []
    try:
        nodes = [read(one, found, (where, f"argument {i}")) for i, one in enumerate(args)]
        return Form(tuple(nodes), read_keywords(where, kwargs)), found
    except ValueMet:
        return None, []


def read_keywords(where: str, kwargs: Mapping[str, Any]) -> tuple[tuple[str, Node], ...]:
    """Return the node of each keyword argument, by its name."""
    if not kwargs:
        return ()
    return tuple(
        (name, read(one, None, (where, f"keyword argument {name}"))) for name, one in kwargs.items()
    )


def find_ints(args: Sequence[Any]) -> list[int]:
    """Return the positions of the arguments that are ints; a function gets Values for them."""
    return [i for i, one in enumerate(args) if isinstance(one, numbers.Integral)]


def name_inputs(f: Callable[..., Any], form: Form, count: int) -> list[str | None]:
    """Return a name for each number among the arguments, after the parameters of a function."""
    args, _ = form.build(range(count))
    try:
        names = list(inspect.signature(f).bind_partial(*args).arguments)
    except (TypeError, ValueError):  # a built-in function may have no signature
        names = []
    found: list[str | None] = [None] * count
    for name, one in zip(names, args, strict=False):
        if type(one) is int:
            found[one] = name
            continue
        inside = flatten(one, lambda x, **_: x, name)
        for i, place in enumerate(x for x in inside if type(x) is int):
            found[place] = f"{name}{i}"
    return found


@lru_cache(maxsize=64)
def _plain_form(count: int) -> Form:
    return Form((NUMBER,) * count, ())

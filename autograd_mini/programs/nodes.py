"""Nodes: what parts of arguments and results are, but for their numbers, as tuples.

The first item of a node is the function that builds such a part of numbers, the others are what
that needs. So nodes compare and hash in C. A list of a thousand numbers is one node.
"""

from __future__ import annotations

import copy
import numbers
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import islice
from math import prod
from typing import Any, TypeAlias

from autograd_mini.arguments import abbreviate, is_iterable, number, requirement
from autograd_mini.engines import Value, are_floats
from autograd_mini.transforms.structures import is_array, list_array, make_array

__all__ = [
    "DEEPEST", "NUMBER", "Node", "ValueMet", "array_node", "array_shapes", "build_node",
    "join_arrays", "read", "read_array", "read_structure", "unravel", "write_node", "write_place",
]  # fmt: skip

Node: TypeAlias = tuple[Any, ...]

DEEPEST = 100
"""A structure nested deeper than this is taken for one that contains itself."""


class ValueMet(Exception):  # noqa: N818 - it is no error: the function is then run as it is
    """There is a Value among the arguments; it has its place and the Value."""


# --- reading -------------------------------------------------------------------------------------


def read(given: Any, found: list[float] | None, place: Any, depth: int = DEEPEST) -> Node:
    """Return the node of an argument, or of a part of it, and add its numbers to a list.

    Args:
        given: the argument.
        found: the list; None where numbers are static too.
        place: the place of the structure around it and its key there, or the public function and
            the name of the argument; it is written only for an error.
        depth: how much deeper it may be nested.
    """
    kind = type(given)
    if kind is float and found is not None:
        found.append(given)
        return NUMBER
    if kind is int and found is not None:
        found.append(_number(given, place))
        return NUMBER
    if kind in (str, int, bool, type(None)):
        return _build_static, Static((kind, given, None), given)
    if isinstance(given, Value):
        raise ValueMet(place, given)
    if isinstance(given, list | tuple) and found is not None and are_floats(given):
        found += given
        return _build_numbers, kind, len(given)
    if isinstance(given, list | tuple | dict):
        return read_structure(given, lambda *part: read(part[0], found, *part[1:]), place, depth)
    if isinstance(given, set | frozenset):
        return _build_set, kind, frozenset(read(x, None, place, depth - 1) for x in given)
    if found is not None and is_array(given):
        found += read_array(given, place)
        return array_node(given.shape)
    is_number = isinstance(given, numbers.Number) and not isinstance(given, Enum)
    if found is not None and is_number:
        found.append(_number(given, place))
        return NUMBER
    return _build_static, Static.of(given, place, is_keyword=found is None)


def _number(given: Any, place: Any) -> float:
    try:
        return number(given, argument="")
    except (TypeError, ValueError):
        return number(given, argument=write_place(place))


def read_array(array: Any, place: Any) -> list[float]:
    """Return the numbers of an array."""
    if array.dtype.char in "edf" and type(array).__name__ == "ndarray":
        floats: list[float] = array.ravel().tolist()
        return floats
    entries = list_array(array, write_place(place))
    found = []
    for position, one in enumerate(entries):
        if isinstance(one, Value):
            raise ValueMet((place, unravel(position, array.shape)), one)
        found.append(_number(one, (place, unravel(position, array.shape))))
    return found


def unravel(position: int, shape: Sequence[int]) -> list[int]:
    """Return the indices of an entry of an array from its place in the order of rows."""
    indices: list[int] = []
    for length in reversed(shape):
        position, index = divmod(position, length)
        indices.insert(0, index)
    return indices


def read_structure(given: Any, read_part: Callable[..., Node], place: Any, depth: int) -> Node:
    """Return the node of a list, tuple or dict, of which each part is read by a function."""
    if depth < 0:
        while not isinstance(place[1], str):  # a path of so many steps tells nothing
            place = place[0]
        rule = f"a structure of numbers, at most {DEEPEST} deep"
        raise ValueError(requirement(write_place(place), rule, given))
    kind, template, own = type(given), None, None
    if not isinstance(given, dict):
        nodes = tuple([read_part(x, (place, [i]), depth - 1) for i, x in enumerate(given)])
        if all(node is NUMBER for node in nodes):
            return _build_numbers, kind, len(nodes)
        return _build_items, kind, nodes
    if kind is not dict:
        template = copy.copy(given)  # with its factory, if it is a defaultdict
        state = getattr(given, "default_factory", None), *getattr(given, "__dict__", {}).items()
        own = read(state, None, place, depth - 1)
    keys = tuple([read(key, None, place, depth - 1) for key in given])
    nodes = tuple([read_part(x, (place, [key]), depth - 1) for key, x in given.items()])
    return _build_mapping, Static((kind, own, keys), (template, tuple(given))), nodes


class Static:
    """A part of a form that is no number; equal to another if its key is.

    Objects are compared as they do it themselves, which is by identity for functions and modules.

    Args:
        key: what is compared; hashable.
        given: what belongs to it without being compared.
    """

    __slots__ = ("given", "key")

    def __init__(self, key: Any, given: Any) -> None:
        self.key, self.given = key, given

    @classmethod
    def of(cls, given: Any, place: Any, *, is_keyword: bool) -> Static:
        """Return an object as a static part; raise an error if it cannot be one."""
        kind = type(given)
        if hasattr(kind, "__array__") and kind.__module__ != "numpy":
            way_out = "numpy.asarray(…) makes an array of it"
            raise TypeError(requirement(write_place(place), "a plain NumPy array", kind, way_out))
        by_identity = getattr(kind, "__hash__", None) is object.__hash__
        compared = id(given) if by_identity else given
        if isinstance(given, numbers.Number) and not isinstance(given, int):
            compared = repr(given)  # which tells -0.0 from 0.0, and not NaN from itself
        elif is_dataclass(given) and not by_identity:  # those of 1 and of True are equal
            own = read(tuple(getattr(given, x.name) for x in fields(given)), None, place)
            compared = given, own
        mode = getattr(given, "training", None)  # a module may compute otherwise when it trains
        key = kind, compared, mode if type(mode) is bool else None
        try:
            if not isinstance(given, Iterator):
                hash(given)
                return cls(key, given)
        except (TypeError, ValueError):  # a view of memory that can be changed raises ValueError
            pass
        raise _refusal(given, place, is_keyword=is_keyword)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Static) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def _refusal(given: Any, place: Any, *, is_keyword: bool) -> TypeError:
    if is_keyword:
        rule = "hashable, as a recording belongs to it"
        way_out = "pass it by position" if is_iterable(given) else "make it hashable"
    else:
        rule = "a number, a structure of numbers, or hashable"
        way_out = "use list(…)" if is_iterable(given) else "make it hashable"
    return TypeError(requirement(write_place(place), rule, given, way_out))


# --- building ------------------------------------------------------------------------------------


def build_node(node: Node, numbers: Iterator[Any]) -> Any:
    """Return a part of the arguments, made of the next numbers."""
    return node[0](node, numbers)


def _build_number(_: Node, numbers: Iterator[Any]) -> Any:
    return next(numbers)


def _build_numbers(node: Node, numbers: Iterator[Any]) -> Any:
    _, kind, count = node
    return _make(kind, list(islice(numbers, count)))


def _build_items(node: Node, numbers: Iterator[Any]) -> Any:
    _, kind, nodes = node
    return _make(kind, [build_node(one, numbers) for one in nodes])


def _make(kind: Callable[..., Any], items: list[Any]) -> Any:
    if kind is list:
        return items
    return kind(*items) if hasattr(kind, "_fields") else kind(items)


def _build_mapping(node: Node, numbers: Iterator[Any]) -> Any:
    _, static, nodes = node
    template, keys = static.given
    made = {} if template is None else copy.copy(template)
    for key, one in zip(keys, nodes, strict=True):
        made[key] = build_node(one, numbers)
    return made


def _build_set(node: Node, numbers: Iterator[Any]) -> Any:
    _, kind, nodes = node
    return kind(build_node(one, numbers) for one in nodes)


def _build_array(node: Node, numbers: Iterator[Any]) -> Any:
    _, shape = node
    return make_array(list(islice(numbers, prod(shape))), shape)


def _build_static(node: Node, _: Iterator[Any]) -> Any:
    return node[1].given


NUMBER: Node = (_build_number,)


def array_node(shape: tuple[int, ...]) -> Node:
    """Return the node of an array of numbers."""
    return _build_array, shape


def join_arrays(node: Node) -> Node:
    """Return a node in which one item takes the place of each array."""
    build = node[0]
    if build is _build_array:
        return NUMBER
    if build in (_build_items, _build_mapping):
        return *node[:-1], tuple(map(join_arrays, node[-1]))
    return node


def array_shapes(node: Node) -> Iterator[tuple[int, ...] | None]:
    """Yield the shape of each array in a node, and None for each number beside them."""
    build = node[0]
    if build is _build_array:
        yield node[1]
    elif build is _build_number:
        yield None
    elif build is _build_numbers:
        yield from (None for _ in range(node[2]))
    elif build in (_build_items, _build_mapping):
        for part in node[-1]:
            yield from array_shapes(part)


# --- words ---------------------------------------------------------------------------------------


def write_place(place: Any) -> str:
    """Return a place in words, such as ``compile: argument 1['w'][0]``.

    >>> write_place(((("compile", "argument 1"), ["w"]), [0]))
    "compile: argument 1['w'][0]"
    """
    if isinstance(place, str):
        return place
    around, key = place
    if isinstance(key, str):
        return f"{around}: {key}"
    return f"{write_place(around)}[{', '.join(map(abbreviate, key))}]"


def write_node(node: Node) -> str:
    """Return a part of a form in words: ``x`` for each number.

    >>> write_node(read([1.0, {"a": 2}, None], [], ("f", "argument 0")))
    "[x, {'a': x}, None]"
    """
    build, *rest = node
    if build is _build_number:
        return "x"
    if build is _build_array:
        return f"array of shape {rest[0]}"
    if build is _build_static:
        return abbreviate(rest[0].given)
    if build is _build_mapping:
        pairs = zip(rest[0].given[1], rest[1], strict=True)
        kind, text = rest[0].key[0], ", ".join(f"{k!r}: {write_node(one)}" for k, one in pairs)
        return f"{{{text}}}" if kind is dict else f"{kind.__name__}({{{text}}})"
    kind, items = rest
    if build is _build_numbers:
        texts = ["x"] * items if items <= 3 else ["x", f"… {items} numbers"]
    else:
        texts = [write_node(one) for one in items]
    text = ", ".join(texts)
    if kind is tuple:
        return f"({text}{',' * (len(texts) == 1)})"
    return f"[{text}]" if kind is list else f"{kind.__name__}({text})"

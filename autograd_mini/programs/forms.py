"""`Form`: what the arguments of a call are, but for their numbers."""

from __future__ import annotations

import copy
import numbers
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import islice
from math import prod
from typing import Any, TypeAlias

from autograd_mini.arguments import abbreviate, is_iterable, number, requirement
from autograd_mini.engines import Value
from autograd_mini.transforms.structures import is_array, list_array, make_array

__all__ = [
    "DEEPEST", "NUMBER", "Form", "Node", "Place", "ValueMet", "array_node", "array_shapes",
    "build_node", "find_ints", "join_arrays", "read", "read_array", "read_call", "read_keywords",
    "read_structure", "unravel", "write_node", "write_place",
]  # fmt: skip

Node: TypeAlias = tuple[Any, ...]
"""A part of a form: the function that builds it, and what that needs. Nodes compare in C."""
Place: TypeAlias = tuple[Any, Any]
"""Where a part stands: the place of the structure around it and a key, or the function and a name.

It is written only for an error."""

DEEPEST = 100
"""A structure nested deeper than this is taken for one that contains itself."""


class ValueMet(Exception):  # noqa: N818 - it is no error: the function is then run as it is
    """There is a Value among the arguments; it has its place and the Value."""


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


@lru_cache(maxsize=64)
def _plain_form(count: int) -> Form:
    return Form((NUMBER,) * count, ())


# --- reading -------------------------------------------------------------------------------------


def read(given: Any, found: list[float] | None, place: Any, depth: int = DEEPEST) -> Node:
    """Return the node of an argument, or of a part of it, and add its numbers to a list.

    Args:
        given: the argument.
        found: the list; None where numbers are static too.
        place: a `Place`, for errors.
        depth: how much deeper it may be nested.
    """
    kind = type(given)
    if kind is float and found is not None:
        found.append(given)
        return NUMBER
    if isinstance(given, Value):
        raise ValueMet(place, given)
    if isinstance(given, list | tuple | dict):
        if found is not None and kind is not dict and set(map(type, given)) == {float}:
            found += given
            return _build_numbers, kind, len(given)
        return read_structure(given, lambda *part: read(part[0], found, *part[1:]), place, depth)
    if isinstance(given, set | frozenset):
        return _build_set, kind, frozenset(read(x, None, place, depth - 1) for x in given)
    if found is not None and is_array(given):
        found += read_array(given, place)
        return array_node(given.shape)
    is_number = isinstance(given, numbers.Number) and not isinstance(given, bool | Enum)
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
        template.clear()
        state = getattr(given, "default_factory", None), *getattr(given, "__dict__", {}).items()
        own = read(state, None, place, depth - 1)
    keys = tuple([read(key, None, place, depth - 1) for key in given])
    nodes = tuple([read_part(x, (place, [key]), depth - 1) for key, x in given.items()])
    return _build_mapping, Static((kind, own, keys), (template, tuple(given))), nodes


class Static:
    """A part of a form that is no number; equal to another if its key is.

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
        key: tuple[Any, ...]
        is_of_numpy = kind.__module__ == "numpy" and isinstance(given, numbers.Number)
        if is_of_numpy or isinstance(given, float | complex):
            key = kind, repr(given)  # which tells -0.0 from 0.0, and not NaN from itself
        else:
            mode = getattr(getattr(given, "__self__", given), "training", None)
            by_identity = getattr(kind, "__hash__", None) is object.__hash__
            key = kind, id(given) if by_identity else given, mode if type(mode) is bool else None
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
        return f"array{rest[0]}"
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

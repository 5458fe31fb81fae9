"""Finds the parameters of a module: the leaves that its attributes lead to, each with its path."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, ValuesView
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import count
from types import MappingProxyType, MemberDescriptorType, MethodType
from typing import Any, NamedTuple

from autograd_mini.arguments import requirement
from autograd_mini.engines import Value
from autograd_mini.engines.node import ParameterPath
from autograd_mini.nn.activations import Activation

__all__ = ["Place", "find_leaves", "find_parts"]

_OPAQUE = frozenset({bool, bytes, complex, float, int, str, type(None)})
_HOLDERS = frozenset({Value, list, tuple, deque, dict})
"""What may hold the parameters of a class; its other attributes belong to the class itself."""
_RULE = "a list, a tuple, a deque, an array, or a dict whose keys are strings or ints"


class Place(NamedTuple):
    """A thing that the search has reached, and its way there."""

    thing: Any
    path: str = ""
    attribute: str = ""  # the path of the last attribute on the way
    owner: str = ""  # the path of the last module on the way
    nameless: Any = None  # the place of a container on the way that has no paths for its items


def find_leaves(root: Any, module: type) -> Iterator[tuple[ParameterPath, Value]]:
    """Yield each leaf once, depth-first, with its first path; arguments as for `find_parts`."""
    for place in find_parts(root, module):
        if isinstance(place.thing, Value):
            yield ParameterPath(place.path, place.owner), place.thing


def find_parts(root: Any, module: type) -> Iterator[Place]:
    """Yield each leaf and each module once, depth-first, with its first path.

    Args:
        root: where the search begins; if it is a module, it comes first.
        module: the class of modules.

    Raises:
        TypeError: the only way to a leaf leads through a container without paths for its items.
        ValueError: the containers of an attribute have both leaves and computed Values.
    """
    where = type(root).__name__
    seen: dict[int, object] = {}  # it keeps things alive, so that no two have the same id
    with_leaves: set[str] = set()
    computed: dict[str, Place] = {}
    stack = [Place(root)]
    while stack:
        place = stack.pop()
        thing, path, attribute, owner, nameless = place
        if isinstance(thing, Value):
            if thing.op is not None:
                computed.setdefault(attribute, place)
                continue
            with_leaves.add(attribute)
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        if isinstance(thing, Value):
            if nameless is not None:
                raise TypeError(requirement(f"{where}: {nameless.path}", _RULE, nameless.thing))
            yield place
            continue
        if isinstance(thing, module):
            yield place
        if isinstance(thing, Iterator) and _is_read_once(thing):
            raise TypeError(requirement(f"{where}: {path}", _RULE, thing))
        items, nameless_items = _list_items(thing)
        below = [
            Place(part, _join(path, key), attribute, owner, nameless)
            for key, part in items
            if type(part) not in _OPAQUE
        ]
        if type(thing).__module__ != "builtins":
            owner = path if isinstance(thing, module) else owner
            for name, part in _list_attributes(thing):
                if type(part) not in _OPAQUE:
                    lower = _join(path, name)
                    below.append(Place(part, lower, lower, owner, nameless))
        stack += reversed(below)
        # These come last, as a leaf in them may have a path by another way.
        stack[:0] = [
            place._replace(thing=part, nameless=nameless or place) for part in nameless_items
        ]
    for attribute in with_leaves & computed.keys():
        node = computed[attribute]
        rule, way_out = f"a leaf, as others in {attribute} are", "compute it where it is used"
        raise ValueError(requirement(f"{where}: {node.path}", rule, node.thing, way_out))


def _join(path: str, key: object) -> str:
    return path if key is None else f"{path}.{key}" if path else str(key)


def _is_read_once(iterator: object) -> bool:
    """Return whether it is an iterator of Python's own, and no counter."""
    kind = type(iterator)
    return kind.__module__ in ("builtins", "itertools") and kind is not count


def _list_items(thing: Any) -> tuple[Iterable[tuple[object, object]], Iterable[object]]:
    """Return the items of a container with their keys, and the items that have no key for a path.

    The key None adds nothing to the path.
    """
    match thing:
        case list() | tuple() | deque():
            return enumerate(thing), ()
        case dict() | MappingProxyType():
            named = {key: part for key, part in thing.items() if isinstance(key, str | int)}
            return named.items(), (one for i in thing.items() if i[0] not in named for one in i)
        case AbstractSet() | ValuesView():
            return (), thing
        case Activation():  # its function may be a module with parameters
            return [(None, thing.function)], ()
        case partial():
            return [(name, getattr(thing, name)) for name in ("func", "args", "keywords")], ()
        case MethodType():
            return [(None, thing.__self__)], ()
    if hasattr(type(thing), "__array__"):
        modules = {str(kind.__module__).partition(".")[0] for kind in type(thing).__mro__}
        if modules & {"numpy", "pandas"} and (array := thing.__array__()).dtype.hasobject:
            return [(None, array.tolist())], ()
    return (), ()


def _list_attributes(thing: object) -> Iterator[tuple[str, object]]:
    """Yield the attributes of an object: its own, those in slots, and those of its class."""
    kind = type(thing)
    if isinstance(thing, type) or hasattr(kind, "__get__"):
        return  # `__get__` makes it a function
    own = getattr(thing, "__dict__", {})
    yield from own.items()
    for ancestor in kind.__mro__:
        shared = vars(ancestor)
        kinds = {*map(type, shared.values())}
        if MemberDescriptorType in kinds:
            for name, slot in shared.items():
                if isinstance(slot, MemberDescriptorType) and hasattr(thing, name):
                    yield name, slot.__get__(thing)
        if kinds & _HOLDERS:
            for name, part in shared.items():
                if type(part) in _HOLDERS and name not in own and not name.startswith("__"):
                    yield name, part

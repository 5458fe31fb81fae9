"""The names of the Values of a graph: names from users, or z1, a1, v1."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Any

from autograd_mini.arguments import requirement
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import ParameterPath
from autograd_mini.table.names import name_as_text, name_parameter

__all__ = [
    "as_mapping",
    "collect_names",
    "count_models",
    "find_named",
    "make_sort_key",
    "name_values",
]


def name_values(
    graph: Graph, names: Mapping[str, object] | None = None, *, argument: str = "names"
) -> dict[Value, str]:
    """Return a name for every Value of a graph, no two the same, in topological order.

    A name in ``names`` goes before the Value's own name; a parameter of a module is called as in
    courses, such as w₁₂⁽¹⁾. docs/views.md says how the others are called. If two Values have the
    same name, or names that mathematics writes alike (``x1`` and ``x_1``), the second name gets a
    number.

    Args:
        graph: the graph; its roots are the results.
        names: names with their Values, such as ``locals()``; a list of Values gives ``name[0]``
            and so on.
        argument: what an error calls ``names``.

    Raises:
        TypeError: ``names`` is not a dict with strings as keys.

    >>> x, w = Value(0.5, name="x"), Value(2.0, name="w")
    >>> a = (w * x + 1.0).sigmoid()
    >>> list(name_values(Graph(a * x)).values())
    ['w', 'x', 'v1', 'z1', 'a1', 'out']
    """
    order, roots = graph.order, frozenset(graph.roots)
    given = collect_names(names, argument=argument)
    register = _Register()
    models = count_models(graph)
    owns = {node: own for node in order if (own := given.get(node) or _find_own_name(node, models))}
    for node, own in owns.items():
        if not register.has(own):
            register.add(node, own)
    # After all of these, so that no number takes the name of another Value.
    for node, own in owns.items():
        if node not in register.names:
            register.add(node, register.find_free(f"{own}_"))
    for node in order:
        if node.op is not None and node.op.activation:
            register.add_neuron(node, is_root=node in roots)
    for node in order:
        if node in register.names:
            continue
        if node in roots and not register.has("out"):
            register.add(node, "out")
        else:
            kind = "out" if node in roots else "x" if node.op is None else "v"
            register.add(node, register.find_free(kind))
    return {node: register.names[node] for node in order}


def count_models(graph: Graph) -> dict[Value, int]:
    """Return for each parameter of a module the number of its model, from 1.

    A path has two parameters only if there are two models.
    """
    found: dict[Value, int] = {}
    counts: Counter[str] = Counter()
    for leaf in graph.leaves:
        if isinstance(leaf.name, ParameterPath):
            counts[leaf.name] += 1
            found[leaf] = counts[leaf.name]
    return found


def _find_own_name(node: Value, models: Mapping[Value, int]) -> str | None:
    """Return the name that a Value has: a user's name, or the name of a parameter in a course."""
    if node not in models or node.name is None:
        return node.name
    name = name_parameter(node.name)
    return name if models[node] == 1 else f"model{models[node]}.{name}"


class _Register:
    """The names that Values have so far."""

    def __init__(self) -> None:
        self.names: dict[Value, str] = {}
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def add(self, node: Value, name: str) -> None:
        self.names[node] = name
        self._taken.add(name_as_text(name))

    def has(self, name: str) -> bool:
        """Return whether a Value has this name, or a name that mathematics writes alike."""
        return name_as_text(name) in self._taken

    def find_free(self, *bases: str) -> str:
        """Return the first base with the lowest number at which no base is taken."""
        number = self._next.get(bases[0], 2 if bases[0].endswith("_") else 1)
        while any(self.has(f"{base}{number}") for base in bases):
            number += 1
        self._next[bases[0]] = number  # the lower numbers stay taken
        return f"{bases[0]}{number}"

    def add_neuron(self, a: Value, *, is_root: bool) -> None:
        """Name the operand of an activation function, and its result unless it is the root.

        Both have the same number, so the operand of ``a2`` is ``z2``.
        """
        z = a.operands[0]
        wanted = [] if is_root and a not in self.names else [(a, "a")]
        if isinstance(z, Value) and z.op is not None and not z.op.activation:
            wanted.append((z, "z"))
        nameless = [(node, letter) for node, letter in wanted if node not in self.names]
        numbers = (_find_number(self.names.get(node, "")) for node, _ in wanted)
        number = next(filter(None, numbers), None)
        if number is None or any(self.has(f"{letter}{number}") for _, letter in nameless):
            number = self.find_free("z", "a")[1:]
        for node, letter in nameless:
            self.add(node, f"{letter}{number}")


def find_named(graph: Graph, names: Mapping[str, object] | None) -> set[Value]:
    """Return the Values of a graph that a user or a module gave a name."""
    given = collect_names(names)
    return {node for node in graph.order if node in given or node.name}


def make_sort_key(name: str) -> list[tuple[int, str]]:
    """Return what puts names in the order of their numbers: x₂ before x₁₀."""
    parts = re.findall(r"(\d+)|(\D+)", unicodedata.normalize("NFKC", name))
    return [(int(number or 0), word) for number, word in parts]


def collect_names(
    names: Mapping[str, object] | None, *, argument: str = "names"
) -> dict[Value, str]:
    """Return the first name of each Value, also of the Values in lists.

    Names that begin with an underscore come last: a notebook adds such names.
    """
    found: dict[Value, str] = {}
    named = as_mapping(names, argument=argument)
    for name in sorted(named, key=lambda name: name.startswith("_")):
        thing = named[name]
        if isinstance(thing, Value):
            found.setdefault(thing, name)
        elif isinstance(thing, list | tuple):
            for i, item in enumerate(thing):
                if isinstance(item, Value):
                    found.setdefault(item, f"{name}[{i}]")
    return found


def as_mapping(given: Any, *, argument: str) -> Mapping[str, Any]:
    """Return a dict with strings as keys; for None, an empty dict."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise TypeError(requirement(argument, "a dict with strings as keys", given))
    return given


def _find_number(name: str) -> str:
    """Return the number in a name of a letter and a number, such as a2 or a_2."""
    base, number = name[:1], name[1:].removeprefix("_")
    return number if base.isalpha() and number.isdecimal() else ""

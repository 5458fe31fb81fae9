"""What the Values of a graph are called: as their users name them, or z1, a1, v1."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.table.names import name_as_text

__all__ = ["collect_names", "mapping", "name_values"]


def name_values(
    graph: Graph, names: Mapping[str, object] | None = None, *, argument: str = "names"
) -> dict[Value, str]:
    """Return a name for every Value of a graph, no two the same, in topological order.

    A name given in ``names`` goes before the one that a Value has itself. What has none is called
    after its part: the result ``out``, what an activation function is given ``z1`` and what it
    returns ``a1``, other results of operations ``v1`` and so on, leaves ``x1``, each in the order
    of the computation. The numbers are those of the other half of the neuron where that has one:
    the ``z`` of a Value called ``a2`` is ``z2``. Of two Values with one name, or with names that
    mathematics writes the same, as ``x1`` and ``x_1``, the second gets a number.

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
    order = graph.order
    given = collect_names(names, argument=argument)
    register = _Register()
    owns = {node: own for node in order if (own := given.get(node) or node.name)}
    again = {}
    for node, own in owns.items():
        if register.has(own):
            again[node] = own
        else:
            register.add(node, own)
    for node, own in again.items():  # after all, so that no number takes the name of another
        register.add(node, register.free(f"{own}_"))
    for node in order:
        if node.op is not None and node.op.activation:
            register.add_neuron(node, is_root=node in graph.roots)
    for node in order:
        if node in register.names:
            continue
        if node in graph.roots and not register.has("out"):
            register.add(node, "out")
        else:
            kind = "out" if node in graph.roots else "x" if node.op is None else "v"
            register.add(node, register.free(kind))
    return {node: register.names[node] for node in order}


class _Register:
    """The names given so far."""

    def __init__(self) -> None:
        self.names: dict[Value, str] = {}
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def add(self, node: Value, name: str) -> None:
        self.names[node] = name
        self._taken.add(name_as_text(name))

    def has(self, name: str) -> bool:
        """Whether a Value has that name, or one that mathematics writes the same."""
        return name_as_text(name) in self._taken

    def free(self, *bases: str) -> str:
        """Return the base with the lowest number at which it, and all others, are free."""
        number = self._next.get(bases[0], 2 if bases[0].endswith("_") else 1)
        while any(self.has(f"{base}{number}") for base in bases):
            number += 1
        self._next[bases[0]] = number  # those before stay taken
        return f"{bases[0]}{number}"

    def add_neuron(self, a: Value, *, is_root: bool) -> None:
        """Name the result of an activation function, unless that is the root, and its operand."""
        z = a.operands[0]
        wanted = [] if is_root and a not in self.names else [(a, "a")]
        if isinstance(z, Value) and z.op is not None and not z.op.activation:
            wanted.append((z, "z"))
        nameless = [(node, letter) for node, letter in wanted if node not in self.names]
        numbers = (_number_at_end(self.names.get(node, "")) for node, _ in wanted)
        number = next(filter(None, numbers), None)
        if number is None or any(self.has(f"{letter}{number}") for _, letter in nameless):
            number = self.free("z", "a")[1:]
        for node, letter in nameless:
            self.add(node, f"{letter}{number}")


def collect_names(
    names: Mapping[str, object] | None, *, argument: str = "names"
) -> dict[Value, str]:
    """Return the first name given to each Value, looking into lists one level deep.

    Names that begin with an underscore, as those that a notebook adds, come last.

    Raises:
        TypeError: ``names`` is not a dict with strings as keys.
    """
    found: dict[Value, str] = {}
    for name, thing in sorted(
        mapping(names, argument=argument).items(), key=lambda item: item[0].startswith("_")
    ):
        if isinstance(thing, Value):
            found.setdefault(thing, name)
        elif isinstance(thing, list | tuple):
            for i, one in enumerate(thing):
                if isinstance(one, Value):
                    found.setdefault(one, f"{name}[{i}]")
    return found


def mapping(given: Any, *, argument: str) -> Mapping[str, Any]:
    """Return a dict with strings as keys; an empty one for None.

    Raises:
        TypeError: it is something else.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise TypeError(
            f"{argument} must be a dict with strings as keys, got {reprlib.repr(given)}"
        )
    return given


def _number_at_end(name: str) -> str:
    """Return the number at the end of a name of a letter and a number, such as a2 or a_2."""
    base, number = name[:1], name[1:].removeprefix("_")
    return number if base.isalpha() and number.isdecimal() else ""

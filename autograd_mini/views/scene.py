"""`Scene`: what a view shows of a graph, as facts: names, roles, groups and their order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from autograd_mini.arguments import count, items, requirement
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import ParameterPath
from autograd_mini.errors import GraphTooLargeError
from autograd_mini.table.names import split_name
from autograd_mini.views.naming import as_mapping, name_values

__all__ = ["Role", "Scene", "check_size"]

Role = Literal["input", "parameter", "intermediate", "output"]

_PARAMETERS = ("w", "b", "weight", "weights", "bias")
"""What a course calls parameters."""


_COUNTED = 100_000
"""The size of a larger graph is not told exactly."""


class Scene:
    """What a view shows of a graph; the arguments are those of `draw`.

    Args:
        where: the public function, for errors.

    Attributes:
        graph: the graph; in its order the Values are computed and shown.
        names: a name for each Value.
        number: the place of each Value in this order.
        groups: for each Value in a frame, the title of the frame.
    """

    def __init__(
        self,
        root: Value | Iterable[Value],
        *,
        where: str,
        names: Mapping[str, object] | None,
        parameters: Iterable[Value] | None,
        groups: Mapping[str, Iterable[Value]] | None,
        max_nodes: int,
    ) -> None:
        rule = "a Value, or several"
        roots = (
            [root] if isinstance(root, Value) else items(root, argument=f"{where}: root", rule=rule)
        )
        if not roots or not all(isinstance(value, Value) for value in roots):
            raise TypeError(requirement(f"{where}: root", rule, root))
        max_nodes = count(max_nodes, argument=f"{where}: max_nodes")
        part = "one example, one neuron, an intermediate Value"
        check_size(roots, max_nodes, where=where, part=part)
        self.graph = Graph(*roots)
        self._roots = frozenset(roots)
        self.names = name_values(self.graph, names, argument=f"{where}: names")
        self._parameters = None
        if parameters is not None:
            self._parameters = set(_as_values(parameters, argument=f"{where}: parameters"))
        members = {
            title: _as_values(values, argument=f"{where}: groups[{title!r}]")
            for title, values in as_mapping(groups, argument=f"{where}: groups").items()
        }
        self.number = {node: i for i, node in enumerate(self.graph.order)}
        self.groups = self._group(members)
        self._members: dict[str | None, list[Value]] = {}
        for node in self.graph.order:
            self._members.setdefault(self.groups.get(node), []).append(node)

    def role(self, node: Value) -> Role:
        """Return what a Value is.

        Parameters are the leaves in ``parameters``. Without these, they are the leaves that a
        module owns, and the leaves with the names of parameters in courses.
        """
        if node in self._roots:
            return "output"
        if node.op is not None:
            return "intermediate"
        if self._parameters is not None:
            return "parameter" if node in self._parameters else "input"
        if isinstance(node.name, ParameterPath):
            return "parameter"
        return "parameter" if split_name(self.names[node])[0] in _PARAMETERS else "input"

    def name_in_group(self, node: Value) -> str:
        """Return the name of a Value without the title of its frame."""
        title = self.groups.get(node)
        return self.names[node] if title is None else self.names[node].removeprefix(f"{title}.")

    def titles(self) -> list[str]:
        """Return the titles of the frames, in the order of the computation."""
        # Parameters come last here: they may stand before all results of their frame.
        members = sorted(self.groups, key=lambda node: (node.op is None, self.number[node]))
        return list(dict.fromkeys(map(self.groups.__getitem__, members)))

    def members(self, title: str | None) -> list[Value]:
        """Return the Values in a frame, in order; for None, the Values outside all frames."""
        return self._members.get(title, [])

    def _group(self, groups: Mapping[str, Iterable[Value]]) -> dict[Value, str]:
        """Return for each Value in a frame the title of the frame.

        The frames of a module are its neurons, not its layers: Graphviz leads arrows past a frame,
        and would bundle the arrows from the inputs.
        """
        group: dict[Value, str] = {
            node: title
            for title, members in groups.items()
            for node in members
            if node in self.number
        }
        for node in self.graph.order:
            if node in group:
                continue
            values = [operand for operand in node.operands if isinstance(operand, Value)]
            if node.op is None:
                # Under another name, a reader would not see that it belongs to this module.
                path = node.name
                if isinstance(path, ParameterPath) and path.owner and self.names[node] == path:
                    group[node] = path.owner
            elif len(values) == 1 and len(node.operands) == 1:
                # An activation belongs to the neuron of its operand z.
                before = values[0]
                if before in group and before.op is not None and len(before.operands) > 1:
                    group[node] = group[before]
            else:
                # To a neuron belongs what its parameters, or its own results alone, make.
                joined = [group[v] for v in values if v in group and self.role(v) == "parameter"]
                inside = {group.get(v) for v in values}
                if not joined and len(set(values)) > 1 and len(inside) == 1:
                    joined = [title for title in inside if title]
                if joined:  # with a shared weight, most votes win; the bias comes last
                    group[node] = max(reversed(joined), key=Counter(joined).__getitem__)
        return group


def check_size(
    roots: Iterable[Value], max_nodes: int, *, where: str, part: str, times: int = 1
) -> None:
    """Refuse a graph of more Values than ``times`` times ``max_nodes``, or twice as many edges.

    The count ends early, so that a graph of any size is refused at once. The error advises to take
    a ``part``.
    """
    most = times * max_nodes
    counted = max(most, _COUNTED)
    seen, unread, edges = set(roots), list(roots), 0
    while unread and len(seen) <= counted and edges <= 2 * counted:
        operands = [operand for operand in unread.pop().operands if isinstance(operand, Value)]
        new = set(operands) - seen
        seen |= new
        unread += new
        edges += len(operands)
    size = max(len(seen), math.ceil(edges / 2))
    if size > most:
        limit = f"{times} times " * (times > 1) + f"max_nodes={max_nodes}, and of edges {2 * most}"
        got = f"{size}" if len(seen) > most else f"{edges} edges"
        wanted = f"max_nodes={math.ceil(size / times)}"
        if unread:
            got, wanted = f"{got} and more", "a larger max_nodes"
        raise explain_size(limit, got, wanted, where=where, part=part)


def explain_size(limit: str, got: str, wanted: str, *, where: str, part: str) -> GraphTooLargeError:
    """Return the error about a graph that is too large; it advises to take a ``part``."""
    return GraphTooLargeError(
        f"{where}: number of Values must be at most {limit}, as a larger graph is hard to read, "
        f"got {got}; take a part of it ({part}), or ask for all with {wanted}"
    )


def _as_values(given: Any, *, argument: str) -> list[Value]:
    rule = "a list of Values"
    values = list(items(given, argument=argument, rule=rule))
    if not all(isinstance(value, Value) for value in values):
        raise TypeError(requirement(argument, rule, given))
    return values

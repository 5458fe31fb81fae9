"""`Scene`: what is to be shown of a graph, as facts: names, roles, groups and their order."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from autograd_mini.arguments import count
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import ParameterPath
from autograd_mini.errors import GraphTooLargeError
from autograd_mini.table.names import split_name
from autograd_mini.views.naming import mapping, name_values

__all__ = ["Role", "Scene"]

Role = Literal["input", "parameter", "intermediate", "output"]

_PARAMETERS = ("w", "b", "weight", "weights", "bias")
"""What a course calls parameters."""


class Scene:
    """What is to be shown of a graph; the arguments are those of `draw`.

    Args:
        argument: the function whose arguments they are, for errors.

    Attributes:
        graph: the graph; its order is that in which the Values are computed and shown.
        names: a name for each Value.
        number: the place of each Value in that order.
        groups: for each Value that has a frame, its title.
    """

    def __init__(
        self,
        root: Value | Iterable[Value],
        *,
        argument: str,
        names: Mapping[str, object] | None,
        parameters: Iterable[Value] | None,
        groups: Mapping[str, Iterable[Value]] | None,
        max_nodes: int,
    ) -> None:
        roots = [root] if isinstance(root, Value) else root
        roots = list(roots) if isinstance(roots, Iterable) else []
        if not roots or not all(isinstance(one, Value) for one in roots):
            raise TypeError(f"{argument} takes a Value, or several, got {root!r}")
        max_nodes = count(max_nodes, argument=f"{argument}: max_nodes")
        self.graph = Graph(*roots)
        self.names = name_values(self.graph, names, argument=f"{argument}: names")
        self._parameters = None
        if parameters is not None:
            self._parameters = set(_values(parameters, argument=f"{argument}: parameters"))
        members = {
            title: _values(values, argument=f"{argument}: groups[{title!r}]")
            for title, values in mapping(groups, argument=f"{argument}: groups").items()
        }
        size = len(self.graph.order)
        if size > max_nodes:
            raise GraphTooLargeError(
                f"{argument}: the graph has {size} Values, more than max_nodes={max_nodes}, "
                "which is more than one can read: take a part of it (one example, one neuron, an "
                f"intermediate Value), or ask for it with max_nodes={size}"
            )
        self.number = {node: i for i, node in enumerate(self.graph.order)}
        self.groups = self._group(members)

    def role(self, node: Value) -> Role:
        """Return what a Value is: a parameter is one that was said to be, or that a module owns.

        Where nothing says so, a leaf that is called as courses call parameters is one.
        """
        if node in self.graph.roots:
            return "output"
        if node.op is not None:
            return "intermediate"
        if self._parameters is not None:
            return "parameter" if node in self._parameters else "input"
        is_called_one = split_name(self.names[node])[0] in _PARAMETERS
        return "parameter" if isinstance(node.name, ParameterPath) or is_called_one else "input"

    def name_in_group(self, node: Value) -> str:
        """Return the name of a Value without what the title of its frame says."""
        title = self.groups.get(node)
        return self.names[node] if title is None else self.names[node].removeprefix(f"{title}.")

    def titles(self) -> list[str]:
        """Return the titles of the frames, in the order in which what is in them is computed."""
        # The parameters of a frame may come earlier.
        members = sorted(self.groups, key=lambda node: (node.op is None, self.number[node]))
        return list(dict.fromkeys(map(self.groups.__getitem__, members)))

    def members(self, title: str | None) -> list[Value]:
        """Return the Values in a frame, in order; those outside all frames for None."""
        return [node for node in self.graph.order if self.groups.get(node) == title]

    def _group(self, groups: Mapping[str, Iterable[Value]]) -> dict[Value, str]:
        """Return the title of its frame for each Value that has one.

        The frames of a module are those of its neurons, not of its layers around them: Graphviz
        leads arrows past a frame, and would bundle those of the inputs.
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
                # Shown by another name, it is not known to be that module's for a reader.
                path = node.name
                if isinstance(path, ParameterPath) and path.owner and self.names[node] == path:
                    group[node] = path.owner
            elif len(values) == 1 and len(node.operands) == 1:
                # An activation belongs to the neuron whose z it is given.
                before = values[0]
                if before in group and before.op is not None and len(before.operands) > 1:
                    group[node] = group[before]
            else:
                # A neuron's own are what is computed from its parameters, or from its own alone.
                joined = [group[v] for v in values if v in group and self.role(v) == "parameter"]
                inside = {group.get(v) for v in values}
                if not joined and len(set(values)) > 1 and len(inside) == 1:
                    joined = [title for title in inside if title]
                if joined:  # with a shared weight, in the frame of the most; the bias comes last
                    group[node] = max(reversed(joined), key=joined.count)
        return group


def _values(given: Any, *, argument: str) -> list[Value]:
    values: list[Any] = list(given) if isinstance(given, Iterable) else [None]
    if not all(isinstance(one, Value) for one in values):
        raise TypeError(f"{argument} must be a list of Values, got {reprlib.repr(given)}")
    return values

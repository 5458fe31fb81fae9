"""`Scene`: what a view shows of a graph, as facts: names, roles, groups and their order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from autograd_mini.arguments import count, items, requirement
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import ParameterPath
from autograd_mini.errors import GraphTooLargeError
from autograd_mini.nn.module import Module
from autograd_mini.optim.optimizers import Optimizer
from autograd_mini.programs.row import RecordedFunction
from autograd_mini.table.names import name_module
from autograd_mini.views.constants import Constant, Use, find_constants, find_layer
from autograd_mini.views.naming import (
    as_mapping,
    count_models,
    find_named,
    make_sort_key,
    name_values,
)

__all__ = ["Parameters", "Role", "Scene", "check_size"]

Parameters: TypeAlias = "Module | Optimizer | Iterable[Value]"
Role = Literal["input", "parameter", "intermediate", "output"]

_COUNTED = 100_000
"""An error does not count the Values of a larger graph to the end."""


class Scene:
    """What a view shows of a graph; the arguments are those of `draw`.

    Args:
        where: the public function, for errors.

    Attributes:
        graph: the graph; in its order the Values are computed.
        names: a name for each Value.
        named: the Values that a user or a module gave a name.
        number: the place of each Value in this order.
        parameters: the leaves that can be trained: those that are known as parameters, because the
            caller or a module says so; if none is known, all leaves.
        groups: for each Value in a frame, the title of the frame.
        constants: the plain numbers that have a box: what a model got, and targets.
        boxes: the constant at each use of these.
    """

    def __init__(
        self,
        root: Value | Iterable[Value],
        *,
        where: str,
        names: Mapping[str, object] | None,
        parameters: Parameters | None,
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
        numbers = sum(isinstance(x, float) for node in self.graph.order for x in node.operands)
        if numbers > 2 * max_nodes:
            limit = f"max_nodes={max_nodes}, and of constants {2 * max_nodes}"
            wanted = f"max_nodes={math.ceil(numbers / 2)}"
            raise explain_size(limit, f"{numbers} constants", wanted, where=where, part=part)
        self._roots = frozenset(roots)
        # First of all, as a module gives its parameters their names when it lists them.
        chosen = _list_parameters(parameters, argument=f"{where}: parameters")
        self._models = count_models(self.graph)
        self.names = name_values(self.graph, names, argument=f"{where}: names")
        self.named = find_named(self.graph, names)
        self.number = {node: i for i, node in enumerate(self.graph.order)}
        known = set(self._models if chosen is None else chosen)
        self._known = {leaf for leaf in self.graph.leaves if leaf in known}
        self.parameters = [x for x in self.graph.leaves if x in self._known or not self._known]
        members = {
            title: _as_values(values, argument=f"{where}: groups[{title!r}]")
            for title, values in as_mapping(groups, argument=f"{where}: groups").items()
        }
        self.groups = self._group(members)
        # For each frame of a model one of its parameters, which says where it belongs.
        self._owners = {self.groups[x]: x for x in self._models if x in self.groups}
        self.constants: list[Constant] = find_constants(
            self.graph, self.names, models=self._models, parameters=self._known
        )
        self.boxes: dict[Use, Constant] = {use: c for c in self.constants for use in c.uses}
        self._members: dict[str | None, list[Value]] = {}
        for node in self.graph.order:
            self._members.setdefault(self.groups.get(node), []).append(node)

    def role(self, node: Value) -> Role:
        """Return what a Value is; a leaf that is not known as a parameter is an input."""
        if node in self._roots:
            return "output"
        if node.op is not None:
            return "intermediate"
        return "parameter" if node in self._known else "input"

    def titles(self) -> list[str]:
        """Return the titles of the frames; those of a model come last, in its order."""
        # Parameters come last here: they may stand before all results of their frame.
        members = sorted(self.groups, key=lambda node: (node.op is None, self.number[node]))
        titles = dict.fromkeys(map(self.groups.__getitem__, members))
        owners = self._owners
        return sorted(titles, key=lambda t: self._find_place(owners[t]) if t in owners else [])

    def layers(self) -> list[list[str]]:
        """Return for each layer of several neurons the titles of its frames, in their order."""
        found: dict[tuple[int, str], list[str]] = {}
        for title in self.titles():
            leaf = self._owners.get(title)
            if leaf is not None and any(node.op is not None for node in self.members(title)):
                found.setdefault((self._models[leaf], find_layer(leaf)), []).append(title)
        return [titles for titles in found.values() if len(titles) > 1]

    def members(self, title: str | None) -> list[Value]:
        """Return the Values in a frame, in order; for None, the Values outside all frames."""
        return self._members.get(title, [])

    def _find_place(self, leaf: Value) -> list[tuple[int, str]]:
        """Return what orders the owner of a parameter: its model, and the parts of its path."""
        assert isinstance(leaf.name, ParameterPath)
        return [(self._models[leaf], ""), *make_sort_key(leaf.name.owner)]

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
        parameters = set(self.parameters)
        for node in self.graph.order:
            if node in group or isinstance(node.op, RecordedFunction):
                continue  # a program is no part of a neuron
            values = [operand for operand in node.operands if isinstance(operand, Value)]
            if node.op is None:
                path = node.name
                if isinstance(path, ParameterPath) and path.owner:
                    model = self._models[node]
                    group[node] = f"model {model}, " * (model > 1) + name_module(path.owner)
            elif len(values) == 1 and len(node.operands) == 1:
                # An activation belongs to the neuron of its operand z.
                before = values[0]
                if before in group and before.op is not None and len(before.operands) > 1:
                    group[node] = group[before]
            else:
                # To a neuron belongs what its parameters, or its own results alone, make.
                joined = [group[v] for v in values if v in group and v in parameters]
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


def _list_parameters(given: Parameters | None, *, argument: str) -> Iterable[Value] | None:
    """Return the parameters that a caller names; None if the caller names none."""
    match given:
        case None:
            return None
        case Module():
            return given.parameters()
        case Optimizer():
            return given.parameters
    return _as_values(given, argument=argument, rule="a module, an optimizer or a list of Values")


def _as_values(given: Any, *, argument: str, rule: str = "a list of Values") -> list[Value]:
    values = list(items(given, argument=argument, rule=rule))
    if not all(isinstance(value, Value) for value in values):
        raise TypeError(requirement(argument, rule, given))
    return values

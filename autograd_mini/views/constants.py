"""Finds the plain numbers that were given to a model: its inputs, and the targets of its loss."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from autograd_mini.engines import Operand, Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import ParameterPath
from autograd_mini.table.names import index_name, name_as_text

__all__ = ["Constant", "Use", "find_constants", "find_layer"]

Use = tuple[Value, int]
"""A node, and the position of an operand in it."""


@dataclass(eq=False)
class Constant:
    """A plain number that a drawing shows in a box, as if it were a leaf.

    Attributes:
        name: its name, which is that of no Value.
        number: the number.
        role: whether a model got it, or a loss compares the model with it.
        uses: where it is an operand.
    """

    name: str
    number: float
    role: Literal["input", "target"]
    uses: list[Use]


def find_constants(
    graph: Graph,
    names: Mapping[Value, str],
    *,
    models: Mapping[Value, int],
    parameters: Collection[Value],
) -> list[Constant]:
    """Return the inputs of each call of a model, then the targets, in the order of their use.

    Args:
        graph: the graph.
        names: the names of its Values.
        models: for each parameter of a module, the number of its model.
        parameters: the leaves that are trained.
    """
    calls = _find_calls(graph, models)
    found: list[Constant] = []
    for number, call in enumerate(calls, start=1):
        above = number if len(calls) > 1 else None
        several = len(call.inputs) > 1
        for index, operand in call.inputs.items():
            if isinstance(operand, float):
                subscript = [index] if several and isinstance(index, int) else []
                name = index_name("x", subscript, above)
                found.append(Constant(name, operand, "input", call.uses[index]))
    targets = list(_find_targets(graph, parameters))
    for number, (node, position) in enumerate(targets, start=1):
        name = index_name("T", [number] if len(targets) > 1 else [])
        operand = node.operands[position]
        assert isinstance(operand, float)
        found.append(Constant(name, operand, "target", [(node, position)]))
    taken = set(map(name_as_text, names.values()))
    for constant in found:
        name, number = constant.name, 2
        while constant.name in taken:
            constant.name, number = f"{name}_{number}", number + 1
        taken.add(constant.name)
    return found


@dataclass
class _Call:
    """A call of a layer: its inputs by their index, and where those are used that are numbers."""

    layer: tuple[int, str]
    inputs: dict[int | str, Operand] = field(default_factory=dict)
    uses: dict[int | str, list[Use]] = field(default_factory=dict)
    taken: set[tuple[str, int | str]] = field(default_factory=set)

    def has_place(self, bundle: _Bundle) -> bool:
        """Return whether a neuron may have got its inputs in this call."""
        return bundle.layer == self.layer and all(
            (bundle.neuron, index) not in self.taken
            and (index not in self.inputs or _are_same(self.inputs[index], operand))
            for index, (operand, _) in bundle.inputs.items()
        )

    def add(self, node: Value, bundle: _Bundle) -> None:
        for index, (operand, position) in bundle.inputs.items():
            self.taken.add((bundle.neuron, index))
            self.inputs[index] = operand
            self.uses.setdefault(index, []).append((node, position))


@dataclass
class _Bundle:
    """The inputs that meet the weights of a neuron in a node, each with its position there."""

    layer: tuple[int, str]
    neuron: str
    inputs: dict[int | str, tuple[Operand, int]]


def _find_calls(graph: Graph, models: Mapping[Value, int]) -> list[_Call]:
    """Return the calls that got plain numbers.

    A graph does not say which nodes a call made. The neurons of a layer get the same inputs in a
    call, and each neuron makes one node a call, so the k-th nodes of the neurons belong together.
    """
    calls: list[_Call] = []
    for node in graph.order:
        for bundle in _read_bundles(node, models):
            call = next((call for call in calls if call.has_place(bundle)), None)
            if call is None:
                call = _Call(bundle.layer)
                calls.append(call)
            call.add(node, bundle)
    for call in calls:
        call.inputs = dict(
            sorted(call.inputs.items(), key=lambda one: (isinstance(one[0], str), one[0]))
        )
    return [call for call in calls if any(isinstance(x, float) for x in call.inputs.values())]


def _read_bundles(node: Value, models: Mapping[Value, int]) -> Iterator[_Bundle]:
    """Yield the inputs that a node multiplies by weights of a module."""
    operands = node.operands
    pairs: Iterable[tuple[int, int]] = ()
    if node.op is not None and node.op.name == "dot":
        length = len(operands) // 2
        pairs = ((k, length + k) for k in range(length))
    elif node.op is not None and node.op.name == "mul":
        pairs = ((0, 1), (1, 0))
    inputs: dict[int | str, tuple[Operand, int]] = {}
    owner: Value | None = None
    for w, x in pairs:
        weight, operand = operands[w], operands[x]
        if isinstance(weight, float) or weight not in models:
            continue
        if isinstance(operand, float) or operand not in models:
            owner = weight
            inputs[_find_index(weight)] = operand, x
    if owner is not None:
        assert isinstance(owner.name, ParameterPath)
        yield _Bundle((models[owner], find_layer(owner)), owner.name.owner, inputs)


def find_layer(parameter: Value) -> str:
    """Return the path of the layer that has a parameter of a module, or of the neuron alone."""
    assert isinstance(parameter.name, ParameterPath)
    return re.sub(r"(^|\.)neurons\.\d+$", "", parameter.name.owner)


def _find_index(weight: Value) -> int | str:
    """Return the number of the input that belongs to a weight, from 1, or the weight's path."""
    path = str(weight.name)
    found = re.search(r"(?:^|\.)weights\.(\d+)$", path)
    return int(found[1]) + 1 if found else path


def _are_same(x: Operand, y: Operand) -> bool:
    if isinstance(x, float) and isinstance(y, float):
        return repr(x) == repr(y)  # 0.0 and -0.0 are two numbers, and NaN is one
    return x is y


def _find_targets(graph: Graph, parameters: Collection[Value]) -> Iterator[Use]:
    """Yield the plain numbers that are known as targets, by the forms of the library's losses.

    Those are (T − p)² and |T − p|, the hinge max(0, 1 − Tp), and an expectation under
    probabilities; p depends on parameters, and is none itself.
    """
    trained = set(parameters)
    for node in graph.order:
        values = [edge.operand for edge in graph.edges[node]]
        if any(operand in trained for operand in values):
            is_prediction = any(v in trained and v.op is not None for v in values)
            trained.add(node)
            if is_prediction:
                numbers = (i for i, x in enumerate(node.operands) if isinstance(x, float))
                yield from ((node, i) for i in numbers if _is_target(graph, node, i))


def _is_target(graph: Graph, node: Value, position: int) -> bool:
    assert node.op is not None
    if node.op.name == "expectation":
        return node.op.slots(len(node.operands))[position][0] == "w"
    users = [edge.node for edge in graph.consumers[node]]
    if node.op.name == "sub":
        return bool(users) and all(map(_is_distance, users))
    if node.op.name == "mul" and node.operands[position] in (1.0, -1.0) and len(users) == 1:
        return _has_form(users[0], "sub", 0, 1.0) and all(
            edge.node.op is not None and edge.node.op.name == "relu"
            for edge in graph.consumers[users[0]]
        )
    return False


def _is_distance(node: Value) -> bool:
    assert node.op is not None
    return node.op.name in ("square", "abs") or _has_form(node, "pow", 1, 2.0)


def _has_form(node: Value, operation: str, position: int, number: float) -> bool:
    """Return whether a node is an operation with a number at a position."""
    assert node.op is not None
    operand = node.operands[position] if node.op.name == operation else None
    return isinstance(operand, float) and operand == number

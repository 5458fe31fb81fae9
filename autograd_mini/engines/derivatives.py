"""Derivatives of a graph as a graph: the derivative rules of its rows, computed over Values.

So the derivatives can be differentiated again, to any order.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from autograd_mini.arguments import list_some, requirement
from autograd_mini.engines import Operand, Value, errstate, number_of
from autograd_mini.engines.graph import Edge, Graph, compute_again
from autograd_mini.engines.node import describe, flat
from autograd_mini.engines.nonfinite import nonfinite_gradient, nonfinite_tangent, strict
from autograd_mini.table.arithmetic import IEEE, Arithmetic
from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.primitives import PRIMITIVES, Primitive
from autograd_mini.table.rules import Rule, split_cases

__all__ = ["VALUES", "differentiate", "find_order", "push_forward"]


_divide, _power = (IEEE.compile("plain", "xy", Rule(text)) for text in ("x / y", "x ** y"))


def _has_value(x: Operand, y: Operand) -> bool:
    return isinstance(x, Value) or isinstance(y, Value)


VALUES = Arithmetic(
    {
        # The name of a row is that of a method, but for what Python writes as an operator.
        **{name: getattr(Value, name, abs) for name in ELEMENTARY if name in PRIMITIVES},
        "pow": lambda x, y: x**y if _has_value(x, y) else _power(x, y),
    },
    divide=lambda x, y: x / y if _has_value(x, y) else _divide(x, y),
    order=number_of,
    sums={"sum": Value.sum, "fsum": Value.fsum},
)
"""Values, and floats for constants: a formula over them makes nodes, with the bits of floats."""

_rules: WeakKeyDictionary[Primitive, dict[str, Callable[..., Any]]] = WeakKeyDictionary()


def _partial_over_values(row: Primitive, operand: str) -> Callable[..., Any]:
    """Return a partial derivative as a function of the operands and ``out``.

    In a sequence of operands it returns one for each.
    """
    known = _rules.setdefault(row, {})
    if operand not in known:
        known[operand] = VALUES.compile(
            row.name,
            (*row.operands, "out"),
            row.partials[operand],
            result=row.partial_text(operand, VALUES),
            sequences=row.value.sequences,
        )
    return known[operand]


class _Partials:
    """The partial derivatives of a node as Values, or floats where they are constant."""

    def __init__(self, node: Value) -> None:
        assert node.op is not None
        self.node, self.row = node, node.op
        self._operands = self.row.arrange(node.operands)
        self._slots = self.row.slots(len(node.operands))
        self._found: dict[str, Any] = {}
        self._is_current = False

    def __getitem__(self, edge: Edge) -> Operand:
        operand, place = self._slots[edge.position]
        if operand not in self._found:
            self._found[operand] = self._compute(operand)
        found = self._found[operand]
        partial: Operand = found if place is None else found[place]
        if not _is_same(number_of(partial), edge.partial):
            raise self._make_error(operand)
        return partial

    def _compute(self, operand: str) -> Any:
        if hasattr(self.row, "differentiate"):
            found = self.row.differentiate(*self._operands)
            return found[self.row.operands.index(operand)]
        # A product has the other operand as its partial derivative, which shows every change of
        # it. That of sin is the same at -x as at x, but the value is not.
        if not _is_plain(self.row.partials[operand].tree):
            self._check_value(operand)
        return _partial_over_values(self.row, operand)(*self._operands, self.node)

    def _check_value(self, operand: str) -> None:
        if not self._is_current:
            value, partials = compute_again(self.node)
            pairs = zip(flat(partials), self.node.partials, strict=True)
            same = all(recorded is None or _is_same(p, recorded) for p, recorded in pairs)
            if not (same and _is_same(value, self.node.data)):
                raise self._make_error(operand)
            self._is_current = True

    def _make_error(self, operand: str) -> RuntimeError:
        """Return the error for an operand that was changed after the node was made."""
        used = self.row.partials[operand].names
        named = zip(self._slots, self.node.operands, strict=True)
        operands = [o for (name, _), o in named if isinstance(o, Value) and name in used]
        suspects = [o for o in operands if o.op is None] or [*operands, self.node]
        return RuntimeError(
            requirement(
                f"derivative of {self.row}: the numbers of its operands",
                "those with which it was computed",
                list_some([describe(one) for one in dict.fromkeys(suspects)]),
                "one was changed since: compute the function again",
            )
        )


def _is_plain(tree: ast.expr) -> bool:
    """Return whether a formula is a name or a constant, or takes one of some by a condition."""
    cases = [case for _, case in split_cases(tree)]
    return all(isinstance(one, ast.Name | ast.Constant | ast.UnaryOp) for one in cases)


def _is_same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def _multiply(x: Operand, partial: Operand) -> Operand:
    """Return the product; a partial derivative of 0 or 1 makes no node."""
    if isinstance(partial, float):
        if partial == 1.0:
            return x
        if partial == 0.0 and math.isfinite(number_of(x)):
            return 0.0
    if isinstance(x, float):
        if x == 1.0:
            return partial
        if x == 0.0 and math.isfinite(number_of(partial)):
            return 0.0
    return x * partial


def _add(x: Operand | None, y: Operand) -> Operand:
    """Return the sum; nothing, or a zero that is no Value, makes no node."""
    if x is None or (isinstance(x, float) and x == 0.0):
        return y
    return x if isinstance(y, float) and y == 0.0 else x + y


def differentiate(
    outputs: Sequence[Value], inputs: Sequence[Value], seeds: Sequence[Operand], where: str
) -> list[Operand]:
    """Return the derivatives of Σ seed · output by each input, as Values or constant floats.

    The numbers are those of `sweeps.sweep_back`, bit for bit, and so are the errors.

    Raises:
        RuntimeError: a number was changed after the graph was made.
    """
    graph = Graph(*outputs)
    depending = _find_depending(graph, inputs)
    adjoints: dict[Value, Operand] = {}
    nodes = []
    with errstate(nonfinite="ignore"):  # the rules meet infinities where their results are finite
        for output, seed in zip(outputs, seeds, strict=True):
            adjoints[output] = _add(adjoints.get(output), seed)
        for node in reversed(graph.order):
            if node.op is None or node not in depending or node not in adjoints:
                continue
            adjoint, partials = adjoints[node], _Partials(node)
            nodes.append(node)
            for edge in graph.edges[node]:
                if edge.operand in depending:
                    term = _multiply(adjoint, partials[edge])
                    adjoints[edge.operand] = _add(adjoints.get(edge.operand), term)
    found = [adjoints.get(x, 0.0) for x in inputs]
    numbers = list(map(number_of, found))
    if not all(map(math.isfinite, numbers)) and strict():
        incoming = [number_of(adjoints[node]) for node in reversed(nodes)]
        raise nonfinite_gradient(nodes[::-1], incoming, inputs, numbers, where)
    return found


def push_forward(
    outputs: Sequence[Value], tangents: Mapping[Value, Operand], where: str
) -> list[Operand]:
    """Return the derivatives of the outputs along tangents of some Values.

    The arguments and errors are those of `differentiate`.
    """
    graph = Graph(*outputs)
    moved: dict[Value, Operand] = {}
    with errstate(nonfinite="ignore"):
        for node in graph.order:
            moved[node] = tangents.get(node, 0.0)
            if node in tangents or node.op is None:
                continue
            partials = _Partials(node)
            for edge in graph.edges[node]:
                tangent = moved[edge.operand]
                if isinstance(tangent, Value) or tangent != 0.0:
                    moved[node] = _add(moved[node], _multiply(tangent, partials[edge]))
    found = [moved[output] for output in outputs]
    if not all(math.isfinite(number_of(x)) for x in found) and strict():
        raise nonfinite_tangent(graph.order, {n: number_of(t) for n, t in moved.items()}, where)
    return found


def _find_depending(graph: Graph, inputs: Sequence[Value]) -> set[Value]:
    """Return the inputs, and the nodes of a graph that depend on them."""
    depending = set(inputs)
    for node in graph.order:
        if any(edge.operand in depending for edge in graph.edges[node]):
            depending.add(node)
    return depending


def find_order(outputs: Sequence[Value], inputs: Sequence[Value]) -> int:
    """Return of which order the derivatives of some outputs are.

    Each transform of a function has put an identity between its argument and what depends on that.
    """
    graph = Graph(*outputs)
    order = dict.fromkeys(inputs, 1)
    for node in graph.order:
        if node not in order:
            below = [order[edge.operand] for edge in graph.edges[node] if edge.operand in order]
            if below:
                order[node] = max(below) + (node.op is PRIMITIVES["identity"])
    return max((order.get(output, 1) for output in outputs), default=1)

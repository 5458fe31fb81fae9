"""Derivatives of a graph as a graph: the derivative rules of its rows, computed over Values.

So the derivatives can be differentiated again, to any order.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from threading import local
from typing import Any
from weakref import WeakKeyDictionary, ref

from autograd_mini.arguments import list_some, requirement
from autograd_mini.engines import (
    Choice,
    Operand,
    Value,
    errstate,
    hold,
    is_recording,
    number_of,
)
from autograd_mini.engines.branches import add, decide, differentiate_choice, multiply, settle
from autograd_mini.engines.extension import Function
from autograd_mini.engines.graph import Edge, Graph
from autograd_mini.engines.node import describe
from autograd_mini.engines.nonfinite import nonfinite_gradient, nonfinite_tangent, strict
from autograd_mini.engines.python_function import PythonFunction
from autograd_mini.table.arithmetic import IEEE, Arithmetic
from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.primitives import PRIMITIVES, Primitive
from autograd_mini.table.rules import Rule, split_cases

__all__ = ["VALUES", "count_graphs", "differentiate", "find_order", "push_forward"]


_divide, _power = (IEEE.compile("plain", "xy", Rule(text)) for text in ("x / y", "x ** y"))


def _has_value(x: Operand, y: Operand) -> bool:
    return isinstance(x, Value) or isinstance(y, Value)


def _make_arithmetic(**options: Any) -> Arithmetic:
    return Arithmetic(
        {
            # The name of a row is that of a method, but for what Python writes as an operator.
            **{name: getattr(Value, name, abs) for name in ELEMENTARY if name in PRIMITIVES},
            "pow": lambda x, y: x**y if _has_value(x, y) else _power(x, y),
        },
        divide=lambda x, y: x / y if _has_value(x, y) else _divide(x, y),
        sums={"sum": Value.sum, "fsum": Value.fsum},
        **options,
    )


VALUES = _make_arithmetic(order=number_of)
"""Values, and floats for constants: a formula over them makes nodes, with the bits of floats."""

_CHOOSING = _make_arithmetic(decide=decide)
"""The same while a computation is recorded: a condition becomes a choice for all samples."""

_HOLDING = {
    VALUES: _make_arithmetic(order=number_of, hold=number_of),
    _CHOOSING: _make_arithmetic(
        decide=decide, hold=lambda x: hold(x) if isinstance(x, Value) else x
    ),
}
"""For rows of the table: the largest number in a rule of these shifts exponents, as in softmax, and
what depends on it cancels. So it has no derivative, and none depends on which number it is."""


class _Rules:
    """The rules of a row, for its value over floats and for its partial derivatives over Values."""

    def __init__(self, row: Primitive) -> None:
        self._row, self.is_nary = ref(row), row.nary
        is_custom = isinstance(row, PythonFunction)
        self._value = None if is_custom else IEEE.compile(row.name, row.operands, row.value)
        self._partials: dict[tuple[str, Arithmetic], tuple[Callable[..., Any], bool]] = {}

    @property
    def row(self) -> Primitive:
        """The row, which some node has: from here, it would never be freed."""
        row = self._row()
        assert row is not None
        return row

    def compute(self, node: Value, edges: Sequence[Edge]) -> list[Operand]:
        """Return the partial derivative for each of some edges of a node of this row.

        Raises:
            RuntimeError: the number of an operand is not that with which the node was computed.
        """
        if isinstance(self.row, Choice):
            return [differentiate_choice(node, edge.position) for edge in edges]
        operands = node.operands
        given, slots = operands, self.row.slots(len(operands))
        if self.is_nary:
            given = self.row.arrange(operands)
        found: dict[str, Any] = {}
        if isinstance(self.row, PythonFunction):
            if not _is_same(self.row.compute_value(*map(number_of, operands)), number_of(node)):
                raise self._make_error(self.row.operands[0], node)
            found = dict(zip(self.row.operands, self.row.differentiate(*operands), strict=True))
        partials = []
        for edge in edges:
            name, place = slots[edge.position]
            if name not in found:
                found[name] = self._compute_by(name, given, node)
            partial = found[name] if place is None else found[name][place]
            if not _is_same(number_of(partial), edge.partial):
                if edge.partial == edge.partial:
                    raise self._make_error(name, node)
                # The value is a NaN, and so is each partial derivative, whatever its rule gives.
                partial = partial if is_recording() else edge.partial
            partials.append(partial)
        return partials

    def _compute_by(self, operand: str, given: Sequence[Any], node: Value) -> Any:
        """Return the partial derivative for an operand; a list of them for a sequence."""
        assert self._value is not None
        arithmetic = _CHOOSING if is_recording() else VALUES
        key = operand, arithmetic if isinstance(self.row, Function) else _HOLDING[arithmetic]
        function, shows_changes = self._partials.get(key) or self._compile(*key)
        if not shows_changes and not _is_same(
            self._value(*map(_numbers_of, given)), number_of(node)
        ):
            raise self._make_error(operand, node)
        return function(*given, node)

    def _compile(self, operand: str, arithmetic: Arithmetic) -> tuple[Callable[..., Any], bool]:
        rule = self.row.partials[operand]
        function = arithmetic.compile(
            self.row.name,
            (*self.row.operands, "out"),
            rule,
            result=self.row.partial_text(operand, arithmetic),
            sequences=self.row.value.sequences,
        )
        # A product has the other operand as its partial derivative, which shows every change of
        # it. That of sin is the same at -x as at x, but the value is not.
        self._partials[operand, arithmetic] = function, _is_plain(rule.tree)
        return self._partials[operand, arithmetic]

    def _make_error(self, operand: str, node: Value) -> RuntimeError:
        """Return the error for an operand that was changed after the node was made."""
        used = self.row.partials[operand].names
        named = zip(self.row.slots(len(node.operands)), node.operands, strict=True)
        operands = [o for (name, _), o in named if isinstance(o, Value) and name in used]
        suspects = [o for o in operands if o.op is None] or [*operands, node]
        return RuntimeError(
            requirement(
                f"derivative of {self.row}: the numbers of its operands",
                "those with which it was computed",
                list_some([describe(one) for one in dict.fromkeys(suspects)]),
                "one was changed since: compute the function again",
            )
        )


_known: WeakKeyDictionary[Primitive, _Rules] = WeakKeyDictionary()


def _compute_partials(node: Value, edges: Sequence[Edge]) -> list[Operand]:
    """Return partial derivatives of a node as Values, or floats where they are constant."""
    row = node.op
    assert row is not None
    rules = _known.get(row)
    if rules is None:
        rules = _known[row] = _Rules(row)
    return rules.compute(node, edges)


def _numbers_of(operand: Any) -> Any:
    return list(map(number_of, operand)) if isinstance(operand, tuple) else number_of(operand)


def _is_plain(tree: ast.expr) -> bool:
    """Return whether a formula is a name or a constant, or takes one of some by a condition."""
    cases = [case for _, case in split_cases(tree)]
    return all(isinstance(one, ast.Name | ast.Constant | ast.UnaryOp) for one in cases)


def _is_same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


_of_thread = local()


def count_graphs() -> int:
    """Return for how many graphs this thread has computed derivatives by their rules."""
    return getattr(_of_thread, "count", 0)


def _count_graph() -> None:
    _of_thread.count = count_graphs() + 1


def differentiate(
    outputs: Sequence[Value], inputs: Sequence[Value], seeds: Sequence[Operand], where: str
) -> list[Operand]:
    """Return the derivatives of Σ seed · output by each input, as Values or constant floats.

    The numbers are those of `sweeps.sweep_back`, bit for bit, and so are the errors.

    Raises:
        RuntimeError: a number was changed after the graph was made.
    """
    _count_graph()
    graph = Graph(*outputs)
    depending = _find_depending(graph, inputs)
    adjoints: dict[Value, Operand] = {}
    nodes = []
    with errstate(nonfinite="ignore"):  # the rules meet infinities where their results are finite
        for output, seed in zip(outputs, seeds, strict=True):
            adjoints[output] = add(adjoints.get(output), seed)
        for node in reversed(graph.order):
            if node.op is None or node not in depending or node not in adjoints:
                continue
            nodes.append(node)
            edges = [edge for edge in graph.edges[node] if edge.operand in depending]
            for edge, partial in zip(edges, _compute_partials(node, edges), strict=True):
                term = multiply(adjoints[node], partial)
                adjoints[edge.operand] = add(adjoints.get(edge.operand), term)
    found = [settle(adjoints.get(x, 0.0)) for x in inputs]
    numbers = list(map(number_of, found))
    if not all(map(math.isfinite, numbers)) and _raises():
        incoming = [number_of(adjoints[node]) for node in reversed(nodes)]
        raise nonfinite_gradient(nodes[::-1], incoming, inputs, numbers, where)
    return found


def _raises() -> bool:
    """Return whether a derivative that is not finite raises.

    In a recording it may come from a branch that is not taken; a replay finds such samples, and
    computes them without the recording.
    """
    return strict() and not is_recording()


_ZERO = 0.0
"""The tangent of what does not depend on the inputs."""


def push_forward(
    outputs: Sequence[Value], tangents: Mapping[Value, Operand], where: str
) -> list[Operand]:
    """Return the derivatives of the outputs along tangents of some Values.

    The arguments and errors are those of `differentiate`.
    """
    _count_graph()
    graph = Graph(*outputs)
    moved: dict[Value, Operand] = {}
    with errstate(nonfinite="ignore"):
        for node in graph.order:
            moved[node] = tangents.get(node, _ZERO)
            if node in tangents or node.op is None:
                continue
            edges = [edge for edge in graph.edges[node] if moved[edge.operand] is not _ZERO]
            for edge, partial in zip(edges, _compute_partials(node, edges), strict=True):
                moved[node] = add(moved[node], multiply(moved[edge.operand], partial))
    found = [settle(moved[output]) for output in outputs]
    if not all(math.isfinite(number_of(x)) for x in found) and _raises():
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

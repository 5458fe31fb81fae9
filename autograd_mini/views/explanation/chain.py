"""The chain rule of a graph: the formulas of its nodes, and the factors between them."""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from autograd_mini.engines import Operand, Value
from autograd_mini.engines.graph import Edge, Graph, compute_again
from autograd_mini.engines.node import numbers_of
from autograd_mini.programs.row import RecordedFunction
from autograd_mini.table.notation import Unicode, shorten
from autograd_mini.table.primitives import Primitive
from autograd_mini.views.constants import Constant, Use
from autograd_mini.views.explanation import algebra
from autograd_mini.views.explanation.rewriting import decide, substitute, tidy

__all__ = ["Chain", "Derivation", "Factor", "Formulas", "find_inlined", "find_uses"]

_LARGEST = 9
"""An expression with more names, numbers and operations than this gets a name of its own."""
_LONGEST = 60
"""The same bound for an expression that is in no formula of a derivative, as in a long sum."""


@dataclass(frozen=True)
class Factor:
    """A partial derivative between two named Values, in symbols and as a number.

    Attributes:
        of, wrt: the names of the two Values.
        formula: the derivative in symbols, in plain text.
        value: the number, from the recorded partial derivatives.
        tree: the derivative in symbols, as a formula that any notation writes.
        paths: the ways from ``of`` to ``wrt`` through Values without a name, each as its edges;
            the products of their partial derivatives add up to `value`.
    """

    of: str
    wrt: str
    formula: str
    value: float
    tree: ast.expr = field(repr=False, compare=False)
    paths: Sequence[Sequence[Edge]] = field(repr=False, compare=False)


class Formulas:
    """The formulas of the nodes of a graph.

    The ``inlined`` nodes are shown as expressions, the numbers at the uses in ``boxes`` by name.
    """

    def __init__(
        self,
        names: Mapping[Any, str],
        inlined: Collection[Value] = (),
        boxes: Mapping[Use, Constant] | None = None,
    ) -> None:
        self.names = names
        self.inlined = inlined
        self.boxes = boxes or {}
        is_taken = not {"pi", "π"}.isdisjoint(names.values())
        self._constants = {"pi": algebra.number(math.pi)} if is_taken else {}
        self._last: tuple[Value | None, tuple[Sequence[Operand], Sequence[Any]]] = None, ((), ())

    def of(self, operand: Operand) -> ast.expr:
        """Return the name of an operand, or the expression that computes it."""
        if isinstance(operand, float):
            return algebra.number(operand)
        if operand in self.inlined:
            assert operand.op is not None
            return self.apply(operand.op.formula, operand)
        return algebra.name(self.names[operand])

    def definition(self, node: Value) -> ast.expr:
        """Return the expression that computes a node from its operands."""
        assert node.op is not None
        return tidy(self.apply(node.op.formula, node))

    def apply(self, tree: ast.expr, node: Value) -> ast.expr:
        """Return a formula of the row of a node with the operands of the node in it."""
        return substitute(tree, *self._arrange(node))

    def _arrange(self, node: Value) -> tuple[dict[str, ast.expr], dict[str, list[ast.expr]]]:
        """Return the expressions of the operands by the row's names: single ones, sequences.

        Dots stand for the middle of a long sequence.
        """
        assert node.op is not None
        single = dict(self._constants)
        sequences: dict[str, list[ast.expr]] = {}
        _, arranged = self._read(node)
        for key, operand in zip(node.op.operands, arranged, strict=True):
            if isinstance(operand, tuple):
                shown = shorten(operand, None)
                sequences[key] = [algebra.DOTS if o is None else self.of(o) for o in shown]
            else:
                single[key] = self.of(operand)
        return single, sequences

    def _read(self, node: Value) -> tuple[Sequence[Operand], Sequence[Any]]:
        """Return the operands of a node in a row, and by the row's names.

        With many operands this takes time, so it happens once for all edges of the node.
        """
        assert node.op is not None
        if self._last[0] is not node:
            operands: Sequence[Any] = node.operands
            if self.boxes:
                operands = [self.boxes.get((node, i), o) for i, o in enumerate(operands)]
            self._last = node, (operands, node.op.arrange(operands))
        return self._last[1]

    def partial(self, edge: Edge, *, cases: bool = False) -> ast.expr:
        """Return the derivative along an edge in the textbook's form.

        Of several cases, it has the case that applies, or with ``cases`` all of them.
        The derivative of a NaN is NaN.
        """
        node = edge.node
        assert node.op is not None
        given, _ = self._read(node)
        slot, _ = node.op.slots(len(given))[edge.position]
        rule = node.op.textbook[slot]
        term = node.op.term(len(given), edge.position) if rule.names else {}
        operands: dict[str, Operand] = {"out": node, **{o: given[i] for o, i in term.items()}}
        tree = rule.tree
        if isinstance(node.op, RecordedFunction):
            tree = node.op.write_partial(self.names[edge.operand])
        if not cases:
            if math.isnan(node.data):
                return algebra.number(node.data)
            terms = (ast.walk(reduction.term.tree) for reduction in rule.reductions)
            if any(isinstance(part, ast.IfExp) for parts in terms for part in parts):
                return algebra.number(edge.partial)  # as the share of operands that tie
            recorded = node.operands if self.boxes else given
            numbers = {key: numbers_of(recorded[i]) for key, i in term.items()}
            tree = decide(tree, {"out": node.data, **numbers})
        sequences = self._arrange(node)[1] if rule.sequences else {}
        # A Value that shows as an expression may be long, so it is written only if it is used.
        single = {key: self.of(o) for key, o in operands.items() if key in rule.names}
        tree = substitute(tree, single | self._constants, sequences)
        return algebra.simplify(tree)


class Derivation:
    """The factors of every chain rule of a graph, over the Values with names.

    Short results of plain arithmetic that are used once need no name: so the derivative of
    ½(T − a)² with respect to a is a single factor, −(T − a). The operand of an activation function
    always has a name.

    Args:
        graph: the graph of the results.
        names: a name for each Value.
        given: the Values whose names a user gave; they are always shown by name.
        constants: plain numbers that are shown by name, and differentiated by as leaves are.
        cases: whether a factor has all cases of a derivative, so that it is right for other
            numbers than the recorded ones; otherwise it has the case that applies to these.
        digits: how many significant digits a number has in the plain text of a factor.
    """

    def __init__(
        self,
        graph: Graph,
        names: Mapping[Value, str],
        given: Collection[Value] = (),
        *,
        constants: Sequence[Constant] = (),
        cases: bool = False,
        digits: int = 4,
    ) -> None:
        self.graph, self.cases = graph, cases
        self.names: Mapping[Any, str] = {**names, **{c: c.name for c in constants}}
        self.boxes = {use: constant for constant in constants for use in constant.uses}
        self.notation = Unicode(digits, self.names.values())
        self.inlined = find_inlined(graph, given={*graph.roots, *given})
        """The Values that show as expressions where another Value is computed from them."""
        self.formulas = Formulas(self.names, self.inlined, self.boxes)
        self._consumers: dict[Value | Constant, Sequence[tuple[Value, Factor]]] = {}

    def consumers(self, wrt: Value | Constant) -> Sequence[tuple[Value, Factor]]:
        """Return the next Values with names that a Value goes into, latest first, with factors."""
        if wrt not in self._consumers:
            formulas = self.formulas_of(wrt)
            self._consumers[wrt] = [
                (node, self._make_factor(formulas, node, wrt, paths))
                for node, paths in self._find_paths(wrt).items()
            ]
        return self._consumers[wrt]

    def formulas_of(self, wrt: Value | Constant) -> Formulas:
        """Return the formulas in which this Value has its name."""
        if isinstance(wrt, Constant) or wrt not in self.inlined:
            return self.formulas
        return Formulas(self.names, self.inlined - {wrt}, self.boxes)

    def _find_paths(self, wrt: Value | Constant) -> dict[Value, list[list[Edge]]]:
        """Return the paths to a Value from each next Value with a name, over those without."""
        uses = self.graph.consumers
        found: dict[Value, list[list[Edge]]] = {}
        edges = find_uses(wrt) if isinstance(wrt, Constant) else uses[wrt]
        for edge in reversed(edges):
            path = [edge]
            while path[-1].node in self.inlined:
                path += uses[path[-1].node]  # it is used once
            found.setdefault(path[-1].node, []).append(path[::-1])
        for paths in found.values():
            paths.sort(key=lambda path: [edge.position for edge in path])
        return found

    def _make_factor(
        self,
        formulas: Formulas,
        node: Value,
        wrt: Value | Constant,
        paths: Sequence[Sequence[Edge]],
    ) -> Factor:
        value = 0.0
        for path in paths:
            value += math.prod(edge.partial for edge in path)
        simplify = not math.isnan(value)  # or 0 · ∞ would become 0
        slopes = ([formulas.partial(edge, cases=self.cases) for edge in path] for path in paths)
        products = [algebra.product(several, simplify=simplify) for several in slopes]
        tree = algebra.total(products, simplify=simplify)
        formula = self.notation.formula(tree)
        return Factor(self.names[node], self.names[wrt], formula, value, tree, paths)


class Chain:
    """The paths of a gradient from a result back to a Value.

    Args:
        derivation: the factors between the Values of the graph of the result.
        wrt: a Value that the result was computed from.
    """

    def __init__(self, derivation: Derivation, wrt: Value) -> None:
        graph = derivation.graph
        above = {wrt}
        for node in graph.order:
            if any(edge.operand in above for edge in graph.edges[node]):
                above.add(node)
        self.derivation, self.names = derivation, derivation.names
        self.formulas = derivation.formulas_of(wrt)
        self.nodes = [
            node
            for node in reversed(graph.order)
            if node in above and node not in self.formulas.inlined
        ]
        """The Values on the paths, from the result back."""

    @cached_property
    def consumers(self) -> Mapping[Value, Sequence[tuple[Value, Factor]]]:
        """For each node, its consumers, each with the factor between the two."""
        return {node: self.derivation.consumers(node) for node in self.nodes}

    @cached_property
    def path_counts(self) -> Mapping[Value, int]:
        """For each node, the number of paths from the result to it."""
        root, *others = self.nodes
        found = {root: 1}
        for node in others:
            found[node] = sum(found[consumer] for consumer, _ in self.consumers[node])
        return found

    @cached_property
    def adjoints(self) -> Mapping[Value, float]:
        """For each node, the derivative of the result with respect to it."""
        found = self.derivation.graph.chain_rule()
        return {node: found[node] for node in self.nodes}

    def paths(self) -> Iterator[tuple[Factor, ...]]:
        """Yield the factors of each path, from the result back."""
        root, wrt = self.nodes[0], self.nodes[-1]
        unfinished: list[tuple[Value, tuple[Factor, ...]]] = [(wrt, ())]
        while unfinished:
            node, factors = unfinished.pop()
            if node is root:
                yield factors
            for consumer, factor in self.consumers[node]:  # the last comes out first
                unfinished.append((consumer, (factor, *factors)))


def find_inlined(graph: Graph, *, given: Collection[Value]) -> set[Value]:
    """Return the nodes of a graph that show as expressions."""
    uses = graph.consumers
    sizes: dict[Value, int] = {}
    for node in graph.order:
        sizes[node] = 1
        if node not in given and node.op is not None and _is_arithmetic(node.op):
            sizes[node] += sum(
                1 if isinstance(o, float) or len(uses[o]) > 1 or sizes[o] > _LONGEST else sizes[o]
                for o in node.operands
            )
    inlined: set[Value] = set()
    mentioned: set[Value] = set()
    needed: dict[Value, set[str]] = {}
    slots = {node: _slots_of(node) for node in graph.order if node.op is not None}
    for node in reversed(graph.order):
        needed[node] = _find_needed(graph, node, slots)
        if not uses[node]:
            continue  # the root
        edge = uses[node][-1]
        slot, _ = slots[edge.node][edge.position]
        if slot in needed[edge.node] or (edge.node in inlined and edge.node in mentioned):
            mentioned.add(node)
        short = sizes[node] <= (_LARGEST if node in mentioned else _LONGEST)
        nameless = node.op is not None and node not in given and len(uses[node]) == 1
        into_activation = edge.node.op is not None and edge.node.op.activation
        if nameless and short and _is_arithmetic(node.op) and not into_activation:
            inlined.add(node)
    return inlined


@lru_cache(maxsize=256)
def _is_arithmetic(op: Primitive) -> bool:
    """Return whether an operation is written with signs, not as a function.

    An operation of more than two operands, or of sequences of them, is a whole neuron.
    """
    return len(op.operands) <= 2 and not any(
        isinstance(part, ast.Call) and ast.unparse(part.func) != "sum"
        for part in ast.walk(op.formula)
    )


def _find_needed(
    graph: Graph, node: Value, slots: Mapping[Value, Sequence[tuple[str, int | None]]]
) -> set[str]:
    """Return the operands of a node that are in the formulas of its derivatives."""
    if node.op is None:
        return set()
    used = {slots[node][edge.position][0] for edge in graph.edges[node]}
    found = {name for slot in used for name in node.op.textbook[slot].names}
    return {*found, *node.op.operands} if "out" in found else found


def find_uses(constant: Constant) -> list[Edge]:
    """Return the uses of a plain number as edges, as if it were a leaf."""
    edges = []
    for node, position in constant.uses:
        assert node.op is not None
        _, partials = compute_again(node)
        slot, place = _slots_of(node)[position]
        slope: Any = partials[node.op.operands.index(slot)]
        operand: Any = constant
        edges.append(Edge(operand, node, position, slope if place is None else slope[place]))
    return edges


def _slots_of(node: Value) -> Sequence[tuple[str, int | None]]:
    assert node.op is not None
    return node.op.slots(len(node.operands))

"""The whole backward pass, node by node, in the order in which it takes place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.table.notation import Unicode
from autograd_mini.views.explanation.base import Explanation
from autograd_mini.views.explanation.cases import tell_case
from autograd_mini.views.explanation.chain import Formulas
from autograd_mini.views.explanation.definitions import Definitions
from autograd_mini.views.explanation.layout import Equation, Group, Piece, Sentence
from autograd_mini.views.explanation.products import join, write_numbers

__all__ = ["BackwardPass"]


class BackwardPass(Explanation):
    """The whole backward pass: the derivative of a result with respect to every Value."""

    def __init__(self, graph: Graph, names: Mapping[Value, str], *, digits: int) -> None:
        formulas = Formulas(names)
        self._partials = {
            node: [formulas.partial(edge) for edge in graph.edges[node]] for node in graph.order
        }
        trees = (tree for several in self._partials.values() for tree in several)
        definitions = Definitions(formulas, names.values(), trees, limit=len(names))
        super().__init__(definitions, digits=digits)
        self.root, self.wrt, self.value = names[graph.roots[0]], None, 1.0
        self._graph, self._adjoints = graph, graph.chain_rule()
        self.adjoints = {names[n]: adjoint for n, adjoint in reversed(self._adjoints.items())}

    def _write(self, notation: Unicode) -> Iterator[Piece]:
        yield Equation(notation.partial(self.root, self.root), [notation.number(1.0)])
        sums: dict[Value, float] = {}
        for node in reversed(self._graph.order):
            if node.op is not None:
                head = self._definitions.define(node, notation)
                yield Group(head, [*self._pass_on(node, sums, notation)])

    def _pass_on(
        self, node: Value, sums: dict[Value, float], notation: Unicode
    ) -> Iterator[Equation | Sentence]:
        """Yield what a node adds to the gradients of its operands; ``sums`` has them so far."""
        formulas = self._definitions.formulas
        adjoint, before = self._adjoints[node], notation.partial(self.root, formulas.names[node])
        sentences = []
        for edge, tree in zip(self._graph.edges[node], self._partials[node], strict=True):
            operand, term = edge.operand, adjoint * edge.partial
            right = [
                join(notation, notation.times, [before, notation.formula(tree, factor=True)]),
                write_numbers(notation, [adjoint, edge.partial]),
                notation.number(term),
            ]
            left = notation.partial(self.root, formulas.names[operand])
            sign = "=" if len(self._graph.consumers[operand]) == 1 else "+="
            now = notation.number(sums[operand] + term) if operand in sums else ""
            sums[operand] = sums.get(operand, 0.0) + term
            yield Equation(left, right, sign=sign, now=now, in_a_line=True)
            sentences.append(tell_case(formulas, edge, notation))
        yield from dict.fromkeys(filter(None, sentences))

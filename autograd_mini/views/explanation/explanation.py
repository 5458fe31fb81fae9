"""`explain`: the chain rule of a graph, in symbols and numbers, as a textbook writes it."""

from __future__ import annotations

import ast
import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from autograd_mini.arguments import count, requirement
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.table.names import shorten_name
from autograd_mini.table.notation import Latex, Unicode, shorten
from autograd_mini.views.explanation import algebra
from autograd_mini.views.explanation.chain import Chain, Derivation, Factor, Formulas
from autograd_mini.views.explanation.layout import Equation, Group, Piece, Sentence, Table
from autograd_mini.views.naming import collect_names, name_values
from autograd_mini.views.scene import check_size, explain_size

__all__ = ["Explanation", "explain"]

_MOST_PATHS = 6
"""With more paths than this, the sum goes node by node instead of path by path."""
_MANY_PATHS = 10**9
"""From this number of paths on, only the order of magnitude is written."""
_IN_A_LINE = 6
"""With more factors than this, each factor gets a line of its own."""
_AROUND = 200
"""The graph may have this many times the Values that an explanation goes through."""
_SMALL = 0.25
"""This is the largest slope of the sigmoid: smaller factors make a gradient vanish."""


def explain(
    root: Value,
    *,
    wrt: Value | None = None,
    names: Mapping[str, object] | None = None,
    digits: int = 4,
    max_nodes: int = 300,
) -> Explanation:
    """Explain a gradient by the chain rule: the partial derivatives, the symbols, the numbers.

    The result prints as text, and a notebook shows it as mathematics. It needs no backward pass.
    docs/views.md says how to read it.

    Args:
        root: the result.
        wrt: the Value to differentiate by; None for the whole backward pass, node by node.
        names: names for Values, as in `draw`.
        digits, max_nodes: how many significant digits, and at most how many Values, it has.

    Raises:
        TypeError: ``root`` or ``wrt`` is not a Value, or ``names`` not a dict.
        ValueError: ``root`` was not computed from ``wrt``.
        GraphTooLargeError: there are more than ``max_nodes`` Values to go through, or, without
            ``wrt``, more than twice as many edges; or the graph is 200 times as large.

    >>> x, w = Value(0.5, name="x"), Value(2.0, name="w")
    >>> z = w * x - 1.0
    >>> a = z.sigmoid()
    >>> explain(a, wrt=w, names={"z": z, "a": a})
    ∂a/∂w = ∂a/∂z · ∂z/∂w
          = a(1 − a) · x
          = (0.25)(0.5)
          = 0.125
    """
    for name, given in (("root", root), ("wrt", wrt)):
        if not isinstance(given, Value) and not (given is None and name == "wrt"):
            raise TypeError(requirement(f"explain: {name}", "a Value", given))
    digits = count(digits, argument="explain: digits")
    max_nodes = count(max_nodes, argument="explain: max_nodes")
    part = "another root or wrt"
    times = 1 if wrt is None else _AROUND
    check_size([root], max_nodes, where="explain", part=part, times=times)
    graph = Graph(root)
    all_names = name_values(graph, names, argument="explain: names")
    if wrt is None:
        return BackwardPass(graph, all_names, digits=digits)
    if wrt not in all_names:
        rule = f"a Value that {shorten_name(all_names[root])} was computed from"
        leaves = [shorten_name(name) for value, name in all_names.items() if value.op is None]
        way_out = f"its leaves are {', '.join(leaves[:10])}{', …' if len(leaves) > 10 else ''}"
        raise ValueError(requirement("explain: wrt", rule, wrt, way_out))
    own = collect_names(names)
    named = {value for value in all_names if value in own or value.name}
    chain = Chain(Derivation(graph, all_names, named), wrt)
    if len(chain.nodes) > max_nodes:
        limit, size = f"max_nodes={max_nodes}", f"{len(chain.nodes)}"
        raise explain_size(limit, size, f"max_nodes={size}", where="explain", part=part)
    return Derivative(chain, digits=digits)


class Explanation(ABC):
    """The chain rule of a graph: ``print`` it, or let a notebook show it.

    Attributes:
        root: the name of the result that is differentiated.
        wrt: the name of the Value that it is differentiated by; None for all Values.
        value: the derivative; 1 for all Values.
        adjoints: the derivative by each Value on the paths, by name, from the result back.
    """

    root: str
    wrt: str | None
    value: float
    adjoints: dict[str, float]

    def __init__(self, *, digits: int) -> None:
        self.digits = digits

    @abstractmethod
    def pieces(self, notation: Unicode) -> Iterator[Piece]:
        """Yield the pieces of the explanation, written in a notation."""

    def __str__(self) -> str:
        return "\n\n".join(piece.text() for piece in self.pieces(Unicode(self.digits)))

    __repr__ = __str__

    def latex(self) -> str:
        """Return the explanation as LaTeX text for mathematics mode."""
        pieces = [piece.latex() for piece in self.pieces(Latex(self.digits))]
        if len(pieces) == 1:
            return pieces[0]
        lines = r" \\[3ex] ".join(pieces)
        return rf"\begin{{array}}{{l}} {lines} \end{{array}}"

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


class Derivative(Explanation):
    """The derivative of a result with respect to a Value.

    Attributes:
        paths: for each path from the result to the Value its factors; empty if there are so many
            that the explanation goes by adjoints.
        path_count: the number of paths.
    """

    def __init__(self, chain: Chain, *, digits: int) -> None:
        super().__init__(digits=digits)
        self.chain = chain
        root, wrt = chain.nodes[0], chain.nodes[-1]
        self.root, self.wrt = chain.names[root], chain.names[wrt]
        self.value = chain.adjoints[wrt]
        self.adjoints = {chain.names[node]: chain.adjoints[node] for node in chain.nodes}
        self.path_count = chain.path_counts[wrt]
        self.paths = tuple(chain.paths()) if self.path_count <= _MOST_PATHS else ()

    def pieces(self, notation: Unicode) -> Iterator[Piece]:
        assert self.wrt is not None
        left = notation.partial(self.root, self.wrt)
        if not self.paths:
            yield from self.explain_by_adjoints(notation)
        elif len(self.paths) == 1:
            yield from _explain_path(self.paths[0], left, notation)
        else:
            yield Sentence(["", left, f" is the sum over {len(self.paths)} paths:"])
            for factors in self.paths:
                way = [self.wrt, *(factor.of for factor in reversed(factors))]
                yield Sentence(["", notation.to.join(map(notation.name, way)), ""])
                # The derivative along a single arrow is only a part of ∂root/∂wrt.
                alone = len(factors) == 1
                product = notation.words("directly") if alone else _write_chain(notation, factors)
                yield from _explain_path(factors, product, notation)
            products = [math.prod(factor.value for factor in factors) for factors in self.paths]
            total = _join(notation, " + ", map(notation.number, products))
            yield Equation(left, [total, notation.number(self.value)])
        yield from self.define_names(notation)

    def explain_by_adjoints(self, notation: Unicode) -> Iterator[Piece]:
        """Yield the derivative by each Value on the paths, as a sum over its consumers."""
        assert self.wrt is not None
        left = notation.partial(self.root, self.wrt)
        about, shown_count = "", algebra.number(min(self.path_count, _MANY_PATHS))
        if self.path_count >= _MANY_PATHS:
            about = "about "
            shown_count = ast.BinOp(
                ast.Constant(10), ast.Pow(), ast.Constant(int(math.log10(self.path_count)))
            )
        words, steps = f" is a sum over {about}", " paths; step by step from the result back:"
        yield Sentence(["", left, words, notation.formula(shown_count), steps])
        root = self.chain.nodes[0]
        for node in self.chain.nodes[1:]:
            terms = [
                self._write_term(notation, factor, consumer is root)
                for consumer, factor in self.chain.consumers[node]
            ]
            name = self.chain.names[node]
            sums = [" + ".join(shorten(line, notation.dots)) for line in zip(*terms, strict=True)]
            if any(consumer is root for consumer, _ in self.chain.consumers[node]):
                sums = sums[1:]  # the derivative by the result's own operand says nothing
            left = notation.partial(self.root, name)
            yield Equation(left, [*sums, notation.number(self.adjoints[name])])

    def _write_term(self, notation: Unicode, factor: Factor, is_first: bool) -> Sequence[str]:
        """Return a term of a derivative as partial derivatives, as symbols and as numbers."""
        partial = notation.partial(factor.of, factor.wrt)
        if is_first:  # it comes after the derivative of the result by itself, which is 1
            return partial, notation.formula(factor.tree), notation.number(factor.value)
        before = notation.partial(self.root, factor.of)
        symbols = notation.formula(factor.tree, factor=True)
        return (
            _join(notation, notation.times, [before, partial]),
            _join(notation, notation.times, [before, symbols]),
            _write_numbers(notation, [self.adjoints[factor.of], factor.value]),
        )

    def define_names(self, notation: Unicode) -> Iterator[Piece]:
        """Yield the definitions of the names that no user gave."""
        mentioned = {
            part.id
            for consumers in self.chain.consumers.values()
            for _, factor in consumers
            for part in ast.walk(factor.tree)
            if isinstance(part, ast.Name)
        }
        mentioned |= self.adjoints.keys()
        equations = [
            _define(notation, self.chain.formulas, node)
            for node, name in self.chain.names.items()
            if name in mentioned and node.op is not None and node not in self.chain.derivation.given
        ]
        if equations:
            yield Group(Sentence(["where"]), equations)


class BackwardPass(Explanation):
    """The whole backward pass: the derivative of a result with respect to every Value."""

    def __init__(self, graph: Graph, names: Mapping[Value, str], *, digits: int) -> None:
        super().__init__(digits=digits)
        self.root, self.wrt, self.value = names[graph.roots[0]], None, 1.0
        self._graph, self._formulas = graph, Formulas(names)
        self._adjoints = graph.chain_rule()
        self.adjoints = {names[n]: adjoint for n, adjoint in reversed(self._adjoints.items())}

    def pieces(self, notation: Unicode) -> Iterator[Piece]:
        formulas, names = self._formulas, self._formulas.names
        yield Equation(notation.partial(self.root, self.root), ["1"])
        sums: dict[Value, float] = {}
        for node in reversed(self._graph.order):
            if node.op is None:
                continue
            adjoint, before = self._adjoints[node], notation.partial(self.root, names[node])
            equations = []
            for edge in self._graph.edges[node]:
                operand, term = edge.operand, adjoint * edge.partial
                symbols = notation.formula(formulas.partial(edge), factor=True)
                right = [
                    _join(notation, notation.times, [before, symbols]),
                    _write_numbers(notation, [adjoint, edge.partial]),
                    notation.number(term),
                ]
                left = notation.partial(self.root, names[operand])
                sign = "=" if len(self._graph.consumers[operand]) == 1 else "+="
                now = notation.number(sums[operand] + term) if operand in sums else ""
                sums[operand] = sums.get(operand, 0.0) + term
                equations.append(Equation(left, right, sign=sign, now=now, in_a_line=True))
            yield Group(_define(notation, formulas, node), equations)


def _define(notation: Unicode, formulas: Formulas, node: Value) -> Equation:
    """Return the name of a Value, the expression that computes it, and its number."""
    right = [notation.formula(formulas.definition(node)), notation.number(node.data)]
    return Equation(notation.name(formulas.names[node]), right, in_a_line=True)


def _explain_path(factors: Sequence[Factor], left: str, notation: Unicode) -> Iterator[Piece]:
    """Yield the factors of a path, their product, and what makes it small."""
    if not factors:
        yield Equation(left, ["1"])
        return
    value = math.prod(factor.value for factor in factors)
    chain = _write_chain(notation, factors)
    if len(factors) <= _IN_A_LINE:
        several = len(factors) > 1
        symbols = [notation.formula(factor.tree, factor=several) for factor in factors]
        right = [_join(notation, notation.times, symbols)]
        if several and not all(isinstance(f.tree, ast.Constant) for f in factors):
            right.append(_write_numbers(notation, [factor.value for factor in factors]))
        right.append(notation.number(value))
        yield Equation(left, right if chain == left or not several else [chain, *right])
    else:
        first, last = _write_chain(notation, factors[:2]), _write_chain(notation, factors[-1:])
        yield Equation(left, [notation.times.join([first, notation.dots, last])])
        yield _make_table(factors, notation)
        yield Equation(left, [notation.number(value)])
    yield from _explain_size(factors, notation)


def _make_table(factors: Sequence[Factor], notation: Unicode) -> Table:
    products = accumulate((factor.value for factor in factors), operator.mul)
    rows = [
        [
            _write_chain(notation, [factor]),
            notation.formula(factor.tree),
            notation.number(factor.value),
            f"< {notation.quarter}" if abs(factor.value) < _SMALL else "",
            notation.number(product),
        ]
        for factor, product in zip(factors, products, strict=True)
    ]
    return Table(["factor", "in symbols", "value", "", "product so far"], rows)


def _explain_size(factors: Sequence[Factor], notation: Unicode) -> Iterator[Piece]:
    """Yield a sentence about the factors that make a product small."""
    zero = next((factor for factor in factors if factor.value == 0), None)
    small = [factor for factor in factors if abs(factor.value) < _SMALL]
    if not all(math.isfinite(factor.value) for factor in factors):
        return
    if zero is not None and len(factors) > 1:
        yield Sentence(["", f"{_write_chain(notation, [zero])} = 0", " makes the whole product 0."])
    elif len(small) > 1:
        product = notation.number(math.prod(factor.value for factor in small))
        some = f"{len(small)} of the {len(factors)}" if len(small) < len(factors) else "All"
        words = [f"{some} factors are smaller than ", "; together they multiply the gradient by "]
        yield Sentence([words[0], notation.quarter, words[1], product, "."])


def _write_chain(notation: Unicode, factors: Sequence[Factor]) -> str:
    """Return the product of factors as partial derivatives."""
    return notation.times.join(notation.partial(f.of, f.wrt) for f in factors)


def _join(notation: Unicode, sign: str, terms: Iterable[str]) -> str:
    """Return terms with a sign between them; negative ones after the first have parentheses."""
    first, *others = terms
    return sign.join([first, *map(notation.enclose, others)])


def _write_numbers(notation: Unicode, values: Iterable[float]) -> str:
    """Return a product of numbers, each in parentheses."""
    return "".join(notation.parenthesize(notation.number(value)) for value in values)

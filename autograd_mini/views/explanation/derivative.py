"""The derivative of a result by a Value: path by path, or with many paths node by node."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence

from autograd_mini.table.notation import Unicode, shorten
from autograd_mini.views.explanation import algebra
from autograd_mini.views.explanation.base import Explanation
from autograd_mini.views.explanation.cases import tell_case
from autograd_mini.views.explanation.chain import Chain, Factor
from autograd_mini.views.explanation.definitions import Definitions
from autograd_mini.views.explanation.layout import Equation, Group, Piece, Sentence
from autograd_mini.views.explanation.products import (
    explain_path,
    join,
    write_chain,
    write_factor,
    write_numbers,
)

__all__ = ["Derivative"]

_MOST_PATHS = 6
"""With more paths than this, the sum goes node by node instead of path by path."""
_MANY_PATHS = 10**9
"""From this number of paths on, only the order of magnitude is written."""


class Derivative(Explanation):
    """The derivative of a result with respect to a Value.

    Attributes:
        paths: for each path from the result to the Value its factors; empty if there are so many
            that the explanation goes by adjoints.
        path_count: the number of paths.
    """

    wrt: str
    paths: tuple[tuple[Factor, ...], ...]

    def __init__(self, chain: Chain, *, digits: int, limit: int) -> None:
        self._chain = chain
        self._factors = [f for several in chain.consumers.values() for _, f in several]
        names = [chain.names[node] for node in chain.nodes]
        trees = [factor.tree for factor in self._factors]
        super().__init__(Definitions(chain.formulas, names, trees, limit), digits=digits)
        root, wrt = chain.nodes[0], chain.nodes[-1]
        self.root, self.wrt = chain.names[root], chain.names[wrt]
        self.value = chain.adjoints[wrt]
        self.adjoints = {chain.names[node]: chain.adjoints[node] for node in chain.nodes}
        self.path_count = chain.path_counts[wrt]
        self.paths = tuple(chain.paths()) if self.path_count <= _MOST_PATHS else ()

    def _write(self, notation: Unicode) -> Iterator[Piece]:
        left = notation.partial(self.root, self.wrt)
        if not self.paths:
            yield from self._write_adjoints(notation)
        elif len(self.paths) == 1:
            yield from explain_path(self.paths[0], left, self._definitions, notation)
        else:
            yield Sentence.of(f"{{}} is the sum over {len(self.paths)} paths:", left)
            for factors in self.paths:
                way = [self.wrt, *(factor.of for factor in reversed(factors))]
                yield Sentence.of("{}", notation.to.join(map(notation.name, way)))
                # The derivative along a single arrow is only a part of ∂root/∂wrt.
                alone = len(factors) == 1
                product = notation.words("directly") if alone else write_chain(notation, factors)
                yield from explain_path(factors, product, self._definitions, notation)
            products = [math.prod(factor.value for factor in factors) for factors in self.paths]
            total = join(notation, f" {notation.plus} ", map(notation.number, products))
            yield Equation(left, [total, notation.number(self.value)])
        yield from self._tell_cases(notation)
        yield from self._definitions.write_others(notation)

    def _write_adjoints(self, notation: Unicode) -> Iterator[Piece]:
        """Yield the derivative by each Value on the paths, as a sum over its consumers."""
        left = notation.partial(self.root, self.wrt)
        about, shown_count = "", algebra.number(min(self.path_count, _MANY_PATHS))
        if self.path_count >= _MANY_PATHS:
            about = "about "
            shown_count = ast.BinOp(
                ast.Constant(10), ast.Pow(), ast.Constant(int(math.log10(self.path_count)))
            )
        words = f"{{}} is a sum over {about}{{}} paths; step by step from the result back:"
        yield Sentence.of(words, left, notation.formula(shown_count))
        root = self._chain.nodes[0]
        for node in self._chain.nodes[1:]:
            name, consumers = self._chain.names[node], self._chain.consumers[node]
            if [consumer for consumer, _ in consumers] == [root]:
                right = write_factor(consumers[0][1], self._definitions, notation)
                yield Equation(notation.partial(self.root, name), right)
                continue
            terms = [
                self._write_term(notation, factor, consumer is root)
                for consumer, factor in consumers
            ]
            plus = f" {notation.plus} "
            sums = [plus.join(shorten(line, notation.dots)) for line in zip(*terms, strict=True)]
            if any(consumer is root for consumer, _ in consumers):
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
            join(notation, notation.times, [before, partial]),
            join(notation, notation.times, [before, symbols]),
            write_numbers(notation, [self.adjoints[factor.of], factor.value]),
        )

    def _tell_cases(self, notation: Unicode) -> Iterator[Piece]:
        """Yield a sentence for each case of a function that the factors have in them."""
        edges = {edge: None for f in self._factors for path in f.paths for edge in path}
        told = (tell_case(self._chain.formulas, edge, notation) for edge in edges)
        sentences = list(dict.fromkeys(filter(None, told)))
        if len(sentences) > 1:
            yield Group(Sentence(["The cases that apply:"]), sentences)
        else:
            yield from sentences

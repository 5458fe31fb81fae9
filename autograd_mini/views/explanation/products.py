"""A path as a product of partial derivatives: by name, in symbols, in numbers."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from itertools import accumulate

from autograd_mini.table.notation import Unicode
from autograd_mini.views.explanation.chain import Factor
from autograd_mini.views.explanation.definitions import Definitions
from autograd_mini.views.explanation.layout import Equation, Piece, Sentence, Table
from autograd_mini.views.explanation.precision import find_digits

__all__ = ["explain_path", "join", "write_chain", "write_factor", "write_numbers"]

_IN_A_LINE = 6
"""With more factors than this, each factor gets a line of its own."""
_SMALL = 0.25
"""This is the largest slope of the sigmoid: smaller slopes make a gradient vanish."""


def explain_path(
    factors: Sequence[Factor], left: str, definitions: Definitions, notation: Unicode
) -> Iterator[Piece]:
    """Yield the factors of a path, their product, and what makes it small."""
    if not factors:
        yield Equation(left, [notation.number(1.0)])
        return
    value = math.prod(factor.value for factor in factors)
    chain = write_chain(notation, factors)
    if len(factors) > _IN_A_LINE:
        if left != chain:
            first, last = write_chain(notation, factors[:2]), write_chain(notation, factors[-1:])
            yield Equation(left, [notation.times.join([first, notation.dots, last])])
        yield _make_table(factors, notation)
        yield Equation(left, [notation.number(value)])
    elif len(factors) > 1:
        symbols = [notation.formula(factor.tree, factor=True) for factor in factors]
        right = [join(notation, notation.times, symbols)]
        if not all(isinstance(factor.tree, ast.Constant) for factor in factors):
            right.append(write_numbers(notation, [factor.value for factor in factors]))
        yield Equation(left, [chain] * (chain != left) + [*right, notation.number(value)])
    else:
        yield Equation(left, write_factor(factors[0], definitions, notation))
    yield from _explain_size(factors, notation)


def write_factor(factor: Factor, definitions: Definitions, notation: Unicode) -> list[str]:
    """Return a factor in symbols, with the numbers of these, and its value.

    Where a number was changed since, the numbers of now would not give the value.
    """
    nodes = dict.fromkeys(edge.node for path in factor.paths for edge in path)
    if any(map(definitions.is_stale, nodes)):
        return [notation.formula(factor.tree), notation.number(factor.value)]
    numbers = definitions.substitute_numbers(factor.tree)
    precise = copy(notation)
    precise.digits = find_digits(numbers, factor.value, notation.digits)
    return [
        notation.formula(factor.tree),
        precise.formula(numbers),
        notation.number(factor.value),
    ]


def _make_table(factors: Sequence[Factor], notation: Unicode) -> Table:
    products = accumulate((factor.value for factor in factors), operator.mul)
    rows = [
        [
            write_chain(notation, [factor]),
            notation.formula(factor.tree),
            notation.number(factor.value),
            f"{notation.less} {notation.quarter}" if _vanishes(factor) else "",
            notation.number(product),
        ]
        for factor, product in zip(factors, products, strict=True)
    ]
    return Table(["factor", "in symbols", "value", "", "product so far"], rows)


def _vanishes(factor: Factor) -> bool:
    """Return whether a factor is a small slope of an activation function alone."""
    match factor.paths:
        case [[edge]] if edge.node.op is not None:
            return edge.node.op.activation and 0 < abs(factor.value) < _SMALL
    return False


def _explain_size(factors: Sequence[Factor], notation: Unicode) -> Iterator[Sentence]:
    """Yield a sentence about the factors that make a product small."""
    if not all(math.isfinite(factor.value) for factor in factors):
        return
    zero = next((factor for factor in factors if factor.value == 0), None)
    small = [factor for factor in factors if _vanishes(factor)]
    if zero is not None and len(factors) > 1:
        chain = write_chain(notation, [zero])
        yield Sentence.of("{} = 0 makes the whole product 0.", chain)
    elif zero is None and len(small) > 1:
        product = notation.number(abs(math.prod(factor.value for factor in small)))
        some = f"{len(small)} of the {len(factors)}" if len(small) < len(factors) else "All"
        yield Sentence.of(
            f"{some} factors are slopes of activation functions below {{}}; together they shrink "
            "the gradient to {} of itself.",
            notation.quarter,
            product,
        )


def write_chain(notation: Unicode, factors: Sequence[Factor]) -> str:
    """Return the product of factors as partial derivatives."""
    return notation.times.join(notation.partial(f.of, f.wrt) for f in factors)


def join(notation: Unicode, sign: str, terms: Iterable[str]) -> str:
    """Return terms with a sign between them; negative ones after the first have parentheses."""
    first, *others = terms
    return sign.join([first, *map(notation.enclose, others)])


def write_numbers(notation: Unicode, values: Iterable[float]) -> str:
    """Return a product of numbers, each in parentheses."""
    return "".join(notation.parenthesize(notation.number(value)) for value in values)

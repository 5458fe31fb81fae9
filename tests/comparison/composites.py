"""Random functions, their true derivatives, and how far off those of a framework are."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from typing import Any

from comparison.frameworks import Framework, frameworks, ours
from comparison.losses import AUTOGRAD, PYTORCH, U
from comparison.operators import OPERATORS, operators
from mpmath import mp, mpf
from support.generation import random_graph
from support.numbers import precise

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.programs.program import look_up
from autograd_mini.table.primitives import TABLE, Primitive
from autograd_mini.testing import Program
from autograd_mini.testing.rounding import absolute_gradients

FUNCTIONS = 200
LIMIT = 1e-12 / U
"""What is farther from the truth than this, in units of 2⁻⁵³, has a reason that is named below."""
_STEP, _BITS = 150, 600  # so the quotients are right to about 2⁻³⁰⁰
_DUST = 2.0**-250  # what is less than this is rounding, and 0 is meant

NAMED = {
    (PYTORCH, "pow"): "∂²xʸ/∂y∂x is 0 at y = 0, and 1/x is true",
    (AUTOGRAD, "pow"): "∂²xʸ/∂y∂x is x at y = 0, and 1/x is true",
    (AUTOGRAD, "abs"): "that of x / abs(x) is 2⁻⁵⁰ at some x, and 0 is true",
}
"""Why a second derivative is beyond the limit, by the framework and the row that it comes from."""
WITHOUT_FORWARD = {AUTOGRAD: ("erf", "erfc", "sigmoid")}
"""The rows for which a framework has no rule of forward mode."""


@dataclass(frozen=True, eq=False)
class Composite:
    """A random function of one to four numbers with up to three results, and where to ask for it.

    Args:
        program: the graph, which has the point as its leaves.
        results: the nodes that it returns.
        tangent, cotangent: a weight for each leaf, and for each result.
    """

    program: Program
    results: tuple[int, ...]
    tangent: tuple[float, ...]
    cotangent: tuple[float, ...]

    def compute(self, apply: Any, leaves: Sequence[Any]) -> list[Any]:
        """Return the results, by a function that applies a row to operands of any type."""
        nodes = self.program.compute(leaves, apply)
        return [nodes[i] for i in self.results]

    def ask(self, framework: Framework, operator: str) -> Any:
        """Return a derivative by a framework: a list, or a list of rows."""
        f = partial(self.compute, lambda row, *given: framework.rows[row.name](*given))
        at, tangent, cotangent = self.program.leaves, self.tangent, self.cotangent
        return operators(framework.name)[operator](f, list(at), list(tangent), list(cotangent))

    @property
    def rows(self) -> set[str]:
        """The names of the rows that it is made of."""
        return {instruction.primitive.name for instruction in self.program.instructions}

    def reasons(self, framework: str) -> list[str]:
        """Return the rows by which a second derivative of a framework may be beyond the limit."""
        nodes = self.program.compute(self.program.leaves, lambda row, *at: row.evaluate(*at)[0])
        exponents = {
            look_up(made.operands[1], nodes)
            for made in self.program.instructions
            if made.primitive.name == "pow"
        }
        found = [row for one, row in NAMED if one == framework and row in self.rows]
        return [row for row in found if row != "pow" or 0 in exponents]


@cache
def composites() -> list[Composite]:
    """Return the random functions, the same each time, of the rows that all frameworks have."""
    rng = random.Random("functions of the rows that all have")
    table = [row for row in TABLE if all(row.name in one.rows for one in frameworks())]
    found = []
    for _ in range(FUNCTIONS):
        program = random_graph(rng, primitives=table, nodes=12)
        first, last = len(program.leaves), len(program.leaves) + len(program.instructions) - 1
        others = rng.sample(range(first, last), min(2, last - first))
        tangent, cotangent = (
            tuple(rng.uniform(-2, 2) for _ in range(count)) for count in (first, len(others) + 1)
        )
        found.append(Composite(program, (*sorted(others), last), tangent, cotangent))
    return found


@cache
def truth(one: Composite) -> dict[str, Any]:
    """Return the true derivatives, by difference quotients of the values with 600 bits."""
    rule = cache(lambda row: precise().function(row.value, row.operands))

    def apply(row: Primitive, *given: Any) -> Any:
        return rule(row)(*([mpf(x) for x in o] if isinstance(o, list) else mpf(o) for o in given))

    size = range(len(one.program.leaves))
    with mp.workprec(_BITS):
        step = mpf(2) ** -_STEP

        @cache
        def at(*moves: int) -> list[mpf]:
            leaves = [mpf(x) + k * step for x, k in zip(one.program.leaves, moves, strict=True)]
            return one.compute(apply, leaves)

        def move(*steps: tuple[int, int]) -> list[mpf]:
            return at(*(sum(k for i, k in steps if i == place) for place in size))

        columns = [
            [(a - b) / (2 * step) for a, b in zip(move((i, 1)), move((i, -1)), strict=True)]
            for i in size
        ]
        jacobian = [list(row) for row in zip(*columns, strict=True)]
        hessian = [[mpf(0) for _ in size] for _ in size]
        for i, j, s, t in product(size, size, (1, -1), (1, -1)):
            hessian[i][j] += s * t * move((i, s), (j, t))[-1] / (2 * step) ** 2
        hessian = [[x if abs(x) > _DUST else mpf(0) for x in row] for row in hessian]
        return _products(one, jacobian, hessian, one.tangent, one.cotangent)


@cache
def scales(one: Composite) -> dict[str, Any]:
    """Return what the terms of each derivative add up to if none is taken away from another.

    Those of a second derivative are the terms of the graph of the gradient.
    """
    leaves = [Value(x) for x in one.program.leaves]
    nodes = one.program.nodes(*leaves)
    results = [nodes[i] for i in one.results]

    def absolute(root: Value) -> list[float]:
        found = absolute_gradients(root)
        return [found.get(leaf, 0.0) for leaf in leaves]

    jacobian = [absolute(result) for result in results]
    hessian = [absolute(first) for first in ag.gradient_graph(results[-1], leaves)]
    return _products(one, jacobian, hessian, map(abs, one.tangent), map(abs, one.cotangent))


def _products(
    one: Composite, jacobian: Any, hessian: Any, tangent: Any, cotangent: Any
) -> dict[str, Any]:
    """Return all derivatives, made of a Jacobian and a Hessian."""
    tangent, cotangent = list(tangent), list(cotangent)

    def times(matrix: Any, weights: Any) -> list[Any]:
        return [sum(x * w for x, w in zip(row, weights, strict=True)) for row in matrix]

    return {
        "gradient": jacobian[-1],
        "jacobian": jacobian,
        "hessian": hessian,
        "jvp": times(jacobian, tangent),
        "vjp": times(zip(*jacobian, strict=True), cotangent),
        "hvp": times(hessian, tangent),
    }


def _flat(found: Any) -> Iterator[Any]:
    for one in found:
        yield from one if isinstance(one, list) else [one]


def distance(one: Composite, operator: str, found: Any, other: Any) -> float:
    """Return how far two derivatives are apart, in units of 2⁻⁵³ of the terms' absolute sum."""
    worst = mpf(0)
    with mp.workprec(_BITS):
        triples = zip(_flat(found), _flat(other), _flat(scales(one)[operator]), strict=True)
        for a, b, scale in triples:
            if a != b:
                worst = max(worst, abs(mpf(a) - mpf(b)) / (U * mpf(scale)) if scale else mp.inf)
    return float(worst)


@dataclass(frozen=True)
class Answer:
    """What a framework gives for a derivative of one of the functions.

    Args:
        one: the function.
        error, difference: how far it is from the truth and from ours, in the units of `distance`.
    """

    one: Composite
    error: float
    difference: float


@cache
def answers(framework: str) -> dict[str, list[Answer]]:
    """Return the answers of a framework for each operator, but where it has no rule."""
    asked = {one.name: one for one in (ours(), *frameworks())}[framework]
    found: dict[str, list[Answer]] = {operator: [] for operator in OPERATORS}
    for one in composites():
        without = one.rows.intersection(WITHOUT_FORWARD.get(framework, ()))
        for operator in OPERATORS:
            if operator != "jvp" or not without:
                derivative, mine = one.ask(asked, operator), one.ask(ours(), operator)
                error = distance(one, operator, derivative, truth(one)[operator])
                difference = distance(one, operator, derivative, mine)
                found[operator].append(Answer(one, error, difference))
    return found

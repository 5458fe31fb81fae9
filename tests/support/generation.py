"""Random graphs: of integers, and as the strategies draw them, thousands a second."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from hypothesis import strategies as st

from autograd_mini.engines.node import flat
from autograd_mini.programs.program import Program
from autograd_mini.table.primitives import PRIMITIVES, TABLE, Primitive
from autograd_mini.testing.generation import TINY, Builder, well_conditioned_graph
from autograd_mini.testing.strategies import draw_codes

_INTEGER_CONSTANTS = (2.0, -1.0, 3.0, 0.0)
INTEGER_ROWS = tuple(
    PRIMITIVES[name]
    for name in (
        "add", "sub", "mul", "neg", "abs", "square", "relu", "maximum", "minimum", "sum", "dot",
    )
)  # fmt: skip
"""These rows make integers from integers."""


def integer_graph(leaves: Sequence[float], codes: Iterable[int]) -> Program:
    """Return a graph of integers so small that every sum and product in it is exact.

    Where a gradient might become inexact, the minimum of the operands replaces an operation.
    """
    builder = Builder(leaves, least=1.0)
    for code in codes:
        primitive, references = builder.decode(code, INTEGER_ROWS, _INTEGER_CONSTANTS)
        if builder.evaluate(primitive, references)[1] > 2.0**16:
            found = list(flat(references))
            primitive, references = PRIMITIVES["minimum"], (found[0], found[-1])
        builder.add(primitive, references)
    return builder.finish()


@st.composite
def integer_graphs(draw: st.DrawFn, *, nodes: int = 15) -> Program:
    """Draw graphs of integers, small enough that every sum and product in them is exact.

    The rows are add, sub, mul, neg, abs, square, relu, maximum, minimum, sum and dot.
    """
    leaf = st.integers(-4, 4).map(float)
    leaves = draw(st.lists(leaf, min_size=1, max_size=4))
    return integer_graph(leaves, draw_codes(draw, nodes))


def random_graph(
    rng: random.Random, *, primitives: Sequence[Primitive] = TABLE, nodes: int = 20
) -> Program:
    """Return a random well-conditioned graph, as `strategies.graphs` draws them, but quickly.

    Args:
        rng: the source of randomness.
        primitives: the rows to use.
        nodes: the most instructions, not counting the shifts, scalings and the last sum.
    """
    leaves = [rng.choice((rng.uniform(-4, 4), 0.0, 1.0, -1.0)) for _ in range(rng.randint(1, 4))]
    leaves = [x if abs(x) > TINY else 0.0 for x in leaves]
    return well_conditioned_graph(leaves, _codes(rng, nodes), primitives)


def random_integer_graph(rng: random.Random, *, nodes: int = 15) -> Program:
    """Return a random graph of small integers, as `integer_graphs` draws them."""
    leaves = [float(rng.randint(-4, 4)) for _ in range(rng.randint(1, 4))]
    return integer_graph(leaves, _codes(rng, nodes))


def _codes(rng: random.Random, most: int) -> list[int]:
    return [rng.getrandbits(64) for _ in range(rng.randint(1, most))]

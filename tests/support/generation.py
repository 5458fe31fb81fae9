"""Random graphs as the strategies draw them, thousands a second, without Hypothesis."""

from __future__ import annotations

import random
from collections.abc import Sequence

from autograd_mini.programs.program import Program
from autograd_mini.table.primitives import TABLE, Primitive
from autograd_mini.testing.generation import TINY, integer_graph, well_conditioned_graph


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
    """Return a random graph of small integers, as `strategies.integer_graphs` draws them."""
    leaves = [float(rng.randint(-4, 4)) for _ in range(rng.randint(1, 4))]
    return integer_graph(leaves, _codes(rng, nodes))


def _codes(rng: random.Random, most: int) -> list[int]:
    return [rng.getrandbits(64) for _ in range(rng.randint(1, most))]

"""Hypothesis strategies: numbers, Values, points for a primitive, graphs over the whole table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from autograd_mini.arguments import count, items, number, requirement
from autograd_mini.engines import Value
from autograd_mini.programs.program import Instruction, Program, function
from autograd_mini.table.domains import Domain
from autograd_mini.table.primitives import PRIMITIVES, TABLE, Primitive
from autograd_mini.testing.generation import (
    TINY,
    bounds,
    inside,
    shift_off_kink,
    well_conditioned_graph,
)

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise ImportError(
        "autograd_mini.testing.strategies needs Hypothesis: pip install hypothesis"
    ) from error

__all__ = [
    "Instruction",
    "Program",
    "draw_codes",
    "function",
    "graphs",
    "numbers",
    "points_in_domain",
    "values",
]


def numbers(
    domain: Domain | None = None, *, limit: float = 10.0, margin: float = 0.0
) -> st.SearchStrategy[float]:
    """Draw the numbers of a domain up to a size, and away from its bounds by a margin.

    Args:
        domain: as in ``Primitive.domains``; any real number if there is None.
        limit: the largest absolute value; infinite for every number of the domain.
        margin: the distance from finite bounds, and from zero if that is outside the domain.
    """
    if domain is None:
        domain = Domain()
    if not isinstance(domain, Domain):
        way_out = "a row has those of its operands in .domains"
        raise TypeError(requirement("numbers: domain", "a Domain or None", domain, way_out))
    limit, margin = _check_size(limit, "limit"), _check_size(margin, "margin")
    low, high = bounds(domain, limit, margin)
    exclude = domain.open and not margin
    floats = st.floats(
        low,
        high,
        exclude_min=exclude and low == domain.low and math.isfinite(low),
        exclude_max=exclude and high == domain.high and math.isfinite(high),
        allow_nan=False,
        allow_infinity=False,
    )
    return floats.map(lambda x: inside(x, domain, limit, margin)) if domain.nonzero else floats


def values(
    domain: Domain | None = None,
    *,
    limit: float = 10.0,
    margin: float = 0.0,
    name: str | None = None,
) -> st.SearchStrategy[Value]:
    """Draw leaves, each a new Value, with numbers as `numbers` draws them.

    Args:
        domain, limit, margin: see `numbers`.
        name: the name of every Value.
    """
    return numbers(domain, limit=limit, margin=margin).map(lambda x: Value(x, name=name))


def points_in_domain(
    primitive: Primitive, *, limit: float = 10.0, margin: float = 0.0
) -> st.SearchStrategy[tuple[Any, ...]]:
    """Draw operands for a primitive: floats, and lists of floats for the operands of a sum.

    They keep the margin from the bounds, the kink and the poles of the row; see `numbers`.
    """
    row = _check_row(primitive, "points_in_domain: primitive")
    return _draw_point(row, limit, margin)


@st.composite
def _draw_point(
    draw: st.DrawFn, primitive: Primitive, limit: float, margin: float
) -> tuple[Any, ...]:
    sequences = primitive.value.sequences
    length = draw(st.integers(primitive.shortest, 5)) if sequences else 0
    point: list[Any] = []
    for name, domain in primitive.domains.items():
        strategy = numbers(domain, limit=limit, margin=margin)
        if name in sequences:
            point.append(draw(st.lists(strategy, min_size=length, max_size=length)))
        else:
            point.append(draw(strategy))
    if margin and not sequences:
        point[0] += shift_off_kink(primitive, point, margin)
    return tuple(point)


def graphs(
    *, primitives: Iterable[Primitive] = TABLE, nodes: int = 20
) -> st.SearchStrategy[Program]:
    """Draw graphs of shared nodes, in which every node counts and none is ill-conditioned.

    An operand outside the domain of its primitive, or close to its bounds, kink or pole, is
    shifted by a constant; a large result is scaled down; unused nodes are added up into the output.

    Args:
        primitives: the rows to use.
        nodes: the most instructions, without the shifts, the scalings and the last sum.

    Raises:
        TypeError: ``primitives`` has something else than rows, or ``nodes`` is not an int.
        ValueError: there are no rows, or no nodes.
    """
    given = items(primitives, argument="graphs: primitives", rule="a list of rows")
    rows = [_check_row(row, f"graphs: primitives[{i}]") for i, row in enumerate(given)]
    if not rows:
        raise ValueError(requirement("graphs: primitives", "a list of one row or more", rows))
    return _draw_graph(rows, count(nodes, argument="graphs: nodes"))


@st.composite
def _draw_graph(draw: st.DrawFn, primitives: list[Primitive], nodes: int) -> Program:
    leaf = numbers(limit=4.0).map(lambda x: x if abs(x) > TINY else 0.0)
    leaves = draw(st.lists(leaf, min_size=1, max_size=4))
    return well_conditioned_graph(leaves, draw_codes(draw, nodes), primitives)


def _check_size(size: float, name: str) -> float:
    converted = number(size, argument=f"numbers: {name}")
    if not converted >= 0:
        raise ValueError(requirement(f"numbers: {name}", "at least 0", size))
    return converted


def _check_row(row: object, argument: str) -> Primitive:
    if not isinstance(row, Primitive):
        known = isinstance(row, str) and row in PRIMITIVES
        way_out = f"pass table.primitives.PRIMITIVES[{row!r}]" if known else ""
        raise TypeError(requirement(argument, "a row of the table of primitives", row, way_out))
    return row


def draw_codes(draw: st.DrawFn, most: int) -> list[int]:
    """Draw the number of instructions, then an integer for each: so examples shrink best."""
    size = draw(st.integers(1, most))
    return draw(st.lists(st.integers(0, 2**64 - 1), min_size=size, max_size=size))

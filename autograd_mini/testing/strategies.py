"""Hypothesis strategies: numbers, Values, points for a primitive, graphs over the whole table."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

from autograd_mini.arguments import count, finite, items, number, requirement
from autograd_mini.engines import Value
from autograd_mini.engines.node import flat
from autograd_mini.programs.program import Instruction, Program, function
from autograd_mini.table.domains import Domain
from autograd_mini.table.primitives import PRIMITIVES, TABLE, Primitive
from autograd_mini.testing.generation import (
    TINY,
    bounds,
    find_steepest,
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
    "PRIMITIVES",
    "Domain",
    "Instruction",
    "Primitive",
    "Program",
    "draw_codes",
    "function",
    "graphs",
    "numbers",
    "points_in_domain",
    "values",
]


def numbers(
    domain: Domain | None = None,
    *,
    min_value: float = -10.0,
    max_value: float = 10.0,
    margin: float = 0.0,
) -> st.SearchStrategy[float]:
    """Draw the numbers of a domain between two others, and away from its bounds by a margin.

    Args:
        domain: as in ``Primitive.domains``; any real number if there is None.
        min_value, max_value: the least and the greatest number; they may be infinite, for every
            number of the domain.
        margin: the distance from finite bounds of the domain, and from zero if that is outside.

    Raises:
        ValueError: no number of the domain is between the two.
    """
    if domain is None:
        domain = Domain()
    if not isinstance(domain, Domain):
        way_out = "a row has those of its operands in .domains"
        raise TypeError(requirement("numbers: domain", "a Domain or None", domain, way_out))
    least = number(min_value, argument="numbers: min_value")
    most = number(max_value, argument="numbers: max_value")
    margin = finite(margin, argument="numbers: margin")
    if margin < 0:
        raise ValueError(requirement("numbers: margin", "0 or more", margin))
    low, high = bounds(domain, least, most, margin)
    middle = inside(low / 2 + high / 2, domain, least, most, margin)
    if not (least <= most and low <= middle <= high and middle in domain):
        rule = f"bounds with a number of the domain ({domain.text('x')}) between them"
        raise ValueError(
            requirement("numbers: min_value and max_value", rule, (min_value, max_value))
        )
    exclude = domain.open and not margin
    floats = st.floats(
        low,
        high,
        exclude_min=exclude and low == domain.low and math.isfinite(low),
        exclude_max=exclude and high == domain.high and math.isfinite(high),
        allow_nan=False,
        allow_infinity=False,
    )
    if not domain.nonzero:
        return floats
    return floats.map(lambda x: inside(x, domain, least, most, margin))


def values(
    domain: Domain | None = None,
    *,
    min_value: float = -10.0,
    max_value: float = 10.0,
    margin: float = 0.0,
    name: str | None = None,
) -> st.SearchStrategy[Value]:
    """Draw leaves, each a new Value, with numbers as `numbers` draws them.

    Args:
        domain, min_value, max_value, margin: see `numbers`.
        name: the name of every Value.
    """
    strategy = numbers(domain, min_value=min_value, max_value=max_value, margin=margin)
    return strategy.map(lambda x: Value(x, name=name))


def points_in_domain(
    primitive: Primitive | str,
    *,
    min_value: float = -10.0,
    max_value: float = 10.0,
    margin: float = 0.0,
) -> st.SearchStrategy[tuple[Any, ...]]:
    """Draw operands for a primitive: floats, and lists of floats for the operands of a sum.

    They keep the margin from the bounds, the kink and the poles of the row.

    Args:
        primitive: a row of the table, or its name, such as ``"log"``.
        min_value, max_value, margin: see `numbers`.
    """
    row = _find_row(primitive, "points_in_domain: primitive")
    strategies = {
        name: numbers(domain, min_value=min_value, max_value=max_value, margin=margin)
        for name, domain in row.domains.items()
    }
    return _draw_point(row, strategies, (min_value, max_value), margin)


@st.composite
def _draw_point(
    draw: st.DrawFn,
    primitive: Primitive,
    strategies: Mapping[str, st.SearchStrategy[float]],
    limits: tuple[float, float],
    margin: float,
) -> tuple[Any, ...]:
    sequences = primitive.value.sequences
    length = draw(st.integers(primitive.shortest, 5)) if sequences else 0
    point: list[Any] = []
    for name, strategy in strategies.items():
        if name in sequences:
            point.append(draw(st.lists(strategy, min_size=length, max_size=length)))
        else:
            point.append(draw(strategy))
    given = list(flat(point))
    if margin and given and (primitive.kink is not None or not sequences):
        at = find_steepest(primitive, given)
        shifts = (shift_off_kink(primitive, given, way, at) for way in (margin, -margin))
        up, down = (given[at] + shift for shift in shifts)
        given[at] = down if up > limits[1] and down >= limits[0] else up
    return tuple(list(o) if isinstance(o, tuple) else o for o in primitive.arrange(given))


def graphs(
    *, primitives: Iterable[Primitive | str] = TABLE, nodes: int = 20
) -> st.SearchStrategy[Program]:
    """Draw graphs of shared nodes, in which every node counts and none is ill-conditioned.

    An operand outside the domain of its primitive, or close to its bounds, kink or pole, is
    shifted by a constant; a large result is scaled down; unused nodes are added up into the output.

    Args:
        primitives: the rows to use, or their names, such as ``["add", "mul"]``.
        nodes: the most instructions, without the shifts, the scalings and the last sum.

    Raises:
        TypeError: ``primitives`` has something else than rows, or ``nodes`` is not an int.
        ValueError: there are no rows, no row of this name, or no nodes.
    """
    rule = "a list of rows or their names"
    given = items(primitives, argument="graphs: primitives", rule=rule)
    rows = [_find_row(row, f"graphs: primitives[{i}]") for i, row in enumerate(given)]
    if not rows:
        raise ValueError(requirement("graphs: primitives", "a list of one row or more", rows))
    return _draw_graph(rows, count(nodes, argument="graphs: nodes"))


@st.composite
def _draw_graph(draw: st.DrawFn, primitives: list[Primitive], nodes: int) -> Program:
    leaf = numbers(min_value=-4.0, max_value=4.0).map(lambda x: x if abs(x) > TINY else 0.0)
    leaves = draw(st.lists(leaf, min_size=1, max_size=4))
    return well_conditioned_graph(leaves, draw_codes(draw, nodes), primitives)


def _find_row(row: object, argument: str) -> Primitive:
    """Return a row of the table by itself or by its name."""
    if isinstance(row, Primitive):
        return row
    rule = "a row of the table of primitives, or its name"
    if not isinstance(row, str):
        raise TypeError(requirement(argument, rule, row))
    if row not in PRIMITIVES:
        close = "".join(difflib.get_close_matches(row, PRIMITIVES, 1))
        raise ValueError(
            requirement(argument, rule, row, f"did you mean {close}?" if close else "")
        )
    return PRIMITIVES[row]


def draw_codes(draw: st.DrawFn, most: int) -> list[int]:
    """Draw the number of instructions, then an integer for each: so examples shrink best."""
    size = draw(st.integers(1, most))
    return draw(st.lists(st.integers(0, 2**64 - 1), min_size=size, max_size=size))

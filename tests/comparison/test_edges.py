"""The edges: what the frameworks and we agree on, and every difference by name."""

import math

import pytest
from comparison.edges import ALL_EDGES, DIFFERENCES, MORE_EDGES, at_edge, text
from comparison.frameworks import frameworks, need_all, ours

from autograd_mini import Value
from autograd_mini.errors import AutogradError
from autograd_mini.table.primitives import PRIMITIVES
from autograd_mini.testing.strategies import function

need_all()


def flat(partials):
    return tuple(x for one in partials for x in (one if isinstance(one, list) else [one]))


def alike(found, expected):
    """Whether values and partials are the same to 4 units in the last place, NaN like NaN."""
    pairs = [(found[0], expected[0]), *zip(found[1], expected[1], strict=True)]
    return all(
        a == b or (a != a and b != b) or (math.isfinite(b) and abs(a - b) <= 4 * math.ulp(b))
        for a, b in pairs
    )


@pytest.mark.parametrize(
    ("framework", "edge"),
    [(theirs, edge) for theirs in frameworks() for edge in ALL_EDGES if edge[0] in theirs.rows],
    ids=lambda one: text(*one[:2]) if isinstance(one, tuple) else str(one),
)
def test_a_framework_agrees_at_an_edge_or_differs_as_named(framework, edge):
    """If this fails, the framework has changed: mend DIFFERENCES, and make the page anew."""
    name, operands, value, partials, _ = edge
    agreed = (value, flat(partials))
    expected = DIFFERENCES.get(text(name, operands), {}).get(framework.name, agreed)
    found = at_edge(framework, name, operands)
    assert alike(found, expected), found


def test_what_is_named_differs_and_is_an_edge():
    ours_at = {text(*edge[:2]): (edge[2], flat(edge[3])) for edge in ALL_EDGES}
    for edge, differing in DIFFERENCES.items():
        for theirs in differing.values():
            assert not alike(theirs, ours_at[edge])


@pytest.mark.parametrize(("name", "operands", "value", "partials", "strict"), ALL_EDGES)
def test_ours_are_those_of_the_table(name, operands, value, partials, strict):
    assert alike(at_edge(ours(), name, operands), (value, flat(partials)))


@pytest.mark.parametrize(("name", "operands", "value", "partials", "strict"), MORE_EDGES)
def test_the_further_edges_in_strict_mode(name, operands, value, partials, strict):
    leaves = [Value(x) for x in operands]
    with pytest.raises(AutogradError) as raised:
        function(PRIMITIVES[name])(*leaves).backward()
    assert type(raised.value).__name__ == strict

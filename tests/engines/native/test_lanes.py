"""What the header has for many samples at a time: the form of each row, and what passes it."""

import math
import random
import re

import pytest

from autograd_mini.engines.native.lanes import compose_lanes, find_passing, find_shape
from autograd_mini.table.code import as_c
from autograd_mini.table.primitives import PRIMITIVES, TABLE, Primitive

NUMBERS = (0.0, 1.0, -1.0, 0.5, 7.5, -40.0, 1e5, 1e300, math.inf, -math.inf, math.nan)


def passing(name):
    row = PRIMITIVES[name]
    return [operand for i, operand in enumerate(row.operands) if find_passing(row) >> i & 1]


def test_what_is_not_finite_passes_some_rows_always():
    assert passing("add") == passing("mul") == ["x", "y"]
    assert passing("dot") == ["w", "x", "b"]
    assert passing("div") == ["x"]  # 1 / inf is 0
    assert passing("expectation") == ["w"]  # 0 * inf counts as 0
    for name in ("exp", "tanh", "relu", "maximum", "min", "pow"):
        assert passing(name) == []


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_no_number_contradicts_that(row):
    """An operand with a bit is infinite or NaN; the others are random."""
    rng = random.Random()
    found = find_passing(row)
    for _ in range(300):
        length = rng.randint(1, 4)
        parts = [
            [rng.choice(NUMBERS) for _ in range(length)]
            if name in row.value.sequences
            else rng.choice([rng.choice(NUMBERS), rng.uniform(-9, 9)])
            for name in row.operands
        ]
        if any(
            found >> i & 1
            and not all(map(math.isfinite, part if isinstance(part, list) else [part]))
            for i, part in enumerate(parts)
        ):
            assert not math.isfinite(row.evaluate(*parts)[0]), parts


def test_a_row_that_is_like_sum_or_dot_has_a_fast_form():
    fast = {
        "SUM_ROWS": Primitive("squares", "sum(x * x)", dx="2 * x"),
        "PAIR_ROWS": Primitive("products", "sum(x * y) / 2", dx="y / 2", dy="x / 2"),
        "DOT_ROWS": Primitive("scaled", "sum(w * x) * b", dw="b * x", dx="b * w", db="out / b"),
    }
    for shape, row in fast.items():
        assert find_shape(row) == shape
    entry, macros = compose_lanes(fast["PAIR_ROWS"], as_c)
    assert entry == "ROW(products, x, y, sum0, x * y, sum0 / 2.0, y / 2.0, x / 2.0)"
    assert macros == ""
    for value, dx in (
        ("sum(x) + max(x)", "1"),
        ("sum(x, 1)", "1"),
        ("sum(x)", "sum(x)"),
        ("sum(abs(x))", "1"),
    ):
        assert find_shape(Primitive("other", value, dx=dx)) == "GENERAL_ROWS"


def test_the_general_form_reduces_each_sequence_outside_of_the_lanes():
    _, macros = compose_lanes(PRIMITIVES["logsumexp"], as_c)
    assert re.findall(r"#define (\w+)", macros) == ["logsumexp_FORWARD", "logsumexp_REVERSE"]
    assert macros.count("TERMS {") == 5  # a maximum and a sum each way, and the derivatives

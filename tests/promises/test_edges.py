"""The promises about the edges of the numbers: P13 of the design.

P12, that nothing drops a gradient silently, is in test_value, and the table of edges in
test_primitives.
"""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_mini import Value
from autograd_mini.errors import AutogradError
from autograd_mini.functions import dot, exp
from autograd_mini.functions import sum as total
from autograd_mini.table.primitives import TABLE
from autograd_mini.testing.strategies import function

# --- finite in, finite out (P13) ----------------------------------------------------------------

WILD = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1.0, -1.0])


def is_finite_or_fails(compute, leaves) -> str:
    """Check that all is finite, or that nothing has changed; return the text of the error."""
    try:
        out = compute()
        (out * 1.0).backward()
    except AutogradError as raised:
        error = str(raised)
    else:
        assert math.isfinite(out.data)
        assert all(math.isfinite(leaf.grad) for leaf in leaves)
        return ""
    assert not any(leaf.has_grad for leaf in leaves)
    return error


@settings(max_examples=300)
@given(row=st.sampled_from([row for row in TABLE if not row.nary]), data=st.data())
def test_p13_finite_in_finite_out_or_an_error_that_names_the_place(row, data):
    leaves = [Value(data.draw(WILD), name=f"leaf {o}") for o in row.operands]
    error = is_finite_or_fails(lambda: function(row)(*leaves), leaves)
    assert not error or (row.name in error and "'leaf " in error)


@given(st.lists(WILD, min_size=1, max_size=5))
def test_p13_sums_too(numbers):
    leaves = [Value(x) for x in numbers]
    error = is_finite_or_fails(lambda: dot(leaves, leaves, total(leaves)), leaves)
    assert not error or "sum" in error or "dot" in error


def test_p13_an_error_deep_inside_names_its_place():
    x = Value(800.0, name="x")
    with pytest.raises(
        AutogradError, match=r"^exp\(x\): the point must be in .*, got x = 800\.0; "
    ):
        exp(x * 1.0 + 0.0)

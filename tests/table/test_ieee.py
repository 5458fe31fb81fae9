"""The functions of `math`, as they are and as IEEE 754 has them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_mini.table.arithmetic import FLOATS, IEEE
from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.rules import Rule

NAMES = [name for name, function in ELEMENTARY.items() if function.c]


def functions(arithmetic):
    """Return the elementary functions of C, and the power, as an arithmetic computes them."""
    rules = {name: Rule(f"{name}(x)") for name in NAMES} | {"pow": Rule("x ** y")}
    return {name: arithmetic.function(rule) for name, rule in rules.items()}


RAISING, TOTAL = functions(FLOATS), functions(IEEE)
divide = IEEE.function(Rule("x / y"))
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e308, -1e308, 5e-324, math.inf, -math.inf]
ANY = st.floats() | st.sampled_from(SPECIAL)
UNARY = [name for name in RAISING if name != "pow"]


def same_bits(one: float, other: float) -> bool:
    """Whether two floats are the same, signs of zero included; any NaN is like any other."""
    return one.hex() == other.hex()


def same_kind(one: float, other: float) -> bool:
    """Whether both are NaN, the same infinity, or finite and close."""
    if math.isfinite(one) and math.isfinite(other):
        return math.isclose(one, other, rel_tol=1e-14, abs_tol=1e-300)
    return same_bits(one, other)


@settings(max_examples=500)
@given(name=st.sampled_from(UNARY), x=ANY)
def test_the_total_form_is_the_raising_one_wherever_that_does_not_raise(name, x):
    try:
        expected = RAISING[name](x)
    except (ValueError, OverflowError):
        assert not math.isfinite(TOTAL[name](x))
    else:
        assert same_bits(TOTAL[name](x), expected)


@settings(max_examples=500)
@given(name=st.sampled_from([name for name in UNARY if name != "erf"]), x=ANY)
def test_the_total_form_is_what_numpy_computes(name, x):
    with np.errstate(all="ignore"):
        assert same_kind(TOTAL[name](x), float(getattr(np, name)(x)))


@given(x=ANY, y=ANY | st.integers(-5, 5).map(float))
def test_a_power_is_what_numpy_computes_but_a_nan_stays_a_nan(x, y):
    if x != x or y != y:
        expected = math.nan
    elif x == -math.inf and y == 0.5:  # NumPy takes a square root here, against IEEE 754
        expected = math.inf
    else:
        with np.errstate(all="ignore"):
            expected = float(np.power(x, y))
    assert same_kind(TOTAL["pow"](x, y), expected)


@given(x=ANY, y=ANY)
def test_a_quotient_is_bit_for_bit_what_numpy_computes(x, y):
    with np.errstate(all="ignore"):
        assert same_bits(divide(x, y), float(np.divide(x, y)))


@pytest.mark.parametrize("name", UNARY)
def test_nan_gives_nan(name):
    assert math.isnan(TOTAL[name](math.nan))


@pytest.mark.parametrize(
    ("name", "operands", "value"),
    [
        ("log", (0.0,), -math.inf),
        ("log", (-0.0,), -math.inf),
        ("log", (-1.0,), math.nan),
        ("log2", (0.0,), -math.inf),
        ("log10", (0.0,), -math.inf),
        ("log1p", (-1.0,), -math.inf),
        ("log1p", (-2.0,), math.nan),
        ("arctanh", (1.0,), math.inf),
        ("arctanh", (-1.0,), -math.inf),
        ("arctanh", (2.0,), math.nan),
        ("sqrt", (-1.0,), math.nan),
        ("exp", (1000.0,), math.inf),
        ("sinh", (1000.0,), math.inf),
        ("sinh", (-1000.0,), -math.inf),
        ("cosh", (-1000.0,), math.inf),
        ("sin", (math.inf,), math.nan),
        ("pow", (0.0, -1.0), math.inf),
        ("pow", (-0.0, -3.0), -math.inf),
        ("pow", (-0.0, -2.0), math.inf),
        ("pow", (-2.0, 0.5), math.nan),
        ("pow", (-10.0, 1001.0), -math.inf),
        ("pow", (-10.0, 1000.0), math.inf),
        ("pow", (math.nan, 0.0), math.nan),
        ("pow", (1.0, math.nan), math.nan),
    ],
)
def test_exceptional_cases(name, operands, value):
    assert same_bits(TOTAL[name](*operands), value)

"""What counts as a real number."""

import math
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import Value
from autograd_mini.number import is_foreign, number


@given(st.floats())
def test_a_float_is_itself_nan_and_infinity_included(x):
    assert number(x, what="x").hex() == x.hex()


@given(st.integers())
def test_an_integer_is_taken_exactly_or_not_at_all(n):
    try:
        x = number(n, what="x")
    except ValueError:
        with pytest.raises((OverflowError, AssertionError)):
            assert int(float(n)) == n
    else:
        assert type(x) is float
        assert Fraction(x) == n


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int8, np.int64, np.uint32])
def test_a_numpy_scalar_becomes_a_plain_float(kind):
    x = number(kind(3), what="x")
    assert type(x) is float
    assert x == 3.0


def test_a_float_of_a_subclass_becomes_a_plain_float():
    class Celsius(float):
        pass

    assert type(number(Celsius(2.5), what="x")) is float


def test_numpy_nan_is_taken():
    assert math.isnan(number(np.float32("nan"), what="x"))
    assert math.isnan(number(np.longdouble("nan"), what="x"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "lr takes a real number, got bool True; use float(…) if a number is meant"),
        (np.True_, "lr takes a real number, got bool"),
        ("0.1", "lr takes a real number, got str '0.1'"),
        (1j, "lr takes a real number, got complex 1j; only real numbers have gradients here"),
        (np.complex128(1j), "lr takes a real number, got complex128"),
        (
            Decimal("0.1"),
            "lr takes a real number, got Decimal Decimal('0.1'); use float(…), which rounds",
        ),
        (Fraction(1, 3), "lr takes a real number, got Fraction Fraction(1, 3); use float(…)"),
        (None, "lr takes a real number, got NoneType None"),
        ([1.0], "lr takes a real number, got list [1.0]"),
        (np.array([1.0]), "lr takes a real number, got ndarray array([1.])"),
        (Value(1.0), "lr takes a real number, got Value Value(data=1.0); use its .data"),
    ],
)
def test_what_is_no_real_number_is_refused_with_the_way_out(value, message):
    with pytest.raises(TypeError, match="^" + re.escape(message)):
        number(value, what="lr")


@pytest.mark.parametrize(
    "value", [2**53 + 1, -(2**60) - 1, 10**400, np.int64(2**53 + 1), np.longdouble(1) / 3]
)
def test_what_no_float_holds_exactly_is_refused(value):
    message = f"lr: no float is exactly {value!r}; round it yourself, with float(…)"
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        number(value, what="lr")


def test_the_message_stays_short_for_a_long_thing():
    with pytest.raises(TypeError) as caught:
        number("x" * 10_000, what="lr")
    assert len(str(caught.value)) < 100


def test_an_array_may_combine_itself_with_a_value():
    assert is_foreign(np.array([1.0]))


def test_a_class_that_is_not_pythons_may_combine_itself_with_a_value():
    class Tensor:
        pass

    assert is_foreign(Tensor())


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.0,
        True,
        "1",
        1j,
        None,
        [1],
        Decimal(1),
        Fraction(1),
        np.float32(1),
        np.int64(1),
        np.True_,
    ],
)
def test_plain_types_and_numpy_scalars_may_not(value):
    assert not is_foreign(value)

"""Local derivatives by complex steps are right, whatever the derivative rules say."""

import math

import mpmath
import pytest
from mpmath import mp
from support.gradients import precise_slopes
from support.numbers import precise
from support.references import precise_partial
from support.rows import ELEMENTARY, at_kink, points

from autograd_mini import Value
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.programs.program import function
from autograd_mini.table.arithmetic import COMPLEX
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.testing.local import complex_slope, slopes


def nodes_at(row, count):
    """Yield nodes of finite numbers, off the kink of the row and the bounds of its domain."""
    for at in points(row, count):
        with errstate(nonfinite="ignore"):
            node = function(row)(*map(Value, at))
        bounds = [(domain.low, domain.high) for domain in row.domains.values()]
        inside = not any(x in pair for x, pair in zip(at, bounds, strict=True))
        finite = all(map(math.isfinite, (node.data, *node.partials)))
        if inside and finite and not at_kink(row, at):
            yield at, node


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_precise_slopes_are_limits_of_difference_quotients(row):
    """Both in high precision, by different ways; they agree to more than 80 bits."""
    if row.name == "erf" and mpmath.__version__ < "1.4":
        pytest.skip("before 1.4, mpmath's erf of complex numbers has fewer digits")
    for at, node in nodes_at(row, 15):
        for position, slope in enumerate(precise_slopes(node)):
            expected = precise_partial(row, at, position)
            with mp.workprec(3000):
                faint = mp.mpf(10) ** -400
                assert abs(slope - expected) <= mp.mpf(2) ** -80 * abs(expected) + faint, at


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_slopes_in_floats_are_within_a_part_in_ten_to_the_twelfth(row):
    """Or are None, where a complex step cannot tell."""
    told = 0
    for at, node in nodes_at(row, 40):
        if (found := slopes(node)) is not None:
            told += 1
            for position, slope in enumerate(found):
                expected = float(precise_partial(row, at, position))
                assert abs(slope - expected) <= 1e-12 * abs(expected) + 1e-300, (at, position)
    assert told > 10 or row.name in ("erf", "erfc")


@pytest.mark.parametrize("length", [1, 2, 5])
def test_the_terms_of_a_sum_are_differentiated_one_by_one(length):
    ws, xs = ([Value(sign * (n + 0.5)) for n in range(length)] for sign in (1, -3))
    for node in (Value.sum(ws), Value.dot(ws, xs, Value(2.0))):
        assert slopes(node) == pytest.approx(list(node.partials), rel=1e-15, abs=0)
        assert precise_slopes(node) == list(node.partials)
    assert slopes(Value.dot(ws, [2.0] * length)) == [2.0] * length + [None] * (length + 1)


def test_constants_have_no_slope():
    assert slopes(2.0 * Value(3.0)) == [None, 2.0]


def test_complex_numbers_do_for_every_row_but_erf_and_erfc():
    assert [row.name for row in TABLE if COMPLEX.function(row.value) is None] == ["erf", "erfc"]
    assert [row.name for row in TABLE if precise().function(row.value, row.operands) is None] == []


@pytest.mark.parametrize("x", [1e-300, 1e-100, 1.0, 1e100])
def test_a_complex_step_takes_the_derivative_at_any_size(x):
    assert complex_slope(lambda z: z * z, x) == (2 * x if x > 1e-90 else 0.0)
    assert complex_slope(lambda z: 3.0 / z, x) == pytest.approx(-3 / x / x, rel=1e-15, abs=1e-90)


def test_a_slope_that_underflows_is_no_slope():
    assert slopes(Value(-744.0).exp()) is None
    assert slopes(Value(1.0) * 1e-200) is None
    assert slopes(Value(1e-200).log()) is None


def test_a_kink_is_where_its_rule_is_zero():
    assert at_kink(PRIMITIVES["relu"], [0.0])
    assert not at_kink(PRIMITIVES["relu"], [5e-324])
    assert at_kink(PRIMITIVES["maximum"], [2.0, 2.0])
    assert PRIMITIVES["maximum"].distance_to_kink([2.0, 5.0]) == -3.0
    assert math.isnan(PRIMITIVES["exp"].distance_to_kink([0.0]))
    assert at_kink(PRIMITIVES["leaky_relu"], [0.0, 0.5])
    assert not at_kink(PRIMITIVES["leaky_relu"], [0.5, 0.0])


def test_at_a_kink_the_recorded_slopes_stand():
    node = Value(1.0).maximum(Value(1.0))
    assert slopes(node) == precise_slopes(node) == [0.5, 0.5]

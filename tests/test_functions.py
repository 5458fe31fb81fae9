"""Functions over numbers and Values, and those composed of others."""

import math
import re
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf
from support.sequences import each_impostor, each_sequence, pandas

import autograd_mini as ag
from autograd_mini import Value, functions
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.errors import DomainError
from autograd_mini.functions import (
    clip,
    gelu,
    linear,
    log_softmax,
    logaddexp,
    logsumexp,
    maximum,
    mean,
    minimum,
    norm_cdf,
    norm_pdf,
    prod,
    silu,
    softmax,
    where,
)
from autograd_mini.table.primitives import TABLE
from autograd_mini.testing import check_gradients
from autograd_mini.testing.strategies import function, points_in_domain

NUMBER = st.floats(-50, 50)
LISTS = st.lists(NUMBER, min_size=1, max_size=6)
SEQUENCE_FUNCTIONS = [mean, logsumexp, softmax, log_softmax]


def dot_itself(xs):
    return ag.dot([1.0, 1.0, 1.0], xs)


def called(apply):
    return "dot" if apply is dot_itself else apply.__name__


# --- plain numbers -------------------------------------------------------------------------------


FUNCTIONS = [row for row in TABLE if hasattr(Value, row.name)]  # the rest are Python's operators


@given(row=st.sampled_from(FUNCTIONS), data=st.data())
def test_a_function_of_plain_numbers_returns_a_float(row, data):
    drawn = data.draw(points_in_domain(row))
    out = function(row)(*drawn)
    assert type(out) is float
    assert out == row.evaluate(*drawn)[0]


@pytest.mark.parametrize("number", [1, np.float32(1), np.int64(1)])
def test_any_real_number_will_do(number):
    assert ag.exp(number) == math.e
    assert type(ag.exp(number)) is float
    assert ag.maximum(number, 0) == 1.0
    assert ag.sum([number, 2]) == 3.0
    assert linear(number) == 1.0
    assert type(linear(number)) is float


def test_a_number_outside_the_domain_is_a_domain_error():
    for call in (
        lambda: ag.log(-1.0),
        lambda: ag.sqrt(-1.0),
        lambda: ag.arcsin(2.0),
        lambda: ag.exp(1000.0),
        lambda: ag.arctanh(1.0),
        lambda: ag.sum([1e308, 1e308]),
    ):
        with pytest.raises(DomainError):
            call()


def test_every_function_row_is_public():
    # The others are of use to functions that are composed of them.
    names = {row.name for row in FUNCTIONS} - {
        "identity", "gauss", "maximum", "minimum", "max", "min", "fsum", "expectation",
        "logsumexp", "softmax", "log_softmax",
    }  # fmt: skip
    assert {name for name in names if getattr(functions, name) is getattr(Value, name)} == names
    assert {name for name in names if getattr(ag, name) is getattr(Value, name)} == names


# --- Python's own functions ----------------------------------------------------------------------


def test_pythons_sum_max_and_sorted_work_over_values():
    xs = [Value(2.0), Value(-1.0), Value(0.5)]
    out = sum(xs)
    assert out.data == 1.5
    out.backward()
    assert [x.grad for x in xs] == [1.0, 1.0, 1.0]
    assert max(xs) is xs[0]
    assert sorted(xs) == [xs[1], xs[2], xs[0]]


def test_abs_and_pow_are_pythons():
    x = Value(-3.0)
    assert abs(x).data == 3.0
    assert pow(x, 2).data == 9.0


# --- linear and where ----------------------------------------------------------------------------


def test_linear_is_the_value_itself():
    x = Value(2.0)
    assert linear(x) is x
    with pytest.raises(TypeError, match=r"^linear: operand must be a real number, got '2'$"):
        linear("2")


def test_where_chooses_and_the_other_gets_no_gradient():
    x, y = Value(2.0), Value(3.0)
    assert where(x > y, x, y) is y
    assert where(x < y, x, y) is x
    out = where(x < y, x * 5.0, y)
    out.backward()
    assert x.grad == 5.0
    assert not y.has_grad


def test_where_returns_one_kind():
    x = Value(2.0)
    chosen = where(False, x, 3.0)
    assert isinstance(chosen, Value)
    assert (chosen.data, chosen.op) == (3.0, None)
    assert where(True, 2, 3) == 2.0
    assert type(where(True, 2, 3)) is float


def test_where_takes_the_bools_of_numpy():
    assert where(np.bool_(True), 1.0, 2.0) == 1.0
    assert where(np.float64(1.0) > 2.0, 1.0, 2.0) == 2.0
    older = type("bool_", (), {"__bool__": lambda self: False})  # its name before NumPy 2
    assert where(older(), 1.0, 2.0) == 2.0


@pytest.mark.parametrize("condition", [1, 0.0, None, "yes", Value(1.0), [True]])
def test_where_refuses_a_condition_that_is_no_bool(condition):
    message = re.escape(f"where: condition must be a bool, got {condition!r}")
    with pytest.raises(TypeError, match=f"^{message}$"):
        where(condition, 1.0, 2.0)


def test_where_refuses_what_is_no_number_even_if_it_is_not_chosen():
    with pytest.raises(TypeError, match=r"^where: operand must be a real number, got '3'$"):
        where(True, 2.0, "3")


def test_where_keeps_the_other_branch_from_spoiling_the_gradient():
    x = Value(0.0)
    where(x > 0, x, 0.1 * x).backward()
    assert x.grad == 0.1


# --- mean, logsumexp, softmax --------------------------------------------------------------------


@given(LISTS)
def test_mean_is_the_sum_over_the_count(xs):
    assert mean(xs) == ag.sum(xs) / len(xs)
    check_gradients(lambda *xs: mean(xs), *xs)


@given(LISTS)
def test_logsumexp_is_what_its_name_says(xs):
    expected = math.log(math.fsum(math.exp(x - 50) for x in xs)) + 50
    assert math.isclose(logsumexp(xs), expected, rel_tol=1e-12, abs_tol=1e-12)
    check_gradients(lambda *xs: logsumexp(xs), *xs)


@given(LISTS)
def test_softmax_gives_positive_numbers_that_add_up_to_one(xs):
    ps = softmax(xs)
    assert math.isclose(math.fsum(ps), 1.0, rel_tol=1e-14)
    assert all(p > 0 for p in ps)
    for p, x in zip(ps, xs, strict=True):
        assert math.isclose(math.log(p), x - logsumexp(xs), rel_tol=1e-9, abs_tol=1e-12)


@given(LISTS, st.data())
def test_the_gradients_of_softmax_and_its_logarithm_agree_with_differences(xs, data):
    which = data.draw(st.integers(0, len(xs) - 1))
    check_gradients(lambda *xs: softmax(xs)[which], *xs)
    check_gradients(lambda *xs: log_softmax(xs)[which], *xs)


@given(LISTS)
def test_numbers_and_values_give_the_same_bits(xs):
    for apply in SEQUENCE_FUNCTIONS:
        of_numbers, of_values = apply(xs), apply([Value(x) for x in xs])
        if isinstance(of_numbers, list):
            assert of_numbers == [value.data for value in of_values]
            assert all(type(number) is float for number in of_numbers)
        else:
            assert of_numbers == of_values.data
            assert type(of_numbers) is float


@given(LISTS)
def test_the_gradient_of_logsumexp_is_the_softmax(xs):
    values = [Value(x) for x in xs]
    logsumexp(values).backward()
    for value, p in zip(values, softmax(xs), strict=True):
        assert math.isclose(value.grad, p, rel_tol=1e-12)


def test_large_numbers_do_not_overflow():
    assert softmax([1000.0, 0.0]) == [1.0, 0.0]
    assert softmax([-1000.0, -1000.0]) == [0.5, 0.5]
    assert log_softmax([1000.0, 0.0]) == [0.0, -1000.0]
    assert logsumexp([1000.0, 1000.0]) == 1000.0 + math.log(2.0)
    assert logsumexp([-1e308, 0.0]) == 0.0


def test_a_saturated_softmax_has_a_gradient_of_zero():
    xs = [Value(1000.0), Value(0.0)]
    softmax(xs)[0].backward()
    assert [x.grad for x in xs] == [0.0, 0.0]


def test_the_gradient_of_log_softmax_survives_saturation():
    xs = [Value(1000.0), Value(0.0)]
    log_softmax(xs)[1].backward()
    assert [x.grad for x in xs] == [-1.0, 1.0]


def test_one_operand_is_enough():
    assert softmax([3.0]) == [1.0]
    assert log_softmax([3.0]) == [0.0]
    assert logsumexp([3.0]) == 3.0
    assert mean([3.0]) == 3.0


@pytest.mark.parametrize("apply", SEQUENCE_FUNCTIONS)
def test_numbers_among_values_become_values(apply):
    x = Value(2.0)
    out = apply([x, 1, np.float32(0.5)])
    for value in out if isinstance(out, list) else [out]:
        assert isinstance(value, Value)
        value.backward()
    assert x.has_grad


@pytest.mark.parametrize("apply", SEQUENCE_FUNCTIONS)
def test_an_iterator_will_do(apply):
    assert apply(iter([1.0, 2.0])) == apply([1.0, 2.0])


@pytest.mark.parametrize("apply", SEQUENCE_FUNCTIONS)
def test_wrong_operands_are_refused_by_name(apply):
    name = apply.__name__
    message = re.escape(f"{name}: operands must be a sequence that is not empty, got []")
    with pytest.raises(ValueError, match=f"^{message}$"):
        apply([])
    for bad in (1.0, Value(1.0), None):
        message = re.escape(
            f"{name}: operands must be a sequence of Values or numbers, got {bad!r}"
        )
        with pytest.raises(TypeError, match=f"^{message}$"):
            apply(bad)
    for bad in ("1", True, Decimal(1), None):
        message = re.escape(f"{name}: operand must be a real number, got {bad!r}")
        with pytest.raises(TypeError, match=f"^{message}"):
            apply([1.0, bad])


@pytest.mark.parametrize("apply", [*SEQUENCE_FUNCTIONS, ag.sum, dot_itself], ids=called)
@each_sequence
def test_every_sequence_of_numbers_will_do(make, apply):
    numbers = [2.0, -1.0, 2.0]
    assert apply(make(numbers)) == apply(numbers)


@pytest.mark.parametrize("apply", [*SEQUENCE_FUNCTIONS, ag.sum, dot_itself], ids=called)
@each_impostor
def test_what_is_no_sequence_of_numbers_is_refused(make, apply):
    message = rf"^{called(apply)}: operands must be a sequence of Values or numbers, got "
    with pytest.raises(TypeError, match=message):
        apply(make([1.0, 2.0]))


@pytest.mark.parametrize("apply", [*SEQUENCE_FUNCTIONS, ag.sum, dot_itself], ids=called)
def test_rows_are_no_operands(apply):
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    for bad in (rows, rows.tolist(), np.ma.array([1.0], mask=[True]), np.array([1j])):
        message = rf"^{called(apply)}: operand must be a real number, got "
        with pytest.raises(TypeError, match=message):
            apply(bad)


@pytest.mark.parametrize("apply", [*SEQUENCE_FUNCTIONS, ag.sum, dot_itself], ids=called)
def test_the_rows_of_a_frame_are_no_operands(apply):
    frame = pandas().DataFrame([[7.0, 8.0], [9.0, 10.0]])
    with pytest.raises(TypeError, match=rf"^{called(apply)}: operand must be a real number, got "):
        apply(frame)


@pytest.mark.parametrize("apply", [*SEQUENCE_FUNCTIONS, ag.sum, dot_itself], ids=called)
def test_an_error_of_an_iterator_is_not_taken_for_a_wrong_argument(apply):
    def broken():
        yield 1.0
        raise TypeError("mine must be kept, got lost")

    with pytest.raises(TypeError, match=r"^mine must be kept, got lost$"):
        apply(broken())


def test_a_series_of_values_has_gradients():
    series = pandas().Series([Value(3.0), Value(2.0)], index=[5, 4])
    ag.dot(series, [10.0, 20.0]).backward()
    assert [x.grad for x in series] == [10.0, 20.0]
    scaled = pandas().DataFrame([[7.0, 8.0], [9.0, 10.0]]) * series[5]
    ag.sum(scaled.apply(ag.sum, axis=1)).backward()
    assert series[5].grad == 10.0 + 34.0
    assert pandas().Series([0.0]).apply(ag.exp).tolist() == [1.0]


@pytest.mark.parametrize("apply", SEQUENCE_FUNCTIONS)
def test_a_nan_spoils_the_result(apply):
    with errstate(nonfinite="ignore"):
        out = apply([math.nan, 1.0])
        assert all(x != x for x in (out if isinstance(out, list) else [out]))


def test_an_infinity_is_not_subtracted_from_itself():
    assert logsumexp([math.inf, 1.0]) == math.inf
    with errstate(nonfinite="ignore"):
        assert logsumexp([-math.inf, -math.inf]) == -math.inf


def test_minus_infinity_counts_for_nothing_in_a_softmax():
    assert softmax([-math.inf, 1.0]) == [0.0, 1.0]
    assert logsumexp([-math.inf, 1.0]) == 1.0


@pytest.mark.parametrize("xs", [[math.nan, 1000.0], [1000.0, math.nan]])
def test_a_nan_anywhere_makes_a_softmax_nan(xs):
    assert all(math.isnan(p) for p in softmax(xs))
    assert math.isnan(logsumexp(xs))


def test_an_infinity_outweighs_all():
    assert logsumexp([math.inf, 1000.0]) == math.inf


def test_log_softmax_keeps_its_digits_where_one_operand_outweighs_all():
    """ln softmax of the larger is −ln(1 + e⁻⁴⁰); its derivative by the other −e⁻⁴⁰ / (1 + e⁻⁴⁰)."""
    x, y = Value(40.0), Value(0.0)
    out = log_softmax([x, y])[0]
    out.backward()
    assert out.data == -math.log1p(math.exp(-40.0))
    assert y.grad == pytest.approx(-math.exp(-40.0), rel=1e-15, abs=0)
    assert x.grad == pytest.approx(math.exp(-40.0), rel=1e-15, abs=0)


@pytest.mark.parametrize("gap", [1.0, 20.0, 40.0, 600.0])
def test_slopes_keep_their_digits_where_one_operand_outweighs_all(gap):
    """The derivative by the greatest is that of 1 - p, which must not be computed from p."""
    z = [ag.Value(gap), ag.Value(0.0)]
    small, large = math.exp(-gap) / (1 + math.exp(-gap)), 1 / (1 + math.exp(-gap))
    ag.log_softmax(z)[0].backward()
    assert [v.grad for v in z] == pytest.approx([small, -small], rel=1e-15, abs=0)
    z = [ag.Value(gap), ag.Value(0.0)]
    ag.softmax(z)[0].backward()
    assert [v.grad for v in z] == pytest.approx([small * large, -small * large], rel=1e-15, abs=0)


def test_log_softmax_keeps_the_slope_of_the_class_that_is_almost_certain():
    """It is the probability of the others, which a difference of ones would round to 0."""
    x, y, z = Value(40.0), Value(0.0), Value(1.0)
    log_softmax([x, y, z])[0].backward()
    assert x.grad == pytest.approx(math.exp(-40.0) + math.exp(-39.0), rel=1e-14, abs=0)


# --- many operands, and extreme ones -------------------------------------------------------------


@pytest.mark.parametrize("number", [float, Value])
def test_the_largest_floats_are_no_obstacle(number):
    xs = [number(1e308), number(-1e308), number(1e308)]
    assert_numbers(softmax(xs), [0.5, 0.0, 0.5])
    assert_numbers(log_softmax(xs), [-math.log(2.0), -math.inf, -math.log(2.0)])
    assert_numbers([logsumexp(xs)], [1e308])
    assert_numbers(log_softmax(xs[:2])[:1], [0.0])


@pytest.mark.parametrize("number", [float, Value])
def test_the_largest_floats_are_no_obstacle_among_many(number):
    """Many operands are first shifted by the largest, which takes some below the floats."""
    xs = [number(1e308 if i % 2 else -1e308) for i in range(40)]
    shares = pytest.approx([0.05 if i % 2 else 0.0 for i in range(40)], rel=1e-15)
    assert_numbers(softmax(xs), shares)
    assert_numbers([log_softmax(xs)[0]], [-math.inf])


def assert_numbers(found, expected):
    assert [one.data if isinstance(one, Value) else one for one in found] == expected


def test_the_slopes_at_the_largest_floats_are_those_of_their_differences():
    xs = [Value(1e308), Value(-1e308), Value(1e308)]
    log_softmax(xs)[0].backward()
    assert [x.grad for x in xs] == [0.5, 0.0, -0.5]


@pytest.mark.parametrize("size", [3, 40])
def test_minus_infinity_has_the_slope_zero(size):
    """So logits can be masked."""
    xs = [Value(-math.inf if i % 2 else float(i)) for i in range(size)]
    for out in (logsumexp(xs), softmax(xs)[2], log_softmax(xs)[2]):
        out.backward()
    assert all(x.grad == 0.0 for x in xs[1::2])
    assert all(math.isfinite(x.grad) for x in xs)


def test_logsumexp_is_one_node():
    xs = [Value(1.0), Value(2.0)]
    assert logsumexp(xs).operands == tuple(xs)


def test_a_softmax_shows_which_row_made_it():
    assert [p.op.name for p in softmax([Value(float(i)) for i in range(40)])] == ["softmax"] * 40


def test_over_many_operands_a_softmax_has_far_fewer_than_their_square():
    """And the same numbers, to their rounding."""
    xs = [Value(math.sin(i)) for i in range(1000)]
    ps = softmax(xs)
    assert sum(len(p.operands) for p in ps) < 100_000
    total = math.fsum(math.exp(x.data) for x in xs)
    assert all(
        math.isclose(p.data, math.exp(x.data) / total, rel_tol=1e-14)
        for p, x in zip(ps, xs, strict=True)
    )


def test_an_expectation_does_not_count_what_has_no_probability():
    x = Value(3.0)
    out = Value.expectation([0.0, 1.0], [-math.inf, x])
    out.backward()
    assert (out.data, x.grad) == (3.0, 1.0)


def test_a_softmax_of_more_than_32_operands_takes_the_others_in_blocks():
    """Otherwise 10 000 operands would give 10 000 nodes with 10 000 operands each."""
    xs = [Value(float(i)) for i in range(33)]
    assert {len(p.operands) for p in ag.softmax(xs[:32])} == {32}
    assert {len(p.operands) for p in ag.softmax(xs)} == {5 + 6, 3 + 6}
    assert {len(p.operands) for p in ag.log_softmax(xs)} == {5 + 6, 3 + 6}


def test_a_softmax_of_many_operands_depends_on_no_constant():
    small = [float(i % 7) for i in range(40)]
    for share in (ag.softmax, ag.log_softmax):
        assert share([x + 2.0**40 for x in small]) == share(small)
    assert ag.softmax([0.0] * 39 + [-math.inf]) == [pytest.approx(1 / 39)] * 39 + [0.0]
    with ag.errstate(nonfinite="ignore"):
        assert all(map(math.isnan, ag.softmax([-math.inf] * 40)))


# --- extremes, bounds and products ---------------------------------------------------------------


def slopes(f, *numbers):
    """Return the number of a function of Values, and its gradients."""
    leaves = [Value(x) for x in numbers]
    out = f(*leaves)
    out.backward()
    return out.data, [x.grad for x in leaves]


@given(LISTS)
def test_the_extremes_are_pythons(xs):
    assert maximum(*xs) == max(xs)
    assert minimum(*xs) == min(xs)
    assert maximum(*map(Value, xs)).data == max(xs)
    assert minimum(*map(Value, xs)).data == min(xs)


def test_operands_that_tie_share_the_gradient():
    assert slopes(maximum, 2.0, 1.0, 2.0, 2.0) == (2.0, [1 / 3, 0.0, 1 / 3, 1 / 3])
    assert slopes(minimum, 2.0, 3.0, 2.0) == (2.0, [0.5, 0.0, 0.5])
    assert slopes(lambda x: maximum(x, 2.0, 1), 2.0) == (2.0, [0.5])


def test_two_operands_keep_the_row_that_numpy_uses():
    x, y = Value(1.0), Value(2.0)
    assert [f(x, y).op.name for f in (maximum, minimum)] == ["maximum", "minimum"]
    assert [f(x, y, 0.0).op.name for f in (maximum, minimum)] == ["max", "min"]
    assert np.maximum(x, y) is y
    assert maximum(x).op.name == "max"


@pytest.mark.parametrize("f", [maximum, minimum])
def test_what_has_no_extreme_is_refused(f):
    name = f.__name__
    with pytest.raises(ValueError, match=rf"^{name}: operands must be one or more, got \(\)$"):
        f()
    with pytest.raises(
        TypeError,
        match=rf"^{name}: operand must be a Value or a number, got \[1.0, 2.0\]; of the items of a "
        rf"sequence, call {name}\(\*xs\)$",
    ):
        f([1.0, 2.0])
    with pytest.raises(TypeError, match=rf"^{name}: operand must be a real number, got '2'$"):
        f(1.0, "2", 3.0)


@pytest.mark.parametrize(
    ("x", "low", "high", "value", "slope"),
    [
        (0.5, 0.0, 1.0, 0.5, 1.0), (2.0, 0.0, 1.0, 1.0, 0.0), (-2.0, 0.0, 1.0, 0.0, 0.0),
        (1.0, 0.0, 1.0, 1.0, 0.5), (0.0, 0.0, 1.0, 0.0, 0.5), (2.0, 0.0, None, 2.0, 1.0),
        (2.0, None, 1.0, 1.0, 0.0), (-2.0, None, None, -2.0, 1.0),
    ],
)  # fmt: skip
def test_a_number_is_clipped_to_its_bounds(x, low, high, value, slope):
    assert clip(x, low, high) == value
    assert slopes(lambda v: clip(v * 1.0, low, high), x) == (value, [slope])


def test_the_bounds_may_be_values():
    assert slopes(clip, 3.0, 0.0, 2.0) == (2.0, [0.0, 0.0, 1.0])
    assert isinstance(clip(3.0, 0.0, Value(2.0)), Value)


@given(st.lists(st.floats(-9, 9), max_size=6))
def test_a_product_is_that_of_the_numbers(xs):
    expected = 1.0
    for x in xs:
        expected *= x
    assert prod(xs) == expected
    if xs:
        assert prod(map(Value, xs)).data == expected


def test_a_product_has_right_slopes_where_operands_are_0():
    assert slopes(lambda *xs: prod(xs), 0.0, 3.0, 2.0) == (0.0, [6.0, 0.0, 0.0])
    assert slopes(lambda *xs: prod(xs), 0.0, 0.0, 2.0) == (0.0, [0.0, 0.0, 0.0])
    assert prod([]) == 1.0
    with pytest.raises(DomainError, match=r"^mul\(x, y\)"):
        prod([1e300, 1e300])
    with pytest.raises(TypeError, match=r"^prod: operand must be a real number, got '2'$"):
        prod([1.0, "2"])


# --- distributions and activations ---------------------------------------------------------------


@pytest.mark.parametrize("x", [-37.0, -9.0, -1.5, -1e-9, 0.0, 0.5, 3.0, 9.0])
def test_the_normal_distribution_keeps_its_digits_in_the_tails(x):
    with mp.workprec(200):
        density = mp.exp(-(mpf(x) ** 2) / 2) / mp.sqrt(2 * mp.pi)
        probability = mp.erfc(-mpf(x) / mp.sqrt(2)) / 2
    rounding = 1e-15 * (1 + x * x)  # that of x / sqrt(2), magnified
    assert norm_pdf(x) == pytest.approx(float(density), rel=rounding, abs=0)
    assert norm_cdf(x) == pytest.approx(float(probability), rel=rounding, abs=0)
    value, (slope,) = slopes(norm_cdf, x)
    assert (value, slope) == (norm_cdf(x), pytest.approx(float(density), rel=rounding, abs=0))
    _, (slope,) = slopes(norm_pdf, x)
    assert slope == pytest.approx(float(-x * density), rel=rounding, abs=0)


@given(st.floats(-30, 30))
def test_silu_and_gelu_are_what_their_names_say(x):
    assert silu(x) == x * ag.sigmoid(x)
    assert gelu(x) == x * norm_cdf(x)
    assert slopes(silu, x)[0] == silu(x)
    check_gradients(silu, x)
    check_gradients(gelu, x)


@given(NUMBER, NUMBER)
def test_logaddexp_is_one_node_that_numpy_agrees_with(x, y):
    node = logaddexp(Value(x), y)
    assert node.op.name == "logsumexp"
    assert node.data == logaddexp(x, y) == pytest.approx(np.logaddexp(x, y), rel=1e-15, abs=1e-300)


@pytest.mark.parametrize("f", [norm_pdf, norm_cdf, silu, gelu, lambda x: clip(x, 0, 1)])
def test_a_composed_function_refuses_what_is_no_number(f):
    with pytest.raises(TypeError, match=r": operand must be a real number, got '2'$"):
        f("2")


def test_numpy_calls_the_methods_of_rows_of_two_operands():
    """Of its functions of two arrays, the first must have the Values."""
    x = Value(3.0)
    (node,) = np.hypot(np.array([x]), 4.0)
    assert (node.op.name, node.data) == ("hypot", 5.0)
    (node,) = np.arctan2(np.array([x]), 4.0)
    assert (node.op.name, node.data) == ("arctan2", math.atan2(3.0, 4.0))

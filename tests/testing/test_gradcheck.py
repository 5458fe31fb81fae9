"""The gradient check finds what is wrong and nothing else, and says where it is."""

import itertools
import math
import random
import re
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.references import bound
from support.sequences import each_impostor, each_sequence

import autograd_mini as ag
from autograd_mini import Value, engine
from autograd_mini.engines import sweep_forward
from autograd_mini.engines.node import flat
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.errors import (
    DomainError,
    GradientMismatchError,
    NonFiniteGradientError,
)
from autograd_mini.table.primitives import TABLE, Primitive
from autograd_mini.testing import check_gradients
from autograd_mini.testing.strategies import function, graphs, numbers, points_in_domain

# --- right gradients pass ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: x**3, (0.0,)),  # the gradient and its scale are zero
        (lambda x: x**1.5, (0.0,)),  # only steps to the right exist
        (ag.log, (1e-10,)),  # the first steps leave the domain
        (ag.log, (1e300,)),
        (ag.exp, (-700.0,)),
        (ag.exp, (709.7,)),
        (ag.arcsin, (0.9999999,)),
        (ag.arcsin, (0.9999999999999948,)),  # no step is short enough
        (ag.log1p, (-0.9999999999999986,)),
        (ag.sin, (1000.0,)),
        (lambda x: ag.sin(1e6 * x), (1.0,)),  # six waves in the first step
        (ag.sigmoid, (40.0,)),  # the rounding of f hides the slope
        (ag.sigmoid, (-700.0,)),
        (ag.sigmoid, (1000.0,)),  # and then there is none
        (ag.square, (1e-200,)),  # which underflows
        (ag.exp, (5e-324,)),  # which has no shorter step
        (lambda w, x: ag.dot([w, -2.5], [x, 2.5]), (1.0, 1e-90)),
        (ag.sin, (1e50,)),  # waves between one float and the next
        (lambda x: x**1.1, (0.0,)),  # a slope that goes to zero slowly
        (ag.sqrt, (1e-12,)),
        (ag.sqrt, (1e-300,)),
        (ag.log, (1e-8,)),
        (ag.relu, (1e-9,)),  # the kink is within the first step
        (ag.relu, (-1e-9,)),
        (abs, (0.0,)),
        (ag.tan, (1.5707,)),
        (lambda x, y: x / y, (1e-200, 1e100)),
        (lambda x: x * 1e-300, (1e10,)),
        (lambda x: x * 1e300, (1e-10,)),
        (lambda x: ag.sum([1e10, x, -1e10]), (1e-9,)),
        (lambda x: ag.dot([x, x, 2.0], [x * x, 3.0, x], x), (1.3,)),
        (lambda x, y: ag.exp(x - 200.0) * y, (1.0, -2.0)),
        (lambda x: x, (2.0,)),
        (lambda x: Value(3.0), (2.0,)),  # f may not depend on its argument
        (lambda x, y: y * 2.0, (1.0, 2.0)),
        (ag.maximum, (1.0, 1.0 + 1e-7)),
        (lambda *xs: ag.softmax(xs)[0], (1.0, 2.0, 3.0)),
    ],
)
def test_a_right_gradient_passes(f, args):
    check_gradients(f, *args)


def test_any_real_number_is_an_argument():
    check_gradients(ag.maximum, 3, 2)


@given(st.floats(-1e3, 1e3).filter(bool), st.floats(1e-3, 1e3))
def test_any_seed_will_do(seed, x):
    check_gradients(ag.log, x, seed=seed)


def test_what_f_closes_over_gets_gradients_as_from_any_pass():
    w = Value(3.0)
    check_gradients(lambda x: w * x, 2.0, seed=0.5)
    assert w.grad == 1.0


def test_a_list_of_numbers_is_an_argument_too():
    report = check_gradients(lambda xs, b: ag.sum(xs) * b, [1.0, 2.0], 3.0)
    arguments = dict.fromkeys(one.argument for one in report.comparisons)
    assert list(arguments) == ["argument 0 ('xs')[0]", "argument 0 ('xs')[1]", "argument 1 ('b')"]


# --- the report ---------------------------------------------------------------------------------


def test_the_report_has_each_argument_by_two_methods_and_two_seeds():
    report = check_gradients(lambda x, y: x * y, 2.0, 3.0)
    assert len(report.comparisons) == 2 * 2 * 2
    assert {one.method for one in report.comparisons} == {"central difference", "complex step"}
    seeds = {one.seed for one in report.comparisons}
    assert len(seeds) == 2
    assert 1.0 not in seeds
    for one in report.comparisons:
        derivative = {"argument 0 ('x')": 3.0, "argument 1 ('y')": 2.0}[one.argument]
        assert one.analytic == one.seed * derivative
        assert one.absolute == abs(one.analytic)
        assert one.agrees
        assert one.error <= 1e-10


def test_the_report_says_where_the_error_is_worst():
    def f(x, y):
        return x + y * 1.0

    report = check_gradients(f, 2.0, 3.0)
    lines = str(report).splitlines()
    assert lines[0].startswith("f: 8 comparisons, worst error ")
    assert len(lines) == 1 + 4
    assert report.worst.error <= 2.0**-53
    assert report.kinks == ()


def test_the_repr_of_a_report_is_its_first_line():
    report = check_gradients(lambda x, y: x * y, 2.0, 3.0)
    assert repr(report) == f"<GradientReport of {str(report).splitlines()[0]}>"
    assert repr(report.worst) == f"<Comparison: {report.worst}>"
    assert "\n" not in repr(report) + repr(report.worst)


def test_a_notebook_shows_the_comparisons_of_the_first_seed_as_a_table():
    html = check_gradients(lambda x, y: x * y, 2.0, 3.0)._repr_html_()
    assert html.startswith("<p>&lt;lambda&gt;: 8 comparisons, worst error ")
    assert html.count("<tr>") == 1 + 4
    assert html.count("complex step") == html.count("central difference") == 2
    assert html.count("argument 0 ('x')") >= 2
    assert ' title="2.0">2</td>' in html


def test_an_error_of_the_quotient_alone_is_not_the_worst():
    """The slope of sigmoid at 40 is lost in its rounding; the complex step sees it."""
    report = check_gradients(ag.sigmoid, 40.0)
    assert max(one.error for one in report.comparisons) > 0.1
    assert report.worst.error < 1e-15
    assert report.worst.method == "complex step"


def test_seeds_come_from_rng():
    one, same, other = (
        {c.seed for c in check_gradients(ag.exp, 1.0, rng=random.Random(n)).comparisons}
        for n in (1, 1, 2)
    )
    assert one == same
    assert not one & other


# --- graphs already built -----------------------------------------------------------------------


def test_a_graph_is_checked_and_keeps_its_gradients():
    x, w = Value(0.3, name="x"), Value(0.2)
    out = (w * x).sigmoid() * x
    x.grad = 7.0
    report = check_gradients(out)
    assert [c.argument for c in report.comparisons[::4]] == ["leaf 0", "leaf 1 ('x')"]
    assert (x.grad, w.has_grad, out.has_grad) == (7.0, False, False)


@given(graphs())
def test_a_graph_is_checked_like_the_function_that_builds_it(graph):
    out = graph(*map(Value, graph.leaves))
    built = {(c.at, c.analytic, c.numeric) for c in check_gradients(out).comparisons}
    called = {
        (c.at, c.analytic, c.numeric) for c in check_gradients(graph, *graph.leaves).comparisons
    }
    assert built == called


@pytest.mark.parametrize("change", ["leaf", "node"])
def test_a_graph_whose_numbers_were_changed_is_refused(change):
    x = Value(2.0)
    square = x * x
    out = square * 3.0
    {"leaf": x, "node": square}[change].data = 5.0
    message = (
        r"^check_gradients: f must be a graph computed from the numbers that its leaves hold now, "
        r".*, got Value\(.*; build it again$"
    )
    with pytest.raises(ValueError, match=message):
        check_gradients(out)


def test_a_graph_takes_no_arguments():
    rule = "must be left out, as a Value is checked at the numbers in its leaves, got"
    with pytest.raises(ValueError, match=rf"^check_gradients: args {rule} \(3.0,\)"):
        check_gradients(Value(1.0) * 2.0, 3.0)
    with pytest.raises(ValueError, match=f"^check_gradients: gradient {rule} <function"):
        check_gradients(Value(1.0) * 2.0, gradient=lambda x: 2.0)


def test_a_leaf_is_a_graph():
    assert check_gradients(Value(3.0)).worst.error == 0


# --- derivatives that are told ------------------------------------------------------------------


def pulse(t):
    return math.exp(-t * t / 2)


def test_a_told_derivative_is_checked_sharply():
    """math.exp takes no complex numbers: differences alone agree to 1e-9. Powers take them."""
    report = check_gradients(pulse, 0.5, gradient=lambda t: -t * pulse(t))
    assert [c.method for c in report.comparisons] == ["central difference"]
    assert report.worst.allowed < 1e-8 * report.worst.absolute
    report = check_gradients(
        lambda x, n: n * x**3, 1.3, 2.0, gradient=lambda x, n: (6 * x**2, x**3)
    )
    assert {c.method for c in report.comparisons} == {"central difference", "complex step"}


@pytest.mark.parametrize("wrong", [1e-6, -1e-6, 1e-8])
def test_a_told_derivative_that_is_a_little_wrong_is_found(wrong):
    with pytest.raises(GradientMismatchError, match="gradient gives"):
        check_gradients(pulse, 0.5, gradient=lambda t: -t * pulse(t) + wrong)
    with pytest.raises(GradientMismatchError, match="gradient gives"):
        check_gradients(pulse, 0.5, gradient=lambda t: -t * pulse(t) * (1 + wrong))
    with pytest.raises(GradientMismatchError, match="the complex step"):
        check_gradients(lambda x: x**3, 1.3, gradient=lambda x: 3 * x**2 * (1 + wrong))


@pytest.mark.parametrize("told", [0.0, -1e-6])
def test_a_tiny_derivative_is_checked_as_closely_as_a_large_one(told):
    with pytest.raises(GradientMismatchError):
        check_gradients(lambda x: 1e-6 * x, 2.0, gradient=lambda x: told)


def test_an_exponential_that_is_wrong_by_a_hundredth_of_a_percent_is_found():
    with pytest.raises(GradientMismatchError, match=r"1\.0.*e-04|0\.0001"):
        check_gradients(math.exp, 1.3, gradient=lambda x: 1.0001 * math.exp(x))


def rarely(x):
    """Cubic from 3 on, else its parabola."""
    return x**3 / 9 if x > 3 else x * x / 3


def test_a_wrong_sign_in_a_branch_rarely_taken_is_reached():
    @settings(derandomize=True, database=None, max_examples=1000)
    @given(numbers(min_value=-4.0, max_value=4.0))
    def check(x):
        check_gradients(rarely, x, gradient=lambda x: -(x**2) / 3 if x > 3 else 2 * x / 3)

    with pytest.raises(GradientMismatchError, match=r"for argument 0 \('x'\) = 3\.|= 4\.0"):
        check()


def test_a_told_derivative_at_a_kink_lies_between_the_slopes():
    report = check_gradients(abs, 0.0, gradient=lambda x: 0.5)
    assert report.kinks == ("argument 0 ('x')",)
    with pytest.raises(GradientMismatchError, match="There is a kink"):
        check_gradients(abs, 0.0, gradient=lambda x: 1.5)


@pytest.mark.parametrize("x", [1e-15, 1e-9, 1e-6, 1e-5])
def test_a_function_of_numbers_has_the_slope_of_its_side_beside_a_kink(x):
    """No pattern shows the kink, so a point that is very near may be taken to be on it."""

    def ramp(x):
        return math.fsum([max(x, 0.0)])  # which takes no complex numbers

    for at, slope in ((x, 1.0), (-x, 0.0)):
        report = check_gradients(ramp, at, gradient=lambda x, slope=slope: slope)
        assert report.kinks == () or x < 1e-6
        for wrong in (1.5, -0.5):
            with pytest.raises(GradientMismatchError):
                check_gradients(ramp, at, gradient=lambda x, wrong=wrong: wrong)


def test_an_undefined_side_is_left_alone():
    check_gradients(lambda x: math.sqrt(x) * x, 0.0, gradient=lambda x: 0.0)
    check_gradients(lambda x: x**1.5, 0.0, gradient=lambda x: 1.5 * x**0.5)
    with pytest.raises(
        DomainError, match=r"result of <lambda> at \[-1.0\] must be a real number, got"
    ):
        check_gradients(lambda x: x**1.5, -1.0, gradient=lambda x: 0.0)
    message = (
        r"args of sqrt must be in its domain, got \[-1.0\]; (math domain error|expected a nonneg)"
    )
    with pytest.raises(DomainError, match=message):
        check_gradients(math.sqrt, -1.0, gradient=lambda x: 1.0)


@pytest.mark.parametrize(
    ("told", "error", "message"),
    [
        (lambda x, y: 1.0, TypeError, "gradient of f must be a sequence of 2 numbers, got 1.0"),
        (lambda x, y: (1.0,), ValueError, "gradient of f must be a sequence of 2 numbers, got"),
        (lambda x, y: ("1", 2.0), TypeError, "gradient of f must be a real number, got '1'"),
    ],
)
def test_a_told_derivative_has_a_number_for_each_argument(told, error, message):
    def f(x, y):
        return x + y

    with pytest.raises(error, match=message):
        check_gradients(f, 1.0, 2.0, gradient=told)


def only_floats(x):
    assert isinstance(x, int | float)
    return x * x


def by_kind(x):
    return {"float": x * x}[type(x).__name__]


def by_position(x):
    return [x * x][isinstance(x, complex)]


def unfinished(x):
    if isinstance(x, complex):
        raise NotImplementedError
    return x * x


def recursive(x):
    return recursive(x) if isinstance(x, complex) else x * x


def refusing(kind):
    def refuse(x):
        if isinstance(x, complex):
            raise kind("no complex numbers")
        return x * x

    return refuse


def returning(result):
    return lambda x: result if isinstance(x, complex) else x * x


class OwnError(Exception):
    """An error of the caller's."""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "f",
    [
        only_floats,
        by_kind,
        by_position,
        unfinished,
        recursive,
        *map(
            refusing,
            [OwnError, GradientMismatchError, StopIteration, MemoryError, OSError, Warning],
        ),
        *map(returning, [None, "text", [], np.array([1j, 2j]), Value(2.0), object, Decimal(1)]),
        lambda x: float(np.float64(np.asarray(x) ** 2)),
        lambda x: float(np.asarray(x).astype(float) ** 2),
    ],
)
def test_whatever_a_function_says_to_a_complex_number_a_right_gradient_passes_quietly(f):
    assert check_gradients(f, 1.5, gradient=lambda x: 2 * x).worst.error < 1e-6
    with pytest.raises(GradientMismatchError, match="gradient gives 3\\.1"):
        check_gradients(f, 1.5, gradient=lambda x: 2 * x + 0.1)


def test_an_interrupt_of_a_complex_step_is_no_answer():
    with pytest.raises(KeyboardInterrupt):
        check_gradients(refusing(KeyboardInterrupt), 1.5, gradient=lambda x: 2 * x)


COUNTS = itertools.count()
CHANCE = random.Random(0)
OTHER_EACH_TIME = [
    lambda x: x * x + next(COUNTS),
    lambda x: x * x * CHANCE.random(),
    lambda x: x * x if CHANCE.random() < 0.5 else x * x + 1.0,
    lambda x: x * x + 1e-9 * next(COUNTS),
]


@pytest.mark.parametrize("f", OTHER_EACH_TIME)
def test_a_function_that_gives_another_number_each_time_is_told_so(f):
    message = (
        r"^check_gradients: result of <lambda> must be the same each time, got \[.*\]; "
        "draw random numbers, and count, outside of it$"
    )
    for more in ({}, {"gradient": lambda x: 2 * x}):
        with pytest.raises(ValueError, match=message):
            check_gradients(f, 1.5, **more)


def test_a_gradient_that_is_another_each_time_is_told_so():
    message = r"^check_gradients: gradient of .* must be the same each time, got \[.*\]; draw"
    with pytest.raises(ValueError, match=message):
        check_gradients(lambda x: x * x, 1.5, gradient=lambda x: 3.0 * CHANCE.random())
    with pytest.raises(ValueError, match=message):  # the same numbers by graphs that differ
        check_gradients(lambda x: x * x if next(COUNTS) % 2 else x * x.data, 1.5)


def test_a_function_that_is_the_same_but_for_rounding_is_checked():
    def f(x):
        terms = [x, 1e-3 * x, 1e-6 * x] * 3
        CHANCE.shuffle(terms)
        return sum(terms)

    check_gradients(f, 1.5, gradient=lambda x: 3.003003)


def test_a_function_of_numbers_returns_a_number():
    with pytest.raises(TypeError, match=r"result of <lambda> .* must be a real number, got '1'"):
        check_gradients(lambda x: "1", 1.0, gradient=lambda x: 0.0)


# --- wrong gradients fail ------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e-12, 1e-200, 1e100])
@pytest.mark.parametrize("wrong", ["-(y)", "0", "(y) * 1.00001", "(y) * 0.99999", "y + y"])
def test_a_wrong_gradient_is_found_at_any_scale(wrong, scale):
    """A tolerance that is not relative to the gradient lets 1e-6·x pass with a slope of zero."""
    row = Primitive("product", "x * y", dx=wrong, dy="x")
    with bound(row) as product, pytest.raises(GradientMismatchError):
        check_gradients(lambda x: product(x, scale), 1.0)


def test_a_wrong_gradient_far_inside_is_found():
    row = Primitive("half", "x / 2", dx="0.5 * 1.00001")
    with bound(row) as half, pytest.raises(GradientMismatchError):
        check_gradients(lambda x: ag.exp(half(x) - 200.0), 1.0)


def test_a_wrong_zero_of_the_gradient_is_found():
    row = Primitive("parabola", "x * x", dx="2 * x + 1e-9")
    with bound(row) as parabola, pytest.raises(GradientMismatchError):
        check_gradients(parabola, 0.0)


def test_only_the_wrong_argument_is_named():
    row = Primitive("product", "x * y", dx="y", dy="-x")
    with bound(row) as product:

        def area(width, height):
            return product(width, height)

        with pytest.raises(GradientMismatchError) as caught:
            check_gradients(area, 2.0, 3.0, seed=2.0)
    message, where, title, *program = str(caught.value).splitlines()
    number = r"(-?[\d.e+-]+)"
    match = re.fullmatch(
        r"area: the gradient for argument 1 \('height'\) = 3\.0 is wrong: backward\(seed=2\.0\) "
        rf"gives -4\.0, the central difference {number}; they differ by 8, which is 2 of the "
        rf"absolute gradient, and {number} is allowed\.",
        message,
    )
    assert match, message
    assert float(match[1]) == pytest.approx(4.0)
    assert 4e-6 <= float(match[2]) < 5e-6
    assert where == (
        "It arises at v2 = Value.product(v0, v1), with v1 = 3.0: the derivative for v1 was "
        "recorded as -2.0, and is 2.0."
    )
    assert title == "The graph as a program:"
    assert "    v2 = Value.product(v0, v1)" in program


def test_the_tolerance_is_a_choice():
    row = Primitive("product", "x * y", dx="y * 1.001", dy="x")
    with bound(row) as product:
        check_gradients(product, 2.0, 3.0, tolerance=1e-2)
        with pytest.raises(GradientMismatchError):
            check_gradients(product, 2.0, 3.0, tolerance=1e-4)


@pytest.mark.parametrize("f", [ag.relu, abs, lambda x: x.leaky_relu(0.1), lambda x: x.maximum(0)])
def test_a_kink_at_the_very_point_is_reported_and_passes(f):
    """Its subgradient is between the slopes on both sides."""
    report = check_gradients(f, 0.0)
    assert report.kinks == ("argument 0 ('x')",)
    assert {c.method for c in report.comparisons} == {
        "slopes on both sides of a kink",
        "complex step",
    }


@pytest.mark.parametrize("x", [1e-15, -1e-15, 1e-300])
def test_a_kink_close_by_is_not_stepped_over(x):
    report = check_gradients(ag.relu, x)
    assert report.kinks == ()
    assert report.worst.error == 0


def test_operands_that_are_almost_equal_are_not_at_the_kink():
    assert check_gradients(ag.maximum, 1.0, math.nextafter(1.0, 2.0)).kinks == ()
    assert check_gradients(ag.maximum, 1.0, 1.0).kinks == ("argument 0", "argument 1")


@pytest.mark.parametrize("wrong", ["0 if x <= 0 else -1", "1.5 if x <= 0 else 1"])
def test_a_wrong_slope_at_or_beside_a_kink_is_found(wrong):
    row = Primitive("ramp", "0 if x <= 0 else x", dx=wrong, kink="x")
    with bound(row) as ramp:
        for x in (0.0, 1e-12):
            if row.evaluate(x)[1][0] not in (0.0, 1.0):
                with pytest.raises(GradientMismatchError):
                    check_gradients(ramp, x)


def test_where_kinks_meet_the_product_of_subgradients_may_be_none():
    """relu(x) - relu(-x) is x, and has the slope 1; the chain rule gives 0 - 0."""
    with pytest.raises(GradientMismatchError, match=r"There is a kink.*\nEach operation has one"):
        check_gradients(lambda x: ag.relu(x) - ag.relu(-x), 0.0)


def test_a_branch_of_the_program_is_a_kink_too():
    report = check_gradients(lambda x: 3.0 * x if x > 0 else 2.0 * x, 0.0)
    assert report.kinks == ("argument 0 ('x')",)


def test_a_number_that_the_graph_does_not_record_is_found():
    for f in (lambda x: x * x.data, lambda x: x - x.data):
        with pytest.raises(GradientMismatchError, match="a number that the graph does not record"):
            check_gradients(f, 2.0)


@pytest.mark.skipif(engine != "python", reason="methods of the native engine stay as they are")
def test_a_backward_pass_that_is_right_for_seed_1_only_is_found(monkeypatch):
    backward = Value.backward

    def forgetful(self, *, seed=1.0):
        backward(self, seed=1.0)

    monkeypatch.setattr(Value, "backward", forgetful)
    check_gradients(ag.exp, 1.0, seed=1.0)
    with pytest.raises(GradientMismatchError, match="It arises in the backward pass at v1"):
        check_gradients(ag.exp, 1.0)


def test_a_nan_gradient_does_not_pass():
    row = Primitive("identity", "x + 0", dx="log(-1) if x > 0 else 1")
    with (
        bound(row) as identity,
        errstate(nonfinite="ignore"),
        pytest.raises(
            GradientMismatchError, match=r"argument 0 .* = 1\.0 is nan, which no other number"
        ),
    ):
        check_gradients(identity, 1.0)


def test_an_argument_without_a_name_is_called_by_its_position():
    row = Primitive("identity", "x + 0", dx="2")
    with bound(row) as identity:
        with pytest.raises(GradientMismatchError, match=r"for argument 1 = 5\.0 is wrong"):
            check_gradients(lambda *xs: identity(xs[1]), 4.0, 5.0)
        with pytest.raises(
            GradientMismatchError, match=r"^<.*>: the gradient for argument 0 = 5\.0"
        ):
            check_gradients(Unsigned(identity), 5.0)


class Unsigned:
    """A callable that does not tell its signature, as some built-in functions do not."""

    __signature__ = "secret"

    def __init__(self, f):
        self.f = f

    def __call__(self, x):
        return self.f(x)


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [3.0, None, [Value(1.0)]])
def test_f_must_return_a_value(bad):
    def constant(x):
        return bad

    message = re.escape(f"check_gradients: result of constant must be a Value, got {bad!r}; ")
    with pytest.raises(TypeError, match=f"^{message}"):
        check_gradients(constant, 1.0)


def test_there_must_be_arguments():
    with pytest.raises(
        ValueError,
        match=r"^check_gradients: args must be one number or more, to differentiate exp, got \(\)$",
    ):
        check_gradients(ag.exp)


@pytest.mark.parametrize("bad", ["1", None, True, Value(1.0)])
def test_arguments_are_real_numbers(bad):
    with pytest.raises(TypeError, match=r"^check_gradients: argument 1 \('y'\) must be a real num"):
        check_gradients(lambda x, y: x * y, 1.0, bad)


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_arguments_are_finite(bad):
    with pytest.raises(ValueError, match=r"^check_gradients: argument 0 \('x'\) must be finite"):
        check_gradients(lambda x: x * 2.0, bad)


@pytest.mark.parametrize("tolerance", [-1e-9, math.inf, math.nan])
def test_a_tolerance_that_tells_nothing_is_refused(tolerance):
    with pytest.raises(ValueError, match="check_gradients: tolerance must "):
        check_gradients(lambda x: x * x, 1.0, tolerance=tolerance)


@pytest.mark.parametrize("tolerance", ["a", True])
def test_a_tolerance_is_a_number(tolerance):
    with pytest.raises(TypeError, match="check_gradients: tolerance must be a real number, got "):
        check_gradients(lambda x: x * x, 1.0, tolerance=tolerance)


@pytest.mark.parametrize("seed", [0.0, math.inf, math.nan])
def test_a_seed_that_tells_nothing_is_refused(seed):
    with pytest.raises(ValueError, match="check_gradients: seed must "):
        check_gradients(ag.exp, 1.0, seed=seed)


def test_a_point_outside_the_domain_is_a_domain_error():
    with pytest.raises(
        DomainError, match=r"^log\(x\): the point must be in the domain x > 0, got x = -1\.0"
    ):
        check_gradients(ag.log, -1.0)


def test_a_point_without_neighbours_in_the_domain_is_a_domain_error():
    message = (
        r"^check_gradients: args must be a point where island has a difference quotient, "
        r"at least one-sided, got \[0\.0\]; sqrt\(x\): the point must be .*, got x = -"
    )

    def island(x):
        return ag.sqrt(-(x * x)) if x.data else x

    with pytest.raises(DomainError, match=message):
        check_gradients(island, 0.0)


def test_a_slope_that_no_number_shows_is_a_domain_error():
    rule = (
        "args must be a point where {} shows its derivative for argument 0.*, got .1e\\+50.; there"
    )
    with pytest.raises(DomainError, match=f"^check_gradients: {rule.format('<lambda>')}"):
        check_gradients(lambda x: ag.erf(ag.sin(x)), 1e50)
    with pytest.raises(DomainError, match=rule.format("sin")):
        check_gradients(math.sin, 1e50, gradient=math.cos)


def test_a_point_around_which_f_is_not_finite_is_a_domain_error():
    def spike(x):
        return x * (0.0 if x.data == 1.0 else math.inf)

    with (
        errstate(nonfinite="ignore"),
        pytest.raises(
            DomainError, match=r"spike has a difference quotient, .*, got \[1\.0\]; f is not finite"
        ),
    ):
        check_gradients(spike, 1.0)


def test_an_infinite_gradient_is_the_error_that_it_is():
    with pytest.raises(NonFiniteGradientError, match="it arises at sqrt"):
        check_gradients(ag.sqrt, 0.0)


@each_sequence
def test_every_sequence_of_numbers_is_an_argument_and_a_gradient(make):
    assert check_gradients(lambda xs: ag.dot(xs, xs), make([2.0, -1.0])).comparisons

    def slopes(xs):
        return make([2 * x for x in xs])

    def whole(xs):
        return xs[0] ** 2 + xs[1] ** 2

    assert check_gradients(whole, make([2.0, -1.0]), gradient=slopes).comparisons
    assert check_gradients(whole, [2.0, -1.0], gradient=lambda xs: [slopes(xs)]).comparisons


@each_impostor
def test_what_is_no_sequence_is_neither_an_argument_nor_a_gradient(make):
    with pytest.raises(TypeError, match=r"^check_gradients: arg.* must be .*, got "):
        check_gradients(ag.sum, make([1.0, 2.0]))
    for nested in (make, lambda xs: [make(xs)]):
        with pytest.raises(
            (TypeError, ValueError), match=r"^check_gradients: gradient of .* must be .*, got "
        ):
            check_gradients(sum, [1.0, 2.0], gradient=nested)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"f": "x * x"}, "check_gradients: f must be a function or a Value, got 'x * x'"),
        ({"gradient": 2.0}, "check_gradients: gradient must be a function, got 2.0"),
        ({"rng": 0.5}, "check_gradients: rng must be a random.Random, an int or None, got 0.5"),
    ],
)
def test_what_is_no_function_or_generator_is_refused_by_name(given, message):
    f = given.pop("f", lambda x: x * x)
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        check_gradients(f, 1.0, **given)


# --- derivatives of higher order -----------------------------------------------------------------


def wavy(x, y):
    return ag.sin(x * y) + ag.exp(x) / y


def test_derivatives_of_each_order_are_checked_and_named():
    report = check_gradients(wavy, 1.2, 0.7, order=3)
    assert [one.order for one in report.comparisons] == [1] * 8 + [2] * 8 + [3] * 8
    labels = list(dict.fromkeys(one.label for one in report.comparisons))
    arguments = ["argument 0 ('x')", "argument 1 ('y')"]
    assert labels == [
        f"{order}{one}" for order in ("", "order 2, ", "order 3, ") for one in arguments
    ]
    assert report.worst.error < 1e-14
    assert str(report).splitlines()[-1].startswith("  order 3, argument 1 ('y') = 0.7: ")
    assert "order 2, argument 0 ('x')" in report._repr_html_()


def test_the_first_order_is_the_same_whatever_the_last_is():
    once = check_gradients(wavy, 1.2, 0.7).comparisons
    assert check_gradients(wavy, 1.2, 0.7, order=2).comparisons[:8] == once


def test_lists_and_graphs_have_derivatives_of_higher_order_too():
    report = check_gradients(lambda xs, b: ag.logsumexp([*xs, b]) * b, [1.0, 2.0], 3.0, order=2)
    assert report.comparisons[-1].label == "order 2, argument 1 ('b')"
    x = Value(2.0, name="x")
    report = check_gradients(x**3 + ag.tanh(x), order=4)
    assert report.comparisons[-1].label == "order 4, leaf 0 ('x')"
    assert not x.has_grad


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (ag.relu, (1e-9,)),
        (abs, (-1e-9,)),
        (ag.maximum, (1.0, 1.0 + 1e-7)),
        (ag.tan, (1.5707,)),
        (ag.sqrt, (1e-12,)),
        (ag.log, (1e-10,)),
        (ag.log, (1e100,)),
        (ag.exp, (709.0,)),
        (ag.arcsin, (0.9999999,)),
        (ag.sigmoid, (40.0,)),
        (ag.sin, (1e50,)),
        (lambda x: x**2.5, (0.0,)),
        (lambda x: x, (2.0,)),
        (lambda x: Value(3.0), (2.0,)),
    ],
)
def test_right_second_derivatives_pass(f, args):
    check_gradients(f, *args, order=2)


@pytest.mark.parametrize("row", TABLE, ids=str)
@settings(max_examples=5)
@given(data=st.data())
def test_the_second_derivatives_of_every_row_pass(row, data):
    drawn = data.draw(points_in_domain(row, min_value=-3.0, max_value=3.0, margin=0.1))
    numbers = list(flat(drawn))

    def f(*leaves):
        remaining = iter(leaves)
        operands = [
            [next(remaining) for _ in x] if isinstance(x, list) else next(remaining) for x in drawn
        ]
        out = function(row)(*operands)
        return out if isinstance(out, Value) else Value(out)

    if numbers:
        check_gradients(f, *numbers, order=2)


@settings(max_examples=20)
@given(graphs(nodes=8))
def test_the_second_derivatives_of_random_graphs_pass(graph):
    check_gradients(graph, *graph.leaves, order=2)


def test_on_a_kink_the_second_derivative_may_be_anything():
    report = check_gradients(ag.relu, 0.0, order=2)
    assert {one.order for one in report.comparisons if one.kink} == {1, 2}


def test_a_second_derivative_that_a_branch_loses_is_found():
    """At 0 the value and the slope are right, but the graph knows nothing of x²."""

    def f(x):
        return x * x if x.data else 0.0 * x

    check_gradients(f, 0.0)
    message = (
        r"^f: the derivative of order 2 for argument 0 \('x'\) = 0\.0 is wrong: "
        r"backward\(seed=.*\) of the derivatives of order 1, times random weights, gives .*0\.0, "
        r"the central difference"
    )
    with pytest.raises(GradientMismatchError, match=message) as caught:
        check_gradients(f, 0.0, order=2)
    assert "does f use a number that the graph does not record" in str(caught.value)


def test_a_second_derivative_that_the_graph_does_not_record_is_found():
    """The tangent of x³ has its value and its slope, and no curvature."""

    def f(x):
        c = ag.stop_gradient(x)
        return 3 * c * c * x - 2 * c * c * c

    with pytest.raises(GradientMismatchError, match=r"^f: the derivative of order 2 .*") as caught:
        check_gradients(f, 1.5, order=2)
    assert "does f use a number that the graph does not record" in str(caught.value)


def test_a_rule_with_right_numbers_and_a_wrong_derivative_is_found_by_its_row():
    """At order 1 it passes, and in a formula the row is named at order 2."""
    row = Primitive("parabola", "x * x", dx="0 if x == 0 else 2 * x")
    with bound(row, "parabola") as parabola:
        check_gradients(lambda x, y: ag.exp(y * parabola(x)) + y, 0.0, 2.0)
        with pytest.raises(GradientMismatchError, match="order 2") as caught:
            check_gradients(lambda x, y: ag.exp(y * parabola(x)) + y, 0.0, 2.0, order=2)
    assert re.search(r"It arises at v2 = Value\.parabola\(v[01]\), whose", str(caught.value))


def test_a_rule_with_a_kink_is_found_where_its_derivative_jumps():
    """The slope of tanh by exp(-|x|) is right to second order, but not to third: |x|″ is no 0."""
    row = Primitive("tangent", "tanh(x)", dx="4 * exp(-2 * abs(x)) / square(1 + exp(-2 * abs(x)))")
    with bound(row, "tangent") as tangent:
        check_gradients(tangent, 0.0, order=2)
        with pytest.raises(GradientMismatchError, match="derivative of order 3"):
            check_gradients(tangent, 0.0, order=3)


@pytest.mark.parametrize("order", [1, 2])
def test_a_tangent_in_forward_mode_that_differs_is_found(order, monkeypatch):
    def wrong(*args):
        return [1.0000001 * x for x in sweep_forward(*args)]

    monkeypatch.setattr("autograd_mini.testing.subjects.sweep_forward", wrong)
    message = (
        r"^wavy: the derivative of order 1 along \[.*\] is .* in forward mode and .* in reverse"
    )
    with pytest.raises(GradientMismatchError, match=message):
        check_gradients(wavy, 1.2, 0.7, order=order)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: x * 1e200 * 1e200 * 1e-300, 1e-250),  # the tangent overflows on the way
        (lambda x: x * 1e-200 * 1e-200 * 1e300, 1e150),  # it underflows
    ],
)
def test_a_right_gradient_passes_where_the_other_mode_leaves_the_floats(f, x):
    check_gradients(f, x)


@pytest.mark.parametrize("order", [0, -1])
def test_an_order_is_at_least_1(order):
    with pytest.raises(ValueError, match=rf"^check_gradients: order must be .*, got {order}"):
        check_gradients(wavy, 1.2, 0.7, order=order)


@pytest.mark.parametrize("order", [1.0, True, "2", None])
def test_an_order_is_an_int(order):
    with pytest.raises(TypeError, match=r"^check_gradients: order must be "):
        check_gradients(wavy, 1.2, 0.7, order=order)


def test_a_told_derivative_has_no_second_one():
    message = (
        r"^check_gradients: order must be 1 with gradient=, got 2; for more, give a function of"
    )
    with pytest.raises(ValueError, match=message):
        check_gradients(pulse, 0.5, gradient=lambda t: -t * pulse(t), order=2)

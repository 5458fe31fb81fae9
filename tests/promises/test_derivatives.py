"""The promise about derivatives of any order: P19 of the design.

The error of a derivative is measured against its Taylor series in high precision, which knows only
the formula of the value (tests/support/jets.py). It is told in units of the sum of absolute terms:
the lesser of two sums, of the terms

- that the series adds up: no error in a derivative rule can make that sum larger;
- that a backward pass over absolute partials adds up, through the graph of the derivative below.

``python -m pytest -rP tests/promises/test_derivatives.py`` prints the worst error for each order.
"""

import gc
import itertools
import math
import random

import pytest
from mpmath import mp, mpf
from support.generation import random_graph
from support.jets import ORDER, derivatives
from support.rows import points
from support.soak import soaking
from support.stacks import run_on_small_stack

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import flat
from autograd_mini.errors import NonFiniteGradientError
from autograd_mini.programs.program import function
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.testing import absolute_gradients
from autograd_mini.testing.rounding import UNIT_ROUNDOFF, count_units
from autograd_mini.transforms.calls import Call

ALLOWED = 1e-12  # of the sum of absolute terms
SMALLEST, LARGEST = 1e-290, 1e290  # beyond, floats on the way underflow or overflow
BITS = 400

# --- every row to third order --------------------------------------------------------------------


def draw(row, count):
    """Return operands all over the domain of a row, without lists, that are not extreme.

    First come those of zeros and ones, where rules have cases of their own.
    """
    rng = random.Random(f"{row} {count}")
    sequences = row.value.sequences
    if not sequences:
        special = itertools.product(SPECIAL, repeat=len(row.operands))
        found = [numbers for numbers in special if is_smooth(row, numbers)]
        return found + [soften(row, one) for one in points(row, count)]
    found = []
    for number in range(count):
        others = len(row.operands) - len(sequences)
        length = rng.randint(max(1, 2 - others), max(2, 4 - others) // len(sequences))
        size = length * len(sequences) + others
        spread = rng.choice([0.1, 3.0, 30.0, 100.0])
        numbers = [rng.uniform(-spread, spread) for _ in range(size)]
        special = rng.choices(SPECIAL, k=size)
        found.append(special if number % 4 == 0 and is_smooth(row, special) else numbers)
    return found


SPECIAL = (0.0, 1.0, -1.0, 2.0, 0.5)


def is_smooth(row, numbers):
    """Whether a row has derivatives of any order at its operands."""
    inside = all(
        x in domain and domain.low < x < domain.high
        for (name, _), x in zip(row.slots(len(numbers)), numbers, strict=True)
        for domain in [row.domains[name]]
    )
    operands = row.arrange(numbers)
    if not inside or row.distance_to_kink(numbers) == 0:
        return False
    return all(map(math.isfinite, flat(row.evaluate(*operands)[1])))


def soften(row, numbers):
    """Return numbers that are not so far from 1 that powers of them leave the floats."""
    numbers = list(numbers)
    while not (
        all(x == 0 or 1e-20 < abs(x) < 1e20 for x in numbers)
        and 1e-50 < abs(row.evaluate(*numbers)[0] or 1.0) < 1e50
    ):
        numbers = [math.copysign(math.sqrt(abs(x)), x) for x in numbers]
    return numbers


def apply(row, leaves):
    operands = (list(x) if isinstance(x, tuple) else x for x in row.arrange(leaves))
    return function(row)(*operands)


def compare(row, numbers):
    """Yield the order of each derivative, by all operands in all orders, with its error."""
    with mp.workprec(BITS):
        exact = dict(derivatives(row, numbers))
    leaves = list(map(Value, numbers))

    def descend(result, by):
        scales = absolute_gradients(result)
        wanted = [exact[tuple(sorted((*by, i)))] for i in range(len(leaves))]
        found = ag.gradients(result, leaves)
        for leaf, right, number in zip(leaves, wanted, found, strict=True):
            error = float(abs(mpf(number) - right.number))
            of_graph = max(scales.get(leaf, 0.0), float(abs(right.number)))
            scale = min(float(right.absolute), of_graph)
            if scale == 0 or SMALLEST < scale < LARGEST:
                yield len(by) + 1, error and (error / scale if scale else math.inf)
        if len(by) + 1 < ORDER:
            for i, slope in enumerate(ag.gradient_graph(result, leaves)):
                yield from descend(slope, (*by, i))

    out = apply(row, leaves)
    yield from descend(out, ())


@pytest.mark.parametrize("count", [30, soaking(200)])
@pytest.mark.parametrize("row", TABLE, ids=str)
def test_p19_every_row_is_right_to_third_order(row, count):
    """At 60 points or more, by all operands of one to four, the same ones and different ones."""
    worst, compared = dict.fromkeys(range(1, ORDER + 1), 0.0), dict.fromkeys(range(1, ORDER + 1), 0)
    for numbers in draw(row, count * 4 // 3):  # some derivatives underflow
        seen = set()
        for order, error in compare(row, numbers):
            worst[order] = max(worst[order], error)
            seen.add(order)
        for order in seen:
            compared[order] += 1
    print(f"{row}: worst errors {', '.join(f'{error:.1e}' for error in worst.values())}")
    assert max(worst.values()) <= ALLOWED
    assert min(compared.values()) >= count


# --- edges ---------------------------------------------------------------------------------------

EDGES = [
    # row, operands, the derivatives of order 1, 2 and 3 by the first of them
    *[("relu", (x,), (0.0, 0.0, 0.0)) for x in (0.0, -0.0)],
    *[("abs", (x,), (0.0, 0.0, 0.0)) for x in (0.0, -0.0)],
    ("step", (0.0,), (0.0, 0.0, 0.0)),
    ("leaky_relu", (0.0, 0.01), (0.01, 0.0, 0.0)),
    *[(name, (1.0, 1.0), (0.5, 0.0, 0.0)) for name in ("maximum", "minimum")],
    ("square", (0.0,), (0.0, 2.0, 0.0)),
    ("tanh", (0.0,), (1.0, 0.0, -2.0)),
    *[("tanh", (x,), (0.0, 0.0, 0.0)) for x in (800.0, -800.0, 1e308)],
    ("sigmoid", (0.0,), (0.25, 0.0, -0.125)),
    *[("sigmoid", (x,), (0.0, 0.0, 0.0)) for x in (1000.0, -1000.0)],
    ("softplus", (1000.0,), (1.0, 0.0, 0.0)),
    ("softplus", (-1000.0,), (0.0, 0.0, 0.0)),
    ("erf", (0.0,), (1.1283791670955126, 0.0, -2.2567583341910253)),
    *[("erf", (x,), (0.0, 0.0, 0.0)) for x in (30.0, -1e100)],
    ("gauss", (0.0,), (0.0, -2.0, 0.0)),
    ("gauss", (1e100,), (0.0, 0.0, 0.0)),
    ("exp", (-800.0,), (0.0, 0.0, 0.0)),
    ("sin", (0.0,), (1.0, 0.0, -1.0)),
    ("sqrt", (2.0**-400,), (2.0**199, -(2.0**598), 3 * 2.0**997)),
    ("cbrt", (2.0**-300,), (2.0**200 / 3, -(2.0**501) / 9, 10 * 2.0**800 / 27)),
    ("log", (2.0**-300,), (2.0**300, -(2.0**600), 2.0**901)),
    ("pow", (0.0, 0.0), (0.0, 0.0, 0.0)),
    ("pow", (0.0, 1.0), (1.0, 0.0, 0.0)),
    ("pow", (0.0, 2.0), (0.0, 2.0, 0.0)),
    ("pow", (0.0, 3.0), (0.0, 0.0, 6.0)),
    ("pow", (-2.0, 2.0), (-4.0, 2.0, 0.0)),
    ("pow", (-2.0, 3.0), (12.0, -12.0, 6.0)),
    ("pow", (-2.0, -1.0), (-0.25, -0.25, -0.375)),
    *[("softmax", (x, -x, 0.0), (0.0, 0.0, 0.0)) for x in (1e308, -1e308)],
]


@pytest.mark.parametrize(("name", "operands", "expected"), EDGES)
def test_p19_derivatives_at_edges(name, operands, expected):
    row = PRIMITIVES[name]
    x, *others = operands
    if row.value.sequences:
        assert math.isfinite(row.evaluate([x, others[0]], others[1])[0])

    def f(x):
        return apply(row, [x, *others])

    for wanted in expected:
        f = ag.grad(f)
        assert math.isclose(f(x), wanted, rel_tol=1e-14, abs_tol=0.0), f(x)


def test_p19_where_the_gauss_function_underflows_its_derivatives_do():
    """At 27 the slope of erf is a subnormal number, right to half of the least of these."""
    with mp.workprec(BITS):
        exact = [term.number for _, term in derivatives(PRIMITIVES["erf"], [27.0])]
    f = ag.erf
    for right, growth in zip(exact[1:], (1.0, 2 * 27.0, 4 * 27.0**2), strict=True):
        f = ag.grad(f)
        assert abs(f(27.0) - right) <= growth * 5e-324


def test_p19_a_slope_in_proportion_to_another_operand_has_its_derivative_at_a_kink():
    """The slope of leaky_relu(x, y) is y where x ≤ 0."""
    f = ag.hessian(Value.leaky_relu, argnums=(0, 1))
    assert f(0.0, 0.01) == ((0.0, 1.0), (1.0, 0.0))


def test_p19_the_slope_of_a_power_to_0_has_a_derivative_by_the_exponent():
    """The slope y · x^(y - 1) is 0 at y = 0, and its derivative there is 1 / x."""
    f = ag.hessian(lambda x, y: x**y, argnums=(0, 1))
    assert f(4.0, 0.0) == ((0.0, 0.25), (0.25, math.log(4.0) ** 2))


def test_p19_a_derivative_that_is_not_finite_is_named_with_its_order():
    f = ag.grad(lambda x: x**1.5)
    assert f(0.0) == 0.0
    message = r"^grad: derivative of order 2: the gradient of .* must be finite, got inf; "
    with pytest.raises(NonFiniteGradientError, match=message):
        ag.grad(f)(0.0)
    with pytest.raises(NonFiniteGradientError, match=message.replace("grad", "hessian", 1)):
        ag.hessian(lambda x: x**1.5)(0.0)


# --- nesting -------------------------------------------------------------------------------------


def test_p19_a_derivative_within_a_derivative_is_no_constant():
    """D_x[x · D_z(xz)] is 2x, whatever z is."""
    for x in (3.0, -0.5):
        assert ag.grad(lambda x: x * ag.grad(lambda z: x * z)(2.0))(x) == 2 * x


def test_p19_the_inner_variable_is_not_the_outer_one_where_they_are_equal():
    assert ag.grad(lambda x: x * ag.grad(lambda z: x * z)(x))(3.0) == 6.0
    assert ag.grad(lambda x: ag.grad(lambda z: x * z**2)(x))(3.0) == 12.0


def test_p19_a_value_given_twice_is_two_variables():
    v = Value(3.0)
    by_x, by_y = ag.grad(lambda x, y: x**2 * y, argnums=(0, 1))(v, v)
    assert (by_x.data, by_y.data) == (18.0, 9.0)
    assert ag.gradients([by_x, by_y], v) == 12.0 + 6.0


def test_p19_a_closure_over_a_leaf_is_differentiated_by_it():
    w = Value(2.0)
    slope = ag.grad(lambda x: w * x**3)(1.5)
    assert slope.data == 13.5
    slope.backward()
    assert w.grad == 6.75


def test_p19_three_deep():
    """D_z(xyz) = xy; D_y(y · xy) = 2xy, at y = x: 2x²; D_x(x · 2x²) = 6x²."""

    def outer(x):
        def middle(y):
            return y * ag.grad(lambda z: x * y * z)(y)

        return x * ag.grad(middle)(x)

    assert ag.grad(outer)(3.0) == 54.0


def test_p19_three_deep_agrees_with_high_precision():
    def f(x, sin, exp):
        return sin(x * exp(x)) / (x + 2)

    found = ag.grad(ag.grad(ag.grad(lambda x: f(x, ag.sin, ag.exp))))(0.7)
    with mp.workdps(60):
        right = mp.diff(lambda x: f(x, mp.sin, mp.exp), mpf(0.7), 3)
    assert abs(found - right) <= 1e-14 * abs(right)


@pytest.mark.parametrize("given", [float, Value])
def test_p19_a_gradient_passes_through_ten_steps_of_descent(given):
    """By the rate and by a number in the inner loss, against differences in high precision."""

    def descend(rate, a, slope):
        w = 0.5
        for _ in range(10):
            w = w - rate * slope(w, a)
        return (w - 1) ** 2 / a

    def unrolled(rate, a):
        return descend(rate, a, ag.grad(lambda w, a: ag.exp(-w * a) + a * w**2))

    def precise(rate, a):
        return descend(rate, a, lambda w, a: -a * mp.exp(-w * a) + 2 * a * w)

    point = (0.1, 1.3)
    found = ag.grad(unrolled, argnums=(0, 1))(*map(given, point))
    second = ag.hessian(unrolled, argnums=(0, 1))(*point)
    with mp.workdps(80):
        at = tuple(map(mpf, point))
        first = [mp.diff(precise, at, by) for by in ((1, 0), (0, 1))]
        orders = [[(2, 0), (1, 1)], [(1, 1), (0, 2)]]
        for one, right in zip(found, first, strict=True):
            number = one if given is float else one.data
            assert abs(number - right) <= 1e-13 * abs(right)
        for one, order in zip(itertools.chain(*second), itertools.chain(*orders), strict=True):
            right = mp.diff(precise, at, order)
            assert abs(one - right) <= 1e-12 * abs(right)


def cubic(x, y):
    """Its gradient is (3x²y, x³ + 2y), its Hessian ((6xy, 3x²), (3x², 2))."""
    return x**3 * y + y**2


def test_p19_forward_mode_over_reverse_mode():
    gradient = ag.grad(cubic, argnums=(0, 1))
    value, along = ag.jvp(gradient, (2.0, 5.0), (1.0, 10.0))
    assert value == (60.0, 18.0)
    assert along == (60.0 + 120.0, 12.0 + 20.0) == ag.hvp(cubic, (2.0, 5.0), (1.0, 10.0))


def test_p19_reverse_mode_over_forward_mode():
    def along(x, y):
        return ag.jvp(cubic, (x, y), (1.0, 10.0))[1]

    assert ag.grad(along, argnums=(0, 1))(2.0, 5.0) == (60.0 + 120.0, 12.0 + 20.0)
    # By the tangent: the tangent's weight is the slope itself.
    assert ag.grad(lambda t: ag.jvp(cubic, (2.0, 5.0), (t, 10.0))[1])(1.0) == 60.0


def test_p19_forward_mode_over_forward_mode():
    """Twice along different directions: Σ tᵢ Hᵢⱼ sⱼ."""

    def along(x, y):
        return ag.jvp(cubic, (x, y), (1.0, 10.0))[1]

    assert ag.jvp(along, (2.0, 5.0), (3.0, -1.0)) == (60.0 + 180.0, 3 * 180.0 - 32.0)


def test_p19_a_hessian_of_a_function_that_differentiates():
    """D_x cubic is 3x²y: its Hessian is ((6y, 6x), (6x, 0))."""
    f = ag.hessian(ag.grad(cubic), argnums=(0, 1))
    assert f(2.0, 5.0) == ((30.0, 12.0), (12.0, 0.0))


def test_p19_a_cotangent_that_is_a_value_is_differentiated_too():
    c = Value(4.0)
    _, pull_back = ag.vjp(cubic, 2.0, 5.0)
    by_x, by_y = pull_back(c)
    assert (by_x.data, by_y.data) == (240.0, 72.0)
    assert ag.gradients([by_x, by_y], c) == 60.0 + 18.0


def test_p19_jacobians_of_jacobians_are_hessians_and_more():
    def f(xs):
        x, y = xs
        return cubic(x, y)

    assert ag.jacobian(ag.jacobian(f))([2.0, 5.0]) == ag.hessian(f)([2.0, 5.0])
    third = ag.jacobian(ag.hessian(f))([2.0, 5.0])
    assert third == [[[30.0, 12.0], [12.0, 0.0]], [[12.0, 0.0], [0.0, 0.0]]]


class Precise:
    """Functions of mpmath, and derivatives by its differences."""

    sin, tanh, derive = map(staticmethod, (mp.sin, mp.tanh, mp.diff))


class ByTransforms:
    """Functions of the library, and derivatives by one transform or another."""

    sin, tanh = map(staticmethod, (ag.sin, ag.tanh))

    def __init__(self, rng):
        self.rng = rng

    def derive(self, f, x, order=1):
        ways = [
            lambda: ag.grad(f)(x),
            lambda: ag.jacobian(f)(x),
            lambda: ag.jvp(f, (x,), (1.0,))[1],
            lambda: ag.vjp(f, x)[1](1.0)[0],
            lambda: ag.value_and_grad(lambda xs: f(*xs))([x])[1][0],
        ]
        seconds = [
            lambda: ag.hessian(f)(x),
            lambda: ag.hvp(f, (x,), (1.0,))[0],
            lambda: ag.grad(ag.grad(f))(x),
        ]
        return self.rng.choice(ways if order == 1 else seconds)()


def draw_nested(rng, depth, variables):
    """Return a random formula with derivatives in it: a function of a kind of functions and xs."""

    def pick(more=0):
        return draw_nested(rng, depth - 1, variables + more)

    kind = rng.choice(["x", "mul", "mul", "add", "sin", "tanh", "derive", "derive"])
    if depth == 0 or kind == "x":
        position = rng.choice([rng.randrange(variables), -1])
        return lambda _, xs: xs[position]
    a, b = pick(), pick()
    if kind == "derive":
        inner, order = pick(1), rng.choice([1, 1, 1, 2])
        return lambda m, xs: m.derive(lambda z: inner(m, [*xs, z]), a(m, xs), order)
    return {
        "mul": lambda m, xs: a(m, xs) * b(m, xs),
        "add": lambda m, xs: a(m, xs) + 2 * b(m, xs),
        "sin": lambda m, xs: m.sin(a(m, xs)),
        "tanh": lambda m, xs: m.tanh(a(m, xs)),
    }[kind]


@pytest.mark.parametrize("count", [30, soaking(200)])
def test_p19_random_nestings_of_transforms_agree_with_high_precision(count):
    nonzero = 0
    for seed in range(count):
        rng = random.Random(seed)
        f, x = draw_nested(rng, 4, 1), rng.uniform(-1.0, 1.0)
        m = ByTransforms(rng)
        found = m.derive(lambda x, f=f, m=m: f(m, [x]), x)
        with mp.workdps(100):
            right = mp.diff(lambda x, f=f: f(Precise, [x]), mpf(x))
        assert abs(found - right) <= 1e-12 * max(abs(right), 1e-3), seed
        nonzero += found != 0
    assert nonzero > count / 3


# --- Hessians ------------------------------------------------------------------------------------


def rosenbrock(xs):
    pairs = itertools.pairwise(xs)
    return ag.sum([100.0 * (y - x**2) ** 2 + (1.0 - x) ** 2 for x, y in pairs])


def rosenbrock_hessian(xs):
    """Return the Hessian by its formula, and the sum of the absolute terms of each entry."""
    size = len(xs)
    entries = [[mpf(0)] * size for _ in xs]
    scales = [[0.0] * size for _ in xs]
    for i, (x, y) in enumerate(itertools.pairwise(map(mpf, xs))):
        for j, k, terms in (
            (i, i, (1200 * x**2, -400 * y, 2)),
            (i, i + 1, (-400 * x,)),
            (i + 1, i, (-400 * x,)),
            (i + 1, i + 1, (200,)),
        ):
            entries[j][k] += sum(terms)
            scales[j][k] += float(sum(map(abs, terms)))
    return entries, scales


@pytest.mark.parametrize("size", [6, 50])
def test_p19_the_hessian_of_rosenbrocks_function_is_the_closed_form(size):
    rng = random.Random(size)
    xs = [rng.uniform(-2.0, 2.0) for _ in range(size)]
    with mp.workprec(200):
        entries, scales = rosenbrock_hessian(xs)
    found = ag.hessian(rosenbrock)(xs)
    for j, k in itertools.product(range(size), repeat=2):
        assert abs(found[j][k] - entries[j][k]) <= 1e-13 * scales[j][k]
        assert found[j][k] == found[k][j]


def check_hessian(graph):
    """Check a Hessian of a random graph; return the worst error as a part of what is allowed.

    Its triangles, computed apart, and the products with unit vectors in forward mode differ by at
    most (4 + nodes)·u·absgrad, where each stands for the graph of a derivative; a row over many
    operands counts more nodes (`count_units`).
    """
    everything = range(len(graph.leaves))
    call = Call.make("hessian", graph, graph.leaves, {}, everything)
    gradient = call.gradient_values()
    rows = call.pull_back_each([([first], [1.0]) for first in gradient], order=1)
    allowed = []
    for first in gradient:
        graph_of_first = Graph(first) if isinstance(first, Value) else Graph(Value(0.0))
        scales = absolute_gradients(graph_of_first)
        units = count_units(graph_of_first) * UNIT_ROUNDOFF
        allowed.append([units * scales.get(x, 0.0) for x in call.inputs])
    hessian = ag.hessian(graph, argnums=tuple(everything))(*graph.leaves)
    worst = 0.0
    for j in everything:
        unit = tuple(float(j == k) for k in everything)
        column = ag.hvp(graph, graph.leaves, unit)
        for k in everything:
            limit = max(allowed[j][k], allowed[k][j]) + 1e-300
            assert hessian[j][k] == hessian[k][j]
            for one, other in ((rows[j][k], rows[k][j]), (hessian[j][k], column[k])):
                worst = max(worst, abs(one - other) / limit)
    return worst


@pytest.mark.parametrize("count", [100, soaking(1_000)])
def test_p19_hessians_of_random_graphs_are_symmetric_and_agree_with_forward_mode(count):
    worst = max(check_hessian(random_graph(random.Random(number))) for number in range(count))
    print(f"{count} graphs: the worst difference is {worst:.3f} of what is allowed")
    assert 1e-3 < worst <= 1


# --- long chains ---------------------------------------------------------------------------------


def chain(x, length):
    for _ in range(length):
        x = ag.sin(x)
    return x


def through_gradients(length):
    x = Value(0.5)
    return ag.gradients(chain(x, length), x)


def through_gradient_graph(length):
    x = Value(0.5)
    return ag.gradient_graph(chain(x, length), x).data


TRANSFORMS = {
    "grad": lambda length: ag.grad(chain)(0.5, length),
    "value_and_grad": lambda length: ag.value_and_grad(chain)(0.5, length)[1],
    "jacobian": lambda length: ag.jacobian(chain)(0.5, length),
    "hessian": lambda length: ag.hessian(chain)(0.5, length),
    "jvp": lambda length: ag.jvp(lambda x: chain(x, length), (0.5,), (1.0,))[1],
    "vjp": lambda length: ag.vjp(lambda x: chain(x, length), 0.5)[1](1.0)[0],
    "hvp": lambda length: ag.hvp(lambda x: chain(x, length), (0.5,), (1.0,))[0],
    "gradients": through_gradients,
    "gradient_graph": through_gradient_graph,
    "grad of a Value": lambda length: ag.grad(chain)(Value(0.5), length).data,
    "grad of grad": lambda length: ag.grad(ag.grad(chain))(0.5, length),
}
SECOND = {"hessian", "hvp", "grad of grad"}


def right_slope(length, order):
    """Return the derivative of a chain by its recursion: s' = c s, s'' = c s'' - sin · s'²."""
    x, first, second = 0.5, 1.0, 0.0
    for _ in range(length):
        sine, cosine = math.sin(x), math.cos(x)
        x, first, second = sine, cosine * first, cosine * second - sine * first * first
    return (first, second)[order - 1]


@pytest.mark.parametrize("length", [3_000, soaking(100_000)])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_p7_p8_long_chains_pass_through_every_transform_and_are_freed(name, length):
    """With a small stack, so without recursion; with no collector, so without cycles."""
    found = []
    TRANSFORMS[name](10)  # rules are compiled at the first use
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        assert run_on_small_stack(lambda: found.append(TRANSFORMS[name](length)))
        assert len(gc.get_objects()) - before < 1000
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert math.isclose(found[0], right_slope(length, 2 if name in SECOND else 1), rel_tol=1e-9)

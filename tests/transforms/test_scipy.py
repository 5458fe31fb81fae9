"""SciPy's solvers take the functions of derivatives as they are, also recorded."""

import math

import numpy as np
import pytest
from support.solvers import Counted, rosenbrock

import autograd_mini as ag

optimize = pytest.importorskip("scipy.optimize", reason="SciPy is not installed")
integrate = pytest.importorskip("scipy.integrate", reason="SciPy is not installed")
special = pytest.importorskip("scipy.special", reason="SciPy is not installed")

EACH_WAY = pytest.mark.parametrize("as_given", [lambda f: f, ag.compile], ids=["eager", "recorded"])
START = [-1.2, 1.0]


def exact_gradient(x):
    a, b = x
    return [-400 * a * (b - a * a) - 2 * (1 - a), 200 * (b - a * a)]


def exact_hessian(x):
    a, b = x
    return [[1200 * a * a - 400 * b + 2, -400 * a], [-400 * a, 200]]


def times_vector(f):
    """Return the function (x, v) -> Hessian of f at x, times v."""
    return lambda x, v: ag.hvp(f, (x,), (v,))[0]


# --- minimize ------------------------------------------------------------------------------------


@EACH_WAY
def test_derivatives_of_rosenbrock_are_those_of_closed_form(as_given):
    gradient, hessian = as_given(ag.grad(rosenbrock)), as_given(ag.hessian(rosenbrock))
    product = as_given(times_vector(rosenbrock))
    for x in np.random.default_rng().normal(size=(20, 2)):
        assert gradient(x) == pytest.approx(np.array(exact_gradient(x)), rel=1e-13, abs=1e-12)
        assert hessian(x) == pytest.approx(np.array(exact_hessian(x)), rel=1e-13, abs=1e-12)
        expected = np.array(exact_hessian(x)) @ [1.0, 2.0]
        assert product(x, np.array([1.0, 2.0])) == pytest.approx(expected, rel=1e-12, abs=1e-11)


@EACH_WAY
@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "CG", "TNC", "SLSQP"])
def test_a_gradient_leads_to_the_same_minimum_with_fewer_evaluations(as_given, method):
    start = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
    without = optimize.minimize(rosenbrock, start, method=method)
    f = as_given(ag.value_and_grad(rosenbrock))
    found = optimize.minimize(f, start, jac=True, method=method)
    assert found.success
    assert found.x == pytest.approx(np.ones(5), abs=1e-3)
    assert found.x == pytest.approx(without.x, abs=1e-3)
    assert found.fun <= max(without.fun, 1e-9)
    assert found.nfev < without.nfev / 2


@pytest.mark.parametrize(
    "start", [START, (-1.2, 1), np.array([-2, 1]), np.array([[-1.2], [1]])[:, 0]]
)
def test_a_start_may_be_a_list_ints_or_a_strided_array(start):
    found = optimize.minimize(ag.value_and_grad(rosenbrock), start, jac=True)
    assert found.x == pytest.approx([1.0, 1.0], abs=1e-5)


def test_an_array_that_cannot_be_written_is_an_argument():
    x = np.array(START)
    x.flags.writeable = False
    for f in (ag.value_and_grad(rosenbrock), ag.compile(ag.value_and_grad(rosenbrock))):
        value, gradient = f(x)
        assert (type(value), gradient.dtype, gradient.flags.writeable) == (float, float, True)
        assert gradient == pytest.approx(np.array([-215.6, -88.0]))


@EACH_WAY
@pytest.mark.parametrize("method", ["Newton-CG", "trust-exact", "trust-ncg", "trust-constr"])
def test_a_hessian_leads_to_the_minimum(as_given, method):
    f, hessian = as_given(ag.value_and_grad(rosenbrock)), as_given(ag.hessian(rosenbrock))
    found = optimize.minimize(f, START, jac=True, hess=hessian, method=method)
    assert found.x == pytest.approx([1.0, 1.0], abs=1e-4)
    product = Counted(as_given(times_vector(rosenbrock)))
    if method != "trust-exact":  # which needs the whole matrix
        also = optimize.minimize(f, START, jac=True, hessp=product, method=method)
        assert also.x == pytest.approx([1.0, 1.0], abs=1e-4)
        assert product.calls > 0


def test_a_hessian_leads_there_in_fewer_iterations_than_gradients():
    f = ag.value_and_grad(rosenbrock)
    by_gradients = optimize.minimize(f, START, jac=True, method="BFGS")
    hessian = ag.hessian(rosenbrock)
    by_hessian = optimize.minimize(f, START, jac=True, hess=hessian, method="trust-exact")
    assert by_hessian.nit < by_gradients.nit
    assert by_hessian.fun < by_gradients.fun


@EACH_WAY
def test_a_constraint_has_its_derivatives_too(as_given):
    def disk(x):
        return np.array([x[0] ** 2 + x[1] ** 2])

    def weighted(x, weights):
        return weights @ disk(x)

    f, hessian = as_given(ag.value_and_grad(rosenbrock)), as_given(ag.hessian(rosenbrock))
    constraint = optimize.NonlinearConstraint(
        as_given(disk),
        -np.inf,
        1,
        jac=as_given(ag.jacobian(disk)),
        hess=as_given(ag.hessian(weighted)),
    )
    found = optimize.minimize(
        f, [0.0, 0.0], jac=True, hess=hessian, method="trust-constr", constraints=constraint
    )
    assert found.x == pytest.approx([0.786415, 0.617698], abs=1e-4)


@EACH_WAY
def test_further_arguments_pass(as_given):
    f = as_given(ag.value_and_grad(lambda x, center, scale: scale * np.sum((x - center) ** 2)))
    found = optimize.minimize(f, [0.0, 0.0], args=(np.array([3.0, 4.0]), 2.0), jac=True)
    assert found.x == pytest.approx([3.0, 4.0])


def test_check_grad_finds_no_fault():
    error = optimize.check_grad(rosenbrock, ag.grad(rosenbrock), START)
    assert error < 1e-4


# --- roots ---------------------------------------------------------------------------------------


@EACH_WAY
def test_newton_and_halley_take_derivatives_of_a_number(as_given):
    def f(x):
        return x**3 - 2

    slope, curvature = as_given(ag.grad(f)), as_given(ag.grad(ag.grad(f)))
    root = 2 ** (1 / 3)
    assert optimize.newton(f, 1.0, fprime=slope) == pytest.approx(root, rel=1e-15)
    assert optimize.newton(f, 1.0, fprime=slope, fprime2=curvature) == pytest.approx(
        root, rel=1e-15
    )
    both = as_given(ag.value_and_grad(f))
    for start in (1.0, 1, np.float64(1)):
        found = optimize.root_scalar(both, x0=start, fprime=True)
        assert found.root == pytest.approx(root, rel=1e-15)


@EACH_WAY
def test_a_system_of_equations_takes_a_jacobian(as_given):
    def equations(x):
        return [x[0] + 2 * x[1] - 2, x[0] ** 2 + 4 * x[1] ** 2 - 4]

    without = optimize.root(equations, [1.0, 2.0])
    found = optimize.root(equations, [1.0, 2.0], jac=as_given(ag.jacobian(equations)))
    assert found.success
    assert found.x == pytest.approx(without.x, abs=1e-9)
    assert found.nfev < without.nfev


# --- least squares -------------------------------------------------------------------------------

TIMES = np.linspace(0.0, 4.0, 30)
MEASURED = 2.5 * np.exp(-TIMES / 1.3) + 0.5 + 0.02 * np.random.default_rng(0).normal(size=30)


def decay(t, a, tau, c):
    return a * np.exp(-t / tau) + c


def residuals(p):
    return decay(TIMES, *p) - MEASURED


def exact_slopes(t, a, tau, c):
    falling = np.exp(-t / tau)
    return np.column_stack([falling, a * falling * t / tau**2, np.ones_like(t)])


@EACH_WAY
def test_a_jacobian_of_residuals_is_that_of_closed_form(as_given):
    jacobian = as_given(ag.jacobian(residuals))
    for p in np.random.default_rng().uniform(0.5, 3.0, size=(20, 3)):
        found = jacobian(p)
        assert found.shape == (30, 3)
        assert found == pytest.approx(exact_slopes(TIMES, *p), rel=1e-15, abs=1e-15)


@EACH_WAY
@pytest.mark.parametrize("method", ["lm", "trf", "dogbox"])
def test_least_squares_needs_fewer_residuals_with_a_jacobian(as_given, method):
    start = [1.0, 1.0, 0.0]
    alone, counted = Counted(residuals), Counted(residuals)
    without = optimize.least_squares(alone, start, method=method)
    jacobian = as_given(ag.jacobian(residuals))
    found = optimize.least_squares(counted, start, jac=jacobian, method=method)
    assert found.success
    assert found.x == pytest.approx(without.x, rel=1e-5)
    assert found.cost <= without.cost * (1 + 1e-9)
    assert counted.calls < alone.calls / 2


@EACH_WAY
def test_curve_fit_gives_the_covariance_of_the_numerical_one(as_given):
    slopes = as_given(ag.jacobian(decay, argnums=(1, 2, 3)))
    start = [1.0, 1.0, 0.0]
    alone, counted = Counted(decay), Counted(decay)
    expected, numerical = optimize.curve_fit(alone, TIMES, MEASURED, start)
    found, covariance = optimize.curve_fit(
        counted, TIMES, MEASURED, start, jac=lambda *args: np.transpose(slopes(*args))
    )
    assert found == pytest.approx(expected, rel=1e-6)
    assert covariance == pytest.approx(numerical, rel=1e-6)
    assert counted.calls < alone.calls
    exact = exact_slopes(TIMES, *found)
    scatter = np.sum(residuals(found) ** 2) / (30 - 3)
    assert covariance == pytest.approx(scatter * np.linalg.inv(exact.T @ exact), rel=1e-3)


# --- differential equations ----------------------------------------------------------------------


def robertson(t, y):
    slow, fast = 0.04 * y[0], 1e4 * y[1] * y[2]
    third = 3e7 * y[1] ** 2
    return np.array([fast - slow, slow - fast - third, third])


def exact_robertson(y):
    return [
        [-0.04, 1e4 * y[2], 1e4 * y[1]],
        [0.04, -1e4 * y[2] - 6e7 * y[1], -1e4 * y[1]],
        [0.0, 6e7 * y[1], 0.0],
    ]


def oscillator(t, y, stiffness):
    """Return the right-hand side of van der Pol's equation."""
    return [y[1], stiffness * (1 - y[0] ** 2) * y[1] - y[0]]


@EACH_WAY
@pytest.mark.parametrize("method", ["BDF", "Radau", "LSODA"])
def test_a_stiff_reaction_is_solved_with_a_jacobian(as_given, method):
    right, jacobian = Counted(robertson), Counted(as_given(ag.jacobian(robertson, argnums=1)))
    alone = Counted(robertson)
    options = {"method": method, "rtol": 1e-6, "atol": 1e-10}
    found = integrate.solve_ivp(right, (0, 1e4), [1.0, 0.0, 0.0], jac=jacobian, **options)
    without = integrate.solve_ivp(alone, (0, 1e4), [1.0, 0.0, 0.0], **options)
    assert found.success
    assert found.y[:, -1] == pytest.approx(without.y[:, -1], rel=1e-4)
    assert sum(found.y[:, -1]) == pytest.approx(1.0, abs=1e-9)
    assert jacobian.calls > 0
    assert right.calls < alone.calls
    for y in found.y.T[::10]:
        assert jacobian(0.0, y) == pytest.approx(np.array(exact_robertson(y)), rel=1e-15, abs=1e-15)


@EACH_WAY
@pytest.mark.parametrize("method", ["BDF", "Radau"])
def test_the_arguments_of_an_equation_reach_its_jacobian(as_given, method):
    jacobian = as_given(ag.jacobian(oscillator, argnums=1))
    options = {"method": method, "args": (100.0,), "rtol": 1e-6, "atol": 1e-8}
    found = integrate.solve_ivp(oscillator, (0, 200), [2.0, 0.0], jac=jacobian, **options)
    without = integrate.solve_ivp(oscillator, (0, 200), [2.0, 0.0], **options)
    assert found.success
    assert found.y[0, -1] == pytest.approx(without.y[0, -1], rel=1e-3)
    assert jacobian(0.0, np.array([2.0, 3.0]), 100.0)[1].tolist() == [-1201.0, -300.0]


# --- special functions ---------------------------------------------------------------------------


def test_a_special_function_has_the_derivative_that_it_is_given():
    bessel = ag.custom(special.j0, lambda x: -special.j1(x))
    slope = ag.grad(bessel)
    assert slope(1.5) == -special.j1(1.5)
    zero = optimize.newton(special.j0, 2.0, fprime=slope)
    assert zero == pytest.approx(special.jn_zeros(0, 1)[0], rel=1e-14)
    assert math.isclose(ag.jvp(bessel, (1.5,), (2.0,))[1], -2 * special.j1(1.5))

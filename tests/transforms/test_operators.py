"""Gradients, Jacobians, Hessians and products with these, of functions."""

import copy
import functools
import gc
import inspect
import math
import pickle
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini import DomainError, NonFiniteGradientError, Value, errstate, grad
from autograd_mini.testing.strategies import graphs

XS = [0.5, -1.25, 2.0]


def rosenbrock(x):
    pairs = zip(x[1:], x[:-1], strict=True)
    return ag.sum([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for b, a in pairs])


def by_hand(f, numbers):
    leaves = [Value(x) for x in numbers]
    out = f(leaves)
    out.backward()
    return out.data, [leaf.grad for leaf in leaves]


@given(graphs())
def test_the_gradient_is_that_of_a_backward_pass_bit_for_bit(graph):
    def f(leaves):
        return graph(*leaves)

    numbers = list(graph.leaves)
    expected = by_hand(f, numbers)
    assert repr(ag.value_and_grad(f)(numbers)) == repr(expected)
    assert repr(grad(f)(numbers)) == repr(expected[1])
    positions = range(len(numbers))
    of_each = grad(graph, tuple(positions))
    assert repr(of_each(*numbers)) == repr(tuple(expected[1]))


@given(graphs())
def test_forward_mode_agrees_with_reverse_mode(graph):
    def f(*leaves):
        return graph(*leaves)

    numbers = graph.leaves
    tangents = tuple(1.0 / (2 + i) for i in range(len(numbers)))
    value, moved = ag.jvp(f, numbers, tangents)
    again, pull_back = ag.vjp(f, *numbers)
    slopes = pull_back(1.0)
    assert value == again
    absolute = ag.testing.absolute_gradients(f(*map(Value, numbers)))
    scale = math.fsum(absolute.values())
    expected = math.fsum(t * s for t, s in zip(tangents, slopes, strict=True))
    assert abs(moved - expected) <= 1e-13 * scale


def test_hessian_and_products_with_it_are_those_of_rosenbrock():
    def entry(i, j):
        if abs(i - j) == 1:
            return -400.0 * XS[min(i, j)]
        if i != j:
            return 0.0
        first = 1200.0 * XS[i] ** 2 - 400.0 * XS[i + 1] + 2.0 if i < 2 else 0.0
        return first + (200.0 if i else 0.0)

    matrix = [[entry(i, j) for j in range(3)] for i in range(3)]
    assert np.allclose(ag.hessian(rosenbrock)(XS), matrix, rtol=1e-14, atol=1e-12)
    direction = [1.0, -2.0, 0.5]
    (product,) = ag.hvp(rosenbrock, (XS,), (direction,))
    assert np.allclose(product, np.array(matrix) @ direction, rtol=1e-14, atol=1e-11)


def test_a_jacobian_does_not_add_up():
    """As derivatives read from `grad` do, without zeroing between the results."""
    found = ag.jacobian(lambda x: [x[0] * k + x[1] for k in range(1, 6)])([1.0, 2.0])
    assert found == [[float(k), 1.0] for k in range(1, 6)]


def test_positions_of_arguments():
    def f(a, b, *, scale=1.0):
        return a * a * b * scale

    assert grad(f)(3.0, 4.0) == 24.0
    assert grad(f, 1)(3.0, 4.0) == grad(f, -1)(3.0, 4.0) == 9.0
    assert grad(f, (1, 0))(3.0, 4.0, scale=2.0) == (18.0, 48.0)
    assert grad(f, (0,))(3.0, 4.0) == (24.0,)
    assert ag.hessian(f, (0, 1))(3.0, 4.0) == ((8.0, 6.0), (6.0, 0.0))
    assert ag.jacobian(f, np.int64(1))(3.0, 4.0) == 9.0


@pytest.mark.parametrize("argnums", [1.5, "0", True, (), (0, 0), (0, "1"), [None], {0}])
def test_what_is_no_position_is_refused(argnums):
    with pytest.raises(TypeError, match=r"grad: argnums must be an int, or a tuple of different"):
        grad(math.sin, argnums)


@pytest.mark.parametrize("argnums", [2, -3, (0, 2), (0, -2), (-1, 1)])
def test_a_position_without_an_argument_is_refused(argnums):
    with pytest.raises(TypeError, match=r"different positions among the 2 positional arguments"):
        grad(lambda x, y: x * y, argnums)(1.0, 2.0)


def test_ints_are_floats_and_other_arguments_pass_untouched():
    seen = []

    def f(x, *rest, **keywords):
        seen.append((rest, keywords))
        return x[0] * x[1]

    assert grad(f)([2, 3], "text", 7, [True], key=None) == [3.0, 2.0]
    assert seen == [(("text", 7, [True]), {"key": None})]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (True, r"argument 0 must be a real number, got True"),
        ("3", r"argument 0 must be a real number, got '3'"),
        (None, r"argument 0 must be a real number, got None"),
        (1j, r"argument 0 must be a real number"),
        ({"a": [1.0, "x"]}, r"argument 0\['a'\]\[1\] must be a real number, got 'x'"),
        ([1.0, 2**60 + 1], r"argument 0\[1\] must be a number that a float holds exactly"),
        ({1.0, 2.0}, r"argument 0 must be a real number"),
        (np.array([True]), r"argument 0\[0\] must be a real number, got True"),
        (np.array([1j]), r"argument 0\[0\] must be a real number"),
    ],
)
def test_an_argument_that_is_no_number_is_named(argument, message):
    for transform in (grad, ag.value_and_grad, ag.jacobian, ag.hessian):
        where = transform.__name__
        with pytest.raises((TypeError, ValueError), match=f"^{where}: {message}"):
            transform(lambda x: x)(argument)


@pytest.mark.parametrize("wrong", [[1.0], (), None, np.zeros(1), "abc", {}])
def test_a_function_of_one_number_must_return_a_number(wrong):
    for transform in (grad, ag.value_and_grad, ag.hessian):
        with pytest.raises(TypeError, match=r"result of the function must be a Value or a number"):
            transform(lambda _: wrong)(1.0)


@pytest.mark.parametrize("wrapped", [lambda f: f, ag.compile])
def test_an_array_without_axes_is_the_number_in_it(wrapped):
    def f(x):
        return np.asarray(x @ x)

    at, along = np.array([1.0, 2.0]), np.array([1.0, 10.0])
    assert f(np.array([Value(1.0), Value(2.0)])).shape == ()
    assert wrapped(grad(f))(at).tolist() == [2.0, 4.0]
    value, gradient = wrapped(ag.value_and_grad(f))(at)
    assert (type(value), value, gradient.tolist()) == (float, 5.0, [2.0, 4.0])
    assert wrapped(ag.hessian(f))(at).tolist() == [[2.0, 0.0], [0.0, 2.0]]
    assert wrapped(lambda x, v: ag.hvp(f, (x,), (v,))[0])(at, along).tolist() == [2.0, 20.0]
    assert wrapped(grad(lambda x: np.array(3.0)))(at).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("content", [None, "3.0", 1j])
def test_what_an_array_without_axes_holds_must_be_a_number(content):
    with pytest.raises(TypeError, match="result of the function must be a"):
        grad(lambda x: np.array(content))(1.0)


@pytest.mark.parametrize("no_function", [3.0, None, "f", [math.sin]])
def test_what_is_no_function_is_refused(no_function):
    for transform in (grad, ag.value_and_grad, ag.jacobian, ag.hessian, ag.vjp):
        with pytest.raises(TypeError, match=f"{transform.__name__}: f must be a function"):
            transform(no_function)
    for transform in (ag.jvp, ag.hvp):
        with pytest.raises(TypeError, match=f"{transform.__name__}: f must be a function"):
            transform(no_function, (1.0,), (1.0,))


def test_a_constant_function_has_the_derivative_zero():
    assert grad(lambda x: 5)(3.0) == 0.0
    assert grad(lambda x: 1.0 if x > 0 else 2.0)(3.0) == 0.0
    assert ag.value_and_grad(lambda x: np.float32(0.5))([3.0]) == (0.5, [0.0])
    assert ag.jacobian(lambda x: [1.0, x, 2])(3.0) == [0.0, 1.0, 0.0]
    assert ag.hessian(lambda x: 2.0 * x[0])([3.0, 4.0]) == [[0.0, 0.0], [0.0, 0.0]]
    assert ag.jvp(lambda x: (1.0, x), (3.0,), (2.0,)) == ((1.0, 3.0), (0.0, 2.0))
    assert ag.hvp(lambda x: 7.0, ([3.0],), ([1.0],)) == ([0.0],)


@pytest.mark.parametrize(
    "read", [lambda x: x.data**2, lambda x: float(f"{x:.3f}"), lambda x: abs(x.data)]
)
def test_a_number_that_was_computed_from_data_is_refused(read):
    message = r"result of the function must be a Value, as its .data was read"
    for transform in (grad, ag.value_and_grad, ag.jacobian, ag.hessian):
        with pytest.raises(TypeError, match=message):
            transform(read)(3.0)
        with pytest.raises(TypeError, match=message):
            transform(read)(Value(3.0))
    assert grad(lambda x: ag.stop_gradient(x) * 2.0)(3.0) == 0.0


def test_reading_the_data_of_something_else_is_no_fault():
    other = Value(2.0)
    assert grad(lambda x: other.data)(3.0) == 0.0
    assert grad(lambda x: x * x.data)(3.0) == 3.0


# --- floats or Values ----------------------------------------------------------------------------


def test_plain_numbers_give_floats_also_with_constants_made_in_the_call():
    found = grad(lambda x: x * Value(3.0) + ag.where(x > 0, x, Value(1.0)))(2.0)
    assert type(found) is float
    assert found == 4.0


def test_a_value_from_elsewhere_gives_values_so_that_nothing_is_detached():
    w = Value(5.0)
    for transform in (grad, ag.jacobian):
        found = transform(lambda x: x * x * w)(3.0)
        assert type(found) is Value
        w.grad = 0.0
        found.backward()
        assert (found.data, w.grad) == (30.0, 6.0)
    value, _ = ag.value_and_grad(lambda x: x * w)(3.0)
    assert type(value) is Value
    assert type(ag.hessian(lambda x: x * x * w)(3.0)) is Value
    assert [type(x) for x in ag.jvp(lambda x: x * w, (3.0,), (1.0,))] == [Value, Value]
    assert type(ag.hvp(lambda x: x * x * w, (3.0,), (1.0,))[0]) is Value
    value, pull_back = ag.vjp(lambda x: x * w, 3.0)
    assert type(value) is Value
    assert type(pull_back(1.0)[0]) is Value


def test_a_cotangent_that_is_a_value_makes_values_of_its_own_results_alone():
    _, pull_back = ag.vjp(lambda x: x * x, 3.0)
    w = Value(2.0)
    (found,) = pull_back(w)
    found.backward()
    assert (found.data, w.grad) == (12.0, 6.0)
    assert [type(x) for x in pull_back(1.0)] == [float]


def test_a_value_from_elsewhere_counts_also_behind_what_was_computed_before():
    w = Value(5.0)
    older = w * 2.0
    found = grad(lambda x: x * x * older)(3.0)
    found.backward()
    assert (found.data, w.grad) == (60.0, 12.0)


def test_one_result_that_depends_on_a_value_makes_values_of_all():
    w = Value(5.0)
    found = ag.jacobian(lambda x: [x * x, x * w])(3.0)
    assert [type(x) for x in found] == [Value, Value]


def test_a_value_as_argument_gives_values_that_depend_on_it():
    v = Value(3.0)
    found = grad(lambda x: x**3)(v)
    found.backward()
    assert (found.data, v.grad) == (27.0, 18.0)
    constant = grad(lambda x: 2.0 * x)(v)
    assert (type(constant), constant.data) == (Value, 2.0)


def test_the_same_value_given_twice_is_two_variables():
    v = Value(3.0)
    found = grad(lambda a, b: a * a * b, argnums=(0, 1))(v, v)
    assert [x.data for x in found] == [18.0, 9.0]


def test_nested_derivatives_are_those_of_the_inner_and_outer_variable():
    assert grad(lambda x: x * grad(lambda z: x * z)(2.0))(3.0) == 6.0
    assert grad(lambda x: x * grad(lambda z: x * z)(x))(3.0) == 6.0
    assert grad(lambda x: grad(lambda z: x * z * z)(x))(3.0) == 12.0
    # D_x D_y D_z of x y z² at z = y, then y = x: 2 x y is 2 x², D_y of y · 2 x y is 4 x y
    inner = lambda x, y: grad(lambda z: x * y * z * z)(y)  # noqa: E731
    assert grad(lambda x: grad(lambda y: inner(x, y))(x))(3.0) == 24.0


def test_a_value_made_within_an_inner_call_is_no_stranger_to_the_outer_one():
    found = grad(lambda x: grad(lambda z: z * Value(4.0))(2.0) * x)(3.0)
    assert type(found) is float
    assert found == 4.0


def test_gradients_of_leaves_are_left_alone():
    w = Value(2.0)
    w.grad = 7.0
    grad(lambda x: x * w)(3.0)
    ag.jvp(lambda x: x * w, (3.0,), (1.0,))
    ag.hessian(lambda x: x * x * w)(3.0)
    assert w.grad == 7.0
    assert not (w * 1.0).has_grad


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (grad, r"^grad: the gradient of a Value of 0.0 must be finite, got inf; it arises at sqrt"),
        (ag.jacobian, r"^jacobian: the gradient of .* it arises at sqrt"),
        (lambda f: lambda x: ag.jvp(f, (x,), (1.0,)), r"^jvp: the tangent must be finite.* sqrt"),
        (lambda f: lambda x: ag.vjp(f, x)[1](1.0), r"^vjp: the gradient .* sqrt"),
    ],
)
def test_a_derivative_that_is_not_finite_is_an_error_that_names_the_row(transform, message):
    with pytest.raises(NonFiniteGradientError, match=message):
        transform(ag.sqrt)(0.0)
    with errstate(nonfinite="ignore"):
        found = transform(ag.sqrt)(0.0)
    assert found in (math.inf, (0.0, math.inf), (math.inf,))


def test_an_error_of_higher_order_names_the_row_and_the_order():
    f = lambda x: x**1.5  # noqa: E731
    message = r"derivative of order 2: the gradient .* it arises at pow"
    assert grad(f)(0.0) == 0.0
    for second in (grad(grad(f)), ag.hessian(f)):
        with pytest.raises(NonFiniteGradientError, match=message):
            second(0.0)
    with pytest.raises(NonFiniteGradientError, match=r"hvp: derivative of order 2: .* pow"):
        ag.hvp(f, (0.0,), (1.0,))
    third = grad(grad(grad(lambda x: x**2.5)))
    with pytest.raises(NonFiniteGradientError, match=r"derivative of order 3: .* pow"):
        third(0.0)
    with errstate(nonfinite="ignore"):
        assert grad(grad(f))(0.0) == math.inf


def test_errors_of_the_function_pass_unchanged():
    with pytest.raises(DomainError, match="log"):
        grad(ag.log)(-1.0)
    with pytest.raises(KeyError):
        ag.jvp(lambda x: {}[x], (1.0,), (1.0,))


def test_tangents_and_cotangents_have_the_form_of_what_they_belong_to():
    f = lambda x: x[0] * x[1]  # noqa: E731
    with pytest.raises(ValueError, match=r"jvp: tangents\[0\] must be of the form of the primals"):
        ag.jvp(f, ([1.0, 2.0],), ([1.0],))
    with pytest.raises(TypeError, match="hvp: primals must be a tuple"):
        ag.hvp(f, 1.0, 1.0)
    with pytest.raises(ValueError, match="vjp: cotangent must be of the form of the value"):
        ag.vjp(f, [1.0, 2.0])[1]([1.0])
    with pytest.raises(TypeError, match=r"jvp: tangents\[0\]\[1\] must be a real number"):
        ag.jvp(f, ([1.0, 2.0],), ([1.0, "2"],))


# --- the function that is returned ---------------------------------------------------------------


def documented(x, y=2.0):
    """Return a product."""
    return x * y


decorated = grad(documented)


def test_it_has_the_signature_and_the_documentation_of_the_function():
    found = ag.value_and_grad(documented)
    assert inspect.signature(found) == inspect.signature(documented)
    assert (found.__name__, found.__doc__) == ("documented", "Return a product.")
    assert found.__wrapped__ is documented
    assert "documented" in repr(found)
    assert grad(functools.partial(documented, y=4.0))(1.0) == 4.0


def test_it_is_a_method_where_a_class_has_it():
    class Model:
        weight = 3.0

        @functools.partial(grad, argnums=1)
        def slope(self, x):
            return x * x * self.weight

    assert Model().slope(2.0) == 12.0
    assert Model.slope(Model(), 2.0) == 12.0


def test_it_is_copied_as_a_function_is_and_can_be_referred_to_weakly():
    found = grad(documented)
    assert copy.copy(found) is copy.deepcopy(found) is found
    reference = weakref.ref(found)
    assert reference() is found
    del found
    gc.collect()
    assert reference() is None
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(grad(documented))


def test_cycles_through_it_are_collected():
    def make():
        kept = []
        found = grad(lambda x: x * len(kept))
        kept.append(found)
        return weakref.ref(found)

    reference = make()
    gc.collect()
    assert reference() is None


def test_threads_may_call_it_at_once():
    found = grad(rosenbrock)
    expected, results = found(XS), []
    shared = Value(2.0)
    nested = grad(lambda x: x * x * shared)

    def call():
        results.extend(found(XS) == expected and nested(3.0).data == 12.0 for _ in range(200))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 800
    assert all(results)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int8, np.longdouble])
def test_a_scalar_of_numpy_is_a_number(kind):
    found = grad(lambda x: x * x)(kind(3))
    assert (type(found), found) == (float, 6.0)
    assert ag.hessian(lambda x: x[0] ** 3)([kind(2)]) == [[12.0]]


@pytest.mark.parametrize("as_kept", [tuple, list, lambda xs: np.array(xs).tolist()])
def test_an_argument_that_grows_in_the_call_is_an_error(as_kept):
    kept = [as_kept([1.0])]

    def f(x):
        kept.append(2.0)
        return x[0][0]

    with pytest.raises(RuntimeError, match="form of an argument must be the same after the call"):
        grad(f)(kept)


def test_many_arguments_and_deep_structures():
    many = [float(i) for i in range(30)]
    f = lambda *xs: ag.dot(xs, many)  # noqa: E731
    assert grad(f, tuple(range(30)))(*many) == tuple(many)
    deep = 2.0
    for _ in range(90):
        deep = [deep]

    def square(x):
        while isinstance(x, list):
            (x,) = x
        return x * x

    found = grad(square)(deep)
    for _ in range(90):
        (found,) = found
    assert found == 4.0


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=4))
def test_an_array_gives_an_array(numbers):
    array = np.array(numbers)
    f = lambda x: (x * x).sum() * x[0]  # noqa: E731
    found = ag.hessian(f)(array)
    assert found.shape == (len(numbers), len(numbers))
    expected = 2 * array[0] * np.eye(len(numbers))
    expected[0] += 2 * array
    expected[:, 0] += 2 * array
    assert np.allclose(found, expected, rtol=1e-13, atol=1e-13)
    assert np.allclose(
        ag.grad(f)(array), 2 * array * array[0] + (array**2).sum() * np.eye(1, len(numbers))[0]
    )
    jacobian = ag.jacobian(lambda x: np.outer(x, x))(array)
    assert jacobian.shape == (len(numbers),) * 3


def test_the_mean_of_equal_entries_of_a_hessian_is_that_entry():
    """Half of an odd multiple of the least float is none."""
    w = Value(1.5e-323)
    of_values = ag.hessian(lambda x, y: x * y * w, (0, 1))(1.0, 1.0)
    assert [of_values[0][1].data, of_values[1][0].data] == [1.5e-323] * 2
    of_numbers = ag.hessian(lambda x, y: x * y * 1.5e-323, (0, 1))(1.0, 1.0)
    assert [of_numbers[0][1], of_numbers[1][0]] == [1.5e-323] * 2

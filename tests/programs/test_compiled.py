"""`compile`: a function that records itself, and then runs for a point or for many."""

import copy
import functools
import gc
import math
import pickle
import re
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pytest
from support.stacks import run_on_small_stack

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines import is_recording
from autograd_mini.errors import DomainError, NonFiniteGradientError


class Point(NamedTuple):
    x: Any
    y: Any


# --- what can be compiled ------------------------------------------------------------------------


@ag.compile
def by_name(x):
    """Return the square."""
    return x * x


@ag.compile
def factorial(x):
    return x if x < 1 else x * factorial(x - 1)


class Scale:
    def __init__(self, weight):
        self.weight = Value(weight)

    def __call__(self, x):
        return self.weight * x

    @ag.compile
    def compiled(self, x):
        return self.weight * x


def of_many(x, y=2.0, *more, k=3, **options):
    return x * y * k + sum(more) + len(options)


def test_a_function_is_recorded_once_and_called_again_with_other_numbers():
    calls = []
    f = ag.compile(lambda x, y: calls.append(1) or x * y)
    assert [f(2.0, 3.0), f(4, 0.5), f.map([1.0, 2.0], 3.0)] == [6.0, 2.0, [3.0, 6.0]]
    assert len(calls) == 2  # the first recording is made twice
    assert type(f(2.0, 3.0)) is float
    w = Value(5.0)
    g = ag.compile(lambda x: calls.append(1) or w * x)
    assert [g(x).data for x in (1.0, 2.0)] == [5.0, 10.0]
    assert len(calls) == 4


def test_a_compiled_function_has_the_name_and_the_text_of_its_function():
    assert (by_name.__name__, by_name.__doc__) == ("by_name", "Return the square.")
    f = ag.compile(lambda x: x * x + 1)
    assert repr(f) == "<compiled f: not recorded yet>"
    f(1.0)
    assert repr(f) == "<compiled f: 1 path, 2 instructions, 40 bytes>"
    assert repr(ag.compile(Scale(2.0))) == "<compiled Scale: not recorded yet>"
    long = ag.compile(lambda x: x if x > 0 else ag.sum([x * i for i in range(90)]) / x)
    long(-1.0)
    assert re.fullmatch(r"<compiled f: 1 path, 9\d instructions, \d \d{3} bytes>", repr(long))


@pytest.mark.parametrize(
    ("f", "call", "expected"),
    [
        (abs, lambda f: f(-3.0), 3.0),
        (max, lambda f: f(1.0, 3.0, 2.0), 3.0),
        (np.exp, lambda f: f(0.0), 1.0),
        (functools.partial(of_many, y=3.0), lambda f: f(1.0), 9.0),
        (functools.partial(of_many, 3.0), lambda f: f(1.0), 9.0),
        (of_many, lambda f: f(1.0), 6.0),
        (of_many, lambda f: f(1.0, 3.0, 4.0, 5.0, k=2, z=None), 16.0),
        (of_many, lambda f: f(x=1.0), 6.0),
        (of_many, lambda f: f.map([1.0, 2.0], k=4), [8.0, 16.0]),
        (ag.compile(lambda x: x * x), lambda f: f.map([3.0]), [9.0]),
        (lambda: 3.0, lambda f: f(), 3.0),
        (lambda x: x, lambda f: f.map([-0.0]), [-0.0]),
        (lambda _: 3, lambda f: f.map([1.0, 2.0]), [3.0, 3.0]),
        (factorial, lambda f: f.map([1.5, 2.5, 0.5]), [0.75, 1.875, 0.5]),
        (lambda x: factorial(x) + 1, lambda f: f.map([1.5, 2.5]), [1.75, 2.875]),
        (ag.grad(ag.compile(lambda x: x**3)), lambda f: f(2.0), 12.0),
        (ag.jvp and (lambda x: ag.jvp(lambda z: z * z, (x,), (1.0,))), lambda f: f(3.0), (9, 6)),
        (ag.grad(lambda x: x**3), lambda f: f.map([2.0, 1.0]), [12.0, 3.0]),
        (lambda x: ag.grad(lambda z: z * z * x)(x), lambda f: f.map([3.0, 1.0]), [18.0, 2.0]),
        (lambda p: p.x * p.y, lambda f: f(Point(2.0, 3.0)), 6.0),
        (lambda d: d["a"] - d["b"], lambda f: f.map({"a": [2.0, 1.0], "b": [1.0, 1.0]}), [1, 0]),
    ],
)
def test_any_function_is_compiled(f, call, expected):
    assert call(ag.compile(f)) == expected


def test_a_method_belongs_to_its_object():
    one, other = Scale(2.0), Scale(5.0)
    assert (one.compiled(3.0).data, other.compiled(3.0).data) == (6.0, 15.0)
    assert one.compiled.map([1.0, 2.0]) == [2.0, 4.0]
    assert Scale.compiled(other, 2.0).data == 10.0
    batch = one.compiled.batch([1.0, 2.0])
    batch.backward()
    assert one.weight.grad == 3.0
    assert ag.compile(one)(3.0).data == 6.0


@pytest.mark.parametrize("f", [None, 3, "x * x"])
def test_only_a_function_is_compiled(f):
    with pytest.raises(TypeError, match=r"^compile: f must be a function, got "):
        ag.compile(f)


@pytest.mark.parametrize("paths", [0, -1, 1.5, "3", True])
def test_there_is_at_least_one_path(paths):
    with pytest.raises((TypeError, ValueError), match=r"^compile: max_paths must be "):
        ag.compile(abs, max_paths=paths)


# --- results -------------------------------------------------------------------------------------


def test_a_result_has_the_structure_that_the_function_returns():
    w = Value(2.0)
    f = ag.compile(lambda x: {"a": [x, (x * 2, w * x)], "b": np.array([x, 1])})
    found = f(3.0)
    assert (found["a"][0], found["a"][1][0], found["b"].tolist()) == (3.0, 6.0, [3.0, 1.0])
    assert found["a"][1][1].data == 6.0
    many = f.map([3.0, 4.0])
    assert many["a"] == [[3.0, 4.0], ([6.0, 8.0], [6.0, 8.0])]
    assert many["b"].tolist() == [[3.0, 1.0], [4.0, 1.0]]


def test_a_result_that_is_a_parameter_is_that_value():
    w = Value(2.0)
    f = ag.compile(lambda x: w if x > 0 else x)
    assert f(1.0) is w
    assert f.map([1.0, -1.0]) == [2.0, -1.0]


def test_a_result_is_differentiated_by_the_parameters():
    w, u = Value(2.0), Value(0.5)
    z = w * w  # a node that is there already
    f = ag.compile(lambda x: ag.exp(u * x) * z)
    f(3.0).backward()
    right = Value(2.0), Value(0.5)
    (ag.exp(right[1] * 3.0) * (right[0] * right[0])).backward()
    assert (w.grad, u.grad) == (right[0].grad, right[1].grad)
    u.data = 1.0  # the numbers of parameters are read in each call
    assert f(3.0).data == (math.exp(3.0) * 4.0)


def test_derivatives_are_values_if_the_function_uses_one():
    w = Value(2.0)
    f = ag.compile(ag.value_and_grad(lambda x, y: w * x + y * y, (0, 1)))
    value, (by_x, by_y) = f(3.0, 4.0)
    assert [one.data for one in (value, by_x, by_y)] == [22.0, 2.0, 8.0]
    by_x.backward()
    assert w.grad == 1.0
    assert f.map([3.0], [4.0]) == ([22.0], ([2.0], [8.0]))


@pytest.mark.parametrize("transform", [ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian])
@pytest.mark.parametrize("argnums", [0, 1, -1, (0, 1), (-1, 0), (1,), 3, (0, -2), (0, 3)])
def test_a_compiled_derivative_is_that_of_the_eager_engine(transform, argnums):
    f = transform(lambda x, y: x * x * y, argnums)

    def attempt(call):
        try:
            return call()
        except TypeError as error:
            return str(error)

    assert attempt(lambda: ag.compile(f)(2.0, 3.0)) == attempt(lambda: f(2.0, 3.0))


def test_a_result_has_no_derivatives_of_higher_order():
    """They would be wrong: so what differentiates it twice is told."""
    w = Value(2.0)
    f = ag.compile(lambda x: w * x)
    message = (
        r"^f: derivative as a graph must be of a call of the function itself, got 'a result of its "
        r"recording'; gradients gives numbers; compile\(hessian\(f\)\) and the like go higher$"
    )
    with pytest.raises(TypeError, match=message):
        ag.gradient_graph(f(3.0), w)
    with pytest.raises(TypeError, match=message):
        ag.hessian(lambda z: ag.compile(lambda x: z * z * x)(2.0))(3.0)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "a Value or a number, got None; does it return what it computes?"),
        ("a", "a real number, got 'a'"),
        (True, "a real number, got True; use float(…) if a number is meant"),
    ],
)
def test_a_result_is_a_number_or_a_structure_of_numbers(result, words):
    with pytest.raises(TypeError) as caught:
        ag.compile(lambda _: result)(1.0)
    assert str(caught.value) == f"f: result of the function must be {words}"


def test_a_function_gets_copies_of_its_arguments():
    def change(numbers, by_key, array):
        numbers.append(numbers[0] * 2)
        by_key["b"] = by_key["a"]
        array[0] = array[1]
        return numbers, by_key, array

    f = ag.compile(change)
    numbers, by_key, array = [1.0], {"a": 2.0}, np.array([3.0, 4.0])
    for _ in range(2):
        found = f(numbers, by_key, array)
        assert found[:2] == ([1.0, 2.0], {"a": 2.0, "b": 2.0})
        assert found[2].tolist() == [4.0, 4.0]
    assert (numbers, by_key, array.tolist()) == ([1.0], {"a": 2.0}, [3.0, 4.0])


# --- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        lambda x, n: ag.sum([x for _ in range(n)]),
        lambda x, n: ag.sum([x] * n),
        lambda x, n: x * int(n),
        lambda x, n: x if n == 3 else 2 * x,
        lambda x, n: x * [1, 2, 3, 4][n],
        lambda x, n: x * {3: 4}[n],
        lambda x, n: x * (n // 2),
        lambda x, n: x if n else 2 * x,
        lambda x, n: x * len(f"{n}"),
    ],
)
def test_an_int_that_is_used_as_one_has_to_come_by_keyword(f):
    message = (
        r"^f: argument 1 must be used as a real number, got 3; pass an int that the function uses "
        r"as an int by keyword, as that is fixed"
    )
    for call in (lambda: ag.compile(f)(1.5, 3), lambda: ag.compile(f).map([1.5], 3)):
        with pytest.raises(TypeError, match=message):
            call()
    assert ag.compile(f)(1.5, n=3) == float(f(1.5, 3))


def test_values_as_arguments_run_the_function_itself():
    f = ag.compile(lambda x: x * x)
    x = Value(3.0)
    assert ag.gradients(f(x), x) == 6.0
    assert repr(f) == "<compiled f: not recorded yet>"
    with pytest.raises(TypeError, match=r"^f\.map: argument 0\[0\] must be a number, got "):
        f.map([x])
    message = (
        r"^f\.program: arguments must be numbers, or structures of numbers, got "
        r"\(Value\(data=3\.0\),\); use v\.data$"
    )
    with pytest.raises(TypeError, match=message):
        f.program(x)


def test_what_is_no_number_is_refused_with_its_place():
    with pytest.raises(TypeError, match=r"^f: argument 1\[0\] must be a real number, got 2j$"):
        ag.compile(lambda x, y: x)(1.0, [2j])
    with pytest.raises(TypeError, match=r"^f\.program: argument 0 must be a real number, got 2j$"):
        ag.compile(lambda x: x).program(2j)


@pytest.mark.parametrize("executor", [3, "threads", ThreadPoolExecutor])
def test_an_executor_is_one(executor):
    f = ag.compile(lambda x: x)
    rule = f"executor must be a concurrent.futures.Executor, got {executor!r}$"
    if executor is ThreadPoolExecutor:
        return
    with pytest.raises(TypeError, match=rf"^f\.map: {rule}"):
        f.map([1.0], executor=executor)
    with pytest.raises(TypeError, match=rf"^f\.batch: {rule}"):
        f.batch([1.0], executor=executor)


def test_points_of_no_length_have_no_results():
    f = ag.compile(lambda x: [x, {"a": x}])
    assert f.map([]) == []
    assert type(f.map(np.zeros(0))) is np.ndarray
    f(1.0)
    assert f.map([]) == [[], {"a": []}]
    assert f.map(np.zeros(0))[1]["a"].shape == (0,)


# --- errors and settings -------------------------------------------------------------------------


def test_an_error_has_the_words_of_the_eager_engine_and_the_number_of_its_sample():
    f = ag.compile(lambda x: 1.0 / x)
    words = (
        "div(x, y): the point must be in the domain y != 0, got x = 1.0, y = 0.0; inside "
        'errstate(nonfinite="ignore") the result is inf'
    )
    with pytest.raises(DomainError) as caught:
        f.map([1.0, 0.0, 2.0, 0.0])
    assert (str(caught.value), caught.value.__notes__) == (words, ["sample 1"])
    with pytest.raises(DomainError) as caught:
        f(0.0)
    assert str(caught.value) == words
    with ag.errstate(nonfinite="ignore"):
        assert f.map([1.0, 0.0, math.nan])[:2] == [1.0, math.inf]


def test_a_setting_inside_the_function_counts():
    """Whatever the setting around the call is."""

    @ag.errstate(nonfinite="ignore")
    def ignore(x):
        return ag.log(x)

    def refuse(x):
        with ag.errstate(nonfinite="raise"):
            return ag.log(x)

    assert ag.compile(ignore).map([1.0, 0.0]) == [0.0, -math.inf]
    with ag.errstate(nonfinite="ignore"), pytest.raises(DomainError):
        ag.compile(refuse).map([1.0, 0.0])


def test_an_error_in_the_function_leaves_no_recording_open():
    calls = []

    def f(x):
        calls.append(1)
        y = x * x
        if len(calls) < 3:
            raise KeyError("not yet")
        return y

    compiled = ag.compile(f)
    for _ in range(2):
        with pytest.raises(KeyError):
            compiled(2.0)
        assert not is_recording()
    assert compiled(2.0) == 4.0


def test_custom_functions_raise_their_own_errors():
    def limited(x):
        if x > 2:
            raise LookupError("no such number")
        return 2 * x

    f = ag.custom(limited, lambda _: 2.0, name="limited")
    compiled = ag.compile(lambda x: f(x) + 1)
    assert compiled.map([1.0, 2.0]) == [3.0, 5.0]
    with pytest.raises(LookupError, match="no such number") as caught:
        compiled.map([1.0, 3.0])
    assert caught.value.__notes__ == ["sample 1"]


def test_nothing_but_a_call_is_part_of_a_recording():
    inner = ag.compile(lambda x: x * x)
    message = (
        r"^f\.(map|batch|program) must be outside of what is recorded, got 'it'; call the compiled "
        "function for a point$"
    )
    for use in (
        lambda x: inner.map([1.0])[0] * x,
        lambda x: inner.batch([1.0]).data[0] * x,
        lambda x: inner.program(1.0) and x,
    ):
        with pytest.raises(TypeError, match=message):
            ag.compile(use)(1.0)
        assert not is_recording()


def test_another_structure_on_another_path_is_refused():
    f = ag.compile(lambda x: [x] if x > 0 else (x, x))
    f(1.0)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its words follow
        f(-1.0)
    assert str(caught.value) == (
        "f: form of the result must be the same on all paths, [x], got (x, x)"
    )


# --- copies --------------------------------------------------------------------------------------


def square(x):
    return x * x


def test_a_compiled_function_is_pickled_by_its_name_or_by_its_function():
    for one in (by_name, Scale.compiled):
        assert pickle.loads(pickle.dumps(one)) is one  # noqa: S301 - our own bytes
    again = pickle.loads(pickle.dumps(ag.compile(square, max_paths=3)))  # noqa: S301
    assert (again(3.0), again.__name__) == (9.0, "square")
    again = pickle.loads(pickle.dumps(ag.compile(Scale(2.0))))  # noqa: S301
    assert again(3.0).data == 6.0
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(ag.compile(lambda x: x))


def test_a_copy_records_anew():
    f = ag.compile(square)
    f(1.0)
    for twin in (copy.copy(f), copy.deepcopy(f)):
        assert repr(twin) == "<compiled square: not recorded yet>"
        assert twin(3.0) == 9.0
    model = Scale(2.0)
    model.loss = ag.compile(square)
    twin = copy.deepcopy(model)
    twin.weight.data = 7.0
    assert (twin.compiled(1.0).data, model.compiled(1.0).data, twin.loss(2.0)) == (7.0, 2.0, 4.0)
    assert copy.deepcopy(twin.compiled)(1.0).data == 7.0


# --- batches -------------------------------------------------------------------------------------


def make_batch():
    w = Value(3.0, name="w")
    return w, ag.compile(lambda x, t: (w * x - t) ** 2).batch([1.0, 2.0], [3.0, 4.0])


def test_a_batch_has_results_and_goes_backward_as_often_as_one_wants():
    w, batch = make_batch()
    assert (batch.data, len(batch)) == ([0.0, 4.0], 2)
    batch.backward()
    assert w.grad == 8.0
    batch.backward(seed=0.5)
    batch.backward(seed=[1.0, -0.25])
    assert w.grad == 8.0 + 4.0 - 2.0
    batch.backward(seed=np.array([0.0, 1.0]))
    assert w.grad == 18.0


def test_a_batch_has_the_numbers_of_the_time_when_it_was_made():
    w = Value(3.0)
    xs = np.array([1.0, 2.0])
    batch = ag.compile(lambda x: w * w * x).batch(xs)
    w.data, xs[:] = 100.0, 7.0
    batch.backward(seed=[1.0, 1.0])
    assert (batch.data.tolist(), w.grad) == ([9.0, 18.0], 18.0)


def test_a_batch_does_not_see_parameters_that_others_meet_later():
    w, u = Value(2.0), Value(5.0)
    f = ag.compile(lambda x: w * x if x > 0 else u * x)
    batch = f.batch([1.0, 2.0])
    f.batch([-1.0])
    batch.backward(seed=[1.0, 2.0])
    assert (w.grad, u.grad) == (5.0, 0.0)


def test_a_batch_is_not_taken_for_the_one_before():
    """Of arrays of the same shapes, where keyword arguments, settings or paths are others."""
    w, xs = Value(2.0), np.ones(3)
    f = ag.compile(lambda x, y=1.0: w * x * y if x < 2 else ag.log(w * x))
    for _ in range(2):
        assert f.batch(xs).data.tolist() == [2.0] * 3
        assert f.batch(xs, y=3.0).data.tolist() == [6.0] * 3
        assert f.batch(xs).data.tolist() == [2.0] * 3
        assert f.batch(xs, 4.0).data.tolist() == [8.0] * 3
        assert f.batch(np.float32(xs)).data.tolist() == [2.0] * 3
        assert f.batch(np.array([1.0, 3.0])).data.tolist() == [2.0, math.log(6.0)]
        assert f.batch(np.array([])).data.tolist() == []
        w.data = -2.0
        with pytest.raises(DomainError) as caught:
            f.batch(np.array([1.0, 3.0]))
        assert caught.value.__notes__ == ["sample 1"]
        with ag.errstate(nonfinite="ignore"):
            assert math.isnan(f.batch(np.array([1.0, 3.0])).data[1])
        w.data = 2.0


def test_a_batch_of_structures_is_not_taken_for_one_of_arrays():
    w, xs = Value(2.0), np.ones(3)
    f = ag.compile(lambda a, b: w * (a[0] - a[1]) if b is None else w * a * b)
    for _ in range(2):
        assert f.batch((xs, 3.0 * xs), None).data.tolist() == [-4.0] * 3
        assert f.batch(xs, 3.0 * xs).data.tolist() == [6.0] * 3
    g = ag.compile(lambda a, b: w * (b if isinstance(a, str) else a + b))
    for _ in range(2):
        assert g.batch("a", xs).data.tolist() == [2.0] * 3
        assert g.batch(xs, xs).data.tolist() == [4.0] * 3


def test_a_batch_comes_after_a_batch_without_points():
    w = Value(2.0)
    f = ag.compile(lambda x: w * x)
    assert f.batch(np.zeros(0)).data.tolist() == f.batch(np.zeros(0)).data.tolist() == []
    assert f.batch(np.ones(2)).data.tolist() == [2.0, 2.0]


def test_a_batch_without_points_or_parameters_changes_nothing():
    w = Value(3.0)
    f = ag.compile(lambda x: w * x)
    empty = f.batch([])
    empty.backward()
    empty.backward(seed=[])
    assert (empty.data, len(empty), w.has_grad) == ([], 0, False)
    ag.compile(lambda x: x).batch([1.0]).backward()


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ([1.0], " must be a number, or 2 numbers, one for each result, got '1 number'"),
        ("a", " must be a number, or 2 numbers, one for each result, got 'a'"),
        (True, " must be a real number, got True; use float(…) if a number is meant"),
        ([1.0, "a"], "[1] must be a real number, got 'a'"),
        (None, " must be a real number, got None"),
    ],
)
def test_there_is_a_weight_for_each_result(seed, words):
    w, batch = make_batch()
    with pytest.raises((TypeError, ValueError)) as caught:
        batch.backward(seed=seed)
    assert str(caught.value) == f"Batch.backward: seed{words}"
    assert not w.has_grad


@pytest.mark.parametrize("seed", [math.nan, math.inf, [math.nan, 1.0]])
def test_a_gradient_that_is_not_finite_changes_no_gradient(seed):
    w, batch = make_batch()
    w.grad = 0.5
    with pytest.raises(NonFiniteGradientError, match=r"^Value\.backward: the gradient of 'w' "):
        batch.backward(seed=seed)
    assert w.grad == 0.5


def test_a_batch_is_of_functions_with_one_number_as_result():
    with pytest.raises(TypeError) as caught:
        ag.compile(lambda x: [x]).batch([1.0])
    assert str(caught.value) == (
        "f.batch: result of the function must be one number, got [x]; use map"
    )


# --- threads, memory -----------------------------------------------------------------------------


def branchy(x):
    for i in range(6):
        x = x * 1.1 + 0.3 if x < i else x * 0.5 - 0.1
    return x


def test_threads_call_the_same_compiled_function():
    f, wrong = ag.compile(branchy), []

    def call(seed):
        xs = np.random.default_rng(seed).uniform(-3.0, 8.0, size=100).tolist()
        right = [branchy(Value(x)).data for x in xs]
        wrong.append(right != f.map(xs) or right != [f(x) for x in xs])

    threads = [threading.Thread(target=call, args=[i]) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [False] * 6


def test_paths_that_shards_meet_at_a_time_are_recorded_once():
    xs = np.random.default_rng(0).uniform(-3.0, 8.0, size=50_000)
    with ThreadPoolExecutor(3) as executor:
        found = ag.compile(branchy).map(xs, executor=executor)
    assert np.array_equal(found, ag.compile(branchy).map(xs))


def test_a_long_chain_is_recorded_and_run_on_a_small_stack():
    def chain(x):
        for _ in range(10_000):
            x = ag.sin(x)
        return x

    found = []
    assert run_on_small_stack(lambda: found.append(ag.compile(ag.value_and_grad(chain)).map([0.5])))
    assert found[0] == tuple([one] for one in ag.value_and_grad(chain)(0.5))


def test_a_compiled_function_is_freed_with_its_recordings():
    class Owner:
        pass

    owner = Owner()
    owner.w = Value(2.0)
    gone = weakref.ref(owner)
    f = ag.compile(lambda x, owner=owner: owner.w * x if x > 0 else x)
    f.map([1.0, -1.0])
    batch = f.batch([1.0, -1.0])
    batch.backward(seed=[1.0, 2.0])
    gc.collect()
    gc.disable()
    try:
        del f, batch, owner
        assert gone() is None  # without the collector, so there is no cycle
    finally:
        gc.enable()


def test_calls_keep_no_memory():
    w = Value(2.0)
    f = ag.compile(lambda x: ag.log(w * x))

    def call():
        f(3.0)
        f.map([3.0, 4.0])
        f.batch([1.0]).backward()
        with pytest.raises(DomainError):
            f.map([1.0, -1.0])

    for _ in range(20):
        call()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(200):
        call()
    gc.collect()
    assert len(gc.get_objects()) - before < 50

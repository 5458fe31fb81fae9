"""Functions of an example that are recorded, for many examples."""

from array import array
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.errors import DomainError, NonFiniteGradientError
from autograd_mini.nn import MLP, Module, Neuron
from autograd_mini.programs import shards
from autograd_mini.programs.predictor import Examples, Predictor, Total

W = Value(0.5, name="w")
GIVEN = [([1.0, 2],), ([3.0, -1.0],), ([0.0, 0.5],)]


@pytest.fixture(autouse=True)
def a_weight():
    W.data, W.grad = 0.5, 0.0


def make_columns(given=GIVEN, chosen=range(3)):
    examples = Examples("X", given)
    return examples, examples.columns(chosen)


# --- examples ------------------------------------------------------------------------------------


def test_any_choice_of_examples_becomes_columns():
    examples, columns = make_columns(chosen=[2, 0, 0])
    assert columns.count == 3
    assert [columns.sample(i) for i in range(3)] == [[0.0, 0.5], [1.0, 2.0], [1.0, 2.0]]
    assert examples.rows([1]) == array("d", [3.0, -1.0])


def test_the_numbers_of_the_same_choice_are_put_together_once():
    examples, _ = make_columns()
    first, other = [0, 1], [0, 1]
    rows = examples.rows(first)
    assert examples.rows(first) is rows
    assert examples.rows(other) is not rows
    assert examples.rows(first) == rows


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ([(1.0,), ([1.0],)], ValueError, r"^X\[1\] must be of the form of X\[0\]"),
        ([(1.0,), (Value(1.0),)], TypeError, r"^X\[1\] must be numbers, got .*in the model$"),
        ([(2**60 + 1,)], ValueError, r"^X\[0\]: argument 0 must be"),
        ([("a",), ("b",)], ValueError, r"^X\[1\] must be of the form"),
    ],
)
def test_examples_of_no_or_several_forms_are_refused(given, error, match):
    with pytest.raises(error, match=match):
        Examples("X", given)


# --- totals --------------------------------------------------------------------------------------


def test_a_total_has_the_results_and_the_derivatives_of_their_sum():
    examples, columns = make_columns()
    total = Total(lambda x: W * x[0] * x[1], "f", examples.form)
    results, sums = total.compute(columns, 0.5, None)
    assert list(results) == [1.0, -1.5, 0.0]
    assert list(sums) == [0.5 * (2.0 - 3.0)]
    W.grad = 3.0
    total.add_gradients(sums)
    assert W.grad == 2.5
    total.add_gradients(sums, (W * W) * 2.0)
    assert W.grad == 2.5 - 0.5 + 2.0


def test_a_total_is_of_one_number():
    examples, columns = make_columns()
    with pytest.raises(TypeError, match="one number"):
        Total(lambda x: [W * x[0]], "f", examples.form).compute(columns, 1.0, None)


def test_gradients_that_are_not_finite_change_nothing():
    examples, columns = make_columns([(1e200,), (1.0,)], range(2))
    total = Total(lambda x: W * x, "f", examples.form)
    _, sums = total.compute(columns, 1e200, None)
    with pytest.raises(NonFiniteGradientError, match="'w'"):
        total.add_gradients(sums)
    assert W.grad == 0.0
    with ag.errstate(nonfinite="ignore"):
        total.add_gradients(sums)
    assert W.grad == float("inf")


# --- predictions ---------------------------------------------------------------------------------


def spread(x):
    return {"sum": W * x[0] + x[1], "pair": (x[0], W)}


class Counting(ThreadPoolExecutor):
    """Threads that count what they get."""

    submitted = 0

    def submit(self, *args):
        self.submitted += 1
        return super().submit(*args)


@pytest.mark.parametrize("threads", [0, 2])
def test_a_predictor_gives_the_numbers_of_results_and_derivatives(threads, monkeypatch):
    monkeypatch.setattr(shards, "SHARD", 2)
    examples, columns = make_columns()
    predictor = Predictor(spread, "f", examples.form)
    executor = Counting(threads) if threads else None
    numbers = predictor.predict(columns, executor)
    assert list(numbers) == [2.5, 1.0, 0.5, 0.5, 3.0, 0.5, 0.5, 0.0, 0.5]
    assert predictor.build(numbers, 3)[0] == {"sum": 2.5, "pair": (1.0, 0.5)}
    assert predictor.build([*range(9)], 3)[2] == {"sum": 6, "pair": (7, 8)}
    weights = array("d", [1.0, 9.0, 0.0, 2.0, 9.0, 1.0, 0.0, 9.0, 4.0])
    sums = predictor.differentiate(columns, weights, executor)
    assert list(sums) == [1.0 + 2.0 * 3.0 + 1.0 + 4.0]
    assert executor is None or executor.submitted == 4  # two shards each
    predictor.add_gradients(sums, None)
    assert W.grad == 12.0


def test_a_sample_that_meets_something_else_than_numbers_is_computed_by_its_model():
    examples, columns = make_columns([(2.0,), (-1.0,), (0.0,)])
    predictor = Predictor(lambda x: ag.log(x) * W if x > 0 else x, "f", examples.form)
    assert list(predictor.predict(columns)) == [ag.log(2.0) * 0.5, -1.0, 0.0]
    examples, columns = make_columns([(2.0,), (0.0,)], range(2))
    with pytest.raises(DomainError) as caught:
        Predictor(lambda x: ag.log(x) * W, "f", examples.form).predict(columns)
    assert caught.value.__notes__ == ["sample 1"]


def test_a_sample_that_c_leaves_out_has_its_place_among_the_others():
    """At 0, the derivative by z is infinite, and the model itself is called."""
    examples, columns = make_columns([(2.0,), (0.0,), (-1.0,)])
    slope = ag.grad(lambda z: ag.hypot(z, 0.0))
    predictor = Predictor(lambda x: [W * slope(x), x], "f", examples.form)
    assert list(predictor.predict(columns)) == [0.5, 2.0, 0.0, 0.0, -0.5, -1.0]


# --- Module.predict ------------------------------------------------------------------------------


class Own(Module):
    """A model of a user."""

    def __init__(self, compute):
        self.compute, self.w = compute, Value(0.5)

    def __call__(self, x):
        return self.compute(self, x)


def test_predictions_are_the_numbers_that_the_model_returns():
    model = MLP(2, [3, 2], activation="tanh")
    inputs = np.random.default_rng(0).normal(size=(7, 2))
    expected = [[a.data for a in model(x)] for x in inputs]
    found = model.predict(inputs)
    assert (type(found), found.dtype, found.tolist()) == (np.ndarray, np.float64, expected)
    assert model.predict(inputs.tolist()) == expected
    single = Neuron(2)
    assert single.predict(inputs).tolist() == [single(x).data for x in inputs]
    assert single.predict([[1, 2]]) == [single([1, 2]).data]


def test_a_model_is_called_for_no_example_but_the_first():
    calls = []
    model = Own(lambda m, x: calls.append(x) or m.w * x)
    assert model.predict([1.0, 2.0, 3.0]) == [0.5, 1.0, 1.5]
    assert len(calls) == 2  # the first recording is made twice


@pytest.mark.parametrize("given", [[], (), np.zeros((0, 2))])
def test_no_examples_have_no_predictions(given):
    assert len(Neuron(2).predict(given)) == 0


@pytest.mark.parametrize(
    ("compute", "given", "expected"),
    [
        (lambda m, x: m.w * m.w.data * x, [2.0, 4.0], [0.5, 1.0]),  # it cannot be recorded
        (lambda m, x: m.w * len(x), ["a", "bc"], [0.5, 1.0]),
        (
            lambda m, x: {"y": [m.w * sum(x), 1]},
            [[1.0], [1.0, 3.0]],
            [{"y": [0.5, 1.0]}, {"y": [2.0, 1.0]}],
        ),
        (lambda m, x: m.w * x if x > 1 else [x], [2.0, 1.0], [1.0, [1.0]]),
        (lambda m, x: x, np.array([1.0, 2.0]), np.array([1.0, 2.0])),
        (lambda m, x: {"y": x}, np.array([1.0, 2.0]), [{"y": 1.0}, {"y": 2.0}]),
    ],
)
def test_what_cannot_be_recorded_is_called(compute, given, expected):
    found = Own(compute).predict(given)
    assert type(found) is type(expected)
    assert list(found) == list(expected)


def test_a_model_may_change_between_predictions():
    model = Neuron(1, weights=[2.0], activation="linear")
    assert model.predict([[1.0]]) == [2.0]
    model.weights[0].data = 3.0
    assert model.predict([[1.0]]) == [3.0]
    model.weights = [Value(-1.0)]
    model.activation = Neuron(1, activation="relu").activation
    assert model.predict([[1.0]]) == [0.0]


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        (
            3,
            TypeError,
            r"^Neuron\.predict: X must be a list of examples, an array or a frame, got 3$",
        ),
        ({"a": 1}, TypeError, r"use \.values\(\)$"),
        ([[1.0], [1.0]], ValueError, "length of x must be 2"),
        ([[1.0, 1e308]], DomainError, "dot"),
    ],
)
def test_an_error_is_that_of_the_model(given, error, match):
    with pytest.raises(error, match=match):
        Neuron(2, weights=[1.0, 10.0]).predict(given)


def test_predictions_change_no_gradient():
    model = Neuron(1)
    model.predict([[1.0], [2.0]])
    assert not any(p.has_grad for p in model.parameters())


@pytest.mark.parametrize(
    "make",
    [
        lambda rows: np.repeat(rows, 2, axis=1)[:, ::2],
        np.asfortranarray,
        lambda rows: rows.astype(np.float32),
        lambda rows: rows.astype(np.int8),
        lambda rows: rows.astype(object),
        lambda rows: rows.astype(">f8"),
    ],
    ids=["strided", "columns", "float32", "int8", "objects", "big endian"],
)
@pytest.mark.parametrize("outputs", [1, 3])
def test_any_array_is_predicted_row_by_row(make, outputs):
    model = MLP(2, [4, outputs], rng=1)
    rows = make(np.array([[1.0, 2.0], [-3.0, 0.0], [5.0, 4.0]]))
    found = model.predict(rows)
    assert found.dtype == float
    assert found.tolist() == model.predict(rows.tolist())
    assert found.shape == ((3,) if outputs == 1 else (3, 3))

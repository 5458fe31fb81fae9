"""Validation data and metrics: what `fit` measures at the end of each epoch."""

import functools
import math
import random

import numpy as np
import pytest
from support.sequences import pandas

import autograd_mini as ag
from autograd_mini import SGD, Adam, Value, fit, losses
from autograd_mini.errors import StateError
from autograd_mini.nn import MLP, Dropout, Module

X = [[x / 10] for x in range(-10, 10)]
Y = [x * x - 0.5 * x for (x,) in X]


def trained(*, model=None, epochs=6, compiled=False, **options):
    model = model or MLP(1, [5, 1], activation="tanh", rng=3)
    given = {"loss": "mse", "optimizer": Adam(model.parameters(), 0.05)} | options
    examples = given.pop("X", X), given.pop("y", Y)
    return model, fit(model, *examples, epochs=epochs, compiled=compiled, **given)


def mse(model, inputs, targets):
    return losses.mean_squared_error([model(x) for x in inputs], targets).data


each_way = pytest.mark.parametrize("compiled", [False, True], ids=["graphs", "compiled"])


# --- validation ----------------------------------------------------------------------------------


@each_way
def test_the_validation_loss_is_that_of_the_weights_at_the_end_of_each_epoch(compiled):
    expected = []
    inside, outside = X[::2], X[1::2]
    wanted, hidden = Y[::2], Y[1::2]
    for epochs in range(1, 5):
        model, _ = trained(X=inside, y=wanted, epochs=epochs, compiled=compiled)
        expected.append(mse(model, outside, hidden))
    data = {"X": inside, "y": wanted, "validation_data": (outside, hidden)}
    model, history = trained(epochs=4, compiled=compiled, **data)
    assert history["val_loss"] == pytest.approx(expected, rel=1e-12)
    assert (
        model.state_dict()
        == trained(X=inside, y=wanted, epochs=4, compiled=compiled)[0].state_dict()
    )
    assert len(history) == 4


def test_a_split_validates_with_the_last_share_before_any_shuffle():
    model, history = trained(validation_split=0.25, rng=7)
    other, same = trained(X=X[:15], y=Y[:15], validation_data=(X[15:], Y[15:]), rng=7)
    assert model.state_dict() == other.state_dict()
    assert history.history == same.history


@pytest.mark.parametrize(("split", "first"), [(0.1, 18), (0.3, 14), (0.9, 1), (0.01, 19)])
def test_the_share_is_rounded_as_keras_does(split, first):
    """It floors the number of examples that are left to train with."""
    seen = []

    def loss(predictions, targets):
        seen.append(len(targets))
        return losses.mean_squared_error(predictions, targets)

    trained(loss=loss, validation_split=split, epochs=1)
    assert {*seen} == {first, 20 - first}


@pytest.mark.parametrize("make", [np.array, tuple, lambda rows: iter(list(rows))])
def test_validation_data_may_be_any_sequence(make):
    _, history = trained(validation_data=(make(X), make(Y)))
    assert history["val_loss"] == trained(validation_data=(X, Y))[1]["val_loss"]


def test_frames_validate_too():
    frame, series = pandas().DataFrame({"x": [x for (x,) in X]}), pandas().Series(Y)
    _, history = trained(X=frame, y=series, validation_split=0.25, metrics=["r2"])
    assert history.history == trained(validation_split=0.25, metrics=["r2"])[1].history


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"validation_data": 3}, TypeError, "validation_data must be a pair of examples and targe"),
        ({"validation_data": (X,)}, ValueError, "validation_data must be a pair of examples and"),
        ({"validation_data": (X, Y, Y)}, ValueError, "validation_data must be a pair of examples"),
        (
            {"validation_data": (X, Y[1:])},
            ValueError,
            r"validation_data\[0\] and validation_data\[1\] must be equally long, got .* 20 and 19",
        ),
        (
            {"validation_data": ([], [])},
            ValueError,
            r"validation_data\[0\] must be a list of one example or more, got \[\]",
        ),
        (
            {"validation_data": (X, Y), "validation_split": 0.5},
            ValueError,
            "split must be None, .*; pass one of the two$",
        ),
        (
            {"validation_split": 0.0},
            ValueError,
            "split must be a share that leaves some",
        ),
        (
            {"validation_split": 1.0},
            ValueError,
            "split must be a share that leaves some",
        ),
        ({"validation_split": 0.999}, ValueError, "of 20 examples on both sides, got 0.999"),
        ({"validation_split": math.nan}, ValueError, "validation_split must be finite, got nan"),
        ({"validation_split": "a"}, TypeError, "validation_split must be a real number, got 'a'"),
    ],
)
def test_other_validation_data_are_refused_before_anything_moves(options, error, message):
    model = MLP(1, [5, 1], rng=3)
    before = model.state_dict()
    with pytest.raises(error, match=f"^fit: .*{message}"):
        trained(model=model, **options)
    assert model.state_dict() == before


@each_way
def test_what_cannot_be_validated_is_an_error_before_the_first_epoch(compiled):
    """Rather than at the end of an epoch that took an hour."""
    model = MLP(1, [5, 1], rng=3)
    before = model.state_dict()
    with pytest.raises(ValueError, match="length of x must be 1") as caught:
        trained(model=model, validation_data=([[1.0, 2.0]], [3.0]), compiled=compiled)
    assert caught.value.__notes__[-1] == (
        "fit: this was measured with the validation data, before any update"
    )
    assert model.state_dict() == before
    assert model.training


def test_a_validation_that_overflows_later_is_a_divergence():
    class Power(Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, x):
            return ag.exp(self.w * x)

    model = Power()
    options = {"optimizer": SGD(model.parameters(), 0.5), "validation_data": ([300.0], [0.0])}
    _, history = trained(model=model, X=[0.1, 0.2], y=[3.0, 4.0], **options)
    assert history.stopped == "diverged"
    assert len(history["val_loss"]) == len(history["loss"]) == 1
    assert math.isnan(history["val_loss"][0])
    assert model.w.data == 1.0


# --- metrics -------------------------------------------------------------------------------------


@each_way
def test_metrics_are_those_of_the_weights_at_the_end_of_each_epoch(compiled):
    def worst(predictions, targets):
        assert {type(x) for x in predictions + targets} == {float}
        return max(abs(p - t) for p, t in zip(predictions, targets, strict=True))

    options = {"metrics": ["r2", "mae", worst], "validation_split": 0.25}
    model, history = trained(compiled=compiled, epochs=3, **options)
    assert [*history.history] == [
        "loss", "grad_norm", "r2", "mae", "worst", "val_loss", "val_r2", "val_mae", "val_worst",
    ]  # fmt: skip
    for prefix, part in (("", slice(0, 15)), ("val_", slice(15, 20))):
        predictions = model.predict(X[part])
        assert history[f"{prefix}worst"][-1] == worst(predictions, Y[part])
        mae = losses.mean_absolute_error(predictions, Y[part])
        assert history[f"{prefix}mae"][-1] == pytest.approx(mae, rel=1e-14)
    assert {len(numbers) for numbers in history.history.values()} == {3}


@each_way
def test_a_metric_gets_the_structure_that_the_model_returns(compiled):
    class Pair(Module):
        def __init__(self):
            self.w = Value(2.0)

        def __call__(self, x):
            return {"mean": self.w * x[0], "others": (self.w, [x[0]])}

    def loss(predictions, targets):
        return ag.sum([one["mean"] * one["mean"] for one in predictions])

    def first(predictions, targets):
        seen.append(predictions[0])
        return predictions[0]["mean"]

    seen = []
    options = {"loss": loss, "metrics": [first], "optimizer": "sgd", "compiled": compiled}
    _, history = trained(model=Pair(), X=[[1.0], [2.0]], y=[0.0, 0.0], epochs=1, **options)
    assert seen[0] == {"mean": 2.0, "others": [2.0, [1.0]]}
    assert history["first"] == [seen[-1]["mean"]]


def test_metrics_do_not_change_a_training():
    plain, measured = trained(rng=5, batch_size=3), trained(rng=5, batch_size=3, metrics=["mae"])
    assert plain[0].state_dict() == measured[0].state_dict()
    assert plain[1]["loss"] == measured[1]["loss"]


TWO = [[x, y] for x in (-1.0, 1.0) for y in (-1.0, -0.5, 0.5, 1.0)]
IS_RIGHT = [int(x > 0) for x, _ in TWO]


@each_way
@pytest.mark.parametrize(
    ("output", "loss"),
    [
        ("linear", "binary_cross_entropy"),
        ("sigmoid", functools.partial(losses.binary_cross_entropy, from_logits=False)),
    ],
    ids=["logits", "probabilities"],
)
def test_accuracy_knows_a_logit_from_a_probability(output, loss, compiled):
    """A model that gives 0.4 or less to all is wrong about half, with or without a sigmoid."""
    model = MLP(2, [1], output_activation=output, rng=1)
    bias = -0.5
    for parameter, number in zip(model.parameters(), [0.25, 0.0, bias], strict=True):
        parameter.data = number
    options = {"X": TWO, "y": IS_RIGHT, "loss": loss, "metrics": ["accuracy"]}
    sgd = SGD(model.parameters(), 0.0)
    _, history = trained(model=model, optimizer=sgd, epochs=1, compiled=compiled, **options)
    assert history["accuracy"] == [0.5]
    model.parameters()[2].data = 0.0
    _, history = trained(model=model, optimizer=sgd, epochs=1, compiled=compiled, **options)
    assert history["accuracy"] == [1.0]


@each_way
def test_accuracy_of_rows_is_that_of_the_greatest_number(compiled):
    model = MLP(2, [3], rng=1)
    classes = [i % 3 for i in range(8)]
    options = {"X": TWO, "y": classes, "loss": "cross_entropy", "metrics": ["accuracy"]}
    model, history = trained(model=model, compiled=compiled, **options)
    hits = [row.index(max(row)) == t for row, t in zip(model.predict(TWO), classes, strict=True)]
    assert history["accuracy"][-1] == sum(hits) / 8


@pytest.mark.parametrize(
    ("metrics", "error", "message"),
    [
        (
            "accuracy",
            TypeError,
            "metrics must be a list of names or functions, got 'accuracy'; pu",
        ),
        (max, TypeError, "metrics must be a list of names or functions, got <built-in .*; put it"),
        (["acuracy"], ValueError, "metric must be a function of .*, or one of accuracy, r2, mse"),
        ([3], TypeError, "metric must be a name or a function, got 3"),
        (["mae", "mae"], ValueError, "name of a metric must be unique, got 'mae'"),
        ([{"a"}], TypeError, "metric must be a name or a function"),
    ],
)
def test_other_metrics_are_refused(metrics, error, message):
    with pytest.raises(error, match=f"^fit: {message}"):
        trained(metrics=metrics)


def test_a_metric_that_returns_no_number_is_named():
    def many(predictions, targets):
        return predictions

    with pytest.raises(TypeError, match=r"^fit: result of metric 'many' must be a real number"):
        trained(metrics=[many])


def test_a_metric_with_the_name_of_a_quantity_is_refused():
    def loss(predictions, targets):
        return 0.0

    with pytest.raises(ValueError, match=r"^fit: name of a metric must be unique, got 'loss'$"):
        trained(metrics=[loss])


# --- modes and history ---------------------------------------------------------------------------


class Dropping(Module):
    def __init__(self):
        self.hidden = ag.Layer(1, 8, activation="tanh", rng=1)
        self.dropout = Dropout(0.5, rng=2)
        self.output = ag.Neuron(8, activation="linear", rng=3)
        self.modes = []

    def __call__(self, x):
        self.modes.append(self.training)
        return self.output(self.dropout(self.hidden(x)))


def test_a_model_trains_in_each_epoch_and_not_while_it_is_measured():
    model = Dropping()
    trained(model=model, epochs=2, validation_split=0.5, metrics=["mae"])
    first, each = [False] * 20, [True] * 10 + [False] * 20
    assert model.modes == first + each + each
    assert not model.training


def test_a_dropout_is_refused_where_it_would_be_frozen():
    with pytest.raises(TypeError, match=r"^Dropout: mode must be eval .*; call eval\(\), or"):
        trained(model=Dropping(), compiled=True)


def test_a_model_with_other_dropouts_cannot_go_on():
    history = trained(model=Dropping(), epochs=1)[1]
    assert trained(model=Dropping(), epochs=2, resume=history)[1].epochs == 2
    unknown, none = Dropping(), MLP(1, [8, 1])
    unknown.dropout.rng = None  # which draws from Python's own generator
    for model in (unknown, none):
        with pytest.raises(StateError, match=r"^fit: model must be with 1 Dropouts, each with an"):
            trained(model=model, epochs=2, resume=trained(model=Dropping(), epochs=1)[1])


def test_a_dropout_with_pythons_own_generator_goes_on_with_what_that_gives():
    model = Dropping()
    model.dropout.rng = None
    history = trained(model=model, epochs=1)[1]
    assert trained(model=model, epochs=2, resume=history)[1].epochs == 2


def test_with_a_dropout_that_drops_nothing_a_training_may_be_compiled():
    model = MLP(1, [4, 1], rng=1)

    class Wrapped(Module):
        def __init__(self):
            self.model, self.dropout = model, Dropout(0.0)

        def __call__(self, x):
            return self.model(self.dropout(x))

    _, history = trained(model=Wrapped(), compiled=True)
    assert history.stopped == "epochs"


def test_a_history_gives_its_quantities_by_name():
    _, history = trained(validation_split=0.5)
    assert history["val_loss"] is history.history["val_loss"]
    assert (len(history), bool(history)) == (6, True)
    message = r"^\"History: a quantity must be one of \['loss', 'grad_norm', 'val_loss'\], got"
    with pytest.raises(KeyError, match=message):
        history["acc"]
    with pytest.raises(TypeError, match="not iterable"):
        iter(history)


def test_what_is_measured_cannot_change_when_a_training_goes_on():
    model, history = trained(validation_split=0.5, epochs=2)
    message = (
        r"^fit: metrics and validation must be to measure \['val_loss'\], as in resume, got \[\]$"
    )
    with pytest.raises(StateError, match=message):
        trained(model=model, resume=history)
    with pytest.raises(StateError, match=r"^fit: metrics and validation must be .*got \['mae', 'v"):
        trained(model=model, resume=history, metrics=["mae"], validation_split=0.5)


@each_way
@pytest.mark.parametrize("most", [1e-3, 1e3])
def test_a_clipped_training_is_that_of_a_loop_with_clipped_gradients(most, compiled):
    model, history = trained(
        model=MLP(1, [4, 1], rng=random.Random(1)), clip_norm=most, batch_size=5, compiled=compiled
    )
    plain = MLP(1, [4, 1], rng=random.Random(1))
    adam = Adam(plain.parameters(), 0.05)
    for _ in range(6):
        for at in range(0, 20, 5):
            adam.zero_grad()
            mse_of = losses.mean_squared_error
            mse_of([plain(x) for x in X[at : at + 5]], Y[at : at + 5]).backward()
            ag.optim.clip_gradients(adam.parameters, most)
            adam.step()
    expected = pytest.approx([*plain.state_dict().values()], rel=1e-9)
    assert [*model.state_dict().values()] == expected
    assert max(history["grad_norm"]) > 1e-2  # before it is clipped


@pytest.mark.parametrize("bad", [0, -1.0, math.nan, "1"])
def test_a_largest_norm_is_above_0(bad):
    with pytest.raises((TypeError, ValueError), match=r"^fit: clip_norm must be "):
        trained(clip_norm=bad)

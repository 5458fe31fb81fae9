"""Dropout, and the modes of modules."""

import copy
import pickle
import random
import re
import statistics

import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.nn import MLP, Dropout, Module


class Network(Module):
    def __init__(self, rate=0.5, rng=0):
        self.hidden = ag.Layer(2, 8, activation="tanh", rng=1)
        self.dropout = Dropout(rate, rng=rng)
        self.output = ag.Neuron(8, activation="linear", rng=2)

    def __call__(self, x):
        return self.output(self.dropout(self.hidden(x)))


# --- what is dropped -----------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_an_input_is_dropped_with_the_rate_and_the_expectation_stays(rate):
    dropout = Dropout(rate, rng=random.Random(3))
    found = dropout([1.0] * 20000)
    assert {*found} == {0.0, 1 / (1 - rate)}
    assert found.count(0.0) / 20000 == pytest.approx(rate, abs=0.02)
    assert statistics.fmean(found) == pytest.approx(1.0, abs=0.06)


def test_a_number_drawn_that_is_the_rate_drops_nothing():
    """The numbers below the rate are its share of all numbers from 0 to 1, without 1."""

    class Fixed(random.Random):
        def random(self):
            return 0.5

    assert Dropout(0.5, rng=Fixed())([1.0]) == [2.0]
    assert Dropout(0.75, rng=Fixed())([1.0]) == [0.0]


def test_a_gradient_passes_what_is_kept_and_no_other():
    xs = [Value(2.0) for _ in range(50)]
    kept = Dropout(0.5, rng=1)(xs)
    ag.sum(kept).backward()
    assert [x.grad for x in xs] == [y.data for y in Dropout(0.5, rng=1)([Value(1.0)] * 50)]
    assert {x.grad for x in xs} == {0.0, 2.0}


def test_a_single_value_is_dropped_or_kept():
    x = Value(3.0)
    dropout = Dropout(0.5, rng=0)
    assert {dropout(x).data for _ in range(20)} == {0.0, 6.0}
    assert {dropout(3.0) for _ in range(20)} == {0.0, 6.0}
    assert dropout.eval()(x) is x


def test_without_training_nothing_is_dropped_and_nothing_drawn():
    dropout = Dropout(0.5, rng=0).eval()
    before = dropout.rng.getstate()
    xs = [Value(1.0), 2.0]
    assert dropout(iter(xs)) == xs
    assert dropout.rng.getstate() == before
    assert Dropout(0.0, rng=0)(xs) == xs


def test_the_same_rng_drops_the_same():
    def drop(rng):
        return Dropout(0.5, rng=rng)([1.0] * 64)

    assert drop(4) == drop(random.Random(4)) != drop(5)
    random.seed(9)
    first = drop(None)
    random.seed(9)
    assert drop(None) == first != drop(None)


def pickled(module):
    return pickle.loads(pickle.dumps(module))  # noqa: S301 - our own


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_copy_drops_what_the_original_would(copied):
    dropout = Dropout(0.5, rng=0)
    other = copied(dropout)
    assert other([1.0] * 64) == dropout([1.0] * 64)
    assert copied(dropout.eval())([1.0] * 64) == [1.0] * 64


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dropout(1.0), "Dropout: rate must be at least 0 and below 1, got 1.0"),
        (lambda: Dropout(-0.5), "Dropout: rate must be at least 0 and below 1, got -0.5"),
        (lambda: Dropout("0.5"), "Dropout: rate must be a real number, got '0.5'"),
        (lambda: Dropout(0.5, rng="3"), "Dropout: rng must be a random.Random, an int or None"),
        (lambda: Dropout(0.5)({1.0}), "Dropout: x must be a list, got {1.0}"),
        (lambda: Dropout(0.5)([[1.0]]), "Dropout: an input must be a real number, got [1.0]"),
        (lambda: Dropout(0.5).eval()("ab"), "Dropout: x must be a list, got 'ab'"),
    ],
)
def test_wrong_arguments_are_refused(make, message):
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(message)}"):
        make()


def test_it_has_no_parameters_and_says_what_it_is():
    assert repr(Dropout(0.25)) == "Dropout(0.25, 0 parameters)"
    assert len(Network().parameters()) == 33


# --- modes ---------------------------------------------------------------------------------------


def test_a_new_module_trains_and_all_modules_in_it_change_together():
    network = Network()
    assert [module.training for module in network.modules()] == [True] * 12
    assert network.eval() is network
    assert [module.training for module in network.modules()] == [False] * 12
    assert network.train() is network
    assert network.dropout.training
    network.train(False)
    assert not network.dropout.training


def test_a_mode_is_true_or_false():
    with pytest.raises(TypeError, match=r"^Dropout\.train: mode must be True or False, got 1$"):
        Dropout(0.5).train(1)
    with pytest.raises(TypeError, match=r"^Dropout\.training must be True or False, got 1$"):
        Dropout(0.5).training = 1


def test_modules_are_listed_once_the_outermost_first():
    shared = Dropout(0.5)
    outer = MLP(1, [2, 1])
    outer.extras = [shared, {"again": shared}]
    found = outer.modules()
    assert found[0] is outer
    assert [module for module in found if module is shared] == [shared]
    assert len(found) == 1 + 2 + 3 + 1


def test_a_prediction_drops_nothing_and_leaves_the_modes():
    network = Network()
    network.hidden.training = False
    random_state = network.dropout.rng.getstate()
    first = network.predict([[1.0, 2.0], [0.5, -1.0]])
    assert first == network.predict([[1.0, 2.0], [0.5, -1.0]])
    assert network.dropout.rng.getstate() == random_state
    assert (network.training, network.dropout.training, network.hidden.training) == (
        True,
        True,
        False,
    )


# --- recorded ------------------------------------------------------------------------------------


def test_what_trains_cannot_be_recorded_with_a_dropout_and_the_error_says_what_to_do():
    f = ag.compile(Network())
    message = re.escape(
        "Dropout: mode must be eval while a computation is recorded, got 'train'; call eval(), or "
        "train without compiled=True"
    )
    with pytest.raises(TypeError, match=f"^{message}$"):
        f([1.0, 2.0])


def test_a_recording_follows_the_mode():
    """P21: what was recorded in a mode is not replayed in another."""

    class Noisy(Module):
        def __init__(self):
            self.w = Value(2.0)

        def __call__(self, x):
            return self.w * x if self.training else self.w + x

    model = Noisy()
    f = ag.compile(model)
    for _ in range(2):
        model.train()
        assert f(5.0).data == 10.0
        assert f.map([5.0, 6.0]) == [10.0, 12.0]
        assert f.batch([5.0]).data == [10.0]
        model.eval()
        assert f(5.0).data == 7.0
        assert f.map([5.0, 6.0]) == [7.0, 8.0]
        assert f.batch([5.0]).data == [7.0]
    assert repr(f).startswith("<compiled Noisy: 2 paths")


def test_a_batch_of_arrays_follows_the_mode_too():
    """They take a shorter way than lists."""
    numpy = pytest.importorskip("numpy")
    network = Network().eval()
    rows = numpy.ones((3, 2))
    f = ag.compile(network)
    before = f.batch(rows).data.tolist()
    assert f.batch(rows).data.tolist() == before
    network.train()
    with pytest.raises(TypeError, match=r"^Dropout: mode must be eval"):
        f.batch(rows)
    network.eval()
    assert f.batch(rows).data.tolist() == before

"""Schedules: the rate of each epoch, and how an optimizer follows it."""

import json
import math
import pickle
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import SGD, Adam, Value
from autograd_mini.errors import StateError
from autograd_mini.optim import CosineDecay, ExponentialDecay, Optimizer, StepDecay, WarmUp

rates = st.floats(0.0, 10.0)
factors = st.floats(0.0, 2.0)
epochs = st.integers(1, 20)


def line(schedule, count=6):
    return [schedule(epoch) for epoch in range(count)]


@given(rates, epochs, factors, st.integers(0, 50))
def test_a_step_decay_multiplies_after_each_few_epochs(lr, every, factor, epoch):
    assert StepDecay(lr, every, factor)(epoch) == lr * factor ** (epoch // every)


@given(rates, factors, st.integers(0, 50))
def test_an_exponential_decay_multiplies_after_each_epoch(lr, factor, epoch):
    assert ExponentialDecay(lr, factor)(epoch) == lr * factor**epoch


@given(rates, epochs, rates, st.integers(0, 50))
def test_a_cosine_decay_ends_at_the_least_and_stays_there(lr, count, least, epoch):
    schedule = CosineDecay(lr, count, least)
    assert schedule(0) == pytest.approx(lr, rel=1e-15, abs=1e-15)
    if epoch >= count:
        assert schedule(epoch) == least
    else:
        low, high = sorted([lr, least])
        assert low - 1e-14 <= schedule(epoch) <= high + 1e-14
        half = (1 + math.cos(math.pi * epoch / count)) / 2
        assert schedule(epoch) == pytest.approx(half * lr + (1 - half) * least, abs=1e-13)


@given(rates, epochs, st.floats(0.0, 1.0))
def test_a_warm_up_rises_in_a_straight_line(lr, count, start):
    rising = line(WarmUp(lr, count, start), count + 2)
    assert rising[0] == pytest.approx(start * lr, rel=1e-15)
    assert rising[count:] == [lr, lr]
    steps = [b - a for a, b in pairwise(rising[: count + 1])]
    assert steps == pytest.approx([(1 - start) * lr / count] * count, abs=1e-12)


def test_after_a_warm_up_the_schedule_begins():
    after = ExponentialDecay(0.8, 0.5)
    assert line(WarmUp(after, 2, 0.5)) == pytest.approx([0.4, 0.6, 0.8, 0.4, 0.2, 0.1])
    assert WarmUp(lambda epoch: 0.8 - epoch, 2)(3) == pytest.approx(-0.2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StepDecay(-0.1, 2), "StepDecay: lr must be at least 0, got -0.1"),
        (lambda: StepDecay(0.1, 0), "StepDecay: every must be at least 1, got 0"),
        (lambda: StepDecay(0.1, 2, "x"), "StepDecay: factor must be a real number, got 'x'"),
        (lambda: ExponentialDecay(math.inf, 1), "ExponentialDecay: lr must be finite, got inf"),
        (lambda: ExponentialDecay(1, -1), "ExponentialDecay: factor must be at least 0, got -1"),
        (lambda: CosineDecay(0.1, 2.5), "CosineDecay: epochs must be a positive int, got 2.5"),
        (lambda: CosineDecay(0.1, 2, -1), "CosineDecay: least must be at least 0, got -1"),
        (lambda: WarmUp(0.1, 0), "WarmUp: epochs must be at least 1, got 0"),
        (lambda: WarmUp("0.1", 3), "WarmUp: lr must be a real number, got '0.1'"),
        (lambda: WarmUp(0.1, 3, -1), "WarmUp: start must be at least 0, got -1"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(message)}$"):
        make()


def test_a_schedule_is_a_value_of_its_own():
    schedule = WarmUp(CosineDecay(0.5, 4), 2)
    assert pickle.loads(pickle.dumps(schedule)) == schedule  # noqa: S301 - our own
    assert repr(schedule) == (
        "WarmUp(lr=CosineDecay(lr=0.5, epochs=4, least=0.0), epochs=2, start=0.1)"
    )


@pytest.mark.parametrize(
    "schedule", [StepDecay(0.5, 2), ExponentialDecay(0.5, 0.9), CosineDecay(0.5, 4), WarmUp(0.5, 2)]
)
def test_a_schedule_cannot_be_changed_unchecked(schedule):
    with pytest.raises(AttributeError, match="cannot assign to field 'lr'"):
        schedule.lr = -1.0


# --- in an optimizer -----------------------------------------------------------------------------


def scheduled(schedule=None):
    return SGD([Value(1.0)], schedule or StepDecay(0.5, 2, 0.5))


def test_an_optimizer_has_the_rate_of_its_epoch():
    sgd = scheduled()
    assert (sgd.epoch, sgd.lr) == (0, 0.5)
    found = []
    for sgd.epoch in range(5):
        found.append(sgd.lr)
    assert found == [0.5, 0.5, 0.25, 0.25, 0.125]
    sgd.parameters[0].grad = 2.0
    sgd.step()
    assert sgd.parameters[0].data == 1.0 - 0.125 * 2.0


def test_any_function_of_the_epoch_is_a_schedule():
    sgd = scheduled(lambda epoch: 1 / (1 + epoch))
    sgd.epoch = 3
    assert sgd.lr == 0.25


def test_a_rate_that_is_set_ends_the_schedule():
    sgd = scheduled()
    sgd.lr = 0.3
    sgd.epoch = 4
    assert sgd.lr == 0.3
    sgd.lr = StepDecay(8.0, 1, 0.5)
    assert sgd.lr == 0.5  # of epoch 4


@pytest.mark.parametrize("bad", [-1, 1.5, True, "2", None])
def test_an_epoch_is_an_int_from_0(bad):
    sgd = scheduled()
    message = f"^SGD: epoch must be an int, at least 0, got {re.escape(repr(bad))}$"
    with pytest.raises(ValueError, match=message):
        sgd.epoch = bad
    assert (sgd.epoch, sgd.lr) == (0, 0.5)


def test_a_rate_that_is_none_names_the_epoch_and_changes_nothing():
    sgd = scheduled(lambda epoch: 0.5 - epoch)
    message = r"^SGD: lr\(1\) must be finite and at least 0, got -0\.5$"
    with pytest.raises(ValueError, match=message):
        sgd.epoch = 1
    assert (sgd.epoch, sgd.lr) == (0, 0.5)
    with pytest.raises(TypeError, match=r"^SGD: lr\(0\) must be a real number, got 'x'$"):
        scheduled(lambda epoch: "x")
    with pytest.raises(ValueError, match=r"^Adam: lr\(0\) must be .*, got nan$"):
        Adam([Value(1.0)], lambda epoch: math.nan)


def test_the_state_has_epoch_and_rate_and_a_new_optimizer_goes_on_with_its_schedule():
    sgd = scheduled()
    sgd.epoch = 3
    state = json.loads(json.dumps(sgd.state_dict()))
    assert (state["epoch"], state["settings"]["lr"]) == (3, 0.25)
    other = scheduled()
    other.load_state_dict(state)
    assert (other.epoch, other.lr) == (3, 0.25)
    other.epoch += 1
    assert other.lr == 0.125
    constant = SGD([Value(1.0)], 9.0)
    constant.load_state_dict(state)
    constant.epoch += 1
    assert (constant.epoch, constant.lr) == (4, 0.25)


@pytest.mark.parametrize("bad", [-1, "1", None])
def test_a_state_with_no_epoch_is_refused(bad):
    sgd = scheduled()
    with pytest.raises(StateError, match=r"^SGD\.load_state_dict: epoch must be an int"):
        sgd.load_state_dict(sgd.state_dict() | {"epoch": bad})


def test_an_optimizer_of_a_user_follows_a_schedule_too():
    class Descent(Optimizer):
        def update(self, weights, gradients, state):
            moved = [w - self.lr * g for w, g in zip(weights, gradients, strict=True)]
            return moved, state.moments

    descent = Descent([Value(1.0)], lr=StepDecay(0.5, 1, 0.5))
    descent.parameters[0].grad = 1.0
    descent.epoch = 1
    descent.step()
    assert descent.parameters[0].data == 0.75

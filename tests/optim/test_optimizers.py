"""The optimisers: their numbers, their wholeness, what they remember, what they refuse."""

import copy
import gc
import json
import math
import pickle
import random
import re
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.interrupts import interrupted_everywhere
from support.sequences import IMPOSTORS, SEQUENCES, each_impostor

from autograd_mini import Value
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.errors import DivergenceError, StateError
from autograd_mini.optim import SGD, Adam, AdamW, Optimizer, RMSprop, descent

rates = st.floats(1e-4, 1.0)
betas = st.floats(0.0, 0.99)
decays = st.sampled_from([0.0, 0.01, 0.5])
courses = st.lists(st.lists(st.floats(-3, 3), min_size=2, max_size=2), min_size=1, max_size=6)


def values(*data):
    return [Value(one) for one in data]


def numbers(parameters):
    return [parameter.data for parameter in parameters]


def stepped(optimizer, *gradients):
    """Store the gradients, step, return the weights."""
    for parameter, gradient in zip(optimizer.parameters, gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()
    return numbers(optimizer.parameters)


# --- the rules, against the same written for one plain float -------------------------------------


@given(courses, rates, betas, st.booleans(), decays)
def test_sgd_is_pytorchs_rule_for_each_parameter(course, lr, momentum, nesterov, decay):
    nesterov = nesterov and momentum > 0
    parameters = values(1.0, -2.0)
    sgd = SGD(parameters, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=decay)
    for gradients in course:
        stepped(sgd, *gradients)
    for position, start in enumerate([1.0, -2.0]):
        w, buffer = start, None
        for gradients in course:
            g = gradients[position] + decay * w
            buffer = g if buffer is None else momentum * buffer + g
            w -= lr * (g + momentum * buffer if nesterov else buffer if momentum else g)
        assert parameters[position].data == w


@given(courses, rates, betas, betas, decays)
def test_adam_is_algorithm_1_for_each_parameter(course, lr, beta1, beta2, decay):
    parameters = values(1.0, -2.0)
    adam = Adam(parameters, lr=lr, betas=(beta1, beta2), eps=1e-6, weight_decay=decay)
    for gradients in course:
        stepped(adam, *gradients)
    for position, start in enumerate([1.0, -2.0]):
        w, m, v = start, 0.0, 0.0
        for t, gradients in enumerate(course, start=1):
            g = gradients[position] + decay * w
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            w -= lr * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + 1e-6)
        assert parameters[position].data == pytest.approx(w, rel=1e-9, abs=1e-9)


@given(courses, rates, betas, betas, decays)
def test_adamw_takes_the_decay_from_the_weight_alone(course, lr, beta1, beta2, decay):
    parameters = values(1.0, -2.0)
    adam = AdamW(parameters, lr=lr, betas=(beta1, beta2), eps=1e-6, weight_decay=decay)
    for gradients in course:
        stepped(adam, *gradients)
    for position, start in enumerate([1.0, -2.0]):
        w, m, v = start, 0.0, 0.0
        for t, gradients in enumerate(course, start=1):
            g = gradients[position]
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            w *= 1 - lr * decay
            w -= lr * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + 1e-6)
        assert parameters[position].data == pytest.approx(w, rel=1e-9, abs=1e-9)


@given(courses, rates, st.floats(0.25, 0.99), betas, decays, st.booleans())
def test_rmsprop_is_that_of_the_lecture(course, lr, alpha, momentum, decay, centered):
    """With an alpha near 0, the variance v − m² would be that of rounding."""
    parameters = values(1.0, -2.0)
    rms = RMSprop(
        parameters, lr, alpha=alpha, momentum=momentum, eps=0.01, weight_decay=decay,
        centered=centered,
    )  # fmt: skip
    for gradients in course:
        stepped(rms, *gradients)
    for position, start in enumerate([1.0, -2.0]):
        w, m, v, velocity = start, 0.0, 0.0, 0.0
        for gradients in course:
            g = gradients[position] + decay * w
            v = alpha * v + (1 - alpha) * g**2
            m = alpha * m + (1 - alpha) * g
            spread = math.sqrt(abs(v - m * m)) if centered else math.sqrt(v)
            velocity = momentum * velocity + g / (spread + 0.01)
            w -= lr * velocity
        assert parameters[position].data == pytest.approx(w, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("ours", "name", "settings"),
    [
        (SGD, "SGD", {}),
        (SGD, "SGD", {"momentum": 0.9, "weight_decay": 0.1}),
        (SGD, "SGD", {"momentum": 0.9, "nesterov": True}),
        (Adam, "Adam", {"weight_decay": 0.1}),
        (AdamW, "AdamW", {}),
        (AdamW, "AdamW", {"betas": (0.8, 0.9), "weight_decay": 0.5}),
        (RMSprop, "RMSprop", {}),
        (RMSprop, "RMSprop", {"alpha": 0.9, "momentum": 0.5, "weight_decay": 0.1}),
        (RMSprop, "RMSprop", {"centered": True}),
    ],
)
def test_fifty_steps_end_where_those_of_pytorch_do(ours, name, settings):
    torch = pytest.importorskip("torch", reason="the comparison needs torch")
    rng = random.Random(0)
    mine = values(*(rng.gauss(0, 1) for _ in range(5)))
    theirs = [torch.tensor(p.data, dtype=torch.float64, requires_grad=True) for p in mine]
    optimizer, other = (
        ours(mine, 0.01, **settings),
        getattr(torch.optim, name)(theirs, 0.01, **settings),
    )
    for _ in range(50):
        for p, q in zip(mine, theirs, strict=True):
            p.grad = rng.gauss(0, 1) + p.data
            q.grad = torch.tensor(p.grad, dtype=torch.float64)
        optimizer.step()
        other.step()
    assert numbers(mine) == pytest.approx([q.item() for q in theirs], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("steps_natively", [True, False])
def test_c_makes_the_step_if_it_can(steps_natively, monkeypatch):
    given = []
    step = lambda *arguments: given.append(arguments) or steps_natively  # noqa: E731
    monkeypatch.setattr(descent, "step_natively", step)
    sgd = SGD(values(1.0, 2.0), lr=0.5, momentum=0.25)
    state = sgd._state
    weights = stepped(sgd, 1.0, 1.0)
    assert weights == ([1.0, 2.0] if steps_natively else [0.5, 1.5])
    rules = [("velocity", 0.25), ("followed", 0.5)]
    assert given == [(sgd, sgd.parameters, state, "b", rules)]


def test_the_defaults_are_those_of_pytorch():
    assert AdamW(values(1.0)).weight_decay == 0.01
    rms = RMSprop(values(1.0))
    assert (rms.lr, rms.alpha, rms.eps, rms.momentum, rms.centered) == (0.01, 0.99, 1e-8, 0, False)


def test_settings_of_rmsprop_are_checked():
    with pytest.raises(TypeError, match=r"^RMSprop: centered must be True or False, got 1$"):
        RMSprop(values(1.0), centered=1)
    for name, wrong in (("alpha", 1.0), ("momentum", -0.5), ("eps", 0.0)):
        with pytest.raises(ValueError, match=f"^RMSprop: {name} must be"):
            RMSprop(values(1.0), **{name: wrong})


def test_one_step_of_the_two_neurons_of_the_course():
    parameters = values(0.45, 0.65, 0.15, 0.40)
    weights = stepped(
        SGD(parameters, lr=0.4), 0.0570703982, 0.0947562810, 0.0010213959, 0.0102139588
    )
    assert weights == pytest.approx(
        [0.4271718407, 0.6120974876, 0.1495914416, 0.3959144165], abs=1e-9
    )


def test_momentum_by_hand():
    """Velocities 1, 1.5, 1.75 with half of each kept, at a gradient of 1 and a rate of 1."""
    sgd = SGD(values(0.0), lr=1.0, momentum=0.5)
    assert [stepped(sgd, 1.0) for _ in range(3)] == [[-1.0], [-2.5], [-4.25]]


def test_nesterov_by_hand():
    """Steps of 1 + v/2 with velocities 1, 1.5, 1.75."""
    sgd = SGD(values(0.0), lr=1.0, momentum=0.5, nesterov=True)
    assert [stepped(sgd, 1.0) for _ in range(3)] == [[-1.5], [-3.25], [-5.125]]


def test_weight_decay_by_hand():
    assert stepped(SGD(values(2.0), lr=0.5, weight_decay=0.25), 1.0) == [1.25]


def test_adam_by_hand():
    """The first step is lr long but for eps; with a gradient that stays, so is the second."""
    adam = Adam(values(1.0), lr=0.25, betas=(0.5, 0.75), eps=1.0)
    assert stepped(adam, 3.0) == [1.0 - 0.25 * 3 / 4]
    assert stepped(adam, 3.0) == pytest.approx([1.0 - 2 * 0.25 * 3 / 4], abs=1e-15)


def test_adam_stands_large_gradients():
    """v̂ would overflow for 1e153, though neither v nor the step does."""
    adam = Adam(values(1.0), lr=0.25, betas=(0.9, 0.9999999))
    assert stepped(adam, 1e155) == pytest.approx([0.75])


def test_defaults_are_those_of_the_paper():
    adam = Adam(values(1.0))
    assert (adam.lr, adam.betas, adam.eps, adam.weight_decay) == (0.001, (0.9, 0.999), 1e-8, 0.0)


def test_a_parameter_without_gradient_stays():
    moved, kept = values(1.0, 1.0)
    moved.grad = 1.0
    SGD([moved, kept], lr=0.5).step()
    assert numbers([moved, kept]) == [0.5, 1.0]
    assert not kept.has_grad


def test_momentum_may_be_switched_on_later():
    sgd = SGD(values(0.0), lr=1.0)
    stepped(sgd, 1.0)
    sgd.momentum = 0.5
    assert [stepped(sgd, 1.0) for _ in range(2)] == [[-2.0], [-3.5]]


def test_the_learning_rate_can_be_changed():
    sgd = SGD(values(0.0), lr=1.0)
    stepped(sgd, 1.0)
    sgd.lr = 0.25
    assert stepped(sgd, 1.0) == [-1.25]
    with pytest.raises(ValueError, match=r"^SGD: lr must be finite and at least 0, got -1$"):
        sgd.lr = -1
    assert sgd.lr == 0.25


def test_zero_grad_zeroes_what_was_computed():
    """A gradient that never was computed is not shown as a zero."""
    x, y = values(1.0, 2.0)
    (3 * x).backward()
    SGD([x, y], lr=0.1).zero_grad()
    assert (x.has_grad, x.grad, y.has_grad) == (True, 0.0, False)


def test_parameters_may_come_from_a_generator():
    parameters = values(1.0, 2.0)
    assert SGD((p for p in parameters), lr=0.1).parameters == tuple(parameters)


def test_settings_may_be_numpys():
    assert SGD(values(1.0), lr=np.float32(0.5)).lr == 0.5


def test_a_rule_of_ones_own_is_one_method():
    class SignDescent(Optimizer):
        def update(self, weights, gradients, state):
            steps = zip(weights, gradients, strict=True)
            return [w - math.copysign(self.lr, g) for w, g in steps], ()

    assert stepped(SignDescent(values(1.0, 1.0), lr=0.25), 5.0, -0.1) == [0.75, 1.25]


def test_an_optimizer_with_another_update_gets_decayed_gradients():
    class Plain(SGD):
        def update(self, weights, gradients, state):
            return [w - g for w, g in zip(weights, gradients, strict=True)], state.moments

    assert stepped(Plain(values(2.0), lr=0.5, weight_decay=0.25), 1.0) == [2.0 - (1.0 + 0.5)]


def test_the_repr_of_a_snapshot_is_one_line():
    assert repr(SGD(values(1 / 3), lr=0.5).snapshot()) == (
        "<Snapshot: 1 weight after 0 steps: 0.333333>"
    )
    adam = Adam(values(*range(100)))
    adam.step()
    assert repr(adam.snapshot()) == "<Snapshot: 100 weights after 1 step: 0, 1, 2, …>"


def test_repr_shows_the_settings():
    assert (
        repr(SGD(values(1.0), lr=0.5))
        == "SGD(1 parameter, lr=0.5, momentum=0.0, nesterov=False, weight_decay=0.0)"
    )
    assert (
        repr(Adam(values(1.0, 2.0)))
        == "Adam(2 parameters, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0)"
    )


# --- all or nothing ------------------------------------------------------------------------------

OPTIMIZERS = {
    "sgd": lambda parameters: SGD(parameters, lr=0.5),
    "momentum": lambda parameters: SGD(parameters, lr=0.5, momentum=0.5),
    "nesterov": lambda parameters: SGD(
        parameters, lr=0.5, momentum=0.5, nesterov=True, weight_decay=0.1
    ),
    "adam": lambda parameters: Adam(parameters, lr=0.5, weight_decay=0.1),
    "adamw": lambda parameters: AdamW(parameters, lr=0.5, weight_decay=0.1),
    "rmsprop": lambda parameters: RMSprop(parameters, lr=0.5, weight_decay=0.1),
    "centered": lambda parameters: RMSprop(parameters, lr=0.5, momentum=0.5, centered=True),
}
each_optimizer = pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)


def under_way(make):
    """Return an optimiser after one step, with new gradients."""
    optimizer = make(values(1.0, -2.0, 3.0))
    stepped(optimizer, 1.0, 2.0, -3.0)
    for parameter in optimizer.parameters:
        parameter.grad = 1.0 + parameter.data
    return optimizer


def everything(optimizer):
    return numbers(optimizer.parameters), optimizer.state_dict()


@each_optimizer
def test_a_learning_rate_of_0_moves_nothing_and_the_memory_goes_on(make):
    still, moving = make(values(1.0, -2.0)), make(values(1.0, -2.0))
    still.lr = 0.0
    assert stepped(still, 3.0, 4.0) == [1.0, -2.0]
    stepped(moving, 3.0, 4.0)
    assert still.state_dict()["moments"] == moving.state_dict()["moments"]
    assert still.state_dict()["steps"] == 1
    assert SGD(values(1.0), lr=0).lr == 0.0


@each_optimizer
@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.soak)])
def test_ctrl_c_at_any_instant_of_a_step_leaves_all_old_or_all_new(make, every):
    """P11: the weights, the moments and the number of steps change together."""
    old = everything(under_way(make))
    optimizer = under_way(make)
    optimizer.step()
    new = everything(optimizer)
    assert old != new
    seen = []

    def check(optimizer):
        seen.append(everything(optimizer))
        assert seen[-1] in (old, new)

    interrupts = {"action": Optimizer.step, "check": check, "every": every}
    assert interrupted_everywhere(lambda: under_way(make), **interrupts) > 100
    assert seen[0] == old
    assert seen[-1] == new


def test_ctrl_c_at_any_instant_of_zero_grad_leaves_all_old_or_all_zero():
    def check(optimizer):
        assert [parameter.grad for parameter in optimizer.parameters] in (old, [0.0] * 3)

    old = [p.grad for p in under_way(OPTIMIZERS["sgd"]).parameters]
    assert interrupted_everywhere(
        lambda: under_way(OPTIMIZERS["sgd"]), Optimizer.zero_grad, check=check
    )


@each_optimizer
@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.soak)])
def test_ctrl_c_at_any_instant_of_loading_leaves_all_old_or_all_new(make, every):
    saved = under_way(make).state_dict()
    saved["steps"] = 7
    saved["settings"]["lr"] = 0.125

    def build():
        return make(values(1.0, -2.0, 3.0))

    def check(optimizer):
        assert optimizer.state_dict() in (build().state_dict(), saved)

    load = {"action": lambda o: o.load_state_dict(saved), "check": check, "every": every}
    assert interrupted_everywhere(build, **load) > 100


@each_optimizer
def test_a_step_to_a_non_finite_weight_changes_nothing(make):
    """P13, also where non-finite results are allowed."""
    optimizer = under_way(make)
    optimizer.parameters[1].name = "w2"
    optimizer.parameters[1].grad = math.inf
    before = everything(optimizer)
    with (
        errstate(nonfinite="ignore"),
        pytest.raises(
            DivergenceError,
            match=r"\.step: the weight of parameters\[1\] \('w2'\) must be finite, "
            r"got -?(inf|nan); it comes from the value \S+, the gradient inf and lr = 0\.5; "
            "nothing was changed, try a smaller lr$",
        ),
    ):
        optimizer.step()
    assert everything(optimizer) == before


def test_an_overflow_that_the_weight_does_not_show_is_an_error():
    """Adam would divide by the infinity, and never move that weight again."""
    adam = Adam(values(1.0))
    adam.parameters[0].grad = 1e200
    message = r"^Adam\.step: the second moment of parameters\[0\] must be finite, got inf; "
    with pytest.raises(DivergenceError, match=message):
        adam.step()
    assert everything(adam) == everything(Adam(values(1.0)))


def test_an_overflowing_step_names_the_unnamed_by_position():
    sgd = SGD(values(0.0, 1e308), lr=10.0)
    message = r"parameters\[1\] must be finite, got -inf; it comes from the value"
    with pytest.raises(DivergenceError, match=message):
        stepped(sgd, 1.0, 1e308)


# --- what is remembered --------------------------------------------------------------------------


@each_optimizer
def test_a_loaded_state_continues_bit_for_bit(make):
    """P18: through JSON text, and into an optimiser that was set up otherwise."""
    whole = under_way(make)
    whole.lr = 0.3
    resumed = type(whole)(values(*numbers(whole.parameters)), lr=7.0)
    resumed.load_state_dict(json.loads(json.dumps(whole.state_dict())))
    for gradients in ([0.1, 0.2, 0.3], [-1.0, 0.7, 1e-9]):
        assert stepped(whole, *gradients) == stepped(resumed, *gradients)
    assert whole.state_dict() == resumed.state_dict()


@each_optimizer
def test_a_snapshot_brings_weights_and_memory_back(make):
    optimizer = under_way(make)
    before, snapshot = everything(optimizer), optimizer.snapshot()
    after = stepped(optimizer, 1.0, 1.0, 1.0)
    stepped(optimizer, 2.0, 2.0, 2.0)
    optimizer.restore(snapshot)
    assert everything(optimizer) == before
    assert stepped(optimizer, 1.0, 1.0, 1.0) == after


def test_a_state_is_a_copy():
    """Neither a later step nor a change of the dictionary reaches the other."""
    sgd = SGD(values(0.0), lr=1.0, momentum=0.5)
    state = sgd.state_dict()
    stepped(sgd, 1.0)
    assert state["moments"] == {"velocity": [0.0]}
    sgd.state_dict()["moments"]["velocity"][0] = 99.0
    saved = sgd.state_dict()
    sgd.load_state_dict(saved)
    saved["moments"]["velocity"][0] = 99.0
    assert sgd.state_dict()["moments"] == {"velocity": [1.0]}


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])  # noqa: S301 - our own bytes
def test_copies_move_on_alike(duplicate):
    optimizer = under_way(OPTIMIZERS["adam"])
    twin = duplicate(optimizer)
    assert set(twin.parameters).isdisjoint(optimizer.parameters)
    assert stepped(twin, 1.0, 2.0, 3.0) == stepped(optimizer, 1.0, 2.0, 3.0)


def test_an_optimizer_is_freed_without_the_collector():
    """P8: no reference cycles, also after steps and loading."""
    optimizer = under_way(OPTIMIZERS["adam"])
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.restore(optimizer.snapshot())
    alive = weakref.ref(optimizer)
    gc.disable()
    try:
        del optimizer
        assert alive() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"steps": -1}, r"steps must be an int from 0 to 2\*\*53 - 1, got -1"),
        ({"steps": 1.0}, r"steps must be an int from 0 to .*, got 1\.0"),
        ({"steps": True}, r"steps must be an int from 0 to .*, got True"),
        ({"optimizer": "Adam"}, r"state must be the state of SGD, got 'Adam'"),
        ({"moments": {}}, r"moments must be a mapping with the keys velocity, got \{\}"),
        ({"moments": [[1.0, 2.0, 3.0]]}, r"moments must be .* keys velocity, got \[\[1\.0, .*\]\]"),
        (
            {"moments": {"velocity": [1.0]}},
            "length of velocity must be 3, a number for each parameter, got 1",
        ),
        ({"moments": {"velocity": [1.0, "2", 3.0]}}, r"velocity must be a real number, got '2'"),
        ({"moments": {"velocity": [1.0, math.nan, 3.0]}}, r"a number in velocity .*, got nan"),
        ({"moments": {"velocity": [1.0, math.inf, 3.0]}}, r"a number in velocity .*, got inf"),
        (
            {"moments": {"velocity": [1.0, -math.inf, 3.0]}},
            "a number in velocity must be finite, got -inf",
        ),
        (
            {"settings": {"lr": -1.0, "momentum": 0.5, "nesterov": False, "weight_decay": 0.0}},
            r"lr must be finite and at least 0, got -1\.0",
        ),
        (
            {"settings": {"lr": 1.0, "beta": 2.0}},
            "settings must be a mapping with the keys lr, momentum, nesterov, weight_decay, "
            r"got {'beta': 2\.0, 'lr': 1\.0}",
        ),
        ({"settings": {}}, r"settings must be a mapping with the keys lr, .*, got {}"),
        (
            {"extra": 1},
            "state must be a mapping with the keys epoch, moments, optimizer, settings, steps, "
            r"got \['optimizer', 'settings', 'epoch', 'steps', 'moments', 'e\.\.\.",
        ),
        ({"steps": 10**400}, r"steps must be an int from 0 to 2\*\*53 - 1, got 10+\.\.\.0+"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(change, match):
    sgd = under_way(OPTIMIZERS["momentum"])
    before = everything(sgd)
    with pytest.raises(StateError, match=rf"^SGD\.load_state_dict: {match}$"):
        sgd.load_state_dict({**sgd.state_dict(), **change})
    assert everything(sgd) == before


def test_a_negative_mean_of_squares_is_refused():
    adam = Adam(values(1.0))
    state = adam.state_dict()
    state["moments"]["second moment"] = [-1e-9]
    message = "a number in second moment must be finite and at least 0, got -1e-09"
    with pytest.raises(StateError, match=rf"^Adam\.load_state_dict: {message}$"):
        adam.load_state_dict(state)


@pytest.mark.parametrize("state", [[1], ["epoch", "moments", "optimizer", "settings", "steps"]])
def test_a_state_must_be_a_mapping(state):
    message = re.escape(f"state must be a mapping with the keys {KEYS}, got {state}")
    with pytest.raises(StateError, match=rf"^SGD\.load_state_dict: {message}$"):
        SGD(values(1.0), lr=0.1).load_state_dict(state)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "error", "match"),
    [
        (lambda x: [], ValueError, r"^SGD: parameters must be one or more Values, got \[\]$"),
        (
            lambda x: x,
            TypeError,
            r"^SGD: parameters must be an iterable of Values, got Value\(data=1\.0\); "
            r"pass model\.parameters\(\)$",
        ),
        (
            lambda x: {x},
            TypeError,
            r"^SGD: parameters must be an iterable of Values, got {Value\(data=1\.0\)}; "
            r"the set has no order: use a list$",
        ),
        (lambda x: [x, 2.0], TypeError, r"^SGD: parameters\[1\] must be a Value, got 2\.0$"),
        (
            lambda x: [x, 2 * x],
            ValueError,
            r"^SGD: parameters\[1\] must be a leaf, got Value\(data=2\.0, op=mul\); "
            "pass the leaves that it is computed from$",
        ),
        (
            lambda x: [x, Value(2.0), x],
            ValueError,
            r"^SGD: parameters\[2\] must be another Value than parameters\[0\], "
            r"got Value\(data=1\.0\); pass each Value once$",
        ),
    ],
)
def test_parameters_must_be_different_leaves(parameters, error, match):
    with pytest.raises(error, match=match):
        SGD(parameters(Value(1.0)), lr=0.1)


def test_an_error_inside_the_generator_of_parameters_is_not_hidden():
    def parameters():
        yield Value(1.0)
        raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$"):
        SGD(parameters(), lr=0.1)


@pytest.mark.parametrize(
    ("kind", "settings", "error", "match"),
    [
        (SGD, {}, TypeError, "lr"),
        (SGD, {"lr": -5e-324}, ValueError, r"SGD: lr must be finite and at least 0, got -5e-324$"),
        (SGD, {"lr": math.inf}, ValueError, r"SGD: lr must be .*, got inf$"),
        (SGD, {"lr": math.nan}, ValueError, r"SGD: lr must be .*, got nan$"),
        (SGD, {"lr": "0.1"}, TypeError, r"SGD: lr must be a real number, got '0\.1'$"),
        (SGD, {"lr": True}, TypeError, r"SGD: lr must be a real number, got True;"),
        (SGD, {"lr": 1, "momentum": 1}, ValueError, r"momentum must be at .* below 1, got 1$"),
        (SGD, {"lr": 1, "momentum": -0.1}, ValueError, r"SGD: momentum must be .*, got -0\.1$"),
        (SGD, {"lr": 1, "weight_decay": -1}, ValueError, r"SGD: weight_decay must .*, got -1$"),
        (SGD, {"lr": 1, "weight_decay": math.inf}, ValueError, r"weight_decay must .*, got inf$"),
        (
            SGD,
            {"lr": 1, "nesterov": True},
            ValueError,
            r"SGD: momentum must be above 0 if nesterov is True, got 0\.0$",
        ),
        (SGD, {"lr": 1, "nesterov": 1}, TypeError, r"SGD: nesterov must be True or False, got 1"),
        (Adam, {"lr": -1.0}, ValueError, r"Adam: lr must be finite and at least 0, got -1\.0$"),
        (Adam, {"betas": 0.9}, TypeError, r"Adam: betas must be two numbers, got 0\.9"),
        (Adam, {"betas": (0.9,)}, TypeError, r"Adam: betas must be two numbers, got \(0\.9,\)"),
        (Adam, {"betas": (1.0, 0.9)}, ValueError, r"betas\[0\] must be at .*, got 1\.0$"),
        (Adam, {"betas": (0.9, -0.1)}, ValueError, r"betas\[1\] must be at .*, got -0\.1$"),
        (Adam, {"eps": 0.0}, ValueError, r"Adam: eps must be finite and above 0, got 0\.0$"),
        (Adam, {"eps": math.inf}, ValueError, r"Adam: eps must be finite and above 0, got inf$"),
        (Adam, {"weight_decay": None}, TypeError, r"weight_decay must be a real number, got None$"),
    ],
)
def test_settings_out_of_range_are_refused(kind, settings, error, match):
    with pytest.raises(error, match=match):
        kind(values(1.0), **settings)


@pytest.mark.parametrize(
    ("kind", "name", "wrong"),
    [
        (SGD, "lr", -0.1),
        (SGD, "lr", "0.1"),
        (SGD, "weight_decay", "x"),
        (SGD, "weight_decay", math.nan),
        (SGD, "momentum", 1.0),
        (SGD, "momentum", None),
        (SGD, "nesterov", 1),
        (SGD, "nesterov", True),
        (Adam, "lr", math.inf),
        (Adam, "weight_decay", -1),
        (Adam, "betas", (2, 3)),
        (Adam, "betas", 0.9),
        (Adam, "eps", 0),
    ],
)
def test_a_setting_is_checked_when_it_is_changed_as_when_it_is_given(kind, name, wrong):
    settings = {"lr": 0.5}
    with pytest.raises((TypeError, ValueError)) as given:
        kind(values(1.0), **{**settings, name: wrong})
    optimizer = kind(values(1.0), **settings)
    before = everything(optimizer)
    with pytest.raises(given.type) as changed:
        setattr(optimizer, name, wrong)
    assert str(changed.value) == str(given.value)
    with pytest.raises(StateError) as loaded:
        optimizer.load_state_dict({**before[1], "settings": {**before[1]["settings"], name: wrong}})
    assert str(given.value).removeprefix(f"{kind.__name__}: ") in str(loaded.value)
    assert everything(optimizer) == before


def test_a_changed_setting_is_stored_as_a_given_one_is():
    adam = Adam(values(1.0))
    adam.betas, adam.eps = [np.float32(0.5), 0], np.int64(1)
    assert (adam.betas, adam.eps) == ((0.5, 0.0), 1.0)
    assert [type(x) for x in (*adam.betas, adam.eps)] == [float] * 3
    assert "keeps" in Adam.betas.__doc__


@pytest.mark.parametrize("make", [SGD, Adam])
def test_the_parameters_stay_the_same(make):
    """The momentum is theirs, so a step with others failed, or moved them by it."""
    w = Value(1.0)
    optimizer = make([w], lr=0.1)
    message = f"{make.__name__}: parameters must be those it was made with, got [Value(data=2.0)]"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}; make another optimizer$"):
        optimizer.parameters = [Value(2.0)]
    assert optimizer.parameters == (w,)


def test_a_state_of_no_name_is_refused():
    optimizer = SGD([Value(1.0)], lr=0.1)
    state = {**optimizer.state_dict(), "optimizer": np.array(["SGD", "SGD"])}
    with pytest.raises(StateError, match=r"^SGD\.load_state_dict: state must be the state of SGD"):
        optimizer.load_state_dict(state)


def test_momentum_cannot_end_while_nesterov_looks_ahead():
    sgd = SGD(values(1.0), lr=0.1, momentum=0.5, nesterov=True)
    with pytest.raises(ValueError, match=r"^SGD: momentum must be above 0 if nesterov is True"):
        sgd.momentum = 0.0
    sgd.nesterov = False
    sgd.momentum = 0.0
    sgd.load_state_dict(SGD(values(1.0), lr=0.1, momentum=0.5, nesterov=True).state_dict())
    assert (sgd.momentum, sgd.nesterov) == (0.5, True)


def test_the_rate_may_be_given_by_place_and_the_rest_by_name():
    for make in (SGD, Adam, AdamW, RMSprop):
        assert make(values(1.0), 0.25).lr == 0.25
        with pytest.raises(TypeError, match="positional"):
            make(values(1.0), 0.25, 0.5)


KEYS = "epoch, moments, optimizer, settings, steps"


def loaded(**change):
    sgd = SGD(values(1.0, 2.0, 3.0), lr=0.1)
    sgd.load_state_dict({**sgd.state_dict(), **change})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: SGD([x], lr=-0.5), "SGD: lr must be finite and at least 0, got -0.5"),
        (
            lambda x: SGD([x], lr=1, weight_decay=-1),
            "SGD: weight_decay must be finite and at least 0, got -1",
        ),
        (
            lambda x: SGD([x], lr=1, momentum=1),
            "SGD: momentum must be at least 0 and below 1, got 1",
        ),
        (lambda x: SGD([x], lr=1, nesterov=1), "SGD: nesterov must be True or False, got 1"),
        (
            lambda x: SGD([x], lr=1, nesterov=True),
            "SGD: momentum must be above 0 if nesterov is True, got 0.0",
        ),
        (lambda x: Adam([x], betas=0.9), "Adam: betas must be two numbers, got 0.9"),
        (lambda x: Adam([x], betas=[1, 0]), "Adam: betas[0] must be at least 0 and below 1, got 1"),
        (lambda x: Adam([x], betas=(0, 2)), "Adam: betas[1] must be at least 0 and below 1, got 2"),
        (lambda x: Adam([x], eps=0), "Adam: eps must be finite and above 0, got 0"),
        (
            lambda x: SGD(x, lr=1),
            "SGD: parameters must be an iterable of Values, got Value(data=1.0); "
            "pass model.parameters()",
        ),
        (lambda x: SGD([x, 2.0], lr=1), "SGD: parameters[1] must be a Value, got 2.0"),
        (
            lambda x: SGD([2 * x], lr=1),
            "SGD: parameters[0] must be a leaf, got Value(data=2.0, op=mul); pass the leaves that "
            "it is computed from",
        ),
        (
            lambda x: SGD([x, x], lr=1),
            "SGD: parameters[1] must be another Value than parameters[0], got Value(data=1.0); "
            "pass each Value once",
        ),
        (
            lambda x: SGD([x], lr=1).load_state_dict([1]),
            f"SGD.load_state_dict: state must be a mapping with the keys {KEYS}, got [1]",
        ),
        (
            lambda x: SGD([x], lr=1).load_state_dict(None),
            f"SGD.load_state_dict: state must be a mapping with the keys {KEYS}, got None",
        ),
        (
            lambda x: SGD([x], lr=1).load_state_dict({"a": 1}),
            f"SGD.load_state_dict: state must be a mapping with the keys {KEYS}, got ['a']",
        ),
        (
            lambda x: loaded(optimizer=3),
            "SGD.load_state_dict: state must be the state of SGD, got 3",
        ),
        (
            lambda x: loaded(settings={}),
            "SGD.load_state_dict: settings must be a mapping with the keys lr, momentum, "
            "nesterov, weight_decay, got {}",
        ),
        (
            lambda x: loaded(steps=2**53),
            "SGD.load_state_dict: steps must be an int from 0 to 2**53 - 1, got 9007199254740992",
        ),
        (
            lambda x: loaded(moments={}),
            "SGD.load_state_dict: moments must be a mapping with the keys velocity, got {}",
        ),
        (
            lambda x: loaded(moments={"velocity": [1.0]}),
            "SGD.load_state_dict: length of velocity must be 3, a number for each parameter, got 1",
        ),
        (
            lambda x: loaded(moments={"velocity": [1.0, math.inf, 2.0]}),
            "SGD.load_state_dict: a number in velocity must be finite, got inf",
        ),
        (
            lambda x: loaded(moments={"velocity": [1.0, None, 2.0]}),
            "SGD.load_state_dict: velocity must be a real number, got None",
        ),
        (
            lambda x: stepped(SGD([Value(-1e308, name="w")], lr=10.0), 1e308),
            "SGD.step: the weight of parameters[0] ('w') must be finite, got -inf; it comes from "
            "the value -1e+308, the gradient 1e+308 and lr = 10.0; nothing was changed, try a "
            "smaller lr",
        ),
        (
            lambda x: stepped(Adam([x]), 1e200),
            "Adam.step: the second moment of parameters[0] must be finite, got inf; it comes from "
            "the value 1.0, the gradient 1e+200 and lr = 0.001; nothing was changed, try a "
            "smaller lr",
        ),
    ],
)
def test_a_refusal_names_the_thing_the_rule_the_value_and_the_way_out(call, message):
    with pytest.raises((TypeError, ValueError, StateError, DivergenceError)) as caught:
        call(Value(1.0))
    assert str(caught.value) == message


@pytest.mark.parametrize("steps", [0, 2**53 - 1])
def test_the_count_of_steps_goes_up_to_what_a_float_holds(steps):
    loaded(steps=steps)


@pytest.mark.parametrize(
    "settings",
    [{"momentum": 0, "weight_decay": 0}, {"lr": 5e-324}, {"lr": 1e308, "weight_decay": 1e308}],
)
def test_settings_go_up_to_their_bounds(settings):
    SGD(values(1.0), **{"lr": 1.0, **settings})


def test_the_rates_of_adam_may_be_zero():
    assert Adam(values(1.0), betas=(0.0, 0)).betas == (0.0, 0.0)


def test_a_subclass_needs_no_more_than_its_rule():
    class SignDescent(Optimizer):
        def update(self, weights, gradients, state):
            signs = [math.copysign(1.0, g) for g in gradients]
            return [w - self.lr * s for w, s in zip(weights, signs, strict=True)], state.moments

    one = SignDescent(values(1.0, 2.0), lr=0.5)
    assert stepped(one, 3.0, -4.0) == [0.5, 2.5]
    assert repr(one) == "SignDescent(2 parameters, lr=0.5, weight_decay=0.0)"
    assert one.state_dict() == {
        "optimizer": "SignDescent",
        "settings": {"lr": 0.5, "weight_decay": 0.0},
        "epoch": 0,
        "steps": 1,
        "moments": {},
    }
    other = SignDescent(values(0.0, 0.0), lr=1.0)
    other.load_state_dict(one.state_dict())
    assert other.state_dict() == one.state_dict()


def test_large_weights_are_no_divergence_though_their_sum_overflows():
    assert stepped(SGD(values(1e308, 1e308), lr=1.0), 0.0, -1.0) == [1e308, 1e308]


def test_a_state_without_an_epoch_is_that_of_an_earlier_version():
    sgd = SGD(values(1.0), lr=0.5)
    sgd.epoch = 3
    state = SGD(values(2.0), lr=0.25).state_dict()
    del state["epoch"]
    sgd.load_state_dict(state)
    assert (sgd.epoch, sgd.lr) == (0, 0.25)


@each_optimizer
def test_the_state_before_the_first_step_can_be_loaded(make):
    fresh, other = make(values(1.0)), make(values(2.0))
    stepped(other, 3.0)
    other.load_state_dict(fresh.state_dict())
    assert other.state_dict() == fresh.state_dict()


def test_what_is_saved_has_these_names():
    """A file that was written by another version is read by them."""
    adam, sgd = Adam(values(1.0)), SGD(values(1.0), lr=0.5)
    stepped(sgd, 3.0)
    assert json.loads(json.dumps(adam.state_dict())) == {
        "optimizer": "Adam",
        "settings": {"lr": 0.001, "betas": [0.9, 0.999], "eps": 1e-08, "weight_decay": 0.0},
        "epoch": 0,
        "steps": 0,
        "moments": {"first moment": [0.0], "second moment": [0.0]},
    }
    assert sgd.state_dict() == {
        "optimizer": "SGD",
        "settings": {"lr": 0.5, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
        "epoch": 0,
        "steps": 1,
        "moments": {"velocity": [0.0]},
    }


OF_NUMBERS = {"array", "memoryview", "NumPy array", "map"}
OF_VALUES = [make for name, make in SEQUENCES.items() if name not in OF_NUMBERS]
LOOKS = [IMPOSTORS[name] for name in ("dict", "dict.keys", "dict.items", "set", "frozenset")]


@pytest.mark.parametrize("kind", [SGD, Adam])
@pytest.mark.parametrize("make", OF_VALUES)
def test_every_sequence_of_leaves_keeps_its_order(make, kind):
    leaves = [Value(1.0), Value(2.0)]
    assert kind(make(leaves), lr=0.5).parameters == tuple(leaves)


@pytest.mark.parametrize("kind", [SGD, Adam])
@pytest.mark.parametrize("make", LOOKS)
def test_leaves_without_an_order_are_refused(make, kind):
    with pytest.raises(
        TypeError, match=r": parameters must be an iterable of Values, got .*; the "
    ):
        kind(make([Value(1.0), Value(2.0)]), lr=0.5)


@each_impostor
def test_moments_without_an_order_are_refused(make):
    optimizer = SGD([Value(1.0), Value(2.0)], lr=0.5, momentum=0.5)
    state = optimizer.state_dict()
    state["moments"]["velocity"] = make([0.25, 0.5])
    with pytest.raises(StateError, match=r"velocity must be a list of numbers, got "):
        optimizer.load_state_dict(state)


def test_a_state_without_a_moment_names_all_moments():
    optimizer = Adam([Value(1.0)])
    rule = "a mapping with the keys first moment, second moment"
    message = f"Adam.load_state_dict: moments must be {rule}, got {{}}"
    with pytest.raises(StateError, match=f"^{re.escape(message)}$"):
        optimizer.load_state_dict({**optimizer.state_dict(), "moments": {}})

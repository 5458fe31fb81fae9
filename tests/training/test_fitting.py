"""`fit`: the same numbers as a plain loop, and an end that is explained and leaves no mess."""

import base64
import copy
import inspect
import math
import random
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tqdm
from hypothesis import given, settings
from hypothesis import strategies as st
from support.interrupts import interrupted_everywhere
from support.sequences import each_impostor, each_sequence, pandas

from autograd_mini import Value
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.errors import DomainError, NonFiniteGradientError, StateError
from autograd_mini.functions import norm
from autograd_mini.losses import mean_squared_error
from autograd_mini.nn import MLP
from autograd_mini.optim import SGD, Adam
from autograd_mini.training import fit, fitting, loop
from autograd_mini.training.curve import draw_curve
from autograd_mini.training.history import Checkpoint, History

X = [-1.0, -0.5, 0.25, 0.5, 1.0]
Y = [-1.0, 0.1, 1.4, 2.0, 3.0]  # about 2x + 1


class Line:
    """A model that is as small as can be: slope · x + offset."""

    def __init__(self, slope=0.5, offset=0.0):
        self.slope, self.offset = Value(slope, name="slope"), Value(offset, name="offset")

    def __call__(self, x):
        return self.slope * x + self.offset

    def parameters(self):
        return [self.slope, self.offset]

    @property
    def weights(self):
        return self.slope.data, self.offset.data

    @property
    def gradients(self):
        return self.slope.grad, self.offset.grad


def squares(predictions, targets):
    return Value.sum([(p - t) ** 2 for p, t in zip(predictions, targets, strict=True)])


def trained(model=None, *, X=X, y=Y, lr=0.1, epochs=10, loss=squares, optimizer=None, **more):  # noqa: N803
    """Fit a line by SGD; return the model, the history, the optimiser."""
    model = Line() if model is None else model
    optimizer = SGD(model.parameters(), lr=lr) if optimizer is None else optimizer
    return model, fit(model, X, y, loss=loss, optimizer=optimizer, epochs=epochs, **more), optimizer


# --- the same as a plain loop --------------------------------------------------------------------


@settings(max_examples=50)
@given(
    st.sampled_from([None, 1, 2, 3, 5, 100]),
    st.sampled_from([None, 0, 1]),
    st.sampled_from([lambda p: SGD(p, lr=0.1, momentum=0.9), lambda p: Adam(p, lr=0.1)]),
)
def test_fit_gives_the_bits_of_a_plain_loop(batch_size, shuffled, make):
    model = Line()
    rng = None if shuffled is None else random.Random(shuffled)
    optimizer = make(model.parameters())
    _, history, _ = trained(model, optimizer=optimizer, batch_size=batch_size, rng=rng, epochs=4)

    plain = Line()
    optimizer = make(plain.parameters())
    rng = None if shuffled is None else random.Random(shuffled)
    losses, norms = [], []
    for _ in range(4):
        examples = list(zip(X, Y, strict=True))
        if rng:
            rng.shuffle(examples)
        size = batch_size or len(X)
        mean_loss = mean_norm = 0.0
        for at in range(0, len(X), size):
            batch = examples[at : at + size]
            loss = squares([plain(x) for x, _ in batch], [t for _, t in batch])
            optimizer.zero_grad()
            loss.backward()
            mean_loss += loss.data * (len(batch) / len(X))
            mean_norm += norm(plain.gradients) * (len(batch) / len(X))
            optimizer.step()
        losses.append(mean_loss)
        norms.append(mean_norm)
    assert model.weights == plain.weights
    assert model.gradients == plain.gradients
    assert history.history == {"loss": losses, "grad_norm": norms}


def test_the_first_epoch_by_hand():
    """Of 0·x + 0 on (1, 1), (2, 3): the loss is 1 + 9, its gradient (−2 − 12, −2 − 6)."""
    model, history, _ = trained(Line(0.0), X=[1.0, 2.0], y=[1.0, 3.0], lr=0.125, epochs=1)
    assert history.history == {"loss": [10.0], "grad_norm": [math.hypot(14.0, 8.0)]}
    assert model.weights == (1.75, 1.0)


def test_mini_batches_by_hand():
    """Example 1 moves to (¼, ¼), where example 2 has the error −9/4; the means are of both."""
    model, history, _ = trained(
        Line(0.0), X=[1.0, 2.0], y=[1.0, 3.0], lr=0.125, epochs=1, batch_size=1
    )
    assert history.history["loss"] == [(1.0 + 2.25**2) / 2]
    assert history.history["grad_norm"] == pytest.approx(
        [(math.hypot(2, 2) + math.hypot(9, 4.5)) / 2], rel=1e-15
    )
    assert model.weights == (0.25 + 9 / 8, 0.25 + 4.5 / 8)


def test_a_short_last_batch_weighs_less():
    """Losses 1 + 1 and 4 of two and one examples, of a model that hardly moves."""
    _, history, _ = trained(
        Line(0.0), X=[0.0, 0.0, 0.0], y=[1.0, 1.0, 2.0], lr=1e-300, epochs=1, batch_size=2
    )
    assert history.history["loss"] == pytest.approx([(2 * 2 + 1 * 4) / 3])


def test_without_rng_the_examples_keep_their_order():
    seen = []

    class Watched(Line):
        def __call__(self, x):
            seen.append(x)
            return super().__call__(x)

    trained(Watched(), epochs=2, batch_size=2)
    assert seen == X + X


def test_with_rng_every_epoch_sees_every_example_in_another_order():
    """Each order depends on the generator alone, so a resumed training can repeat it."""
    seen = []

    class Watched(Line):
        def __call__(self, x):
            seen.append(x)
            return super().__call__(x)

    rng = random.Random(1)
    trained(Watched(), epochs=2, batch_size=2, rng=rng)
    first, second = seen[:5], seen[5:]
    assert sorted(first) == sorted(second) == X
    assert first != second
    middle = random.Random(1)
    middle.shuffle(list(X))
    seen.clear()
    trained(Watched(), epochs=1, batch_size=2, rng=middle)
    assert seen == second


def test_the_examples_are_left_as_they_were():
    examples, targets = list(X), list(Y)
    trained(X=examples, y=targets, rng=random.Random(0))
    assert (examples, targets) == (X, Y)


@pytest.mark.parametrize("kind", [list, tuple, np.array], ids=["list", "tuple", "array"])
def test_examples_may_be_lists_tuples_or_arrays(kind):
    model, _, _ = trained(X=kind(X), y=kind(Y))
    assert model.weights == trained()[0].weights


def test_rows_of_an_array_are_examples():
    class Plane(Line):
        def __call__(self, x):
            return self.slope * x[0] + self.offset * x[1]

    rows = np.array([[1.0, 0.0], [0.0, 1.0]])
    model, history, _ = trained(Plane(), X=rows, y=np.array([3.0, 4.0]), epochs=500, tolerance=1e-9)
    assert history.stopped == "tolerance"
    assert model.weights == pytest.approx((3.0, 4.0), abs=1e-4)


def test_an_optimizer_may_have_some_of_the_parameters():
    model = Line()
    trained(model, optimizer=SGD([model.slope], lr=0.1))
    assert model.slope.data != 0.5
    assert model.offset.data == 0.0


# --- how it ends ---------------------------------------------------------------------------------


def test_epochs_used_up():
    _, history, _ = trained(epochs=7)
    assert (history.epochs, history.stopped) == (7, "epochs")
    assert history.message == "All 7 epochs were used up."
    assert all(b < a for a, b in zip(*[history.history["loss"][i:] for i in (0, 1)], strict=False))


def test_a_full_batch_below_tolerance_is_not_moved_any_more():
    """So the loss of the model that is left is the last one recorded."""
    model, history, _ = trained(epochs=1000, tolerance=0.0425)
    *before, last = history.history["loss"]
    assert history.stopped == "tolerance"
    assert history.message == "The loss is below the tolerance of 0.0425."
    assert last < 0.0425 <= min(before)
    assert squares([model(x) for x in X], Y).data == last
    assert norm(model.gradients) == history.history["grad_norm"][-1] > 0


def test_mini_batches_end_when_the_mean_of_an_epoch_is_below_tolerance():
    """That epoch makes all of its updates: it is as long as the same training without one."""
    model, history, _ = trained(epochs=1000, batch_size=2, tolerance=0.05)
    *before, last = history.history["loss"]
    assert history.stopped == "tolerance"
    assert last < 0.05 <= min(before)
    assert model.weights == trained(epochs=history.epochs, batch_size=2)[0].weights


def test_a_loss_equal_to_the_tolerance_is_not_below_it():
    _, history, _ = trained(X=[0.0], y=[0.0], tolerance=0.0, epochs=3)
    assert history.history["loss"] == [0.0, 0.0, 0.0]
    assert history.stopped == "epochs"


def test_a_tolerance_reached_at_once_moves_nothing():
    model, history, _ = trained(tolerance=1e9)
    assert (history.epochs, history.stopped) == (1, "tolerance")
    assert model.weights == (0.5, 0.0)


def test_an_exploding_loss_gives_back_the_weights_of_the_lowest():
    """2x − 2 overshoots: the loss grows 5.76-fold an epoch, the first weights stay the best."""
    model, history, _ = trained(Line(0.5, 0.25), lr=0.7, epochs=1000)
    losses = history.history["loss"]
    assert history.stopped == "diverged"
    assert losses[-1] > 1e6 * losses[0] > losses[-2]
    assert history.message == (
        f"Training diverged in epoch {history.epochs}: the loss must be at most "
        f"{1e6 * losses[0]!r}, got {losses[-1]!r}. The weights are those of the start of epoch 1, "
        f"whose loss is least, {losses[0]!r}."
    )
    assert model.weights == (0.5, 0.25)
    assert model.gradients == (0.0, 0.0)


def test_a_tiny_first_loss_does_not_make_the_next_one_an_explosion():
    _, history, _ = trained(Line(0.0, 1e-9), X=[0.0], y=[0.0], lr=1.5, epochs=20)
    assert history.history["loss"][-1] > 1e6 * history.history["loss"][0]
    assert history.stopped == "epochs"


@pytest.mark.parametrize(
    ("loss", "stopped"), [(1e6, "epochs"), (1000000.0000000001, "diverged"), (-1e300, "epochs")]
)
def test_after_a_first_loss_below_1_a_million_is_the_limit(loss, stopped):
    """The loss is a weight, which a callback sets; it diverges when it exceeds the limit."""
    model = Line(0.0, 0.5)

    def jump(history):
        model.offset.data = loss

    optimizer = SGD([model.offset], lr=1e-300)
    _, history, _ = trained(
        model, X=[0.0], y=[0.0], loss=lambda p, t: p[0], optimizer=optimizer, epochs=2,
        callbacks=[jump],
    )  # fmt: skip
    assert history.history["loss"] == [0.5, loss]
    assert history.stopped == stopped


def test_the_lowest_loss_may_come_late():
    """A rate that grows from epoch to epoch first trains, then diverges."""
    model = Line()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.5)
    states = []

    def faster(history):
        states.append((model.weights, optimizer.state_dict()["moments"]))
        optimizer.lr *= 1.5

    _, history, _ = trained(model, optimizer=optimizer, epochs=100, callbacks=[faster])
    losses = history.history["loss"]
    best = losses.index(min(losses))
    assert history.stopped == "diverged"
    assert 1 < best < len(losses) - 2
    assert (
        f"of the start of epoch {best + 1}, whose loss is least, {min(losses)!r}."
        in history.message
    )
    assert (model.weights, optimizer.state_dict()["moments"]) == states[best - 1]
    assert squares([model(x) for x in X], Y).data == min(losses)


def test_a_domain_error_in_an_epoch_is_a_divergence():
    """The logarithm of a negative prediction, after a step that was too large."""

    def loss(predictions, targets):
        return Value.sum([p.log() for p in predictions])

    model, history, _ = trained(Line(0.0, 1.0), X=[0.0], y=[0.0], lr=0.75, loss=loss)
    assert history.history["loss"] == [0.0, math.log(0.25)]
    assert history.stopped == "diverged"
    assert history.message.startswith(
        "Training diverged in epoch 3: log(x): the point must be in the domain x > 0, got x = -2.75"
    )
    assert "of the start of epoch 2, whose loss is least, -1.386" in history.message
    assert model.weights == (0.0, 0.25)


def test_a_divergence_within_an_epoch_goes_back_to_its_start():
    """The second example overflows after the first has moved the weights."""
    model, history, _ = trained(Line(1.0, 0.0), X=[1.0, 1e300], y=[2.0, 0.0], batch_size=1, lr=0.1)
    assert (history.epochs, history.stopped) == (0, "diverged")
    assert history.message.startswith("Training diverged in epoch 1: pow")
    assert history.message.endswith("The weights are those that it began with.")
    assert model.weights == (1.0, 0.0)
    assert model.gradients == (0.0, 0.0)


def test_an_infinite_gradient_is_a_divergence():
    """The first step ends where the root has an infinite slope."""

    def loss(predictions, targets):
        return predictions[0].sqrt()

    model, history, _ = trained(Line(0.0, 0.25), X=[1.0], y=[0.0], lr=0.125, loss=loss)
    assert history.history == {"loss": [0.5], "grad_norm": [math.sqrt(2)]}
    assert history.stopped == "diverged"
    assert (
        "epoch 2: Value.backward: the gradient of 'slope' (-0.125) must be finite, got "
        in history.message
    )
    assert model.weights == (0.0, 0.25)
    assert model.gradients == (0.0, 0.0)


def test_an_infinite_weight_is_a_divergence():
    """The loss of that epoch is known, and is the best."""
    model, history, _ = trained(lr=1e308)
    assert (history.epochs, history.stopped) == (1, "diverged")
    assert (
        "epoch 1: SGD.step: the weight of parameters[0] ('slope') must be finite, got "
        in history.message
    )
    assert f"epoch 1, whose loss is least, {history.history['loss'][0]!r}." in history.message
    assert model.weights == (0.5, 0.0)


class Stretched(Line):
    def __call__(self, x):
        return self.slope * x + self.offset * x


INFINITE_NORM = "the norm of the gradient must be finite, got inf"
NOT_FINITE = [
    (lambda p: (1000 * p).exp(), 1.0, DomainError, "the loss must be finite, got inf"),
    (lambda p: 0 * (1000 * p).exp(), 1.0, DomainError, "the loss must be finite, got nan"),
    (lambda p: (p - p.data).sqrt(), 1.0, NonFiniteGradientError, INFINITE_NORM),
    (lambda p: p, 1.7e308, NonFiniteGradientError, INFINITE_NORM),
]


@pytest.mark.parametrize(("loss", "x", "kind", "match"), NOT_FINITE)
def test_where_ieee_arithmetic_goes_on_fit_does_not(loss, x, kind, match):
    """In the last case each gradient is finite, but their norm is not."""

    def losses(predictions, targets):
        return loss(predictions[0]) if targets[0] else predictions[0]

    with errstate(nonfinite="ignore"):
        model, history, _ = trained(
            Stretched(0.25, 0.5), X=[1.0, x], y=[False, True], loss=losses, batch_size=1, lr=1e-99
        )
    assert (history.epochs, history.stopped) == (0, "diverged")
    assert f"epoch 1: {match}. The weights are those that it began with." in history.message
    assert model.weights == (0.25, 0.5)
    assert model.gradients == (0.0, 0.0)


def is_of_the_first_loss(error):
    return error.__notes__ == [
        "fit: this is the first loss, so nothing has diverged yet; "
        "the reason is in the examples, the first weights or the loss"
    ]


@pytest.mark.parametrize(("loss", "x", "kind", "match"), NOT_FINITE)
def test_before_the_first_update_it_is_no_divergence(loss, x, kind, match):
    """But the user's data, weights or loss: the error comes through, and nothing has moved."""
    model = Stretched(0.25, 0.5)
    with errstate(nonfinite="ignore"), pytest.raises(kind, match=match) as caught:
        trained(model, X=[x], y=[0.0], loss=lambda p, t: loss(p[0]))
    assert is_of_the_first_loss(caught.value)
    assert model.weights == (0.25, 0.5)


@pytest.mark.parametrize("batch_size", [None, 1])
@pytest.mark.parametrize(
    ("loss", "kind", "match"),
    [
        (lambda p, t: (p[0] - 0.5).log(), DomainError, r"log\(x\): .*, got x = 0\.0; .* is -inf"),
        (
            lambda p, t: (p[0] - 0.5).sqrt(),
            NonFiniteGradientError,
            "gradient of 'slope' .* got inf; ",
        ),
        (lambda p, t: p[0] * math.nan, DomainError, "the loss must be finite, got nan"),
    ],
)
def test_an_error_of_the_first_loss_comes_through(batch_size, loss, kind, match):
    """Also for NaN among the data, which no operation refuses."""
    model = Line(0.25, 0.25)
    with pytest.raises(kind, match=match) as caught:
        trained(model, X=[1.0, 1.0], y=[0.0, 0.0], loss=loss, batch_size=batch_size)
    assert is_of_the_first_loss(caught.value)
    assert model.weights == (0.25, 0.25)


def test_a_first_step_that_is_too_long_is_a_divergence():
    """With mini-batches it fails before any loss is recorded, but not before an update."""
    model, history, _ = trained(X=[10.0, 1.0], y=[-10.0, 0.0], lr=1e308, batch_size=1)
    assert (history.epochs, history.stopped) == (0, "diverged")
    assert (
        "epoch 1: SGD.step: the weight of parameters[0] ('slope') must be finite, got "
        in history.message
    )
    assert history.message.endswith("The weights are those that it began with.")
    assert model.weights == (0.5, 0.0)


def test_a_callback_that_returns_true_ends_the_training():
    seen = []

    def until_three(history):
        seen.append((history.epochs, history.stopped))
        return history.epochs == 3

    model, history, _ = trained(callbacks=[until_three])
    assert seen == [(1, None), (2, None), (3, None)]
    assert (history.epochs, history.stopped) == (3, "callback")
    assert history.message == "A callback ended the training."
    assert model.weights == trained(epochs=3)[0].weights


def test_every_callback_is_called_even_if_one_ends_the_training():
    called = []
    trained(callbacks=(lambda h: called.append("a") or True, lambda h: called.append("b")))
    assert called == ["a", "b"]


@pytest.mark.parametrize("result", [1, 0.5, "yes", None, False, np.False_])
def test_a_callback_that_returns_something_else_does_not_end_it(result):
    assert trained(callbacks=[lambda history: result])[1].stopped == "epochs"


def test_numpys_true_is_true():
    assert trained(callbacks=[lambda history: np.True_])[1].stopped == "callback"


def test_the_true_of_numpy_1_is_true():
    """Which has another name than that of NumPy 2."""
    bool_ = type("bool_", (), {"__bool__": lambda self: True})
    assert trained(callbacks=[lambda history: bool_()])[1].stopped == "callback"


def test_callbacks_see_the_epoch_that_reached_the_tolerance():
    seen = []
    _, history, _ = trained(tolerance=0.1, epochs=100, callbacks=[lambda h: seen.append(h.epochs)])
    assert history.stopped == "tolerance"
    assert seen == list(range(1, history.epochs + 1))


@pytest.mark.parametrize("error", [RuntimeError("mine"), DomainError("mine")])
def test_an_error_of_a_callback_comes_through(error):
    """Also one that would be a divergence, had the model raised it."""

    def fail(history):
        raise error

    with pytest.raises(type(error), match="mine"):
        trained(callbacks=[fail])


def test_an_error_of_the_model_comes_through():
    class Broken(Line):
        def __call__(self, x):
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        trained(Broken())


def test_ctrl_c_in_a_callback_ends_the_training():
    def interrupt(history):
        if history.epochs == 2:
            raise KeyboardInterrupt

    model, history, _ = trained(callbacks=[interrupt])
    assert (history.epochs, history.stopped) == (2, "interrupted")
    assert history.message == ("Training was interrupted in epoch 2; no update was done by halves.")
    assert model.weights == trained(epochs=2)[0].weights


@pytest.mark.parametrize(
    ("batch_size", "every"),
    [
        (1, 5),
        pytest.param(None, 1, marks=pytest.mark.soak),
        pytest.param(1, 1, marks=pytest.mark.soak),
    ],
    ids=["single", "full, each", "single, each"],
)
def test_ctrl_c_at_any_instant_leaves_weights_gradients_and_history_whole(batch_size, every):
    """P11 for a whole training: each state is one that a plain loop passes through.

    The instants inside of `backward` and `step` are those functions' own tests.
    """
    examples, targets = [1.0, 2.0], [1.0, 3.0]
    size = batch_size or 2
    plain = Line(0.0)
    plain_optimizer = SGD(plain.parameters(), lr=0.125, momentum=0.5)
    whole = []

    def state_of(model, optimizer):
        return model.weights, model.gradients, str(optimizer.state_dict() | {"epoch": None})

    def pause():
        whole.append(state_of(plain, plain_optimizer))

    pause()
    for _ in range(2):
        for at in range(0, 2, size):
            predictions = [plain(x) for x in examples[at : at + size]]
            loss = squares(predictions, targets[at : at + size])
            plain_optimizer.zero_grad()
            pause()
            loss.backward()
            pause()
            plain_optimizer.step()
            pause()

    class Run:
        def __init__(self):
            self.model = Line(0.0)
            self.optimizer = SGD(self.model.parameters(), lr=0.125, momentum=0.5)
            self.history = None

        def __call__(self):
            _, self.history, _ = trained(
                self.model,
                optimizer=self.optimizer,
                X=examples,
                y=targets,
                epochs=2,
                batch_size=batch_size,
            )

    ends = set()

    def check(run):
        state = state_of(run.model, run.optimizer)
        assert state in whole
        ends.add(run.history and run.history.stopped)
        if run.history is None:  # the interrupt came before the training, or after it
            assert state in (whole[0], whole[-1])
        else:
            assert len({len(numbers) for numbers in run.history.history.values()}) == 1

    interrupted_everywhere(
        Run,
        Run.__call__,
        check=check,
        inside=(fitting.__file__, loop.__file__, inspect.getfile(History)),
        every=every,
    )
    assert ends == {None, "interrupted", "epochs"}


# --- History -------------------------------------------------------------------------------------


def test_a_history_says_what_happened():
    assert repr(History()) == "<History: 0 epochs, stopped=None>"
    numbers = {"loss": [10.0, 4.0, 0.25], "grad_norm": [3.0, 2.0, 1.0]}
    history = History(numbers, stopped="tolerance")
    assert repr(history) == "<History: 3 epochs, loss 10 → 0.25, stopped='tolerance'>"
    assert repr(History({"loss": [2.0]})) == "<History: 1 epoch, loss 2 → 2, stopped=None>"


def test_a_notebook_shows_the_curve_and_why_the_training_ended():
    numbers = {"loss": [10.0, 4.0, 0.25], "grad_norm": [3.0, 2.0, 1.0]}
    html = History(numbers, stopped="tolerance", message="The loss is < 1 & small.")._repr_html_()
    sentence = "<p>3 epochs, loss 10 → 0.25. The loss is &lt; 1 &amp; small.</p>"
    assert html.startswith(f'{sentence}<img alt="The curve of the loss: 3 epochs, loss 10 → 0.25"')
    curve = base64.b64decode(re.search('base64,([^"]*)', html)[1]).decode()
    assert curve == draw_curve([10.0, 4.0, 0.25])


def test_a_history_without_epochs_has_no_curve():
    assert History()._repr_html_() == "<p>0 epochs. The training goes on.</p>"


def test_while_a_training_goes_on_its_history_says_so():
    messages = []
    trained(callbacks=[lambda history: messages.append(history.message)], epochs=2)
    assert messages == ["The training goes on."] * 2


def test_what_a_training_can_go_on_from_comes_from_a_training_only():
    assert list(inspect.signature(History).parameters) == ["history", "stopped", "message"]


def test_histories_do_not_share_their_lists():
    assert History().history is not History().history
    assert copy.deepcopy(trained()[1]).history == trained()[1].history


def test_two_histories_of_the_same_numbers_are_two_trainings():
    """So each can be a key of a dict, and a member of a set."""
    first, second = History({"loss": [1.0]}), History({"loss": [1.0]})
    assert first != second
    assert len({first, second, first}) == 2


def test_a_history_of_no_training_remembers_nothing():
    for argument in "best", "latest":
        with pytest.raises(
            StateError, match=r"^History must be one that fit\(\) returned, got <History"
        ):
            getattr(History(), argument)


@pytest.mark.parametrize(
    ("arguments", "stopped"),
    [
        ({}, "epochs"),
        ({"tolerance": 0.05, "epochs": 1000}, "tolerance"),
        ({"lr": 0.7, "epochs": 1000}, "diverged"),
        ({"callbacks": [lambda history: history.epochs == 3]}, "callback"),
    ],
)
@pytest.mark.parametrize("batch_size", [None, 2])
def test_latest_is_what_the_training_ended_with_and_best_what_its_lowest_epoch_began_with(
    arguments, stopped, batch_size
):
    began = [[0.5, 0.0]]

    def keep(history):
        began.append(list(model.weights))

    model = Line()
    callbacks = [keep, *arguments.get("callbacks", [])]
    _, history, optimizer = trained(
        model, batch_size=batch_size, **arguments | {"callbacks": callbacks}
    )
    losses = history.history["loss"]
    assert history.stopped == stopped
    assert history.latest == optimizer.snapshot()
    assert [*history.best.weights] == began[losses.index(min(losses))]


def test_of_epochs_with_the_same_loss_the_first_is_the_best():
    """The weight goes from 0.5 to -0.5 and back; its square is the loss."""
    model = Line(0.0, 0.5)
    optimizer = SGD([model.offset], lr=1.0)
    _, history, _ = trained(model, X=[0.0], y=[0.0], optimizer=optimizer, epochs=4)
    assert history.history["loss"] == [0.25] * 4
    assert list(history.best.weights) == [0.5]


def test_a_callback_finds_the_best_so_far_too():
    """A rate that grows trains first, then diverges: the best stays behind."""
    model = Line()
    optimizer = SGD(model.parameters(), lr=0.1)
    began, found = [optimizer.snapshot()], []

    def faster(history):
        losses = history.history["loss"]
        found.append(history.best == began[losses.index(min(losses))])
        found.append(history.latest == began[-1])
        began.append(optimizer.snapshot())
        optimizer.lr *= 1.5

    _, history, _ = trained(model, optimizer=optimizer, epochs=100, callbacks=[faster])
    assert history.stopped == "diverged"
    assert len(found) > 10
    assert all(found)


# --- resuming; that it gives the same bits after any interrupt is in promises.test_data -----------


def bits(model, history, optimizer):
    """Return all that a training leaves, as text: equal if and only if the bits are."""
    return repr(
        [
            (model.weights, optimizer.state_dict()),
            (history.history, history.stopped, history.message),
            (*history.best, *history.latest),
        ]
    )


def resumed(history, model=None, **arguments):
    """Go on with a training, on a model with other weights."""
    return trained(Line(7.0, -7.0) if model is None else model, resume=history, **arguments)


@pytest.mark.parametrize("batch_size", [None, 2])
@pytest.mark.parametrize("epochs", [3, 7])
def test_more_epochs_are_counted_from_the_beginning(batch_size, epochs):
    _, history, _ = trained(epochs=3, batch_size=batch_size)
    whole = trained(epochs=epochs, batch_size=batch_size)
    assert bits(*resumed(history, epochs=epochs, batch_size=batch_size)) == bits(*whole)


@pytest.mark.parametrize("batch_size", [None, 2])
@pytest.mark.parametrize("arguments", [{"tolerance": 0.1}, {"lr": 0.7}])
def test_a_training_that_has_ended_by_itself_ends_the_same_way(arguments, batch_size):
    """Below the tolerance, or diverged."""
    arguments = arguments | {"batch_size": batch_size, "epochs": 1000}
    whole = trained(**arguments)
    assert whole[1].stopped in ("tolerance", "diverged")
    assert bits(*resumed(whole[1], **arguments)) == bits(*whole)


@pytest.mark.parametrize("batch_size", [None, 2])
def test_a_lower_tolerance_goes_on_as_if_it_had_been_so_low_from_the_beginning(batch_size):
    arguments = {"batch_size": batch_size, "epochs": 1000}
    _, history, _ = trained(tolerance=5.0, **arguments)
    lower = trained(tolerance=0.1, **arguments)
    assert lower[1].epochs > history.epochs + 1
    assert bits(*resumed(history, tolerance=0.1, **arguments)) == bits(*lower)


def test_a_training_that_a_callback_ended_goes_on_after_that_epoch():
    called = []

    def at_three(history):
        called.append(history.epochs)
        return history.epochs == 3

    _, history, _ = trained(callbacks=[at_three])
    assert history.stopped == "callback"
    assert bits(*resumed(history, callbacks=[at_three])) == bits(*trained())
    assert called == list(range(1, 11))


def test_a_training_that_a_callback_broke_goes_on_from_the_history_that_it_was_given():
    """The callbacks of that epoch were not all called, so it is gone through again."""
    kept = []

    def fail(history):
        if history.epochs == 3:
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        trained(callbacks=[kept.append, fail])
    assert (kept[-1].epochs, kept[-1].stopped) == (3, None)
    assert bits(*resumed(kept[-1])) == bits(*trained())


def test_what_callbacks_did_to_the_rate_is_part_of_the_training():
    """Even if the epoch in which one changed it was interrupted after that."""

    def slower(history):
        optimizer.lr *= 0.5

    def interrupt(history):
        if history.epochs == 3:
            raise KeyboardInterrupt

    model = Line()
    optimizer = SGD(model.parameters(), lr=0.1)
    whole = trained(model, optimizer=optimizer, callbacks=[slower])
    expected = bits(*whole)

    model = Line()
    optimizer = SGD(model.parameters(), lr=0.1)
    _, history, _ = trained(model, optimizer=optimizer, callbacks=[slower, interrupt])
    assert optimizer.lr == 0.0125
    assert bits(*resumed(history, model, optimizer=optimizer, callbacks=[slower])) == expected


def test_a_warm_up_may_begin_with_a_rate_of_0():
    model = Line()
    optimizer = SGD(model.parameters(), lr=0.0)
    before = [p.data for p in model.parameters()]

    def faster(history):
        optimizer.lr += 0.05

    trained(model, optimizer=optimizer, callbacks=[faster], epochs=2)
    assert [p.data for p in model.parameters()] != before


@pytest.mark.parametrize("epochs", [1, 5])
def test_a_rate_of_0_moves_no_weight(epochs):
    model = trained(lr=0.0, epochs=epochs)[0]
    assert [p.data for p in model.parameters()] == [p.data for p in Line().parameters()]


def test_a_training_goes_on_with_its_settings_whatever_they_are_now():
    """Also where a setting alone would not fit: momentum goes only after nesterov."""

    def make(**settings):
        model = Line(1.0, 2.0)
        return {"model": model, "optimizer": SGD(model.parameters(), lr=0.1, **settings)}

    plain, nesterov = {}, {"momentum": 0.5, "nesterov": True}
    for first, others in ((plain, nesterov), (nesterov, plain)):
        whole = trained(**make(**first))
        history = trained(**make(**first), epochs=4)[1]
        assert bits(*trained(**make(**others), resume=history)) == bits(*whole)


@pytest.mark.parametrize("epochs", [0, 1, 2])
def test_a_resumed_training_shuffles_as_if_it_had_never_stopped(epochs):
    """Whatever state the generator is in that it goes on with."""

    def interrupt(history):
        if history.epochs == epochs + 1:
            raise KeyboardInterrupt

    arguments = {"batch_size": 2, "epochs": 4}
    rng = random.Random(1)
    whole = bits(*trained(rng=rng, **arguments))
    _, history, _ = trained(rng=random.Random(1), callbacks=[interrupt], **arguments)
    assert history.stopped == "interrupted"
    other = random.Random(2)
    assert bits(*resumed(history, rng=other, **arguments)) == whole
    assert other.getstate() == rng.getstate()


@pytest.mark.parametrize(("epochs", "stopped"), [(0, None), (1, "diverged"), (2, "diverged")])
def test_only_before_the_very_first_update_is_a_failure_of_a_resumed_training_an_error(
    epochs, stopped
):
    def interrupt(history):
        if history.epochs == epochs + 1:
            raise KeyboardInterrupt

    _, history, _ = trained(callbacks=[interrupt])
    if stopped is None:
        with pytest.raises(DomainError) as caught:
            resumed(history, loss=lambda p, t: Value.log(p[0] * 0.0))
        assert is_of_the_first_loss(caught.value)
    else:
        _, history, _ = resumed(history, loss=lambda p, t: Value.log(p[0] * 0.0))
        assert history.stopped == stopped


def test_the_earlier_history_stays_as_it_was():
    """So it can be resumed again."""
    _, history, _ = trained(epochs=3)
    before = copy.deepcopy(vars(history))
    first = bits(*resumed(history, epochs=5))
    assert vars(history) == before
    assert bits(*resumed(history, epochs=5)) == first


def test_lists_that_a_callback_keeps_in_the_history_go_on_too():
    def interrupt(history):
        history.history.setdefault("epoch", []).append(history.epochs)
        if history.epochs == 3 and not rest:
            raise KeyboardInterrupt

    rest = []
    _, history, _ = trained(callbacks=[interrupt])
    assert history.history["epoch"] == [1, 2, 3]
    rest.append("not again")
    _, history, _ = resumed(history, callbacks=[interrupt], epochs=5)
    assert history.history["epoch"] == [1, 2, 3, 4, 5]


def test_the_limit_of_divergence_is_that_of_the_very_first_loss():
    """The loss falls from 1e6 to 1e-6; a jump to 1e10 is within a million times the first."""
    offsets = []

    def jump(history):
        offsets.append(optimizer.parameters[0].data)
        if history.epochs == 3:
            optimizer.parameters[0].data = 1e5

    arguments = {"X": [0.0], "y": [0.0]}
    first = Line(0.0, 1e3)
    _, history, _ = trained(first, optimizer=SGD([first.offset], lr=0.4995), epochs=2, **arguments)
    model = Line()
    optimizer = SGD([model.offset], lr=0.5)
    _, history, _ = resumed(
        history, model, optimizer=optimizer, epochs=4, callbacks=[jump], **arguments
    )
    assert history.stopped == "epochs"
    assert history.history["loss"] == pytest.approx([1e6, 1.0, 1e-6, 1e10])
    assert offsets == pytest.approx([1e-6, 100.0])


@pytest.mark.parametrize(
    ("earlier", "arguments", "error", "match"),
    [
        (lambda: 3, {}, TypeError, "fit: resume must be the History of an earlier fit, got 3$"),
        (lambda: {"loss": [1]}, {}, TypeError, r"fit: resume must be the History .*, got \{'loss'"),
        (
            History,
            {},
            StateError,
            r"History must be one that fit\(\) returned, got <History: 0 epochs, stopped=None>$",
        ),
        (
            lambda: trained(model := Line(), optimizer=Adam(model.parameters()))[1],
            {},
            StateError,
            r"fit: optimizer must be Adam \(parameters: 2\), as in resume, got SGD\(2 parameters, ",
        ),
        (
            lambda: trained(model := Line(), optimizer=SGD([model.slope], lr=0.1))[1],
            {},
            StateError,
            r"fit: optimizer must be SGD \(parameters: 1\), as in resume, got SGD\(2 parameters, ",
        ),
        (
            lambda: trained()[1],
            {"rng": random.Random(0)},
            StateError,
            r"fit: rng must be of type NoneType, as in resume, got <random\.Random",
        ),
        (
            lambda: trained(rng=random.Random(0))[1],
            {},
            StateError,
            "fit: rng must be of type Random, as in resume, got None$",
        ),
        (
            lambda: trained(rng=np.random.default_rng(0))[1],
            {"rng": np.random.default_rng(0)},
            TypeError,
            r"fit: rng must be a random\.Random, whose state .* resume, got Generator\(PCG64",
        ),
        (
            lambda: trained(rng=random.SystemRandom())[1],
            {"rng": random.SystemRandom()},
            TypeError,
            r"fit: rng must be a random\.Random, whose state .* resume, got <random\.SystemRandom",
        ),
        (
            lambda: trained()[1],
            {"epochs": 9},
            ValueError,
            "fit: epochs must be at least the 10 of resume, got 9",
        ),
    ],
)
def test_what_cannot_be_resumed_is_refused_before_anything_moves(earlier, arguments, error, match):
    model = Line(7.0, -7.0)
    optimizer = SGD(model.parameters(), lr=0.25)
    with pytest.raises(error, match=f"^{match}"):
        trained(model, optimizer=optimizer, resume=earlier(), **arguments)
    assert model.weights == (7.0, -7.0)
    assert optimizer.lr == 0.25


# --- the progress bar ----------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_thread_of_tqdms(monkeypatch):
    """It would outlive the test."""
    monkeypatch.setattr(tqdm.tqdm, "monitor_interval", 0)


def test_progress_shows_epochs_and_loss(capsys):
    _, history, _ = trained(progress=True, epochs=3)
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert f"loss={history.history['loss'][-1]:.4g}" in shown
    assert re.search(r"[\d?]epoch/s|s/epoch", shown)
    assert not re.search(r"0/3[^\r]*loss=", shown), "a loss is shown with its own epoch"


def test_progress_shows_the_validation_loss_too(capsys):
    data = {"validation_data": ([1.0], [2.0]), "metrics": ["mae"]}
    _, history, _ = trained(progress=True, epochs=3, **data)
    losses = f"loss={history['loss'][-1]:.4g}, val_loss={history['val_loss'][-1]:.4g}"
    assert f"{losses}, stopped: epochs" in capsys.readouterr().err


def test_progress_goes_on_where_the_earlier_training_ended(capsys):
    _, history, _ = trained(epochs=2)
    capsys.readouterr()
    resumed(history, progress=True, epochs=5)
    shown = capsys.readouterr().err
    assert "2/5" in shown
    assert "5/5" in shown


@pytest.mark.parametrize(
    ("arguments", "count", "stopped"),
    [
        ({"epochs": 3}, "3/3", "epochs"),
        ({"epochs": 50, "tolerance": 1e9}, "1/1", "tolerance"),
        ({"epochs": 50, "callbacks": [lambda history: history.epochs == 2]}, "2/2", "callback"),
    ],
)
def test_the_bar_ends_with_the_reason(capsys, arguments, count, stopped):
    _, history, _ = trained(progress=True, **arguments)
    last = capsys.readouterr().err.rstrip().split("\r")[-1]
    assert count in last
    assert last.endswith(f", loss={history.history['loss'][-1]:.4g}, stopped: {stopped}]")


def test_the_bar_says_that_a_training_was_interrupted(capsys):
    def interrupt(history):
        if history.epochs == 2:
            raise KeyboardInterrupt

    _, history, _ = trained(progress=True, callbacks=[interrupt], epochs=9)
    assert history.stopped == "interrupted"
    last = capsys.readouterr().err.rstrip().split("\r")[-1]
    assert "2/9" in last
    assert last.endswith(", stopped: interrupted]")


def test_the_bar_of_a_training_that_diverged_in_its_first_epoch_has_no_loss(capsys):
    rates = iter([1e300, 1e300])
    _, history, _ = trained(
        X=[1.0, 2.0],
        y=[1.0, 3.0],
        progress=True,
        batch_size=1,
        loss=lambda p, t: squares(p, t) * next(rates),
    )
    assert (history.stopped, history.epochs) == ("diverged", 0)
    assert capsys.readouterr().err.rstrip().endswith(", stopped: diverged]")


def test_in_a_notebook_the_bar_is_one_line_of_text(capsys, monkeypatch):
    """Each line takes the place of the line before; on the stream of errors, all would be red."""
    shown = []

    class Handle:
        def update(self, data, *, raw):
            assert raw
            shown.append(data)

    def display(data, *, raw, display_id):
        assert raw
        assert display_id
        shown.append(data)
        return Handle()

    shell = SimpleNamespace(kernel="that of a notebook")
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    _, history, _ = trained(progress=True, epochs=3)
    assert capsys.readouterr() == ("", "")
    assert [list(data) for data in shown] == [["text/plain"]] * len(shown)
    assert shown[-1]["text/plain"].startswith("100%|")
    loss = f"loss={history.history['loss'][-1]:.4g}"
    assert shown[-1]["text/plain"].endswith(f"{loss}, stopped: epochs]")


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["none", "of a terminal"])
def test_ipython_without_a_notebook_has_the_bar_of_a_terminal(capsys, monkeypatch, shell):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    trained(progress=True, epochs=3)
    assert "3/3" in capsys.readouterr().err


def test_the_bar_is_closed_on_errors(monkeypatch):
    """At once, not only when the last frame of the traceback is freed."""
    closed = []
    close = tqdm.tqdm.close
    monkeypatch.setattr(tqdm.tqdm, "close", lambda bar: closed.append(bar.n) or close(bar))
    with pytest.raises(ZeroDivisionError) as caught:
        trained(progress=True, callbacks=[lambda history: 1 / 0])
    assert closed == [1]
    del caught


def test_without_progress_nothing_is_shown(capsys):
    trained()
    assert capsys.readouterr() == ("", "")


def test_progress_without_tqdm_warns_and_trains(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.warns(UserWarning, match="^fit: no progress bar") as caught:
        model, _, _ = trained(progress=True)
    assert str(caught[0].message) == (
        "fit: no progress bar, training goes on: tqdm is not installed (pip install tqdm)"
    )
    lines, first = inspect.getsourcelines(trained)  # which calls fit
    assert caught[0].filename == __file__
    assert first <= caught[0].lineno < first + len(lines)
    assert model.weights == trained()[0].weights


def test_tqdm_is_not_imported_with_the_library():
    """Nor by a training that shows no progress; seen in a fresh interpreter."""
    script = (
        "import sys, autograd_mini.training as t, autograd_mini.optim as o\n"
        "from autograd_mini import Value\n"
        "class Model:\n"
        "    w = Value(1.0)\n"
        "    def __call__(self, x): return self.w * x\n"
        "    def parameters(self): return [self.w]\n"
        "sgd = o.SGD([Model.w], lr=0.1)\n"
        "t.fit(Model(), [1.0], [2.0], loss=lambda p, t: p[0], optimizer=sgd, epochs=2)\n"
        "print('tqdm' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False\n", "")


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"X": [1.0]}, ValueError, r"X and y must be equally long, got lengths 1 and 5"),
        ({"X": [], "y": []}, ValueError, r"X must be a list of one example or more, got \[\]"),
        (
            {"X": np.empty((0, 2)), "y": []},
            ValueError,
            r"X must be a list of one example or more, got array\(\[\], .*\)",
        ),
        ({"y": 1.0}, TypeError, r"y must be a list, a tuple or an array, got 1\.0"),
        ({"y": "abcde"}, TypeError, r"y must be a list, a tuple or an array, got 'abcde'"),
        (
            {"X": dict.fromkeys(X)},
            TypeError,
            r"X must be a list, .*, got {-1\.0: None, .*}; the dict gives keys: use \.values\(\)",
        ),
        (
            {"X": set(X)},
            TypeError,
            r"X must be a list, a tuple or an array, got {[^:]*}; the set has no order: use a list",
        ),
        ({"epochs": 0}, ValueError, r"epochs must be at least 1, got 0"),
        ({"epochs": -3}, ValueError, r"epochs must be at least 1, got -3"),
        ({"epochs": 2.0}, TypeError, r"epochs must be a positive int, got 2\.0"),
        ({"epochs": True}, TypeError, r"epochs must be a positive int, got True"),
        ({"batch_size": 0}, ValueError, r"batch_size must be at least 1, got 0"),
        ({"batch_size": "2"}, TypeError, r"batch_size must be a positive int, got '2'"),
        ({"batch_size": False}, TypeError, r"batch_size must be a positive int, got False"),
        ({"tolerance": -1e-3}, ValueError, r"tolerance must be at least 0, got -0\.001"),
        ({"tolerance": math.nan}, ValueError, r"tolerance must be at least 0, got nan"),
        ({"tolerance": "0"}, TypeError, r"tolerance must be a real number, got '0'"),
        ({"rng": True}, TypeError, r"rng must be a random\.Random, an int or None, got True"),
        (
            {"rng": random.Random},
            TypeError,
            r"rng must be a random\.Random, an int or None, got <class 'random\.Random'>",
        ),
        (
            {"X": np.array(3.0)},
            TypeError,
            r"X must be a list, a tuple or an array, got array\(3\.\)",
        ),
        ({"callbacks": None}, TypeError, r"callbacks must be a list of functions, got None"),
        (
            {"callbacks": print},
            TypeError,
            r"callbacks must be a list of functions, got <.* print>; put it in a list",
        ),
        (
            {"callbacks": [print, 3]},
            TypeError,
            r"callback must be a function of the history, got 3",
        ),
        ({"loss": 0.5}, TypeError, r"loss must be a function of predictions and targets, got 0\.5"),
        (
            {"optimizer": "ada"},
            ValueError,
            r"optimizer must be an Optimizer, or one of sgd, rmsprop, adam, adamw, got 'ada'",
        ),
        (
            {"optimizer": 0.1},
            TypeError,
            r"optimizer must be an Optimizer, such as SGD, got 0\.1",
        ),
        (
            {"loss": "rmse"},
            ValueError,
            r"loss must be a function of .*, or one of mse, mae, .*, hinge, .*, got 'rmse'",
        ),
        (
            {"optimizer": SGD([Value(1.0)], lr=0.5)},
            ValueError,
            "optimizer must be one of parameters of the model, "
            r"got SGD\(1 parameter, lr=0\.5, .*\); make it with model\.parameters\(\)",
        ),
    ],
)
def test_bad_arguments_are_refused_before_anything_moves(arguments, error, match):
    model = Line()
    with pytest.raises(error, match=f"^fit: {match}$"):
        trained(model, **arguments)
    assert model.weights == (0.5, 0.0)


@pytest.mark.parametrize("name", ["X", "y"])
def test_the_examples_that_are_no_list_are_named(name):
    message = f"^fit: {name} must be a list, a tuple or an array, got 5$"
    with pytest.raises(TypeError, match=message):
        trained(**{name: 5})


def test_counts_may_be_numpys():
    assert trained(epochs=np.int64(2), batch_size=np.int32(2))[1].epochs == 2


class ParametersOnly:
    def parameters(self):
        return [Value(1.0)]


@pytest.mark.parametrize("model", [lambda x: x, ParametersOnly(), object()])
def test_a_model_is_callable_and_has_parameters(model):
    message = r"^fit: model must be callable and have parameters\(\), got <"
    with pytest.raises(TypeError, match=message) as caught:
        trained(model, optimizer=SGD([Value(1.0)], lr=0.1))
    assert "make a model" not in str(caught.value)
    with pytest.raises(TypeError, match=r"; make a model$"):
        trained(Line, optimizer=SGD([Value(1.0)], lr=0.1))


@pytest.mark.parametrize(
    ("loss", "match"),
    [
        (
            lambda p, t: 0.5,
            r"^fit: result of loss must be a Value, got 0\.5; it has a gradient only if ",
        ),
        (lambda p, t: None, r"^fit: result of loss must be a Value, got None; "),
        (lambda p, t: p, r"^fit: result of loss must be a Value, got \[Value\("),
    ],
)
def test_a_loss_that_is_no_value_is_explained(loss, match):
    with pytest.raises(TypeError, match=match):
        trained(loss=loss)


def test_a_loss_that_is_no_value_is_explained_with_what_to_look_for():
    with pytest.raises(TypeError) as caught:
        trained(loss=lambda p, t: 0.5)
    assert str(caught.value) == (
        "fit: result of loss must be a Value, got 0.5; it has a gradient only if the predictions "
        "depend on the parameters, and the loss uses Values, not their .data"
    )


def test_the_limit_of_an_explosion_is_the_documented_one():
    assert loop.EXPLOSION == 1e6


# --- sequences, frames, and what is neither ------------------------------------------------------


@each_sequence
def test_every_sequence_of_examples_gives_the_same_training(make):
    examples = [float(x) for x in X]
    of_list, of_sequence = (
        trained(X=examples, y=examples),
        trained(X=make(examples), y=make(examples)),
    )
    assert bits(*of_sequence) == bits(*of_list)


@pytest.mark.parametrize("argument", ["X", "y"])
@each_impostor
def test_examples_without_an_order_are_refused(make, argument):
    with pytest.raises(
        TypeError, match=rf"^fit: {argument} must be a list, a tuple or an array, got "
    ):
        trained(**{argument: make([float(x) for x in X])})


@pytest.mark.parametrize("make", [set, dict.fromkeys])
def test_callbacks_without_an_order_are_refused(make):
    with pytest.raises(
        TypeError, match=r"^fit: callbacks must be a list of functions, got .*; the "
    ):
        trained(callbacks=make([print]))


def test_a_frame_gives_the_training_of_its_rows():
    """Its labels, numbers too, are no examples."""
    rows, targets = [[1.0, 2.0], [3.0, -1.0], [0.5, 0.25], [-1.0, 1.0]], [1.0, 2.0, 0.5, -1.0]
    frame = pandas().DataFrame(rows, columns=[5, 6], index=[9, 8, 7, 6])
    series = pandas().Series(targets, index=[9, 8, 7, 6])

    def weights(inputs, wanted):
        model = MLP(2, [3, 1], rng=random.Random(0))
        sgd = SGD(model.parameters(), lr=0.1)
        fit(model, inputs, wanted, loss=mean_squared_error, optimizer=sgd, epochs=3)
        return model.state_dict()

    assert weights(frame, series) == weights(rows, targets)
    for column in (series.to_frame(), np.array(targets).reshape(4, 1)):
        assert weights(frame, column) == weights(rows, targets)


def test_the_class_of_a_model_is_no_model():
    model = MLP(1, [1])
    optimizer = SGD(model.parameters(), lr=0.1)
    with pytest.raises(TypeError, match=r"^fit: model must be .*, got <class .*; make a model$"):
        fit(MLP, [[1.0]], [1.0], loss=mean_squared_error, optimizer=optimizer, epochs=1)


def test_a_callback_that_empties_the_history_does_not_make_a_training_endless():
    model = MLP(1, [1])
    optimizer = SGD(model.parameters(), lr=0.1)
    calls = []

    def empty(history):
        calls.append(history)
        assert len(calls) <= 3
        for numbers in history.history.values():
            numbers.clear()

    arguments = {"loss": mean_squared_error, "optimizer": optimizer, "epochs": 3}
    fit(model, [[1.0]], [1.0], callbacks=[empty], **arguments)
    assert len(calls) == 3


def test_a_history_of_an_earlier_version_goes_on():
    """Its checkpoint knew of no dropout, no metrics and no validation, and at first not of C."""
    for kept in (8, 9):
        history = trained(Line(), epochs=2)[1]
        history._checkpoint = Checkpoint(*history._checkpoint[:kept])
        model, resumed, _ = trained(Line(7.0), epochs=4, resume=history)
        whole, expected, _ = trained(Line(), epochs=4)
        assert (model.weights, resumed.history) == (whole.weights, expected.history)

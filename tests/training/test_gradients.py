"""The gradient of the loss of a batch: recorded programs train as the graph does."""

import functools
import math
import pickle
import random
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.interrupts import interrupted_everywhere

import autograd_mini as ag
from autograd_mini import SGD, Adam, Value, fit, losses
from autograd_mini.errors import DomainError, NonFiniteGradientError, StateError
from autograd_mini.nn import MLP, Module
from autograd_mini.training import fitting, gradients, loop
from autograd_mini.training.gradients import EagerLoss, compile_loss

# --- the same gradients --------------------------------------------------------------------------


def draw_data(outputs=1, count=23, seed=0):
    rng = random.Random(seed)
    inputs = [[rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)] for _ in range(count)]
    targets = [[rng.gauss(0.0, 1.0) for _ in range(outputs)] for _ in range(count)]
    return inputs, targets if outputs > 1 else [row[0] for row in targets]


def numbers_like(targets, number):
    return [[number(x) for x in t] if isinstance(t, list) else number(t) for t in targets]


def probability_of(x):
    return 1.0 / (1.0 + math.exp(-x))


def make_distribution(row):
    total = sum(map(math.exp, row))
    return [math.exp(x) / total for x in row]


def own_mean(predictions, targets):
    return ag.mean([abs(p - t) for p, t in zip(predictions, targets, strict=True)])


def own_cross_entropy(predictions, targets):
    """A loss that the library does not know, and whose targets have to be ints."""
    return losses.cross_entropy(predictions, targets)


def of_pairs(predictions, targets):
    """A loss that is no sum over examples."""
    return ag.norm([p - t for p, t in zip(predictions, targets, strict=True)]) + predictions[0] ** 2


def reading(predictions, targets):
    """A loss that cannot be recorded."""
    weights = [1.0 + abs(p.data) for p in predictions]
    return Value.dot(weights, [(p - t) ** 2 for p, t in zip(predictions, targets, strict=True)])


def branching(predictions, targets):
    terms = [p * p if p > t else t - p for p, t in zip(predictions, targets, strict=True)]
    return ag.mean(terms)


bce = losses.binary_cross_entropy
LOSSES = {
    "squared_error": (losses.squared_error, 1, None),
    "sum_of_squares": (losses.sum_of_squares, 3, None),
    "mean_squared_error": (losses.mean_squared_error, 1, None),
    "rows": (losses.mean_squared_error, 2, None),
    "mean_absolute_error": (losses.mean_absolute_error, 1, None),
    "huber": (functools.partial(losses.huber, delta=0.5), 2, None),
    "binary_cross_entropy": (bce, 1, probability_of),
    "certain": (bce, 1, lambda x: float(x > 0)),
    "ints": (bce, 1, lambda x: int(x > 0)),
    "hinge": (losses.hinge, 1, lambda x: 1 if x > 0 else -1),
    "own": (own_mean, 1, None),
    "pairs": (of_pairs, 1, None),
    "reading": (reading, 1, None),
    "branching": (branching, 1, None),
    "partial": (functools.partial(losses.mean_squared_error), 1, None),
}


def both(model, loss, inputs, targets, batch, executor=None):
    """Return the loss and the gradients of a batch, by the graph and by programs."""
    found = []
    for compiled in (False, True):
        for p in model.parameters():
            p.grad = 0.0
        eager = EagerLoss(model, loss, inputs, targets)
        way = compile_loss(eager, batch, executor) if compiled else eager
        found.append(
            (way.differentiate(batch, model.zero_grad), [p.grad for p in model.parameters()])
        )
    return found


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("batch", [range(23), [3], [7, 2, 2, 19, 11]])
def test_programs_find_the_gradients_of_the_graph(name, batch):
    loss, outputs, target = LOSSES[name]
    inputs, targets = draw_data(outputs)
    targets = numbers_like(targets, target) if target else targets
    model = MLP(2, [5, outputs], activation="tanh", rng=random.Random(1))
    (eager, expected), (found, gradient) = both(model, loss, inputs, targets, batch)
    assert found == pytest.approx(eager, rel=1e-14, abs=1e-15)
    assert gradient == pytest.approx(expected, rel=1e-12, abs=1e-14)
    assert any(gradient)


@pytest.mark.parametrize(
    ("loss", "output", "target"),
    [
        (losses.cross_entropy, "linear", lambda row: row.index(max(row))),
        (losses.cross_entropy, "linear", lambda row: np.int64(row.index(max(row)))),
        (losses.cross_entropy, "linear", make_distribution),
        (functools.partial(losses.cross_entropy, from_logits=False), "softmax", make_distribution),
        (own_cross_entropy, "linear", lambda row: row.index(max(row))),
    ],
)
def test_targets_may_be_classes_or_distributions(loss, output, target):
    inputs, rows = draw_data(3)
    model = MLP(2, [4, 3], output_activation=output, rng=random.Random(1))
    (eager, expected), (found, gradient) = both(
        model, loss, inputs, [*map(target, rows)], range(23)
    )
    assert found == pytest.approx(eager, rel=1e-14)
    assert gradient == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_probabilities_need_from_logits_also_in_programs():
    inputs, targets = draw_data()
    targets = numbers_like(targets, probability_of)
    model = MLP(2, [3, 1], output_activation="sigmoid", rng=random.Random(0))
    loss = functools.partial(bce, from_logits=False)
    (eager, expected), (found, gradient) = both(model, loss, inputs, targets, range(23))
    assert found == pytest.approx(eager, rel=1e-14)
    assert gradient == pytest.approx(expected, rel=1e-12)
    sgd = SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="leave out the sigmoid"):
        fit(model, inputs, targets, loss=bce, optimizer=sgd, epochs=1, compiled=True)


def test_a_loss_may_have_parameters_of_its_own():
    inputs, targets = draw_data()
    model = MLP(2, [3, 1], rng=random.Random(0))

    def decayed(predictions, targets):
        squares = ag.sum([p * p for p in model.parameters()])
        return losses.mean_squared_error(predictions, targets) + 0.1 * squares

    (eager, expected), (found, gradient) = both(model, decayed, inputs, targets, range(23))
    assert found == pytest.approx(eager, rel=1e-14)
    assert gradient == pytest.approx(expected, rel=1e-12)


def test_a_parameter_of_a_loss_may_be_the_first_value_of_a_process():
    program = """
        from autograd_mini import SGD, Value, fit
        w = Value(0.5)
        def model(x):
            return w * x[0]
        def loss(predictions, targets):
            return (predictions[0] - targets[0]) ** 2 + w * w
        model.parameters = lambda: [w]
        sgd = SGD([w], lr=0.25)
        fit(model, [[1.0]], [2.0], loss=loss, optimizer=sgd, epochs=1, compiled=True)
        assert w.data == 0.5 - 0.25 * (2 * (0.5 - 2.0) + 2 * 0.5)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


class Curve(Module):
    """A model whose examples are dicts, whose result is one, and which branches."""

    def __init__(self):
        self.a, self.b, self.unused = Value(0.5), Value(-0.25), Value(1.0)

    def __call__(self, x):
        z = self.a * x["t"] if x["t"] > 0 else self.b * x["t"] * x["t"]
        return {"z": z, "both": [z + x["u"][0], 2.0]}


def test_examples_and_predictions_may_be_structures():
    def loss(predictions, targets):
        return ag.sum([(p["z"] - t[0]) ** 2 + p["both"][0] for p, t in zip(predictions, targets)])  # noqa: B905

    rng = random.Random(0)
    inputs = [{"t": rng.gauss(0, 1), "u": (rng.random(), None)} for _ in range(9)]
    targets = [(rng.random(), "label") for _ in range(9)]
    (eager, expected), (found, gradient) = both(Curve(), loss, inputs, targets, range(9))
    assert found == eager
    assert gradient == pytest.approx(expected, rel=1e-13)
    assert expected[2] == 0.0


def test_targets_of_several_forms_are_left_to_the_graph():
    def loss(predictions, targets):
        return ag.sum([(p - (t[0] if t else 0.0)) ** 2 for p, t in zip(predictions, targets)])  # noqa: B905

    inputs, _ = draw_data()
    model = MLP(2, [1], rng=random.Random(0))
    targets = [(), (1.0,), (0.5, 0.5)] * 7 + [(), ()]
    (eager, expected), (found, gradient) = both(model, loss, inputs, targets, range(23))
    assert found == eager
    assert gradient == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["mean_squared_error", "own", "reading"])
def test_the_way_of_a_loss_is_the_one_it_allows(name, monkeypatch):
    """Only what cannot be recorded makes a graph for each batch."""
    loss, *_ = LOSSES[name]
    inputs, targets = draw_data()
    model = MLP(2, [1], rng=random.Random(0))
    way = compile_loss(EagerLoss(model, loss, inputs, targets), range(23), None)
    way.differentiate(range(23), model.zero_grad)
    calls = []
    monkeypatch.setattr(EagerLoss, "compare", lambda *_: calls.append(1) or Value(1.0))
    monkeypatch.setattr(MLP, "__call__", lambda *_: calls.append(2))
    way.differentiate(range(23), model.zero_grad)
    assert calls == ([1] if name == "reading" else [])


@pytest.mark.parametrize("name", [*LOSSES, "cross_entropy"])
def test_a_loss_of_the_library_takes_a_single_pass(name):
    loss, outputs, _ = LOSSES.get(name, (losses.cross_entropy, 2, None))
    inputs, _ = draw_data()
    target = 1 if outputs == 1 or name == "cross_entropy" else [1] * outputs
    targets = [target] * len(inputs)
    model = MLP(2, [outputs], rng=random.Random(0))
    way = compile_loss(EagerLoss(model, loss, inputs, targets), [0], None)
    is_own = name in ("own", "pairs", "reading", "branching")
    assert isinstance(way, gradients._SeparableLoss) != is_own


def test_a_loss_with_many_branches_is_no_longer_recorded():
    inputs, targets = draw_data(count=64)
    model = MLP(2, [1], rng=random.Random(0))
    way = compile_loss(EagerLoss(model, branching, inputs, targets), range(4), None)
    for i in range(0, 64, 4):
        way.differentiate(range(i, i + 4), model.zero_grad)
    assert way._targets is None
    assert way._programs[4].natively
    assert len(way._programs[4].paths) <= gradients.MOST_PATHS + 1


# --- the same training ---------------------------------------------------------------------------


def xor(_):
    return [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], bce, 1


def moons(rng):
    angles = [rng.uniform(0.0, math.pi) for _ in range(60)]
    up = [[math.cos(a) + rng.gauss(0, 0.1), math.sin(a) + rng.gauss(0, 0.1)] for a in angles[:30]]
    down = [[1 - math.cos(a), 0.5 - math.sin(a)] for a in angles[30:]]
    return up + down, [1] * 30 + [-1] * 30, losses.hinge, 1


def iris(rng):
    """Three clouds in four dimensions."""
    centers = [[rng.gauss(0, 2) for _ in range(4)] for _ in range(3)]
    classes = [i % 3 for i in range(45)]
    inputs = np.array([[c + rng.gauss(0, 0.5) for c in centers[k]] for k in classes])
    return inputs, classes, losses.cross_entropy, 3


@pytest.mark.parametrize("data", [xor, moons, iris])
@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("make", [lambda p: SGD(p, lr=0.05, momentum=0.9), Adam])
def test_compiled_and_eager_losses_agree_for_fifty_epochs(data, batch_size, make):
    inputs, targets, loss, outputs = data(random.Random(5))
    found = []
    for compiled in (False, True):
        model = MLP(len(inputs[0]), [8, outputs], activation="tanh", rng=random.Random(2))
        history = fit(
            model,
            inputs,
            targets,
            loss=loss,
            optimizer=make(model.parameters()),
            epochs=50,
            batch_size=batch_size,
            rng=random.Random(3),
            compiled=compiled,
        )
        found.append((history.history, [*history.latest.weights]))
    (eager, weights), (compiled, others) = found
    assert compiled["loss"] == pytest.approx(eager["loss"], rel=1e-12, abs=1e-12)
    assert compiled["grad_norm"] == pytest.approx(eager["grad_norm"], rel=1e-9, abs=1e-10)
    assert others == pytest.approx(weights, rel=1e-9, abs=1e-10)
    assert eager["loss"][-1] < eager["loss"][0]


INPUTS, TARGETS = draw_data(count=40)


def train(epochs, *, resume=None, executor=None, loss=losses.mean_squared_error, seed=0):
    model = MLP(2, [4, 1], rng=random.Random(seed))
    history = fit(
        model,
        INPUTS,
        TARGETS,
        loss=loss,
        optimizer=Adam(model.parameters(), lr=0.05),
        epochs=epochs,
        batch_size=12,
        rng=random.Random(seed),
        compiled=True,
        resume=resume,
        executor=executor,
    )
    return model, history


@pytest.mark.parametrize("loss", [losses.mean_squared_error, own_mean, reading, branching])
def test_a_resumed_training_has_the_bits_of_one_that_never_stopped(loss):
    _, whole = train(9, loss=loss)
    _, half = train(4, loss=loss)
    copied = pickle.loads(pickle.dumps(half))  # noqa: S301 - our own
    _, rest = train(9, loss=loss, resume=copied, seed=8)
    assert rest.history == whole.history
    assert rest.latest == whole.latest


def test_a_history_goes_on_the_way_it_was_made():
    model, history = train(2)
    more = {"loss": losses.mean_squared_error, "batch_size": 12, "resume": history}
    adam = Adam(model.parameters())
    with pytest.raises(StateError, match=r"^fit: compiled must be True, as in resume, got False$"):
        fit(model, INPUTS, TARGETS, optimizer=adam, epochs=3, rng=random.Random(), **more)


class Counting(ThreadPoolExecutor):
    """Threads that count what they get."""

    submitted = 0

    def submit(self, *args):
        self.submitted += 1
        return super().submit(*args)


@pytest.mark.parametrize(("loss", "passes"), [(losses.mean_squared_error, 1), (own_mean, 2)])
def test_threads_give_the_same_bits(loss, passes, monkeypatch):
    """A loss that is known takes a pass over the examples; another one takes two."""
    monkeypatch.setattr("autograd_mini.programs.shards.SHARD", 5)
    _, alone = train(3, loss=loss)
    with Counting(3) as threads:
        _, together = train(3, loss=loss, executor=threads)
    assert together.history == alone.history
    assert together.latest == alone.latest
    assert threads.submitted == 3 * (3 + 3 + 3 + 1) * passes


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.soak)])
def test_ctrl_c_at_any_instant_leaves_a_compiled_training_whole(every):
    """All gradients are of one batch, and the weights of one step."""

    class Training:
        def __init__(self):
            self.model = MLP(1, [1], activation="linear", rng=random.Random(0))
            self.history = None

        def run(self):
            model, sgd = self.model, SGD(self.model.parameters(), lr=0.1)
            loss = losses.mean_squared_error
            more = {"epochs": 2, "compiled": True}
            self.history = fit(model, [[1.0], [2.0]], [0.0, 1.0], loss=loss, optimizer=sgd, **more)

    whole = Training()
    whole.run()
    steps = {tuple(whole.history.best.weights), tuple(whole.history.latest.weights)}
    seen = set()

    def check(training):
        weights = tuple(p.data for p in training.model.parameters())
        history = training.history
        seen.add(weights)
        if history is not None:
            assert tuple(history.latest.weights) == weights
            assert history.stopped in ("interrupted", "epochs")

    interrupted_everywhere(
        Training,
        Training.run,
        check=check,
        inside=(fitting.__file__, loop.__file__, gradients.__file__),
        every=every,
    )
    assert len(seen) == 3
    assert steps < seen


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "x", "kind", "match"),
    [
        (losses.mean_squared_error, 1e200, DomainError, "square"),
        (lambda p, _: ag.log(p[0] - p[0]), 1.0, DomainError, "log"),
        (
            lambda p, _: ag.sqrt(p[0] - p[0]),
            1.0,
            NonFiniteGradientError,
            "'weights.0'",
        ),
        (lambda p, _: p[0].data, 1.0, TypeError, "uses Values, not their .data"),
        (lambda p, _: {}[p[0]], 1.0, KeyError, "Value"),
    ],
)
def test_an_error_is_that_of_the_graph(loss, x, kind, match):
    model = ag.nn.Neuron(1, activation="linear", weights=[1.0])
    errors = []
    for compiled in (False, True):
        sgd = SGD(model.parameters(), lr=0.1)
        with pytest.raises(kind) as caught:
            fit(model, [[x]], [1.0], loss=loss, optimizer=sgd, epochs=1, compiled=compiled)
        errors.append((str(caught.value), getattr(caught.value, "__notes__", [])))
    assert errors[0] == errors[1]
    assert match in errors[0][0]


def test_a_loss_is_finite_also_where_numbers_need_not_be():
    model = ag.nn.Neuron(1, activation="linear", weights=[1.0])
    eager = EagerLoss(model, losses.mean_squared_error, [[1e200]], [0.0])
    with ag.errstate(nonfinite="ignore"):
        for way in (eager, compile_loss):
            with pytest.raises(DomainError, match=r"^the loss must be finite, got inf$"):
                (way(eager, [0], None) if way is compile_loss else way).differentiate([0], None)


def test_a_training_that_diverges_ends_as_the_graph_does():
    found = []
    for compiled in (False, True):
        model = ag.nn.Neuron(1, activation="linear", weights=[1.0])
        sgd = SGD(model.parameters(), lr=1e150)
        more = {"loss": losses.mean_squared_error, "optimizer": sgd, "epochs": 9}
        found.append(fit(model, [[1.0], [2.0]], [0.5, 1.0], compiled=compiled, **more))
    assert [history.stopped for history in found] == ["diverged", "diverged"]
    assert found[0].message == found[1].message


class Reader(Module):
    def __init__(self):
        self.w = Value(0.5)

    def __call__(self, x):
        return self.w * self.w.data * x[0]


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"compiled": 1}, TypeError, r"^fit: compiled must be True or False, got 1$"),
        (
            {"executor": 3},
            TypeError,
            r"^fit: executor must be a concurrent\.futures\.Executor, got 3",
        ),
        (
            {"executor": ThreadPoolExecutor(1), "compiled": False},
            ValueError,
            r"^fit: executor must be None, got .*; only compiled=True shares examples out$",
        ),
        (
            {"model": Reader()},
            (TypeError, StateError, RuntimeError, ValueError),
            r"\.data",
        ),
        ({"X": [[1.0], [1.0, 2.0]], "model": lambda: 0}, ValueError, r"^fit: X\[1\] must "),
    ],
)
def test_what_cannot_be_compiled_is_refused(arguments, error, match):
    class Summed(Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, x):
            return ag.sum([self.w * one for one in x])

    model = arguments.get("model", Summed())
    model = Summed() if not isinstance(model, Module) else model
    given = {"X": [[1.0], [2.0]], "compiled": True, **arguments, "model": model}
    sgd = SGD(model.parameters(), lr=0.1)
    with pytest.raises(error, match=match):
        fit(y=[1.0, 2.0], loss=own_mean, optimizer=sgd, epochs=1, **given)
    assert all(p.grad == 0.0 for p in model.parameters())

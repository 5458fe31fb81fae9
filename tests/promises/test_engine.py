"""The promises about the engine: P7 to P11 and P15 of the design."""

import gc
import math
import random
import statistics
import threading
import time
from array import array
from collections import Counter
from fractions import Fraction
from itertools import count
from operator import attrgetter
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machines
from support.building import built, gradients, same
from support.interrupts import interrupted_everywhere
from support.references import EXACT, Exact
from support.soak import TIMES, soaking
from support.stacks import run_on_small_stack

from autograd_mini import MLP, SGD, Adam, Value, engine, fit
from autograd_mini.engines import data_of, gradients_of, zero_gradients
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.nonfinite import errstate, strict
from autograd_mini.errors import AutogradError, DomainError, NonFiniteGradientError
from autograd_mini.functions import dot, log, maximum, mean, sigmoid, softmax, tanh
from autograd_mini.functions import sum as total
from autograd_mini.losses import sum_of_squares
from autograd_mini.table.primitives import PRIMITIVES
from autograd_mini.testing.strategies import function, graphs

# --- large graphs (P7, P8) ----------------------------------------------------------------------

MANY = 1_000_000


def a_deep_chain():
    x = out = Value(1.0)
    for _ in range(MANY):
        out = out + 1e-6
    out.backward(seed=2.0)
    assert x.grad == 2.0
    assert math.isclose(out.data, 2.0, rel_tol=1e-6)


def a_deep_chain_of_sums():
    x = out = Value(1.0)
    for _ in range(MANY // 10):
        out = total([out, 0.0])
    out.backward(seed=2.0)
    assert x.grad == 2.0


def a_wide_sum():
    xs = [Value(1.0) for _ in range(MANY)]
    out = total(xs)
    out.backward(seed=3.0)
    assert out.data == MANY
    assert all(x.grad == 3.0 for x in xs)


LARGE = [a_deep_chain, a_deep_chain_of_sums, a_wide_sum]


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("large", LARGE)
@pytest.mark.usefixtures("no_collector")
def test_p7_p8_large_graphs_build_differentiate_and_are_freed(large):
    """With a small stack, so without recursion; with no collector, so without cycles."""
    before = len(gc.get_objects())
    assert run_on_small_stack(large)
    assert len(gc.get_objects()) - before < 1000  # nothing is left of a million nodes
    assert gc.collect() == 0


@pytest.mark.usefixtures("no_collector")
def test_p8_errors_leave_no_cycles():
    def failing(compute):
        try:
            compute(Value(0.0) * 1.0)
        except AutogradError:
            return True
        return False

    assert failing(log)
    assert failing(lambda x: (x**0.5).backward())
    assert gc.collect() == 0


# --- repeated and shared (P9, P10) --------------------------------------------------------------


def test_p9_two_losses_that_share_a_node_are_both_right():
    x = Value(3.0)
    shared = x * x
    first, second = shared * 2.0, shared + x
    first.backward()
    assert (shared.grad, x.grad) == (2.0, 12.0)
    second.backward()
    assert (shared.grad, x.grad) == (1.0, 12.0 + 7.0)
    first.backward()
    assert (shared.grad, x.grad) == (2.0, 12.0 + 7.0 + 12.0)


@given(graphs())
def test_p9_the_gradients_of_two_losses_over_a_shared_graph_add_up(graph):
    plain = gradients(graph)
    leaves, shared = built(graph)
    (shared * 4.0).backward()
    shared.backward()
    assert same([leaf.grad for leaf in leaves], [4.0 * gradient + gradient for gradient in plain])
    assert shared.grad == 1.0


def test_p9_a_backward_pass_from_the_middle_leaves_the_rest_alone():
    x = Value(2.0)
    middle = x * x
    end = middle * 3.0
    middle.backward()
    assert not end.has_grad
    assert (middle.grad, x.grad) == (1.0, 4.0)


def test_p9_four_threads_over_a_shared_subgraph_are_exact():
    x = Value(0.5)
    shared = x
    for _ in range(300):
        shared = shared * 1.0 + 0.0
    passes, threads = 50, 4
    errors = []

    def work(factor):
        try:
            for _ in range(passes):
                (shared * factor).backward()
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            errors.append(error)

    workers = [threading.Thread(target=work, args=(2.0**n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert x.grad == passes * (1.0 + 2.0 + 4.0 + 8.0)


@given(graphs(), st.data())
def test_p10_a_later_change_of_data_bends_no_gradient(graph, data):
    expected = gradients(graph)
    leaves, out = built(graph)
    nodes = Graph(out).order
    for node in nodes:
        if data.draw(st.booleans()):
            node.data = 1e6
    out.backward()
    assert [leaf.grad for leaf in leaves] == expected


# --- interrupts (P11) ---------------------------------------------------------------------------


def a_network():
    x, w = Value(0.1, name="x"), Value(0.15, name="w")
    out = mean(softmax([sigmoid(w * x + 0.4), dot([w, x], [x, 2.0], w)])) * tanh(w - x)
    w.grad = 10.0
    return (x, w), out


def test_p11_an_interrupted_backward_pass_leaves_the_gradients_all_old_or_all_new():
    """And the next pass is right, whatever the interrupted one left in the nodes."""
    leaves, out = a_network()
    old = [leaf.grad for leaf in leaves]
    out.backward()
    new = [leaf.grad for leaf in leaves]
    assert old != new
    seen = set()

    def check(network):
        leaves, out = network
        found = [leaf.grad for leaf in leaves]
        assert found in (old, new)
        seen.add(found == new)
        for leaf, gradient in zip(leaves, old, strict=True):
            leaf.grad = gradient
        out.backward()
        assert [leaf.grad for leaf in leaves] == new

    instants = interrupted_everywhere(a_network, lambda network: network[1].backward(), check=check)
    assert instants > (100 if engine == "python" else 0)  # in C, none comes between two changes
    assert seen == {False, True}


# --- real signals (P11) --------------------------------------------------------------------------

# What interrupts.py proves instruction by instruction, put to the test by the system's own timer.

MOST_ATTEMPTS = 200  # for each signal that is delivered
each_amount = pytest.mark.parametrize("amount", [60, soaking(600)])


def duration_of(call):
    """Return how long a call takes in seconds, and more: signals are to reach its end too.

    It is made of the median, as a call that waits for a busy machine may take many times as long.
    """
    durations = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return 1.5 * statistics.median(durations)


def check_whole(found, old, new, *, interrupted):
    """Check that all is new, or all old if there was an interrupt.

    The comparisons have names, or pytest would spend minutes on what differs in these lists.
    """
    is_old, is_new, is_changed = found == old, found == new, old != new
    assert is_changed
    assert is_new or (interrupted and is_old), "torn"


def a_large_graph():
    """Return the root of a graph whose backward pass takes milliseconds."""
    rng = random.Random(0)
    nodes = [Value(rng.gauss(0, 1)) for _ in range(50)]
    for _ in range(2_000 if engine == "python" else 8_000):
        x, y, z = rng.choices(nodes[-50:], k=3)
        weight = Value(rng.uniform(-0.5, 0.5))
        nodes += [x * weight + y * 0.5, maximum(x, z), dot([x, y], [0.5, weight], z * 0.25)]
    return mean(nodes[-50:])


@each_amount
def test_p11_real_signals_leave_the_gradients_of_a_backward_pass_all_old_or_all_new(alarm, amount):
    root = a_large_graph()
    nodes = Graph(root).order
    is_leaf = [node.op is None for node in nodes]
    root.backward()
    unit = gradients_of(nodes)
    duration = duration_of(root.backward)
    old = gradients_of(nodes)
    delivered = 0

    def after(seed):
        gradients = [
            gradient + seed * one if leaf else seed * one
            for gradient, one, leaf in zip(old, unit, is_leaf, strict=True)
        ]
        return array("d", gradients)

    for attempt in range(MOST_ATTEMPTS * amount):
        seed = 2.0 ** (1 + attempt % 7)  # a power of two scales everything exactly
        new = after(seed)
        interrupted = alarm.interrupts(lambda seed=seed: root.backward(seed=seed), duration)
        found = gradients_of(nodes)
        check_whole(found, old, new, interrupted=interrupted)
        old = found
        delivered += interrupted
        if interrupted:
            new = after(1.0)
            root.backward()
            check_whole(gradients_of(nodes), old, new, interrupted=False)
            old = new
        if delivered == amount:
            break
    assert delivered == amount


@each_amount
@pytest.mark.parametrize(
    "make",
    [
        lambda parameters: SGD(parameters, lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.1),
        lambda parameters: Adam(parameters, lr=0.01),
    ],
    ids=["SGD", "Adam"],
)
def test_p11_real_signals_leave_weights_and_memory_of_a_step_all_old_or_all_new(
    alarm, make, amount
):
    """And the steps after them are those of an undisturbed twin."""

    def made():
        rng = random.Random(1)
        parameters = [Value(rng.gauss(0, 1)) for _ in range(3_000)]
        for parameter in parameters:
            parameter.grad = rng.gauss(0, 1)
        return make(parameters)

    def state(optimizer):
        return data_of(optimizer.parameters), optimizer.state_dict()

    optimizer, twin = made(), made()
    duration = duration_of(made().step)
    delivered = 0
    old = state(twin)
    twin.step()
    new = state(twin)
    for _ in range(MOST_ATTEMPTS * amount):
        interrupted = alarm.interrupts(optimizer.step, duration)
        found = state(optimizer)
        check_whole(found, old, new, interrupted=interrupted)
        delivered += interrupted
        if found == new:
            old = new
            twin.step()
            new = state(twin)
        if delivered == amount:
            break
    assert delivered == amount


def blocks_of_errstate():
    ignoring = errstate(nonfinite="ignore")

    def call():
        with ignoring:
            log(0.0)
        with errstate(nonfinite="ignore"):
            log(0.0)

    return call, strict


def small_passes():
    x = root = Value(1.0)
    for _ in range(10):
        root = root + x
    return root.backward, lambda: x.grad % 11 == 0.0


def small_steps():
    """Of two parameters that are always equal, and so is what the optimizer remembers of them."""
    optimizer = SGD([Value(1.0), Value(1.0)], lr=1e-6, momentum=0.5)
    for parameter in optimizer.parameters:
        parameter.grad = 1.0

    def is_whole():
        velocity = optimizer.state_dict()["moments"]["velocity"]
        return len({p.data for p in optimizer.parameters}) == len(set(velocity)) == 1

    return optimizer.step, is_whole


def repeat(call):
    """Call a function again and again, for longer than a signal takes to come."""
    end = time.perf_counter() + 1e-3
    while time.perf_counter() < end:
        call()


@pytest.mark.parametrize("signals", [1_000, soaking(10_000)])
@pytest.mark.parametrize("make", [blocks_of_errstate, small_passes, small_steps])
def test_p11_real_signals_among_short_calls_leave_nothing_changed_or_torn(alarm, make, signals):
    """Much of the time is spent on entering and leaving: locks, settings, stores."""
    call, is_whole = make()
    delivered = 0
    while delivered < signals:
        delivered += alarm.interrupts(lambda: repeat(call), 2e-4)
        assert is_whole(), f"after {delivered} signals"


EXAMPLES = [(x / 4.0, y / 2.0) for x in range(-2, 2) for y in range(2)]
TARGETS = [(x - y) ** 2 for x, y in EXAMPLES]
EPOCHS = 20


class Training:
    """A small training, by `fit` or one step at a time."""

    def __init__(self, batch_size):
        self.size = batch_size or len(EXAMPLES)
        self.batch_size = batch_size
        self.model = MLP(2, [6, 1], rng=random.Random(0))
        self.optimizer = Adam(self.model.parameters(), lr=0.01)
        self.history = None

    def run(self):
        self.history = fit(
            self.model,
            EXAMPLES,
            TARGETS,
            loss=sum_of_squares,
            optimizer=self.optimizer,
            epochs=EPOCHS,
            batch_size=self.batch_size,
        )

    def step(self, number):
        at = number * self.size % len(EXAMPLES)
        predictions = [self.model(x) for x in EXAMPLES[at : at + self.size]]
        loss = sum_of_squares(predictions, TARGETS[at : at + self.size])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    @property
    def state(self):
        # A loop of one's own counts no epochs.
        return data_of(self.model.parameters()), self.optimizer.state_dict() | {"epoch": None}


@each_amount
@pytest.mark.parametrize("batch_size", [None, 4])
def test_p11_real_signals_end_a_training_between_two_steps(alarm, batch_size, amount):
    """Weights, memory and history are whole, and the next step is the one that was due."""
    twin, whole = Training(batch_size), Training(batch_size)
    states = [twin.state]
    for number in range(EPOCHS * len(EXAMPLES) // twin.size + 1):
        twin.step(number)
        states.append(twin.state)
        assert states.count(twin.state) == 1
    whole.run()
    assert whole.state == states[-2]
    others = [Training(batch_size) for _ in range(5)]
    duration = duration_of(lambda: others.pop().run())
    delivered = 0
    for _ in range(MOST_ATTEMPTS * amount):
        training = Training(batch_size)
        alarm.interrupts(training.run, duration)
        step = states.index(training.state)
        if training.history is None:  # the interrupt came before the training, or after it
            assert step in (0, len(states) - 2)
            continue
        losses, norms = training.history.history.values()
        assert len(losses) == len(norms)
        assert losses == whole.history.history["loss"][: len(losses)]
        assert norms == whole.history.history["grad_norm"][: len(norms)]
        if training.history.stopped != "interrupted":
            assert training.history.stopped == "epochs"
            assert step == len(states) - 2
            continue
        delivered += 1
        training.step(step)
        assert training.state == states[step + 1]
        if delivered == amount:
            break
    assert delivered == amount


# --- a machine against a model (P15) ------------------------------------------------------------

SIMPLE = (*range(1, 5), *range(-4, 1))
CONSTANTS = (2, 3, -1, 0)
SEEDS = (1.0, -1.0, 2.0, 0.5, 3.0, -5.0, 2.0**-60, -(2.0**40), 0.0)
NAMES = (None, "w", "a long name: σ")
MOST_DATA, MOST_TERMS = 2**12, 2**30  # far from 2**53, where sums of integers get inexact


class Twin:
    """What a Value should be: its number, recorded partial derivatives and gradient as fractions.

    It keeps the twins of the operands, but no Value, so that it keeps none alive.
    """

    births = count()

    def __init__(self, data, *, name=None, op=None, operands=(), partials=()):
        self.birth = next(self.births)
        self.data = Fraction(data)
        self.name = name
        self.op = op
        self.operands = operands
        self.partials = partials
        self.grad = None  # never computed

    @classmethod
    def computed(cls, op, operands, *, each=0):
        """Return the twin of a node; operands that are no twins are constants."""
        numbers = [Fraction(getattr(operand, "data", operand)) for operand in operands]
        units = [tuple(Fraction(i == j) for j in range(len(numbers))) for i in range(len(numbers))]
        # Each operand is a variable of its own, so the slopes are the partial derivatives.
        exact = EXACT[op](*in_parts(op, list(map(Exact, numbers, units)), each=each))
        partials = tuple(
            slope if isinstance(operand, Twin) else None
            for operand, slope in zip(operands, exact.slopes, strict=True)
        )
        return cls(exact.data, op=op, operands=tuple(operands), partials=partials)

    def below(self):
        """Return all that this depends on, itself included, the latest first."""
        found, stack = {self}, [self]
        while stack:
            for operand in stack.pop().operands:
                if isinstance(operand, Twin) and operand not in found:
                    found.add(operand)
                    stack.append(operand)
        return sorted(found, key=attrgetter("birth"), reverse=True)

    def derivatives(self, seed):
        """Return the derivatives of this by all that it depends on: nothing is used too early."""
        nodes = self.below()
        found = dict.fromkeys(nodes, Fraction(0)) | {self: Fraction(seed)}
        for node in nodes:
            for operand, partial in zip(node.operands, node.partials, strict=True):
                if partial is not None:
                    found[operand] += found[node] * partial
        return found

    @property
    def is_small(self):
        """Whether floats hold this, and in whatever order every sum of a backward pass.

        The terms that meet in a node are multiples of a power of two; so few that floats hold all
        sums of some of them.
        """
        nodes = self.below()
        absolute = dict.fromkeys(nodes, Fraction(0)) | {self: Fraction(1)}
        finest = dict.fromkeys(nodes, 1)
        for node in nodes:
            for operand, partial in zip(node.operands, node.partials, strict=True):
                if partial is not None:
                    absolute[operand] += absolute[node] * abs(partial)
                    unit = finest[node] * partial.denominator
                    finest[operand] = max(finest[operand], unit)
        few = all(absolute[node] * finest[node] <= MOST_TERMS for node in nodes)
        return few and abs(self.data) <= MOST_DATA


def in_parts(op, operands, *, each):
    """Return operands as the row takes them: some in sequences."""
    if op == "sum":
        return [operands]
    if op == "dot":
        return [operands[:each], operands[each : 2 * each], operands[-1]]
    return operands


def is_float(fraction):
    return Fraction(float(fraction)) == fraction


# Of what there is, the latest node first, the latest leaf last, modulo its number.
INDICES = st.integers(0, 4) | st.integers(0, 2**16)
SIMPLE_NUMBERS = st.sampled_from(SIMPLE)
ROWS = ["mul", "dot", "sub", "maximum", "sum", "square", "minimum", "add", "relu", "abs", "neg"]
INSTRUCTIONS = st.lists(
    st.tuples(st.sampled_from(ROWS), st.integers(0, 2**32 - 1)), min_size=4, max_size=10
)


class EngineMachine(RuleBasedStateMachine):
    """Does to Values whatever can be done to them, in any order, and to their twins the same."""

    met: ClassVar[Counter[str]] = Counter()  # what all machines came by, and how often

    def __init__(self):
        super().__init__()
        self.pairs = []  # what a user would have in variables: Values, with their twins
        gc.freeze()  # what there is, so that the collections below are quick
        self.met["machine"] += 1

    def pair(self, index):
        return self.pairs[-1 - index % len(self.pairs)]

    def all_values(self):
        """Return every Value that lives, by its twin, having compared what is between them."""
        found = {}
        stack = [(twin, value) for value, twin in self.pairs]
        while stack:
            twin, value = stack.pop()
            if twin in found:
                assert found[twin] is value
                continue
            found[twin] = value
            operands = value.operands
            assert len(operands) == len(twin.operands)
            for ours, theirs in zip(twin.operands, operands, strict=True):
                if isinstance(ours, Twin):
                    stack.append((ours, theirs))
                else:
                    assert type(theirs) is float
                    assert Fraction(theirs) == ours
        assert len(set(map(id, found.values()))) == len(found)
        return found

    @invariant()
    def every_value_is_what_the_model_says(self):
        self.met["step"] += 1
        for twin, value in self.all_values().items():
            assert type(value) is Value
            assert value.op is (twin.op and PRIMITIVES[twin.op])
            assert Fraction(value.data) == twin.data
            assert value.name == twin.name
            assert value.has_grad == (twin.grad is not None)
            assert Fraction(value.grad) == (twin.grad or 0)
            partials = value.partials
            assert [None if p is None else Fraction(p) for p in partials] == [*twin.partials]

    # --- making --------------------------------------------------------------------------------

    @initialize(numbers=st.lists(SIMPLE_NUMBERS, min_size=2, max_size=4), nodes=INSTRUCTIONS)
    def begin(self, numbers, nodes):
        for number in numbers:
            self.leaf(number, None)
        self.make_nodes(nodes)

    @rule(number=SIMPLE_NUMBERS, name=st.sampled_from(NAMES))
    def make_a_leaf(self, number, name):
        self.leaf(number, name)

    def leaf(self, number, name):
        self.pairs.insert(0, (Value(float(number), name=name), Twin(number, name=name)))
        self.met["leaf"] += 1

    @rule(nodes=INSTRUCTIONS)
    def make_nodes(self, nodes):
        for op, code in nodes:
            self.node(op, random.Random(code))

    def node(self, op, rng):
        """Apply a row to Values, old and new ones, and to constants.

        Where the numbers get too large, the negative of an operand is made instead.
        """
        row = PRIMITIVES[op]
        each = rng.randint(0, 3)
        needed = {"sum": each + 1, "dot": 2 * each + 1}.get(op, len(row.operands))
        given = [
            self.pair(rng.choice([rng.randrange(4), rng.randrange(2**16)])) for _ in range(needed)
        ]
        for i in range(1, needed):  # one stays, or nothing would be differentiated
            if rng.random() < 0.2:
                constant = rng.choice(CONSTANTS)
                given[i] = float(constant), Fraction(constant)
        rng.shuffle(given)
        twin = Twin.computed(op, [of_twin for _, of_twin in given], each=each)
        if not twin.is_small:
            self.met["too large"] += 1
            given = [next(pair for pair in given if isinstance(pair[1], Twin))]
            op, row = "neg", PRIMITIVES["neg"]
            twin = Twin.computed(op, [given[0][1]])
        operands = in_parts(op, [of_value for of_value, _ in given], each=each)
        self.pairs.append((function(row)(*operands), twin))
        self.met[op] += 1

    @rule(indices=st.lists(INDICES, min_size=1, max_size=3), collect=st.booleans())
    def drop(self, indices, collect):
        """Let go of some Values; those that others depend on live on in these."""
        for index in indices[: len(self.pairs) - 1]:
            self.pairs.pop(index % len(self.pairs))
            self.met["dropped"] += 1
        if collect:
            gc.collect()

    # --- differentiating -----------------------------------------------------------------------

    @rule(
        index=INDICES,
        seed=st.sampled_from(SEEDS),
        times=st.integers(1, 2),
        nonfinite=st.sampled_from(["raise", "ignore"]),
        changes=st.lists(st.tuples(INDICES, SIMPLE_NUMBERS), max_size=4),
    )
    def differentiate(self, index, seed, times, nonfinite, changes):
        """Leaves add up their gradients; if floats cannot hold the sum, they begin from zero.

        Before that the data of some nodes is changed, which changes no derivative (P10).
        """
        root, twin = self.pair(index)
        values = self.all_values()
        below = twin.below()
        for choice, number in changes:
            changed = below[choice % len(below)]
            values[changed].data = float(number)
            changed.data = Fraction(number)
        found = twin.derivatives(seed)
        for _ in range(times):
            for node, gradient in found.items():
                if node.op is None and not is_float((node.grad or 0) + gradient):
                    values[node].grad = 0.0
                    node.grad = Fraction(0)
                    self.met["sum too long"] += 1
            with errstate(nonfinite=nonfinite):
                root.backward(seed=seed)
            for node, gradient in found.items():
                node.grad = gradient + (node.grad or 0 if node.op is None else 0)
            self.met["pass"] += 1

    @rule(index=INDICES, way=st.sampled_from(["seed", "overflow", "pole", "type", "domain"]))
    def fail(self, index, way):
        """Nothing changes by a pass that raises, wherever in it, nor by an operation that does."""
        root, _ = self.pair(index)
        if way == "seed":
            for seed in (math.inf, -math.inf, math.nan):
                with pytest.raises(NonFiniteGradientError):
                    root.backward(seed=seed)
        elif way == "overflow":
            large = root * 1e300
            with pytest.raises(NonFiniteGradientError):
                large.backward(seed=1e300)
            assert not large.has_grad
        elif way == "pole":
            steep = (root * 0.0).sqrt() + root
            with pytest.raises(NonFiniteGradientError):
                steep.backward(seed=2.0)
            assert not steep.has_grad
        elif way == "type":
            with pytest.raises(TypeError):
                root.backward(seed="1")
        else:
            with pytest.raises(DomainError):
                (root * 0.0).log()
        self.met[way] += 1

    # --- changing ------------------------------------------------------------------------------

    @rule(indices=st.lists(INDICES, min_size=1, max_size=8), number=SIMPLE_NUMBERS)
    def set_data(self, indices, number):
        """Later nodes use the new numbers."""
        for step, index in enumerate(indices):
            value, twin = self.pair(index)
            value.data = float(number + step)
            twin.data = Fraction(number + step)
            self.met["data" if twin.op is None else "data of a node"] += 1

    @rule(index=INDICES, number=SIMPLE_NUMBERS)
    def set_gradient(self, index, number):
        value, twin = self.pair(index)
        value.grad = float(number)
        twin.grad = Fraction(number)
        self.met["gradient"] += 1

    @rule(index=INDICES, name=st.sampled_from(NAMES))
    def set_name(self, index, name):
        value, twin = self.pair(index)
        value.name = twin.name = name

    @rule(index=INDICES)
    def forget_gradient(self, index):
        value, twin = self.pair(index)
        self.met["forgotten"] += twin.grad is not None
        value.grad = twin.grad = None

    @rule(index=INDICES)
    def zero_gradient(self, index):
        value, twin = self.pair(index)
        value.zero_grad()
        if twin.grad is not None:
            twin.grad = Fraction(0)

    @rule(indices=st.lists(INDICES, max_size=6))
    def zero_several_gradients(self, indices):
        """One that was never computed stays that way."""
        chosen = [self.pair(index) for index in indices]
        zero_gradients([value for value, _ in chosen])
        for _, twin in chosen:
            if twin.grad is not None:
                twin.grad = Fraction(0)
                self.met["zeroed"] += 1


EVENTS = {
    *ROWS, "leaf", "dropped", "pass", "seed", "overflow", "pole", "type",
    "domain", "data", "data of a node", "gradient", "forgotten",
    "zeroed",
}  # fmt: skip


def run_engine_machines(machines, steps):
    """Run that many machines, and check that they have met all there is.

    In one of a hundred runs or so, something did not come up; then there is a longer run.
    """
    met = EngineMachine.met
    met.clear()
    try:
        for times in (1, 3, 9):
            options = settings(max_examples=times * machines, stateful_step_count=steps)
            run_machines(EngineMachine, settings=options)
            if not EVENTS - set(met):
                break
    finally:
        gc.unfreeze()
    assert set(ROWS) == set(EXACT)
    assert met["machine"] >= machines
    assert met["step"] > met["machine"] * steps / 2
    assert not EVENTS - set(met)


def test_p15_a_machine_finds_no_difference_to_a_model_in_fractions():
    run_engine_machines(50, steps=30)


@pytest.mark.soak
def test_p15_many_long_machines_find_no_difference_to_a_model_in_fractions():
    run_engine_machines(600 * TIMES, steps=60)

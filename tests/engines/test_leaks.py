"""Whatever is done again and again, memory stays flat: nothing is left of what was dropped.

Each kind of work is a round of its own, so that a leak is located. Resident memory is measured in
a fresh process, which this file is the program of: where tests have run before, a leak could hide
in the memory that they left.
"""

import contextlib
import copy
import gc
import inspect
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value, engines
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.errors import DomainError, NonFiniteGradientError
from autograd_mini.table.primitives import TABLE
from autograd_mini.testing.strategies import function

STATM = Path("/proc/self/statm")
needs_resident_memory = pytest.mark.skipif(
    not STATM.exists(), reason="this system does not tell the resident memory in /proc/self/statm"
)

ROUNDS = 100_000
MOST_GROWTH = 1_000_000
"""Bytes. The least that can be left of a round is an object of 16 bytes, so 1.6 million in all."""


# --- the rounds -----------------------------------------------------------------------------------


def refused(kind, call, *arguments, **keywords):
    try:
        call(*arguments, **keywords)
    except kind:
        return
    raise AssertionError(f"{call!r} took what it was to refuse")


class Foreign:
    """What takes a Value beside an operator in its own way."""

    def __radd__(self, other):
        return "sum"

    def __gt__(self, other):
        return True


class Text(str):
    """A name that is no plain str, so that a plain one is made of it."""

    __slots__ = ()


class Failing:
    """A sequence that fails when half of it is taken."""

    def __iter__(self):
        yield X
        raise ZeroDivisionError


X, Y, W = Value(0.5, name="x"), Value(2.0, name="y"), Value(0.75)
ZERO, HUGE = Value(0.0), Value(1e308, name="huge")
ONE, MANY = [X], [X, Y, W] * 70  # of more operands than the arrays that are kept for reuse
FEW = MANY[:5]
NUMBERS = [0.25, 1.5, -3.0]
SCALAR, ARRAY = np.float64(0.25), np.array([0.25])
FOREIGN = Foreign()
NAMES = ("a name", Text("another name"))
ROWS = [(function(row), row) for row in TABLE]
UNARY = [f for f, row in ROWS if not row.nary and len(row.operands) == 1]
BINARY = [f for f, row in ROWS if not row.nary and len(row.operands) == 2]
ATTRIBUTES = ("data", "grad", "has_grad", "name", "op", "operands", "partials")
INSIDE = {"arccosh": Y}
CUBE = ag.primitive("x * x * x", dx="3 * x * x", name="cube")
ENERGY = ag.primitive("sum(w * x * x) + b", dw="x * x", dx="2 * w * x", db="1", name="energy")
QUADRATIC = ag.custom(lambda x, y: x * x * y, lambda x, y: (2 * x * y, x * x), name="quadratic")
MODEL = ag.MLP(2, [3, 1], rng=random.Random(0))
PARAMETERS = MODEL.parameters()
LAYER = ag.nn.Layer(2, 3, activation="tanh", weights=[[2.0, 2.0]] * 3)
SGD = ag.SGD(PARAMETERS, lr=1e-9, momentum=0.9, nesterov=True, weight_decay=0.1)
ADAM = ag.Adam(PARAMETERS, lr=1e-9)


def operators_of_values():
    out = -(abs((X + Y) * X - Y / W) ** Y)
    out.backward()


def operators_with_floats():
    out = 2.0 - (((X + 0.25) * -1.5) / 2.5) ** 2.0
    out = 1.5 ** (3.0 / (0.25 * (0.5 + out)))
    out.backward(seed=0.5)


def operators_with_other_numbers():
    out = 2 - (((X + 3) * SCALAR) / 2) ** 2
    out = 2 ** (SCALAR / (3 + out))
    out += ARRAY[0]
    out.backward(seed=2)


def rows_of_one_operand():
    for f in UNARY:
        f(INSIDE.get(f.__name__, X))


def rows_of_two_operands():
    for f in BINARY:
        f(X, Y)
        f(X, 2.0)
        f(2, X)


def rows_of_numbers():
    for f in UNARY:
        f(2.5 if f.__name__ == "arccosh" else 0.5)
    for f in BINARY:
        f(0.5, 2)
    ag.leaky_relu(X)
    ag.leaky_relu(2.0)
    ag.sum(NUMBERS)
    ag.sum([])
    ag.dot(NUMBERS, NUMBERS)


def sums():
    out = ag.sum([ag.sum(ONE), ag.sum(FEW), 0.25])
    out.backward()


def dots():
    out = ag.dot(FEW, FEW, X) + ag.dot(FEW, [0.5] * 5) + ag.dot(NUMBERS, (X, Y, W), 2.0)
    out.backward()


def sums_and_dots_of_many():
    out = ag.sum(MANY) + ag.dot(MANY, MANY)
    out.backward()


def sums_and_dots_of_other_sequences():
    ag.sum(x for x in (X, 2, SCALAR))
    ag.dot((X, 2), iter([Y, 3]), 1)
    ag.dot((X, 2), [Y, 3], W)
    ag.dot([X, 2], (1, SCALAR), SCALAR)
    ag.sum((1, 2))


def graphs_that_share_nodes():
    shared = X * Y
    first, second = shared + shared, ag.sum([shared, shared, X])
    first.backward()
    del first
    second.backward()
    second.backward()


def leaves():
    leaf = Value(0.5, name="leaf")
    leaf.data, leaf.grad = 2, 0.25
    leaf.backward(seed=3.0)
    Value(data=SCALAR, name=None)
    Value.__new__(Value, 3)


def names():
    leaf = Value(1.0, name=NAMES[0])
    node = leaf * 2.0
    for each in (leaf, node):
        each.name = "".join(NAMES)
        each.name = NAMES[1]
        each.name = None
        each.name = None
    node.name = "dropped with the node"
    leaf.name = NAMES[1]
    assert leaf.name == NAMES[1]


def attributes():
    for v in (X, X * Y, 2.0 * X, X.exp(), ag.sum(FEW), ag.dot([X, 2.0], [1.0, Y])):
        v.grad = 0.25
        v.data = 0.5
        for name in ATTRIBUTES:
            getattr(v, name)
        sys.getsizeof(v)
        repr(v)


def attributes_refused():
    for name in ("data", "grad", "name", "op"):
        refused(AttributeError, delattr, X, name)
    for name in ("op", "operands", "partials", "has_grad"):
        refused(AttributeError, setattr, X, name, None)
    refused(AttributeError, setattr, X, "unheard_of", 1.0)
    refused(TypeError, setattr, X, "data", "0.5")
    refused(TypeError, setattr, X, "grad", "0.5")
    refused(AttributeError, setattr, X, "label", "x")
    refused(AttributeError, getattr, X, "_prev")
    X.grad = None
    X.zero_grad()
    refused(TypeError, setattr, X, "name", 3)


def comparisons():
    node = X + 1.0
    assert [node > X, X <= 2, node > SCALAR, X >= 0.25, X < 1.0, node < FOREIGN] == [True] * 6
    assert [node == X, node != X, X == "x", X in {X: 0}] == [False, True, False, True]
    refused(TypeError, lambda: X == 1.0)
    refused(TypeError, lambda: X != 1)
    refused(TypeError, lambda: X < "x")
    refused(TypeError, lambda: X <= True)
    refused(ValueError, lambda: X <= 2**53 + 1)


def wrong_operands():
    for wrong in ("text", None, True, 1j, 2**53 + 1):
        refused((TypeError, ValueError), lambda: X + wrong)  # noqa: B023
        refused((TypeError, ValueError), lambda: wrong * X)  # noqa: B023
        refused((TypeError, ValueError), ag.exp, wrong)
        refused((TypeError, ValueError), ag.maximum, X, wrong)
        refused((TypeError, ValueError), Value, wrong)


def wrong_sequences():
    refused(TypeError, ag.sum, 3)
    refused(TypeError, ag.sum, [X, Y, "text"])
    refused(TypeError, ag.dot, FEW, [*FEW[:4], None])
    refused(TypeError, ag.dot, ONE, ONE, "text")
    refused(ValueError, ag.dot, ONE, FEW)
    refused(ValueError, ag.dot, ONE, iter(FEW))
    refused(ZeroDivisionError, ag.sum, Failing())
    refused(ZeroDivisionError, ag.dot, FEW, Failing())


def wrong_calls():
    refused(TypeError, Value)
    refused(TypeError, Value, 1.0, name=3)
    refused(TypeError, Value, 1.0, label="x")
    refused(TypeError, X.exp, Y)
    refused(TypeError, X.maximum)
    refused(TypeError, ag.maximum, X, other=Y)
    refused(TypeError, ag.dot, FEW)
    refused(TypeError, pow, X, 2.0, 3.0)
    refused(TypeError, X.backward, 2.0)
    refused(TypeError, X.backward, seed="1")
    for convert in (float, int, bool):
        refused(TypeError, convert, X)


def operands_that_know_better():
    assert X + FOREIGN == "sum"
    X * ARRAY
    ARRAY - X


def domain_errors():
    node = ZERO * 1.0
    refused(DomainError, ag.log, node)
    refused(DomainError, ag.log, 0.0)
    refused(DomainError, lambda: X / node)
    refused(DomainError, lambda: 1.0 / node)
    refused(DomainError, ag.sum, [HUGE, HUGE])
    refused(DomainError, ag.dot, [HUGE, 2.0], [10.0, X])
    refused(DomainError, ag.sum, [1e308, 1e308])


def results_that_are_not_finite():
    with errstate(nonfinite="ignore"):
        ag.log(0.0)
        ag.log(ZERO)
        ag.sum([1e308, 1e308])
        out = ZERO.log() + X / ZERO + 1.0 / ZERO + ZERO**-1.0
        out += ag.sum([HUGE, HUGE]) + ag.dot([HUGE, 2.0], [10.0, X], W)
        out.backward()
    X.grad = W.grad = HUGE.grad = ZERO.grad = 0.0


def gradients_that_are_not_finite():
    node = ZERO * X
    refused(NonFiniteGradientError, ag.sqrt(node).backward)
    refused(NonFiniteGradientError, ag.sum([node**0.5, X]).backward)
    refused(NonFiniteGradientError, (X * HUGE * 0.5).backward, seed=10.0)


def copies():
    leaf = Value(0.5, name="leaf")
    leaf.grad = 2.0
    copy.copy(leaf)
    copy.deepcopy([leaf, leaf])
    pickle.loads(pickle.dumps(leaf))  # noqa: S301 - our own
    refused(TypeError, copy.copy, leaf * 2.0)
    refused(TypeError, pickle.dumps, leaf * 2.0)


def functions():
    pickle.loads(pickle.dumps(ag.exp))  # noqa: S301 - our own
    X.exp.__call__()
    Value.exp(X)
    repr(ag.exp)
    copy.copy(ag.dot)
    np.exp(np.array([X]))
    if ag.engine == "native":
        function = engines._core.Function("leaky_relu", "leaky_relu", 0.01)
        assert (function(-1.0), function.__name__) == (-0.01, "leaky_relu")
        refused(ImportError, engines._core.Function, "unheard_of", "exp")
        refused(TypeError, engines._core.Function, "exp", 3)
        refused(TypeError, engines._core.Function, "exp")
        unknown = engines._core.Function("exp", "unheard_of")
        refused(AttributeError, unknown)
        refused(AttributeError, getattr, unknown, "__name__")
        refused(AttributeError, repr, unknown)


def optimiser_steps():
    loss = ag.losses.squared_error([MODEL([0.5, -1.0])], [1.0])
    loss.backward()
    for optimiser in (SGD, ADAM):
        optimiser.step()
        optimiser.snapshot()
    SGD.parameters[0].grad = 1.7e308  # no finite weight comes of this
    refused(ag.DivergenceError, SGD.step)
    SGD.zero_grad()
    MODEL.zero_grad()


def loops_over_parameters():
    gradients, weights = engines.gradients_of(FEW), engines.data_of(iter(FEW))
    engines.store_data(FEW, weights)
    engines.zero_gradients(FEW)
    engines.updates["descended"](weights, gradients, 0.5)
    SGD.load_state_dict(SGD.state_dict())


def layers_that_stop_early():
    fused = LAYER.neurons[0].fused
    LAYER([0.5, X])
    LAYER((1, 2))
    refused(ValueError, LAYER, [0.5])
    refused(ag.DomainError, LAYER, [1e308, 1e308])
    LAYER.neurons[1].fused = not fused
    LAYER([X, 0.5])
    LAYER.neurons[1].fused = fused
    tanh = LAYER.neurons[1].activation
    for wrong in (lambda z: 0.5, lambda z: {}[z]):
        LAYER.neurons[1].activation = ag.nn.activations.Activation("wrong", wrong)
        refused((TypeError, KeyError), LAYER, [0.5, X])
    LAYER.neurons[1].activation = tanh


def loops_over_what_are_no_parameters():
    """The engines differ in what they refuse, as no user calls these."""
    for call, *arguments in (
        (engines.gradients_of, [X, 1.0]),
        (engines.data_of, [X, 1.0]),
        (engines.data_of, 3),
        (engines.data_of, Failing()),
        (engines.zero_gradients, [X, 1.0]),
        (engines.store_data, [X, 1.0], [0.5, 0.5]),
        (engines.store_data, [X], 3),
        (engines.store_data, [X], [0.5, 0.5]),
        (engines.store_data, [X], ["text"]),
        (engines.store_data, [X], [0.5], 3, ()),
        (engines.updates["descended"], [0.5, "text"], [0.5, 0.5], 0.5),
        (engines.updates["descended"], [0.5], [0.5, 0.5], 0.5),
        (engines.updates["descended"], [0.5], [0.5], "text"),
        (engines.updates["descended"], [0.5]),
    ):
        with contextlib.suppress(TypeError, ValueError, AttributeError, ZeroDivisionError):
            call(*arguments)
    X.data = 0.5


def rows_of_a_user():
    out = CUBE(X) * ENERGY([X, 2.0], (Y, X), 1) + QUADRATIC(X, 2) + CUBE(2.0) + QUADRATIC(1, 2)
    out.backward()
    for node in (CUBE(Y), QUADRATIC(X, Y)):
        for name in ATTRIBUTES:
            getattr(node, name)
        sys.getsizeof(node)
    refused(TypeError, CUBE, "text")
    refused(ValueError, ENERGY, [X], [Y, X], W)
    refused(DomainError, CUBE, HUGE)
    for given in ((X, 1), (X, "text"), (X,)):
        refused(TypeError, engines.custom_node, CUBE, given, 1.0, (0.5, 0.5))
    refused(TypeError, engines.custom_node, CUBE, (X, Y), 1.0, (0.5, "text"))


def rows_that_are_dropped():
    """A row of rules is not called, as Python's compiler keeps more or less memory each time."""
    ag.primitive("2 * x", dx="2", name="double")
    half = ag.custom(lambda x: x / 2, lambda x: 0.5, name="half")
    node = half(X) * 1.0
    del half
    node.backward()


def recordings():
    w = X * 2.0
    engines.begin_recording([X])
    refused(RuntimeError, engines.begin_recording, [X])
    out = ag.dot([X, w], [Y, 0.5]) * CUBE(X) + Value(1.0) * 3.0
    if out > w and out < 5.0:
        out = out + 1.0
    out = engines.choose("<", X, 0.0, out, 1.0) * ag.stop_gradient(X)
    for name in ("data", "grad", "has_grad", "partials"):
        refused(TypeError, getattr, out, name)
    refused(TypeError, repr, out)
    engines.end_recording([out, ag.gradient_graph(ag.relu(out), X), X, w, 2.0])
    engines.begin_recording([X])
    X * X
    refused(TypeError, engines.end_recording, ["text"])
    engines.begin_recording([X])
    engines.choose("<", X, 0.0, X * 2.0, 1.0)
    engines.end_recording(None)
    refused(TypeError, engines.begin_recording, ["text"])


COST = ag.compile(lambda x, t: (X * x - t) ** 2 if x < 9 else (X * x).log())
SLOPES = ag.compile(ag.jacobian(lambda x: [x[0] * x[1], x[1].exp()]))
POINTS = np.array([0.5, -1.5, 9.5])


def replays():
    """Of compiled functions that were recorded before the first round."""
    COST(0.5, 2.0).backward()
    COST.map(POINTS, 1.0)
    COST.map([0.5, 2], [1.0, 2])
    for _ in range(2):
        COST.batch(POINTS, 1.0).backward(seed=0.5)
    COST.batch(POINTS, POINTS).backward(seed=[1.0, 2.0, 3.0])
    refused(ValueError, COST.map, [1.0, 2.0], [1.0])
    refused(TypeError, COST.batch, [None], 1.0)
    SLOPES([0.5, 2.0])
    SLOPES.map([[0.5, 2.0], [1.0, 3.0]])
    refused(DomainError, SLOPES.map, [[0.5, 1000.0]])
    X.grad = 0.0


def product(x, *others):
    return x[0] * x[1][0] * X if others else x[0] * x[1][0]


def pairs(x):
    return [x[0] * x[0], (x[1][0],)[0]]


def raiser(x):
    raise ValueError(x)


PRODUCT, BOTH, PAIRS = ag.grad(product), ag.value_and_grad(product, (0, 1)), ag.jacobian(pairs)
RAISER, ROOT, CONSTANT = ag.grad(raiser), ag.grad(ag.sqrt), ag.grad(len)
PLAIN = [0.5, ({"a": 2.0}["a"], 3)]


def transforms_of_plain_numbers():
    PRODUCT([0.5, (2.0, 3)])
    ag.grad(lambda x: x["a"] * x["b"])({"a": 2.0, "b": 3})
    PAIRS(PLAIN)
    ag.hessian(product)(PLAIN)
    ag.jvp(pairs, (PLAIN,), (PLAIN,))
    ag.vjp(pairs, PLAIN)[1]([1.0, 2.0])
    ag.hvp(product, (PLAIN,), (PLAIN,))


def transforms_of_values():
    PRODUCT([X, (Y, 2.0)])
    BOTH(PLAIN, 1.0)
    ag.grad(ag.grad(ag.exp))(0.5)
    ag.gradients([X * Y, X], {"x": X, "y": (Y, W)})
    ag.gradient_graph(X * Y * Y, Y)


def transforms_that_are_refused():
    refused(ValueError, RAISER, 1.0)
    refused(NonFiniteGradientError, ROOT, 0.0)
    refused(TypeError, CONSTANT, 0.5)
    refused(TypeError, PRODUCT, [1.0, (None,)])
    refused(TypeError, PRODUCT)
    refused(ValueError, PRODUCT, [2**60 + 1, (1.0,)])


EVERY = [
    transforms_of_plain_numbers,
    transforms_of_values,
    transforms_that_are_refused,
    operators_of_values,
    operators_with_floats,
    operators_with_other_numbers,
    rows_of_one_operand,
    rows_of_two_operands,
    rows_of_numbers,
    sums,
    dots,
    sums_and_dots_of_many,
    sums_and_dots_of_other_sequences,
    graphs_that_share_nodes,
    leaves,
    names,
    attributes,
    attributes_refused,
    comparisons,
    wrong_operands,
    wrong_sequences,
    wrong_calls,
    operands_that_know_better,
    domain_errors,
    results_that_are_not_finite,
    gradients_that_are_not_finite,
    copies,
    functions,
    optimiser_steps,
    loops_over_parameters,
    layers_that_stop_early,
    loops_over_what_are_no_parameters,
    rows_of_a_user,
    rows_that_are_dropped,
    recordings,
    replays,
]


def repeat(work, rounds):
    for _ in range(rounds):
        work()


@contextlib.contextmanager
def no_collector():
    """Stop the cyclic garbage collector, so that a cycle is a leak too."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# --- what a few rounds leave ----------------------------------------------------------------------

SOME = 500
"""Rounds, after as many that fill the caches of Python."""


def things():
    """Return what a round may leave a reference to."""
    by_hand = [None, True, False, NotImplemented, (), TypeError, ValueError, AttributeError]
    by_hand += [DomainError, NonFiniteGradientError, *globals().values(), *TABLE]
    by_hand += [*NUMBERS, *NAMES, *PARAMETERS, *(v.name for v in (X, Y, HUGE, *PARAMETERS))]
    by_hand += [*vars(ag).values(), *vars(Value).values(), *(row.name for row in TABLE)]
    by_hand += [constant for work in EVERY for constant in work.__code__.co_consts]
    for f in (ag.dot, ag.leaky_relu):
        defaults = inspect.unwrap(f).__defaults__
        by_hand += [defaults, *defaults]
    known = gc.get_objects()  # all that the cyclic garbage collector watches
    return list({id(thing): thing for thing in (*known, *by_hand)}.values())


def reference_counts(found):
    """Return them in an array, as a list would refer to small integers."""
    return np.fromiter(map(sys.getrefcount, found), int)


@pytest.mark.parametrize(
    "work",
    [pytest.param(work, marks=[pytest.mark.soak] * (i % 6 > 0)) for i, work in enumerate(EVERY)],
)
def test_some_rounds_leave_no_references_no_cycles_and_no_blocks_of_memory(work):
    with no_collector():
        repeat(work, SOME)
        found = things()
        before = reference_counts(found)
        gc.collect()  # it empties Python's lists of thousands of freed tuples and floats, too
        blocks = sys.getallocatedblocks()
        repeat(work, SOME)
        in_cycles = gc.collect()
        blocks = sys.getallocatedblocks() - blocks
    after = reference_counts(found)
    left = zip((after - before).tolist(), found, strict=True)
    assert [(more, thing) for more, thing in left if abs(more) >= SOME // 2] == []
    assert in_cycles == 0
    assert abs(blocks) < SOME // 2


def test_freed_values_leave_their_name():
    """Many at once: the next Value at an address takes the place that a name had there."""
    name = "".join(NAMES)
    before = sys.getrefcount(name)
    values = [Value(1.0, name=name) for _ in range(SOME)]
    assert sys.getrefcount(name) >= before + SOME
    del values
    assert sys.getrefcount(name) == before


# --- resident memory ------------------------------------------------------------------------------


def resident():
    """Return the bytes of memory that this process has from the system."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def many_rounds(name):
    """Print how much many rounds leave, after some that warm up."""
    work = globals()[name]
    with no_collector():
        repeat(work, ROUNDS // 20)
        before = resident()
        repeat(work, ROUNDS)
        print(resident() - before)


def large_graph(count):
    """Build a graph of so many nodes, differentiate it, and return the resident memory."""
    out = Value(0.5)
    for _ in range(count):
        out = out * 1.0
    out.backward()
    return resident()


def large_graphs():
    """Print the memory before any graph, and with each of ten, one after the other."""
    print(resident())
    for _ in range(10):
        print(large_graph(1_000_000))


def very_large_graph():
    """Print the memory before, with and after it, when the garbage collector has run."""
    print(resident())
    for _ in range(2):
        large_graph(1_000_000)
    small = [bytes([i % 256]) * 600 for i in range(10_000)]  # lie at the end of the heap
    print(large_graph(3_000_000))
    small += [bytes([i % 256]) * 600 for i in range(10_000)]
    gc.collect()
    print(resident())


def measured(*arguments):
    """Run this file as a program, and return the numbers that it prints."""
    folder = Path(ag.__file__).parents[1]
    run = subprocess.run(
        [sys.executable, __file__, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return [int(line) for line in run.stdout.split()]


@needs_resident_memory
@pytest.mark.skipif(ag.engine == "python", reason="without C there are only references to leak")
@pytest.mark.soak
@pytest.mark.parametrize("work", EVERY)
def test_memory_stays_flat_over_many_rounds(work):
    (growth,) = measured("many_rounds", work.__name__)
    assert growth < MOST_GROWTH


@needs_resident_memory
@pytest.mark.soak
def test_the_memory_of_a_large_graph_is_used_for_the_next_ones():
    before, first, *others = measured("large_graphs")
    assert max(others) - first < (first - before) / 20


@needs_resident_memory
@pytest.mark.soak
def test_a_garbage_collection_gives_the_memory_of_a_very_large_graph_back():
    before, with_graph, after = measured("very_large_graph")
    assert after - before < (with_graph - before) / 5


if __name__ == "__main__":
    argument, *arguments = sys.argv[1:]
    globals()[argument](*arguments)

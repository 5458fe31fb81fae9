"""What a thread records of its computation, and what it refuses, in both engines."""

import copy
import gc
import math
import operator
import pickle
import random
import sys
import threading
import time
import tracemalloc
from array import array

import pytest

import autograd_mini as ag
from autograd_mini import Value, engines
from autograd_mini.engines import (
    begin_recording,
    choose,
    end_recording,
    hold,
    is_frozen,
    is_recording,
    number_of,
)
from autograd_mini.engines import recording as reference
from autograd_mini.engines import value as reference_value
from autograd_mini.engines.choices import CHOICES, HELD
from autograd_mini.errors import DomainError, NonFiniteGradientError
from autograd_mini.table.primitives import PRIMITIVES, TABLE

cube = ag.primitive("x * x * x", dx="3 * x * x", name="cube")
versine = ag.custom(lambda x: 1 - math.cos(x), Value.sin, name="versine")


@pytest.fixture(autouse=True)
def nothing_is_recorded_afterwards():
    yield
    was_recording = is_recording()
    end_recording(None)
    assert not was_recording


class Recorded:
    """A recording, with its arrays as Python shows them best."""

    def __init__(self, recording):
        self.recording = recording
        self.rows = [row.name for row in recording.rows]
        self.constants = [*array("d", recording.constants)]
        self.outputs, self.parameters = recording.outputs, recording.parameters
        self.guards, self.instructions = [], []
        guards, code = [*array("i", recording.guards)], [*array("i", recording.code)]
        while guards:
            self.guards.append(tuple(guards[:5]))
            del guards[:5]
        at = 0
        while at < len(code):
            row, count = code[at : at + 2]
            self.instructions.append((self.rows[row], *code[at + 2 : at + 2 + count]))
            at += 2 + count

    def run(self, *inputs):
        """Return the outputs for other inputs, computed from the rows alone."""
        nodes = [*inputs, *map(number_of, self.parameters)]
        rows = {row.name: row for row in self.recording.rows}

        def look_up(reference):
            return nodes[reference] if reference >= 0 else self.constants[~reference]

        for name, *operands in self.instructions:
            row = rows[name]
            nodes.append(row.evaluate(*row.arrange([look_up(o) for o in operands]))[0])
        return [look_up(output) for output in self.outputs]


def record(f, *numbers):
    """Return the recording of a function of Values, which returns a structure of one level."""
    inputs = [x if isinstance(x, Value) else Value(x) for x in numbers]
    begin_recording(inputs)
    try:
        found = f(*inputs)
        found = end_recording(list(found) if isinstance(found, list | tuple) else [found])
    finally:
        end_recording(None)
    return Recorded(found)


# --- what is on the tape -------------------------------------------------------------------------


def test_every_kind_of_row_is_recorded_with_its_operands_in_order():
    w = Value(2.0)
    found = record(
        lambda x, y: [
            -(x * y),
            ag.dot([w, 3.0], [x, y], 0.5),
            ag.logsumexp([x, 1.0, y]),
            cube(x),
            versine(y),
            2.0**x,
        ],
        1.5,
        -1.0,
    )
    assert found.constants == [3.0, 0.5, 1.0, 2.0]
    assert found.parameters == [w]
    assert found.instructions == [
        ("mul", 0, 1),
        ("neg", 3),
        ("dot", 2, -1, 0, 1, -2),
        ("logsumexp", 0, -3, 1),
        ("cube", 0),
        ("versine", 1),
        ("pow", -4, 0),
    ]
    assert found.outputs == [4, 5, 6, 7, 8, 9]
    assert found.recording.rows[-3:] == (cube, versine, PRIMITIVES["pow"])
    assert found.guards == []


def test_what_no_output_needs_is_recorded_too():
    def compute(x):
        ag.log(x)
        return x * 2.0

    assert [name for name, *_ in record(compute, 1.0).instructions] == ["log", "mul"]


def test_constants_are_folded_and_equal_bits_share_a_place():
    def compute(x):
        c = Value(3.0)
        folded = c * c + 1.0
        return [x + folded, x * 10.0, x * 0.0, x * -0.0, folded]

    found = record(compute, 1.0)
    assert [one.hex() for one in found.constants] == [n.hex() for n in (10.0, 0.0, -0.0)]
    assert found.instructions == [("add", 0, -1), ("mul", 0, -1), ("mul", 0, -2), ("mul", 0, -3)]
    assert found.outputs == [1, 2, 3, 4, -1]


def test_what_was_there_before_is_a_parameter_in_the_order_of_its_first_use():
    a, b, c, d = map(Value, (1.0, 2.0, 3.0, 4.0))
    node = a * b

    def compute(x):
        out = x * node + c
        assert d > 0
        return [out * b, a]

    found = record(compute, 1.0)
    assert found.parameters == [node, c, d, b, a]
    assert found.instructions == [("mul", 0, 1), ("add", 6, 2), ("mul", 7, 4)]
    assert found.outputs == [8, 5]


def test_an_output_may_be_anything():
    w = Value(2.0)
    found = record(lambda x, y: [y, 3.0, w, Value(4.0), w], 1.0, 2.0)
    assert (found.outputs, found.constants, found.parameters) == (
        [1, -1, 2, -2, 2],
        [3.0, 4.0],
        [w],
    )


def test_comparisons_are_recorded_in_order_with_place_and_outcome():
    w = Value(2.0)

    def compute(x, y):
        assert not x < y
        out = x * y
        assert 0.5 <= out  # noqa: SIM300 - the Value gets the comparison from the float
        assert out > w
        assert Value(1.0) > 0.5  # of constants
        assert y >= 1
        return out

    found = record(compute, 3.0, 1.0)
    assert found.constants == [0.5, 1.0]
    assert found.guards == [(0, 0, 0, 1, 0), (1, 3, 3, -1, 1), (1, 2, 3, 2, 1), (1, 3, 1, -2, 1)]


def test_min_and_sorted_record_their_comparisons():
    found = record(lambda x, y, z: [min(x, y, z), *sorted([x, y, z])], 3.0, 1.0, 2.0)
    assert found.outputs == [1, 1, 2, 0]
    assert found.guards[:2] == [(0, 0, 1, 0, 1), (0, 0, 2, 1, 0)]
    assert 4 < len(found.guards) < 9  # Pythons sort in different ways
    assert found.instructions == []


def test_a_recording_of_nothing_is_empty():
    begin_recording([])
    found = end_recording([])
    assert found == ((), b"", b"", b"", [], [])


# --- beginning and ending ------------------------------------------------------------------------


def test_a_second_recording_of_a_thread_is_refused_and_the_first_goes_on():
    x = Value(1.0)
    begin_recording([x])
    with pytest.raises(RuntimeError, match="records already"):
        begin_recording([x])
    out = x * 2.0
    assert Recorded(end_recording([out])).instructions == [("mul", 0, -1)]
    with pytest.raises(RuntimeError, match="does not record"):
        end_recording([out])
    assert end_recording(None) is None


@pytest.mark.parametrize("inputs", [[1.0], ["x"], [None]])
def test_inputs_are_values(inputs):
    with pytest.raises(TypeError):
        begin_recording(inputs)
    assert not is_recording()


@pytest.mark.parametrize("outputs", [[1], ["x"], (), 1.0])
def test_a_recording_ends_whatever_its_outputs_are(outputs):
    begin_recording([])
    with pytest.raises(TypeError, match="outputs must be a list of Values and floats"):
        end_recording(outputs)
    assert not is_recording()


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_nothing_behind(kind):
    def compute(x):
        x * 2.0
        raise kind

    x = Value(1.0)
    references = sys.getrefcount(x)
    with pytest.raises(kind):
        record(compute, x)
    assert not is_recording()
    assert sys.getrefcount(x) == references
    assert (x * 3.0).data == 3.0


def test_an_error_in_the_midst_keeps_its_words():
    def fail(x):
        with pytest.raises(DomainError) as caught:
            ag.log(x - 1.0)
        return str(caught.value)

    words = fail(Value(1.0))
    found = []
    record(lambda x: found.append(fail(x)) or x, 1.0)
    assert found == [words]


def test_threads_record_apart():
    found, barrier = {}, threading.Barrier(3)

    def compute(number):
        def f(x):
            barrier.wait()
            out = x * number
            barrier.wait()
            return out

        found[number] = record(f, 1.0)

    threads = [threading.Thread(target=compute, args=(n,)) for n in (2.0, 3.0)]
    for thread in threads:
        thread.start()
    barrier.wait()
    assert not is_recording()
    other = Value(5.0)
    assert (other * 2.0).data == 10.0  # it is not recorded, and may be read
    assert repr(other) == "Value(data=5.0)"
    barrier.wait()
    for thread in threads:
        thread.join()
    for number in (2.0, 3.0):
        assert (found[number].instructions, found[number].constants) == ([("mul", 0, -1)], [number])


def test_a_million_nodes_are_recorded_without_recursion():
    count = 1_000_000 if ag.engine == "native" else 50_000
    w = Value(0.5)

    def compute(x):
        for _ in range(count):
            x = x * w
        return x

    compute(Value(1.0))
    start = time.process_time()
    found = record_alone(compute, 1.0)
    assert time.process_time() - start < 20.0
    assert len(found.code) == 4 * 4 * count
    assert found.parameters == [w]


def record_alone(f, number):
    x = Value(number)
    begin_recording([x])
    return end_recording([f(x)])


def test_memory_is_as_before():
    w = Value(0.5)

    def compute(x):
        for _ in range(500):
            x = (x * w).tanh() + 1.0
            if x > 0:
                x = x - 1.0
        return x

    def work():
        record_alone(compute, 1.0)
        begin_recording([w])
        compute(w)
        end_recording(None)

    work()
    gc.collect()
    references = sys.getrefcount(w)
    tracemalloc.start()
    try:
        work()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(5):
            work()
        gc.collect()
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert sys.getrefcount(w) == references
    assert after - before < 20_000


# --- what is refused -----------------------------------------------------------------------------

READS = {
    "Value.data must be read": [
        lambda v: v.data,
        lambda v: engines.data_of([v]),
        lambda v: engines.data_of(iter([v])),
    ],
    "Value.grad must be read": [lambda v: v.grad, lambda v: engines.gradients_of([v])],
    "Value.has_grad must be read": [lambda v: v.has_grad],
    "Value.partials must be read": [lambda v: v.partials],
    "a Value must be printed": [repr, str, lambda v: f"{v:.2f}", lambda v: v._repr_html_()],
    "a Value must be copied": [copy.copy, copy.deepcopy, pickle.dumps],
    "gradients must be called": [lambda v: ag.gradients(v, v)],
    "Value.data must be set": [
        lambda v: setattr(v, "data", 1.0),
        lambda v: engines.store_data([v], [1.0]),
    ],
    "Value.grad must be set": [
        lambda v: setattr(v, "grad", 1.0),
        lambda v: engines.zero_gradients([v]),
    ],
    "Value.backward must be called": [Value.backward],
}
REFUSED = [(words, act) for words, actions in READS.items() for act in actions]


@pytest.mark.parametrize(("words", "act"), REFUSED)
@pytest.mark.parametrize("which", ["input", "parameter", "node", "old node"])
def test_what_would_be_frozen_is_refused(words, act, which):
    w = Value(2.0)
    old = w * 1.5
    old.backward()
    before = (w.data, w.grad, old.data, old.grad)

    def compute(x):
        given = {"input": x, "parameter": w, "node": x * w, "old node": old}[which]
        with pytest.raises(TypeError) as caught:
            act(given)
        messages.append(str(caught.value))
        return x

    messages = []
    record(compute, 1.0)
    if words != "a Value must be copied" or "node" not in which:
        assert messages[0].startswith(f"compile: {words} outside of the compiled function, got ")
    assert "; " in messages[0]
    assert (w.data, w.grad, old.data, old.grad) == before


@pytest.mark.parametrize(("words", "act"), REFUSED)
def test_a_constant_may_be_read_but_not_set(words, act):
    def compute(x):
        c = Value(2.0)
        if words == "Value.data must be set":
            with pytest.raises(TypeError, match=words):
                act(c)
        else:
            act(c)
        node = c * 3.0
        assert (node.data, node.partials, is_frozen(node), is_frozen(node * x)) == (
            6.0,
            (3.0,) if len(node.partials) == 1 else (3.0, None),
            False,
            True,
        )
        return x

    record(compute, 1.0)


@pytest.mark.parametrize("act", [float, int, bool, lambda v: v == 1.0])
def test_what_is_an_error_anyway_keeps_its_words(act):
    def refuse(v):
        with pytest.raises(TypeError) as caught:
            act(v)
        return str(caught.value)

    eager, found = refuse(Value(1.5)), []
    record(lambda x: found.append(refuse(x)) or x, 1.5)
    assert found == [eager]


def test_all_walks_that_look_for_inputs_visit_a_node_once():
    def compute(x):
        constant, node = Value(1.0), x
        for _ in range(20_000):
            constant, node = constant + 1.0, node + 1.0
            assert not is_frozen(constant)
            assert is_frozen(node)
        return node

    start = time.process_time()
    record(compute, 1.0)
    assert time.process_time() - start < 5.0


# --- choices -------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", CHOICES)
def test_a_choice_is_one_node_for_both_outcomes(sign):
    holds = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
    holds |= {"==": operator.eq, "!=": operator.ne}
    found = record(lambda a, b, x, y: choose(sign, a, b, x * 2.0, y), 1.0, 2.0, 3.0, 4.0)
    assert found.instructions[1] == (CHOICES[sign].name, 0, 1, 4, 3)
    for a, b in ((1.0, 2.0), (2.0, 1.0), (1.0, 1.0), (math.nan, 1.0)):
        assert found.run(a, b, 3.0, 4.0) == [6.0 if holds[sign](a, b) else 4.0]
        assert choose(sign, a, b, 6.0, 4.0) == (6.0 if holds[sign](a, b) else 4.0)


def test_no_derivative_goes_through_what_decides():
    def compute(a, x, y):
        choice = choose("<", a, 0.0, x, y)
        assert choice.operands == (1.0, 0.0, x, y)
        assert choice._partials == (None, None, 0.0, 1.0)
        return ag.gradient_graph(choice * 2.0, [a, x, y])

    found = record(compute, 1.0, 2.0, 3.0)
    assert found.run(1.0, 2.0, 3.0) == [0.0, 0.0, 2.0]
    assert found.run(-1.0, 2.0, 3.0) == [0.0, 2.0, 0.0]


def test_a_choice_of_constants_is_none():
    found = record(lambda x: [x * choose("<", Value(1.0), 2.0, 3.0, x)], 1.0)
    assert (found.instructions, found.constants) == ([("mul", 0, -1)], [3.0])


def test_a_choice_pickles_by_its_name():
    for row in (*CHOICES.values(), HELD):
        assert pickle.loads(pickle.dumps(row)) is row  # noqa: S301


def test_stop_gradient_keeps_the_number_of_each_sample():
    def compute(x):
        return [ag.gradient_graph(x * ag.stop_gradient(x * x), x), hold(x)]

    found = record(compute, 3.0)
    assert found.run(3.0) == [9.0, 3.0]
    assert found.run(2.0) == [4.0, 2.0]


def test_a_gradient_of_a_held_number_stays_a_value():
    found = record(lambda x: ag.grad(lambda y: y * ag.stop_gradient(x))(2.0), 3.0)
    assert found.run(5.0) == [5.0]


# --- derivatives ---------------------------------------------------------------------------------


def function_of(row):
    """Return a function of three numbers that applies a row."""
    name = "truediv" if row.name == "div" else row.name
    apply = getattr(Value, name, None) or getattr(operator, name)

    def compute(v):
        if not row.nary:
            return apply(*v[: len(row.operands)]) * v[1]
        several = [[v[0], v[1], v[2]], [v[1], v[0], v[2]]][: len(row.value.sequences)]
        return apply(*several, *[v[2]] * (len(row.operands) - len(several))) * v[0]

    return compute


def compute_hessian(f):
    return lambda *v: [second for row in ag.hessian(f)(list(v)) for second in row]


# The largest operand of these has a derivative of its own, which is added in another order.
INEXACT = {"logsumexp", "softmax", "log_softmax"}


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_second_derivatives_are_one_graph_for_all_numbers(row):
    """At zeros and ties too, where a branch that is not taken would be infinite."""
    hessian, rng = compute_hessian(function_of(row)), random.Random()
    found = tried = 0
    recorded = None
    while tried < 200 and found < 40:
        tried += 1
        special = [0.0, 1.0, -1.0, 0.5]
        point = [
            rng.choice([rng.uniform(-0.9, 0.9), rng.uniform(1, 3), rng.choice(special)])
            for _ in range(3)
        ]
        try:
            expected = hessian(*point)
        except (DomainError, NonFiniteGradientError):
            continue
        if recorded is None:
            recorded = record(hessian, *point)
            assert recorded.guards == []
        with ag.errstate(nonfinite="ignore"):
            outputs = recorded.run(*point)
        if not all(map(math.isfinite, outputs)):
            continue
        found += 1
        if row.name in INEXACT:
            assert outputs == pytest.approx(expected, rel=1e-12, abs=1e-13), point
        else:
            assert outputs == expected, point
    assert found > 5


def test_a_recording_may_begin_where_a_branch_that_is_not_taken_is_infinite():
    hessian = compute_hessian(lambda v: ag.arctan(v[0]) * v[1])
    recorded = record(hessian, 0.0, 1.0)
    for point in ((0.0, 1.0), (0.5, 2.0), (3.0, -1.0)):
        assert recorded.run(*point) == hessian(*point)
    assert recorded.run(1e155, 1.0)[0] == hessian(1e155, 1.0)[0]


@pytest.mark.parametrize("activation", ["relu", "tanh", "leaky_relu"])
def test_the_hessian_of_a_network_is_one_path_with_the_bits_of_eager(activation):
    rng = random.Random()
    model = ag.MLP(2, [4, 4, 1], activation=activation, rng=rng)
    hessian = compute_hessian(lambda v: (model(v) - 0.3) ** 2)
    recorded = record(hessian, 0.3, -0.4)
    assert recorded.guards == []
    for _ in range(20):
        point = [rng.gauss(0, 2), rng.gauss(0, 2)]
        assert recorded.run(*point) == [number_of(second) for second in hessian(*point)]


@pytest.mark.parametrize("y", [0.0, 1.0, 2.0, 3.0])
def test_a_branch_that_is_not_taken_raises_no_error(y):
    """The sum of two derivatives that are absent for different reasons is a zero."""
    hessian = compute_hessian(lambda v: v[0] ** v[1] * v[1])
    expected = hessian(0.0, y)
    recorded = record(hessian, 0.0, y)
    assert all(map(math.isfinite, expected))
    assert recorded.run(0.5, 2.0) == hessian(0.5, 2.0)


def test_a_nan_has_nan_derivatives_as_a_graph():
    with ag.errstate(nonfinite="ignore"):
        x, y = Value(math.nan), Value(0.0)
        assert math.isnan(ag.gradient_graph(x * y, x).data)


# --- what the library decides by numbers ---------------------------------------------------------


def test_a_softmax_of_many_subtracts_the_largest_of_each_sample():
    rng = random.Random()
    numbers = [[rng.gauss(0, 5) for _ in range(40)] for _ in range(3)]

    def compute(*xs):
        return [ag.softmax(xs)[3], *ag.grad(lambda v: ag.softmax(v)[3])(list(xs))]

    recorded = record(compute, *numbers[0])
    for point in numbers:
        assert recorded.run(*point)[0] == compute(*point)[0]
        assert recorded.run(*point) == pytest.approx(compute(*point), rel=1e-9, abs=1e-300)
    assert recorded.guards == []


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, t: ag.losses.binary_cross_entropy([x, x * x], [t, 1.0]),
        lambda x, t: ag.losses.binary_cross_entropy([x, 0.5], [t, 1.0], from_logits=False),
        lambda x, t: ag.losses.cross_entropy([x, t, 0.5], 1),
        lambda x, t: ag.losses.cross_entropy([x, 1.0, t], [t, 1.0 - t, 0.0]),
        lambda x, t: ag.losses.cross_entropy([x, 1.0 - x], [t, 1.0 - t], from_logits=False),
        lambda x, t: ag.losses.hinge([x, 0.5], [1, -1]) + t,
    ],
)
def test_a_loss_decides_by_comparisons(loss):
    recorded = record(loss, 0.25, 0.5)
    for point in ((0.25, 0.5), (0.75, 0.125)):
        assert recorded.run(*point) == [loss(*map(Value, point)).data]


def test_a_probability_that_may_be_out_of_range_is_guarded():
    recorded = record(lambda p: ag.losses.binary_cross_entropy(p, 1.0, from_logits=False), 0.5)
    assert [guard[1:] for guard in recorded.guards] == [
        (3, 0, -1, 1),
        (1, 0, -2, 1),
        (3, 0, -2, 0),
        (1, 0, -1, 0),
    ]
    assert recorded.constants[:2] == [0.0, 1.0]


# --- both engines --------------------------------------------------------------------------------


def record_twins(seed, value_type, module, custom):
    """Return what an engine records of a random function, in numbers alone."""
    rng = random.Random(seed)
    older = [value_type(rng.gauss(0, 1)) for _ in range(3)]
    older.append(older[0] * older[1])
    inputs = [value_type(rng.gauss(0, 1)) for _ in range(2)]
    module.begin_recording(inputs)
    try:
        nodes = [*inputs, *older, value_type(2.0), value_type(0.5)]
        for _ in range(rng.randint(0, 40)):
            pick = [rng.choice([*nodes, rng.choice([1.0, -0.0, 0.25])]) for _ in range(4)]
            kind = rng.randrange(8)
            if kind == 0:
                made = value_type.sum([*pick, nodes[-1]])
            elif kind == 1:
                made = value_type.dot(pick[:2], pick[2:], nodes[-1])
            elif kind == 2:
                made = custom(cube, (nodes[-1], 1.0), 4.0, (0.5, 0.0))
            elif kind == 3:
                row = rng.choice([*CHOICES.values()])
                numbers = [x if isinstance(x, float) else x._number for x in pick[:2]]
                made = custom(row, (*numbers, *pick[2:]), 3.0, (0.0, 0.0, 1.0, 0.0))
                module.set_aside(made, tuple(pick[:2]))
            elif kind == 4:
                made = rng.choice(nodes)
                compare = rng.choice([operator.lt, operator.le, operator.gt, operator.ge])
                compare(made, pick[0])
            else:
                made = rng.choice([operator.add, operator.sub, operator.mul])(nodes[-1], pick[0])
            nodes.append(made)
        outputs = [rng.choice(nodes), nodes[-1], 1.0]
        found = module.end_recording(outputs)
    finally:
        module.end_recording(None)
    return [row.name for row in found.rows], *found[1:5], list(map(older.index, found.parameters))


@pytest.mark.skipif(ag.engine != "native", reason="it compares the native engine with the other")
def test_both_engines_record_the_same():
    from autograd_mini.engines import bulk  # noqa: PLC0415 - see the reason above
    from autograd_mini.engines.native import core  # noqa: PLC0415

    start = random.randrange(10**6)
    for seed in range(start, start + 500):
        native = record_twins(seed, core.Value, core, core.custom_node)
        python = record_twins(seed, reference_value.Value, reference, bulk.custom_node)
        assert native == python, seed

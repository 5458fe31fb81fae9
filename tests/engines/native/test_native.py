"""The engine in C is the reference once more: the same bits, names and words."""

import copy
import functools
import gc
import inspect
import math
import pickle
import random
import re
import subprocess
import sys
from array import array
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from support.soak import TIMES

import autograd_mini as ag
from autograd_mini.engines import bulk
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.native.header import compose_header, digest
from autograd_mini.errors import AutogradError
from autograd_mini.optim import descent
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.table.updates import UPDATES

if ag.engine != "native":
    pytest.skip("the native engine was not built or not asked for", allow_module_level=True)

from support.twins import (
    Native,
    Reference,
    compare_random_graphs,
    compare_row,
    compare_update,
)

from autograd_mini.engines.native import core


def test_the_engine_was_built_from_the_rules_of_today():
    assert digest() == core.RULES_DIGEST, "install again: pip install -e ."
    assert f'#define CODE_DIGEST "{core.CODE_DIGEST}"' in compose_header(), (
        "install again: pip install -e ."
    )


# --- the same bits (P14) -------------------------------------------------------------------------


def test_p14_random_graphs_over_all_primitives_are_equal_bit_for_bit():
    assert compare_random_graphs(3_000, start=0) == {None, *TABLE}


@pytest.mark.soak
def test_p14_many_random_graphs_are_equal_bit_for_bit():
    assert compare_random_graphs(20_000 * TIMES, start=1_000_000) == {None, *TABLE}


@pytest.mark.parametrize("row", [row for row in TABLE if not row.nary], ids=str)
def test_every_row_has_the_same_bits_at_numbers_of_every_size(row):
    compare_row(row)


@pytest.mark.parametrize("length", [0, 1, 2, 63, 64, 65, 1000])
def test_functions_of_many_operands_have_the_same_bits_at_any_length(length):
    rng = random.Random(length)
    ws, xs = ([rng.gauss(0, 1) for _ in range(length)] for _ in range(2))
    outcomes = []
    for value_type in (Native, Reference):
        leaves = [value_type(number) for number in [*ws, *xs, 0.5, 1.5]]
        *_, bias, last = leaves
        dot = value_type.dot(leaves[:length], leaves[length : 2 * length], bias)
        mixed = value_type.dot(leaves[:length], xs, 0.25) + last
        total = value_type.sum([*leaves[:length], last])
        (dot * total * mixed).backward()
        nodes = [dot, mixed, total]
        outcomes.append([v.data.hex() for v in nodes] + [v.grad.hex() for v in leaves])
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("b", [0.0, -0.0])
@pytest.mark.parametrize("xs", [[], [0.0], [-0.0], [-0.0, -0.0], [-0.0, 0.0]])
def test_sums_of_zeros_have_the_same_sign(xs, b):
    native, of_reference = (
        [value_type.sum(made), value_type.dot(made, [1.0] * len(xs), b), value_type.sum([])]
        for value_type in (Native, Reference)
        for made in [[value_type(x) for x in xs]]
    )
    numbers = [[getattr(v, "data", v).hex() for v in made] for made in (native, of_reference)]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("update", UPDATES.values(), ids=list(UPDATES))
def test_every_update_rule_has_the_same_bits(update):
    compare_update(update)


# --- the same names and words --------------------------------------------------------------------


def surface(value_type):
    return {name for name in dir(value_type) if not name.startswith("_")}


def test_both_engines_have_the_same_attributes_and_documentation():
    assert surface(Native) == surface(Reference)
    assert (Native.__name__, Native.__module__, Native.__doc__) == (
        Reference.__name__,
        Reference.__module__,
        Reference.__doc__,
    )
    assert inspect.signature(Native) == inspect.signature(Reference)
    for name in surface(Native):
        native, of_reference = getattr(Native, name), getattr(Reference, name)
        assert native.__doc__ == of_reference.__doc__
        if callable(of_reference):
            assert inspect.signature(native) == inspect.signature(of_reference)
            assert (native.__name__, native.__qualname__, native.__module__) == (
                of_reference.__name__,
                of_reference.__qualname__,
                of_reference.__module__,
            )
            if name not in PRIMITIVES or not PRIMITIVES[name].nary:
                bound = [getattr(value_type(1.0), name) for value_type in (Native, Reference)]
                assert inspect.signature(bound[0]) == inspect.signature(bound[1])


class Odd(float):
    """A float that knows better what to do with a Value."""

    def __radd__(self, other):
        return "mine"


class OddName(str):
    """A string that can refer to anything."""


UNUSUAL = [
    True, "3", None, 1j, Decimal(1), Fraction(1, 3), 2**53, 2**53 + 1, 10**400, [1.0], (), b"",
    math.nan, -math.inf, np.float64(0.5), np.float32(0.1), np.int64(3), np.bool_(True),
    np.array([1.0, 2.0]), np.array(["a"]), np.longdouble("0.1"), np.timedelta64(1, "s"),
    object, Odd(2.0), np.uint64(2**63 + 1), np.ma.array([1.0, 2.0], mask=[False, True]),
    {1.0: 2.0}, {1.0}, {1.0: 2.0}.keys(), {1.0: 2.0}.values(), memoryview(b"1"), range(2),
]  # fmt: skip

ACTIONS = {
    "add": lambda v, o: v + o,
    "radd": lambda v, o: o + v,
    "sub": lambda v, o: v - o,
    "rsub": lambda v, o: o - v,
    "mul": lambda v, o: v * o,
    "rmul": lambda v, o: o * v,
    "div": lambda v, o: v / o,
    "rdiv": lambda v, o: o / v,
    "pow": lambda v, o: v**o,
    "rpow": lambda v, o: o**v,
    "pow of three": lambda v, o: pow(v, o, 3),
    "less": lambda v, o: v < o,
    "less or equal": lambda v, o: v <= o,
    "greater": lambda v, o: o > v,
    "equal": lambda v, o: v == o,
    "unequal": lambda v, o: v != o,
    "floor division": lambda v, o: v // o,
    "make": lambda v, o: type(v)(o),
    "make by name": lambda v, o: type(v)(data=o),
    "make with a name": lambda v, o: type(v)(1.0, name=o),
    "make with two": lambda v, o: type(v)(1.0, o),
    "make with two and a keyword": lambda v, o: type(v)(1.0, o, data=2.0),
    "make of nothing": lambda v, o: type(v)(),
    "make with another keyword": lambda v, o: type(v)(1.0, nam=o),
    "function": lambda v, o: type(v).exp(o),
    "function of two": lambda v, o: type(v).maximum(v, o),
    "function of two, reflected": lambda v, o: type(v).maximum(o, v),
    "function of numbers": lambda v, o: type(v).minimum(o, 2.0),
    "function with a default": lambda v, o: type(v).leaky_relu(o),
    "function without its operand": lambda v, o: type(v).maximum(v),
    "function of too many": lambda v, o: v.exp(o),
    "function by keyword": lambda v, o: type(v).exp(x=o),
    "sum": lambda v, o: type(v).sum(o),
    "sum with": lambda v, o: type(v).sum([v, o]),
    "sum of nothing": lambda v, o: type(v).sum(),
    "sum as a method": lambda v, o: v.sum(o),
    "dot": lambda v, o: type(v).dot(o, [v]),
    "dot with": lambda v, o: type(v).dot([v, o], [1.0, v]),
    "dot of unequal": lambda v, o: type(v).dot([v, v], (v, v, o)),
    "dot of iterators": lambda v, o: type(v).dot(iter([v, 2]), (x for x in [o, 3])),
    "dot with a bias": lambda v, o: type(v).dot([v], [2.0], o),
    "set data": lambda v, o: setattr(v, "data", o),
    "set grad": lambda v, o: setattr(v, "grad", o),
    "set name": lambda v, o: setattr(v, "name", o),
    "set op": lambda v, o: setattr(v, "op", o),
    "set another": lambda v, o: setattr(v, "other", o),
    "delete data": lambda v, o: delattr(v, "data"),
    "delete name": lambda v, o: delattr(v, "name"),
    "delete partials": lambda v, o: delattr(v, "partials"),
    "backward": lambda v, o: v.backward(seed=o),
    "backward by position": lambda v, o: v.backward(o),
    "backward of a number": lambda v, o: type(v).backward(o),
    "backward by another keyword": lambda v, o: v.backward(sed=o),
    "bool": lambda v, o: bool(v),
    "float": lambda v, o: float(v),
    "int": lambda v, o: int(v),
    "math": lambda v, o: math.exp(v),
    "index": lambda v, o: [1, 2][v],
    "format": lambda v, o: f"{v:.3f} {v} {v!s:>30}",
    "pickle a node": lambda v, o: pickle.dumps(v * 2.0),
    "copy a node": lambda v, o: copy.copy(v.exp()),
    "subclass": lambda v, o: type("Sub", (type(v),), {}),
    "backward of another": lambda v, o: type(v).backward(Reference(2.0)),
    "call": lambda v, o: v(o),
    "iterate": lambda v, o: list(v),
    "length": lambda v, o: len(v),
    "overflow": lambda v, o: (v * 1e308) * 1e308,
    "overflow of a number": lambda v, o: type(v).exp(1e4),
    "outside the domain": lambda v, o: type(v).log(-v),
    "of many": lambda v, o: type(v).sum([1e308, v, 1e308, v]),
    "infinite gradient": lambda v, o: (v - v.data).sqrt().backward(),
    "infinite gradient of many": lambda v, o: type(v).dot([v], [(v * 0.0).sqrt()], 1).backward(),
}  # fmt: skip


def outcome(action, value_type, other):
    value = value_type(3.0, name="v")
    value.grad = 0.25
    try:
        result = action(value, copy.copy(other))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other must raise it too
        return type(error), str(error), error.__suppress_context__, repr(value)
    if isinstance(result, value_type):
        return "Value", repr(result), repr(result.operands), result.partials, repr(value)
    if isinstance(result, np.ndarray):
        return "array", [repr(x) for x in result.flat], repr(value)
    return type(result), repr(result), repr(value)


@pytest.mark.parametrize("name", ACTIONS)
def test_unusual_operands_have_the_same_outcome_word_for_word(name):
    for other in [*UNUSUAL, OddName("odd")]:
        native, of_reference = (outcome(ACTIONS[name], t, other) for t in (Native, Reference))
        assert repr(native) == repr(of_reference), repr(other)


def test_the_other_engines_values_are_refused_as_what_they_are():
    message = re.escape(
        "exp: operand must be a real number, got Value(data=2.0); use its .data for the bare number"
    )
    for mine, other in ((Native(1.0), Reference(2.0)), (Reference(1.0), Native(2.0))):
        with pytest.raises(TypeError, match=f"^{message}$"):
            type(mine).exp(other)
        with pytest.raises(TypeError, match="unsupported operand"):
            mine + other


def test_both_engines_read_each_others_pickles():
    model = ag.MLP(2, [3, 1], rng=random.Random(0))
    script = (
        "import pickle, sys, autograd_mini as ag\n"
        "model, f, v = pickle.load(sys.stdin.buffer)\n"
        "assert ag.engine == 'python' and f is ag.tanh and v.grad == 0.5 and v.name == 'v'\n"
        "print(model([0.5, -0.25]).data.hex(), *(p.name for p in model.parameters()))\n"
        "sys.stdout.flush(); sys.stdout.buffer.write(pickle.dumps((model, f, v)))\n"
    )
    v = Native(1.5, name="v")
    v.grad = 0.5
    run = subprocess.run(
        [sys.executable, "-c", script],
        input=pickle.dumps((model, ag.tanh, v)),
        capture_output=True,
        check=True,
        env={"AUTOGRAD_MINI_ENGINE": "python", "PYTHONPATH": ":".join(sys.path)},
    )
    printed, _, pickled = run.stdout.partition(b"\n")
    names = [p.name for p in model.parameters()]
    assert printed.decode().split() == [model([0.5, -0.25]).data.hex(), *names]
    again, f, v = pickle.loads(pickled)  # noqa: S301 - our own
    assert f is ag.tanh
    assert repr(v) == "Value(data=1.5, grad=0.5, name='v')"
    assert again([0.5, -0.25]).data == model([0.5, -0.25]).data


# --- what only C could get wrong -----------------------------------------------------------------


def test_a_node_of_two_operands_takes_at_most_96_bytes():
    x = Native(0.5)
    assert sys.getsizeof(x * x) <= 96
    assert sys.getsizeof(Native.sum([x] * 100)) >= 100 * 16


def test_values_are_unknown_to_the_garbage_collector_and_make_no_cycle():
    x = Native(0.5, name="x")
    assert not gc.is_tracked(x)
    assert not gc.is_tracked(x * 2.0)
    name = OddName("odd")
    name.owner = x
    x.name = name
    assert type(x.name) is str
    assert x.name == "odd"
    with pytest.raises(AttributeError):
        x.other = x


def test_no_subclass_can_have_an_instance():
    class Tolerant:
        def __init_subclass__(cls):
            pass

    class Sub(Tolerant, Native):
        pass

    for make in (Sub, lambda x: Native.__new__(Sub, x), lambda _: object.__new__(Sub)):
        with pytest.raises(
            TypeError, match=r"^a base class must be another .*, got Value;|not safe"
        ):
            make(1.0)
    with pytest.raises(TypeError, match="not safe"):
        object.__new__(Native)
    assert Native.__new__(Native, 2.0).data == 2.0


def test_nothing_but_values_gets_the_memory_of_values():
    """Python restores what was patched, but no longer guards ``object.__new__``."""
    script = (
        "from unittest import mock; import autograd_mini as ag\n"
        "with mock.patch.object(ag.Value, '__new__'): pass\n"
        "for _ in range(1000):\n"
        "    try: object.__new__(ag.Value)\n"
        "    except TypeError as error: message = str(error)\n"
        "    ag.Value(1.0) * 2.0\n"
        "print(message)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert run.stdout == "object.__new__(Value) is not safe, use Value.__new__()\n"


def test_operands_that_change_while_they_are_read_do_no_harm():
    """Converting an unusual number runs Python code, which may change the list it comes from."""
    x = Native(1.0)
    for function in (Native.sum, lambda xs: Native.dot(xs, [x, x, x], x)):
        changing = [x, x]

        class Trap(int):
            def __index__(self, changing=changing):
                changing.clear()
                gc.collect()
                return 2

        changing.append(Trap(2))
        assert function(changing).data in (4.0, 5.0)


def test_a_finaliser_may_differentiate_during_any_other_operation():
    x = Native(2.0)
    ran = []

    class Closing:
        def __init__(self):
            self.itself = self

        def __del__(self):
            y = Native(3.0)
            (y * x * y).backward()
            ran.append(y.grad)

    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(50):
            Closing()
            z = Native.dot([x, x], [x, 2.0], x)
            with pytest.raises(AutogradError):
                (z * 0.0).sqrt().backward()
            Graph(z)
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert ran == [12.0] * 50
    x.grad = 0.0
    z.backward()
    assert x.grad == 7.0


def test_names_come_and_go():
    values = [Native(float(i), name=f"v{i}") for i in range(1000)]
    for value in values[::2]:
        value.name = None
    assert [v.name for v in values] == [f"v{i}" if i % 2 else None for i in range(1000)]
    del values
    assert [Native(1.0).name for _ in range(1000)] == [None] * 1000


def test_an_error_that_is_under_way_survives_the_freeing_of_named_nodes():
    def fail():
        x = Native(1.0, name="x")
        y = x * 2.0
        y.name = "y"
        raise KeyError(y.data)

    with pytest.raises(KeyError, match=r"2\.0"):
        fail()


def test_what_is_done_to_many_values_takes_nothing_else_and_changes_all_or_nothing():
    values = [Native(1.0), Native(2.0)]
    for call in (
        lambda: core.data_of([*values, 1.0]),
        lambda: core.gradients_of(3.0),
        lambda: core.zero_gradients([None]),
        lambda: core.store_data(values, [3.0]),
        lambda: core.store_data(values, [3.0, 4]),
        lambda: core.store_data([*values, 5.0], [3.0, 4.0, 5.0]),
        lambda: core.store_data(values, [3.0, 4.0], object(), None),
    ):
        with pytest.raises((TypeError, AttributeError)):
            call()
    assert [*core.data_of(iter(values))] == [1.0, 2.0]
    owner = ag.SGD(values, lr=0.1)
    core.store_data(tuple(values), [3.0, 4.0], owner, "state")
    assert (*core.data_of(values), owner._state) == (3.0, 4.0, "state")


OPTIMIZERS = [
    ag.SGD,
    functools.partial(ag.SGD, momentum=0.5),
    functools.partial(ag.SGD, momentum=0.9, nesterov=True, weight_decay=0.25),
    functools.partial(ag.Adam, betas=(0.5, 0.75), weight_decay=1e-3),
    ag.Adam,
    functools.partial(ag.AdamW, weight_decay=0.5),
    ag.RMSprop,
    functools.partial(ag.RMSprop, centered=True, momentum=0.5, weight_decay=0.25),
]


@pytest.mark.parametrize("make", OPTIMIZERS)
@pytest.mark.parametrize("count", [1, 2, 337])
def test_a_step_has_the_bits_of_its_rules_in_python(make, count, monkeypatch):
    rng = random.Random(count)
    weights = [rng.gauss(0.0, 1.0) for _ in range(count)]
    native, python = (make([*map(ag.Value, weights)], lr=0.1) for _ in range(2))
    for _ in range(5):
        for one, other in zip(native.parameters, python.parameters, strict=True):
            one.grad = other.grad = rng.gauss(0.0, 3.0)
        before = native.snapshot()
        kept = [moment.tobytes() for moment in before.state.moments]
        native.step()
        with monkeypatch.context() as patch:
            patch.setattr(descent, "step_natively", None)
            python.step()
        assert native.snapshot() == python.snapshot() != before
        assert [moment.tobytes() for moment in before.state.moments] == kept


@pytest.mark.parametrize("letters", ["", "vmbx", "vmbxy"])
def test_a_step_has_room_for_the_moments_of_an_optimizer(letters):
    class Many(descent.TableOptimizer):
        moments = dict.fromkeys(letters, -math.inf)

        def rules(self, steps):
            return [("descended", self.lr)]

    Many.letters = letters
    one = Many([ag.Value(1.0)], lr=0.5)
    one.parameters[0].grad = 1.0
    one.step()
    assert (one.parameters[0].data, one._state.steps) == (0.5, 1)
    assert len(one._state.moments) == len(letters)


def test_a_step_in_c_leaves_what_it_does_not_expect_to_python():
    sgd = ag.SGD([ag.Value(1.0), ag.Value(2.0)], lr=0.5, momentum=0.5)
    state, velocity = sgd._state, array("d", [1.0, 2.0])
    plain = (sgd, sgd.parameters, state, "b", [("velocity", 0.5), ("followed", 0.5)])
    odd = [
        (1, [*sgd.parameters]),
        (1, (1.0, 2.0)),
        (2, (0,)),
        (2, [0, (velocity,)]),
        (2, (0, [velocity])),
        (2, (0, ([1.0, 2.0],))),
        (2, (0, (array("f", [1.0, 2.0]),))),
        (2, (0, (array("d", [1.0]),))),
        (3, ""),
        (3, "m"),
        (4, (("velocity", 0.5),)),
        (4, [["velocity", 0.5]]),
        (4, [()]),
        (4, [("velocity",)]),
        (4, [("velocity", 1)]),
        (4, [("speed", 1.0)]),
        (4, [(0.5, 1.0)]),
        (4, [("velocity", math.inf)]),
        (4, [("followed", math.nan)]),
    ]
    for place, given in odd:
        arguments = [given if i == place else x for i, x in enumerate(plain)]
        if given == [("velocity", math.inf)]:
            sgd.parameters[0].grad = 1.0
            arguments[2] = type(state)(0, (velocity,))
        assert core.step_natively(*arguments) is False, given
        assert (sgd._state, [*core.data_of(sgd.parameters)]) == (state, [1.0, 2.0]), given
    ag.SGD([ag.Value(1.0)], lr=0.5).step()
    with pytest.raises(AttributeError):
        core.step_natively(object(), *plain[1:])
    with pytest.raises(TypeError, match="five"):
        core.step_natively(sgd)
    with pytest.raises(TypeError):
        core.step_natively(*plain[:3], None, plain[4])
    assert [*core.data_of(sgd.parameters)] == [1.0, 2.0]
    assert core.step_natively(*plain) is True
    assert sgd._state.steps == 1


def test_arrays_of_doubles_are_finite_or_not():
    for numbers, finite in (([], True), ([1e308, -1e308], True), ([0.0, -math.inf], False)):
        assert core.are_finite(array("d", numbers)) is finite
        assert bulk.are_finite(array("d", numbers)) is finite
    assert not core.are_finite(array("d", [math.nan]))
    for odd in ([1.0], array("f", [1.0]), None):
        with pytest.raises(TypeError, match="array of doubles"):
            core.are_finite(odd)


def test_every_row_is_known_by_its_own_object():
    for row in TABLE:
        assert PRIMITIVES[row.name] is row
    assert (Native(1.0) + 1.0).op is PRIMITIVES["add"]
    assert Native(1.0).op is None

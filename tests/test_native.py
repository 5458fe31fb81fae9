"""The engine in C is the reference once more: the same bits, names and words."""

import copy
import gc
import inspect
import math
import pickle
import random
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from soak import TIMES

import autograd_mini as ag
from autograd_mini import value as reference
from autograd_mini._native.header import digest
from autograd_mini.errors import AutogradError, errstate
from autograd_mini.graph import topological_order
from autograd_mini.primitives import PRIMITIVES, TABLE
from autograd_mini.updates import UPDATES

if ag.engine != "native":
    pytest.skip("the native engine was not built or not asked for", allow_module_level=True)

from autograd_mini._native import core

Native, Reference = core.Value, reference.Value
OPERATORS = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
    "neg": lambda x: -x,
    "abs": abs,
}


def apply(value_type, row, operands):
    """Return what an engine makes of operands, or the error's type and text."""
    try:
        return (OPERATORS.get(row.name) or getattr(value_type, row.name))(*operands)
    except AutogradError as error:
        return type(error).__name__, str(error)


def bits(number):
    """Return what tells a float from every other, NaNs being one."""
    return number if number is None else "nan" if number != number else number.hex()


def test_the_engine_was_built_from_the_rules_of_today():
    assert digest() == core.RULES_DIGEST, "install again: pip install -e ."


# --- the same bits (P14) -------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-300, -5e-324, 1e308, -1e308, 1e16, 709.8]
NONFINITE = [math.inf, -math.inf, math.nan]


class Pair:
    """A Value of each engine, made in the same way; or a number twice."""

    def __init__(self, native, of_reference):
        self.native, self.reference = native, of_reference


class Twins:
    """A random graph that grows in both engines at once."""

    def __init__(self, rng, *, strict):
        self.rng = rng
        numbers = SPECIAL if strict else SPECIAL + NONFINITE
        self.draw = lambda: rng.choice(numbers) if rng.random() < 0.15 else rng.gauss(0, 2)
        self.leaves = [self.leaf() for _ in range(rng.randint(1, 4))]
        self.nodes = list(self.leaves)

    def leaf(self):
        number = self.draw()
        name = self.rng.choice([None, "w", "a long name: σ"])
        return Pair(Native(number, name=name), Reference(number, name=name))

    def operand(self):
        if self.rng.random() < 0.25:
            number = self.draw()
            return Pair(number, number)
        return self.rng.choice(self.nodes[-6:] if self.rng.random() < 0.7 else self.nodes)

    def grow(self):
        """Apply a row; return whether it made a node."""
        row = self.rng.choice(TABLE)
        length = self.rng.randint(0, 5)
        given = [
            [self.operand() for _ in range(length)] if o in row.value.sequences else self.operand()
            for o in row.operands
        ]
        if row.name in OPERATORS and all(isinstance(o.native, float) for o in given):
            given[0] = self.rng.choice(self.nodes)
        native, of_reference = (
            apply(
                value_type,
                row,
                [
                    [getattr(one, side) for one in o] if isinstance(o, list) else getattr(o, side)
                    for o in given
                ],
            )
            for value_type, side in ((Native, "native"), (Reference, "reference"))
        )
        if not isinstance(of_reference, Reference):
            if isinstance(of_reference, float):  # there were only constants
                assert bits(native) == bits(of_reference), row
            else:
                assert native == of_reference
            return
        self.compare(native, of_reference)
        self.nodes.append(Pair(native, of_reference))

    def compare(self, native, of_reference):
        assert type(native) is Native
        assert native.op is of_reference.op
        assert bits(native.data) == bits(of_reference.data), repr(of_reference)
        assert [*map(bits, native.partials)] == [*map(bits, of_reference.partials)], of_reference
        kinds = [[isinstance(o, float) for o in v.operands] for v in (native, of_reference)]
        assert kinds[0] == kinds[1]

    def differentiate(self):
        root = self.rng.choice(self.nodes[-4:])
        seed = self.rng.choice([1.0, -0.75, 1e-200, 1e200, 0.0, self.draw()])
        errors = []
        for side in (root.native, root.reference):
            try:
                side.backward(seed=seed)
            except AutogradError as error:
                errors.append((type(error).__name__, str(error)))
        assert errors[:1] == errors[1:]
        for node in self.nodes:
            assert node.native.has_grad == node.reference.has_grad
            assert bits(node.native.grad) == bits(node.reference.grad), node.reference
            assert repr(node.native) == repr(node.reference)


def compare_random_graphs(count, start):
    """Grow and differentiate that many graphs; return the rows met in them."""
    met = set()
    for seed in range(start, start + count):
        rng = random.Random(seed)
        strict = rng.random() < 0.5
        with errstate(nonfinite="raise" if strict else "ignore"):
            twins = Twins(rng, strict=strict)
            for _ in range(rng.randint(1, 20)):
                twins.grow()
            for _ in range(rng.randint(1, 3)):
                twins.differentiate()
        met |= {node.native.op for node in twins.nodes}
    return met


def test_p14_random_graphs_over_all_primitives_are_equal_bit_for_bit():
    assert compare_random_graphs(3_000, start=0) == {None, *TABLE}


@pytest.mark.soak
def test_p14_many_random_graphs_are_equal_bit_for_bit():
    assert compare_random_graphs(20_000 * TIMES, start=1_000_000) == {None, *TABLE}


@pytest.mark.parametrize("row", [row for row in TABLE if not row.nary], ids=str)
def test_every_row_has_the_same_bits_at_numbers_of_every_size(row):
    rng = random.Random(row.name)
    ways = [
        lambda: rng.gauss(0, 3),
        lambda: math.copysign(10 ** rng.uniform(-320, 308.2), rng.random() - 0.5),
        lambda: rng.choice(SPECIAL + NONFINITE),
        lambda: rng.randint(-20, 20) / 4,
    ]
    with errstate(nonfinite="ignore"):
        for _ in range(2_000):
            at = [rng.choice(ways)() for _ in row.operands]
            native = apply(Native, row, [Native(x) for x in at])
            out, partials = row.evaluate(*at)
            assert bits(native.data) == bits(out), at
            assert [*map(bits, native.partials)] == [*map(bits, partials)], at


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
    rng = random.Random(0)
    for length in (0, 1, 100):
        lists = [[abs(rng.gauss(0, 1)) for _ in range(length)] for _ in update.lists]
        numbers = [rng.uniform(0.1, 1) for _ in update.numbers]
        native, python = getattr(core, update.name), update.python()
        assert [*map(float.hex, native(*lists, *numbers))] == [
            *map(float.hex, python(*lists, *numbers))
        ]


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
            if name not in ("sum", "dot"):
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
    for mine, other in ((Native(1.0), Reference(2.0)), (Reference(1.0), Native(2.0))):
        with pytest.raises(TypeError, match=r"^exp takes a real number, got Value .*its \.data"):
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
        with pytest.raises(TypeError, match=r"cannot be subclassed|not safe"):
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
            topological_order(z)
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
        lambda: core.descended([1.0], [2.0]),
        lambda: core.descended([1.0], [2.0, 3.0], 0.5),
        lambda: core.descended([1.0], [2], 0.5),
        lambda: core.descended([1.0], (2.0,), 0.5),
        lambda: core.descended([1.0], [2.0], "0.5"),
    ):
        with pytest.raises((TypeError, AttributeError)):
            call()
    assert core.data_of(iter(values)) == [1.0, 2.0]
    owner = ag.SGD(values, lr=0.1)
    core.store_data(tuple(values), [3.0, 4.0], owner, "state")
    assert (*core.data_of(values), owner._state) == (3.0, 4.0, "state")


def test_every_row_is_known_by_its_own_object():
    for row in TABLE:
        assert PRIMITIVES[row.name] is row
    assert (Native(1.0) + 1.0).op is PRIMITIVES["add"]
    assert Native(1.0).op is None

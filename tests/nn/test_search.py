"""Where the parameters of a module are found, and where they are refused."""

import dataclasses
import itertools
import re
import types
from collections import ChainMap, OrderedDict, UserDict, UserList, defaultdict, deque
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.arguments import abbreviate
from autograd_mini.nn import Module, Neuron


class Pair(NamedTuple):
    first: object
    second: object


@dataclasses.dataclass
class Gate:
    weight: Value
    bias: Value


@dataclasses.dataclass(slots=True)
class Slim:
    bias: Value
    weight: Value


class Slotted(Module):
    __slots__ = ("__hidden", "empty")

    def __init__(self):
        self.__hidden = Value(1.0)
        self.open = Value(2.0)


class Shared(Module):
    scale = Value(1.0)


class Banks(Module):
    gains = [Value(1.0), Value(2.0)]  # noqa: RUF012 - all instances share it
    biases = {"x": Value(3.0)}  # noqa: RUF012


class Rows(np.ndarray):
    """An array of a user's own."""


class Sequence(Module, list):
    def __init__(self, *items):
        list.__init__(self, items)
        self.bias = Value(1.0)


def holding(thing):
    module = Module()
    module.x = thing
    return module


def paths(thing):
    return [path for path, _ in holding(thing).named_parameters()]


ONE = Value(1.0)


def leaves(count):
    return [Value(float(i)) for i in range(count)]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda a, b: {"a": a, "b": [b]}, ["x.a", "x.b.0"]),
        (lambda a, b: {0: a, "one": {1: b}}, ["x.0", "x.one.1"]),
        (lambda a, b: OrderedDict(b=a, a=b), ["x.b", "x.a"]),
        (lambda a, b: defaultdict(list, a=[a, b]), ["x.a.0", "x.a.1"]),
        (lambda a, b: types.MappingProxyType({"a": a, "b": b}), ["x.a", "x.b"]),
        (lambda a, b: UserDict(a=a, b=b), ["x.data.a", "x.data.b"]),
        (lambda a, b: ChainMap({"a": a}, {"b": b}), ["x.maps.0.a", "x.maps.1.b"]),
        (lambda a, b: [[a], (b,)], ["x.0.0", "x.1.0"]),
        (lambda a, b: UserList([a, b]), ["x.data.0", "x.data.1"]),
        (lambda a, b: deque([a, b]), ["x.0", "x.1"]),
        (lambda a, b: Pair(a, [b]), ["x.0", "x.1.0"]),
        (lambda a, b: np.array([a, b]), ["x.0", "x.1"]),
        (lambda a, b: np.array([[a], [b]]), ["x.0.0", "x.1.0"]),
        (lambda a, b: [np.array(a), np.array(b)], ["x.0", "x.1"]),
        (lambda a, b: np.ma.array([a, b], mask=[True, False]), ["x.0", "x.1"]),
        (lambda a, b: np.array([(a, 2.0), (b, 1.0)], dtype="O,f8"), ["x.0.0", "x.1.0"]),
        (lambda a, b: np.array([a, b]).view(Rows), ["x.0", "x.1"]),
        (Gate, ["x.weight", "x.bias"]),
        (lambda a, b: [Gate(a, Gate(b, a))], ["x.0.weight", "x.0.bias.weight"]),
        (Slim, ["x.bias", "x.weight"]),
        (lambda a, b: types.SimpleNamespace(a=a, b=b), ["x.a", "x.b"]),
        (lambda a, b: partial(ag.sum, [a], b=b), ["x.args.0.0", "x.keywords.b"]),
        (lambda a, b: partial(holding(a).zero_grad, k=b), ["x.func.x", "x.keywords.k"]),
        (lambda a, b: holding([a, b]).zero_grad, ["x.x.0", "x.x.1"]),
    ],
)
def test_a_parameter_is_found_and_named_by_its_way(make, expected):
    a, b = leaves(2)
    named = holding(make(a, b)).named_parameters()
    assert [path for path, _ in named] == expected
    assert [leaf for _, leaf in named] == [a, b]
    assert a.name == expected[0]
    assert {type(path) for path, _ in named} == {str}


def test_a_refusal_names_no_parameter():
    module = holding(Value(1.0))
    module.y = {Value(2.0)}
    with pytest.raises(TypeError, match=r"^Module: y must be a list"):
        module.parameters()
    assert module.x.name is None


def test_a_parameter_is_found_in_a_frame_and_a_series():
    pd = pytest.importorskip("pandas")
    assert paths(pd.Series(leaves(2))) == ["x.0", "x.1"]
    assert paths(pd.DataFrame({"p": leaves(2)})) == ["x.0.0", "x.1.0"]


def test_slots_of_a_module_and_values_of_its_class_are_attributes_too():
    assert [p for p, _ in Slotted().named_parameters()] == ["open", "_Slotted__hidden"]
    assert Shared().named_parameters() == [("scale", Shared.scale)]
    own = Shared()
    own.scale = Value(2.0)
    assert own.parameters() == [own.scale]
    assert [p for p, _ in Banks().named_parameters()] == ["gains.0", "gains.1", "biases.x"]
    own = Banks()
    own.gains = own.biases = None
    assert own.parameters() == []


def test_the_defaults_of_a_dataclass_are_parameters_of_its_instances_alone():
    default = Value(1.0)

    @dataclasses.dataclass
    class Scaled(Module):
        scale: Value = dataclasses.field(default_factory=lambda: Value(2.0))
        shared: Value = default

    assert [path for path, _ in Scaled().named_parameters()] == ["scale", "shared"]
    assert Scaled(shared=ONE).parameters()[1:] == [ONE]


def test_an_object_whose_class_names_no_module_is_searched():
    class Stray:
        pass

    Stray.__module__ = None
    stray = Stray()
    stray.w = ONE
    assert paths(stray) == ["x.w"]


def test_a_module_that_is_a_list_has_its_items_and_its_attributes():
    named = Sequence(Value(2.0), Neuron(1)).named_parameters()
    assert [path for path, _ in named] == ["0", "1.weights.0", "1.bias", "bias"]


def test_the_module_on_the_way_owns_a_parameter():
    gate = Gate(Value(1.0), Neuron(1))
    owners = {p.name: p.name.owner for p in holding([{"n": Neuron(1)}, gate]).parameters()}
    assert owners["x.0.n.bias"] == "x.0.n"
    assert owners["x.1.weight"] == ""
    assert owners["x.1.bias.bias"] == "x.1.bias"


def test_functions_classes_and_modules_of_python_are_not_searched():
    class Holder:
        w = ONE

    def function(): ...

    cached = lru_cache(function)
    library = types.ModuleType("library")
    for thing in (function, cached, library):
        thing.w = ONE
    assert paths([Holder, function, cached, library]) == []
    assert paths([Holder()]) == ["x.0.w"]


def test_every_one_of_many_arrays_is_searched():
    """The lists that are made of them live long enough to be told apart."""
    assert len(paths([np.array(leaves(2)) for _ in range(20)])) == 40


TREES = st.recursive(
    st.sampled_from(["leaf", 3.0, None]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.lists(inner, max_size=3).map(deque),
        st.dictionaries(st.integers(0, 2), inner),
        st.builds(Gate, inner, st.none()),
    ),
    max_leaves=12,
)


@given(TREES)
def test_no_leaf_in_any_nest_of_containers_is_passed_over(tree):
    made = []

    def plant(thing):
        if thing == "leaf":
            made.append(Value(0.0))
            return made[-1]
        if isinstance(thing, Gate):
            return Gate(plant(thing.weight), None)
        if isinstance(thing, dict):
            return {key: plant(part) for key, part in thing.items()}
        return type(thing)(map(plant, thing)) if isinstance(thing, list | tuple | deque) else thing

    assert holding(plant(tree)).parameters() == made


RULE = (
    "x must be a list, a tuple, a deque, an array, or a dict whose keys are strings or ints, got "
)


@pytest.mark.parametrize(
    "make",
    [
        lambda v: {v},
        lambda v: frozenset([v]),
        lambda v: {Neuron(1)},
        lambda v: {"a": v}.values(),
        lambda v: {"a": v}.items(),
        lambda v: {v: 1.0}.keys(),
        lambda v: {v: 1.0},
        lambda v: {(0, 1): v},
        lambda v: {None: [v]},
        lambda v: (one for one in [v]),
        lambda v: map(Value, [1.0]),
        lambda v: zip([v], [v], strict=True),
        lambda v: iter([v]),
        lambda v: itertools.chain([v]),
    ],
)
def test_a_container_without_paths_is_refused_by_the_name_of_its_attribute(make, tmp_path):
    module = holding(make(Value(1.0)))
    for call in (
        module.parameters,
        module.state_dict,
        lambda: module.load_state_dict({}),
        lambda: module.save(tmp_path / "model.json"),
        module.zero_grad,
    ):
        with pytest.raises(TypeError, match=f"^Module: {RULE}{re.escape(abbreviate(module.x))}$"):
            call()


def test_a_container_without_paths_may_have_anything_else_or_what_has_a_path():
    assert paths({"a", 1, (2.0, None)}) == []
    assert paths(itertools.count()) == []
    assert paths(lambda: ONE) == []
    module = holding({ONE})
    module.weights = [ONE]
    module.velocities = {ONE: 0.0}
    assert module.named_parameters() == [("weights.0", ONE)]


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda node, leaf: [node, leaf], "x.0"),
        (lambda node, leaf: (leaf, node), "x.1"),
        (lambda node, leaf: {"w": {"u": node}, "b": [leaf]}, "x.w.u"),
        (lambda node, leaf: np.array([leaf, node]), "x.1"),
    ],
)
def test_a_computed_value_among_leaves_is_refused(make, path):
    message = (
        rf"^Module: {path} must be a leaf, as others in x are, got Value\(data=0\.5, op=mul\); "
        "compute it where it is used$"
    )
    with pytest.raises(ValueError, match=message):
        holding(make(0.5 * Value(1.0), Value(2.0))).parameters()


def test_a_computed_value_of_its_own_is_state():
    module = holding(ONE * 2.0)
    module.states = deque([ONE * 2.0, ONE * 3.0])
    module.bias = ONE
    assert module.named_parameters() == [("bias", ONE)]


def test_what_is_found_is_saved_and_loaded(tmp_path):
    first, second = (holding({"a": Value(x), "b": [np.array([Value(x)])]}) for x in (0.25, 0.5))
    first.save(tmp_path / "model.json")
    second.load(tmp_path / "model.json")
    assert second.state_dict() == {"x.a": 0.25, "x.b.0.0": 0.25}

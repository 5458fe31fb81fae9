"""Tests of modules, neurons, layers and multilayer perceptrons."""

import copy
import inspect
import json
import math
import pickle
import random
import re
import statistics
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.interrupts import interrupted_everywhere
from support.sequences import each_impostor, each_sequence

from autograd_mini import Value, functions, losses
from autograd_mini.engines import bulk
from autograd_mini.errors import StateError
from autograd_mini.nn import INITIALIZERS, MLP, Layer, Module, Neuron, layers, saving
from autograd_mini.nn.activations import ACTIVATIONS, Activation
from autograd_mini.nn.initializers import draw_layer

SMOOTH = ["sigmoid", "tanh", "softmax", "linear"]
HALVES = st.integers(-8, 8).map(lambda n: n / 2)
SEEDS = st.integers(0, 2**32 - 1)


def gradients(model):
    return [parameter.grad for parameter in model.parameters()]


def rows(count, length, items=HALVES):
    return st.lists(
        st.lists(items, min_size=length, max_size=length), min_size=count, max_size=count
    )


# --- every gradient is right ----------------------------------------------------------------------


@given(w=rows(3, 2), b=rows(1, 3), v=rows(1, 3), c=HALVES, x=rows(1, 2), seed=HALVES)
def test_gradients_equal_backpropagation_by_hand(w, b, v, c, x, seed):
    """Of a 2-3-1 ReLU network over dyadic numbers, where floating point makes no error."""
    (b,), (v,), (x,) = b, v, x
    model = MLP(2, [3, 1])
    numbers = [n for weights, bias in zip(w, b, strict=True) for n in (*weights, bias)]
    model.load_state_dict(dict(zip(model.state_dict(), [*numbers, *v, c], strict=True)))
    out = model(x)
    out.backward(seed=seed)

    z = [w[j][0] * x[0] + w[j][1] * x[1] + b[j] for j in range(3)]
    a = [max(0, z[j]) for j in range(3)]
    assert out.data == v[0] * a[0] + v[1] * a[1] + v[2] * a[2] + c
    delta = [seed * v[j] * (z[j] > 0) for j in range(3)]
    hidden = [g for j in range(3) for g in (delta[j] * x[0], delta[j] * x[1], delta[j])]
    assert gradients(model) == [*hidden, *(seed * a[j] for j in range(3)), seed]


@pytest.mark.parametrize("output", SMOOTH)
@pytest.mark.parametrize("hidden", SMOOTH)
def test_gradients_agree_with_central_differences(hidden, output):
    """Of the parameters and of the inputs, for a cost that weighs the outputs differently."""
    model = MLP(
        2, [3, 2], activation=hidden, output_activation=output, rng=random.Random(1), init="uniform"
    )
    leaves = [Value(0.3), Value(-0.7), *model.parameters()]

    def cost():
        first, second = model(leaves[:2])
        return 3.0 * first + second * second

    cost().backward()
    largest = max(abs(leaf.grad) for leaf in leaves)
    assert largest > 0.01
    for leaf in leaves:
        at, h = leaf.data, 6e-6
        leaf.data = at + h
        above = cost().data
        leaf.data = at - h
        below = cost().data
        leaf.data = at
        assert leaf.grad == pytest.approx((above - below) / (2 * h), abs=1e-9 * (1 + largest))


@pytest.mark.parametrize("hidden", [name for name in ACTIVATIONS if name != "softmax"])
@given(seed=SEEDS)
def test_one_node_or_many_for_a_neuron_makes_no_difference(hidden, seed):
    """Values and gradients have the same bits, those of the inputs too."""
    results = []
    for fused in (True, False):
        model = MLP(
            3, [4, 2], activation=hidden, output_activation="softmax", rng=random.Random(seed),
            init="uniform", fused=fused,
        )  # fmt: skip
        rng = random.Random(seed + 1)
        x = [Value(rng.uniform(-2, 2)), rng.uniform(-2, 2), Value(rng.uniform(-2, 2))]
        outputs = model(x)
        losses.squared_error(outputs, [0.9, -0.3]).backward()
        numbers = [*(a.data for a in outputs), *gradients(model), x[0].grad, x[2].grad]
        results.append([number.hex() for number in numbers])
    assert results[0] == results[1]


def test_the_course_network():
    """Two sigmoid neurons in a row, input 0.1, target 0.25."""
    first = Neuron(1, activation="sigmoid", weights=[0.15], bias=0.40)
    second = Neuron(1, activation="sigmoid", weights=[0.45], bias=0.65)
    a1 = first([0.1])
    a2 = second([a1])
    error = losses.squared_error(a2, 0.25)
    error.backward()
    (z1,), (z2,) = a1.operands, a2.operands
    forward = [z1.data, a1.data, z2.data, a2.data, error.data]
    assert forward == pytest.approx(
        [0.415, 0.6022861769, 0.9210287796, 0.7152516803, 0.1082295630], abs=1e-10
    )
    w1, b1, w2, b2 = gradients(first) + gradients(second)
    assert w2 == pytest.approx(0.0570703982, abs=1e-10)
    assert b2 == pytest.approx(0.0947562810, abs=1e-10)
    assert w1 == pytest.approx(0.0010213959, abs=1e-10)
    assert b1 == pytest.approx(0.0102139588, abs=1e-10)
    e, s1, s2 = a2.data - 0.25, a1.data * (1 - a1.data), a2.data * (1 - a2.data)
    by_hand = [e * s2 * 0.45 * s1 * 0.1, e * s2 * 0.45 * s1, e * s2 * a1.data, e * s2]
    assert [w1, b1, w2, b2] == pytest.approx(by_hand, rel=1e-14, abs=0)


# --- what a neuron, a layer and a network compute -------------------------------------------------


def test_a_neuron_is_one_dot_node_or_plain_sums_and_products():
    fused, spelled_out = (
        Neuron(2, activation="linear", weights=[2.0, 3.0], bias=1.0, fused=fused)([5.0, 7.0])
        for fused in (True, False)
    )
    assert fused.data == spelled_out.data == 32.0
    assert fused.op.name == "dot"
    (first, second), last = spelled_out.operands[0].operands, spelled_out.operands[1]
    assert [spelled_out.op.name, first.op.name, second.op.name] == ["add", "mul", "mul"]
    assert [first.data, second.data, last.data] == [10.0, 21.0, 1.0]
    assert last.name == "bias"


def test_a_layer_gives_one_value_or_a_list():
    assert Layer(2, 1, weights=[[1.0, 2.0]], biases=[0.5])([3.0, 4.0]).data == 11.5
    outputs = Layer(2, 2, weights=[[1.0, 2.0], [-1.0, 0.0]], biases=[0.5, 0.0])([3.0, 4.0])
    assert [out.data for out in outputs] == [11.5, 0.0]


def test_a_network_gives_one_value_or_a_list():
    assert isinstance(MLP(2, [3, 1])([0.1, 0.2]), Value)
    assert [type(out) for out in MLP(2, [1, 3])([0.1, 0.2])] == [Value] * 3


class Loud(Neuron):
    """A neuron whose weights are what a property returns."""

    @property
    def weights(self):
        return self.__dict__["weights"]

    @weights.setter
    def weights(self, weights):
        self.__dict__["weights"] = [w * 1.0 for w in weights]


def unfuse(layer):
    layer.neurons[1].fused = False


def replace_weights(layer):
    layer.neurons[1].weights = (0.5, Value(2.0, name="new"))


def share_a_bias(layer):
    layer.neurons[2].bias = layer.neurons[0].bias


def take_numbers(layer):
    layer.neurons[1].weights, layer.neurons[1].bias = [1, np.float32(0.5)], True


def hide_weights(layer):
    layer.neurons[1] = Loud(2, weights=[0.25, -2.0])


def mix_activations(layer):
    names = ["tanh", "linear", lambda z: z * z, "leaky_relu"]
    layer.neurons = [Neuron(2, activation=name, rng=random.Random(0)) for name in names]


def return_a_number(layer):
    layer.neurons[1] = Neuron(2, activation=lambda z: 0.5, weights=[1, 2])


def use_numbers_alone(layer):
    layer.neurons[1].weights, layer.neurons[1].bias = [0.5, 0.5], 1.0


def fail(layer):
    def broken(_):
        raise KeyError("broken")

    layer.neurons[2].activation = Activation("broken", broken)


def drop_a_weight(layer):
    del layer.neurons[1].weights[0]


def delete_the_weights(layer):
    del layer.neurons[1].weights


def lose_the_activation(layer):
    layer.neurons[1].activation = None


def overflow(layer):
    layer.neurons[2].weights[0].data = 1e308


def put_something_else(layer):
    layer.neurons[1] = "a neuron"


def clear(layer):
    layer.neurons.clear()


def become_a_tuple(layer):
    layer.neurons = tuple(layer.neurons)


def shorten_as_it_runs(layer):
    def pop(z):
        del layer.neurons[2:]
        return z

    layer.neurons[0].activation = Activation("pop", pop)


CHANGES = [
    lambda layer: None,
    *(unfuse, replace_weights, share_a_bias, take_numbers, hide_weights, mix_activations),
    *(return_a_number, use_numbers_alone, fail, drop_a_weight, delete_the_weights),
    *(lose_the_activation, overflow, put_something_else, clear, become_a_tuple),
    shorten_as_it_runs,
]


def run_layer(change, x):
    """Return the graph that a changed layer makes, or its error."""
    layer = Layer(2, 4, activation="tanh", rng=random.Random(7))
    change(layer)
    try:
        outputs = layer([Value(one) for one in x] if change is unfuse else x)
    except Exception as error:  # noqa: BLE001 - it is compared
        return type(error), str(error)
    for i, output in enumerate(outputs := outputs if isinstance(outputs, list) else [outputs]):
        output.backward(seed=i - 0.5)
    leaves = [leaf.grad for leaf in layer.parameters()] if change is not become_a_tuple else []
    graph = [(a.data, a.op, [z.op for z in a.operands if isinstance(z, Value)]) for a in outputs]
    return graph, leaves


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("x", [[0.25, -1.5], (1, np.float64(2.0)), [1.0], [1e308, 1e308]])
def test_a_layer_in_one_call_makes_the_nodes_of_its_neurons_one_by_one(change, x, monkeypatch):
    """Also after its neurons have been changed; an error is the same too."""
    found = run_layer(change, x)
    monkeypatch.setattr(layers, "neuron_outputs", bulk.neuron_outputs)
    assert run_layer(change, x) == found


def test_softmax_goes_over_all_outputs_of_a_layer():
    layer = Layer(1, 3, activation="softmax", weights=[[0.0], [1.0], [2.0]], biases=[0.5, 0, 0])
    powers = [math.exp(z) for z in (0.5, 1.5, 3.0)]
    expected = [power / sum(powers) for power in powers]
    assert [out.data for out in layer([1.5])] == pytest.approx(expected, rel=1e-15, abs=0)


def test_hidden_layers_are_relu_and_the_last_is_linear_unless_told():
    names = [layer.activation.name for layer in MLP(1, [2, 3, 4]).layers]
    assert names == ["relu", "relu", "linear"]
    model = MLP(1, [2, 3], activation=functions.tanh, output_activation="sigmoid")
    assert [layer.activation.name for layer in model.layers] == ["tanh", "sigmoid"]
    assert Neuron(1).activation.name == Layer(1, 1).activation.name == "relu"


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(
    "x", [(1, 2), np.array([1.0, 2.0]), np.array([1, 2]), [1, Value(2.0)], range(1, 3)], ids=type
)
def test_inputs_are_any_sequence_of_numbers_and_values(x, fused):
    neuron = Neuron(2, weights=[3.0, 5.0], fused=fused)
    assert neuron(x).data == neuron(iter(x)).data == 13.0


def test_a_network_passes_fused_on_to_its_neurons():
    """And if not told, they are fused."""
    for told, fused in (({}, True), ({"fused": True}, True), ({"fused": False}, False)):
        model = MLP(1, [2, 1], **told)
        assert {neuron.fused for layer in model.layers for neuron in layer.neurons} == {fused}
        assert [neuron.fused for neuron in Layer(1, 2, **told).neurons] == [fused] * 2
        assert Neuron(1, **told).fused is fused


def test_repr_shows_the_architecture():
    assert repr(MLP(2, [16, 16, 1])) == "MLP(2 → 16 relu → 16 relu → 1 linear, 337 parameters)"
    assert repr(Layer(2, 3, activation="softmax")) == "Layer(2 → 3 softmax, 9 parameters)"
    assert repr(Neuron(2, activation=math.copysign)) == "Neuron(2 → 1 copysign, 3 parameters)"


# --- initial weights ------------------------------------------------------------------------------


def drawn(init, *, fan_in, fan_out, count=20_000):
    rng = random.Random(7)
    return [INITIALIZERS[init](rng, fan_in, fan_out) for _ in range(count)]


@pytest.mark.parametrize(
    ("init", "limit"), [("uniform", 1.0), ("xavier", math.sqrt(6 / (100 + 50)))]
)
def test_uniform_initialisers_fill_their_interval(init, limit):
    weights = drawn(init, fan_in=100, fan_out=50)
    assert -limit <= min(weights) < -0.999 * limit
    assert 0.999 * limit < max(weights) <= limit
    assert statistics.fmean(weights) == pytest.approx(0, abs=0.02 * limit)
    assert statistics.pvariance(weights) == pytest.approx(limit**2 / 3, rel=0.02)


def test_he_draws_from_a_normal_distribution_of_variance_2_over_fan_in():
    weights = drawn("he", fan_in=100, fan_out=50)
    assert statistics.fmean(weights) == pytest.approx(0, abs=0.003)
    assert statistics.pvariance(weights) == pytest.approx(2 / 100, rel=0.02)
    beyond_2_sigma = sum(abs(w) > 2 * math.sqrt(2 / 100) for w in weights) / len(weights)
    assert beyond_2_sigma == pytest.approx(0.0455, abs=0.005)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_initialiser_suits_the_activation_unless_told(name):
    init = INITIALIZERS[ACTIVATIONS[name].init]
    rows, biases = draw_layer(init, 3, 2, random.Random(3))
    layer = Layer(3, 2, activation=name, rng=random.Random(3))
    assert [[w.data for w in neuron.weights] for neuron in layer.neurons] == rows
    assert [neuron.bias.data for neuron in layer.neurons] == biases
    other = Layer(3, 2, activation=name, init=lambda rng, fan_in, fan_out: fan_in / fan_out)
    assert {w.data for neuron in other.neurons for w in neuron.weights} == {1.5}


def test_a_network_passes_its_initialiser_on_to_each_layer():
    model = MLP(3, [2, 4], init=lambda rng, fan_in, fan_out: fan_in / fan_out)
    weights = [
        {w.data for neuron in layer.neurons for w in neuron.weights} for layer in model.layers
    ]
    assert weights == [{1.5}, {0.5}]


def test_a_single_neuron_has_a_fan_out_of_1():
    neuron = Neuron(3, init=lambda rng, fan_in, fan_out: fan_in + fan_out)
    assert [w.data for w in neuron.weights] == [4.0] * 3


def test_the_same_rng_gives_the_same_network_and_biases_are_zero():
    one, same, other = (
        MLP(2, [3, 1], activation="tanh", rng=random.Random(seed)) for seed in (1, 1, 2)
    )
    assert one.state_dict() == same.state_dict()
    biases = [value for name, value in one.state_dict().items() if name.endswith("bias")]
    assert biases == [0.0] * 4
    weights = set(one.state_dict().values()) - {0.0}
    assert len(weights) == 2 * 3 + 3
    assert weights.isdisjoint(other.state_dict().values())


def test_without_an_rng_the_weights_are_those_of_pythons_own_generator():
    """So `random.seed` makes them the same each time, as in a program for micrograd."""
    random.seed(1337)
    seeded = MLP(2, [3, 1]).state_dict()
    assert MLP(2, [3, 1]).state_dict() != seeded
    random.seed(1337)
    assert MLP(2, [3, 1]).state_dict() == seeded
    assert MLP(2, [3, 1], rng=random.Random(1337)).state_dict() == seeded


def test_an_int_seeds_a_new_generator():
    before = random.getstate()
    model = MLP(2, [3, 1], rng=1337)
    assert random.getstate() == before
    assert model.state_dict() == MLP(2, [3, 1], rng=random.Random(1337)).state_dict()
    assert Layer(2, 3, rng=7).state_dict() == Layer(2, 3, rng=random.Random(7)).state_dict()
    assert Neuron(2, rng=7).state_dict() == Neuron(2, rng=random.Random(7)).state_dict()


def test_initial_weights_can_be_values_which_are_used_as_they_are():
    shared = Value(2.0, name="shared")
    bias = Value(1.0)
    neuron = Neuron(2, activation="linear", weights=[shared, shared], bias=bias)
    assert neuron.parameters() == [shared, bias]
    neuron([3.0, 4.0]).backward()
    assert shared.grad == 7.0
    assert [name for name, _ in neuron.named_parameters()] == ["weights.0", "bias"]


# --- modules --------------------------------------------------------------------------------------


def test_parameters_are_named_after_their_place():
    model = MLP(1, [2, 1])
    paths = [
        "layers.0.neurons.0.weights.0",
        "layers.0.neurons.0.bias",
        "layers.0.neurons.1.weights.0",
        "layers.0.neurons.1.bias",
        "layers.1.neurons.0.weights.0",
        "layers.1.neurons.0.weights.1",
        "layers.1.neurons.0.bias",
    ]
    parameters = model.parameters()
    assert model.named_parameters() == list(zip(paths, parameters, strict=True))
    assert [parameter.name for parameter in parameters] == paths
    assert parameters[5] is model.layers[1].neurons[0].weights[1]
    assert list(model.state_dict()) == paths


def test_a_parameter_knows_the_module_that_owns_it():
    """A list in a module is none of its own."""

    class Pair(Module):
        def __init__(self):
            self.neuron = Neuron(1)
            self.scales = [Value(1.0), [Value(2.0)]]

    owners = {path: parameter.name.owner for path, parameter in Pair().named_parameters()}
    assert owners == {
        "neuron.weights.0": "neuron",
        "neuron.bias": "neuron",
        "scales.0": "",
        "scales.1.0": "",
    }


def test_a_network_names_its_parameters_when_it_is_made():
    assert Neuron(1).bias.name == "bias"
    assert Layer(1, 1).neurons[0].bias.name == "neurons.0.bias"
    assert MLP(1, [1]).layers[0].neurons[0].bias.name == "layers.0.neurons.0.bias"


def test_a_shared_parameter_keeps_its_first_name():
    shared = Value(0.5)
    Neuron(1, weights=[shared])
    assert shared.name == "weights.0"
    Neuron(2, weights=[0.25, shared])
    assert shared.name == "weights.0"


def test_an_inner_module_does_not_shorten_the_names():
    model = MLP(1, [1])
    assert model.layers[0].named_parameters()[1][0] == "neurons.0.bias"
    assert model.parameters()[1].name == "layers.0.neurons.0.bias"


def test_a_name_of_yours_is_kept_even_if_it_looks_like_a_path():
    w, b = Value(0.5, name="w1"), Value(0.5, name="bias")
    layer = Layer(1, 1, weights=[[w]], biases=[b])
    assert [name for name, _ in layer.named_parameters()] == [
        "neurons.0.weights.0",
        "neurons.0.bias",
    ]
    assert [w.name, b.name] == ["w1", "bias"]
    layer.neurons[0].bias = Value(0.0)
    layer.parameters()
    assert layer.neurons[0].bias.name == "neurons.0.bias"
    layer.neurons[0].bias.name = "mine"
    layer.parameters()
    assert layer.neurons[0].bias.name == "mine"


class Mixed(Module):
    """A module of a user, with parameters in every place where they are found, and others."""

    def __init__(self):
        self.gain = Value(1.0)
        self.table = [[Value(2.0), Value(3.0)], (Value(4.0), [Value(5.0)])]
        self.text, self.size, self.nothing = "text", 3, None
        self.inner = Neuron(1, weights=[self.gain], bias=6.0)
        self.again = self.inner
        self.last = self.gain * 2.0
        self.me = self


def test_parameters_are_found_in_attributes_lists_and_tuples_once_each():
    """Results of computations are none, nor is a module that contains itself a problem."""
    found = [(path, parameter.data) for path, parameter in Mixed().named_parameters()]
    assert found == [
        ("gain", 1.0),
        ("table.0.0", 2.0),
        ("table.0.1", 3.0),
        ("table.1.0", 4.0),
        ("table.1.1.0", 5.0),
        ("inner.bias", 6.0),
    ]
    assert repr(Mixed()) == "Mixed(6 parameters)"


def test_a_module_of_one_parameter_and_one_of_none():
    class Scale(Module):
        def __init__(self, *values):
            self.values = values

    assert repr(Scale(Value(1.0))) == "Scale(1 parameter)"
    assert repr(Scale()) == "Scale(0 parameters)"
    Scale().zero_grad()
    assert Scale().state_dict() == {}


def test_modules_within_modules_to_any_depth():
    class Box(Module):
        def __init__(self, inside):
            self.inside = inside

    box = Value(1.0)
    for _ in range(5000):
        box = Box([box])
    ((path, _),) = box.named_parameters()
    assert path == ".".join(["inside.0"] * 5000)


def test_zero_grad_sets_every_computed_gradient_to_zero():
    model = MLP(1, [2, 1], activation="linear")
    unused = model.parameters()[0]
    model.layers[1]([1.0, 1.0]).backward()
    assert any(gradients(model))
    model.zero_grad()
    assert gradients(model) == [0.0] * 7
    assert not unused.has_grad, "one never computed stays that way"
    assert model.parameters()[-1].has_grad


def test_a_copy_and_a_pickle_are_the_same_network_with_its_own_parameters():
    model = MLP(2, [3, 2], activation="tanh", output_activation="softmax")
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301
        assert twin.state_dict() == model.state_dict()
        assert [out.data for out in twin([1, 2])] == [out.data for out in model([1, 2])]
        assert set(twin.parameters()).isdisjoint(model.parameters())
        assert twin.parameters()[0].name == "layers.0.neurons.0.weights.0"
        twin.layers[0].neurons[0].bias.name = None
        assert twin.parameters()[2].name == "layers.0.neurons.0.bias"


# --- states ---------------------------------------------------------------------------------------


def test_a_state_goes_from_one_network_to_another():
    one, other = MLP(2, [3, 1], rng=random.Random(1)), MLP(2, [3, 1], rng=random.Random(2))
    state = one.state_dict()
    other.load_state_dict(state)
    assert other.state_dict() == state
    assert other([0.3, 0.4]).data == one([0.3, 0.4]).data
    one.parameters()[0].data = 9.0
    assert other.state_dict() == state


def test_a_state_may_hold_reals_of_any_kind_in_any_order():
    neuron = Neuron(1)
    neuron.load_state_dict({"bias": np.float64(0.5), "weights.0": 2})
    assert neuron.state_dict() == {"weights.0": 2.0, "bias": 0.5}
    assert all(type(value) is float for value in neuron.state_dict().values())


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            {"weights.0": 1.0},
            r"names in the state must be those of Neuron\(1 → 1 relu, 2 parameters\), "
            r"got \['weights\.0'\]; missing 'bias'$",
        ),
        ({}, r"got \[\]; missing 'weights\.0', 'bias'$"),
        ({"weights.0": 1.0, "bias": 2.0, "w": 3.0}, "2 parameters., got .*; unexpected 'w'$"),
        ({"weights.0": 1.0, 7: 3.0}, "missing 'bias'; unexpected 7$"),
        (
            {"weights.0": 1.0, "bias": 2.0, "p": 1, "q": 1, "r": 1, "s": 1, "t": 1},
            "unexpected 'p', 'q', 'r' and 2 more$",
        ),
        ({"p": 1, "q": 1, "r": 1, "s": 1}, "; unexpected 'p', 'q', 'r' and 1 more$"),
        ({"p": 1, "q": 1, "r": 1}, "; unexpected 'p', 'q', 'r'$"),
        (
            {"weights.0": 1.0, "bias": math.nan},
            "^Neuron.load_state_dict: 'bias' must be finite, got nan$",
        ),
        (
            {"weights.0": 1.0, "bias": math.inf},
            "Neuron.load_state_dict: 'bias' must be finite, got inf$",
        ),
        ({"weights.0": 1.0, "bias": "2.0"}, "_dict: 'bias' must be a real number, got '2.0'$"),
        ({"weights.0": 1.0, "bias": None}, "_dict: 'bias' must be a real number, got None$"),
        (
            {"weights.0": 1.0, "bias": 2**53 + 1},
            "_dict: 'bias' must be a number that a float holds exactly, got",
        ),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(state, message):
    neuron = Neuron(1, weights=[0.25], bias=0.75)
    with pytest.raises(StateError, match=message):
        neuron.load_state_dict(state)
    assert neuron.state_dict() == {"weights.0": 0.25, "bias": 0.75}


@pytest.mark.parametrize("state", [None, 3, ["weights.0", "bias"]])
def test_a_state_is_a_mapping(state):
    message = f"Neuron.load_state_dict: state must be a mapping of names to numbers, got {state!r}"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        Neuron(1).load_state_dict(state)


def test_a_network_is_saved_and_loaded(tmp_path):
    one, other = MLP(2, [3, 1], rng=random.Random(1)), MLP(2, [3, 1], rng=random.Random(2))
    one.save(tmp_path / "net.json")
    other.load(tmp_path / "net.json")
    assert other.state_dict() == one.state_dict()
    assert json.loads((tmp_path / "net.json").read_text())["state"] == one.state_dict()


def test_a_file_that_does_not_fit_is_named_and_changes_nothing(tmp_path):
    Neuron(2).save(tmp_path / "net.json")
    neuron = Neuron(1, weights=[0.25])
    with pytest.raises(
        StateError, match=r"net\.json: names in the state must .*; unexpected 'weights\.1'$"
    ):
        neuron.load(tmp_path / "net.json")
    (tmp_path / "net.json").write_text("{")
    with pytest.raises(StateError, match=r"net\.json: content must be JSON, got b'{'; Expecting"):
        neuron.load(tmp_path / "net.json")
    assert neuron.state_dict() == {"weights.0": 0.25, "bias": 0.0}


def test_a_network_that_is_not_finite_is_not_saved(tmp_path):
    neuron = Neuron(1)
    neuron.bias.data = math.nan
    with pytest.raises(StateError, match="'bias' must be finite, got nan"):
        neuron.save(tmp_path / "net.json")
    assert list(tmp_path.iterdir()) == []


STORING = (inspect.getfile(Module), bulk.__file__)
"""Where parameters are changed; the search for them changes nothing."""


def test_an_interrupt_leaves_all_parameters_old_or_all_new():
    old, new = {"weights.0": 1.0, "bias": 2.0}, {"weights.0": 3.0, "bias": 4.0}

    def check(neuron):
        assert neuron.state_dict() in (old, new)

    instants = interrupted_everywhere(
        lambda: Neuron(1, weights=[1.0], bias=2.0),
        lambda neuron: neuron.load_state_dict(new),
        check=check,
        inside=STORING,
    )
    assert instants > 50


def test_an_interrupt_leaves_all_gradients_as_they_were_or_all_zero():
    def build():
        neuron = Neuron(1, activation="linear", weights=[1.0])
        neuron([3.0]).backward()
        return neuron

    def check(neuron):
        assert gradients(neuron) in ([3.0, 1.0], [0.0, 0.0])

    instants = interrupted_everywhere(build, Neuron.zero_grad, check=check, inside=STORING)
    assert instants > 50


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Neuron, lambda n: Layer(n, 2), lambda n: MLP(n, [2])])
@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1.0, 2.0, 3.0], r"got 3; x is \[1\.0, 2\.0, 3\.0\]"),
        ([], r"got 0; x is \[\]"),
    ],
)
def test_a_wrong_number_of_inputs(kind, x, message):
    expected = "(Neuron|Layer|MLP): length of x must be 2, one for each input"
    with pytest.raises(ValueError, match=f"^{expected}, {message}$"):
        kind(2)(x)


@pytest.mark.parametrize("kind", [Neuron, lambda n: Layer(n, 2), lambda n: MLP(n, [2])])
@pytest.mark.parametrize("x", [0.5, Value(0.5), None])
def test_a_bare_number_is_no_list_of_inputs(kind, x):
    got = re.escape(f"must be a list of 1 input, got {x!r}; put a single one into a list too")
    with pytest.raises(TypeError, match=rf"^(Neuron|Layer|MLP): x {got}$"):
        kind(1)(x)


@pytest.mark.parametrize("fused", [True, False])
@each_sequence
def test_every_sequence_of_numbers_will_do(make, fused):
    numbers = [0.5, -2.0]
    layer = Layer(2, 2, weights=[make(numbers), make(numbers)], biases=make(numbers), fused=fused)
    assert [p.data for p in layer.parameters()] == [0.5, -2.0, 0.5, 0.5, -2.0, -2.0]
    neuron = Neuron(2, weights=make(numbers), activation="linear", fused=fused)
    assert neuron(make(numbers)).data == 4.25
    assert [p.data for p in layer(make(numbers))] == [4.75, 2.25]
    assert MLP(2, make([3, 1]) if make is list else [3, 1], fused=fused)(make(numbers)).op


@pytest.mark.parametrize(
    "use",
    [
        lambda given: Neuron(2, weights=given),
        lambda given: Layer(2, 2, weights=given),
        lambda given: Layer(2, 1, weights=[given]),
        lambda given: Layer(2, 2, biases=given),
        lambda given: MLP(1, given),
        Neuron(2),
        Neuron(2, fused=False),
        Layer(2, 1),
        MLP(2, [1]),
    ],
)
@each_impostor
def test_what_is_no_sequence_of_numbers_is_refused(make, use):
    with pytest.raises(TypeError, match=r"^(Neuron|Layer|MLP): \S+ must be a list.*, got "):
        use(make([1.0, 2.0]))


def test_an_error_of_an_iterator_is_not_taken_for_a_wrong_input():
    def broken():
        yield 1.0
        raise TypeError("mine must be kept, got lost")

    with pytest.raises(TypeError, match=r"^mine must be kept, got lost$"):
        Neuron(2)(broken())


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("wrong", ["1.0", None, [1.0], True])
def test_an_input_is_a_number_or_a_value(wrong, fused):
    message = re.escape(f"must be a real number, got {wrong!r}")
    with pytest.raises(TypeError, match=f"^(dot: operand|Neuron: an input) {message}(; use .*)?$"):
        Neuron(2, fused=fused)([1.0, wrong])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Neuron(0), "Neuron: inputs must be at least 1, got 0"),
        (lambda: Layer(-1, 2), "Layer: inputs must be at least 1, got -1"),
        (lambda: Layer(2, 0), "Layer: outputs must be at least 1, got 0"),
        (lambda: MLP(0, [1]), "MLP: inputs must be at least 1, got 0"),
        (lambda: MLP(2, [3, 0, 1]), r"MLP: sizes\[1\] must be at least 1, got 0"),
        (lambda: MLP(2, []), r"MLP: sizes must be a list of one size or more, got \[\]"),
        (
            lambda: Neuron(1, activation="softplux"),
            "Neuron: activation must be a function or one of sigmoid, .*, got 'softplux'",
        ),
        (
            lambda: Neuron(2, activation="softmax"),
            "Neuron: activation must be a function of one Value, not of a whole layer, "
            r"got 'softmax'; use Layer\(2, outputs, activation='softmax'\)",
        ),
        (
            lambda: Neuron(1, init="xaver"),
            r"Neuron: init must be a function \(rng, fan_in, fan_out\) -> float or one of uniform, "
            "xavier, he, sphere, got 'xaver'",
        ),
        (
            lambda: Neuron(2, weights=[1.0]),
            r"Neuron: length of weights must be 2, one for each input, got 1; weights is \[1\.0\]",
        ),
        (
            lambda: Layer(2, 3, weights=[[1.0, 2.0]]),
            "Layer: length of weights must be 3, one for each output, got 1; "
            r"weights is \[\[1\.0, 2\.0\]\]",
        ),
        (
            lambda: Layer(2, 2, weights=[[1.0, 2.0], [3.0]]),
            r"Layer: length of weights\[1\] must be 2, one for each input, got 1; "
            r"weights\[1\] is \[3\.0\]",
        ),
        (
            lambda: Layer(2, 2, biases=[1.0]),
            r"Layer: length of biases must be 2, one for each output, got 1; biases is \[1\.0\]",
        ),
        (lambda: Neuron(1, weights=[math.nan]), r"Neuron: weights\[0\] must be finite, got nan"),
        (
            lambda: Neuron(1, weights=[Value(math.inf)]),
            r"Neuron: weights\[0\] must be finite, got inf",
        ),
        (lambda: Neuron(1, bias=math.inf), "Neuron: bias must be finite, got inf"),
        (
            lambda: Neuron(1, bias=Value(2.0) * 3.0),
            "Neuron: bias must be a number or a leaf, not a computed Value, "
            r"got Value\(data=6\.0, op=mul\)",
        ),
    ],
)
def test_a_wrong_value_is_refused(make, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Neuron(2.0), r"Neuron: inputs must be a positive int, got 2\.0"),
        (lambda: Neuron(True), "Neuron: inputs must be a positive int, got True"),
        (lambda: Layer(2, "3"), "Layer: outputs must be a positive int, got '3'"),
        (lambda: MLP(2, [3, None]), r"MLP: sizes\[1\] must be a positive int, got None"),
        (lambda: MLP(2, 3), r"MLP: sizes must be a list, such as \[16, 1\], got 3"),
        (lambda: MLP(2, "31"), r"MLP: sizes must be a list, such as \[16, 1\], got '31'"),
        (
            lambda: Neuron(1, rng=0.5),
            r"Neuron: rng must be a random\.Random, an int or None, got 0\.5",
        ),
        (
            lambda: MLP(1, [1], rng=random),
            "MLP: rng must be a random.Random, an int or None, got <module 'random' from .*",
        ),
        (
            lambda: Neuron(1, init=0.5),
            r"Neuron: init must be a function \(rng, fan_in, fan_out\) -> float or a name, "
            r"got 0\.5",
        ),
        (
            lambda: Neuron(1, init=lambda *_: "w"),
            r"Neuron: weights\[0\] must be a real number, got 'w'",
        ),
        (
            lambda: Neuron(1, activation=None),
            "Neuron: activation must be a name or a function, got None",
        ),
        (
            lambda: Neuron(1, weights=0.5),
            r"Neuron: weights must be a list, one item for each input, got 0\.5",
        ),
        (
            lambda: Layer(1, 1, weights=[0.5]),
            r"Layer: weights\[0\] must be a list, one item for each input, got 0\.5",
        ),
        (
            lambda: Layer(1, 1, biases=0.5),
            r"Layer: biases must be a list, one item for each output, got 0\.5",
        ),
        (
            lambda: Neuron(1, weights=["0.5"]),
            r"Neuron: weights\[0\] must be a real number, got '0\.5'",
        ),
        (
            lambda: Neuron(1, bias=True),
            "Neuron: bias must be a real number, got True; use float.* if a number is meant",
        ),
    ],
)
def test_a_wrong_kind_is_refused(make, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        make()


def test_sizes_may_be_integers_of_numpy():
    assert repr(MLP(np.int64(2), np.array([3, 1]))) == repr(MLP(2, [3, 1]))


def test_the_state_of_a_module_is_a_state_of_the_storage(tmp_path):
    model = MLP(1, [1])
    saving.save(model.state_dict(), tmp_path / "net.json")
    other = MLP(1, [1])
    other.load(tmp_path / "net.json")
    assert other.state_dict() == model.state_dict()


def test_an_unknown_hidden_activation_is_refused_also_without_a_hidden_layer():
    with pytest.raises(ValueError, match=r"^MLP: activation must be .*, got 'foo'$"):
        MLP(2, [1], activation="foo")


def test_an_empty_init_is_unknown():
    with pytest.raises(ValueError, match=r"^Neuron: init must be .*, got ''$"):
        Neuron(2, init="")


def test_two_parameters_of_the_same_path_are_refused():
    model = Module()
    model.a = [Value(1.0)]
    setattr(model, "a.0", Value(2.0))
    message = "Module: path of a parameter must be unique, got 'a.0'; it leads to two parameters"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.parameters()


def test_a_module_without_a_constructor_takes_no_arguments():
    class Empty(Module):
        pass

    assert Empty().parameters() == []
    with pytest.raises(TypeError, match=r"^Empty: arguments must be none, got \(3,\)$"):
        Empty(3)
    with pytest.raises(TypeError, match=r"^Empty: arguments must be none, got {'inputs': 3}$"):
        Empty(inputs=3)


def test_a_frozen_dataclass_can_be_a_module():
    @dataclass(frozen=True)
    class Line(Module):
        slope: Value
        offset: Value

    line = Line(Value(2.0), Value(1.0))
    assert line.state_dict() == {"slope": 2.0, "offset": 1.0}
    line.load_state_dict({"slope": 3.0, "offset": 4.0})
    assert copy.deepcopy(line).state_dict() == {"slope": 3.0, "offset": 4.0}


def test_a_module_may_have_a_setattr_of_its_own():
    class Strict(Module):
        def __init__(self):
            self.slope = Value(2.0)

        def __setattr__(self, name, value):
            if name != "slope":
                raise AttributeError(name)
            super().__setattr__(name, value)

    assert Strict().state_dict() == {"slope": 2.0}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Neuron(2, activation="softmax"),
            "Neuron: activation must be a function of one Value, not of a whole layer, got "
            "'softmax'; use Layer(2, outputs, activation='softmax')",
        ),
        (
            lambda: Neuron(2, weights=[1.0]),
            "Neuron: length of weights must be 2, one for each input, got 1; weights is [1.0]",
        ),
        (
            lambda: Neuron(2, weights=1.0),
            "Neuron: weights must be a list, one item for each input, got 1.0",
        ),
        (lambda: Neuron(1, weights=["1"]), "Neuron: weights[0] must be a real number, got '1'"),
        (
            lambda: Neuron(1, bias=Value(2.0) * 3.0),
            "Neuron: bias must be a number or a leaf, not a computed Value, "
            "got Value(data=6.0, op=mul)",
        ),
        (lambda: Neuron(1, bias=Value(math.inf)), "Neuron: bias must be finite, got inf"),
        (lambda: Neuron(0), "Neuron: inputs must be at least 1, got 0"),
        (lambda: Layer(0, 1), "Layer: inputs must be at least 1, got 0"),
        (lambda: Layer(1, 0), "Layer: outputs must be at least 1, got 0"),
        (
            lambda: Layer(1, 2, weights=[[1.0]]),
            "Layer: length of weights must be 2, one for each output, got 1; weights is [[1.0]]",
        ),
        (
            lambda: Layer(1, 2, weights=[[1.0], []]),
            "Layer: length of weights[1] must be 1, one for each input, got 0; weights[1] is []",
        ),
        (
            lambda: Layer(1, 2, biases=[1.0]),
            "Layer: length of biases must be 2, one for each output, got 1; biases is [1.0]",
        ),
        (lambda: MLP(0, [1]), "MLP: inputs must be at least 1, got 0"),
        (lambda: MLP(1, "1"), "MLP: sizes must be a list, such as [16, 1], got '1'"),
        (lambda: MLP(1, [1, 0]), "MLP: sizes[1] must be at least 1, got 0"),
        (lambda: MLP(1, []), "MLP: sizes must be a list of one size or more, got []"),
        (
            lambda: Neuron(2)([1.0]),
            "Neuron: length of x must be 2, one for each input, got 1; x is [1.0]",
        ),
        (
            lambda: MLP(1, [1])(range(1000)),
            "MLP: length of x must be 1, one for each input, got 1000; "
            "x is [0, 1, 2, 3, 4, 5, ...]",
        ),
        (
            lambda: MLP(2, [1])(0.5),
            "MLP: x must be a list of 2 inputs, got 0.5; put a single one into a list too",
        ),
        (
            lambda: Neuron(1, weights=[1], fused=False)([None]),
            "Neuron: an input must be a real number, got None",
        ),
        (
            lambda: Neuron(1, weights=[1], activation=lambda z: z.data)([2.0]),
            "the result of activation '<lambda>' must be a Value, got 2.0; anything else has no "
            "gradient",
        ),
        (
            lambda: Neuron(1).load_state_dict([1]),
            "Neuron.load_state_dict: state must be a mapping of names to numbers, got [1]",
        ),
        (
            lambda: Neuron(1, activation="relu").load_state_dict({"p": 1, "bias": 1}),
            "Neuron.load_state_dict: names in the state must be those of "
            "Neuron(1 → 1 relu, 2 parameters), got ['p', 'bias']; missing 'weights.0'; "
            "unexpected 'p'",
        ),
        (
            lambda: Neuron(1).load_state_dict({"weights.0": 1, "bias": math.nan}),
            "Neuron.load_state_dict: 'bias' must be finite, got nan",
        ),
    ],
)
def test_a_refusal_names_the_thing_the_rule_and_what_came(call, message):
    with pytest.raises((TypeError, ValueError, StateError)) as caught:
        call()
    assert str(caught.value) == message


def test_an_activation_that_is_a_module_is_trained_too():
    """A leaky ReLU whose slope is a parameter, as in He et al., 2015."""

    class Parametric(Module):
        def __init__(self):
            self.slope = Value(0.25)

        def __call__(self, x):
            return x.leaky_relu(self.slope)

    activation = Parametric()
    layer = Layer(1, 2, activation=activation, weights=[[1.0], [-1.0]], biases=[0.0, 0.0])
    named = dict(layer.named_parameters())
    assert activation.slope in named.values()
    assert len(named) == 5
    (layer([2.0])[1] * 1.0).backward()
    assert activation.slope.grad == -2.0


@pytest.mark.parametrize("wrong", [(1.0, 2.0), [1.0, 2.0], "two", [None]])
def test_an_activation_over_a_layer_returns_a_value_for_each_output(wrong):
    odd = Activation("odd", lambda outputs: wrong, over_layer=True)
    message = (
        "the result of activation 'odd' must be a list of one Value for each output, "
        f"got {wrong!r}; anything else has no gradient"
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        Layer(1, 2, activation=odd)([1.0])


@pytest.mark.parametrize("model", [Neuron(2), Layer(2, 3), MLP(2, [3, 1]), Neuron(2, fused=False)])
@pytest.mark.parametrize("examples", [[[0, 1], [1, 0]], [[0, 1]] * 3, np.zeros((2, 2))])
def test_many_examples_at_once_are_an_error_that_names_predict(model, examples):
    with pytest.raises((TypeError, ValueError)) as caught:
        model(examples)
    assert caught.value.__notes__ == [
        "for many examples, use predict(X), or call the model for each"
    ]
    assert len(model.predict(examples)) == len(examples)


def test_a_single_wrong_input_is_an_error_without_that():
    with pytest.raises(TypeError) as caught:
        Neuron(2)([1.0, "2"])
    assert not hasattr(caught.value, "__notes__")

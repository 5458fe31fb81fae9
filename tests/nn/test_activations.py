"""Tests of the table of activation functions."""

import dataclasses
import functools
import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import Value, functions
from autograd_mini.nn import INITIALIZERS, Layer, Module, Neuron
from autograd_mini.nn.activations import ACTIVATIONS, Activation, ActivationName, as_activation
from autograd_mini.table.primitives import TABLE

ROWS = list(ACTIVATIONS.values())
NUMBERS = st.floats(-1e6, 1e6)


def applied(row: Activation, x: float) -> Value:
    """Apply an activation to x; one over a layer sees x and 0, and x's output is returned."""
    return row.function([Value(x), Value(0.0)])[0] if row.over_layer else row.function(Value(x))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@given(x=NUMBERS)
def test_values_are_in_the_stated_range(row, x):
    low, high = row.range
    assert low <= applied(row, x).data <= high


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_stated_range_is_the_smallest(row):
    """A large input comes close to each finite bound, and goes beyond any number below inf."""
    lowest = {"silu": -1.2784645427610738, "gelu": -0.7517915246935645}.get(row.name, 0.0)
    values = [applied(row, x).data for x in (-1e6, lowest, 1e6)]
    for bound, reached in zip(row.range, (min(values), max(values)), strict=True):
        if math.isinf(bound):
            assert math.copysign(reached, bound) == reached
            assert abs(reached) >= 1e4
        else:
            assert reached == pytest.approx(bound, abs=1e-9)


def test_the_seven_of_the_course_and_three_more_with_their_ranges():
    inf = math.inf
    assert {name: row.range for name, row in ACTIVATIONS.items()} == {
        "sigmoid": (0, 1),
        "tanh": (-1, 1),
        "relu": (0, inf),
        "softmax": (0, 1),
        "step": (0, 1),
        "linear": (-inf, inf),
        "leaky_relu": (-inf, inf),
        "elu": (-1, inf),
        "silu": (-0.2784645427610738, inf),
        "gelu": (-0.16997120747990369, inf),
    }


def test_the_type_lists_the_names_of_the_table():
    """The type checker cannot read the table, so its list is checked against it here."""
    assert get_args(ActivationName) == tuple(ACTIVATIONS)


def test_the_primitives_known_as_activations_are_those_a_layer_takes_by_name():
    """The others are composed of several, or record nothing."""
    known = {row.name for row in TABLE if row.activation}
    assert known == set(ACTIVATIONS) - {"softmax", "linear", "silu", "gelu"}


def test_each_name_is_that_of_its_row_and_of_its_function():
    for name, row in ACTIVATIONS.items():
        assert row.name == name
        assert row.function is getattr(functions, name)


def test_only_softmax_goes_over_a_layer():
    assert [row.name for row in ROWS if row.over_layer] == ["softmax"]


def test_rectifiers_start_on_the_sphere_and_the_step_with_uniform_weights():
    suited = {name: row.init for name, row in ACTIVATIONS.items() if row.init != "xavier"}
    rectifiers = ("relu", "leaky_relu", "elu", "silu", "gelu")
    assert suited == {**dict.fromkeys(rectifiers, "sphere"), "step": "uniform"}
    assert {row.init for row in ROWS} <= set(INITIALIZERS)


@pytest.mark.parametrize(
    ("name", "value", "slope"),
    [
        ("sigmoid", 0.8807970779778823, 0.10499358540350662),
        ("tanh", 0.9640275800758169, 0.07065082485316447),
        ("relu", 2.0, 1.0),
        ("softmax", 0.8807970779778823, 0.10499358540350662),  # of [x, 0]: the sigmoid
        ("step", 1.0, 0.0),
        ("linear", 2.0, 1.0),
        ("leaky_relu", 2.0, 1.0),
        ("elu", 2.0, 1.0),
        ("silu", 1.7615941559557649, 1.0907842487848955),
        ("gelu", 1.9544997361036416, 1.085231801078197),
    ],
)
def test_values_and_slopes_at_2(name, value, slope):
    x = Value(2.0)
    row = ACTIVATIONS[name]
    out = row.function([x, Value(0.0)])[0] if row.over_layer else row.function(x)
    assert out.data == pytest.approx(value, rel=1e-14, abs=0)
    (out * 1.0).backward()
    assert x.grad == pytest.approx(slope, rel=1e-13, abs=0)


def test_leaky_relu_leaks_a_hundredth():
    assert applied(ACTIVATIONS["leaky_relu"], -2.0).data == -0.02


def test_a_row_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ACTIVATIONS["relu"].init = "uniform"  # type: ignore[misc]


# --- what a layer is given ----------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_name_a_function_of_the_library_and_a_row_stand_for_the_row(row):
    assert as_activation(row.name) is row
    assert as_activation(row.function) is row
    assert as_activation(row) is row


def test_a_function_of_yours_has_its_name_and_no_bounds():
    def swish(z):
        return z * functions.sigmoid(z)

    expected = Activation("swish", swish, range=(-math.inf, math.inf), init="xavier")
    assert as_activation(swish) == expected
    assert not as_activation(swish).over_layer


def test_a_function_without_a_name_is_called_by_its_type():
    assert as_activation(functools.partial(functions.maximum, 0.0)).name == "partial"


def test_a_row_of_yours_may_go_over_the_layer():
    largest = Activation("shares", lambda zs: [z / functions.sum(zs) for z in zs], over_layer=True)
    layer = Layer(1, 2, activation=largest, weights=[[1.0], [3.0]])
    assert [out.data for out in layer([2.0])] == [0.25, 0.75]


def test_parameters_of_an_activation_are_found():
    """A parametric ReLU, say, is trained too; shared by all neurons, it counts once."""

    class Prelu(Module):
        def __init__(self):
            self.slope = Value(0.25)

        def __call__(self, z):
            return functions.leaky_relu(z, self.slope)

    layer = Layer(1, 2, activation=Prelu(), weights=[[1.0], [2.0]])
    assert layer.neurons[0].activation.name == "Prelu"
    paths = [path for path, _ in layer.named_parameters()]
    assert paths == [
        "neurons.0.weights.0",
        "neurons.0.bias",
        "neurons.0.activation.slope",
        "neurons.1.weights.0",
        "neurons.1.bias",
    ]
    first, second = layer([-1.0])
    (first + second).backward()
    assert layer.neurons[0].activation.function.slope.grad == -3.0


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(
        ValueError,
        match=r"^activation must be a function or one of sigmoid, tanh, relu, softmax, step, "
        "linear, leaky_relu, elu, silu, gelu, got 'rleu'$",
    ):
        as_activation("rleu")


def test_what_is_neither_a_name_nor_a_function_is_refused():
    with pytest.raises(TypeError, match=r"^activation must be a name or a function, got 3$"):
        as_activation(3)  # type: ignore[arg-type]


def test_a_function_that_loses_the_gradient_is_refused():
    neuron = Neuron(1, activation=lambda z: z.data, weights=[0.5])
    message = (
        r"^the result of activation '<lambda>' must be a Value, got 0\.5; "
        "anything else has no gradient$"
    )
    with pytest.raises(TypeError, match=message):
        neuron([1.0])


@pytest.mark.parametrize("wrong", [lambda zs: zs[:1], lambda zs: [0.5, 0.5], tuple])
def test_a_function_over_a_layer_returns_a_value_for_each_output(wrong):
    layer = Layer(1, 2, activation=Activation("wrong", wrong, over_layer=True))
    message = "^the result of activation 'wrong' must be a list of one Value for each output, got "
    with pytest.raises(TypeError, match=message):
        layer([1.0])

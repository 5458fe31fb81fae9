"""The summary of a model: every parameter is in one row, and the rows have the model's shapes."""

import random

import numpy as np
import pytest

from autograd_mini import MLP, Layer, Module, Neuron, Value


def rows(module):
    table = module.summary()
    return [list(table.header), *map(list, table.rows), list(table.footer)]


def test_the_layers_of_a_network_are_counted_from_1():
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
    assert str(model.summary()).splitlines() == [
        "MLP(2 → 3 tanh → 1 linear, 13 parameters)",
        "layer  shape  activation  parameters",
        "-----  -----  ----------  ----------",
        "1      2 → 3  tanh                 9",
        "2      3 → 1  linear               4",
        "-----  -----  ----------  ----------",
        "total                             13",
    ]
    assert repr(model.summary()) == str(model.summary())


def test_a_layer_and_a_neuron_are_one_row():
    assert rows(Layer(2, 3, activation="softmax"))[1] == ["Layer", "2 → 3", "softmax", 9]
    assert rows(Neuron(2, activation="step"))[1] == ["Neuron", "2 → 1", "step", 3]


class Net(Module):
    def __init__(self):
        self.scale = Value(1.0)
        self.encoder = MLP(2, [3, 2])
        self.blocks = {"left": Neuron(2), "right": Line()}
        self.table = np.array([[Value(1.0), Value(2.0)]])
        self.title = "no parameter"

    def __call__(self, x):
        return x


class Line(Module):
    def __init__(self):
        self.slope, self.offset = Value(2.0), Value(1.0)


def test_a_model_of_parts_has_a_row_for_each_part():
    net = Net()
    assert rows(net) == [
        ["part", "shape", "activation", "parameters"],
        ["scale", "", "", 1],
        ["encoder, layer 1", "2 → 3", "relu", 9],
        ["encoder, layer 2", "3 → 2", "linear", 8],
        ["blocks.left", "2 → 1", "relu", 3],
        ["blocks.right", "", "", 2],
        ["table", "", "", 2],
        ["total", "", "", 25],
    ]
    assert len(net.parameters()) == 25


def test_a_model_without_layers_has_no_columns_for_them():
    assert rows(Line()) == [
        ["part", "parameters"], ["slope", 1], ["offset", 1], ["total", 2]
    ]  # fmt: skip
    assert rows(Module()) == [["part", "parameters"], ["total", 0]]


def test_what_is_in_a_layer_counts_there():
    class Scaled(Layer):
        def __init__(self):
            super().__init__(1, 2)
            self.line = Line()

    class Slope(Module):
        def __init__(self):
            self.slope = Value(0.5)

        def __call__(self, x):
            return x * self.slope

    class Model(Module):
        def __init__(self):
            self.layers = [Scaled(), Neuron(1, activation=Slope())]

    assert rows(Model()) == [
        ["layer", "shape", "activation", "parameters"],
        ["1", "1 → 2", "relu", 6],
        ["2", "1 → 1", "Slope", 3],
        ["total", "", "", 9],
    ]


def test_a_shared_parameter_counts_once():
    model = MLP(2, [2, 2])
    model.layers[1].neurons[0].weights = model.layers[0].neurons[0].weights
    assert [row[-1] for row in rows(model)[1:]] == [6, 4, 10]
    assert len(model.parameters()) == 10


@pytest.mark.parametrize("model", [MLP(2, [1]), Net(), Line(), Module()])
def test_a_notebook_shows_the_summary(model):
    assert model._repr_html_() == model.summary()._repr_html_()
    assert f"<p>{model!r}</p>" in model._repr_html_()

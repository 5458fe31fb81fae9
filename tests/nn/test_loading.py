"""Models that are made again from a file, which says what they are made of."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini.errors import StateError
from autograd_mini.nn import ACTIVATIONS, MLP, Dropout, Layer, Module, Neuron, saving

over_one = [name for name, row in ACTIVATIONS.items() if not row.over_layer]
sizes = st.lists(st.integers(1, 4), min_size=1, max_size=4)
named = st.sampled_from([*ACTIVATIONS])


def written(model, folder):
    path = folder / "model.json"
    model.save(path)
    return path


def altered(path, **changes):
    """Write the file with another architecture, and the checksum that it then has."""
    document = json.loads(path.read_bytes())
    architecture = document["architecture"] | changes
    saving.save(document["state"], path, architecture=architecture)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@given(st.integers(1, 4), sizes, named, named, st.booleans())
def test_a_network_is_made_again_with_its_numbers(folder, inputs, outputs, hidden, output, fused):
    if hidden == "softmax" and 1 in outputs[:-1]:
        hidden = "tanh"  # it needs several outputs
    model = MLP(inputs, outputs, activation=hidden, output_activation=output, fused=fused)
    again = ag.load(written(model, folder))
    assert type(again) is MLP
    assert repr(again) == repr(model)
    assert again.state_dict() == model.state_dict()
    x = [0.5] * inputs
    assert repr(again(x)) == repr(model(x))
    assert [layer.neurons[0].fused for layer in again.layers] == [fused] * len(outputs)


@given(st.integers(1, 4), st.integers(1, 4), named)
def test_a_layer_is_made_again(folder, inputs, outputs, activation):
    model = Layer(inputs, outputs, activation=activation)
    again = ag.load(written(model, folder))
    assert (type(again), repr(again)) == (Layer, repr(model))
    assert again.state_dict() == model.state_dict()


@given(st.integers(1, 4), st.sampled_from(over_one))
def test_a_neuron_is_made_again(folder, inputs, activation):
    model = Neuron(inputs, activation=activation)
    again = ag.load(written(model, folder))
    assert (type(again), repr(again)) == (Neuron, repr(model))
    assert again.state_dict() == model.state_dict()


def test_a_model_is_made_again_whatever_its_mode(tmp_path):
    again = ag.load(written(MLP(1, [2, 1]).eval(), tmp_path))
    assert again.training


def test_the_global_generator_is_left_alone(tmp_path):
    import random  # noqa: PLC0415 - only here

    model = MLP(1, [2, 1])
    before = random.getstate()
    ag.load(written(model, tmp_path))
    assert random.getstate() == before


def test_the_file_says_what_the_model_is_made_of(tmp_path):
    document = json.loads(written(MLP(2, [3, 1]), tmp_path).read_bytes())
    assert document["version"] == 2
    assert document["architecture"] == {
        "class": "MLP",
        "inputs": 2,
        "sizes": [3, 1],
        "activation": "relu",
        "output_activation": "linear",
        "fused": True,
    }
    assert [*document] == ["format", "version", "sha256", "architecture", "state"]


def test_a_file_of_a_model_is_loaded_into_a_model_too(tmp_path):
    model, other = MLP(2, [3, 1]), MLP(2, [3, 1])
    other.load(written(model, tmp_path))
    assert other.state_dict() == model.state_dict()


def test_a_file_of_version_1_is_loaded_into_a_model_and_makes_none(tmp_path):
    model, other = MLP(2, [3, 1]), MLP(2, [3, 1])
    saving.save(model.state_dict(), tmp_path / "old.json")
    assert json.loads((tmp_path / "old.json").read_bytes())["version"] == 1
    other.load(tmp_path / "old.json")
    assert other.state_dict() == model.state_dict()
    message = re.escape(
        "architecture must be in the file, got None; make the model, and use model.load(path)"
    )
    with pytest.raises(StateError, match=f"old.json: {message}$"):
        ag.load(tmp_path / "old.json")


class Own(MLP):
    pass


def shared():
    model = MLP(2, [2, 1])
    model.layers[0].neurons[1].bias = model.layers[0].neurons[0].bias
    return model


def extended():
    model = MLP(2, [2, 1])
    model.dropout = Dropout(0.5)
    return model


def mixed():
    model = MLP(2, [2, 2, 1])
    model.layers[1] = Layer(2, 2, activation="tanh")
    return model


@pytest.mark.parametrize(
    "make",
    [
        lambda: Own(2, [3, 1]),
        lambda: MLP(2, [3, 1], activation=lambda x: x * x),
        lambda: Neuron(2, activation=ag.sin),
        lambda: Layer(2, 2, activation=ag.nn.Activation("relu", lambda x: x)),
        shared,
        extended,
        mixed,
        lambda: Dropout(0.5),
        lambda: MLP(2, [3, 1], fused=1),
        lambda: Neuron(2, activation=ag.nn.Activation(3, ag.sin)),
    ],
    ids=[
        "subclass",
        "lambda",
        "function",
        "renamed",
        "shared",
        "extended",
        "mixed",
        "dropout",
        "fused",
        "number",
    ],
)
def test_what_arguments_do_not_make_again_is_saved_without_them(make, tmp_path):
    model = make()
    path = written(model, tmp_path)
    assert json.loads(path.read_bytes())["version"] == 1
    other = make()
    other.load(path)
    assert other.state_dict() == model.state_dict()
    with pytest.raises(StateError, match="architecture must be in the file, got None"):
        ag.load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"class": "Module"},
            "architecture must be a JSON object whose class is one of MLP",
        ),
        ({"class": "os.system"}, "architecture must be a JSON object whose class is one of MLP"),
        ({"class": ["MLP"]}, "architecture must be a JSON object whose class is one of MLP"),
        ({"rng": 3}, "arguments of the architecture must be inputs, sizes, activation, output_act"),
        ({"inputs": 3}, r"the number of numbers in the state must be 16, as .* needs, got 13"),
        ({"inputs": 10**15}, "the number of numbers in the state must be 30000"),
        ({"inputs": True}, "architecture: inputs must be of type int, got True"),
        ({"sizes": 3}, "architecture: sizes must be of type list, got 3"),
        ({"sizes": [3, "1"]}, "architecture: a size must be a positive int, got '1'"),
        ({"sizes": []}, "the number of numbers in the state must be 0, as .* needs, got 13"),
        ({"sizes": [3, 0]}, "architecture: a size must be at least 1, got 0"),
        ({"activation": "relux"}, "MLP: activation must be a function or one of sigmoid"),
        ({"activation": 3}, "architecture: activation must be of type str, got 3"),
        ({"fused": 3}, "architecture: fused must be of type bool, got 3"),
    ],
)
def test_an_architecture_that_is_none_is_refused_and_named(changes, message, tmp_path):
    path = written(MLP(2, [3, 1]), tmp_path)
    altered(path, **changes)
    with pytest.raises(StateError, match=f"^{re.escape(str(path))}: {message}"):
        ag.load(path)


def test_an_architecture_that_is_no_object_is_refused(tmp_path):
    saving.save({"w": 1.0}, tmp_path / "model.json", architecture=[1])
    with pytest.raises(StateError, match=r"architecture must be a JSON object .*, got \[1\]$"):
        ag.load(tmp_path / "model.json")


def test_a_changed_architecture_does_not_fit_the_checksum(tmp_path):
    path = written(MLP(2, [3, 1]), tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"relu"', '"tanh"'), encoding="utf-8")
    with pytest.raises(StateError, match=r"sha256 must be .*; the content is damaged$"):
        ag.load(path)


def test_a_state_with_other_names_is_refused(tmp_path):
    path = written(Neuron(2), tmp_path)
    document = json.loads(path.read_bytes())
    state = {"weights.0": 1.0, "weights.1": 1.0, "bios": 0.0}
    saving.save(state, path, architecture=document["architecture"])
    with pytest.raises(StateError, match="missing 'bias'; unexpected 'bios'"):
        ag.load(path)


def test_every_module_without_arguments_says_so():
    assert Module()._arguments() is None

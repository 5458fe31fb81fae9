"""What is to be shown of a graph: roles, groups, order."""

import random
import re

import pytest
from support.sequences import IMPOSTORS

import autograd_mini as ag
from autograd_mini import GraphTooLargeError, Layer, Value
from autograd_mini.views.scene import Scene


def scene_of(root, **arguments):
    defaults = {"names": None, "parameters": None, "groups": None, "max_nodes": 300}
    return Scene(root, where="draw", **{**defaults, **arguments})


def test_a_graph_too_large_to_read_is_refused_with_its_size_and_two_ways_out():
    message = (
        "draw: number of Values must be at most max_nodes=4, and of edges 8, as a larger graph is "
        "hard to read, got 5; take a part of it (one example, one neuron, an intermediate Value), "
        "or ask for all with max_nodes=5"
    )
    with pytest.raises(GraphTooLargeError, match=f"^{re.escape(message)}$"):
        scene_of(ag.sum([Value(1.0) for _ in range(4)]), max_nodes=4)


def test_a_graph_of_few_values_with_too_many_edges_is_refused():
    x = Value(1.0)
    assert scene_of(ag.sum([x] * 8), max_nodes=4).graph.order
    with pytest.raises(GraphTooLargeError, match=r"got 9 edges; .* with max_nodes=5$"):
        scene_of(ag.sum([x] * 9), max_nodes=4)
    assert scene_of(ag.sum([x] * 9), max_nodes=5).graph.order


def test_a_graph_of_too_many_constants_is_refused():
    x = Value(1.0)
    assert scene_of(ag.sum([x, *[0.5] * 8]), max_nodes=4).graph.order
    message = r"at most max_nodes=4, and of constants 8, .* got 9 constants; .* with max_nodes=5$"
    with pytest.raises(GraphTooLargeError, match=message):
        scene_of(ag.sum([x, *[0.5] * 9]), max_nodes=4)


def make_chain(length):
    x = z = Value(1.0)
    for _ in range(length):
        z = z + x
    return x, z


@pytest.mark.parametrize("view", [ag.draw, ag.explain, ag.explore])
def test_a_huge_graph_is_refused_before_it_is_collected_or_named(view, monkeypatch):
    monkeypatch.setattr("autograd_mini.engines.graph.Graph._walk", None)
    _, z = make_chain(120_000)
    with pytest.raises(
        GraphTooLargeError, match=r"got 100001 and more; .* with a larger max_nodes$"
    ):
        view(z)
    with pytest.raises(GraphTooLargeError, match="got 1000000 edges and more; "):
        view(ag.sum([Value(1.0)] * 1_000_000))


def test_an_explanation_refuses_a_huge_graph_before_it_looks_for_its_argument(monkeypatch):
    monkeypatch.setattr("autograd_mini.engines.graph.Graph._walk", None)
    x, z = make_chain(2_000)
    message = r"at most 200 times max_nodes=3, and of edges 1200, .* got 2001; .* max_nodes=11$"
    with pytest.raises(GraphTooLargeError, match=message):
        ag.explain(z, wrt=x, max_nodes=3)


def test_what_can_be_trained_are_the_known_parameters_or_else_all_leaves():
    w, x = Value(2.0, name="w"), Value(3.0, name="x")
    assert scene_of(w * x, parameters=[w]).parameters == [w]
    assert scene_of(w * x).parameters == [w, x]
    assert [scene_of(w * x).role(v) for v in (w, x)] == ["input", "input"]
    elsewhere = Value(1.0)
    assert scene_of(w * x, parameters=[elsewhere]).parameters == [w, x]
    neuron = ag.Neuron(1, activation="linear")
    assert scene_of(neuron([x])).parameters == [*neuron.weights, neuron.bias]


def test_the_frames_of_a_model_are_in_the_order_of_their_numbers():
    model = ag.MLP(1, [11, 2, 1], activation="tanh", rng=random.Random(0))
    titles = scene_of(model([Value(0.5)])).titles()
    first = [f"layer 1, neuron {k}" for k in range(1, 12)]
    assert titles == [*first, "layer 2, neuron 1", "layer 2, neuron 2", "layer 3, neuron 1"]


def test_a_layer_is_the_frames_of_its_neurons():
    model = ag.MLP(1, [3, 2, 1], activation="tanh", rng=random.Random(0))
    out = model([Value(0.5)])
    assert scene_of(out).layers() == [
        ["layer 1, neuron 1", "layer 1, neuron 2", "layer 1, neuron 3"],
        ["layer 2, neuron 1", "layer 2, neuron 2"],
    ]
    assert scene_of(out, groups={"all": model.parameters()}).layers() == []
    assert scene_of(Value(1.0) * 2.0).layers() == []
    weights = [neuron.weights[0] for neuron in model.layers[0].neurons]
    assert scene_of([weight * 1.0 for weight in weights], groups={}).layers() != []
    assert scene_of(weights).layers() == []


def test_two_models_have_frames_of_their_own():
    models = [Layer(1, 1, activation="tanh") for _ in range(2)]
    x = Value(0.5)
    scene = scene_of(models[0]([x]) - models[1]([x]))
    assert scene.titles() == ["neuron 1", "model 2, neuron 1"]
    assert len(scene.members("neuron 1")) == len(scene.members("model 2, neuron 1")) == 4


def test_only_the_activation_of_a_neuron_is_in_its_frame():
    layer = Layer(2, 1, activation="tanh", rng=random.Random(0))
    a = layer([1.0, 2.0])
    scene = scene_of(a.square().exp() * 2.0)
    assert [node.op.name for node in scene.groups if node.op is not None] == ["dot", "tanh"]


def test_a_neuron_is_in_the_frame_that_has_the_most_of_its_weights():
    """Here that frame is neither the first, nor the last in alphabetical order."""
    ws = [Value(0.5), Value(0.25), Value(0.125)]
    z = ag.dot(ws, [1.0, 2.0, 3.0])
    scene = scene_of(z * 2.0, parameters=ws, groups={"second": ws[:1], "first": ws[1:]})
    assert scene.groups[z] == "first"


@pytest.mark.parametrize("kind", ["dict", "dict.keys", "set"])
def test_values_without_an_order_are_refused(kind):
    x, y = Value(2.0), Value(3.0)
    given = IMPOSTORS[kind]([x, y])
    for options, argument in (
        ({"root": given}, "root must be a Value, or several"),
        (
            {"root": x * y, "parameters": given},
            "parameters must be a module, an optimizer or a list of Values",
        ),
        ({"root": x * y, "groups": {"a": given}}, r"groups\['a'\] must be a list of Values"),
    ):
        with pytest.raises(
            TypeError, match=rf"^draw: {argument}, got .*; the {type(given).__name__} "
        ):
            ag.draw(options.pop("root"), **options)

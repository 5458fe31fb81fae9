"""What the Values of a graph are called."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini import Neuron, Value
from autograd_mini.engines.graph import Graph
from autograd_mini.table.names import name_as_text
from autograd_mini.testing.strategies import graphs
from autograd_mini.views import naming
from autograd_mini.views.naming import collect_names, find_named, make_sort_key, name_values


def leaf(name=None):
    return Value(0.5, name=name)


def names_of(*roots, **names):
    return list(name_values(Graph(*roots), names).values())


# --- unique, and the same in each view -----------------------------------------------------------

given_by_users = st.sampled_from(
    ["x", "x1", "x_1", "x_2", "x[1]", "x₁", "alpha", "α", "out", "v1", "z1", "z2", "a1", "a2", ""]
) | st.text(max_size=3)


@given(graph=graphs(nodes=12), data=st.data())
def test_no_two_values_have_one_name_as_it_is_or_as_mathematics(graph, data):
    """Whatever the users' names are, in a dict and on the Values themselves."""
    leaves = [Value(x, name=data.draw(given_by_users | st.none())) for x in graph.leaves]
    nodes = graph.nodes(*leaves)
    names = data.draw(st.dictionaries(given_by_users, st.sampled_from(nodes), max_size=6))
    found = name_values(Graph(nodes[-1]), names)
    assert list(found) == Graph(nodes[-1]).order
    assert len(set(found.values())) == len(found)
    assert len(set(map(name_as_text, found.values()))) == len(found)
    assert all(found.values())


@settings(max_examples=25)
@given(graph=graphs(nodes=10))
def test_names_are_the_same_each_time_and_in_each_view(graph):
    leaves = [Value(x) for x in graph.leaves]
    root = graph(*leaves)
    found = name_values(Graph(root))
    assert name_values(Graph(root)) == found
    whole = ag.explain(root, max_nodes=1000)
    assert list(whole.adjoints) == list(found.values())[::-1]
    for wrt in found:
        part = ag.explain(root, wrt=wrt, max_nodes=1000)
        assert part.wrt == found[wrt]
        assert part.root == found[root]
        assert set(part.adjoints) <= set(found.values())
    source = ag.draw(root, max_nodes=1000).source
    shown = set(re.findall(r'label="(\w+)\|', source))
    assert shown == set(map(name_as_text, found.values()))


# --- users' names ---------------------------------------------------------------------------------


def test_a_given_name_goes_before_the_own_one_and_that_before_a_number():
    x, w = leaf("x"), leaf("w")
    out = x * w
    assert names_of(out, height=x, result=out) == ["height", "w", "result"]
    assert names_of(out) == ["x", "w", "out"]
    assert names_of(leaf() * leaf()) == ["x1", "x2", "out"]


def test_an_empty_name_is_none():
    x = leaf("")
    assert names_of(x + 1, **{"": x}) == ["x1", "out"]


def test_of_values_with_one_name_the_second_gets_a_number():
    assert names_of(ag.sum([leaf("x"), leaf("x"), leaf("x")])) == ["x", "x_2", "x_3", "out"]


def test_a_number_never_takes_the_name_of_another():
    """Even one that comes later, and is written in another way."""
    assert names_of(ag.sum([leaf("x"), leaf("x"), leaf("x_2")])) == ["x", "x_3", "x_2", "out"]
    assert names_of(ag.sum([leaf("x"), leaf("x"), leaf("x2")])) == ["x", "x_3", "x2", "out"]
    assert names_of(leaf() + leaf("x_1")) == ["x2", "x_1", "out"]
    v = leaf() * leaf("v1")
    assert names_of(v + 1) == ["x1", "v1", "v2", "out"]


def test_names_that_mathematics_writes_the_same_count_as_one():
    assert names_of(ag.sum([leaf("x1"), leaf("x_1")])) == ["x1", "x_1_2", "out"]
    assert names_of(ag.sum([leaf("alpha"), leaf("α")])) == ["alpha", "α_2", "out"]


def test_out_may_be_another_s_name():
    out = leaf("out")
    assert names_of(out * 2) == ["out", "out1"]
    assert names_of(out * 2, out=leaf()) == ["out", "out1"]


def test_several_results_are_told_apart():
    x = leaf("x")
    assert names_of(x + 1, x + 2, x + 3) == ["x", "out", "out1", "out2"]


def test_values_in_a_list_are_called_by_their_place():
    ws = [leaf(), leaf("own")]
    assert names_of(ws[0] * ws[1], ws=ws) == ["ws[0]", "ws[1]", "out"]
    assert names_of(ws[0] * ws[1], ws=tuple(ws), own=ws[1]) == ["ws[0]", "ws[1]", "out"]
    assert names_of(ws[0] * ws[1], deeper=[ws], n=3, f=leaf) == ["x1", "own", "out"]


def test_the_first_name_counts_and_a_notebook_s_last():
    x = leaf()
    assert collect_names({"_": x, "__": x, "a": x, "b": x}) == {x: "a"}
    assert collect_names({"_": x}) == {x: "_"}
    assert collect_names(None) == {}


def test_names_of_other_things_are_passed_over():
    assert collect_names({"n": 1, "words": ["a"], "None": None, "x": [1, None]}) == {}


@pytest.mark.parametrize("names", [["x"], "x", 3, {1: 2}, {"x": 1, None: 2}])
def test_names_must_be_a_dict_with_strings_as_keys(names):
    message = f"names must be a dict with strings as keys, got {names!r}"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        name_values(Graph(leaf()), names)
    with pytest.raises(TypeError, match=f"^explain: {re.escape(message)}$"):
        name_values(Graph(leaf()), names, argument="explain: names")
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        collect_names(names)


# --- neurons --------------------------------------------------------------------------------------


def test_the_halves_of_a_neuron_have_one_number():
    x = leaf("x")
    a1 = (x * 2).sigmoid()
    a2 = (a1 * 3).tanh()
    assert names_of(a2 * 4) == ["x", "z1", "a1", "z2", "a2", "out"]
    assert names_of(a2 * 4, a7=a1) == ["x", "z7", "a7", "z1", "a1", "out"]
    assert names_of(a2 * 4, a_2=a1) == ["x", "z2", "a_2", "z1", "a1", "out"]
    assert names_of(a2 * 4, z2=a1.operands[0]) == ["x", "z2", "a2", "z1", "a1", "out"]


def test_a_neuron_whose_number_is_taken_gets_another():
    x = leaf("z2")
    a = (x * 2).sigmoid()
    assert names_of(a * 4, a2=a) == ["z2", "z1", "a2", "out"]
    assert names_of(a * 4, h=a) == ["z2", "z1", "h", "out"]
    assert names_of(a * 4, hidden=a) == ["z2", "z1", "hidden", "out"]


def test_two_activations_of_one_value_have_two_numbers():
    z = leaf("x") * 2
    assert names_of(z.sigmoid() * z.tanh()) == ["x", "z1", "a1", "a2", "out"]


def test_an_activation_of_a_leaf_or_of_an_activation_has_no_z():
    x = leaf("x")
    inner = x.relu()
    assert names_of(inner.sigmoid() * 2) == ["x", "a1", "a2", "out"]
    assert names_of(inner.sigmoid() * 2, h3=inner) == ["x", "h3", "a1", "out"]


def test_the_result_is_called_out_though_it_is_an_activation():
    assert names_of((leaf("x") * 2).sigmoid()) == ["x", "z1", "out"]
    root = (leaf("x") * 2).sigmoid()
    assert names_of(root, a5=root) == ["x", "z5", "a5"]


def test_parameters_of_a_model_have_the_names_of_the_course():
    neuron = Neuron(1, activation="sigmoid")
    assert names_of(neuron([leaf("x")]) * 2) == ["w₁", "x", "b", "z1", "a1", "out"]
    layer = ag.Layer(1, 2, activation="sigmoid")
    assert {"w₁₁", "w₂₁", "b₁", "b₂"} <= set(names_of(ag.sum(layer([leaf("x")]))))
    model = ag.MLP(2, [3, 1], activation="sigmoid")
    found = names_of(model([leaf("x1"), leaf("x2")]))
    expected = {f"w{index}⁽¹⁾" for index in ("₁₁", "₁₂", "₂₁", "₂₂", "₃₁", "₃₂")}
    expected |= {f"b{index}⁽¹⁾" for index in "₁₂₃"} | {"b₁⁽²⁾"}
    expected |= {f"w₁{index}⁽²⁾" for index in "₁₂₃"}
    assert {name for name in found if name[0] in "wb"} == expected
    assert [path for path, _ in model.named_parameters()][:2] == [
        "layers.0.neurons.0.weights.0",
        "layers.0.neurons.0.weights.1",
    ]


class Net(ag.Module):
    """A model of a user, with parts of the library."""

    def __init__(self):
        self.head = ag.Layer(1, 1, activation="linear")
        self.slope = Value(2.0)

    def __call__(self, x):
        return self.slope * self.head([x])


def test_other_paths_stay_in_front_of_the_names():
    net = Net()
    net.parameters()  # names them, as an optimizer does
    assert names_of(net(leaf("x"))) == ["slope", "head.w₁₁", "x", "head.b₁", "v1", "out"]


def test_the_parameters_of_a_second_model_say_so():
    first, second = (Neuron(1, activation="linear") for _ in range(2))
    x = leaf("x")
    found = names_of(first([x]) - second([x]))
    assert found == ["w₁", "x", "b", "v1", "model2.w₁", "model2.b", "v2", "out"]


def test_a_user_s_name_of_a_parameter_goes_before_the_course_s():
    neuron = Neuron(1, weights=[leaf("mine")])
    out = neuron([leaf("x")])
    assert names_of(out, offset=neuron.bias)[:3] == ["mine", "x", "offset"]


# --- size -----------------------------------------------------------------------------------------


def chained(count, step):
    v = leaf("x")
    for i in range(count):
        v = step(v, i)
    return v


KINDS = {
    "nameless": lambda v, i: v + 1.0,
    "leaves": lambda v, i: v + leaf(),
    "one name": lambda v, i: v + leaf("x"),
    "numbered names": lambda v, i: v + leaf(f"x_{i}"),
    "neurons": lambda v, i: (v * 0.5).sigmoid(),
    "taken numbers": lambda v, i: (v + leaf(f"z{i}")).tanh(),
}


@pytest.mark.parametrize("step", KINDS.values(), ids=KINDS)
def test_each_name_is_found_in_a_few_steps(monkeypatch, step):
    """Counted, not timed: as many for each Value in a graph ten times as large."""
    calls = 0

    def counted(name):
        nonlocal calls
        calls += 1
        return name_as_text(name)

    monkeypatch.setattr(naming, "name_as_text", counted)
    for count in (100, 1000):
        calls = 0
        found = name_values(Graph(chained(count, step)))
        assert len(set(found.values())) == len(found)
        assert calls <= 8 * len(found)


@pytest.mark.soak
@pytest.mark.parametrize("step", KINDS.values(), ids=KINDS)
def test_a_graph_of_any_depth_has_names(step):
    found = name_values(Graph(chained(100_000, step)))
    assert len(set(found.values())) == len(found) > 100_000


# --- which have names, and their order -----------------------------------------------------------


def test_values_with_names_of_their_own_are_found():
    x, w = leaf("x"), leaf()
    root = (x * w).exp()
    assert find_named(Graph(root), {"w": w, "other": leaf()}) == {x, w}
    assert find_named(Graph(root), None) == {x}


def test_names_are_sorted_by_their_numbers():
    names = ["x₁₀", "x₂", "b", "w₁", "layers.10.w", "layers.9.w", "2"]
    assert sorted(names, key=make_sort_key) == [
        "b", "layers.9.w", "layers.10.w", "w₁", "x₂", "x₁₀", "2",
    ]  # fmt: skip

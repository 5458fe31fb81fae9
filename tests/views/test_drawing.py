import html
import random
import re
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini import GraphTooLargeError, Value, draw
from autograd_mini.command.demo import START, forward
from autograd_mini.nn import MLP, Layer


def node(drawing, name):
    """Return the attributes of a node, as text."""
    (line,) = [x for x in drawing.source.splitlines() if re.match(rf"\s*{name} \[", x)]
    return line.strip()


def edges(drawing):
    """Return every edge as (from, to, label)."""
    lines = [line for line in drawing.source.splitlines() if "->" in line]
    found = []
    for line in lines:
        tail, head = re.match(r"\s*(\w+) -> (\w+)", line).groups()
        label = re.search(r'label="([^"]*)"', line)
        found.append((tail, head, label[1].strip() if label else None))
    return found


@pytest.fixture
def course():
    """The network of the course, differentiated."""
    values = {name: Value(number, name=name) for name, number in START.items()}
    found = forward(values)
    found["E"].backward()
    return values, found


def drawn(course):
    values, found = course
    groups = {
        f"neuron {i}": [values[f"w{i}"], values[f"b{i}"], found[f"z{i}"], found[f"a{i}"]]
        for i in (1, 2)
    }
    return draw(found["E"], names=found, groups=groups)


def test_the_course_drawing_shows_names_values_and_gradients(course):
    source = drawn(course).source
    for name, value, gradient in [
        ("x", "0.1", "0.001532"),
        ("w1", "0.15", "0.001021"),
        ("b1", "0.4", "0.01021"),
        ("z1", "0.415", "0.01021"),
        ("a1", "0.6023", "0.04264"),
        ("w2", "0.45", "0.05707"),
        ("b2", "0.65", "0.09476"),
        ("z2", "0.921", "0.09476"),
        ("a2", "0.7153", "0.4653"),
        ("T", "0.25", "-0.4653"),
        ("E", "0.1082", "1"),
    ]:
        assert f'label="{name}|{value}|grad\\n{gradient}"' in source


def test_the_course_drawing_has_the_local_derivative_on_each_edge(course):
    labels = sorted(label for _, _, label in edges(drawn(course)) if label)
    neuron_1, neuron_2 = ["0.1", "0.15", "1", "1", "0.2395"], ["0.6023", "0.45", "1", "1", "0.2037"]
    assert labels == sorted([*neuron_1, *neuron_2, "1", "-1", "-0.9305", "0.5"])


def test_the_neurons_are_framed_with_all_that_is_theirs_and_no_more(course):
    source = drawn(course).source
    frames = re.findall(r'subgraph "cluster (neuron \d)" \{(.*?)\n\t\}', source, flags=re.DOTALL)
    assert [title for title, _ in frames] == ["neuron 1", "neuron 2"]
    for title, body in frames:
        i = title[-1]
        boxes = re.findall(r'label="(?:(\w+)\|)?[-\d.]+\|grad', body)
        assert sorted(boxes) == sorted([f"v{i}", f"w{i}", f"b{i}", f"z{i}", f"a{i}"])
        assert len(re.findall(r"op\d+ \[", body)) == 3


def test_constants_stand_in_the_operation_and_are_no_boxes():
    x = Value(3.0, name="x")
    drawing = draw(2 - x**0.5 * 4)
    operations = re.findall(r'\top\d+ \[.*?label="([^"]*)"', drawing.source)
    assert operations == ["^ 0.5", "× 4", "2 −"]
    assert drawing.source.count("shape=record") == 4


def test_operations_are_round_and_values_are_records():
    drawing = draw(Value(3.0).exp() * 2.0 + Value(1.0) * Value(2.0))
    assert "shape=record" in node(drawing, "value0")
    assert "shape=ellipse" in node(drawing, "op1")
    assert "shape=circle" in node(drawing, "op5")


def test_both_edges_of_a_product_with_itself_are_drawn():
    a = Value(3.0, name="a")
    assert edges(draw(a * a)) == [
        ("op1", "value1", None),
        ("value0", "op1", "3"),
        ("value0", "op1", "3"),
    ]


def test_every_box_operation_and_edge_has_an_id_of_its_own():
    x = Value(0.5)
    source = draw(ag.softmax([x, x * 2, x.exp() + 1.0, x.log()])[0]).source
    ids = re.findall(r'\bid="?([\w.]+)"?', source)
    assert len(ids) == len(set(ids)) > 20


def test_ids_are_the_same_for_the_same_formula():
    def source(number):
        x = Value(number)
        return draw(x.exp() * x + 1.0).source

    assert re.findall(r"id=\S+", source(1.0)) == re.findall(r"id=\S+", source(2.0))
    assert source(1.0) == source(1.0)


def test_before_a_backward_pass_no_gradient_is_shown():
    x = Value(3.0, name="x")
    drawing = draw(x * 2.0)
    assert "no backward pass yet" in drawing.source
    assert "grad" not in drawing.source.replace("gradient", "grad")


def test_a_gradient_of_zero_is_shown_after_a_backward_pass():
    x = Value(3.0, name="x")
    y = x * 0.0
    y.backward()
    assert 'label="x|3|grad\\n0"' in draw(y).source
    assert "no backward pass" not in draw(y).source


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("w", "parameter"),
        ("b12", "parameter"),
        ("w₁", "parameter"),
        ("bias", "parameter"),
        ("weight", "parameter"),
        ("weights", "parameter"),
        ("weights_3", "parameter"),
        ("layers.0.neurons.1.weights.2", "input"),  # no module says so
        ("x", "input"),
        ("width", "input"),
        ("base", "input"),
        ("", "input"),
    ],
)
def test_leaves_are_coloured_by_what_their_names_say(name, role):
    fill = {"parameter": "#fef3c7", "input": "#dbeafe"}[role]
    assert fill in node(draw(Value(1.0, name=name) * 2.0), "value0")


def test_parameters_can_be_given():
    theta, w = Value(1.0, name="theta"), Value(2.0, name="w")
    drawing = draw(theta * w, parameters=[theta])
    assert "#fef3c7" in node(drawing, "value0")
    assert "#dbeafe" in node(drawing, "value1")


def test_the_result_is_green_and_what_is_between_is_white():
    drawing = draw(Value(1.0).exp().log())
    assert "#ffffff" in node(drawing, "value1")
    assert "#dcfce7" in node(drawing, "value2")


def test_several_results_are_drawn_together():
    x = Value(1.0, name="x")
    drawing = draw([x.exp(), x.sin()])
    assert drawing.source.count("#dcfce7") == 2
    assert drawing.source.count('label="x|1"') == 1


def test_names_are_taken_from_a_namespace_and_before_own_names():
    x = Value(1.0, name="old")
    ws = [Value(2.0), Value(3.0)]
    source = draw(x * ws[0] + ws[1], names={"n": 3, "x": x, "again": x, "ws": ws}).source
    assert 'label="x|1"' in source
    assert 'label="ws[0]|2"' in source
    assert 'label="ws[1]|3"' in source
    assert "old" not in source
    assert "again" not in source


def test_the_neurons_of_a_module_are_framed():
    model = MLP(2, [3, 1], rng=random.Random(0))
    source = draw(model([1.0, 2.0])).source
    frames = re.findall(r'subgraph "cluster ([^"]*)"', source)
    assert frames == [
        "layers.0.neurons.0",
        "layers.0.neurons.1",
        "layers.0.neurons.2",
        "layers.1.neurons.0",
    ]
    assert 'label="weights.0|' in source


@pytest.mark.parametrize("fused", [True, False])
def test_all_that_a_neuron_computes_is_in_its_frame(fused):
    model = MLP(2, [2, 1], activation="tanh", rng=random.Random(0), fused=fused)
    x = [Value(1.0, name="x0"), Value(2.0, name="x1")]
    drawing = draw((model(x) - 1.0) ** 2.0)
    # Outside of every frame: the two inputs, the difference and its square.
    outside = [
        line for line in drawing.source.splitlines() if re.match(r"\t(value|op)\d+ \[", line)
    ]
    assert len(outside) == 2 + 2 * 2


@given(st.text(max_size=8))
def test_any_name_can_be_drawn(name):
    """The name arrives in the picture as it is, whatever it means to Graphviz."""
    name = "".join(c for c in name if c.isprintable())
    svg = draw(Value(1.0, name="<" + name + ">")).pipe(format="svg", encoding="utf-8")
    texts = [
        text.replace("&#45;", "-").replace("&#160;", " ")
        for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    ]
    assert "<" + name + ">" in [html.unescape(text).replace("\xa0", " ") for text in texts]


def test_a_graph_too_large_to_read_is_refused_with_advice():
    total = ag.sum([Value(1.0) for _ in range(300)])
    message = (
        r"^draw: number of Values must be at most max_nodes=300, .* got 301; take a part of it "
        r"\(one example, .*\), or ask for all with max_nodes=301$"
    )
    with pytest.raises(GraphTooLargeError, match=message):
        draw(total)
    assert draw(total, max_nodes=301).source.count("shape=record") == 301


def test_a_deep_graph_is_refused_without_recursion():
    x = Value(1.0)
    for _ in range(50_000):
        x = x + 1.0
    with pytest.raises(
        GraphTooLargeError, match=r"number of Values must be at most max_nodes=300, .* got 50001;"
    ):
        draw(x)


@pytest.mark.parametrize("root", [1.0, "x", None, [], [Value(1.0), 2.0]])
def test_only_values_can_be_drawn(root):
    with pytest.raises(TypeError, match=r"^draw: root must be a Value, or several, got "):
        draw(root)


def test_a_neuron_with_a_shared_weight_stands_in_its_own_frame():
    w = Value(0.5)
    layer = Layer(2, 2, weights=[[w, 0.1], [w, 0.3]], activation="sigmoid")
    source = draw(layer([Value(1.0, name="x0"), Value(2.0, name="x1")])).source
    frames = re.findall(r'subgraph "cluster (neurons\.\d)" \{(.*?)\n\t\}', source, flags=re.DOTALL)
    operations = [re.findall(r'\top\d+ \[.*label="?(\w+)"?', body) for _, body in frames]
    assert operations == [["dot", "sigmoid"], ["dot", "sigmoid"]]


def test_of_several_results_those_differentiated_show_their_gradients():
    a, x = Value(2.0, name="a"), Value(3.0, name="x")
    p, q = a * x, a + x
    p.backward()
    source = draw([p, q]).source
    assert "no backward pass yet" not in source
    assert 'label="a|2|grad\\n3"' in source
    assert 'label="out1|5"' in source
    assert "out1 = 5.0, gradient" not in source


def test_names_of_a_notebook_do_not_hide_the_user_s():
    e = Value(2.0) * 3.0
    assert 'label="E|6"' in draw(e, names={"_": e, "_3": e, "E": e}).source


def test_a_dot_in_front_belongs_to_the_name():
    assert 'label=".x|2"' in draw(Value(2.0, name=".x")).source


def test_what_no_picture_can_show_is_written_out():
    svg = draw(Value(1.0, name="a\x00\n\udcff&amp;")).pipe(format="svg", encoding="utf-8")
    (text,) = re.findall(r"<text[^>]*>(a[^<]*)</text>", svg)
    assert html.unescape(text) == r"a\x00\n\udcff&amp;"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": [1]}, r"draw: groups must be a dict with strings as keys, got \[1\]"),
        ({"groups": {1: []}}, "draw: groups must be a dict with strings as keys"),
        ({"groups": {"g": Value(1.0)}}, r"draw: groups\['g'\] must be a list of Values"),
        ({"groups": {"g": [1.0]}}, r"draw: groups\['g'\] must be a list of Values, got \[1.0\]"),
        ({"names": [1]}, "draw: names must be a dict with strings as keys"),
        ({"names": {1: 2}}, "draw: names must be a dict with strings as keys"),
        ({"parameters": [1.0]}, r"draw: parameters must be a list of Values, got \[1.0\]"),
        ({"max_nodes": None}, "draw: max_nodes must be a positive int, got None"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(TypeError, match=message):
        draw(Value(1.0) * 2.0, **arguments)


@pytest.mark.parametrize("format", ["svg", "plain"])
def test_a_name_of_any_length_can_be_drawn(format):  # noqa: A002 - graphviz's name
    """Graphviz refuses a text of more than 16 384 characters."""
    w, x = Value(2.0, name="w" * 20_000), Value(3.0, name="first" + "x" * 20_000 + "last")
    title = "t" * 20_000
    drawing = draw(w * x, groups={title: [w], title + "2": [x]})
    if format == "svg" or shutil.which("dot"):
        picture = drawing.pipe(format=format, encoding="utf-8")
        assert re.search(r"first[^|<]*…[^|<]*last", picture)
    assert max(map(len, drawing.source.splitlines())) < 500
    assert drawing.source.count("subgraph") == len(
        set(re.findall("subgraph (.*) {", drawing.source))
    )


def test_the_ends_of_a_long_name_stay():
    a, b = Value(1.0, name="a" * 1_000), Value(1.0, name="a" * 1_000)
    names = re.findall('label="(a[^|]*)', draw(a * b).source)
    assert names == ["a" * 30 + "…" + "a" * 29, "a" * 30 + "…" + "a" * 27 + "_2"]


def far_apart(operations=30):
    """Return a chain whose first two leaves are used all along."""
    x1, x2 = Value(0.5, name="x1"), Value(0.25, name="x2")
    v = x1
    for i in range(operations):
        v = v * (x1 if i % 2 else x2)
    return v


def test_a_plainer_layout_has_a_box_for_each_use_far_away_and_the_same_edges():
    drawing = draw(far_apart())
    plainer = drawing.make_plainer()
    edges = [re.findall(r'id="?(edge[\d.]+)', d.source) for d in (drawing, plainer)]
    assert sorted(edges[0]) == sorted(edges[1])
    moved = re.findall(r"(far[\d.]+) -> ", plainer.source.replace('"', ""))
    assert len(moved) == len(drawing.shortcuts) == 26
    boxes = re.findall(r"\tfar\S+ \[label=(x\d) ", plainer.source.replace('"', ""))
    assert (len(boxes), set(boxes)) == (26, {"x1", "x2"})


def test_a_plainer_layout_says_so_below_what_the_drawing_says():
    assert (
        'label="no backward pass yet\\la plainer layout' in draw(far_apart()).make_plainer().source
    )
    assert r"takes too long\l" in draw(Value(1.0) * 2.0).make_plainer().source


def test_a_plainer_layout_keeps_what_was_added_by_hand():
    drawing = draw(far_apart())
    drawing.node("note", label="mine")
    assert "label=mine" in drawing.make_plainer().source
    assert drawing.copy().make_plainer().source == drawing.make_plainer().source

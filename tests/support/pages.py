"""Graphs, and their pages in a browser, for the tests of `explore`."""

import itertools
import random

import pytest
from support.networks import two_neurons

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.nn import MLP
from autograd_mini.table.names import name_as_text
from autograd_mini.views.naming import name_values
from autograd_mini.views.page.page import explore


def course():
    """Return the result of the network of the course, and names for its Values."""
    values = two_neurons()
    return values["E"], values


def network(*, fused):
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(0), fused=fused)
    x = [Value(0.5, name="x0"), Value(-1.0, name="x1")]
    return ag.losses.squared_error([model(x)], [1.0])


def shared():
    """Return a graph of shared nodes, repeated operands, and constants on either side."""
    a, b = Value(1.5, name="a"), Value(-0.5, name="b")
    square = a * a
    several = ag.sum([square, b, square, 2.0]) + ag.dot([a, a, 0.5], [b, a, square], b)
    powers = a**3 + 2**b + a**a
    constants = (2 - a) * 3 - (b - 4) / 2 + 1 / (square + b)
    return several * powers + constants + (several - several)


def plain_inputs():
    """Return the cost of a model that was called with numbers, for a target that is one too."""
    model = MLP(2, [3, 1], rng=random.Random(0))
    return ag.losses.squared_error([model([0.5, -1.0])], [1.0])


def long_names():
    """Return a graph whose names have 40 characters, and whose numbers are long as well."""
    price = Value(1e-300, name="spot_price_at_settlement_date_EUR_in_202")
    change = Value(-1.234e-140, name="volatility_of_the_underlying_in_per_cent")
    rate = Value(1.5e150, name="risk_free_rate_of_return_of_the_currency")
    inner = price * rate + change
    inner.name = "discounted_intermediate_result_of_pricin"
    root = (inner * rate).tanh() * change + price
    root.name = "price_of_the_option_at_the_maturity_date"
    return root


GRAPHS = {
    "two neurons": lambda: course()[0],
    "dot nodes": lambda: network(fused=True),
    "scalar nodes": lambda: network(fused=False),
    "plain inputs": plain_inputs,
    "long names": long_names,
    "softmax with cross-entropy": lambda: ag.losses.cross_entropy(
        [Value(z, name=f"z{i}") for i, z in enumerate([1.0, 2.0, -0.5])], 1
    ),
    "shared nodes": shared,
    "a leaf": lambda: Value(3.0, name="w"),
    "one operation": lambda: Value(-3.0, name="x").exp(),
}


STATE = """() => {
  const text = (selector) => document.querySelector(selector).textContent;
  const texts = (selector) =>
    [...document.querySelectorAll(selector)].map((one) => one.textContent);
  const nodes = [...document.querySelectorAll("#graph [id^=value]")];
  return {
    step: text("#count"),
    phase: document.body.dataset.phase,
    values: Object.fromEntries(nodes.map((one) => [one.id, one.dataset.value])),
    gradients: Object.fromEntries(nodes.map((one) => [one.id, one.dataset.gradient])),
    shown: Object.fromEntries(nodes.map((one) =>
      [one.id, [...one.querySelectorAll("text")].map((text) => text.textContent)])),
    classes: Object.fromEntries(nodes.map((one) => [one.id, [...one.classList]])),
    edges: Object.fromEntries([...document.querySelectorAll("#graph .edge")].map((one) =>
      [one.id, [one.textContent.trim(), [...one.classList]]])),
    heading: text("#heading"),
    saying: text("#saying"),
    rows: [...document.querySelectorAll("#operands tr")].slice(1).map((row) =>
      [...row.cells].map((cell) => cell.textContent)),
    chain: text("#chain-heading"),
    ways: [...document.querySelectorAll("#ways p")].map((one) => one.textContent),
    warning: document.getElementById("warning").hidden ? "" : text("#warning"),
    leaves: texts("#sliders td:first-child"),
    fields: [...document.querySelectorAll("#sliders input[type=number]")].map((one) => one.value),
    slopes: [...document.querySelectorAll("#sliders data")].map((one) => one.value),
    update: text("#update"),
    cost: text("#cost"),
    points: document.querySelectorAll("#curve circle").length,
  };
}"""


def state(page):
    """Return what a page shows."""
    return page.evaluate(STATE)


@pytest.fixture
def visit(browser, tmp_path):
    """Return a decorator that calls a function with the page of a graph, opened from disk.

    Without a network. Whatever the page complains of, asks for or pops up fails the test.
    """
    number = itertools.count()

    def visiting(root, *, width=1280, height=900, scheme="light", before="", **options):
        path = tmp_path / f"page{next(number)}.html"
        explore(root, path, **options)

        def visited(page, body):
            complaints = []
            page.on("console", lambda message: complaints.append(f"console: {message.text}"))
            page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
            page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
            page.on("request", lambda request: complaints.append(f"request: {request.url}"))
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            if before:
                page.add_init_script(before)
            page.goto(path.as_uri())
            body(page)
            assert complaints == [f"request: {path.as_uri()}"]

        return lambda body: browser(lambda page: visited(page, body))

    return visiting


def id_of(root):
    """Return the ids of the boxes of a graph."""
    return {node: f"value{i}" for i, node in enumerate(Graph(root).order)}


def shown(x):
    """Return a number as the page shows it, as far as this file needs it."""
    return f"{x:.4g}".replace("-", "−")


def assert_shows_all(found, root, *, scale=None):
    """Assert that a page shows Python's values and gradients for every node.

    To 1e-12 of each number, or of what its terms add up to where the scale of the gradients is
    given.
    """
    root.backward()
    ids = id_of(root)
    column = dict(zip(found["leaves"], found["slopes"], strict=True))
    names = name_values(Graph(root))
    for node, box in ids.items():
        error = 1e-12 * (scale[node] if scale else abs(node.grad))
        assert float(found["gradients"][box]) == pytest.approx(node.grad, rel=0, abs=error)
        error = 1e-12 * (abs(node.data) + (1 if scale else 0))
        assert float(found["values"][box]) == pytest.approx(node.data, rel=0, abs=error)
        if node.op is None:
            assert column[name_as_text(names[node])] == found["gradients"][box]


def typed(page, name):
    """Return the field of a leaf."""
    return page.get_by_label(f"{name}, number", exact=True)


def assert_shows_course(page, numbers):
    """Assert that a page shows the numbers of the course's network, computed anew from leaves."""
    assert_shows_all(state(page), two_neurons(**numbers)["E"])

"""What the page of `explore` shows can be computed again from the picture alone.

The boxes, circles, arrows and constants of the drawing are read from the page, each result is
computed from what is shown as its operands, and what is shown as the result must be possible: no
farther from that than the roundings of all shown numbers allow.
"""

import itertools
import math
import random
import re

import pytest
from support.generation import random_graph
from support.networks import attention
from support.pages import GRAPHS

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.table.primitives import PRIMITIVES, TABLE

READ = """() => {
  const parts = [...document.querySelectorAll("#graph .node")].map((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    const texts = [...one.querySelectorAll("text")].map((text) => text.textContent);
    return { id: one.id, left, right, top, bottom, texts };
  });
  const nearest = (x, y) => {
    const distance = (one) => Math.hypot(
      Math.max(one.left - x, 0, x - one.right), Math.max(one.top - y, 0, y - one.bottom));
    return parts.reduce((best, one) => (distance(one) < distance(best) ? one : best)).id;
  };
  const arrows = [...document.querySelectorAll("#graph .edge")].map((one) => {
    const path = one.querySelector("path");
    const ends = [0, path.getTotalLength()].map((length) => {
      const { x, y } = path.getPointAtLength(length).matrixTransform(path.getScreenCTM());
      return nearest(x, y);
    });
    const [, place] = one.id.split(".");
    return { from: ends[0], to: ends[1], place: place === undefined ? null : Number(place) };
  });
  return { parts: Object.fromEntries(parts.map(({ id, texts }) => [id, texts])), arrows };
}"""

INFIX = {PRIMITIVES[name].label: PRIMITIVES[name] for name in ("add", "sub", "mul", "div", "pow")}
NUMBER = r"−?[\d.]+(?:e[−+]?\d+)?|−?∞|NaN"


class Shown(float):
    """A number as it is shown, and how far from that it may be."""

    def __new__(cls, text):
        number = super().__new__(cls, text.replace("−", "-").replace("∞", "inf"))
        number.text = text
        return number

    @property
    def margin(self):
        """Half a unit of the last digit: of the fourth, as zeros at the end are not shown."""
        if not math.isfinite(self) or self == 0:
            return 0.0
        mantissa, _, exponent = self.text.replace("−", "-").partition("e")
        decimals = len(mantissa.partition(".")[2])
        place = int(exponent or 0) - decimals
        is_shortened = len(self.text) >= 8 and exponent
        if not is_shortened and len(re.sub(r"^[-0.]*|\.", "", mantissa)) < 4:
            place = math.floor(math.log10(abs(self))) - 3
        return 0.5000001 * 10.0**place


def read_operation(texts, inputs):
    """Return the row of a circle, and its operands in order.

    Args:
        texts: the lines in the circle.
        inputs: the operands from boxes, by their places.
    """
    name, *rest = texts
    rest = " ".join(rest)
    if found := re.fullmatch(r"Σ((?: [+−] \S+)*)", " ".join(texts)):
        constants = [sign + text for sign, text in re.findall(r"([+−]) (\S+)", found[1])]
        return PRIMITIVES["sum"], fill(inputs, [text.removeprefix("+") for text in constants])
    if name in ("dot", "expectation"):
        return PRIMITIVES[name], fill_pairs(PRIMITIVES[name], inputs, rest)
    if found := re.fullmatch(r"of (\S+)(?: beside (.*))?", rest):
        row = PRIMITIVES[name]
        constants = found[2].split(", ") if found[2] else []
        count = len(inputs) + len(constants) + bool(re.fullmatch(NUMBER, found[1]))
        y = [slot for slot, _ in row.slots(count)].index("y")
        of = [found[1]] if y not in inputs else []
        return row, fill(inputs, constants[:y] + of + constants[y:])
    if rest.startswith("with "):
        return PRIMITIVES[name], fill(inputs, rest.removeprefix("with ").split(", "))
    if found := re.fullmatch(r"(\w+)\((.*)\)", name):
        constants = [text for text in found[2].split(", ") if text != "·"]
        return PRIMITIVES[found[1]], fill(inputs, constants)
    for sign, row in INFIX.items():
        if found := re.fullmatch(rf"(?:({NUMBER}) )?{re.escape(sign)}(?: ({NUMBER}))?", name):
            constants = [text for text in found.groups() if text]
            if len(inputs) + len(constants) == 2:
                return row, fill(inputs, constants)
    labels = {row.label: row for row in TABLE if row not in INFIX.values()}
    assert name in labels
    return labels[name], fill(inputs, [])


def fill(inputs, constants):
    """Return operands: from boxes at their places, and constants at the others."""
    count = len(inputs) + len(constants)
    free = [place for place in range(count) if place not in inputs]
    assert len(free) == len(constants), "an operand is missing"
    found = inputs | dict(zip(free, map(Shown, constants), strict=True))
    return [found[place] for place in range(count)]


def fill_pairs(row, inputs, text):
    """Return the operands of a sum of products, of which a circle shows those with constants."""
    terms = text.split(", ") if text else []
    bias = [term for term in terms if re.match(r"[+−] ", term)]
    products = [term.split("·") for term in terms if term not in bias]
    literals = sum(bool(re.fullmatch(NUMBER, part)) for pair in products for part in pair)
    known = len(inputs) + literals
    count = known // 2
    found = dict(inputs)
    unused = iter(products)
    for k in range(count):
        if k in inputs and count + k in inputs:
            continue
        pair = next(unused, None)
        assert pair, "a product is missing"
        for place, factor in zip((k, count + k), pair, strict=True):
            if place not in inputs:
                found[place] = Shown(factor)
    assert next(unused, None) is None
    if "b" in row.operands and 2 * count not in inputs:
        found[2 * count] = Shown(bias[0].replace(" ", "").removeprefix("+") if bias else "0")
    return [found[i] for i in range(len(found))]


def compute(row, operands):
    with ag.errstate(nonfinite="ignore"):
        return row.evaluate(*row.arrange(list(map(float, operands))))[0]


def assert_is_possible(row, operands, shown):
    """Assert that a shown result lies where the roundings of the shown operands allow."""
    center = compute(row, operands)
    room = shown.margin
    for i, operand in enumerate(operands):
        moved = (operand - operand.margin, operand + operand.margin)
        ends = [compute(row, [*operands[:i], end, *operands[i + 1 :]]) for end in moved]
        # Where a result is NaN, as with 2 ± 0.0005 for an exponent, no float is so far away.
        room += 1.05 * max(abs(end - center) for end in [*ends, center] if not math.isnan(end))
    assert abs(shown - center) <= room + 1e-12 * abs(center), (row.name, operands, shown, room)


def assert_can_be_computed_again(page, root):
    """Assert that each box that an operation made has its number, and all operands are shown."""
    picture = page.evaluate(READ)
    parts, arrows = picture["parts"], picture["arrows"]
    boxes = {box: texts for box, texts in parts.items() if box.startswith(("value", "constant"))}
    numbers = {box: Shown(texts[1]) for box, texts in boxes.items()}
    # In a large drawing, a dashed box with the name of a Value stands for its box far away.
    named = {texts[0]: box for box, texts in boxes.items()}
    stand_ins = {box: named[texts[0]] for box, texts in parts.items() if box.startswith("far")}
    results = {a["to"]: a["from"] for a in arrows if a["from"].startswith("op")}
    order = Graph(root).order
    assert len(results) == sum(node.op is not None for node in order)
    for i, node in enumerate(order):
        if node.op is None:
            continue
        circle = results[f"value{i}"]
        sources = {a["place"]: a["from"] for a in arrows if a["to"] == circle}
        sources = {place: stand_ins.get(box, box) for place, box in sources.items()}
        inputs = {place: numbers[box] for place, box in sources.items()}
        row, operands = read_operation(parts[circle], inputs)
        assert row is node.op
        assert len(operands) == len(node.operands)
        for place, operand in enumerate(node.operands):
            if isinstance(operand, Value):
                assert sources[place] == f"value{order.index(operand)}"
            else:
                assert not sources.get(place, "constant").startswith("value")
                if place not in sources:  # then it cannot be changed on the page
                    assert abs(operand - operands[place]) <= operands[place].margin
        assert_is_possible(row, operands, numbers[f"value{i}"])


def constants_everywhere():
    """Return a graph with constants in every kind of operation."""
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    several = ag.sum([x, 1.0, y, -5.0]) + ag.dot([x, 2.0, 3.0], [0.5, y, 4.0], 1.5)
    chosen = ag.softmax([2.0, x, -1.0])[0] + ag.softmax([x, 0.5, y])[1] * ag.logsumexp([x, 1.0])
    return several * chosen + (1.0 - x) / 4.0 + 2.0**y + ag.maximum(x, 2.5) - ag.minimum(0.5, y)


def shared_leaves():
    """Return a graph of 300 Values that Graphviz cannot lay out in time as it lays out others."""
    leaves = [Value(0.1 * i + 0.3, name=f"s{i}") for i in range(5)]
    root = Value(0.5, name="x")
    for i in range(147):
        root = (root * leaves[i % 5]).tanh()
    return root


PICTURES = GRAPHS | {
    "attention": attention,
    "constants everywhere": constants_everywhere,
    "shared leaves": shared_leaves,
}


@pytest.mark.parametrize("name", [n for n in PICTURES if n != "a leaf"])
def test_every_result_can_be_computed_again_from_the_picture(visit, name):
    root = PICTURES[name]()

    @visit(root)
    def _(page):
        page.keyboard.press("End")
        assert_can_be_computed_again(page, root)
        for field in page.locator("#sliders input[type=number]").all()[:4]:
            field.fill(str(float(field.input_value()) * 0.75 + 0.0123456))
        assert_can_be_computed_again(page, root)


def test_so_can_those_of_random_graphs(visit):
    seed = random.randrange(10**9)
    for number in itertools.count(seed):
        graph = random_graph(random.Random(number))
        root = graph(*map(Value, graph.leaves))
        if number == seed + 20:
            break

        @visit(root)
        def _(page, root=root, number=number):
            page.keyboard.press("End")
            try:
                assert_can_be_computed_again(page, root)
            except AssertionError as error:
                raise AssertionError(f"the graph of seed {number}") from error


@pytest.mark.parametrize("removed", ["a constant", "a digit", "an arrow"])
def test_a_picture_that_leaves_something_out_is_found_out(visit, removed):
    """Otherwise the tests above would say nothing."""
    scripts = {
        "a constant": "document.querySelector('#op3 text').textContent = '−'",
        "a digit": "document.querySelectorAll('#value2 text')[1].textContent = '0.36'",
        "an arrow": "document.getElementById('edge1.0').remove()",
    }
    x = Value(1.0, name="x")
    root = 1.0 - (-x).exp()

    @visit(root)
    def _(page):
        page.keyboard.press("End")
        assert_can_be_computed_again(page, root)
        page.evaluate(scripts[removed])
        with pytest.raises(AssertionError):
            assert_can_be_computed_again(page, root)

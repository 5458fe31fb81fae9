"""Reads a drawing back: what a person sees in the picture, and what is under the mouse.

Nothing here looks at a Value. A reader of the DOT source or of the SVG finds the boxes, operations
and arrows, and computes each result again from what the picture shows.
"""

import html
import math
import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

from autograd_mini.engines.node import flat
from autograd_mini.table.notation import Unicode
from autograd_mini.table.primitives import PRIMITIVES

NODE = re.compile(r"^\t+(?P<id>[\w.]+) \[(?P<attributes>.*)\]$")
EDGE = re.compile(r"^\t+(?P<tail>[\w.]+) -> (?P<head>[\w.]+) \[(?P<attributes>.*)\]$")
ATTRIBUTE = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^\s"]+)')


SVG = "{http://www.w3.org/2000/svg}"
TITLE = "{http://www.w3.org/1999/xlink}title"


@dataclass
class Box:
    """A box: its name, and its number and gradient as they are shown."""

    name: str
    number: str
    gradient: str | None
    tooltip: str


@dataclass
class Operation:
    """An operation: its label and tooltip, the box that it leads to, and its arrows by position."""

    label: str
    tooltip: str
    result: str = ""
    arrows: dict[int, tuple[str, str]] = field(default_factory=dict)  # the box, the label


@dataclass
class Reading:
    """What is in a picture."""

    boxes: dict[str, Box]
    operations: dict[str, Operation]


def read_dot(source):
    """Return what a drawing shows, from its DOT source."""
    boxes, operations, edges = {}, {}, []
    for line in source.splitlines():
        if "style=invis" in line:
            continue
        if match := EDGE.match(line):
            edges.append((match["tail"], match["head"], _attributes(match["attributes"])))
        elif match := NODE.match(line):
            given = _attributes(match["attributes"])
            if match["id"].startswith("op"):
                operations[match["id"]] = Operation(given["label"], given["tooltip"])
            elif match["id"].startswith(("value", "constant")):
                fields = given["label"].split("|")
                boxes[match["id"]] = _make_box(fields, given["tooltip"])
    for tail, head, given in edges:
        if tail.startswith("op"):
            operations[tail].result = head
        else:
            position = int(given["id"].rpartition(".")[2])
            operations[head].arrows[position] = tail, given.get("label", "").strip()
    return Reading(boxes, operations)


def read_svg(svg):
    """Return what a drawing shows, from its SVG: the texts of each group with an id."""
    boxes, operations, edges = {}, {}, []
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):  # noqa: S314 - our own picture
        name, kind = group.get("id", ""), group.get("class", "").split()[:1]
        texts = [text.text.replace("\xa0", " ") for text in group.iter(f"{SVG}text")]
        links = [link.get(TITLE, "") for link in group.iter(f"{SVG}a")]
        if kind == ["edge"]:
            tail, head = group.find(f"{SVG}title").text.split("->")
            edges.append((name, tail, head, texts[0] if texts else ""))
        elif kind == ["node"] and name.startswith("op"):
            operations[name] = Operation("\n".join(texts), links[0])
        elif kind == ["node"] and name.startswith(("value", "constant")):
            fields = [*texts[:2], *(f"grad\n{number}" for number in texts[3:])]
            boxes[name] = _make_box(fields, links[0])
    for name, tail, head, label in edges:
        if tail.startswith("op"):
            operations[tail].result = head
        else:
            operations[head].arrows[int(name.rpartition(".")[2])] = tail, label
    return Reading(boxes, operations)


def _make_box(fields, tooltip):
    gradient = fields[2].removeprefix("grad\n") if len(fields) > 2 else None
    return Box(fields[0], fields[1], gradient, tooltip)


def _attributes(text):
    found = {}
    for key, value in ATTRIBUTE.findall(text):
        plain = value[1:-1] if value.startswith('"') else value
        plain = plain.replace(r"\n", "\n").replace("\\\\", "\\").replace(r"\"", '"')
        found[key] = html.unescape(plain)
    return found


def read_number(text):
    """Return the number that a text shows."""
    return float(text.replace("−", "-").replace("∞", "inf"))


def allowance(text, digits):
    """Return how far a number may be from what a text shows of it."""
    shown = read_number(text)
    if shown == 0 or not math.isfinite(shown):
        return 0.0
    return 0.5000001 * 10.0 ** (math.floor(math.log10(abs(shown))) - digits + 1)


class Operands:
    """What a picture says about the operands of an operation: their boxes, or constants."""

    def __init__(self, operation):
        head, *constants = operation.tooltip.split("; ")
        self.row = PRIMITIVES[head.partition(":")[0]]
        told = dict(one.split(" = ") for one in constants)
        count = len(operation.arrows) + len(told)
        slots = [n if k is None else f"{n}[{k}]" for n, k in self.row.slots(count)]
        assert set(told) <= set(slots)
        self.constants = {slots.index(slot): float(number) for slot, number in told.items()}
        self.boxes = {position: box for position, (box, _) in operation.arrows.items()}
        assert sorted([*self.boxes, *self.constants]) == list(range(len(slots)))

    def fill(self, numbers, constants):
        """Return the numbers of the operands by the row's names."""
        found = {position: numbers[box] for position, box in self.boxes.items()} | constants
        return self.row.arrange([found[position] for position in range(len(found))])


def constants_in(operation, row):
    """Return the numbers that a reader sees in a label, from the least to the greatest."""
    text = operation.label.replace("\n", " ")
    if row.label in "+−×÷^":
        number = text.removeprefix(f"{row.label} ").removesuffix(f" {row.label}")
        return [number] if number != row.label else []
    if row.nary:  # terms of a sum, with their signs
        text = re.sub(r"(?<![\w)])\+ (?=\d)", "", re.sub(r"− (?=\d)", "−", text))
    return re.findall(r"−?(?<![\w.])\d[\d.]*(?:e[+−]\d+)?", text)


def compute_again(reading, digits=4):
    """Compute each result of a picture again, and assert that it is what the picture shows.

    With the numbers under the mouse, results and local derivatives are equal to the last bit. With
    the numbers that are shown, a result is as near as the roundings of its operands allow. Returns
    how many results were computed.
    """
    notation = Unicode(digits)
    exact = {}
    for name, box in reading.boxes.items():
        told = re.search(r" = (\S+?)(?:, gradient (\S+))?$", box.tooltip)
        exact[name] = float(told[1])
        assert box.number == notation.number(exact[name])
        assert box.gradient is None or box.gradient == notation.number(float(told[2]))
    computed = [operation.result for operation in reading.operations.values()]
    assert len(set(computed)) == len(computed)
    for operation in reading.operations.values():
        operands = Operands(operation)
        row = operands.row
        visible = dict(operands.constants)
        if row.name == "dot" and repr(visible.get(len(visible) + len(operands.boxes) - 1)) == "0.0":
            del visible[len(operands.constants) + len(operands.boxes) - 1]  # dot without a bias
        texts = sorted(map(notation.number, visible.values()))
        assert sorted(constants_in(operation, row)) == texts, operation

        out, partials = row.evaluate(*operands.fill(exact, operands.constants))
        assert repr(out) == repr(exact[operation.result])
        slopes = list(flat(partials))
        for position, (box, label) in operation.arrows.items():
            if box.startswith("value"):
                assert label == notation.number(slopes[position]), (operation, position, slopes)

        shown = {name: read_number(reading.boxes[name].number) for name in operands.boxes.values()}
        errors = {name: allowance(reading.boxes[name].number, digits) for name in shown}
        texts = {position: notation.number(x) for position, x in operands.constants.items()}
        constants = {position: read_number(text) for position, text in texts.items()}
        margins = {position: allowance(text, digits) for position, text in texts.items()}
        assert_near(operation, operands, shown, errors, constants, margins, reading, digits)
    return len(computed)


def assert_near(operation, operands, shown, errors, constants, margins, reading, digits):
    """Assert that a shown result lies where the roundings of its shown operands allow."""
    steepest = [0.0] * (len(operands.boxes) + len(operands.constants))
    for sign in (-1, 0, 1):
        moved = {name: x + sign * errors[name] for name, x in shown.items()}
        beside = {position: x + sign * margins[position] for position, x in constants.items()}
        out, partials = operands.row.evaluate(*operands.fill(moved, beside))
        steepest = [max(old, abs(new)) for old, new in zip(steepest, flat(partials), strict=True)]
        if sign == 0:
            center = out
    allowed = [*operands.fill(errors, margins)]
    reach = sum(
        slope * error for slope, error in zip(steepest, flat(allowed), strict=True) if error
    )
    text = reading.boxes[operation.result].number
    # The derivatives vary a little between the points at which they were taken.
    reach = 1.1 * reach + allowance(text, digits) + 1e-12 * abs(center)
    if math.isfinite(reach) and math.isfinite(center):
        assert abs(read_number(text) - center) <= reach, (operation, text, center, reach)


@dataclass
class Rectangle:
    """The place of a text in a picture, as its font fills it."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other):
        """Return whether the two share a place, by more than the air around letters."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > 0.5
            and min(self.bottom, other.bottom) - max(self.top, other.top) > 0.5
        )

    def is_within(self, other):
        """Return whether the text is inside of a view."""
        return (
            other.left <= self.left
            and other.top <= self.top
            and self.right <= other.right
            and self.bottom <= other.bottom
        )


def read_texts(svg):
    """Return the place of each text of a drawing, and its view."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own picture
    left, top, width, height = map(float, root.get("viewBox").split())
    moved = re.search(r"translate\(([-\d.]+)[ ,]([-\d.]+)\)", root.find(f"{SVG}g").get("transform"))
    dx, dy = map(float, moved.groups())
    found = []
    for text in root.iter(f"{SVG}text"):
        size = float(text.get("font-size"))
        wide = 0.6 * size * len(text.text)  # of Courier, and of what stands in for it
        x = float(text.get("x")) + dx
        x -= {"middle": wide / 2, "end": wide}.get(text.get("text-anchor"), 0.0)
        y = float(text.get("y")) + dy
        found.append(Rectangle(text.text, x, y - 0.75 * size, x + wide, y + 0.2 * size))
    return found, Rectangle("", left, top, left + width, top + height)

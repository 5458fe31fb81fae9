"""Gradient descent on the page of `explore`."""

import itertools
import math
import re

import pytest
from support.pages import (
    assert_shows_all,
    assert_shows_course,
    course,
    network,
    shown,
    state,
    typed,
)

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.command.demo import LEARNING_RATE, START, forward
from autograd_mini.table.names import name_as_text
from autograd_mini.views.page.page import explore


def weights(names):
    """Return the parameters of the network of the course."""
    return [names[name] for name in ("w1", "b1", "w2", "b2")]


def test_ten_steps_are_ten_steps_of_sgd(visit):
    root, names = course()
    fresh = {name: Value(number, name=name) for name, number in START.items()}
    parameters = [fresh[name] for name in ("w1", "b1", "w2", "b2")]
    optimizer = ag.SGD(parameters, lr=LEARNING_RATE)
    for _ in range(10):
        optimizer.zero_grad()
        forward(fresh)["E"].backward()
        optimizer.step()
    after = {name: leaf.data for name, leaf in fresh.items()}

    @visit(root, names=names, parameters=weights(names), lr=LEARNING_RATE)
    def _(page):
        page.keyboard.press("End")
        assert page.input_value("#rate") == "0.4"
        assert state(page)["points"] == 1
        for _step in range(10):
            page.click("#descend")
        found = state(page)
        numbers = dict(zip(found["leaves"], map(float, found["fields"]), strict=True))
        expected = {name_as_text(name): number for name, number in after.items()}
        assert numbers == pytest.approx(expected, rel=1e-12, abs=0)
        assert_shows_course(page, after)
        assert found["points"] == 11
        assert found["cost"] == f"After 10 steps: E = {shown(forward(after)['E'])}"
        page.click("#restart")
        assert_shows_course(page, {})
        assert state(page)["points"] == 1
        assert state(page)["cost"] == "After 0 steps: E = 0.1082"


def test_a_step_says_what_it_does(visit):
    root, names = course()

    @visit(root, names=names, parameters=weights(names), lr=0.4)
    def _(page):
        page.click("#descend")
        assert page.locator("#update span").all_inner_texts() == [
            "Step 1:",
            "w₁: 0.15 − 0.4 · (0.001021) = 0.1496",
            "b₁: 0.4 − 0.4 · (0.01021) = 0.3959",
            "w₂: 0.45 − 0.4 · (0.05707) = 0.4272",
            "b₂: 0.65 − 0.4 · (0.09476) = 0.6121",
        ]
        assert state(page)["cost"].startswith("After 1 step: E = 0.1033")
        typed(page, "x").fill("0.3")  # of which the step says nothing
        assert state(page)["update"] == ""
        assert state(page)["cost"].startswith("After 0 steps")


def test_a_descent_that_diverges_does_not_break_the_page(visit):
    w = Value(3.0, name="w")

    @visit(w**4, lr=10)
    def _(page):
        page.keyboard.press("End")
        for _step in range(12):
            page.click("#descend")
        found = state(page)
        assert not math.isfinite(float(found["values"]["value1"]))
        assert found["warning"] != ""
        assert 1 < found["points"] < 13
        page.click("#restart")
        assert_shows_all(state(page), Value(3.0, name="w") ** 4)
        page.click("#descend")
        assert state(page)["points"] == 2


def test_costs_of_any_size_have_a_curve(visit):
    """Also where the difference of two costs is larger than any float."""
    w = Value(1.5e308, name="w")

    @visit(w * 1.0, lr=1.5e308)
    def _(page):
        page.keyboard.press("End")
        page.click("#descend")
        page.click("#descend")
        assert state(page)["values"]["value1"] == "-1.5e+308"
        heights = page.locator("#curve circle").evaluate_all(
            "all => all.map(one => Number(one.getAttribute('cy')))"
        )
        assert heights == [22, 85, 148]


def test_a_learning_rate_that_is_none_is_named(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        before = state(page)
        for text in ("", "0", "-1"):
            page.fill("#rate", text)
            page.click("#descend")
            words = "The learning rate must be a number above 0."
            assert state(page) == before | {"update": words}
            assert page.get_attribute("#rate", "aria-invalid") == "true"
        page.fill("#rate", "0.4")
        page.click("#descend")
        assert page.get_attribute("#rate", "aria-invalid") == "false"
        assert state(page)["points"] == 2


def test_many_parameters_are_not_all_told(visit):
    @visit(network(fused=True))
    def _(page):
        page.click("#descend")
        texts = page.locator("#update span").all_inner_texts()
        assert len(texts) == 8
        assert texts[-1] == "and 7 more in the same way"


def test_without_known_parameters_all_leaves_are_trained(visit):
    x, y = Value(2.0, name="x"), Value(3.0, name="y")

    @visit(x * y, lr=0.5)
    def _(page):
        page.click("#descend")
        found = state(page)
        assert dict(zip(found["leaves"], found["fields"], strict=True)) == {"x": "0.5", "y": "2"}


def test_without_a_leaf_to_train_there_is_no_descent(visit):
    x, w = Value(2.0, name="x"), Value(3.0, name="w")
    for root, parameters in [(w, None), (x * w, []), (x * w, [Value(1.0)])]:

        @visit(root, parameters=parameters)
        def _(page):
            assert not page.is_visible("#descent")

        message = r"explore: lr must be None where no leaf can be trained, got 0\.5; parameters="
        with pytest.raises(ValueError, match=message):
            explore(root, parameters=parameters, lr=0.5)


def test_parameters_can_be_given(visit):
    x, w = Value(2.0, name="x"), Value(3.0, name="w")

    @visit(x * w, parameters=[x], lr=0.5)
    def _(page):
        page.click("#descend")
        found = state(page)
        assert dict(zip(found["leaves"], found["fields"], strict=True)) == {"x": "0.5", "w": "3"}


def test_ten_steps_at_once_are_ten_single_steps(visit):
    root, names = course()
    found = []
    for button, times in (("#descend", 20), ("#descend-more", 2)):

        @visit(root, names=names, parameters=weights(names), lr=LEARNING_RATE)
        def _(page, button=button, times=times):
            for _time in range(times):
                page.click(button)
            assert page.locator("#update span").first.inner_text() == "Step 20:"
            found.append(state(page))

    assert found[0] == found[1]
    assert found[0]["points"] == 21


def test_an_update_is_shown_with_so_many_digits_that_it_is_seen(visit):
    """And so that it adds up: to a unit of the last digit that is shown."""
    root, names = course()

    @visit(root, names=names, parameters=weights(names), lr=LEARNING_RATE)
    def _(page):
        page.click("#descend")
        for _time in range(40):
            page.click("#descend-more")
            for text in page.locator("#update span").all_inner_texts()[1:]:
                numbers = [n.replace("−", "-") for n in re.findall(r"−?[\d.]+(?:e−?\d+)?", text)]
                old, rate, slope, new = (float(n) for n in numbers[-4:])
                assert old != new
                unit = 10.0 ** -max(len(n.partition(".")[2]) for n in numbers[-1:])
                assert abs(old - rate * slope - new) <= 1.01 * unit


def test_a_curve_over_decades_is_logarithmic(visit):
    """One decade of the cost is as high as another, and the axis has powers of ten."""
    w = Value(1.0, name="w")

    @visit(w**2, lr=0.45)
    def _(page):
        for _time in range(3):
            page.click("#descend")
        heights = page.locator("#curve circle").evaluate_all(
            "all => all.map(one => Number(one.getAttribute('cy')))"
        )
        steps = [b - a for a, b in itertools.pairwise(heights)]
        assert steps == pytest.approx([steps[0]] * 3)
        assert steps[0] > 10
        labels = page.locator("#curve text").all_text_contents()
        assert labels[-1] == "steps; logarithmic scale"
        costs = [float(label.replace("−", "-")) for label in labels[:-3]]
        assert len(costs) >= 3
        assert all(math.log10(cost).is_integer() for cost in costs)


def test_all_points_of_a_curve_have_dots_or_none_has(visit):
    root, names = course()

    @visit(root, names=names, parameters=weights(names), lr=LEARNING_RATE)
    def _(page):
        for count in (10, 20, 30, 40, 50):
            page.click("#descend-more")
            assert state(page)["points"] == (count + 1 if count < 40 else 0)
            line = page.get_attribute("#curve polyline", "points")
            assert len(line.split()) == count + 1


def test_a_descent_that_diverges_says_so_in_words(visit):
    w = Value(3.0, name="w")

    @visit(w**2, lr=1.1)
    def _(page):
        assert page.inner_text("#trouble") == ""
        page.click("#descend")
        assert page.inner_text("#trouble") == (
            "out grew in step 1: the learning rate 1.1 is too large here. "
            "Try a smaller one, such as 0.11."
        )
        page.click("#descend-more")
        assert page.inner_text("#trouble").startswith("out has grown since step 1: ")
        page.fill("#rate", "0.1")
        page.click("#descend")
        assert page.inner_text("#trouble").startswith("out is larger than at the beginning: ")
        page.click("#descend-more")
        assert page.inner_text("#trouble") == ""
        page.fill("#rate", "1e200")
        page.click("#descend-more")
        assert page.inner_text("#trouble") == (
            "Step 23 leaves the finite numbers: out has no minimum, or the learning rate 1e200 is "
            "too large. Reset, and try a smaller one, such as 1e199."
        )
        assert state(page)["cost"].startswith("After 23 steps")
        page.click("#restart")
        assert page.inner_text("#trouble") == ""

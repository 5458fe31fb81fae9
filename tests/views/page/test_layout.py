"""The layout of the page of `explore`: every text can be read at its place, at any width."""

import pytest
from support.layout import assert_fits, assert_is_legible
from support.pages import GRAPHS, course

from autograd_mini import Value


@pytest.mark.parametrize(
    "name", ["two neurons", "plain inputs", "softmax with cross-entropy", "long names"]
)
def test_every_text_has_its_place_at_every_width(visit, name):
    @visit(GRAPHS[name]())
    def _(page):
        for width in (390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                last = int(page.get_attribute("#progress", "max"))
                for step in (0, 2, last // 2, last - 1, last):
                    page.locator("#progress").fill(str(step))
                    assert_is_legible(page)
            page.click("#descend")
            assert_is_legible(page)
            page.click("#descend-more")
            page.evaluate("scrollTo(0, 0)")
            assert_is_legible(page)
            page.locator("#value0").press("Enter")
            assert_is_legible(page)
            page.click("#reset")


@pytest.mark.parametrize("name", ["two neurons", "dot nodes", "softmax with cross-entropy"])
def test_it_fits_windows_of_every_width(visit, name):
    @visit(GRAPHS[name]())
    def _(page):
        for width in (320, 390, 800, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            for key in ("Home", "ArrowRight", "End"):
                page.keyboard.press(key)
                assert_fits(page)
            if page.is_visible("#descend"):
                page.click("#descend")
                assert_fits(page)
            page.focus("#value0")
            page.keyboard.press("Enter")
            assert_fits(page)


def sizes(page):
    """Return how wide and high the drawing and its frame are, and how far it is scrolled."""
    return page.evaluate("""() => {
      const [frame, svg] = [document.querySelector("#graph"), document.querySelector("#graph svg")];
      const { width, height } = svg.getBoundingClientRect();
      return [width, height, frame.clientWidth, frame.clientHeight, frame.scrollLeft];
    }""")


def test_the_graph_has_a_size_that_one_chooses(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        width, _, room, _, _ = sizes(page)
        assert width > room  # for texts of 12 px
        page.click("#larger")
        assert sizes(page)[0] == pytest.approx(1.25 * width)
        for _time in range(20):
            page.click("#larger")
        assert sizes(page)[0] < 6 * width
        page.click("#whole")
        found = sizes(page)
        assert found[0] <= found[2]
        assert found[1] <= found[3]
        page.click("#smaller")
        assert sizes(page)[0] == pytest.approx(found[0])  # there is no reason for a smaller one


def test_a_small_graph_is_seen_whole(visit):
    x = Value(2.0, name="x")

    @visit(x * 3.0)
    def _(page):
        for width in (480, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            found = sizes(page)
            assert found[0] <= found[2]
            assert found[1] <= found[3]


def test_the_mouse_draws_the_graph_along_and_chooses_no_node(visit):
    root, names = course()

    @visit(root, names=names)
    def _(page):
        box = page.locator("#value5").bounding_box()
        page.mouse.move(box["x"] + 5, box["y"] + 5)
        page.mouse.down()
        page.mouse.move(box["x"] - 145, box["y"] + 5)
        page.mouse.up()
        assert sizes(page)[4] == 150
        assert page.locator("#graph .selected").count() == 0
        page.mouse.move(box["x"] - 345, box["y"] + 5)  # the button is up
        assert sizes(page)[4] == 150
        page.click("#value5")
        assert page.locator("#graph .selected").count() == 1

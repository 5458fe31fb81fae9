"""The page of `explore` in a notebook."""

import re

import pytest
from support.pages import STATE, assert_shows_all, course

from autograd_mini import Value
from autograd_mini.views.page.page import explore


def test_a_notebook_shows_the_page_in_a_frame(browser):
    root, names = course()
    text = explore(root, names=names, title="<'\">")._repr_html_()

    @browser
    def _(page):
        complaints = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url))
        page.set_content(f"<!DOCTYPE html><html><body>{text}</body></html>")
        frame = page.frames[1]
        assert frame.locator("h1").text_content() == "<'\">"
        frame.focus("#last")
        page.keyboard.press("Enter")
        assert_shows_all(frame.evaluate(STATE), course()[0])
        assert complaints == []
        sandbox = page.locator("iframe").get_attribute("sandbox")
        assert sandbox == "allow-scripts"
        assert page.locator("iframe").get_attribute("title")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_frame_is_as_high_as_the_page(browser, width):
    """So the page has no scroll bar of its own; also when it becomes higher or lower."""
    root, names = course()
    text = explore(root, names=names)._repr_html_()

    @browser
    def _(page):
        page.set_viewport_size({"width": width, "height": 700})
        page.set_content(f"<!DOCTYPE html><html><body>{text}</body></html>")
        assert not page.locator("p").first.is_visible()
        frame = page.frames[1]

        def blank():
            """Return how much higher the frame is than the page."""
            return frame.evaluate("innerHeight - document.body.parentElement.offsetHeight")

        def settle():
            for _time in range(100):
                if blank() in (0, 1):  # a page may end within a pixel
                    return
                page.wait_for_timeout(20)
            raise AssertionError(f"the frame is {blank()} px higher than the page")

        heights = set()
        for act in ("", "#last", "#descend", "#descend-more"):
            if act:
                frame.click(act)
            settle()
            heights.add(page.locator("iframe").bounding_box()["height"])
        assert len(heights) > 1
        page.set_viewport_size({"width": width + 200, "height": 700})
        settle()


def test_a_notebook_that_is_not_trusted_shows_a_line(browser):
    """JupyterLab removes frames and handlers there, and shows what is left of the HTML."""
    text = explore(Value(2.0, name="x") * 3.0)._repr_html_()
    left = re.sub(r"<iframe.*</iframe>", "", text, flags=re.DOTALL)

    @browser
    def _(page):
        page.set_content(left)
        assert page.inner_text("body") == (
            "A page of 2 Values. The notebook shows it once it is trusted; "
            '.save("page.html") writes it.'
        )


def test_a_page_says_in_a_line_what_it_is():
    page = explore(Value(2.0, name="x") * 3.0)
    assert repr(page) == '<Page of 2 Values; .save("page.html") writes it>'
    assert repr(explore(Value(2.0))).startswith("<Page of 1 Value; ")

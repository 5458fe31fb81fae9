"""The layout of the page of `explore`: every text can be read at its place, at any width."""

import pytest
from support.layout import assert_fits, assert_is_legible
from support.pages import GRAPHS


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

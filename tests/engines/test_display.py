"""What objects show of themselves: text without addresses, HTML in which all text is escaped."""

import base64
import re
from html.parser import HTMLParser

import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.display import Table, escape, write_paragraph, write_picture

EVIL = "<b>&\"'</td>$x$\x1b[31m"
ESCAPED = "&lt;b&gt;&amp;&quot;'&lt;/td&gt;<span>$</span>x<span>$</span><span>\\</span>x1b[31m"


class Cells(HTMLParser):
    """Reads the texts of the cells, and checks that tags are closed in order."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.open, self.tags = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & {*self.open}:
            self.rows[-1][-1] += data


def alignments(html):
    return [a["style"].removeprefix("text-align: ") for tag, a in Cells(html).tags if "style" in a]


# --- tables --------------------------------------------------------------------------------------


def test_numbers_stand_to_the_right_in_text_and_in_html():
    table = Table(["name", "value"], [["w", 1.5], ["bias", -10]], footer=["both", ""], title="Two")
    assert str(table) == repr(table)
    assert str(table).splitlines() == [
        "Two", "name  value", "----  -----", "w       1.5", "bias    -10", "----  -----", "both"
    ]  # fmt: skip
    html = table._repr_html_()
    assert html.startswith("<p>Two</p><table>")
    assert Cells(html).rows == [["name", "value"], ["w", "1.5"], ["bias", "-10"], ["both", ""]]
    assert alignments(html) == ["left", "right"] * 4


def test_a_column_with_a_word_in_it_is_text_and_a_free_place_is_none():
    html = Table(["a", "b"], [["x", 1], [2, ""]])._repr_html_()
    assert alignments(html) == ["left", "right"] * 3
    assert alignments(Table(["a"], [[1]], footer=["total"])._repr_html_()) == ["left"] * 3


def test_a_float_has_six_digits_and_all_of_them_under_the_mouse():
    html = Table(["x"], [[1 / 3], [-1e-300]])._repr_html_()
    assert [row[0] for row in Cells(html).rows[1:]] == ["0.333333", "-1e-300"]
    titles = [a.get("title") for tag, a in Cells(html).tags if tag == "td"]
    assert titles == ["0.3333333333333333", "-1e-300"]


def test_no_text_is_a_tag_or_a_control_character():
    html = Table([EVIL], [[EVIL]], footer=[EVIL], title=EVIL)._repr_html_()
    assert html.count(ESCAPED) == 4
    assert Cells(html).rows == [[EVIL.replace("\x1b", r"\x1b")]] * 3
    assert str(Table([EVIL], [])).isascii()
    assert "\x1b" not in str(Table([EVIL], [[EVIL]], title=EVIL))
    assert escape(EVIL) == ESCAPED
    assert write_paragraph("a < b") == "<p>a &lt; b</p>"


def test_html_has_no_color_no_script_and_no_style_sheet():
    """So it is legible on any background, and JupyterLab takes nothing out of it."""
    html = Table(["x"], [[1.0]], footer=["y"], title="z")._repr_html_()
    tags = {tag for tag, _ in Cells(html).tags}
    assert tags == {"p", "table", "thead", "tbody", "tfoot", "tr", "th", "td"}
    assert "color" not in html
    assert "background" not in html


def test_a_picture_carries_its_data_and_a_description():
    svg = "<svg xmlns='http://www.w3.org/2000/svg'><text>½ &amp; α</text></svg>"
    html = write_picture(svg, 'a "curve" <b>$')
    alt, data = re.fullmatch(
        r'<img alt="(.*)" src="data:image/svg\+xml;base64,(.*)" style="max-width: 100%">', html
    ).groups()
    assert alt == "a &quot;curve&quot; &lt;b&gt;$"
    assert base64.b64decode(data).decode() == svg


# --- a Value -------------------------------------------------------------------------------------


def test_a_value_shows_name_value_gradient_and_operation():
    x = Value(0.5, name="x")
    y = x * 3.0
    assert Cells(x._repr_html_()).rows[1] == ["x", "0.5", "", "leaf"]
    assert Cells(y._repr_html_()).rows[1] == ["", "1.5", "", "mul"]
    y.backward()
    assert Cells(x._repr_html_()).rows == [
        ["name", "value", "gradient", "operation"], ["x", "0.5", "3", "leaf"]
    ]  # fmt: skip


def test_the_name_of_a_value_is_escaped():
    html = Value(1.0, name=EVIL)._repr_html_()
    assert ESCAPED in html
    assert Cells(html).rows[1][0] == EVIL.replace("\x1b", r"\x1b")


def test_a_value_that_is_not_finite_is_shown():
    with ag.errstate(nonfinite="ignore"):
        html = Value.log(Value(0.0))._repr_html_()
    assert Cells(html).rows[1] == ["", "-inf", "", "log"]


def test_both_engines_show_a_value_by_the_same_function():
    from autograd_mini.engines import value  # noqa: PLC0415 - its Value may be another

    assert Value._repr_html_ is value.Value._repr_html_


def test_a_value_has_no_other_private_names_of_the_reference():
    private = {name for name in vars(Value) if name[0] == "_" and name[-1] != "_"}
    if ag.engine == "native":
        for_the_library = {"_grad", "_number", "_partials", "_refuse"}
        foreign = {name for name in private if type(vars(Value)[name]).__name__ == "Foreign"}
        assert private - foreign == for_the_library
        assert foreign == {"_backward", "_op", "_prev"}


# --- nowhere an address --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "thing",
    [
        Value(1.0),
        Value(1.0) + 2.0,
        (Value(1.0) + 2.0).op,
        ag.MLP(1, [1]),
        ag.MLP(1, [1]).summary(),
        ag.nn.ACTIVATIONS,
        ag.History(),
        ag.SGD([Value(1.0)], lr=0.1),
        ag.SGD([Value(1.0)], lr=0.1).snapshot(),
        ag.testing.check_gradients(lambda x: x * x, 2.0),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_a_repr_has_no_address(thing):
    assert not re.search(r"0x[0-9a-f]{4}", repr(thing))

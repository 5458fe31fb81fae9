"""How an explanation is laid out: as text, LaTeX and HTML, with and without trust."""

import re
from html.parser import HTMLParser

import pytest

import autograd_mini as ag
from autograd_mini import Value, explain


def neuron():
    x, w = Value(0.5, name="x"), Value(2.0, name="w")
    z = w * x - 1.0
    a = z.sigmoid()
    return explain(a, wrt="w", names={"z": z, "a": a})


def every_kind():
    """Return explanations with every piece of the layout."""
    x = Value(0.5, name="x < y & z")
    v = x
    for _ in range(4):
        v = (v * 2.0).sigmoid()
    several = ag.relu(x) * x.exp() + abs(x - 0.5)
    many = several
    for _ in range(3):
        many = many.sin() + many.cos()
    return [neuron(), explain(v, wrt=x), explain(several, wrt=x), explain(many, wrt=x),
            explain(several), explain((-x).relu() * 3, wrt=x)]  # fmt: skip


def test_lines_are_latex_of_one_step_each():
    assert neuron().lines == [
        r"w = 2,\quad x = 0.5",
        r"\frac{\partial a}{\partial w} = "
        r"\frac{\partial a}{\partial z} \cdot \frac{\partial z}{\partial w}",
        r"= a \left(1 - a\right) \cdot x",
        r"= \left(0.25\right)\left(0.5\right)",
        "= 0.125",
        r"\text{where}",
        r"z = w \cdot x - 1 = 0",
        r"a = \sigma\left(z\right) = 0.5",
    ]


def test_many_numbers_are_given_in_several_lines():
    leaves = [Value(float(i), name=f"x{i}") for i in range(12)]
    found = explain(ag.sum(leaves[:6]) * ag.sum(leaves[6:]), wrt=leaves[0])
    assert found.lines[:3] == [
        r",\quad ".join(f"x_{{{i}}} = {i}" for i in some)
        for some in (range(5), range(5, 10), range(10, 12))
    ]
    assert r"\begin{array}{l} \text{with } x_{0} = 0,\quad " in found.latex()
    assert r"x_{4} = 4,\\ x_{5} = 5,\quad " in found.latex()


def test_each_line_stands_alone(katex):
    lines = [line for explanation in every_kind() for line in explanation.lines]
    assert not any("&" in re.sub(r"\\&|cases.*?cases", "", line) or r"\\" in line for line in lines)
    assert katex(lines) == [""] * len(lines)


def test_a_notebook_gets_text_html_and_latex():
    found = neuron()
    bundle = found._repr_mimebundle_()
    assert list(bundle) == ["text/plain", "text/html", "text/latex"]
    assert bundle["text/plain"] == str(found) == repr(found)
    assert bundle["text/latex"] == f"$${found.latex()}$$"
    assert found._repr_mimebundle_(include={"text/html"}, exclude=set()) == bundle


class Elements(HTMLParser):
    """Collects the start tags, and checks that each has its end."""

    def __init__(self, text):
        super().__init__()
        self.open, self.found = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("explanation", every_kind(), ids=range(6))
def test_html_is_well_formed_and_has_the_text_beside_the_mathematics(explanation):
    html = explanation._repr_mimebundle_()["text/html"]
    assert "math" in {tag for tag, _ in Elements(html).found}
    assert "$$" not in html
    for found in re.findall(r"<math[^>]*>.*?</math>", html):
        assert not re.search(r">[^<\s][^<]*<(?!/m[inot])", found), found  # only leaves have text


TRUSTED = """explanation => {
  const shown = found => getComputedStyle(found).display !== "none";
  const [text, mathematics] = [explanation.querySelector("pre"), explanation.lastElementChild];
  return [shown(text), shown(mathematics)];
}"""
# What JupyterLab leaves of the output of a notebook that is not trusted: no style, no MathML.
SANITIZE = """explanation => {
  for (const found of explanation.querySelectorAll("[hidden]")) found.removeAttribute("hidden");
  for (const found of explanation.querySelectorAll("[hidden]")) found.removeAttribute("hidden");
  for (const style of explanation.querySelectorAll("style")) style.remove();
  for (const found of explanation.querySelectorAll("math")) found.replaceWith(found.textContent);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_the_mathematics_or_without_trust_the_text(browser, scheme):
    texts = [explanation._repr_mimebundle_()["text/html"] for explanation in every_kind()]

    def look(page):
        page.emulate_media(color_scheme=scheme)
        page.set_content("<body>" + "".join(texts))
        explanations = page.query_selector_all(".autograd-explanation")
        before = [explanation.evaluate(TRUSTED) for explanation in explanations]
        boxes = page.evaluate(OVERLAPS)
        for explanation in explanations:
            explanation.evaluate(SANITIZE)
        return before, boxes, [explanation.evaluate(TRUSTED) for explanation in explanations]

    before, boxes, after = browser(look)
    assert before == [[False, True]] * len(texts)
    assert after == [[True, False]] * len(texts)
    assert boxes == []


# The formulas of which two lie one upon the other, or that are empty.
OVERLAPS = """() => {
  const all = [...document.querySelectorAll("math")];
  const found = all.map((one) => [one, one.getBoundingClientRect()]);
  const empty = found.filter(([, box]) => box.width < 1 || box.height < 1);
  const bad = empty.map(([one]) => one.outerHTML);
  found.forEach(([one, a], i) => found.slice(i + 1).forEach(([other, b]) => {
    const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (width > 1 && height > 1) bad.push(one.textContent + " and " + other.textContent);
  }));
  return bad;
}"""

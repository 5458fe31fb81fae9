"""Formulas in MathML: elements that a browser shows, with the names and numbers of the text."""

import ast
import math
import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.formulas import formulas

from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.mathml import MathML
from autograd_mini.table.notation import Unicode
from autograd_mini.table.primitives import TABLE


def parsed(text):
    return ast.parse(text, mode="eval").body


CHILDREN = {"mfrac": 2, "msup": 2, "msub": 2, "mroot": 2, "munder": 2, "msubsup": 3}


def check(text):
    """Check that elements are well formed, with all text in leaves; return what they say."""
    root = ET.fromstring(f"<math>{text}</math>")  # noqa: S314 - our own text
    for element in root.iter():
        if element.tag in ("mi", "mn", "mo", "mtext"):
            assert len(element) == 0
            assert element.text
        else:
            assert not (element.text or "").strip()
            assert len(element) == CHILDREN.get(element.tag, len(element))
        assert not (element.tail or "").strip()
    return "".join(root.itertext()).replace(" ", "")


@pytest.mark.parametrize(
    ("formula", "mathml"),
    [
        ("x + y - 1", "<mi>x</mi> <mo>+</mo> <mi>y</mi> <mo>−</mo> <mn>1</mn>"),
        ("-x", '<mo form="prefix">−</mo><mi>x</mi>'),
        ("x * y", "<mi>x</mi><mo>·</mo><mi>y</mi>"),
        ("2 * (x + 1)",
         "<mn>2</mn><mrow><mo>(</mo><mi>x</mi> <mo>+</mo> <mn>1</mn><mo>)</mo></mrow>"),
        ("f * (x + 1) ** 2",
         "<mi>f</mi><mo>·</mo><msup><mrow><mo>(</mo><mi>x</mi> <mo>+</mo> <mn>1</mn><mo>)</mo>"
         "</mrow><mn>2</mn></msup>"),
        ("x / y2", "<mfrac><mi>x</mi><mrow><msub><mi>y</mi><mn>2</mn></msub></mrow></mfrac>"),
        ("x2 ** 3", "<msubsup><mi>x</mi><mn>2</mn><mn>3</mn></msubsup>"),
        ("x ** -y",
         '<msup><mi>x</mi><mrow><mo form="prefix">−</mo><mi>y</mi></mrow></msup>'),
        ("sqrt(x)", "<msqrt><mi>x</mi></msqrt>"),
        ("exp(x)", "<msup><mi>e</mi><mrow><mi>x</mi></mrow></msup>"),
        ("abs(x)", "<mrow><mo>|</mo><mi>x</mi><mo>|</mo></mrow>"),
        ("sigmoid(x)", "<mi>σ</mi><mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow>"),
        ("maximum(x, y)",
         "<mi>maximum</mi><mrow><mo>(</mo><mi>x</mi><mo>,</mo><mi>y</mi><mo>)</mo></mrow>"),
        ("2.5e-20", "<mn>2.5</mn><mo>·</mo><msup><mn>10</mn><mrow>"
         '<mo form="prefix">−</mo><mn>20</mn></mrow></msup>'),
    ],
)  # fmt: skip
def test_a_formula_is_written_in_elements(formula, mathml):
    assert MathML().formula(parsed(formula)) == mathml
    check(mathml)


def test_numbers_and_names():
    notation = MathML()
    assert notation.number(-0.5) == '<mo form="prefix">−</mo><mn>0.5</mn>'
    assert notation.number(math.inf) == "<mn>∞</mn>"
    assert notation.number(math.nan) == "<mn>NaN</mn>"
    assert notation.number(1e-7).startswith("<msup><mn>10</mn>")
    assert notation.name("x") == "<mi>x</mi>"
    assert notation.name("<b>&") == "<mi>&lt;b&gt;&amp;</mi>"
    assert notation.name("alpha") == "<mi>α</mi>"


@pytest.mark.parametrize(
    ("text", "mathml"),
    [
        ("w₁₂⁽³⁾", "<msubsup><mi>w</mi><mn>12</mn><mn>(3)</mn></msubsup>"),
        ("b⁽¹⁾", "<msup><mi>b</mi><mn>(1)</mn></msup>"),
        ("w₁", "<msub><mi>w</mi><mn>1</mn></msub>"),
        ("₁", "<mi>₁</mi>"),
        ("⁽¹⁾", "<mi>⁽¹⁾</mi>"),
    ],
)
def test_indices_of_a_name_stand_below_and_above(text, mathml, monkeypatch):
    monkeypatch.setattr("autograd_mini.table.notation.name_as_text", lambda name: name)
    assert MathML().name(text) == mathml


@given(formulas(functions=[*ELEMENTARY], powers=(-2, 0, 1, 2, 0.5)))
def test_every_formula_is_well_formed_with_all_text_in_leaves(tree):
    assert check(MathML().formula(tree))
    check(MathML().formula(tree, factor=True))


@given(st.text(min_size=1))
def test_every_name_is_well_formed(name):
    check(MathML().name(name))


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_every_rule_is_well_formed(row):
    trees = [row.value.tree, row.formula]
    for rules in (row.partials, row.textbook):
        trees += [rule.tree for rule in rules.values()]
    for tree in trees:
        check(MathML().formula(tree))


@given(formulas(functions=("sin", "tanh", "sigmoid"), powers=(1,)))
def test_the_letters_are_those_of_the_plain_text(tree):
    """But for fractions, whose line is no letter, and for the parentheses that these make vain."""
    drop = str.maketrans("", "", "/() ·")
    expected = unicodedata.normalize("NFKC", Unicode().formula(tree)).translate(drop)
    assert check(MathML().formula(tree)).translate(drop) == expected

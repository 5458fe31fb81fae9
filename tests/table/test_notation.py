"""Formulas and names in plain text and LaTeX; C and JavaScript are tested with the rules."""

import ast
import math
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.formulas import formulas

from autograd_mini.table.elementary import ELEMENTARY as FUNCTIONS
from autograd_mini.table.names import name_as_latex, name_as_text
from autograd_mini.table.notation import Latex, Unicode, shorten
from autograd_mini.table.primitives import TABLE

as_latex, as_text = Latex().formula, Unicode().formula


def parsed(text):
    return ast.parse(text, mode="eval").body


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text", "latex"),
    [
        (0.1234567, "0.1235", "0.1235"),
        (-2.5, "−2.5", "-2.5"),
        (-0.0, "0", "0"),
        (123456.0, "1.235e+05", r"1.235 \cdot 10^{5}"),
        (-1e-7, "−1e−07", r"-1 \cdot 10^{-7}"),
        (-math.inf, "−∞", r"-\infty"),
        (math.nan, "NaN", r"\text{NaN}"),
    ],
)
def test_numbers_are_rounded_and_written_as_mathematics(number, text, latex):
    assert Unicode().number(number) == text
    assert Latex().number(number) == latex


def test_the_digits_of_a_number_can_be_chosen():
    assert [Unicode(digits).number(1 / 3) for digits in (1, 6)] == ["0.3", "0.333333"]
    assert Latex(2).number(2 / 3) == "0.67"


def test_a_sum_may_start_from_a_number():
    assert as_text(parsed("y - sum(exp(x), exp(y))")) == "y − (exp(y) + Σᵢ exp(xᵢ))"
    assert as_latex(parsed("sum(x, 1)")) == r"1 + \sum_i x_i"


def test_what_begins_with_a_minus_is_enclosed_where_that_is_asked_for():
    assert [Unicode().enclose(text) for text in ("−x", "x")] == ["(−x)", "x"]
    assert [Latex().enclose(text) for text in ("-x", "x")] == [r"\left(-x\right)", "x"]


def test_a_long_sum_loses_its_middle_and_one_of_six_terms_nothing():
    assert list(shorten("abcdef", "…")) == list("abcdef")
    assert list(shorten("abcdefg", "…")) == list("abcd…g")


def test_a_quarter_is_written_as_a_fraction():
    assert (Unicode.quarter, Latex.quarter) == ("¼", r"\tfrac{1}{4}")


# --- parentheses ---------------------------------------------------------------------------------

WRITTEN = [
    # formula, plain text, LaTeX
    ("x - (y - z)", "x − (y − z)", r"x - \left(y - z\right)"),
    ("x - y - z", "x − y − z", "x - y - z"),
    ("x + (y + z)", "x + (y + z)", r"x + \left(y + z\right)"),
    ("-(x + y)", "−(x + y)", r"-\left(x + y\right)"),
    ("-(-x)", "−(−x)", r"-\left(-x\right)"),
    ("x - -y", "x − (−y)", r"x - \left(-y\right)"),
    ("x + -3", "x + (−3)", r"x + \left(-3\right)"),
    ("x + -2 * y", "x + (−2·y)", r"x + \left(-2 \cdot y\right)"),
    ("x + -y / z", "x + (−y/z)", r"x + \frac{-y}{z}"),
    ("-x + y", "−x + y", "-x + y"),
    ("-x * y", "−x·y", r"-x \cdot y"),
    ("x * -y", "x·(−y)", r"x \cdot \left(-y\right)"),
    ("x * (y * z)", "x·(y·z)", r"x \cdot \left(y \cdot z\right)"),
    ("f * (x + 1)", "f·(x + 1)", r"f \cdot \left(x + 1\right)"),
    ("2 * -f * (x + 1)", "2(−f)(x + 1)", r"2 \left(-f\right) \left(x + 1\right)"),
    ("-f * (x + 1) ** 2", "−f·(x + 1)²", r"-f \cdot \left(x + 1\right)^{2}"),
    ("a * (1 - a) * (1 - a)", "a(1 − a)(1 − a)",
     r"a \left(1 - a\right) \left(1 - a\right)"),
    ("a * (1 - a)", "a(1 − a)", r"a \left(1 - a\right)"),
    ("(x + 1) * (y + 1)", "(x + 1)(y + 1)", r"\left(x + 1\right) \left(y + 1\right)"),
    ("x / 2 * (1 - a)", "x/2·(1 − a)", r"\frac{x}{2} \left(1 - a\right)"),
    ("-x / 2 * (1 - a)", "−x/2·(1 − a)", r"\frac{-x}{2} \left(1 - a\right)"),
    ("-(x / 2) * (1 - a)", "−x/2·(1 − a)", r"-\frac{x}{2} \left(1 - a\right)"),
    ("x ** y * (1 - a)", "x^y·(1 − a)", r"x^{y} \left(1 - a\right)"),
    ("x ** 2 * (1 - a)", "x²(1 − a)", r"x^{2} \left(1 - a\right)"),
    ("sin(x) * (1 - a)", "sin(x)(1 − a)", r"\sin x \cdot \left(1 - a\right)"),
    ("y * sin(x2) * (1 - a)", "y·sin(x₂)(1 − a)",
     r"y \cdot \sin x_{2} \cdot \left(1 - a\right)"),
    ("exp(x) * (1 - a)", "exp(x)(1 − a)", r"e^{x} \left(1 - a\right)"),
    ("relu(x) * (1 - a)", "relu(x)(1 − a)",
     r"\operatorname{relu}\left(x\right) \left(1 - a\right)"),
    ("x / y / z", "x/y/z", r"\frac{\frac{x}{y}}{z}"),
    ("x / (y * z)", "x/(y·z)", r"\frac{x}{y \cdot z}"),
    ("x / (y / z)", "x/(y/z)", r"\frac{x}{\frac{y}{z}}"),
    ("(x + y) / (x - y)", "(x + y)/(x − y)", r"\frac{x + y}{x - y}"),
    ("x / -y", "x/(−y)", r"\frac{x}{-y}"),
    ("x * y / z", "x·y/z", r"\frac{x \cdot y}{z}"),
    ("x * (y / z)", "x·(y/z)", r"x \cdot \frac{y}{z}"),
    ("-x ** 2", "−x²", "-x^{2}"),
    ("(-x) ** 2", "(−x)²", r"\left(-x\right)^{2}"),
    ("(-2) ** 2", "(−2)²", r"\left(-2\right)^{2}"),
    ("(x * y) ** 2", "(x·y)²", r"\left(x \cdot y\right)^{2}"),
    ("(x / y) ** 2", "(x/y)²", r"\left(\frac{x}{y}\right)^{2}"),
    ("(x ** 2) ** 3", "(x²)³", r"\left(x^{2}\right)^{3}"),
    ("x ** 2 ** 3", "x^(2³)", "x^{2^{3}}"),
    ("x ** -12", "x⁻¹²", "x^{-12}"),
    ("x ** 0.5", "x^0.5", "x^{0.5}"),
    ("x ** -0.5", "x^(−0.5)", "x^{-0.5}"),
    ("x ** (y - 1)", "x^(y − 1)", "x^{y - 1}"),
    ("x ** -y", "x^(−y)", "x^{-y}"),
    ("log(x) ** 2", "ln(x)²", r"\left(\ln x\right)^{2}"),
    ("log1p(x) ** 2", "log1p(x)²", r"\left(\ln\left(1 + x\right)\right)^{2}"),
    ("log1p(-x)", "log1p(−x)", r"\ln\left(1 + \left(-x\right)\right)"),
    ("exp(x) ** 2", "exp(x)²", r"\left(e^{x}\right)^{2}"),
    ("sqrt(x + 1) ** 3", "√(x + 1)³", r"\sqrt{x + 1}^{3}"),
    ("abs(x - y) ** 3", "|x − y|³", r"\left|x - y\right|^{3}"),
    ("square(x + 1) ** 2", "((x + 1)²)²", r"\left(\left(x + 1\right)^2\right)^{2}"),
    ("square(-x)", "(−x)²", r"\left(-x\right)^2"),
    ("gauss(x - 1)", "exp(−(x − 1)²)", r"e^{-\left(x - 1\right)^2}"),
    ("sigmoid(x + y)", "σ(x + y)", r"\sigma\left(x + y\right)"),
    ("cbrt(x)", "∛(x)", r"\sqrt[3]{x}"),
    ("leaky_relu(x, -y)", "leaky_relu(x, −y)",
     r"\operatorname{leaky\_relu}\left(x, -y\right)"),
    ("1e-05 * x", "1e−05·x", r"10^{-5} \cdot x"),
    ("x * 1e-05", "x·1e−05", r"x \cdot \left(10^{-5}\right)"),
    ("2.5e+20 ** 2", "(2.5e+20)²", r"\left(2.5 \cdot 10^{20}\right)^{2}"),
    ("(1 if x > 0 else 0) * y", "(1 if x > 0 else 0)·y",
     r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases} \cdot y"),
    ("(1 if x > 0 else 0) < y", "(1 if x > 0 else 0) < y",
     r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases} < y"),
    ("1 if x > 0 else -1 if x < 0 else 0", "1 if x > 0 else −1 if x < 0 else 0",
     r"\begin{cases} 1 & \text{if } x > 0 \\ -1 & \text{if } x < 0 \\ 0 & \text{otherwise} "
     r"\end{cases}"),
    ("(1 if x > 1 else 2) if x > 0 else 3", "(1 if x > 1 else 2) if x > 0 else 3",
     r"\begin{cases} \begin{cases} 1 & \text{if } x > 1 \\ 2 & \text{otherwise} \end{cases} "
     r"& \text{if } x > 0 \\ 3 & \text{otherwise} \end{cases}"),
    ("1 if x >= y and (x != 0 or y <= 0) else 0", "1 if x ≥ y and (x ≠ 0 or y ≤ 0) else 0",
     r"\begin{cases} 1 & \text{if } x \ge y \land \left(x \ne 0 \lor y \le 0\right) \\ "
     r"0 & \text{otherwise} \end{cases}"),
    ("sum(w * x) + b", "Σᵢ wᵢ·xᵢ + b", r"\sum_i w_i \cdot x_i + b"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "text", "latex"), WRITTEN)
def test_a_formula_has_the_parentheses_it_needs_and_no_others(formula, text, latex):
    assert as_text(parsed(formula)) == text
    assert as_latex(parsed(formula)) == latex


@pytest.mark.parametrize(
    ("formula", "text", "latex"),
    [
        ("a - b", "(a − b)", r"\left(a - b\right)"),
        ("-(a - b)", "−(a − b)", r"-\left(a - b\right)"),
        ("a * (1 - a)", "a(1 − a)", r"a \left(1 - a\right)"),
        ("1 / a", "1/a", r"\frac{1}{a}"),
        ("1 if x > 0 else 0", "(1 if x > 0 else 0)",
         r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}"),
    ],
)  # fmt: skip
def test_as_a_factor_a_sum_has_parentheses(formula, text, latex):
    assert as_text(parsed(formula), factor=True) == text
    assert as_latex(parsed(formula), factor=True) == latex


SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
READ = [
    ("−", "-"),
    ("·", "*"),
    ("[√σ∛]", "f"),
    (r"\^", "**"),
    ("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: f"**({found[0].translate(SUPERSCRIPTS)})"),
    # A product needs no sign before a parenthesis, as in a(1 − a).
    (r"(?<=[a-e0-9)])\(", "*("),
]
VALUES = dict(zip("abcde", map(Fraction, (1.25, -0.75, 2.5, 0.375, -3.5)), strict=True))


def computed(text):
    """Return the value of Python text in fractions, None where it divides by zero."""
    text = re.sub(r"\d+", r"Fraction(\g<0>)", text)
    names = {"Fraction": Fraction, "f": lambda x: x * x + 7, **VALUES}
    try:
        return eval(text, names)  # noqa: S307 - printed from a tree
    except ZeroDivisionError:
        return None


@given(formulas(functions=("sqrt", "sigmoid", "cbrt"), powers=(-2, 0, 1, 2, 3)))
def test_plain_text_reads_as_the_formula_it_was_printed_from(tree):
    """So no parenthesis is missing."""
    read = as_text(tree)
    for sign, meaning in READ:
        read = re.sub(sign, meaning, read)
    assert computed(read) == computed(re.sub("sqrt|sigmoid|cbrt", "f", ast.unparse(tree)))


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "latex"),
    [
        ("x", "x", "x"),
        ("w12", "w₁₂", "w_{12}"),
        ("w_12", "w₁₂", "w_{12}"),
        ("w₁₂", "w₁₂", "w_{12}"),
        ("x[0]", "x₀", "x_{0}"),
        ("x[0][12]", "x[0][12]", "x_{0,12}"),
        ("x[0", "x[0", r"\text{x[0}"),
        ("alpha", "α", r"\alpha"),
        ("alpha2", "α₂", r"\alpha_{2}"),
        ("Omega", "Ω", r"\Omega"),
        ("α", "α", r"\alpha"),
        ("β_2", "β₂", r"\beta_{2}"),
        ("alphabet", "alphabet", r"\mathit{alphabet}"),
        ("hidden3", "hidden₃", r"\mathit{hidden}_{3}"),
        ("é1", "é₁", r"\text{é}_{1}"),
        ("größe", "größe", r"\text{größe}"),
        ("a.b.c", "a.b.c", r"\text{a.b.c}"),
        ("a_b", "a_b", r"\text{a\_b}"),
        ("_", "_", r"\text{\_}"),
        ("1", "1", r"\text{1}"),
        ("x\n", r"x\n", r"\text{x\textbackslash{}n}"),
        ("two words", "two words", r"\text{two words}"),
        ("</script>", "</script>", r"\text{\textless{}/script\textgreater{}}"),
        ("$x^2~{}%#&\\", "$x^2~{}%#&\\",
         r"\text{\$x\textasciicircum{}2\textasciitilde{}\{\}\%\#\&\textbackslash{}}"),
        ("e\u0301", "e\u0301", r"\text{é}"),
        ("\u0301x", "\u0301x", r"\text{\textbackslash{}u0301x}"),
        ("🎉", "🎉", r"\text{🎉}"),
        ("\u202ex", r"\u202ex", r"\text{\textbackslash{}u202ex}"),
        ("ℒ2", "ℒ₂", r"\text{$ℒ$}_{2}"),
        ("a·b ≠ 𝒙", "a·b ≠ 𝒙", r"\text{a$·$b $≠$ x}"),
        ("∞", "∞", r"\infty"),
        ("…", "…", r"\dots"),
        ("x٣", "x٣", r"\text{x٣}"),
    ],
)  # fmt: skip
def test_a_name_is_written_as_mathematics_if_it_is_such_and_else_as_it_is(name, text, latex):
    assert name_as_text(name) == text
    assert name_as_latex(name) == latex


@given(st.text(min_size=1))
def test_a_name_in_plain_text_can_be_printed(name):
    assert name_as_text(name)
    assert name_as_text(name).isprintable()
    name_as_text(name).encode()


# --- LaTeX that KaTeX takes ----------------------------------------------------------------------

ODD = [
    "two words", " ", "</script>", "a\nb", "🎉", "a.b.c", "x" * 200, "out", "v1", "x_2", "x[0]",
    "é", "ж", "名", "名前", "α", "ß2", "ﬃ", "ª", "x²", "٣x", "x٣", "½", "→", "ا", "שלום", "नमस्ते",
    "$x$", "%", "#", "\\", "\\frac{1}{0}", "^", "~", "`", "'", '"', "&", "{", "}", "}{", "<", "_",
    "\u202ea", "\ud800", "\u0301", "e\u0301", "a\u0338", "\x00", "·", "ℒ", "∑", "≠", "𝒙", "⟦",
    "∞", "…", "NaN", "-x", "|x|",
]  # fmt: skip


def test_katex_takes_every_name(katex):
    texts = [rf"\frac{{\partial {name_as_latex(n)}}}{{\partial {name_as_latex(n)}}}" for n in ODD]
    assert [(name, told) for name, told in zip(ODD, katex(texts), strict=True) if told] == []


def test_katex_takes_every_rule_of_the_table(katex):
    trees = {}
    for row in TABLE:
        trees[f"{row} value"], trees[f"{row} formula"] = row.value.tree, row.formula
        for operand in row.operands:
            trees[f"{row} d{operand}"] = row.partials[operand].tree
            trees[f"{row} textbook d{operand}"] = row.textbook[operand].tree
    for name in FUNCTIONS:
        trees[f"{name} of a sum"] = parsed(f"2 ** {name}(x + 1) * {name}(-x) ** -y * (1 - x)")
    texts = [as_latex(tree, factor=factor) for tree in trees.values() for factor in (False, True)]
    assert [text for text, told in zip(texts, katex(texts), strict=True) if told] == []
    assert len(texts) > 200


def test_katex_takes_every_formula_of_the_tests(katex):
    texts = [latex for _, _, latex in WRITTEN]
    assert katex(texts) == [""] * len(texts)


def test_katex_refuses_what_is_no_latex(katex):
    """So that the tests above can fail."""
    assert all(katex([r"\frac{1", r"\text{\cdot}", r"\text{a^b}", "é", r"\nonsense"]))


@pytest.mark.soak
@given(names=st.lists(st.text(min_size=1), min_size=50, max_size=50))
def test_katex_takes_any_name(katex, names):
    complaints = zip(names, katex(map(name_as_latex, names)), strict=True)
    assert [(name, told) for name, told in complaints if told] == []

"""The rule language: what it takes, and what it prints."""

import ast
import re
import unicodedata

import pytest

from autograd_mini.table.arithmetic import FLOATS, IEEE
from autograd_mini.table.code import as_c, as_javascript
from autograd_mini.table.elementary import ELEMENTARY as FUNCTIONS
from autograd_mini.table.names import name_as_latex, name_as_text
from autograd_mini.table.notation import Latex, Unicode
from autograd_mini.table.rules import Rule, RuleError

as_latex, as_text = Latex().formula, Unicode().formula
# --- what is printed, in every language --------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "python", "c", "javascript", "latex"),
    [
        ("x - (y - z)", "x - (y - z)", "x - (y - z)", "x - (y - z)", r"x - \left(y - z\right)"),
        ("(x - y) - z", "x - y - z", "x - y - z", "x - y - z", "x - y - z"),
        ("x / (y * z)", "x / (y * z)", "x / (y * z)", "x / (y * z)", r"\frac{x}{y \cdot z}"),
        ("x * (y + 1)", "x * (y + 1.0)", "x * (y + 1.0)", "x * (y + 1.0)",
         r"x \cdot \left(y + 1\right)"),
        ("-(x + y)", "-(x + y)", "-(x + y)", "-(x + y)", r"-\left(x + y\right)"),
        ("x * -y", "x * -y", "x * -y", "x * -y", r"x \cdot \left(-y\right)"),
        ("-(-x)", "--x", "-(-x)", "-(-x)", r"-\left(-x\right)"),
        ("-x ** 2", "-pow(x, 2.0)", "-ag_pow(x, 2.0)", "-ag_pow(x, 2.0)", "-x^{2}"),
        ("(-x) ** 2", "pow(-x, 2.0)", "ag_pow(-x, 2.0)", "ag_pow(-x, 2.0)",
         r"\left(-x\right)^{2}"),
        ("2 ** x ** y", "pow(2.0, pow(x, y))", "ag_pow(2.0, ag_pow(x, y))",
         "ag_pow(2.0, ag_pow(x, y))", "2^{x^{y}}"),
        ("(x ** y) ** z", "pow(pow(x, y), z)", "ag_pow(ag_pow(x, y), z)",
         "ag_pow(ag_pow(x, y), z)", r"\left(x^{y}\right)^{z}"),
        ("log(x) ** 2", "pow(log(x), 2.0)", "ag_pow(log(x), 2.0)", "ag_pow(Math.log(x), 2.0)",
         r"\left(\ln x\right)^{2}"),
        ("abs(x) / sqrt(y)", "abs(x) / sqrt(y)", "fabs(x) / sqrt(y)", "Math.abs(x) / Math.sqrt(y)",
         r"\frac{\left|x\right|}{\sqrt{y}}"),
        ("sin(-x)", "sin(-x)", "sin(-x)", "Math.sin(-x)", r"\sin \left(-x\right)"),
        ("erf(x) + gauss(x)", "erf(x) + gauss(x)", "erf(x) + ag_gauss(x)",
         "ag_erf(x) + ag_gauss(x)",
         r"\operatorname{erf} x + e^{-x^2}"),
        ("exp(x + 1)", "exp(x + 1.0)", "exp(x + 1.0)", "Math.exp(x + 1.0)", "e^{x + 1}"),
        ("(1 if x > 0 else 2) * y", "(1.0 if x > 0.0 else 2.0) * y", "(x > 0.0 ? 1.0 : 2.0) * y",
         "(x > 0.0 ? 1.0 : 2.0) * y",
         r"\begin{cases} 1 & \text{if } x > 0 \\ 2 & \text{otherwise} \end{cases} \cdot y"),
        ("(1 if x == 0 else 2) if y >= 0 else out",
         "(1.0 if x == 0.0 else 2.0) if y >= 0.0 else out",
         "y >= 0.0 ? (x == 0.0 ? 1.0 : 2.0) : out", "y >= 0.0 ? (x === 0.0 ? 1.0 : 2.0) : out",
         r"\begin{cases} \begin{cases} 1 & \text{if } x = 0 \\ 2 & \text{otherwise} \end{cases} & "
         r"\text{if } y \ge 0 \\ \mathit{out} & \text{otherwise} \end{cases}"),
        ("1 if x > 0 and (y < 0 or z != 0) else 0",
         "1.0 if x > 0.0 and (y < 0.0 or z != 0.0) else 0.0",
         "x > 0.0 && (y < 0.0 || z != 0.0) ? 1.0 : 0.0",
         "x > 0.0 && (y < 0.0 || z !== 0.0) ? 1.0 : 0.0",
         r"\begin{cases} 1 & \text{if } x > 0 \land \left(y < 0 \lor z \ne 0\right) \\ "
         r"0 & \text{otherwise} \end{cases}"),
        ("1 if x > 0 and y <= 0 or z != 0 else 0",
         "1.0 if x > 0.0 and y <= 0.0 or z != 0.0 else 0.0",
         "x > 0.0 && y <= 0.0 || z != 0.0 ? 1.0 : 0.0",
         "x > 0.0 && y <= 0.0 || z !== 0.0 ? 1.0 : 0.0",
         r"\begin{cases} 1 & \text{if } x > 0 \land y \le 0 \lor z \ne 0 \\ "
         r"0 & \text{otherwise} \end{cases}"),
    ],
)  # fmt: skip
def test_a_rule_is_printed_with_the_parentheses_it_needs(text, python, c, javascript, latex):
    rule = Rule(text)
    assert FLOATS.text(rule) == python
    assert as_c(rule) == c
    assert as_javascript(rule) == javascript
    assert as_latex(rule.tree) == latex


def test_a_name_that_stands_only_in_reductions_is_a_sequence():
    rule = Rule("sum(w * x) + b")
    assert rule.names == ("w", "x", "b")
    assert rule.sequences == ("w", "x")
    assert [*map(str, rule.reductions[0][:3])] == ["sum0", "sum", "Rule('w * x')"]
    assert Rule("sum(x - y) + y").sequences == ("x",)
    assert as_latex(rule.tree) == r"\sum_i w_i \cdot x_i + b"


def test_a_partial_derivative_takes_an_item_outside_of_reductions_and_all_items_inside():
    rule = Rule("x / sum(x)", names=["x"], sequences=["x"])
    assert rule.sequences == ("x",)
    assert FLOATS.text(rule, each=["x"]) == "[x / sum0 for x in xs]"


def test_reductions_that_rules_share_are_computed_once():
    known: list = []
    one = Rule("max(x) + sum(x)", known=known)
    other = Rule("sum(x) * max(x) * sum(x - max(x))", known=known)
    assert [reduction.name for reduction in known] == ["max0", "sum1", "sum2"]
    assert [reduction.name for reduction in other.reductions] == ["sum1", "max0", "sum2"]
    assert one.reductions == (*known[:2],)


def test_a_reduction_must_be_over_a_sequence():
    with pytest.raises(
        RuleError, match=r"^rule 'x \+ sum\(x\)': sum must be over a sequence, got "
    ):
        Rule("x + sum(x)")


def test_the_term_of_a_sum_keeps_to_itself():
    assert as_latex(Rule("2 * sum(w + x)").tree) == (
        r"2 \left(\sum_i \left(w_i + x_i\right)\right)"
    )
    assert as_latex(Rule("1e150 * x + 2.5e-07").tree) == r"10^{150} \cdot x + 2.5 \cdot 10^{-7}"
    assert as_latex(Rule("sum(-out * x)").tree) == r"\sum_i -\mathit{out}_i \cdot x_i"


def test_a_power_is_a_factor_as_it_is():
    assert as_latex(Rule("x * y ** 2").tree) == r"x \cdot y^{2}"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("abs(x) ** 2", r"\left|x\right|^{2}"),
        ("sqrt(x) ** 2", r"\sqrt{x}^{2}"),
        ("sin(x) ** 2", r"\left(\sin x\right)^{2}"),
        ("exp(x) ** 2", r"\left(e^{x}\right)^{2}"),
        ("square(x) ** 2", r"\left(x^2\right)^{2}"),
        ("abs(x + 1)", r"\left|x + 1\right|"),
        ("expm1(x + 1)", r"\left(e^{x + 1} - 1\right)"),
        ("gauss(x + 1)", r"e^{-\left(x + 1\right)^2}"),
        ("sin(x + 1)", r"\sin \left(x + 1\right)"),
    ],
)
def test_a_function_that_encloses_its_argument_needs_no_parentheses(text, latex):
    assert as_latex(Rule(text).tree) == latex


class Odd:
    """A rule that nobody has checked."""

    tree = body = ast.parse("x[0] + 1", mode="eval").body


@pytest.mark.parametrize(
    "printer",
    [as_c, as_javascript, lambda rule: as_latex(rule.tree), lambda rule: as_text(rule.tree)],
)
def test_what_is_no_formula_is_not_printed_as_one(printer):
    with pytest.raises(AssertionError, match=r"^Subscript\(value=Name\(id='x'"):
        printer(Odd)


def test_the_ieee_form_divides_by_a_function():
    assert IEEE.text(Rule("1 / (x / y)")) == "divide(1.0, divide(x, y))"
    assert FLOATS.text(Rule("1 / (x / y)")) == "1.0 / (x / y)"


def test_statements_compute_the_value_as_an_operand_of_a_loop_or_without_one():
    assert FLOATS.statements(Rule("1 / x")) == ["out = 1.0 / x"]
    assert IEEE.statements(Rule("1 / x")) == ["out = divide(1.0, x)"]
    for arithmetic, term in ((FLOATS, "w / x"), (IEEE, "divide(w, x)")):
        assert arithmetic.statements(Rule("sum(w / x) + b")) == [
            "sum0 = -0.0 if ws else 0.0",
            "for w, x in zip(ws, xs):",
            f"    term = {term}",
            "    sum0 += term",
            "out = sum0 + b",
        ]


def test_over_sequences_a_rule_is_a_list():
    assert FLOATS.text(Rule("1 / x"), each=["x"]) == "[1.0 / x for x in xs]"
    assert FLOATS.text(Rule("w"), each=["w", "x"]) == "ws"
    assert FLOATS.text(Rule("1"), each=["w", "x"]) == "[1.0 for w, x in zip(ws, xs)]"


def test_a_rule_shows_its_text():
    assert repr(Rule("x * y")) == "Rule('x * y')"


def test_every_function_is_printed_in_every_language():
    for name, row in FUNCTIONS.items():
        inside = ", ".join("xy"[: row.arity])
        rule = Rule(f"{name}({inside})")
        assert FLOATS.text(rule) == f"{name}({inside})"
        assert re.fullmatch(rf"\w+\({inside}\)", as_c(rule))
        assert re.fullmatch(rf"(Math\.)?\w+\({inside}\)", as_javascript(rule))
        assert "x" in as_latex(rule.tree)
        assert name in IEEE.namespace(rule.tree)
        assert name in FLOATS.namespace(rule.tree)


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 - z * z", "name must be one of out, x, got 'z'"),
        ("exp(x, out)", "part must be a number of the rule language, got 'exp(x, out)'"),
        ("arctan2(x)", "part must be a number of the rule language, got 'arctan2(x)'"),
        ("sinus(x)", "function must be an elementary function of the table, got 'sinus'"),
        ("x +", "rule must be an expression, got 'x +'; invalid syntax"),
        ("", "rule must be an expression, got ''; invalid syntax"),
        ("x = 1", "rule must be an expression, got 'x = 1'; invalid syntax"),
        ("x.real", "part must be a number of the rule language, got 'x.real'"),
        ("x[0]", "part must be a number of the rule language, got 'x[0]'"),
        ("x % 2", "part must be a number of the rule language, got 'x % 2'"),
        ("x // 2", "part must be a number of the rule language, got 'x // 2'"),
        ("+x", "part must be a number of the rule language, got '+x'"),
        ("not x", "part must be a number of the rule language, got 'not x'"),
        ("x > 0", "part must be a number of the rule language, got 'x > 0'"),
        ("'x'", "part must be a number of the rule language, got \"'x'\""),
        ("True", "part must be a number of the rule language, got 'True'"),
        ("1j", "part must be a number of the rule language, got '1j'"),
        ("None", "part must be a number of the rule language, got 'None'"),
        ("lambda: x", "part must be a number of the rule language, got 'lambda: x'"),
        ("[x]", "part must be a number of the rule language, got '[x]'"),
        ("exp(x, x)", "part must be a number of the rule language, got 'exp(x, x)'"),
        ("exp()", "part must be a number of the rule language, got 'exp()'"),
        ("exp(x=x)", "part must be a number of the rule language, got 'exp(x=x)'"),
        (
            "__import__('os')",
            "function must be an elementary function of the table, got '__import__'",
        ),
        ("(exp)(x)(x)", "part must be a number of the rule language, got 'exp(x)(x)'"),
        ("1 if x else 2", "part must be a condition of the rule language, got 'x'"),
        ("1 if 0 < x < 1 else 2", "part must be a condition of the rule language, got '0 < x < 1'"),
        ("1 if x is 1 else 2", "part must be a condition of the rule language, got 'x is 1'"),
        ("1 if not x > 0 else 2", "part must be a condition of the rule language, got 'not x > 0'"),
        ("z if x > 0 else 1", "name must be one of out, x, got 'z'"),
        ("1 if x > 0 else z", "name must be one of out, x, got 'z'"),
        ("1 if z > 0 else 2", "name must be one of out, x, got 'z'"),
        ("1 if 0 > z else 2", "name must be one of out, x, got 'z'"),
        ("1 if x > 0 and x else 2", "part must be a condition of the rule language, got 'x'"),
        ("sum(sum(x))", "sum must be over a sequence, got 'sum0'"),
        ("sum(x, out, 1)", "part must be a number of the rule language, got 'sum(x, out, 1)'"),
    ],
)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # Python's own, about `x is 1`
def test_what_is_not_in_the_language_is_refused_by_name(text, message):
    if not message.startswith("rule must be an expression"):
        message = f"rule {text!r}: {message}"
    with pytest.raises(RuleError, match=f"^{re.escape(message)}"):
        Rule(text, names=["x", "out"])


def test_the_names_of_a_case_in_a_sum_are_all_sequences():
    rule = Rule("sum(v if w > x and y < z else u)", names="uvwxyz")
    assert set(rule.sequences) == set("uvwxyz")


def test_the_largest_float_is_a_number():
    assert FLOATS.text(Rule("1.7976931348623157e308")) == "1.7976931348623157e+308"


def test_a_rule_error_is_a_value_error():
    assert issubclass(RuleError, ValueError)


@pytest.mark.parametrize("text", ["1e400 * x", f"1{'0' * 400} * x"])
def test_a_number_that_no_float_holds_is_refused(text):
    with pytest.raises(
        RuleError, match=r"^rule '1\w+ \* x': number must be at most .*, got (inf|10+)"
    ):
        Rule(text)


LATEX = {
    **{name: rf"\{name} x" for name in ("arccos", "arcsin", "arctan", "cos", "cosh")},
    **{name: rf"\{name} x" for name in ("sin", "sinh", "tan", "tanh")},
    "abs": r"\left|x\right|",
    "arccosh": r"\operatorname{arcosh} x",
    "arcsinh": r"\operatorname{arsinh} x",
    "arctanh": r"\operatorname{artanh} x",
    "cbrt": r"\sqrt[3]{x}",
    "arctan2": r"\operatorname{arctan2}\left(x, y\right)",
    "erf": r"\operatorname{erf} x",
    "erfc": r"\operatorname{erfc} x",
    "exp": "e^{x}",
    "expm1": r"\left(e^{x} - 1\right)",
    "gauss": "e^{-x^2}",
    "log": r"\ln x",
    "log10": r"\log_{10} x",
    "log1p": r"\ln\left(1 + x\right)",
    "log2": r"\log_2 x",
    "sigmoid": r"\sigma\left(x\right)",
    "sqrt": r"\sqrt{x}",
    "square": "x^2",
    "upper": r"\operatorname{upper} x",
}


def test_functions_are_written_as_mathematicians_do():
    calls = {name: f"{name}({', '.join('xy'[: row.arity])})" for name, row in FUNCTIONS.items()}
    assert {name: as_latex(Rule(call).tree) for name, call in calls.items()} == LATEX


@pytest.mark.parametrize(
    ("factor", "latex"),
    [
        ("sqrt(x)", r"\sqrt{x} \left(1 - y\right)"),
        ("cbrt(x)", r"\sqrt[3]{x} \left(1 - y\right)"),
        ("abs(x)", r"\left|x\right| \left(1 - y\right)"),
        ("square(x)", r"x^2 \left(1 - y\right)"),
        ("exp(x)", r"e^{x} \left(1 - y\right)"),
        ("sin(x)", r"\sin x \cdot \left(1 - y\right)"),
        ("2 * sin(x)", r"2 \cdot \sin x \cdot \left(1 - y\right)"),
    ],
)
def test_a_parenthesis_is_not_taken_for_the_argument_of_a_function(factor, latex):
    """Where it could be, a sign stands before it."""
    assert as_latex(Rule(f"{factor} * (1 - y)").tree) == latex


def test_a_power_below_the_line_needs_no_parentheses():
    assert as_text(ast.parse("x / y ** 2", mode="eval").body) == "x/y²"


# --- signs and letters of mathematics ------------------------------------------------------------


@pytest.mark.parametrize(
    ("sign", "text", "latex"),
    [
        ("<", "<", "<"),
        ("<=", "≤", r"\le"),
        (">", ">", ">"),
        (">=", "≥", r"\ge"),
        ("==", "=", "="),
        ("!=", "≠", r"\ne"),
    ],
)
def test_a_comparison_has_the_sign_of_mathematics(sign, text, latex):
    tree = ast.parse(f"1 if x {sign} y else 0", mode="eval").body
    assert as_text(tree) == f"1 if x {text} y else 0"
    assert rf"\text{{if }} x {latex} y" in as_latex(tree)


SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega"
)
CAPITAL = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"


@pytest.mark.parametrize("name", [*SMALL.split(), *CAPITAL.split()])
def test_the_name_of_a_greek_letter_is_written_as_the_letter(name):
    size = "SMALL" if name.islower() else "CAPITAL"
    in_unicode = name.upper().replace("LAMBDA", "LAMDA")
    assert name_as_text(name) == unicodedata.lookup(f"GREEK {size} LETTER {in_unicode}")
    assert name_as_latex(name) == f"\\{name}"


@pytest.mark.parametrize(
    ("name", "latex"),
    [("du", r"\mathit{du}"), ("X ray", r"\text{X ray}"), ("été2", r"\text{été2}"), ("x", "x")],
)
def test_a_name_of_several_letters_is_no_product(name, latex):
    assert name_as_latex(name) == latex


def test_the_way_to_write_a_function_is_shared_and_cannot_be_changed():
    with pytest.raises(AttributeError, match="cannot assign to field 'latex'"):
        FUNCTIONS["exp"].latex = "e"

"""The rule language: what it takes, and what it prints."""

import ast
import ctypes
import json
import linecache
import math
import random
import re
import shutil
import subprocess
import sys
import traceback
import unicodedata
from fractions import Fraction

import pytest

from autograd_mini.table.arithmetic import FLOATS, IEEE, compile_function
from autograd_mini.table.code import as_c, as_javascript, prelude
from autograd_mini.table.elementary import ELEMENTARY as FUNCTIONS
from autograd_mini.table.names import name_as_latex, name_as_text
from autograd_mini.table.notation import Latex, Unicode
from autograd_mini.table.primitives import TABLE
from autograd_mini.table.rules import Rule, RuleError

as_latex, as_text = Latex().formula, Unicode().formula
ELEMENTARY = [row for row in TABLE if not row.nary]
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, 28.5, 1e-8, -1e-8, 37.0, -37.0, 710.0, -746.0,
    5e-324, 1e308, -1e308, math.inf, -math.inf, math.nan,
]  # fmt: skip


def points(arity: int) -> list[tuple[float, ...]]:
    """Return thousands of points: near, far, tiny, huge, and all pairs of special ones."""
    rng = random.Random(0)
    drawn: list[tuple[float, ...]] = []
    for _ in range(1000):
        drawn.append(tuple(rng.uniform(-1, 1) for _ in range(arity)))
        drawn.append(tuple(rng.uniform(-30, 30) for _ in range(arity)))
        drawn.append(
            tuple(rng.choice([-1, 1]) * 10 ** rng.uniform(-300, 300) for _ in range(arity))
        )
    if arity == 1:
        return drawn + [(x,) for x in SPECIAL]
    return drawn + [(x, y) for x in SPECIAL for y in SPECIAL]


# --- what is printed, in every language --------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "python", "c", "javascript", "latex"),
    [
        ("x - (y - z)", "x - (y - z)", "x - (y - z)", "x - (y - z)", r"x - \left(y - z\right)"),
        ("(x - y) - z", "x - y - z", "x - y - z", "x - y - z", "x - y - z"),
        ("x / (y * z)", "x / (y * z)", "x / (y * z)", "x / (y * z)", r"\frac{x}{y \cdot z}"),
        ("x * (y + 1)", "x * (y + 1.0)", "x * (y + 1.0)", "x * (y + 1.0)",
         r"x \left(y + 1\right)"),
        ("-(x + y)", "-(x + y)", "-(x + y)", "-(x + y)", r"-\left(x + y\right)"),
        ("x * -y", "x * -y", "x * -y", "x * -y", r"x \left(-y\right)"),
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


def test_a_sum_is_printed_as_a_loop_in_each_language():
    rule = Rule("sum(w * x) + b")
    assert rule.names == ("w", "x", "b")
    assert rule.sequences == ("w", "x")
    assert as_c(rule) == "total + b"
    assert as_c(rule.summand) == "w * x"
    assert as_javascript(rule) == "w.reduce((total, _, i) => total + w[i] * x[i], 0) + b"
    assert as_latex(rule.tree) == r"\sum_i w_i \cdot x_i + b"


def test_the_term_of_a_sum_keeps_to_itself():
    assert as_latex(Rule("2 * sum(w + x)").tree) == (
        r"2 \left(\sum_i \left(w_i + x_i\right)\right)"
    )
    assert as_javascript(Rule("sum(w + x)")).startswith(
        "w.reduce((total, _, i) => total + (w[i] + "
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

    tree = ast.parse("x[0] + 1", mode="eval").body


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
            "total = -0.0 if ws else 0.0",
            "for w, x in zip(ws, xs):",
            f"    total += {term}",
            "out = total + b",
        ]


def test_over_sequences_a_rule_is_a_list():
    assert FLOATS.text(Rule("1 / x"), each=["x"]) == "[1.0 / x for x in xs]"
    assert FLOATS.text(Rule("w"), each=["w", "x"]) == "ws"
    assert FLOATS.text(Rule("1"), each=["w", "x"]) == "[1.0 for w, x in zip(ws, xs)]"


def test_a_rule_shows_its_text():
    assert repr(Rule("x * y")) == "Rule('x * y')"


def test_every_function_is_printed_in_every_language():
    for name in FUNCTIONS:
        rule = Rule(f"{name}(x)")
        assert FLOATS.text(rule) == f"{name}(x)"
        assert re.fullmatch(r"\w+\(x\)", as_c(rule))
        assert re.fullmatch(r"(Math\.)?\w+\(x\)", as_javascript(rule))
        assert "x" in as_latex(rule.tree)
        assert name in IEEE.namespace(rule.tree)
        assert name in FLOATS.namespace(rule.tree)


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 - z * z", "unknown name 'z' in '1 - z * z'"),
        ("sinus(x)", "unknown function 'sinus' in 'sinus(x)'"),
        ("x +", "not an expression: 'x +' (invalid syntax)"),
        ("", "not an expression: '' (invalid syntax)"),
        ("x = 1", "not an expression: 'x = 1' "),
        ("x.real", "'x.real' is not a number of the rule language in 'x.real'"),
        ("x[0]", "'x[0]' is not a number of the rule language"),
        ("x % 2", "'x % 2' is not a number of the rule language"),
        ("x // 2", "'x // 2' is not a number of the rule language"),
        ("+x", "'+x' is not a number of the rule language"),
        ("not x", "'not x' is not a number of the rule language"),
        ("x > 0", "'x > 0' is not a number of the rule language"),
        ("'x'", "\"'x'\" is not a number of the rule language"),
        ("True", "'True' is not a number of the rule language"),
        ("1j", "'1j' is not a number of the rule language"),
        ("None", "'None' is not a number of the rule language"),
        ("lambda: x", "'lambda: x' is not a number of the rule language"),
        ("[x]", "'[x]' is not a number of the rule language"),
        ("exp(x, x)", "'exp(x, x)' is not a number of the rule language"),
        ("exp()", "'exp()' is not a number of the rule language"),
        ("exp(x=x)", "'exp(x=x)' is not a number of the rule language"),
        ("__import__('os')", "unknown function '__import__'"),
        ("(exp)(x)(x)", "'exp(x)(x)' is not a number of the rule language"),
        ("1 if x else 2", "'x' is not a condition of the rule language in '1 if x else 2'"),
        ("1 if 0 < x < 1 else 2", "'0 < x < 1' is not a condition of the rule language"),
        ("1 if x is 1 else 2", "'x is 1' is not a condition of the rule language"),
        ("1 if not x > 0 else 2", "'not x > 0' is not a condition of the rule language"),
        ("z if x > 0 else 1", "unknown name 'z' in 'z if x > 0 else 1'"),
        ("1 if x > 0 else z", "unknown name 'z' in '1 if x > 0 else z'"),
        ("1 if z > 0 else 2", "unknown name 'z' in '1 if z > 0 else 2'"),
        ("1 if 0 > z else 2", "unknown name 'z' in '1 if 0 > z else 2'"),
        ("1 if x > 0 and x else 2", "'x' is not a condition of the rule language in '1 if x"),
        ("sum(sum(x))", "unknown function 'sum' in 'sum(sum(x))'"),
        ("sum(x) * sum(x)", "a second sum in 'sum(x) * sum(x)'"),
    ],
)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # Python's own, about `x is 1`
def test_what_is_not_in_the_language_is_refused_by_name(text, message):
    with pytest.raises(RuleError, match="^" + re.escape(message)):
        Rule(text, names=["x", "out"])


def test_the_names_of_a_case_in_a_sum_are_all_sequences():
    rule = Rule("sum(v if w > x and y < z else u)", names="uvwxyz")
    assert set(rule.sequences) == set("uvwxyz")


def test_the_largest_float_is_a_number():
    assert FLOATS.text(Rule("1.7976931348623157e308")) == "1.7976931348623157e+308"


def test_a_rule_error_is_a_value_error():
    assert issubclass(RuleError, ValueError)


# --- what is compiled ----------------------------------------------------------------------------


def test_the_functions_raise_or_follow_ieee_754():
    with pytest.raises(ValueError, match="domain"):
        FLOATS.function(Rule("log(x)"))(0.0)
    assert IEEE.function(Rule("log(x)"))(0.0) == -math.inf


@pytest.mark.parametrize("arithmetic", [FLOATS, IEEE])
def test_the_upper_half_of_the_bits_has_an_exact_square(arithmetic):
    upper = arithmetic.function(Rule("upper(x)"))
    rng = random.Random(0)
    for x in (rng.uniform(-30, 30) for _ in range(100)):
        half = upper(x)
        assert abs(half - x) <= abs(x) * 2**-26
        assert Fraction(half * half) == Fraction(half) ** 2


def test_the_way_to_write_a_function_is_shared_and_cannot_be_changed():
    with pytest.raises(AttributeError, match="cannot assign to field 'latex'"):
        FUNCTIONS["exp"].latex = "e"


def test_a_traceback_names_the_operation_and_numbers_those_of_one_name():
    for number in ("", " 1", " 2"):
        made = compile_function("def triplet(): pass", name="triplet", namespace={})
        assert made.__code__.co_filename == f"<autograd_mini triplet{number}>"


def test_generated_code_shows_in_tracebacks():
    source = "def inverse(x):\n    return 1.0 / x\n"
    inverse = compile_function(source, name="inverse", namespace={})
    with pytest.raises(ZeroDivisionError) as caught:
        inverse(0.0)
    assert "return 1.0 / x" in "".join(traceback.format_exception(caught.value))


def test_two_functions_of_one_name_keep_their_own_lines():
    functions = [
        compile_function(f"def twin(x):\n    return {n} / x\n", name="twin", namespace={})
        for n in (1, 2)
    ]
    for n, function in enumerate(functions, start=1):
        filename = function.__code__.co_filename
        assert filename.startswith("<autograd_mini twin")
        assert linecache.getline(filename, 2) == f"    return {n} / x\n"
        linecache.checkcache()  # which forgets files that are not on the disk
        assert linecache.getline(filename, 2) == f"    return {n} / x\n"


# --- C and JavaScript run ------------------------------------------------------------------------


def same(one: float, other: float) -> bool:
    return one.hex() == other.hex()


def c_source() -> str:
    functions = ["#include <math.h>\n", prelude("c")]
    for row in ELEMENTARY:
        lines = [
            f"void row_{row.name}(long n, const double *xs, const double *ys,",
            "    double *outs, double *dxs, double *dys) {",
            "  for (long i = 0; i < n; i++) {",
            "    double x = xs[i], y = ys[i]; (void)y;",
            f"    double out = outs[i] = {as_c(row.value)};  (void)out;",
            *(f"    d{o}s[i] = {as_c(rule)};" for o, rule in row.partials.items()),
            "  }",
            "}\n",
        ]
        functions.append("\n".join(lines))
    return "".join(functions)


@pytest.fixture(scope="module")
def c_library(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("there is no C compiler on the PATH")
    folder = tmp_path_factory.mktemp("c")
    (folder / "rows.c").write_text(c_source())
    flags = ["-O2", "-ffp-contract=off", "-Wall", "-Werror", "-shared", "-fPIC"]
    command = [compiler, *flags, str(folder / "rows.c"), "-o", str(folder / "rows.so"), "-lm"]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(folder / "rows.so"))


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_the_c_text_computes_the_same_bits(row, c_library):
    at = points(len(row.operands))
    array = ctypes.c_double * len(at)
    columns = [array(*column) for column in zip(*at, strict=True)]
    results = [array() for _ in range(3)]
    function = getattr(c_library, f"row_{row.name}")
    function(ctypes.c_long(len(at)), columns[0], columns[-1], *results)
    for number, operands in enumerate(at):
        out, partials = row.evaluate(*operands)
        assert same(results[0][number], out), operands
        if out == out:  # a NaN value makes every partial a NaN by definition
            computed = [result[number] for result in results[1 : 1 + len(partials)]]
            assert all(map(same, computed, partials)), (operands, computed, partials)


JAVASCRIPT = """
const rows = {%s};
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answers = {};
for (const [name, points] of Object.entries(asked))
  answers[name] = points.map((point) => rows[name](...point.map(Number)).map(String));
console.log(JSON.stringify(answers));
"""


@pytest.fixture(scope="module")
def javascript_answers(tmp_path_factory):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on the PATH")
    rows = []
    for row in ELEMENTARY:
        partials = ", ".join(as_javascript(rule) for rule in row.partials.values())
        body = f"const out = {as_javascript(row.value)}; return [out, {partials}];"
        rows.append(f"{row.name}: ({', '.join(row.operands)}) => {{ {body} }}")
    script = tmp_path_factory.mktemp("javascript") / "rows.js"
    script.write_text(prelude("javascript") + JAVASCRIPT % ",\n".join(rows))
    asked = {
        row.name: [
            [repr(x) if math.isfinite(x) else in_javascript(x) for x in at]
            for at in points(len(row.operands))
        ]
        for row in ELEMENTARY
    }
    run = subprocess.run(
        [node, str(script)], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def in_javascript(x: float) -> str:
    return "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_the_javascript_text_computes_nearly_the_same(row, javascript_answers):
    answers = javascript_answers[row.name]
    for operands, answer in zip(points(len(row.operands)), answers, strict=True):
        computed = [float(text.replace("Infinity", "inf")) for text in answer]
        out, partials = row.evaluate(*operands)
        if out != out:
            assert computed[0] != computed[0], operands
            continue
        for got, expected in zip(computed, (out, *partials), strict=True):
            agree = math.isclose(got, expected, rel_tol=1e-13, abs_tol=sys.float_info.min)
            assert agree or (got != got and expected != expected), (operands, got, expected)


@pytest.mark.parametrize("text", ["1e400 * x", f"1{'0' * 400} * x"])
def test_a_number_that_no_float_holds_is_refused(text):
    with pytest.raises(RuleError, match="a number too large for a float in"):
        Rule(text)


LATEX = {
    **{name: rf"\{name} x" for name in ("arccos", "arcsin", "arctan", "cos", "cosh")},
    **{name: rf"\{name} x" for name in ("sin", "sinh", "tan", "tanh")},
    "abs": r"\left|x\right|",
    "arccosh": r"\operatorname{arcosh} x",
    "arcsinh": r"\operatorname{arsinh} x",
    "arctanh": r"\operatorname{artanh} x",
    "cbrt": r"\sqrt[3]{x}",
    "erf": r"\operatorname{erf} x",
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
    assert {name: as_latex(Rule(f"{name}(x)").tree) for name in FUNCTIONS} == LATEX


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

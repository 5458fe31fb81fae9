import ast
import builtins
import math
import operator
import random
import re
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.soak import soaking

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.command.formula import Formula, FormulaError
from autograd_mini.command.main import run as main
from autograd_mini.table.primitives import TABLE

numbers = st.floats(0.1, 3.0)


@given(numbers, numbers)
def test_a_formula_computes_what_python_would(x, y):
    text = "-x**y / (2 + y) * +3 - exp(x) + maximum(x, y)"
    expected = -(x**y) / (2 + y) * 3 - math.exp(x) + max(x, y)
    assert Formula(text).value({"x": Value(x), "y": Value(y)}).data == expected


def test_a_formula_builds_the_graph_that_the_same_python_builds():
    x = Value(0.3, name="x")
    node = Formula("sigmoid(2*x)").value({"x": x})
    assert (node.op.name, node.operands[0].op.name) == ("sigmoid", "mul")
    assert node.operands[0].operands == (2.0, x)


@pytest.mark.parametrize("name", ["__debug__", "apply", "__builtins__", "_"])
def test_a_name_that_means_something_to_python_is_a_name_like_others(name):
    x = Value(3.0)
    assert Formula(f"{name} * {name} + 1").value({name: x}).data == 10.0


def test_names_come_in_order_of_appearance_and_once():
    assert Formula("b + w*x + b").names == ("b", "w", "x")


def test_every_function_among_the_primitives_can_be_called():
    for row in TABLE:
        if hasattr(ag, row.name) and not row.nary:
            operands = ["x", "1.5"][: len(row.operands)]
            x = Value(1.0 if row.name in ("arccosh", "arcsin", "arccos") else 0.5)
            if row.name == "arccosh":
                x = Value(1.5)
            node = Formula(f"{row.name}({', '.join(operands)})").value({"x": x})
            assert node.op is row


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("abs(-x)", 0.5),
        ("linear(x)", 0.5),
        ("leaky_relu(-x)", -0.005),
        ("leaky_relu(-x, 0.2)", -0.1),
        ("sum(x, 1, x)", 2.0),
        ("mean(x, 1.5)", 1.0),
        ("logsumexp(x, x)", 0.5 + math.log(2)),
        ("2**3*x", 4.0),
        ("4**0.5 - 3/2 - 1 + x", 0.0),
    ],
)
def test_value(text, value):
    assert Formula(text).value({"x": Value(0.5)}).data == value


def test_the_text_of_every_part_is_told():
    expressions = {}
    x = Value(1.0)
    result = Formula("exp(x + 1)").value({"x": x}, expressions=expressions)
    assert expressions == {result: "exp(x + 1)", result.operands[0]: "x + 1"}


HUGE_INTEGER = "formula: number must be a float, or an int that a float holds exactly, got 0xf.*"


@pytest.mark.parametrize("text", ["x*{0}", "x**-{0}", "sum(x, {0})", "{0} + x", "{0}"])
def test_a_number_that_python_does_not_write_in_decimal_is_called_what_it_is(text):
    with pytest.raises(FormulaError, match=f"^{HUGE_INTEGER}$"):
        Formula(text.format("0x" + "f" * 5000))
    with pytest.raises(FormulaError, match=r"value has 5000 digits$"):
        Formula(text.format("9" * 5000))


PART = (
    r"each part of a formula must be a number, a name, one of \+ - \* / \*\*, "
    "or a function of the library, got "
)
NO_FUNCTION = "function must be one that a formula may have, got "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x +", r"formula must be a Python expression, got 'x \+'; invalid syntax"),
        ("", "formula must be a Python expression, got ''; invalid syntax"),
        ("x.real", PART + "'x.real'"),
        ("x[0]", PART + r"'x\[0\]'"),
        ("__import__('os').system('true')", PART + ".*"),
        ("__import__('os')", NO_FUNCTION + "'__import__'; there are abs, .*, tanh"),
        ("lambda: x", PART + "'lambda: x'"),
        ("x if x > 0 else 1", PART + "'x if x > 0 else 1'"),
        ("0xfor x", "formula must be a Python expression, got '0xfor x'; .*"),  # Python only warns
        ("x\0", r"formula must be (a Python expression|text), got 'x\\x00'.*"),
        ("x // 2", PART + "'x // 2'"),
        ("x @ x", PART + "'x @ x'"),
        ("~x", PART + "'~x'"),
        ("not x", PART + "'not x'"),
        ("True * x", PART + "'True'"),
        ("1j * x", PART + "'1j'; .*"),
        ("'x'", PART + "\"'x'\""),
        ("(y := 1) + x", PART + "'y := 1'"),
        ("[x]", PART + r"'\[x\]'"),
        ("f(x)", NO_FUNCTION + "'f'; there are abs, .*, tanh"),
        ("exp(x, 1)", "exp: number of operands must be 1, got 2"),
        ("hypot(x)", "hypot: number of operands must be 2, got 1"),
        ("maximum()", "maximum: number of operands must be 1, got 0"),
        ("leaky_relu(x, 1, 2)", "leaky_relu: number of operands must be 1 or 2, got 3"),
        ("sum()", "sum: number of operands must be 1 or more, got 0"),
        ("exp(x=1)", PART + r"'exp\(x=1\)'"),
        ("exp(*x)", PART + r"'\*x'"),
        (
            "exp + x",
            r"the function exp must be called, got its name alone; write exp\(…\)",
        ),
        ("²√x", "formula must be a Python expression, got '²√x'; invalid character .*"),
        ("2₁ + x", "formula must be a Python expression, got '2₁ \\+ x'; invalid character .*"),
        ("1e5₁ + x", "formula must be a Python expression, got '1e5₁ \\+ x'; invalid .*"),
        ("w₁ + x.real", PART + "'x.real'"),
        ("(x,)", PART + r"'\(x,\)'"),
        ("()", PART + r"'\(\)'"),
        ("exp(,)", "formula must be a Python expression, got 'exp\\(,\\)'; invalid syntax"),
        ("x + # a comment", "formula must be a Python expression, got .*; invalid syntax"),
        ("(x) # a comment", PART + "'# a comment'"),
        (
            "(" * 201 + "x" + ")" * 201,
            "formula: number of parentheses inside each other must be at most 200, got 201",
        ),
        ("x+" * 6_000, "formula must be a Python expression, got 'x.*; invalid syntax"),
    ],
)
def test_what_is_no_formula_is_refused(text, message):
    with pytest.raises(FormulaError, match=f"^{message}$"):
        Formula(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+".join(["x"] * 5_000), 2_500.0),
        ("-".join(["x"] * 5_000), -2_499.0),
        ("0" + "+x-x" * 2_500, 0.0),
        ("*".join(["x"] * 5_000) + "+1", 1.0),
        ("x" + "/2*2" * 2_500, 0.5),
        ("-" * 5_000 + "x", 0.5),
        ("-" * 5_001 + "x", -0.5),
        ("+" * 5_000 + "x", 0.5),
        ("2**-1**" * 2_500 + "x", 0.5),
        ("exp(" + "+".join(["x"] * 5_000) + "- 2500)", 1.0),
        ("sum(" + ", ".join(["x*2"] * 5_000) + ")", 5_000.0),
        ("(" * 200 + "x" + ")" * 200, 0.5),
    ],
)
def test_a_formula_may_have_thousands_of_parts(text, value):
    expressions = {}
    found = Formula(text).value({"x": Value(0.5)}, expressions=expressions)
    assert found.data == value
    assert all(len(part) <= 60 for part in expressions.values())


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("w₁*x₁₂", "w1*x12"),
        ("\u00b5*2", "\u03bc*2"),
        ("ﬁ + ϕ", "fi + φ"),
        ("e\u0301", "é"),
        ("ｅｘｐ(x₂)", "exp(x2)"),
    ],
)
def test_names_are_those_that_python_reads_and_may_have_subscripts(text, same):
    assert Formula(text).names == Formula(same).names


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("-x**2", ["x**2", "-x**2"]),
        ("(-x)**2", ["-x", "(-x)**2"]),
        ("x**-x", ["-x", "x**-x"]),
        ("(x**x)**x", ["x**x", "(x**x)**x"]),
        ("x-(x+x)*2", ["x+x", "(x+x)*2", "x-(x+x)*2"]),
        ("x/(x*x)/x", ["x*x", "x/(x*x)", "x/(x*x)/x"]),
        ("exp( x ,)", ["exp( x ,)"]),
        ("-(\nx\n*2) + 1", ["x *2", "-( x *2)", "-( x *2) + 1"]),
        ("mean(x, -x, 2)", ["-x", "x + -x + 2", "mean(x, -x, 2)"]),
    ],
)
def test_the_text_of_a_part_is_what_was_typed(text, parts):
    expressions = {}
    Formula(text).value({"x": Value(0.5)}, expressions=expressions)
    assert list(expressions.values()) == parts


def test_a_name_without_a_number_is_reported():
    with pytest.raises(FormulaError, match=r"^y must be given a number, got none; write y=NUMBER$"):
        Formula("x + y").value({"x": Value(1.0)})


def test_a_formula_of_numbers_alone_is_refused():
    message = "formula must be an expression with a name to differentiate by, got '1 + 2'"
    with pytest.raises(FormulaError, match=f"^{re.escape(message)}$"):
        Formula("1 + 2").value({})


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("x^2", "x**2"),
        ("2x", "2*x"),
        ("2(x + 1)", "2*(x + 1)"),
        ("1.5e3x", "1.5e3*x"),
        ("(x + 1)(x - 1)", "(x + 1)*(x - 1)"),
        ("w x y", "w*x*y"),
        ("3 x", "3*x"),
        ("2π", "2*π"),
        ("x²", "x**2"),
        ("x²(y)", "x**2*(y)"),
        ("x¹⁰", "x**10"),
        ("x·y", "x*y"),
        ("2·x × y", "2*x * y"),
        ("x ÷ y − 1", "x / y - 1"),
        ("max(x, 3)", "maximum(x, 3)"),
        ("min(x, 3)", "minimum(x, 3)"),
        ("ln(x)", "log(x)"),
        ("ReLU(x)", "relu(x)"),
        ("σ(x)", "sigmoid(x)"),
        ("sigmod(x)", "sigmoid(x)"),
        ("asin(x) + arsinh(x)", "arcsin(x) + arcsinh(x)"),
        ("np.exp(x) - math.sqrt(x)", "exp(x) - sqrt(x)"),
        ("y = x**2", "x**2"),
        ("f(x) = 2x^2", "2*x**2"),
        ("σ(w₁x + b)² + ln (x)", "sigmoid(w₁x + b)**2 + log (x)"),
    ],
)
def test_what_other_notations_mean_is_suggested_and_can_be_computed(text, meant):
    with pytest.raises(FormulaError, match=rf'; did you mean "{re.escape(meant)}"\?$'):
        Formula(text)
    assert Formula(meant).names


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("max(x, y, z)", 'did you mean "maximum(x, y, z)"?'),
        ("pow(x, 2)", "did you mean x**y?"),
        ("softmax(x)", "did you mean exp(x - logsumexp(x, y))?"),
        ("x + x(x + 1)", "write x*(…) for a product"),
        ("pi(x + 1)", "write pi*(…) for a product"),
    ],
)
def test_what_stands_for_a_function_is_told_where_no_name_replaces_it(text, way_out):
    with pytest.raises(FormulaError, match=re.escape(way_out) + "$"):
        Formula(text)


@pytest.mark.parametrize(
    "text", ["sin x", "ln x", "x^", "x!", "2^3", "x=3", "0x1Fg", "x.y", "f(x)", "x^2 +", "**2"]
)
def test_nothing_is_suggested_that_is_no_formula_or_means_something_else(text):
    with pytest.raises(FormulaError, match=r"(?s)^(?!.*did you mean)"):
        Formula(text)


def test_of_a_long_formula_the_part_is_suggested_that_differs():
    with pytest.raises(FormulaError, match=r'; did you mean "….*\+ x \+ y\*\*2 \+ x.*…"\?$'):
        Formula("x + " * 200 + "y^2" + " + x" * 200)


@pytest.mark.parametrize(
    "text",
    ["x" * 20_000 + "^", "2x" * 10_000, "(" * 150 + "x^" * 9_000, "²" * 9_000, "σ" * 9_000 + "^"],
)
def test_what_can_not_be_read_is_refused_at_once(text):
    start = time.perf_counter()
    with pytest.raises(FormulaError):
        Formula(text)
    assert time.perf_counter() - start < 5


def test_pi_and_e_are_numbers_unless_they_are_given():
    x = Value(2.0)
    assert Formula("pi*x + e").value({"x": x}).data == math.pi * 2.0 + math.e
    assert Formula("π*x").value({"x": x}).data == math.pi * 2.0
    e = Value(5.0)
    result = Formula("e*x").value({"x": x, "e": e})
    assert result.operands == (e, x)


def test_numbers_alone_never_become_complex():
    with pytest.raises(ag.DomainError, match="pow"):
        Formula("(-2)**0.5 * x").value({"x": Value(1.0)})


# --- whatever is typed ---------------------------------------------------------------------------


def folded(*xs):
    total = -0.0
    for x in xs:
        total += x
    return total


def log_of_exponentials(*xs):
    top = max(xs)
    others = [x for i, x in enumerate(xs) if i != xs.index(top)]
    return top + math.log1p(folded(*(math.exp(x - top) for x in others)) if others else 0.0)


def product(*xs):
    total = 1.0
    for x in xs:
        total *= x
    return total


LIKE_MATH = "cbrt cos cosh erf erfc exp exp2 expm1 log log10 log1p log2 sin sinh sqrt tan tanh"
INVERSE = "cos cosh sin sinh tan tanh"


def as_here(f):
    """Return a function of the library: Python's own differs from it in the last digit."""

    def compute(*xs):
        with ag.errstate(nonfinite="ignore"):
            return f(*xs)

    return compute


PLAIN = {
    **{name: getattr(math, name) for name in LIKE_MATH.split()},
    **{f"arc{name}": getattr(math, f"a{name}") for name in INVERSE.split()},
    "abs": abs,
    "arctan2": math.atan2,
    "clip": lambda x, low, high: min(max(x, low), high),
    "elu": lambda x, slope=1.0: x if x > 0 else slope * math.expm1(x),
    "gelu": lambda x: x * math.erfc(-x * math.sqrt(0.5)) / 2,
    "hypot": as_here(ag.hypot),
    "leaky_relu": lambda x, slope=0.01: x if x > 0 else slope * x,
    "linear": lambda x: x,
    "logaddexp": lambda x, y: log_of_exponentials(y, x),
    "logsumexp": log_of_exponentials,
    "maximum": max,
    "mean": lambda *xs: folded(*xs) / len(xs),
    "minimum": min,
    "norm": as_here(lambda *xs: ag.norm(xs)),
    "norm_cdf": lambda x: math.erfc(-x * math.sqrt(0.5)) / 2,
    "norm_pdf": as_here(ag.norm_pdf),
    "prod": product,
    "relu": lambda x: 0.0 if x <= 0 else x,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x)),
    "silu": lambda x: x * PLAIN["sigmoid"](x),
    "softplus": lambda x: x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x)),
    "square": lambda x: x * x,
    "step": lambda x: 1.0 if x >= 0 else 0.0,
    "sum": folded,
}
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


class UndefinedError(Exception):
    """Python has no finite real number for an operation."""


class InfiniteError(Exception):
    """A constant is not finite, of which Python's functions and the library's make different."""


def computed_by_python(node, numbers):
    """Return what Python's own floats make of a formula."""
    match node:
        case ast.Constant(value=value):
            result = float(value)
            if not math.isfinite(result):
                raise InfiniteError
            return result
        case ast.Name(id=name):
            return numbers[name]
        case ast.Call(func=ast.Name(id=name), args=arguments):
            function = PLAIN[name]
        case ast.BinOp(left=left, op=op, right=right):
            function, arguments = OPERATIONS[type(op)], [left, right]
        case ast.UnaryOp(op=op, operand=operand):
            function, arguments = OPERATIONS[type(op)], [operand]
    operands = [computed_by_python(one, numbers) for one in arguments]
    try:
        result = function(*operands)
    except (ArithmeticError, ValueError):
        raise UndefinedError from None
    if isinstance(result, complex) or not math.isfinite(result):
        raise UndefinedError
    return result


NAMES = "x y z σ ｘ é ﬁ x1 _ __debug__ inf nan boom x.boom boom(x) __import__('os') exec('boom()')"
KEYWORDS = "True None if else and or not in is lambda for await yield"
PUNCTUATION = "( ) [ ] { } ( ) ( ) : := . .. ... , ; ! ? @ // % & | ^ ~ << == != < > = -> \\"
ARITHMETIC = "+ - * / ** + - * / ** ' \" ''' f' b' # $ `"
CONSTANTS = (
    "0 1 2 3 0.5 1e3 1e-300 1e308 1e999 .5 5. 1_0 0x1F 0b1 1j 007 1or 0xfor 9007199254740993"
)
ODD = [
    *["1" + "0" * 400, "9" * 5000, " ", "\t", "\n", "\r", "\0", "\x0c", "\ufeff", "\u2028"],
    *["\u00a0", "\ud800", "\udcff", "\U0001f600", "e\u0301"],
]
WORDS = [*PLAIN, *ODD]
for words in (NAMES, KEYWORDS, PUNCTUATION, ARITHMETIC, CONSTANTS):
    WORDS += words.split()


def soup(rng):
    return rng.choice(["", " "]).join(rng.choices(WORDS, k=rng.randint(0, 12)))


def valid(rng, depth=4):
    """Return a formula that can be read, though it may have no value."""
    kind = rng.randrange(10) if depth else rng.randrange(3)
    if kind < 2:
        return rng.choice(["x", "y", "σ", "ｘ"])
    if kind == 2:
        return rng.choice(["0", "1", "2", "0.5", "3.25", "1e-3", "1e150", "1_0", "0x1F", ".5"])
    if kind == 3:
        return rng.choice("+-") + valid(rng, depth - 1)
    if kind < 7:
        name = rng.choice(sorted(PLAIN))
        most = {"maximum": 2, "minimum": 2, "leaky_relu": 2, "sum": 4, "mean": 4, "logsumexp": 3}
        least = 2 if name in ("maximum", "minimum") else 1
        operands = [valid(rng, depth - 1) for _ in range(rng.randint(least, most.get(name, 1)))]
        return f"{name}({', '.join(operands)})"
    left, right = valid(rng, depth - 1), valid(rng, depth - 1)
    return f"({left}) {rng.choice(list(SIGNS.values()))} ({right})"


def mutated(rng):
    """Return a formula with a few characters or words put in, taken out or doubled."""
    text = valid(rng)
    for _ in range(rng.randint(1, 3)):
        at, length = rng.randint(0, len(text)), rng.randint(0, 4)
        put = rng.choice(["", "", rng.choice(WORDS), rng.choice("()+-*/.,x0 "), text[at:]])
        text = text[:at] + put + text[at + length :]
    return text


DEEP = [
    *[("(", "x", ")"), ("-", "x", ""), ("exp(", "x", ")"), ("", "x", "+x"), ("x**", "x", "")],
    *[("", "x", ".x"), ("", "x", "(x)"), ("[", "x", "]"), ("x+(", "x", ")"), ("(", "", "")],
]


def deep(rng):
    count = rng.choice([5, 50, 190, 210, 500, 1_000, 20_000])
    start, middle, end = rng.choice(DEEP)
    return start * count + middle + end * count


def typed(rng):
    return rng.choices([soup, valid, mutated, deep], weights=[40, 30, 28, 2])[0](rng)


NUMBERS = [0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 0.1, 700.0, 1e-200, -1e200]


def in_python(text, numbers):
    """Return what a formula is in Python: a number, or why it is none."""
    try:
        line = re.sub(r"[\t\n\f\r]", " ", text.strip())  # lines may end anywhere in a formula
        return computed_by_python(ast.parse(line, mode="eval").body, numbers)
    except UndefinedError:
        return "undefined"
    except InfiniteError:
        return "whatever"
    except (MemoryError, RecursionError):
        return "too deep"


def in_the_library(formula, numbers):
    """Return what it is here, and the text of the error."""
    try:
        value = formula.value({name: Value(x) for name, x in numbers.items()})
    except ag.DomainError as error:
        return "undefined", str(error)
    except FormulaError as error:
        return "refused", str(error)
    return value.data, ""


def check_typed(text, rng):
    """Check that a text is refused in one line, or means what it does in Python; return which."""
    try:
        formula = Formula(text)
    except FormulaError as error:
        found, message = "refused", str(error)
    else:
        numbers = {name: rng.choice(NUMBERS) for name in formula.names}
        found, message = in_the_library(formula, numbers)
        expected = in_python(text, numbers)
        if found == "refused":
            assert not numbers
        else:
            assert found == expected or expected in ("whatever", "too deep")
    assert "\n" not in message
    return found if message else "computed"


@pytest.fixture
def boom(monkeypatch):
    """A function that Python would find under its name, and that no formula may reach."""
    called = []
    monkeypatch.setattr(builtins, "boom", lambda *_: called.append(1), raising=False)
    yield
    assert called == []


def test_the_functions_of_formulas_are_those_that_are_computed_here():
    with pytest.raises(FormulaError) as raised:
        Formula("f(x)")
    assert str(raised.value) == f"{NO_FUNCTION}'f'; there are {', '.join(sorted(PLAIN))}"


@pytest.mark.usefixtures("boom")
@pytest.mark.parametrize("count", [1_000, soaking(10_000)])
def test_any_text_is_refused_in_one_line_or_computed_as_python_would(count):
    rng = random.Random(count)
    met = Counter()
    for _ in range(count):
        text = typed(rng)
        try:
            met[check_typed(text, rng)] += 1
        except BaseException as error:
            error.add_note(f"the text was {text!r:.500}")
            raise
    assert min(met[kind] for kind in ("refused", "computed", "undefined")) >= count // 25


@pytest.mark.usefixtures("boom")
@pytest.mark.parametrize("count", [200, soaking(2_000)])
def test_any_text_on_the_command_line_is_a_table_or_one_line_of_error(count, capsys):
    rng = random.Random(count)
    codes = Counter()
    for _ in range(count):
        text = typed(rng)
        try:
            names = Formula(text).names
        except FormulaError:
            names = ["x"]
        assignments = [f"{name}={rng.choice(NUMBERS)}" for name in names]
        code = main(["draw", "--", text, *assignments])
        out, error = capsys.readouterr()
        codes[code] += 1
        if code == 0:
            assert error == ""
            assert out.count("\n") > 2
        else:
            assert code == 2
            assert out == ""
            assert error.startswith("autograd-mini draw: error: ")
            assert error.endswith("\n")
            assert error.count("\n") == 1, text
    assert min(codes[0], codes[2]) > count // 20


def test_a_wrong_part_is_named_however_long_the_formula_is():
    """Python's own parser, which names the part best, reads no formula that is as long as this."""
    with pytest.raises(FormulaError, match=rf"^{PART}'x?\.real'$"):
        Formula("x+" * 6_000 + "x.real")

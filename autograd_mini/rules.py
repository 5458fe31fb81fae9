"""The rule language: one-line formulas, checked, then printed as Python, C, JavaScript and LaTeX.

A rule is a Python expression made of numbers, names, ``+ - * / **``, comparisons,
``a if condition else b``, ``and``, ``or`` and calls to `FUNCTIONS`. A rule over many operands
has one ``sum(term)``; the names inside it stand for sequences of equal length.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from autograd_mini.ieee import RAISING, TOTAL, divide

__all__ = ["FUNCTIONS", "Function", "Rule", "RuleError", "compile_function", "namespace", "prelude"]

Language = Literal["c", "javascript"]


class RuleError(ValueError):
    """A formula is not in the rule language; the message quotes it."""


@dataclass(frozen=True)
class Function:
    """How a function of the rule language is written elsewhere.

    A built-in function has the name of the target's own library; a defined one has a
    ``definition``, itself a rule in ``x``, from which every language gets its version.
    """

    latex: str
    c: str = ""
    javascript: str = ""
    definition: str = ""


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function(r"\left|{}\right|", "fabs", "Math.abs"),
    "arccos": Function(r"\arccos {}", "acos", "Math.acos"),
    "arccosh": Function(r"\operatorname{{arcosh}} {}", "acosh", "Math.acosh"),
    "arcsin": Function(r"\arcsin {}", "asin", "Math.asin"),
    "arcsinh": Function(r"\operatorname{{arsinh}} {}", "asinh", "Math.asinh"),
    "arctan": Function(r"\arctan {}", "atan", "Math.atan"),
    "arctanh": Function(r"\operatorname{{artanh}} {}", "atanh", "Math.atanh"),
    "cbrt": Function(r"\sqrt[3]{{{}}}", "cbrt", "Math.cbrt"),
    "cos": Function(r"\cos {}", "cos", "Math.cos"),
    "cosh": Function(r"\cosh {}", "cosh", "Math.cosh"),
    "erf": Function(r"\operatorname{{erf}} {}", "erf", "ag_erf"),
    "exp": Function(r"e^{{{}}}", "exp", "Math.exp"),
    "expm1": Function(r"\left(e^{{{}}} - 1\right)", "expm1", "Math.expm1"),
    "log": Function(r"\ln {}", "log", "Math.log"),
    "log10": Function(r"\log_{{10}} {}", "log10", "Math.log10"),
    "log1p": Function(r"\ln\left(1 + {}\right)", "log1p", "Math.log1p"),
    "log2": Function(r"\log_2 {}", "log2", "Math.log2"),
    "sin": Function(r"\sin {}", "sin", "Math.sin"),
    "sinh": Function(r"\sinh {}", "sinh", "Math.sinh"),
    "sqrt": Function(r"\sqrt{{{}}}", "sqrt", "Math.sqrt"),
    "tan": Function(r"\tan {}", "tan", "Math.tan"),
    "tanh": Function(r"\tanh {}", "tanh", "Math.tanh"),
    # Both branches take exp of a number that is not positive, so neither overflows.
    "sigmoid": Function(
        r"\sigma {}",
        definition="1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))",
    ),
    # Not ** 2: some compilers make a product of that, which may round otherwise.
    "square": Function(r"{}^2", definition="x * x"),
    # The upper half of the bits of x (Veltkamp's splitting): its square is exact.
    "upper": Function(
        r"\operatorname{{upper}} {}",
        definition="134217729 * x - (134217729 * x - x)",
    ),
    # exp(-x²) without the rounding of x², which the exponential would magnify x² times.
    "gauss": Function(
        r"e^{{-{}^2}}",
        definition="0 if abs(x) > 28 else"
        " exp(-upper(x) * upper(x)) * exp((upper(x) - x) * (upper(x) + x))",
    ),
}
"""The functions a rule may call, each of one argument, under NumPy's names."""

_C_PRELUDE = """\
static double ag_pow(double x, double y) { return x != x || y != y ? NAN : pow(x, y); }
"""

# JavaScript has no erf; this series has only positive terms, so nothing cancels.
_JAVASCRIPT_PRELUDE = """\
const ag_pow = (x, y) => {
  if (x !== x || y !== y) return NaN;
  return Math.abs(x) === 1 && Math.abs(y) === Infinity ? 1 : x ** y;
};
const ag_erf = (x) => {
  if (x !== x) return NaN;
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 3; Math.abs(term) > Math.abs(sum) * 1e-17; n += 2) sum += term *= 2 * x * x / n;
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
};
"""

_ARITHMETIC: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}
_COMPARISONS: Mapping[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<"),
    ast.LtE: ("<=", r"\le"),
    ast.Gt: (">", ">"),
    ast.GtE: (">=", r"\ge"),
    ast.Eq: ("==", "="),
    ast.NotEq: ("!=", r"\ne"),
}
# How tightly a printed piece holds together; an operand that holds less gets parentheses.
_CONDITIONAL, _OR, _AND, _COMPARE, _SUM, _PRODUCT, _MINUS, _POWER, _ATOM = range(9)


class Rule:
    r"""A checked formula of the rule language.

    Args:
        text: the formula, such as ``"x * y"``.
        names: the names it may use; without them, any name.

    Raises:
        RuleError: the text is not in the language, or uses another name.

    >>> rule = Rule("x / (1 + y) ** 2")
    >>> rule.c()
    'x / ag_pow(1.0 + y, 2.0)'
    >>> rule.latex()
    '\\frac{x}{\\left(1 + y\\right)^{2}}'
    """

    __slots__ = ("names", "sequences", "summand", "text", "tree")

    def __init__(self, text: str, *, names: Iterable[str] | None = None) -> None:
        self.text = text
        self.tree = _parse(text)
        used, sequences = _Check(text, names).run(self.tree)
        self.names = tuple(used)
        """The names used, in order of appearance."""
        self.sequences = tuple(sequences)
        """Those of them that stand inside ``sum(…)``."""
        self.summand = next(map(Rule, _summands(self.tree)), None)
        """What is summed, as a rule over one item of each sequence; None without a sum."""

    def __repr__(self) -> str:
        return f"Rule({self.text!r})"

    def python(self, *, ieee: bool = False, each: Sequence[str] = ()) -> str:
        """Return the rule as Python text over the names of `namespace`; numbers become floats.

        With ``ieee`` a division is a call to ``divide``, which takes a zero divisor. With
        ``each``, names of sequences, the text is the list of the rule's values over them; the
        sequence of the ``x`` is called ``xs``.

        >>> Rule("x / 2").python(), Rule("x / 2").python(ieee=True)
        ('x / 2.0', 'divide(x, 2.0)')
        >>> Rule("2 * x").python(each=["x"])
        '[2.0 * x for x in xs]'
        """
        if self.text in each:
            return f"{self.text}s"
        text = ast.unparse(_Python(ieee=ieee).visit(_parse(self.text)))
        return f"[{text} for {_zipped(each)}]" if each else text

    def statements(self, *, ieee: bool = False) -> list[str]:
        """Return Python lines that set ``out`` to the rule's value.

        A ``sum(term)`` becomes a loop that adds from left to right, one float addition at a time:
        the bits of a chain of ``+``. (The built-in ``sum`` compensates its rounding, from Python
        3.12 on.) It starts from -0.0, which changes no number that is added to it.
        """
        value = self.python(ieee=ieee)
        if self.summand is None:
            return [f"out = {value}"]
        return [
            f"total = -0.0 if {self.sequences[0]}s else 0.0",
            f"for {_zipped(self.sequences)}:",
            f"    total += {self.summand.python(ieee=ieee)}",
            f"out = {value}",
        ]

    def c(self) -> str:
        """Return the rule as C text; it needs ``math.h`` and ``prelude("c")``.

        A ``sum(…)`` becomes ``total``: a number that the text around it has added up from the
        `summand`, as `statements` does.
        """
        return _CStyle("c").text(self.tree)

    def javascript(self) -> str:
        """Return the rule as JavaScript text; it needs ``prelude("javascript")``."""
        return _CStyle("javascript").text(self.tree)

    def latex(self) -> str:
        """Return the rule as LaTeX text for mathematics mode."""
        return _Latex().text(self.tree)


def _parse(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise RuleError(f"not an expression: {text!r} ({error.msg})") from None


def _summands(tree: ast.expr) -> list[str]:
    return [
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "sum"
    ]


def _zipped(names: Sequence[str]) -> str:
    sequences = ", ".join(f"{name}s" for name in names)
    return f"{', '.join(names)} in {sequences if len(names) == 1 else f'zip({sequences})'}"


class _Check:
    """Walks a formula once, refusing what is not in the language, and collects its names."""

    def __init__(self, text: str, allowed: Iterable[str] | None) -> None:
        self.text = text
        self.allowed = None if allowed is None else set(allowed)
        self.names: dict[str, None] = {}
        self.sequences: dict[str, None] = {}
        self.sums = 0

    def run(self, tree: ast.expr) -> tuple[dict[str, None], dict[str, None]]:
        self.number(tree, inside_sum=False)
        return self.names, self.sequences

    def fail(self, what: str) -> RuleError:
        return RuleError(f"{what} in {self.text!r}")

    def number(self, node: ast.expr, *, inside_sum: bool) -> None:
        match node:
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                if not node.value <= sys.float_info.max:  # type: ignore[operator]
                    raise self.fail("a number too large for a float")
            case ast.Name(id=name):
                if self.allowed is not None and name not in self.allowed:
                    raise self.fail(f"unknown name {name!r}")
                self.names[name] = None
                if inside_sum:
                    self.sequences[name] = None
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self.number(operand, inside_sum=inside_sum)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                self.number(left, inside_sum=inside_sum)
                self.number(right, inside_sum=inside_sum)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.condition(test, inside_sum=inside_sum)
                self.number(body, inside_sum=inside_sum)
                self.number(orelse, inside_sum=inside_sum)
            case ast.Call(func=ast.Name(id="sum"), args=[term], keywords=[]) if not inside_sum:
                self.sums += 1
                if self.sums > 1:
                    raise self.fail("a second sum")
                self.number(term, inside_sum=True)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
                if name not in FUNCTIONS:
                    raise self.fail(f"unknown function {name!r}")
                self.number(argument, inside_sum=inside_sum)
            case _:
                raise self.fail(f"{ast.unparse(node)!r} is not a number of the rule language")

    def condition(self, node: ast.expr, *, inside_sum: bool) -> None:
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
                self.number(left, inside_sum=inside_sum)
                self.number(right, inside_sum=inside_sum)
            case ast.BoolOp(values=values):
                for value in values:
                    self.condition(value, inside_sum=inside_sum)
            case _:
                raise self.fail(f"{ast.unparse(node)!r} is not a condition of the rule language")


class _Python(ast.NodeTransformer):
    def __init__(self, *, ieee: bool) -> None:
        self.ieee = ieee

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(_float(node))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Pow):
            return _call("pow", node.left, node.right)
        if isinstance(node.op, ast.Div) and self.ieee:
            return _call("divide", node.left, node.right)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="sum")):
                return ast.Name("total", ast.Load())
        return node


def _float(node: ast.Constant) -> float:
    assert isinstance(node.value, int | float)  # _Check has let nothing else through
    return float(node.value)


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(func=ast.Name(name, ast.Load()), args=list(arguments), keywords=[])


class _Printer:
    """Prints a tree with the parentheses that are needed and no others."""

    def text(self, node: ast.expr) -> str:
        return self.print(node)[0]

    def within(self, node: ast.expr, strength: int) -> str:
        text, own = self.print(node)
        return text if own >= strength else self.parenthesised(text)

    def parenthesised(self, text: str) -> str:
        return f"({text})"

    def print(self, node: ast.expr) -> tuple[str, int]:
        raise NotImplementedError


class _CStyle(_Printer):
    def __init__(self, language: Language) -> None:
        self.language = language
        self.index = ""

    def print(self, node: ast.expr) -> tuple[str, int]:
        within = self.within
        match node:
            case ast.Constant():
                return repr(_float(node)), _ATOM
            case ast.Name(id=name):
                return name + self.index, _ATOM
            case ast.UnaryOp(operand=operand):
                return f"-{within(operand, _POWER)}", _MINUS
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"ag_pow({self.text(left)}, {self.text(right)})", _ATOM
            case ast.BinOp(left=left, op=op, right=right):
                own = _SUM if isinstance(op, ast.Add | ast.Sub) else _PRODUCT
                return f"{within(left, own)} {_ARITHMETIC[type(op)]} {within(right, own + 1)}", own
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sign = _COMPARISONS[type(op)][0]
                if self.language == "javascript" and sign in ("==", "!="):
                    sign += "="
                return f"{within(left, _SUM)} {sign} {within(right, _SUM)}", _COMPARE
            case ast.BoolOp(op=op, values=values):
                own, sign = (_AND, " && ") if isinstance(op, ast.And) else (_OR, " || ")
                return sign.join(within(value, own + 1) for value in values), own
            case ast.IfExp(test=test, body=body, orelse=orelse):
                text = f"{within(test, _OR)} ? {within(body, _OR)} : {self.text(orelse)}"
                return text, _CONDITIONAL
            case ast.Call(func=ast.Name(id="sum"), args=[term]):
                return self.sum(term), _ATOM
            case ast.Call(func=ast.Name(id=name), args=[argument]):
                return f"{self.function(name)}({self.text(argument)})", _ATOM
        raise AssertionError(ast.dump(node))

    def function(self, name: str) -> str:
        function = FUNCTIONS[name]
        written = function.c if self.language == "c" else function.javascript
        return written or f"ag_{name}"

    def sum(self, term: ast.expr) -> str:
        if self.language == "c":
            return "total"
        self.index = "[i]"
        text = self.within(term, _PRODUCT)
        self.index = ""
        first = Rule(ast.unparse(term)).names[0]
        return f"{first}.reduce((total, _, i) => total + {text}, 0)"


class _Latex(_Printer):
    def __init__(self) -> None:
        self.index = ""

    def parenthesised(self, text: str) -> str:
        return rf"\left({text}\right)"

    def print(self, node: ast.expr) -> tuple[str, int]:
        within = self.within
        match node:
            case ast.Constant(value=value):
                mantissa, _, exponent = repr(value).partition("e")
                if not exponent:
                    return mantissa, _ATOM
                power = f"10^{{{int(exponent)}}}"
                return power if mantissa == "1" else rf"{mantissa} \cdot {power}", _PRODUCT
            case ast.Name(id="out"):
                return rf"\mathit{{out}}{self.index}", _ATOM
            case ast.Name(id=name):
                return name + self.index, _ATOM
            case ast.UnaryOp(operand=operand):
                return f"-{within(operand, _PRODUCT)}", _MINUS
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"{within(left, _ATOM)}^{{{self.text(right)}}}", _POWER
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return rf"\frac{{{self.text(left)}}}{{{self.text(right)}}}", _POWER
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return rf"{within(left, _PRODUCT)} \cdot {within(right, _MINUS + 1)}", _PRODUCT
            case ast.BinOp(left=left, op=op, right=right):
                return (
                    f"{within(left, _SUM)} {_ARITHMETIC[type(op)]} {within(right, _PRODUCT)}",
                    _SUM,
                )
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return f"{self.text(left)} {_COMPARISONS[type(op)][1]} {self.text(right)}", _COMPARE
            case ast.BoolOp(op=op, values=values):
                own, sign = (_AND, r"\land") if isinstance(op, ast.And) else (_OR, r"\lor")
                return f" {sign} ".join(within(value, own + 1) for value in values), own
            case ast.IfExp():
                return self.cases(node), _ATOM
            case ast.Call(func=ast.Name(id="sum"), args=[term]):
                self.index = "_i"
                text = rf"\sum_i {within(term, _PRODUCT)}"
                self.index = ""
                return text, _PRODUCT
            case ast.Call(func=ast.Name(id=name), args=[argument]):
                return self.call(FUNCTIONS[name].latex, argument)
        raise AssertionError(ast.dump(node))

    def cases(self, node: ast.expr) -> str:
        rows = []
        while isinstance(node, ast.IfExp):
            rows.append(rf"{self.text(node.body)} & \text{{if }} {self.text(node.test)}")
            node = node.orelse
        rows.append(rf"{self.text(node)} & \text{{otherwise}}")
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def call(self, template: str, argument: ast.expr) -> tuple[str, int]:
        enclosed = template.endswith((r"\right|", "}}", r"\right)")) and "^2" not in template
        text = self.text(argument) if enclosed else self.within(argument, _ATOM)
        return template.format(text), _ATOM if enclosed else _POWER


def prelude(language: Language) -> str:
    """Return the definitions that printed rules of the language rely on."""
    lines = [_C_PRELUDE if language == "c" else _JAVASCRIPT_PRELUDE]
    for name, function in FUNCTIONS.items():
        if function.definition:
            rule = Rule(function.definition, names="x")
            if language == "c":
                lines.append(f"static double ag_{name}(double x) {{ return {rule.c()}; }}\n")
            else:
                lines.append(f"const ag_{name} = (x) => {rule.javascript()};\n")
    return "".join(lines)


def namespace(*, ieee: bool) -> dict[str, Any]:
    """Return what the text of `Rule.python` runs in: the functions of `autograd_mini.ieee`.

    With ``ieee`` the functions never raise; without, they raise as those of `math` do.
    """
    functions = TOTAL if ieee else RAISING
    names: dict[str, Any] = {**functions, "divide": divide}
    for name, function in FUNCTIONS.items():
        if function.definition:
            source = f"def {name}(x):\n    return {Rule(function.definition).python(ieee=ieee)}\n"
            names[name] = compile_function(source, name=name, namespace=names)
    return names


def compile_function(source: str, *, name: str, namespace: dict[str, Any]) -> Any:
    """Compile the source of one function, so that tracebacks and debuggers show its lines."""
    number = 0
    while (
        filename := f"<autograd_mini {name}{f' {number}' if number else ''}>"
    ) in linecache.cache:
        number += 1
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    local: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), namespace, local)
    return local[name]

"""Formulas written in other languages: C, JavaScript, LaTeX and plain text.

A formula is a tree of `ast`, as `autograd_mini.table.rules` has checked it or as
`autograd_mini.views.explanation.algebra` has put it together.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "ARITHMETIC",
    "COMPARISONS",
    "FUNCTIONS",
    "PRELUDES",
    "Function",
    "Language",
    "as_c",
    "as_javascript",
    "as_latex",
    "as_text",
    "float_of",
    "name_as_latex",
    "name_as_text",
]

Language = Literal["c", "javascript"]


@dataclass(frozen=True)
class Function:
    """How a function of the rule language is written elsewhere.

    A built-in function has the name of the target's own library; a defined one has a
    ``definition``, itself a rule in ``x``, from which every language gets its version. Without a
    ``text``, plain text has the name before parentheses.
    """

    latex: str
    c: str = ""
    javascript: str = ""
    definition: str = ""
    text: str = ""


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function(r"\left|{}\right|", "fabs", "Math.abs", text="|{}|"),
    "arccos": Function(r"\arccos {}", "acos", "Math.acos"),
    "arccosh": Function(r"\operatorname{{arcosh}} {}", "acosh", "Math.acosh"),
    "arcsin": Function(r"\arcsin {}", "asin", "Math.asin"),
    "arcsinh": Function(r"\operatorname{{arsinh}} {}", "asinh", "Math.asinh"),
    "arctan": Function(r"\arctan {}", "atan", "Math.atan"),
    "arctanh": Function(r"\operatorname{{artanh}} {}", "atanh", "Math.atanh"),
    "cbrt": Function(r"\sqrt[3]{{{}}}", "cbrt", "Math.cbrt", text="∛({})"),
    "cos": Function(r"\cos {}", "cos", "Math.cos"),
    "cosh": Function(r"\cosh {}", "cosh", "Math.cosh"),
    "erf": Function(r"\operatorname{{erf}} {}", "erf", "ag_erf"),
    "exp": Function(r"e^{{{}}}", "exp", "Math.exp"),
    "expm1": Function(r"\left(e^{{{}}} - 1\right)", "expm1", "Math.expm1"),
    "log": Function(r"\ln {}", "log", "Math.log", text="ln({})"),
    "log10": Function(r"\log_{{10}} {}", "log10", "Math.log10"),
    "log1p": Function(r"\ln\left(1 + {}\right)", "log1p", "Math.log1p"),
    "log2": Function(r"\log_2 {}", "log2", "Math.log2"),
    "sin": Function(r"\sin {}", "sin", "Math.sin"),
    "sinh": Function(r"\sinh {}", "sinh", "Math.sinh"),
    "sqrt": Function(r"\sqrt{{{}}}", "sqrt", "Math.sqrt", text="√({})"),
    "tan": Function(r"\tan {}", "tan", "Math.tan"),
    "tanh": Function(r"\tanh {}", "tanh", "Math.tanh"),
    # Both branches take exp of a number that is not positive, so neither overflows.
    "sigmoid": Function(
        r"\sigma\left({}\right)",
        definition="1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))",
        text="σ({})",
    ),
    # Not ** 2: some compilers make a product of that, which may round otherwise.
    "square": Function(r"{}^2", definition="x * x", text="{}²"),
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
        text="exp(−{}²)",
    ),
}
"""The functions a rule may call, each of one argument, under NumPy's names."""

PRELUDES: Mapping[Language, str] = {
    "c": """\
static double ag_pow(double x, double y) { return x != x || y != y ? NAN : pow(x, y); }
""",
    # JavaScript has no erf; this series has only positive terms, so nothing cancels.
    "javascript": """\
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
""",
}
"""What printed formulas rely on, beside the functions that have a definition."""

ARITHMETIC: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}
COMPARISONS: Mapping[type[ast.cmpop], tuple[str, str, str]] = {
    ast.Lt: ("<", "<", "<"),
    ast.LtE: ("<=", r"\le", "≤"),
    ast.Gt: (">", ">", ">"),
    ast.GtE: (">=", r"\ge", "≥"),
    ast.Eq: ("==", "=", "="),
    ast.NotEq: ("!=", r"\ne", "≠"),
}
# How tightly a printed piece holds together; an operand that holds less gets parentheses.
_CONDITIONAL, _OR, _AND, _COMPARE, _SUM, _PRODUCT, _MINUS, _POWER, _ATOM = range(9)


def as_c(tree: ast.expr) -> str:
    """Return a formula as C text."""
    return _CStyle("c").text(tree)


def as_javascript(tree: ast.expr) -> str:
    """Return a formula as JavaScript text."""
    return _CStyle("javascript").text(tree)


def as_latex(tree: ast.expr, *, factor: bool = False) -> str:
    """Return a formula as LaTeX text for mathematics mode.

    It may also call functions that are not of the rule language. As a ``factor``, a sum has
    parentheses.
    """
    return _Latex().within(tree, _PRODUCT if factor else _CONDITIONAL)


def as_text(tree: ast.expr, *, factor: bool = False) -> str:
    """Return a formula as mathematics in plain text; as a ``factor``, a sum with parentheses.

    >>> as_text(ast.parse("-(T - a2) ** 2 / 2 * exp(beta)", mode="eval").body)
    '−(T − a₂)²/2·exp(β)'
    """
    return _Text().within(tree, _PRODUCT if factor else _CONDITIONAL)


def name_as_text(name: str) -> str:
    """Return a name in plain text: a number at its end is a subscript, alpha is α.

    >>> name_as_text("w12"), name_as_text("alpha"), name_as_text("x[0]")
    ('w₁₂', 'α', 'x₀')
    """
    base, index = _name_and_index(name)
    if index and not index.isdecimal():
        return _printable(name)
    letters: str = _GREEK.get(base, _printable(base))
    return letters + index.translate(_SUBSCRIPT)


def name_as_latex(name: str) -> str:
    r"""Return a name as LaTeX text for mathematics mode.

    >>> print(name_as_latex("w12"), name_as_latex("alpha"), name_as_latex("x[0]"))
    w_{12} \alpha x_{0}
    """
    if name in _LATEX_SIGNS:
        return _LATEX_SIGNS[name]
    base, index = _name_and_index(name)
    base = _GREEK_NAMES.get(base, base)
    if base in _GREEK:
        letters = f"\\{base}"
    elif base.isascii() and base.isalpha():
        letters = rf"\mathit{{{base}}}" if len(base) > 1 else base
    elif len(base) == 1 and base.isalpha():
        letters = _latex_words(base)
    else:
        return _latex_words(name)
    return f"{letters}_{{{index}}}" if index else letters


def _latex_words(text: str) -> str:
    """Return text that is no mathematics as LaTeX text for mathematics mode."""
    text = unicodedata.normalize("NFC", text)
    # TeX has its own way with accents, and knows but some of them.
    text = re.sub(_ACCENT, lambda found: _escaped(found[0]), text)
    text = re.sub(_LETTER, lambda found: unicodedata.normalize("NFKC", found[0]), text)
    text = re.sub(_SIGN, r"$\g<0>$", _printable(text).translate(_LATEX_SPECIAL))
    return rf"\text{{{text}}}"


def _name_and_index(name: str) -> tuple[str, str]:
    """Return a name without the number at its end, and that number; x[0][1] has 0,1."""
    match = re.fullmatch(r"([^\W\d_₀-₉]+)(?:_?([0-9]+|[₀-₉]+)|((?:\[[0-9]+\])+))?", name)
    if match is None:
        return name, ""
    base, number, places = match.groups()
    if places:
        return base, places[1:-1].replace("][", ",")
    return base, (number or "").translate(_NO_SUBSCRIPT)


def _printable(name: str) -> str:
    """Return text without what nothing can show."""
    return "".join(c if c.isprintable() else _escaped(c) for c in name)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_NO_SUBSCRIPT = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUPERSCRIPT = str.maketrans("−0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_GREEK = {
    name: letter
    for letters in (
        "alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ",
        "mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω",
        "Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω",
    )
    for name, letter in re.findall(r"(\w+) (\w)", letters)
}
_GREEK_NAMES = {letter: name for name, letter in _GREEK.items()}
_ACCENT = r"[\u0300-\u036f]"
_LETTER = r"[\U0001d400-\U0001d7ff]"
"""Letters of mathematics, such as a bold italic x: few fonts have them."""
_SIGN = r"[·\u0387‼\u2100-\u2bff]"
"""Signs of mathematics, which words in LaTeX cannot have among them as they are."""
_LATEX_SIGNS = {"∞": r"\infty", "…": r"\dots"}
_LATEX_SPECIAL = str.maketrans(
    {
        **{c: rf"\{c}" for c in "#$%&_{}"},
        "\\": r"\textbackslash{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
    }
)


def float_of(node: ast.Constant) -> float:
    """Return the number that a constant of a formula is."""
    assert isinstance(node.value, int | float)  # the rule language has no others
    return float(node.value)


def _is_whole(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


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
                return repr(float_of(node)), _ATOM
            case ast.Name(id=name):
                return name + self.index, _ATOM
            case ast.UnaryOp(operand=operand):
                return f"-{within(operand, _POWER)}", _MINUS
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"ag_pow({self.text(left)}, {self.text(right)})", _ATOM
            case ast.BinOp(left=left, op=op, right=right):
                own = _SUM if isinstance(op, ast.Add | ast.Sub) else _PRODUCT
                return f"{within(left, own)} {ARITHMETIC[type(op)]} {within(right, own + 1)}", own
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sign = COMPARISONS[type(op)][0]
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
        first = next(node.id for node in ast.walk(term) if isinstance(node, ast.Name))
        return f"{first}.reduce((total, _, i) => total + {text}, 0)"


class _Mathematics(_Printer):
    """Prints as mathematics is written: a product before a parenthesis needs no sign."""

    minus: str
    times: str
    apposition: str
    """What stands between a factor and a parenthesis."""
    parenthesis: str
    both: str
    either: str
    sign: int
    """The place of its signs of comparison in their table."""
    indices: tuple[str, str]
    """The index of what is summed, and the sign of the sum."""

    def __init__(self) -> None:
        self.index = ""

    def print(self, node: ast.expr) -> tuple[str, int]:
        within = self.within
        match node:
            case ast.Constant():
                return self.number(node)
            case ast.Name(id=name):
                return self.symbol(name) + self.index, _ATOM
            case ast.UnaryOp(operand=operand):
                return f"{self.minus}{self.enclosed(operand)}", _MINUS
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self.power(within(left, _ATOM), right), _POWER
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self.quotient(left, right)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                first, second = within(left, _PRODUCT), within(right, _MINUS + 1)
                beside = second.startswith(self.parenthesis) and not self.is_open(left)
                return f"{first}{self.apposition if beside else self.times}{second}", _PRODUCT
            case ast.BinOp(left=left, op=op, right=right):
                sign = "+" if isinstance(op, ast.Add) else self.minus
                return f"{within(left, _SUM)} {sign} {self.enclosed(right)}", _SUM
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sign = COMPARISONS[type(op)][self.sign]
                return f"{within(left, _SUM)} {sign} {within(right, _SUM)}", _COMPARE
            case ast.BoolOp(op=op, values=values):
                own, sign = (_AND, self.both) if isinstance(op, ast.And) else (_OR, self.either)
                return sign.join(within(value, own + 1) for value in values), own
            case ast.IfExp():
                return self.cases(node)
            case ast.Call(func=ast.Name(id="sum"), args=[term]):
                return self.sum(term), _PRODUCT
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.call(name, arguments)
        raise AssertionError(ast.dump(node))

    def enclosed(self, node: ast.expr) -> str:
        """Return what follows a sign: in parentheses if it is a sum, or begins with a minus."""
        text = self.within(node, _PRODUCT)
        return self.parenthesised(text) if text.startswith(self.minus) else text

    def is_open(self, factor: ast.expr) -> bool:
        """Whether a parenthesis right behind a factor would seem to belong to its end."""
        while isinstance(factor, ast.UnaryOp) or (
            isinstance(factor, ast.BinOp) and isinstance(factor.op, ast.Mult)
        ):
            factor = factor.operand if isinstance(factor, ast.UnaryOp) else factor.right
        return self.ends_open(factor)

    def ends_open(self, factor: ast.expr) -> bool:
        raise NotImplementedError

    def symbol(self, name: str) -> str:
        raise NotImplementedError

    def number(self, node: ast.Constant) -> tuple[str, int]:
        raise NotImplementedError

    def power(self, base: str, exponent: ast.expr) -> str:
        raise NotImplementedError

    def quotient(self, left: ast.expr, right: ast.expr) -> tuple[str, int]:
        raise NotImplementedError

    def cases(self, node: ast.expr) -> tuple[str, int]:
        raise NotImplementedError

    def call(self, name: str, arguments: list[ast.expr]) -> tuple[str, int]:
        raise NotImplementedError

    def sum(self, term: ast.expr) -> str:
        self.index, sigma = self.indices
        text = f"{sigma} {self.within(term, _PRODUCT)}"
        self.index = ""
        return text

    def function(self, template: str, argument: ast.expr, *, encloses: bool) -> tuple[str, int]:
        """Return a function of one argument, which the template encloses or is written before."""
        text = self.text(argument) if encloses else self.within(argument, _ATOM)
        if "+ {}" in template:
            text = self.enclosed(argument)
        # What has an exponent, or begins with a word, cannot be raised to a power as it is.
        raised = any(sign in template for sign in ("^", "²", r"\ln"))
        return template.format(text), _ATOM if encloses and not raised else _POWER


class _Latex(_Mathematics):
    minus = "-"
    times = r" \cdot "
    apposition = " "
    parenthesis = r"\left("
    both, either = r" \land ", r" \lor "
    sign = 1
    indices = "_i", r"\sum_i"

    def symbol(self, name: str) -> str:
        return name_as_latex(name)

    def parenthesised(self, text: str) -> str:
        return rf"\left({text}\right)"

    def number(self, node: ast.Constant) -> tuple[str, int]:
        mantissa, _, exponent = repr(node.value).partition("e")
        if not exponent:
            return mantissa, _ATOM
        power = f"10^{{{int(exponent)}}}"
        return power if mantissa == "1" else rf"{mantissa} \cdot {power}", _PRODUCT

    def power(self, base: str, exponent: ast.expr) -> str:
        return f"{base}^{{{self.text(exponent)}}}"

    def ends_open(self, factor: ast.expr) -> bool:
        match factor:
            case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:  # sin x, not e^x or √x
                return not FUNCTIONS[name].latex.startswith(("e^", r"\sqrt", r"\left", "{}"))
        return False

    def quotient(self, left: ast.expr, right: ast.expr) -> tuple[str, int]:
        return rf"\frac{{{self.text(left)}}}{{{self.text(right)}}}", _POWER

    def cases(self, node: ast.expr) -> tuple[str, int]:
        rows = []
        while isinstance(node, ast.IfExp):
            rows.append(rf"{self.text(node.body)} & \text{{if }} {self.text(node.test)}")
            node = node.orelse
        rows.append(rf"{self.text(node)} & \text{{otherwise}}")
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", _ATOM

    def call(self, name: str, arguments: list[ast.expr]) -> tuple[str, int]:
        if name in FUNCTIONS:
            template = FUNCTIONS[name].latex
            encloses = template.endswith((r"\right|", "}}", r"\right)")) and "^2" not in template
            return self.function(template, arguments[0], encloses=encloses)
        inside = ", ".join(map(self.text, arguments))
        function = name.replace("_", r"\_")
        return rf"\operatorname{{{function}}}{self.parenthesised(inside)}", _POWER


class _Text(_Mathematics):
    minus = "−"
    times = "·"
    apposition = ""
    parenthesis = "("
    both, either = " and ", " or "
    sign = 2
    indices = "ᵢ", "Σᵢ"

    def symbol(self, name: str) -> str:
        return name_as_text(name)

    def number(self, node: ast.Constant) -> tuple[str, int]:
        text = repr(node.value)
        return text.replace("-", self.minus), _POWER if "e" in text else _ATOM

    def power(self, base: str, exponent: ast.expr) -> str:
        if _is_whole(exponent):
            return base + self.text(exponent).translate(_SUPERSCRIPT)
        return f"{base}^{self.within(exponent, _ATOM)}"

    def ends_open(self, factor: ast.expr) -> bool:
        match factor:
            case ast.BinOp(op=ast.Pow(), right=exponent):
                return not _is_whole(exponent)
            case ast.BinOp(op=ast.Div()):
                return True
        return False

    def quotient(self, left: ast.expr, right: ast.expr) -> tuple[str, int]:
        return f"{self.within(left, _PRODUCT)}/{self.within(right, _MINUS + 1)}", _PRODUCT

    def cases(self, node: ast.expr) -> tuple[str, int]:
        assert isinstance(node, ast.IfExp)
        taken, otherwise = self.within(node.body, _OR), self.text(node.orelse)
        return f"{taken} if {self.text(node.test)} else {otherwise}", _CONDITIONAL

    def call(self, name: str, arguments: list[ast.expr]) -> tuple[str, int]:
        template = FUNCTIONS[name].text if name in FUNCTIONS else ""
        if template:
            encloses = template.endswith((")", "|")) and "²" not in template
            return self.function(template, arguments[0], encloses=encloses)
        return f"{name}({', '.join(map(self.text, arguments))})", _ATOM

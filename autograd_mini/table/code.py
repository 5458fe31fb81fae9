"""Printers of rules as code in C and JavaScript, which needs the `prelude` of the language."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal

from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.printer import Printer
from autograd_mini.table.rules import ARITHMETIC, COMPARISONS, Reduction, Rule, float_of

__all__ = [
    "Language", "as_c", "as_javascript", "prelude", "reduce_in_c", "reduce_in_javascript",
    "step_in_c",
]  # fmt: skip

Language = Literal["c", "javascript"]


def as_c(rule: Rule) -> str:
    """Return a rule as C text; it needs ``math.h``, and the reductions as variables.

    >>> as_c(Rule("x / (1 + y) ** 2")), as_c(Rule("sum(x) + b"))
    ('x / ag_pow(1.0 + y, 2.0)', 'sum0 + b')
    """
    return _C().text(rule.body)


def as_javascript(rule: Rule, *, sequences: Collection[str] = ()) -> str:
    """Return a rule as JavaScript text; of a sequence, it takes the item at ``i``.

    >>> as_javascript(Rule("w * abs(x)"), sequences=["x"])
    'w * Math.abs(x[i])'
    """
    return _JavaScript(sequences).text(rule.body)


def reduce_in_c(
    reduction: Reduction, items: Mapping[str, str], *, write: Callable[[Rule], str] = as_c
) -> list[str]:
    """Return lines of C that declare a reduction and compute it as `Arithmetic` does.

    Args:
        reduction: the reduction; the C variable ``each`` is the length of the sequences.
        items: for each sequence, the C text of its item at ``i``.
        write: returns a rule as C text.
    """
    taken = [f"const double {name} = {items[name]};" for name in reduction.sequences]
    head = "for (Py_ssize_t i = 0; i < each; i++) {"
    first = {"sum": "each ? -0.0 : 0.0", "fsum": "0.0", "max": "-INFINITY"}[reduction.kind]
    first = write(reduction.start) if reduction.start else first
    return _reduce(reduction, "double", first, head, taken, write(reduction.term))


def step_in_c(reduction: Reduction) -> list[str]:
    """Return the lines of C that take the variable ``term`` into a reduction."""
    return _step(reduction, "const double")


def reduce_in_javascript(reduction: Reduction) -> list[str]:
    """Return lines of JavaScript that declare a reduction over arrays and compute it."""
    term = as_javascript(reduction.term, sequences=reduction.sequences)
    head = f"for (let i = 0; i < {reduction.sequences[0]}.length; i++) {{"
    first = "-Infinity" if reduction.kind == "max" else "0.0"
    first = as_javascript(reduction.start) if reduction.start else first
    return _reduce(reduction, "let", first, head, [], term)


def _reduce(
    reduction: Reduction, declare: str, first: str, head: str, taken: Sequence[str], term: str
) -> list[str]:
    """Return the lines of a reduction in the syntax that C and JavaScript share."""
    name, kind = reduction.name, reduction.kind
    constant = "const double" if declare == "double" else "const"
    inside = _step(reduction, constant)
    body = [f"    {line}" for line in [*taken, f"{constant} term = {term};", *inside]]
    lines = [f"{declare} {name} = {first};", head, *body, "}"]
    if kind == "fsum":
        lines = [f"{declare} {name}_lost = 0.0;", *lines, f"{name} += {name}_lost;"]
    return lines


def _step(reduction: Reduction, constant: str) -> list[str]:
    name = reduction.name
    return {
        "sum": [f"{name} += term;"],
        "fsum": [
            f"{constant} before = {name};",
            f"{name} += term;",
            f"{constant} share = {name} - before;",
            f"{name}_lost += before - ({name} - share) + (term - share);",
        ],
        "max": [f"if (term > {name})", f"    {name} = term;"],
    }[reduction.kind]


def prelude(language: Language) -> str:
    """Return the functions that printed rules call, defined in the language."""
    lines = [_PRELUDES[language]]
    for name, function in ELEMENTARY.items():
        if function.definition and language == "c":
            body = as_c(Rule(function.definition))
            lines.append(f"static double ag_{name}(double x) {{ return {body}; }}\n")
        elif function.definition:
            lines.append(f"const ag_{name} = (x) => {as_javascript(Rule(function.definition))};\n")
    return "".join(lines)


_PRELUDES: Mapping[Language, str] = {
    # Squares are frequent, and a product takes a fraction of the time of pow.
    "c": """\
static double ag_pow(double x, double y)
{
    return y == 2.0 ? x * x : y == 1.0 ? x : x != x || y != y ? NAN : pow(x, y);
}
""",
    # JavaScript has no erf. All terms of this series have the sign of x, so nothing cancels. Nor
    # has it erfc: 1 - erf(x) would cancel for large x, so there it is Laplace's continued fraction.
    "javascript": """\
const ag_pow = (x, y) => {
  if (x !== x || y !== y) return NaN;
  if (y === 2) return x * x;
  return Math.abs(x) === 1 && Math.abs(y) === Infinity ? 1 : x ** y;
};
const ag_erf = (x) => {
  if (x !== x) return NaN;
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 3; Math.abs(term) > Math.abs(sum) * 1e-17; n += 2) sum += term *= 2 * x * x / n;
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
};
const ag_erfc = (x) => {
  if (x < 1 || x !== x) return 1 - ag_erf(x);
  let fraction = x;
  for (let n = 200; n > 0; n--) fraction = x + n / 2 / fraction;
  return ag_gauss(x) / Math.sqrt(Math.PI) / fraction;
};
""",
}


class _C(Printer):
    """Prints a rule in the syntax that C and JavaScript share."""

    def print(self, node: ast.expr) -> tuple[str, int]:
        within = self.within
        match node:
            case ast.Constant():
                return repr(float_of(node)), self.ATOM
            case ast.Name(id=name):
                return self.name(name), self.ATOM
            case ast.UnaryOp(operand=operand):
                return f"-{within(operand, self.POWER)}", self.MINUS
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"ag_pow({self.text(left)}, {self.text(right)})", self.ATOM
            case ast.BinOp(left=left, op=op, right=right):
                own = self.SUM if isinstance(op, ast.Add | ast.Sub) else self.PRODUCT
                sign = ARITHMETIC[type(op)].code
                return f"{within(left, own)} {sign} {within(right, own + 1)}", own
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sign = self.comparison(COMPARISONS[type(op)].code)
                return f"{within(left, self.SUM)} {sign} {within(right, self.SUM)}", self.COMPARE
            case ast.BoolOp(op=op, values=values):
                own, sign = (self.AND, " && ") if isinstance(op, ast.And) else (self.OR, " || ")
                return sign.join(within(value, own + 1) for value in values), own
            case ast.IfExp(test=test, body=body, orelse=orelse):
                text = f"{within(test, self.OR)} ? {within(body, self.OR)} : {self.text(orelse)}"
                return text, self.CONDITIONAL
            case ast.Call(func=ast.Name(id=name), args=arguments):
                inside = ", ".join(map(self.text, arguments))
                return f"{self.function(name)}({inside})", self.ATOM
        raise AssertionError(ast.dump(node))

    def name(self, name: str) -> str:
        return name

    def comparison(self, sign: str) -> str:
        return sign

    def function(self, name: str) -> str:
        return ELEMENTARY[name].c or f"ag_{name}"


class _JavaScript(_C):
    def __init__(self, sequences: Collection[str]) -> None:
        self.sequences = sequences

    def name(self, name: str) -> str:
        return f"{name}[i]" if name in self.sequences else name

    def comparison(self, sign: str) -> str:
        return f"{sign}=" if sign in ("==", "!=") else sign

    def function(self, name: str) -> str:
        row = ELEMENTARY[name]
        return row.javascript or (f"Math.{row.c}" if row.c else f"ag_{name}")

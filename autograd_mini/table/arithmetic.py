"""Rules over kinds of numbers: floats that raise, IEEE 754, complex, precise, and dual ones.

A rule becomes the text of a Python function, over the functions that the kind of number has.
"""

from __future__ import annotations

import ast
import cmath
import linecache
import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.rules import Rule, float_of

__all__ = [
    "COMPLEX",
    "FLOATS",
    "IEEE",
    "RATIONAL",
    "Arithmetic",
    "Dual",
    "compile_function",
    "precise",
]

_INF, _NAN, _ZERO = math.inf, math.nan, Fraction(0)


class Arithmetic:
    """A kind of number, and the functions of the rule language over it.

    Args:
        functions: the elementary functions that it has, and ``pow``. Those with a definition in
            the rule language are computed by it, unless they are given too.
        number: makes such a number of a float that stands in a rule; None for floats. Other
            numbers are compared by their real parts, as complex ones have no order.
        divide: the quotient, where that is not what ``/`` gives.

    >>> square = COMPLEX.function(Rule("x * x"))
    >>> square(1 + 2j)
    (-3+4j)
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]],
        *,
        number: Callable[[float], Any] | None = None,
        divide: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        self._functions = dict(functions)
        self._number, self._divide = number, divide
        self._compiled: dict[tuple[Rule, tuple[str, ...] | None], Callable[..., Any] | None] = {}

    def text(self, rule: Rule, *, each: Sequence[str] = ()) -> str:
        """Return a rule as Python text over the names of `namespace`.

        With ``each``, names of sequences, the text is the list of the rule's values over them; the
        sequence of the ``x`` is called ``xs``.

        >>> FLOATS.text(Rule("x / 2")), IEEE.text(Rule("x / 2"))
        ('x / 2.0', 'divide(x, 2.0)')
        >>> FLOATS.text(Rule("2 * x"), each=["x"])
        '[2.0 * x for x in xs]'
        """
        if rule.text in each:
            return f"{rule.text}s"
        text = ast.unparse(self._rewrite(rule.tree))
        return f"[{text} for {_write_zip(each)}]" if each else text

    def statements(self, rule: Rule) -> list[str]:
        """Return Python lines that set ``out`` to a rule's value.

        A ``sum(term)`` becomes a loop that adds from left to right, one addition at a time: the
        bits of a chain of ``+``. (The built-in ``sum`` compensates its rounding, from Python 3.12
        on.) It starts from -0.0, which changes no number that is added to it.
        """
        value = self.text(rule)
        if rule.summand is None:
            return [f"out = {value}"]
        first = f"-0.0 if {rule.sequences[0]}s else 0.0"
        return [
            f"total = {first}" if self._number is None else f"total = number({first})",
            f"for {_write_zip(rule.sequences)}:",
            f"    total += {self.text(rule.summand)}",
            f"out = {value}",
        ]

    def namespace(self, *trees: ast.expr) -> dict[str, Any]:
        """Return what the texts of formulas call, by name.

        Raises:
            LookupError: this arithmetic lacks a function for that.
        """
        called = {_find_called(node) for tree in trees for node in ast.walk(tree)} - {None}
        functions = {name: self._elementary(name) for name in called if name is not None}
        return {"number": self._number, "divide": self._divide, **functions}

    def function(
        self, rule: Rule, operands: tuple[str, ...] | None = None
    ) -> Callable[..., Any] | None:
        """Return a rule as a function; None if this arithmetic lacks one that the rule calls.

        Args:
            rule: the rule.
            operands: the names of the function's arguments, in order; those of the rule if None.
                A name inside a sum stands for a sequence of numbers.
        """
        key = rule, operands
        if key not in self._compiled:
            try:
                self._compiled[key] = self.compile("rule", operands or rule.names, rule)
            except LookupError:
                self._compiled[key] = None
        return self._compiled[key]

    def holds(self, condition: ast.expr, numbers: Mapping[str, Any]) -> bool:
        """Return whether a condition of the rule language holds for numbers by name."""
        text = ast.unparse(self._rewrite(condition))
        return bool(eval(text, self.namespace(condition), dict(numbers)))

    def compile(self, name: str, operands: Sequence[str], *rules: Rule, result: str = "out") -> Any:
        """Return a function that sets ``out`` by the first rule, and returns a result of all."""
        arguments = ", ".join(f"{o}s" if o in rules[0].sequences else o for o in operands)
        lines = [f"def {name}({arguments}):", *self.statements(rules[0]), f"return {result}\n"]
        names = self.namespace(*(rule.tree for rule in rules))
        return compile_function("\n    ".join(lines), name=name, namespace=names)

    def _elementary(self, name: str) -> Callable[..., Any]:
        """Return a function that rules call, compiled if it has a definition."""
        if name not in self._functions:
            row = ELEMENTARY.get(name)
            if row is None or not row.definition:
                raise LookupError(name)
            self._functions[name] = self.compile(name, "x", Rule(row.definition))
        return self._functions[name]

    def _rewrite(self, tree: ast.expr) -> Any:
        return _Rewriter(self._number is not None, self._divide is not None).visit(deepcopy(tree))


class _Rewriter(ast.NodeTransformer):
    """Turns a formula into Python, with ``total`` in place of a sum."""

    def __init__(self, makes_numbers: bool, divides: bool) -> None:
        self.makes_numbers, self.divides = makes_numbers, divides

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return _call("number", node) if self.makes_numbers else ast.Constant(float_of(node))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Pow):
            return _call("pow", node.left, node.right)
        is_call = self.divides and isinstance(node.op, ast.Div)
        return _call("divide", node.left, node.right) if is_call else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if self.makes_numbers:
            real = [ast.Attribute(x, "real", ast.Load()) for x in (node.left, *node.comparators)]
            return ast.Compare(real[0], node.ops, list(real[1:]))
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node.func) == "sum":
            return ast.Name("total", ast.Load())
        return self.generic_visit(node)


def _write_zip(names: Sequence[str]) -> str:
    sequences = ", ".join(f"{name}s" for name in names)
    return f"{', '.join(names)} in {sequences if len(names) == 1 else f'zip({sequences})'}"


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _find_called(node: ast.AST) -> str | None:
    """Return the function that a piece of a rule is computed by."""
    match node:
        case ast.BinOp(op=ast.Pow()):
            return "pow"
        case ast.Call(func=ast.Name(id=name)) if name != "sum":
            return name
    return None


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


def _library(module: Any) -> dict[str, Callable[..., Any]]:
    """Return the elementary functions that a library has under C's names."""
    rows = [row for row in ELEMENTARY.values() if row.c]
    return {row.name: getattr(module, row.c) for row in rows if hasattr(module, row.c)}


def _power(x: float, y: float) -> float:
    """Return x to the power y; unlike C's ``pow``, a NaN on either side gives NaN."""
    return math.pow(x, y) if x == x and y == y else _NAN


def _total(name: str, function: Callable[[float], float]) -> Callable[[float], float]:
    """Return a function of `math` as IEEE 754 has it: every float goes in, a float comes out."""
    poles = ELEMENTARY[name].poles

    def total(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return -_INF if name == "sinh" and x < 0 else _INF
        except ValueError:
            return poles.get(x, _NAN)

    total.__name__ = name
    return total


def _total_power(x: float, y: float) -> float:
    try:
        return _power(x, y)
    except OverflowError:
        pass
    except ValueError:
        if x != 0:
            return _NAN
    # An overflow, or a negative power of zero: infinite, with the sign of an odd power of x.
    odd = math.fmod(y, 2.0) in (1.0, -1.0)
    return math.copysign(_INF, x) if odd else _INF


def _divide(x: float, y: float) -> float:
    """Return x / y, with a zero divisor as IEEE 754 has it."""
    try:
        return x / y
    except ZeroDivisionError:
        if x == 0 or x != x:
            return _NAN
        return math.copysign(_INF, x) * math.copysign(1.0, y)


_MATH = _library(math)

FLOATS = Arithmetic({**_MATH, "pow": _power})
"""Floats by `math`, which raises where C returns an infinity or a NaN."""

IEEE = Arithmetic(
    {**{name: _total(name, f) for name, f in _MATH.items()}, "pow": _total_power}, divide=_divide
)
"""Floats by IEEE 754: NaN gives NaN, and nothing is raised."""


def _upright(z: Any, f: Callable[[Any], Any]) -> Any:
    """Return an odd function, given what it does to the right of zero."""
    return f(z) if z.real >= 0 else -f(-z)


def _absolute(z: Any) -> Any:
    return z if z.real >= 0 else -z


def _complex_power(z: complex, w: complex) -> complex:
    if z.real == 0 and w.real > 1:
        return 0j  # not the power of the tiny imaginary part
    if not w.imag and w.real.is_integer() and abs(w) <= 100:
        return z ** int(w.real)  # by products, so also of a negative base
    return cmath.exp(w * cmath.log(z))


COMPLEX = Arithmetic(
    {
        **_library(cmath),
        "abs": _absolute,
        "cbrt": lambda z: _upright(z, lambda w: cmath.exp(cmath.log(w) / 3)),
        "expm1": lambda z: complex(math.expm1(z.real), cmath.exp(z).imag),
        "log1p": lambda z: complex(math.log1p(z.real), math.atan2(z.imag, 1.0 + z.real)),
        "log2": lambda z: cmath.log(z) / math.log(2.0),
        "pow": _complex_power,
    },
    number=complex,
)
"""Complex numbers whose imaginary part is so small that its square vanishes; without erf."""


@cache
def precise() -> Arithmetic:
    """Return the arithmetic of mpmath, real or complex, at the precision in force."""
    try:
        from mpmath import mp  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ImportError("this needs mpmath: pip install mpmath") from error
    functions = {
        **_library(mp),
        "abs": _absolute,
        "cbrt": lambda x: _upright(x, mp.cbrt),
        "log2": lambda x: mp.log(x) / mp.ln2,  # mpmath has one from version 1.4 on
        "pow": mp.power,
    }
    return Arithmetic(functions, number=mp.mpf)


class Dual(NamedTuple):
    """A fraction and its derivative: ``value`` + ``slope`` · ε with ε² = 0.

    A function of such numbers is differentiated exactly (forward-mode differentiation; Griewank
    and Walther, *Evaluating Derivatives*, 2008, chapter 3).

    >>> x = Dual(Fraction(3), Fraction(1))
    >>> (x * x).slope
    Fraction(6, 1)
    """

    value: Fraction
    slope: Fraction = _ZERO

    @property
    def real(self) -> Fraction:
        """The fraction: what numbers are compared by."""
        return self.value

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __add__(self, other: Dual) -> Dual:  # type: ignore[override]  # no tuple's sum
        return Dual(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: Dual) -> Dual:
        return Dual(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other: Dual) -> Dual:  # type: ignore[override]
        slope = self.slope * other.value + self.value * other.slope
        return Dual(self.value * other.value, slope)

    def __truediv__(self, other: Dual) -> Dual:
        quotient = self.value / other.value
        return Dual(quotient, (self.slope - quotient * other.slope) / other.value)


RATIONAL = Arithmetic({"abs": _absolute}, number=lambda x: Dual(Fraction(x)))
"""Fractions with derivatives, for the rows that make fractions of fractions."""

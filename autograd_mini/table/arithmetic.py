"""The value rules of the table over other numbers than floats: complex, precise, exact."""

from __future__ import annotations

import ast
import cmath
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from autograd_mini.table.languages import FUNCTIONS
from autograd_mini.table.primitives import Primitive
from autograd_mini.table.rules import Rule, compile_function

__all__ = ["COMPLEX", "RATIONAL", "Arithmetic", "Dual", "precise"]

_ZERO = Fraction(0)


class Arithmetic:
    """A kind of number, and the functions of the rule language over it.

    Numbers are compared by their real parts, as complex ones have no order.

    Args:
        number: makes such a number of a float that stands in a rule.
        functions: those of the rule language that it has, and ``pow``. Functions with a
            definition in the language are computed by it, unless they are given too.

    >>> from autograd_mini.table.primitives import PRIMITIVES
    >>> COMPLEX.value(PRIMITIVES["square"])(1 + 2j)
    (-3+4j)
    """

    def __init__(
        self, number: Callable[[float], Any], functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self._namespace: dict[str, Any] = {"number": number, **functions}
        self._values: dict[Primitive, Callable[..., Any] | None] = {}
        for name, function in FUNCTIONS.items():
            if function.definition and name not in functions:
                compiled = self._compiled(name, ["x"], Rule(function.definition).tree)
                if compiled is not None:
                    self._namespace[name] = compiled

    def value(self, primitive: Primitive) -> Callable[..., Any] | None:
        """Return the value of a row as a function; None if a function is missing for that.

        It takes a number for each operand, a sequence of numbers for one inside a sum.
        """
        if primitive not in self._values:
            compiled = self._compiled(primitive.name, primitive.operands, primitive.value.tree)
            self._values[primitive] = compiled
        return self._values[primitive]

    def _compiled(
        self, name: str, operands: Sequence[str], tree: ast.expr
    ) -> Callable[..., Any] | None:
        body = _Rewritten().visit(ast.parse(ast.unparse(tree), mode="eval").body)
        called = {n.func.id for n in ast.walk(body) if isinstance(n, ast.Call)}  # type: ignore[attr-defined]
        if not called <= {*self._namespace, "sum", "zip"}:
            return None
        text = ast.unparse(body)
        source = f"def {name}({', '.join(operands)}):\n    return {text}\n"
        compiled: Callable[..., Any] = compile_function(
            source, name=name, namespace=self._namespace
        )
        return compiled


class _Rewritten(ast.NodeTransformer):
    """Turns a rule into Python text over any kind of number."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return _call("number", node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return _call("pow", node.left, node.right) if isinstance(node.op, ast.Pow) else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        sides: list[ast.expr] = [
            ast.Attribute(side, "real", ast.Load()) for side in (node.left, *node.comparators)
        ]
        return ast.Compare(sides[0], node.ops, sides[1:])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        names = Rule(ast.unparse(node)).sequences
        self.generic_visit(node)
        if not names:
            return node
        # Each name inside a sum is a sequence outside.
        items = ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store())
        rows = _call("zip", *(ast.Name(name, ast.Load()) for name in names))
        each = ast.comprehension(items, rows, [], 0)
        return _call("sum", ast.GeneratorExp(node.args[0], [each]))


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _upright(z: Any, f: Callable[[Any], Any]) -> Any:
    """Return an odd function, given what it does to the right of zero."""
    return f(z) if z.real >= 0 else -f(-z)


def _complex_power(z: complex, w: complex) -> complex:
    if z.real == 0 and w.real > 1:
        return 0j  # not the power of the tiny imaginary part
    if not w.imag and w.real.is_integer() and abs(w) <= 100:
        return z ** int(w.real)  # by products, so also of a negative base
    return cmath.exp(w * cmath.log(z))


COMPLEX = Arithmetic(
    complex,
    {
        "abs": lambda z: z if z.real >= 0 else -z,
        "arccos": cmath.acos,
        "arccosh": cmath.acosh,
        "arcsin": cmath.asin,
        "arcsinh": cmath.asinh,
        "arctan": cmath.atan,
        "arctanh": cmath.atanh,
        "cbrt": lambda z: _upright(z, lambda w: cmath.exp(cmath.log(w) / 3)),
        "cos": cmath.cos,
        "cosh": cmath.cosh,
        "exp": cmath.exp,
        "expm1": lambda z: complex(math.expm1(z.real), cmath.exp(z).imag),
        "log": cmath.log,
        "log10": cmath.log10,
        "log1p": lambda z: complex(math.log1p(z.real), math.atan2(z.imag, 1.0 + z.real)),
        "log2": lambda z: cmath.log(z) / math.log(2.0),
        "pow": _complex_power,
        "sin": cmath.sin,
        "sinh": cmath.sinh,
        "sqrt": cmath.sqrt,
        "tan": cmath.tan,
        "tanh": cmath.tanh,
    },
)
"""Complex numbers whose imaginary part is so small that its square vanishes; without erf."""


@cache
def precise() -> Arithmetic:
    """Return the arithmetic of mpmath, real or complex, at the precision in force.

    Raises:
        ImportError: mpmath is not installed.
    """
    try:
        from mpmath import mp  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ImportError("this needs mpmath: pip install mpmath") from error
    return Arithmetic(
        mp.mpf,
        {
            "abs": lambda x: x if x.real >= 0 else -x,
            "arccos": mp.acos,
            "arccosh": mp.acosh,
            "arcsin": mp.asin,
            "arcsinh": mp.asinh,
            "arctan": mp.atan,
            "arctanh": mp.atanh,
            "cbrt": lambda x: _upright(x, mp.cbrt),
            "cos": mp.cos,
            "cosh": mp.cosh,
            "erf": mp.erf,
            "exp": mp.exp,
            "expm1": mp.expm1,
            "log": mp.log,
            "log10": mp.log10,
            "log1p": mp.log1p,
            "log2": lambda x: mp.log(x) / mp.ln2,
            "pow": mp.power,
            "sin": mp.sin,
            "sinh": mp.sinh,
            "sqrt": mp.sqrt,
            "tan": mp.tan,
            "tanh": mp.tanh,
        },
    )


class Dual:
    """A fraction and its derivative: ``value`` + ``slope`` · ε with ε² = 0.

    A function of such numbers is differentiated exactly (forward-mode differentiation; Griewank
    and Walther, *Evaluating Derivatives*, 2008, chapter 3).

    >>> x = Dual(Fraction(3), Fraction(1))
    >>> (x * x).slope
    Fraction(6, 1)
    """

    __slots__ = ("slope", "value")

    def __init__(self, value: Fraction, slope: Fraction = _ZERO) -> None:
        self.value = value
        self.slope = slope

    @property
    def real(self) -> Fraction:
        """The fraction: what numbers are compared by."""
        return self.value

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, self.slope + other.slope)

    def __radd__(self, zero: int) -> Dual:  # the start of a sum
        return Dual(zero + self.value, self.slope)

    def __sub__(self, other: Dual) -> Dual:
        return Dual(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other: Dual) -> Dual:
        slope = self.slope * other.value + self.value * other.slope
        return Dual(self.value * other.value, slope)

    def __truediv__(self, other: Dual) -> Dual:
        quotient = self.value / other.value
        return Dual(quotient, (self.slope - quotient * other.slope) / other.value)


RATIONAL = Arithmetic(lambda x: Dual(Fraction(x)), {"abs": lambda x: x if x.value >= 0 else -x})
"""Fractions with derivatives, for the rows that make fractions of fractions."""

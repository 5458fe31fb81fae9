"""Other ways to compute what the library computes: precisely, on complex numbers, on fractions."""

from __future__ import annotations

import ast
import cmath
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from mpmath import mp, mpf

from autograd_mini import Value, engine
from autograd_mini.graph import edges, topological_order
from autograd_mini.operations import BinaryFunction, Operation, SumFunction, UnaryFunction
from autograd_mini.primitives import TABLE, Primitive
from autograd_mini.rules import FUNCTIONS, Rule

# --- at high precision ---------------------------------------------------------------------------

_PRECISE: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "arccos": mp.acos,
    "arccosh": mp.acosh,
    "arcsin": mp.asin,
    "arcsinh": mp.asinh,
    "arctan": mp.atan,
    "arctanh": mp.atanh,
    "cbrt": lambda x: mp.cbrt(x) if x >= 0 else -mp.cbrt(-x),
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
}


def _evaluator(rule: Rule, names: Sequence[str], functions: dict[str, Any]) -> Callable[..., Any]:
    """Return a rule as a function over another type of number."""
    return eval(f"lambda {', '.join(names)}: {rule.python()}", functions)  # noqa: S307


for _name, _function in FUNCTIONS.items():
    if _function.definition:
        _PRECISE[_name] = _evaluator(Rule(_function.definition), ["x"], _PRECISE)


def precise_value(primitive: Primitive, operands: Sequence[float]) -> mpf:
    """Return the value of a row's rule at high precision."""
    with mp.workprec(2500):  # 1e300 and 1e-300 have their sum
        return _evaluator(primitive.value, primitive.operands, _PRECISE)(*map(mpf, operands))


def precise_partial(primitive: Primitive, operands: Sequence[float], position: int) -> mpf:
    """Return a partial derivative of a row's *value*, by differences at high precision.

    The derivative rule plays no part. The step is far less than the distance to the bounds of the
    domain and to the kink, and shrinks until two results agree.
    """
    value = _evaluator(primitive.value, primitive.operands, _PRECISE)
    x = mpf(operands[position])
    room = [mpf(1), abs(x) or mpf(1)]
    domain = primitive.domains[primitive.operands[position]]
    room += [abs(x - bound) for bound in (domain.low, domain.high) if math.isfinite(bound)]
    if primitive.kink:
        room.append(abs(_evaluator(primitive.kink, primitive.operands, _PRECISE)(*operands)))
    exponent = 2 * abs(math.frexp(operands[position])[1])
    previous = None
    for bits in (100, 400, 1600):
        with mp.workprec(5 * bits + exponent):
            step = min(room) * mpf(2) ** -bits
            high, low = ([mpf(one) for one in operands] for _ in range(2))
            high[position] += step
            low[position] -= step
            slope = (value(*high) - value(*low)) / (2 * step)
        converged = previous is not None and abs(slope - previous) <= abs(slope) * mpf(2) ** -70
        if converged and (slope or bits > 100):  # a first zero may be a difference too small to see
            break
        previous = slope
    return slope


def ulps(computed: float, exact: mpf) -> float:
    """Return the error of a float in units in the last place of the exact number."""
    nearest = float(exact)
    if not math.isfinite(nearest) or not math.isfinite(computed):
        return 0.0 if nearest == computed else math.inf
    with mp.workprec(2500):
        return float(abs(mpf(computed) - exact) / mpf(math.ulp(nearest)))


# --- on complex numbers --------------------------------------------------------------------------

_COMPLEX: dict[str, Any] = {
    "arccos": cmath.acos,
    "arccosh": cmath.acosh,
    "arcsin": cmath.asin,
    "arcsinh": cmath.asinh,
    "arctan": cmath.atan,
    "arctanh": cmath.atanh,
    "cos": cmath.cos,
    "cosh": cmath.cosh,
    "exp": cmath.exp,
    "log": cmath.log,
    "log10": cmath.log10,
    "log2": lambda z: cmath.log(z) / math.log(2.0),
    "pow": lambda z, w: cmath.exp(w * cmath.log(z)),
    "sin": cmath.sin,
    "sinh": cmath.sinh,
    "sqrt": cmath.sqrt,
    "tan": cmath.tan,
    "tanh": cmath.tanh,
}
_COMPLEX["abs"] = lambda z: z if z.real >= 0 else -z
_COMPLEX["sigmoid"] = lambda z: 1.0 / (1.0 + cmath.exp(-z))
_COMPLEX["log1p"] = lambda z: complex(
    math.log1p(2.0 * z.real + abs(z) ** 2) / 2.0, math.atan2(z.imag, 1.0 + z.real)
)


class _ByRealPart(ast.NodeTransformer):
    """Compares real parts, as complex numbers have no order."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        sides = [ast.Attribute(side, "real", ast.Load()) for side in (node.left, *node.comparators)]
        return ast.Compare(sides[0], node.ops, sides[1:])


def _complex_function(primitive: Primitive) -> Callable[..., Any] | None:
    tree = _ByRealPart().visit(ast.parse(primitive.value.python(), mode="eval").body)
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if not called <= set(_COMPLEX):
        return None
    text = f"lambda {', '.join(primitive.operands)}: {ast.unparse(tree)}"
    return eval(text, _COMPLEX)  # noqa: S307 - a checked rule


COMPLEX: dict[str, Callable[..., Any]] = {
    row.name: function for row in TABLE if not row.nary and (function := _complex_function(row))
}
"""The rows that complex numbers can be put into, as functions of them."""
COMPLEX["sum"] = sum
COMPLEX["dot"] = lambda ws, xs, b: sum(w * x for w, x in zip(ws, xs, strict=True)) + b


# --- on fractions --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exact:
    """A fraction with its derivatives by the leaves: forward-mode differentiation."""

    data: Fraction
    slopes: tuple[Fraction, ...]


def _exact(data: Fraction, *terms: tuple[Fraction, Exact]) -> Exact:
    columns = zip(*([weight * slope for slope in one.slopes] for weight, one in terms), strict=True)
    return Exact(data, tuple(sum(column, Fraction(0)) for column in columns))


def _step_half(x: Fraction) -> Fraction:
    return Fraction(1) if x > 0 else Fraction(1, 2) if x == 0 else Fraction(0)


_HALF, _ONE, _ZERO = Fraction(1, 2), Fraction(1), Fraction(0)

EXACT: dict[str, Callable[..., Exact]] = {
    "add": lambda x, y: _exact(x.data + y.data, (_ONE, x), (_ONE, y)),
    "sub": lambda x, y: _exact(x.data - y.data, (_ONE, x), (-_ONE, y)),
    "mul": lambda x, y: _exact(x.data * y.data, (y.data, x), (x.data, y)),
    "neg": lambda x: _exact(-x.data, (-_ONE, x)),
    "square": lambda x: _exact(x.data**2, (2 * x.data, x)),
    "abs": lambda x: _exact(abs(x.data), (Fraction((x.data > 0) - (x.data < 0)), x)),
    "relu": lambda x: _exact(max(x.data, _ZERO), (Fraction(x.data > 0), x)),
    "maximum": lambda x, y: _exact(
        max(x.data, y.data), (_step_half(x.data - y.data), x), (_step_half(y.data - x.data), y)
    ),
    "minimum": lambda x, y: _exact(
        min(x.data, y.data), (_step_half(y.data - x.data), x), (_step_half(x.data - y.data), y)
    ),
    "sum": lambda xs: _exact(sum(x.data for x in xs), *((_ONE, x) for x in xs)),
    "dot": lambda ws, xs, b: _exact(
        sum(w.data * x.data for w, x in zip(ws, xs, strict=True)) + b.data,
        *((x.data, w) for w, x in zip(ws, xs, strict=True)),
        *((w.data, x) for w, x in zip(ws, xs, strict=True)),
        (_ONE, b),
    ),
}
"""The rows that are exact on integers, differentiated by hand."""


def chain_rule(root: Value, seed: float) -> dict[Value, Fraction]:
    """Return the exact gradient of every node at the recorded partial derivatives."""
    order = topological_order(root)
    gradients = dict.fromkeys(order, Fraction(0))
    gradients[root] = Fraction(seed)
    for node in reversed(order):
        for edge in edges(node):
            gradients[edge.operand] += gradients[node] * Fraction(edge.partial)
    return gradients


# --- a row bound for a while ---------------------------------------------------------------------


@contextmanager
def bound(primitive: Primitive, name: str = "made_up") -> Iterator[Callable[..., Any]]:
    """Bind a row to a name on Value by the one line that this takes, and unbind it afterwards."""
    if engine != "python":
        pytest.skip("rows are bound to the Python engine; AUTOGRAD_MINI_ENGINE=python runs this")
    assert not hasattr(Value, name)
    if primitive.nary:
        binding: Operation[Any, Any] = SumFunction(primitive)
    else:
        binding = (UnaryFunction, BinaryFunction)[len(primitive.operands) - 1](primitive)
    binding.__set_name__(Value, name)
    try:
        yield getattr(Value, name)
    finally:
        delattr(Value, name)

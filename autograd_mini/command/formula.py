"""Formulas typed by a user, in Python's expression syntax, as Values: nothing else can run."""

from __future__ import annotations

import ast
import math
import operator
import reprlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograd_mini import functions
from autograd_mini.arguments import number
from autograd_mini.engines import Operand, Value
from autograd_mini.engines.nonfinite import exceptional
from autograd_mini.table.primitives import PRIMITIVES, TABLE

__all__ = ["Formula", "FormulaError"]

_OPERATORS: Mapping[type[ast.operator], tuple[Callable[..., Any], str]] = {
    ast.Add: (operator.add, "add"),
    ast.Sub: (operator.sub, "sub"),
    ast.Mult: (operator.mul, "mul"),
    ast.Div: (operator.truediv, "div"),
    ast.Pow: (operator.pow, "pow"),
}


@dataclass(frozen=True)
class _Function:
    """A function that a formula may call, and how many operands it takes."""

    function: Callable[..., Any]
    least: int
    most: float

    def takes(self) -> str:
        if self.most == math.inf:
            return f"{self.least} operand or more"
        if self.least < self.most:
            return f"{self.least} or {self.most} operands"
        return f"{self.least} operand{'s' * (self.least > 1)}"


def _functions() -> dict[str, _Function]:
    """Return the primitives that are functions, and the composed ones that give one number."""
    known = {
        row.name: _Function(getattr(functions, row.name), len(row.operands), len(row.operands))
        for row in TABLE
        if hasattr(functions, row.name) and not row.nary
    }
    known["abs"] = _Function(abs, 1, 1)
    known["linear"] = _Function(functions.linear, 1, 1)
    known["leaky_relu"] = _Function(functions.leaky_relu, 1, 2)
    known["sum"] = _Function(lambda *xs: functions.sum(xs), 1, math.inf)
    known["mean"] = _Function(lambda *xs: functions.mean(xs), 1, math.inf)
    known["logsumexp"] = _Function(lambda *xs: functions.logsumexp(xs), 1, math.inf)
    return dict(sorted(known.items()))


_FUNCTIONS = _functions()


class FormulaError(ValueError):
    """A formula cannot be read; the message quotes the part."""


class Formula:
    """A formula of numbers, names, operators and the library's functions.

    Args:
        text: Python expression syntax, such as ``"0.5*(T - sigmoid(w*x + b))**2"``.

    Raises:
        FormulaError: the text is not a formula.

    >>> formula = Formula("w*x + 1")
    >>> formula.names
    ('w', 'x')
    >>> w, x = Value(2.0), Value(3.0)
    >>> formula.value({"w": w, "x": x}).data
    7.0
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # Python only warns of 1or x
                self._tree = ast.parse(text.strip(), mode="eval").body
            self.names = tuple(dict.fromkeys(self._checked(self._tree)))
            """The names in it, in order of appearance."""
        except FormulaError:
            raise
        except SyntaxError as error:
            raise FormulaError(f"cannot read {reprlib.repr(text)}: {error.msg}") from None
        except ValueError:  # half of a surrogate pair; to older Pythons, a NUL
            raise FormulaError(f"cannot read {reprlib.repr(text)}: it is no text") from None
        except (RecursionError, MemoryError):
            raise FormulaError("the formula is nested too deeply") from None

    def value(
        self, values: Mapping[str, Value], *, expressions: dict[Value, str] | None = None
    ) -> Value:
        """Return the formula computed from Values for its names.

        If ``expressions`` is given, the text of the part that each new Value stands for is put
        there.

        Raises:
            FormulaError: a name has no Value, or the formula depends on none.
            DomainError: an operation leaves its domain.
        """
        missing = [name for name in self.names if name not in values]
        if missing:
            raise FormulaError(
                f"no number for {', '.join(missing)}: give one as {missing[0]}=NUMBER"
            )
        try:
            result = self._computed(self._tree, values, {} if expressions is None else expressions)
        except RecursionError:
            raise FormulaError("the formula is nested too deeply") from None
        if not isinstance(result, Value):
            raise FormulaError(f"{self.text!r} has no name in it to differentiate by")
        return result

    def _checked(self, node: ast.expr) -> list[str]:
        """Return the names in a part, having refused what is not of a formula."""
        match node:
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                try:
                    number(node.value, what="a formula")
                except ValueError as error:
                    raise FormulaError(str(error)) from None
                return []
            case ast.Name(id=name):
                if name in _FUNCTIONS:
                    raise FormulaError(f"{name!r} is a function: write {name}(…)")
                return [name]
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return self._checked(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return self._checked(left) + self._checked(right)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                if name not in _FUNCTIONS:
                    raise FormulaError(
                        f"unknown function {name!r}; known are {', '.join(_FUNCTIONS)}"
                    )
                called = _FUNCTIONS[name]
                if not called.least <= len(arguments) <= called.most:
                    raise FormulaError(f"{name} takes {called.takes()}, got {len(arguments)}")
                return [found for argument in arguments for found in self._checked(argument)]
        part = ast.get_source_segment(self.text.strip(), node) or ast.unparse(node)
        raise FormulaError(
            f"{part!r} is not allowed in a formula: only numbers, names, + - * / **, "
            "parentheses and the library's functions are"
        )

    def _computed(
        self, node: ast.expr, values: Mapping[str, Value], expressions: dict[Value, str]
    ) -> Operand:
        match node:
            case ast.Constant(value=int() | float() as constant):
                return float(constant)
            case ast.Name(id=name):
                return values[name]
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._computed(operand, values, expressions)
        if isinstance(node, ast.UnaryOp):
            result: Operand = -self._computed(node.operand, values, expressions)
        elif isinstance(node, ast.BinOp):
            left = self._computed(node.left, values, expressions)
            right = self._computed(node.right, values, expressions)
            compute, name = _OPERATORS[type(node.op)]
            if isinstance(left, Value) or isinstance(right, Value):
                result = compute(left, right)
            else:  # Python's own ** would give complex numbers
                result = exceptional(PRIMITIVES[name], left, right)[0]
        else:
            assert isinstance(node, ast.Call)
            assert isinstance(node.func, ast.Name)
            arguments = [self._computed(one, values, expressions) for one in node.args]
            result = _FUNCTIONS[node.func.id].function(*arguments)
        if isinstance(result, Value) and result.op is not None:
            expressions[result] = ast.unparse(node)
        return result

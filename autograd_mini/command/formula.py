"""Computes formulas that a user types as Python expressions; no other code can run."""

from __future__ import annotations

import ast
import inspect
import operator
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from autograd_mini import functions
from autograd_mini.arguments import number, requirement
from autograd_mini.engines import Operand, Value
from autograd_mini.engines.nonfinite import exceptional
from autograd_mini.table.primitives import PRIMITIVES
from autograd_mini.table.rules import ARITHMETIC

__all__ = ["Formula", "FormulaError"]


_FUNCTIONS = sorted({"abs", *functions.__all__} - {"dot", "where", "softmax", "log_softmax"})
"""The functions that return one number."""
_OF_MANY = ("sum", "mean", "logsumexp")


class FormulaError(ValueError):
    """A text is not a formula; the message quotes the wrong part."""


class _Operation(NamedTuple):
    """A part of a formula that is computed from other parts."""

    function: Callable[..., Operand]
    operands: list[_Operation | str | float]
    text: str


class Formula:
    """A formula of numbers, names, operators and the library's functions.

    Args:
        text: a Python expression, such as ``"0.5*(T - sigmoid(w*x + b))**2"``.

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
        self._names: dict[str, None] = {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # Python only warns about 1or x
                tree = ast.parse(text.strip(), mode="eval").body
            self._whole = self._read(tree)
        except FormulaError:
            raise
        except SyntaxError as error:
            reason = error.msg.partition(";")[0]  # without advice to programs that read huge ints
            raise FormulaError(
                requirement("formula", "a Python expression", text, reason)
            ) from None
        except ValueError:  # the text has half of a surrogate pair or, for older Pythons, a NUL
            raise FormulaError(requirement("formula", "text", text)) from None
        except (RecursionError, MemoryError):
            raise FormulaError(requirement("formula", "nested less deeply", text)) from None

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the formula, in order of appearance."""
        return tuple(self._names)

    def value(
        self, values: Mapping[str, Value], *, expressions: dict[Value, str] | None = None
    ) -> Value:
        """Compute the formula from a Value for each name.

        If ``expressions`` is given, it gets the text of the part that each new Value computes.

        Raises:
            FormulaError: a name has no Value, or the formula has no name.
            DomainError: an operation leaves its domain.
        """
        missing = [name for name in self.names if name not in values]
        if missing:
            names = ", ".join(missing)
            raise FormulaError(
                f"{names} must be given a number, got none; write {missing[0]}=NUMBER"
            )

        def compute(part: _Operation | str | float) -> Operand:
            if isinstance(part, float):
                return part
            if isinstance(part, str):
                return values[part]
            made = part.function(*map(compute, part.operands))
            if expressions is not None and isinstance(made, Value) and made.op is not None:
                expressions[made] = part.text
            return made

        try:
            result = compute(self._whole)
        except RecursionError:
            raise FormulaError(requirement("formula", "nested less deeply", self.text)) from None
        if not isinstance(result, Value):
            rule = "an expression with a name to differentiate by"
            raise FormulaError(requirement("formula", rule, self.text))
        return result

    def _read(self, node: ast.expr) -> _Operation | str | float:
        """Return a node as a part of the formula; raise FormulaError if it cannot be one."""
        function: Callable[..., Operand]
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                try:
                    return number(value, argument="formula: number")
                except ValueError:
                    rule = "a float, or an int that a float holds exactly"
                    raise FormulaError(requirement("formula: number", rule, value)) from None
            case ast.Name(id=name) if name in _FUNCTIONS:
                raise FormulaError(
                    f"the function {name} must be called, got its name alone; write {name}(…)"
                )
            case ast.Name(id=name):
                self._names[name] = None
                return name
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._read(operand)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                function, operands = operator.neg, [operand]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                function, operands = partial(_apply, ARITHMETIC[type(op)].row), [left, right]
            case ast.Call(func=ast.Name(id=name), args=operands, keywords=[]):
                function = _find_function(name, len(operands))
            case _:
                part = ast.get_source_segment(self.text.strip(), node) or ast.unparse(node)
                rule = "a number, a name, one of + - * / **, or a function of the library"
                raise FormulaError(requirement("each part of a formula", rule, part))
        parts = list(map(self._read, operands))
        # Now each number is known to be a float, which can be written in decimal.
        return _Operation(function, parts, ast.unparse(node))


def _apply(row: str, x: Operand, y: Operand) -> Operand:
    """Compute an operator; with floats by its row, as Python's ** would give complex numbers."""
    if isinstance(x, float) and isinstance(y, float):
        return exceptional(PRIMITIVES[row], x, y)[0]
    made: Value = getattr(operator, "truediv" if row == "div" else row)(x, y)
    return made


def _find_function(name: str, count: int) -> Callable[..., Any]:
    """Return the library's function of this name, which must take ``count`` numbers."""
    if name not in _FUNCTIONS:
        raise FormulaError(requirement("function", f"one of {', '.join(_FUNCTIONS)}", name))
    function: Callable[..., Any] = abs if name == "abs" else getattr(functions, name)
    if name in _OF_MANY:
        if count == 0:
            raise FormulaError(requirement(f"{name}: number of operands", "1 or more", count))
        return lambda *xs: function(xs)
    parameters = inspect.signature(function).parameters.values()
    least, most = sum(p.default is p.empty for p in parameters), len(parameters)
    if not least <= count <= most:
        allowed = f"{least} or {most}" if least < most else f"{most}"
        raise FormulaError(requirement(f"{name}: number of operands", allowed, count))
    return function

"""Formulas typed by a user, in Python's expression syntax, as Values: nothing else can run."""

from __future__ import annotations

import ast
import inspect
import operator
import reprlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from autograd_mini import functions
from autograd_mini.arguments import number
from autograd_mini.engines import Operand, Value
from autograd_mini.engines.nonfinite import exceptional
from autograd_mini.table.primitives import PRIMITIVES
from autograd_mini.table.rules import ARITHMETIC

__all__ = ["Formula", "FormulaError"]


_FUNCTIONS = sorted({"abs", *functions.__all__} - {"dot", "where", "softmax", "log_softmax"})
"""The functions of numbers that give one."""
_OF_MANY = ("sum", "mean", "logsumexp")


def _function(name: str) -> Callable[..., Any]:
    if name in _OF_MANY:
        return lambda x, *more: getattr(functions, name)([x, *more])
    found: Callable[..., Any] = abs if name == "abs" else getattr(functions, name)
    return found


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
        reading = _Reading(text.strip())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # Python only warns of 1or x
                tree = reading.visit(ast.parse(text.strip(), mode="eval").body)
                expression = ast.fix_missing_locations(ast.Expression(tree))
                self._code = compile(expression, "<formula>", "eval")
        except FormulaError:
            raise
        except SyntaxError as error:
            raise FormulaError(f"cannot read {reprlib.repr(text)}: {error.msg}") from None
        except ValueError:  # half of a surrogate pair; to older Pythons, a NUL
            raise FormulaError(f"cannot read {reprlib.repr(text)}: it is no text") from None
        except (RecursionError, MemoryError):
            raise FormulaError("the formula is nested too deeply") from None
        self.names = tuple(reading.names)
        """The names in it, in order of appearance."""
        self._parts = reading.parts

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

        def apply(part: int, *operands: Operand) -> Operand:
            function, text = self._parts[part]
            made: Operand = function(*operands)
            if expressions is not None and isinstance(made, Value) and made.op is not None:
                expressions[made] = text
            return made

        try:
            names = {"__builtins__": {}, "apply": apply}
            operands = {_variable(name): value for name, value in values.items()}
            result = eval(self._code, names, operands)  # noqa: S307 - what `_Reading` made
        except RecursionError:
            raise FormulaError("the formula is nested too deeply") from None
        if not isinstance(result, Value):
            raise FormulaError(f"{self.text!r} has no name in it to differentiate by")
        return result


def _variable(name: str) -> str:
    """Return what a name is called in the code: to Python, ``__debug__`` is no variable."""
    return f"({name})"


class _Reading(ast.NodeTransformer):
    """Walks a formula once, refusing what is not of one, and makes calls of its operations.

    Each applies a part, by its number: the function, and the text that it stands for.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: dict[str, None] = {}
        self.parts: list[tuple[Callable[..., Any], str]] = []

    def apply(self, node: ast.expr, function: Callable[..., Any], *operands: ast.expr) -> ast.expr:
        text = ast.unparse(node)
        computed = list(map(self.visit, operands))
        self.parts.append((function, text))
        part = ast.Constant(len(self.parts) - 1)
        return ast.Call(ast.Name("apply", ast.Load()), [part, *computed], [])

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, int | float) or isinstance(node.value, bool):
            raise self.refusal(node)
        try:
            return ast.Constant(number(node.value, what="a formula"))
        except ValueError as error:
            raise FormulaError(str(error)) from None

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in _FUNCTIONS:
            raise FormulaError(f"{node.id!r} is a function: write {node.id}(…)")
        self.names[node.id] = None
        return ast.Name(_variable(node.id), ast.Load())

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.op, ast.UAdd):
            positive: ast.expr = self.visit(node.operand)
            return positive
        if not isinstance(node.op, ast.USub):
            raise self.refusal(node)
        return self.apply(node, operator.neg, node.operand)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if type(node.op) not in ARITHMETIC:
            raise self.refusal(node)
        return self.apply(node, _operation(ARITHMETIC[type(node.op)].row), node.left, node.right)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise self.refusal(node)
        name = node.func.id
        if name not in _FUNCTIONS:
            raise FormulaError(f"unknown function {name!r}; known are {', '.join(_FUNCTIONS)}")
        function = _function(name)
        parameters = inspect.signature(function).parameters.values()
        least, most = sum(p.default is p.empty for p in parameters), len(parameters)
        takes = f"{least} operand{'s' * (least > 1)}"
        if name in _OF_MANY:
            least, most, takes = 1, len(node.args), "1 operand or more"
        elif least < most:
            takes = f"{least} or {most} operands"
        if not least <= len(node.args) <= most:
            raise FormulaError(f"{name} takes {takes}, got {len(node.args)}")
        return self.apply(node, function, *node.args)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        raise self.refusal(node)

    def refusal(self, node: ast.AST) -> FormulaError:
        part = ast.get_source_segment(self.text, node) or ast.unparse(node)
        return FormulaError(
            f"{part!r} is not allowed in a formula: only numbers, names, + - * / **, "
            "parentheses and the library's functions are"
        )


def _operation(row: str) -> Callable[[Operand, Operand], Operand]:
    """Return an operator for Values and floats; Python's own ** would give complex numbers."""
    of_values = getattr(operator, "truediv" if row == "div" else row)

    def operation(x: Operand, y: Operand) -> Operand:
        if isinstance(x, Value) or isinstance(y, Value):
            made: Value = of_values(x, y)
            return made
        return exceptional(PRIMITIVES[row], x, y)[0]

    return operation

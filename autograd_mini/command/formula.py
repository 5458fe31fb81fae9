"""Computes formulas that a user types as Python expressions; no other code can run."""

from __future__ import annotations

import ast
import inspect
import keyword
import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from autograd_mini import functions
from autograd_mini.arguments import number, requirement
from autograd_mini.command.diagnosis import diagnose, parse
from autograd_mini.engines import Operand, Value
from autograd_mini.engines.nonfinite import exceptional
from autograd_mini.table.names import as_identifier, shorten_name
from autograd_mini.table.primitives import PRIMITIVES
from autograd_mini.table.rules import ARITHMETIC

__all__ = ["CONSTANTS", "FUNCTIONS", "Formula", "FormulaError"]

FUNCTIONS = sorted({"abs", *functions.__all__} - {"dot", "where", "softmax", "log_softmax"})
"""The functions that return one number."""
CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e}
_OF_MANY = ("sum", "mean", "logsumexp", "norm", "prod")
_WORD = r"(?![0-9])[A-Za-z0-9_\x80-\U0010ffff]+"  # a name, or letters that are none
_TOKEN = re.compile(
    r"(?:(?P<number>0[xXoObB]\w*|\.?[0-9](?:[eE][+-](?=[0-9])|[\w.])*)"
    rf"|(?P<call>{_WORD}) *\(|(?P<name>{_WORD})|(?P<sign>\*\*|[-+*/(),])) *"
)
_ROWS = {infix.code: infix.row for infix in ARITHMETIC.values()}
_DEEPEST = 200
"""Python itself reads no more parentheses inside each other."""


class FormulaError(ValueError):
    """A text is not a formula; the message quotes the wrong part."""


class _Operation(NamedTuple):
    """A step of a formula: a function of the results of the ``arity`` steps before it."""

    function: Callable[..., Operand]
    arity: int
    text: str


class Formula:
    """A formula of numbers, names, operators and the library's functions.

    Args:
        text: a Python expression, such as ``"0.5*(T - sigmoid(w*x + b))**2"``; a name may have its
            number as a subscript, as in ``w₁``.

    Attributes:
        names: the names in it, in order of appearance, those of constants too.

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
        line = re.sub(r"[\t\n\f\r]", " ", text.strip())
        reader = _Reader(line)
        try:
            reader.read()
        except _UnreadableError:
            raise FormulaError(diagnose(line, reader.position, FUNCTIONS, _is_formula)) from None
        self.names, self._steps = tuple(reader.names), reader.steps

    def value(
        self, values: Mapping[str, Value], *, expressions: dict[Value, str] | None = None
    ) -> Value:
        """Compute the formula from a Value for each name; ``pi`` and ``e`` may have none.

        If ``expressions`` is given, it gets the text of the part that each new Value computes.

        Raises:
            FormulaError: a name has no Value, or the formula has no name.
            DomainError: an operation leaves its domain.
        """
        result = self.compute(values, {} if expressions is None else expressions)
        if not isinstance(result, Value):
            rule = "an expression with a name to differentiate by"
            raise FormulaError(requirement("formula", rule, self.text))
        return result

    def compute(self, values: Mapping[str, Value], expressions: dict[Value, str]) -> Operand:
        """Compute the formula as `value` does, to a number if it has no name."""
        known = {**CONSTANTS, **values}
        missing = [name for name in self.names if name not in known]
        if missing:
            names = ", ".join(missing)
            raise FormulaError(
                f"{names} must be given a number, got none; write {missing[0]}=NUMBER"
            )
        results: list[Any] = []
        for step in self._steps:
            if isinstance(step, str):
                results.append(known[step])
            elif isinstance(step, float):
                results.append(step)
            else:
                made = step.function(*results[-step.arity :])
                results[-step.arity :] = [made]
                if isinstance(made, Value) and made.op is not None:
                    expressions[made] = step.text
        result: Operand = results.pop()
        return result


class _UnreadableError(Exception):
    """The text has no formula from the position of the reader on."""


class _Reader:
    """Reads a formula from left to right, by recursion for what is in parentheses alone.

    Attributes:
        names: the names, in order of appearance.
        steps: numbers, names and operations, each after the steps whose results it uses.
        position: where the text is read next.
    """

    def __init__(self, text: str) -> None:
        self.names: dict[str, None] = {}
        self.steps: list[_Operation | str | float] = []
        self.position = 0
        self._text = text
        self._end = 0  # of what has been read, without the spaces behind it
        self._depth = 0  # how many parentheses are open

    def read(self) -> None:
        """Read the whole text.

        Raises:
            FormulaError: a number is not exact, or a function has too many operands, …
            _UnreadableError: it is no formula for another reason.
        """
        self._read_sum()
        if self.position < len(self._text):
            raise _UnreadableError

    def _read_sum(self) -> None:
        """Read products and their sum; there may be thousands."""
        start, sign = self.position, ""
        while True:
            first = self.position
            self._read_power()
            while product := self._take("*", "/"):
                self._read_power()
                self._apply(partial(_compute, _ROWS[product]), 2, first)
            if sign:
                self._apply(partial(_compute, _ROWS[sign]), 2, start)
            sign = self._take("+", "-")
            if not sign:
                return

    def _read_power(self) -> None:
        """Read signs and powers, which are applied from right to left: -x**-y is -(x**(-y))."""
        waiting = []
        while True:
            start, sign = self.position, self._take("+", "-")
            if not sign:
                self._read_operand()
                sign = self._take("**")
                if not sign:
                    break
            waiting.append((start, sign))
        for start, sign in reversed(waiting):
            if sign == "-":
                self._apply(operator.neg, 1, start)
            elif sign == "**":
                self._apply(partial(_compute, "pow"), 2, start)

    def _read_operand(self) -> None:
        """Read a number, a name, a call, or what is in parentheses."""
        start, token = self.position, _TOKEN.match(self._text, self.position)
        kind = token.lastgroup if token else None
        if token is None or kind is None or keyword.iskeyword(token[kind]):
            raise _UnreadableError
        if kind == "number":
            self.steps.append(_read_number(token[kind]))
            self._move(token)
        elif kind == "name":
            name = _read_name(token[kind])
            if name in FUNCTIONS:
                rule = f"the function {name} must be called, got its name alone"
                raise FormulaError(f"{rule}; write {name}(…)")
            self.names[name] = None
            self.steps.append(name)
            self._move(token)
        elif kind == "call":
            name = _read_name(token[kind])
            if name not in FUNCTIONS:
                raise _UnreadableError
            self._enter(token)
            self._call(name, self._read_operands(), start)
        elif token[kind] == "(":
            self._enter(token)
            self._read_sum()
            self._leave()
        else:
            raise _UnreadableError

    def _read_operands(self) -> list[str]:
        """Read the operands of a function, and the parenthesis behind them; return their texts."""
        texts: list[str] = []
        while not self._take(")"):
            start = self.position
            self._read_sum()
            texts.append(self._text[start : self._end])
            if not self._take(","):
                self._leave()
                return texts
        self._depth -= 1
        return texts

    def _call(self, name: str, texts: list[str], start: int) -> None:
        count = len(texts)
        function = _find_function(name, count)
        if name == "mean":  # it makes two Values
            self._apply(_find_function("sum", count), count, start, text=" + ".join(texts))
            self.steps.append(float(count))
            count, function = 2, partial(_compute, "div")
        self._apply(function, count, start)

    def _apply(
        self, function: Callable[..., Operand], arity: int, start: int, *, text: str = ""
    ) -> None:
        text = shorten_name(text or self._text[start : self._end])
        self.steps.append(_Operation(function, arity, text))

    def _take(self, *signs: str) -> str:
        """Go past a sign if it is one of these, and return it; otherwise return an empty text."""
        token = _TOKEN.match(self._text, self.position)
        if token is None or token["sign"] not in signs:
            return ""
        self._move(token)
        return token["sign"]

    def _move(self, token: re.Match[str]) -> None:
        self.position, self._end = token.end(), token.start() + len(token[0].rstrip())

    def _enter(self, token: re.Match[str]) -> None:
        self._move(token)
        self._depth += 1
        if self._depth > _DEEPEST:
            argument = "formula: number of parentheses inside each other"
            raise FormulaError(requirement(argument, f"at most {_DEEPEST}", self._depth))

    def _leave(self) -> None:
        if not self._take(")"):
            raise _UnreadableError
        self._depth -= 1


def _is_formula(text: str) -> bool:
    """Return whether a text is a formula with a name in it."""
    reader = _Reader(text)
    try:
        reader.read()
    except (FormulaError, _UnreadableError):
        return False
    return bool(reader.names)


def _read_number(text: str) -> float:
    try:
        tree = parse(text)
    except SyntaxError:
        raise _UnreadableError from None
    if not isinstance(tree, ast.Constant) or not isinstance(tree.value, int | float):
        raise _UnreadableError
    try:
        return number(tree.value, argument="formula: number")
    except ValueError:
        rule = "a float, or an int that a float holds exactly"
        raise FormulaError(requirement("formula: number", rule, tree.value)) from None


def _read_name(text: str) -> str:
    name = as_identifier(text)
    if not name.isidentifier() or "·" in name:  # Python takes it for a letter
        raise _UnreadableError
    return name


def _compute(row: str, x: Operand, y: Operand) -> Operand:
    """Compute an operator; with floats by its row, as Python's ** would give complex numbers."""
    if isinstance(x, float) and isinstance(y, float):
        return exceptional(PRIMITIVES[row], x, y)[0]
    made: Value = getattr(operator, "truediv" if row == "div" else row)(x, y)
    return made


def _find_function(name: str, count: int) -> Callable[..., Any]:
    """Return the library's function of this name, which must take ``count`` numbers."""
    function: Callable[..., Any] = abs if name == "abs" else getattr(functions, name)
    if name in _OF_MANY:
        if count == 0:
            raise FormulaError(requirement(f"{name}: number of operands", "1 or more", count))
        return lambda *xs: function(xs)
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) and count:
        return function
    least, most = sum(p.default is p.empty for p in parameters), len(parameters)
    if not least <= count <= most:
        allowed = f"{least} or {most}" if least < most else f"{most}"
        raise FormulaError(requirement(f"{name}: number of operands", allowed, count))
    return function

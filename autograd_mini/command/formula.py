"""Computes formulas that a user types as Python expressions; no other code can run."""

from __future__ import annotations

import ast
import inspect
import keyword
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, NoReturn

from autograd_mini import functions
from autograd_mini.arguments import number, requirement
from autograd_mini.command.suggestions import find_close, repair, shorten_around
from autograd_mini.engines import Operand, Value
from autograd_mini.engines.nonfinite import exceptional
from autograd_mini.table.names import as_identifier, shorten_name
from autograd_mini.table.primitives import PRIMITIVES
from autograd_mini.table.rules import ARITHMETIC

__all__ = ["CONSTANTS", "FUNCTIONS", "Formula", "FormulaError"]

FUNCTIONS = sorted({"abs", *functions.__all__} - {"dot", "where", "softmax", "log_softmax"})
"""The functions that return one number."""
CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e}
_OF_MANY = ("sum", "mean", "logsumexp")
_WORD = r"(?![0-9])[A-Za-z0-9_\x80-\U0010ffff]+"  # a name, or letters that are none
_TOKEN = re.compile(
    r"(?:(?P<number>0[xXoObB]\w*|\.?[0-9](?:[eE][+-](?=[0-9])|[\w.])*)"
    rf"|(?P<call>{_WORD}) *\(|(?P<name>{_WORD})|(?P<sign>\*\*|[-+*/(),])) *"
)
_ROWS = {infix.code: infix.row for infix in ARITHMETIC.values()}
_OPEN, _SUM, _PRODUCT, _MINUS, _POWER, _ATOM = range(6)
_PRECEDENCE = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "**": _POWER}
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
        reader = _Reader(re.sub(r"[\t\n\f\r]", " ", text.strip()))
        reader.read()
        self._names, self._steps = reader.names, reader.steps

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the formula, in order of appearance, those of constants too."""
        return tuple(self._names)

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


class _Waiting(NamedTuple):
    """An operator that waits for its right operand, or a parenthesis that is open.

    Attributes:
        precedence: that of the operator.
        sign: the operator, or the function whose parenthesis it is.
        start: where it stands in the text.
        before: how many operands are complete before it.
    """

    precedence: int
    sign: str
    start: int
    before: int


class _Reader:
    """Reads a formula from left to right, without recursion, as it may have thousands of parts.

    Attributes:
        names: the names, in order of appearance.
        steps: numbers, names and operations, each after the steps whose results it uses.
    """

    def __init__(self, text: str, *, is_repaired: bool = False) -> None:
        self.names: dict[str, None] = {}
        self.steps: list[_Operation | str | float] = []
        self._text = text
        self._is_repaired = is_repaired
        self._position = 0
        self._depth = 0  # how many parentheses are open
        self._waiting: list[_Waiting] = []
        self._spans: list[tuple[int, int]] = []  # of the complete operands, in the text

    def read(self) -> None:
        """Read the whole text; raise FormulaError if it is not a formula."""
        is_complete = False
        while self._position < len(self._text):
            token = _TOKEN.match(self._text, self._position)
            if token is None or keyword.iskeyword(token[token.lastgroup or 0]):
                self._refuse()
            is_complete = self._read_operator(token) if is_complete else self._read_operand(token)
            self._position = token.end()
        if self._depth or not is_complete:
            self._refuse()
        self._apply_waiting(_SUM)

    def _read_operand(self, token: re.Match[str]) -> bool:
        """Read an operand, or what may stand before it; return whether it is complete."""
        match token.lastgroup, token["sign"]:
            case "number", _:
                self._add(self._read_number(token["number"]), *token.span("number"))
            case "name", _:
                name = self._read_name(token["name"])
                if name in FUNCTIONS:
                    rule = f"the function {name} must be called, got its name alone"
                    raise FormulaError(f"{rule}; write {name}(…)")
                self.names[name] = None
                self._add(name, *token.span("name"))
            case "call", _:
                self._open(self._read_name(token["call"]))
                return False
            case _, "(":
                self._open("")
                return False
            case _, ")" if self._is_in_call():
                self._close(token.end("sign"))  # after a comma, or a function of nothing
            case _, "-":
                self._wait(_MINUS, "-")
                return False
            case _, "+":
                return False
            case _:
                self._refuse()
        return True

    def _read_operator(self, token: re.Match[str]) -> bool:
        """Read what may stand after an operand; return whether the operand is complete with it."""
        sign = token["sign"]
        if sign in _PRECEDENCE:
            precedence = _PRECEDENCE[sign]
            self._apply_waiting(precedence + (sign == "**"))  # x**y**z is x**(y**z)
            self._wait(precedence, sign)
            return False
        self._apply_waiting(_SUM)
        if sign == ")" and self._waiting:
            self._close(token.end("sign"))
            return True
        if sign != "," or not self._is_in_call():
            self._refuse()
        return False

    def _read_number(self, text: str) -> float:
        try:
            tree = _parse(text)
        except SyntaxError:
            self._refuse()
        if not isinstance(tree, ast.Constant) or not _is_part(tree):
            self._refuse()
        value: Any = tree.value
        try:
            return number(value, argument="formula: number")
        except ValueError:
            rule = "a float, or an int that a float holds exactly"
            raise FormulaError(requirement("formula: number", rule, value)) from None

    def _read_name(self, text: str) -> str:
        name = as_identifier(text)
        if not name.isidentifier() or "·" in name:  # Python takes it for a letter
            self._refuse()
        return name

    def _is_in_call(self) -> bool:
        """Return whether the last that waits is the open parenthesis of a function."""
        return bool(
            self._waiting and self._waiting[-1].precedence == _OPEN and self._waiting[-1].sign
        )

    def _add(self, step: _Operation | str | float, start: int, end: int) -> None:
        self.steps.append(step)
        self._spans.append((start, end))

    def _wait(self, precedence: int, sign: str) -> None:
        self._waiting.append(_Waiting(precedence, sign, self._position, len(self._spans)))

    def _open(self, function: str) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            argument = "formula: number of parentheses inside each other"
            raise FormulaError(requirement(argument, f"at most {_DEEPEST}", self._depth))
        self._wait(_OPEN, function)

    def _close(self, end: int) -> None:
        """Close the last parenthesis; if it is of a function, apply the function."""
        _, name, start, before = self._waiting.pop()
        self._depth -= 1
        if not name:
            self._spans[-1] = start, end
            return
        spans = self._spans[before:]
        self._check_function(name)
        function = _find_function(name, len(spans))
        if name == "mean":  # it makes two Values
            text = " + ".join(self._text[slice(*span)] for span in spans)
            self._apply(_find_function("sum", len(spans)), before, start, end, text=text)
            self._add(float(len(spans)), start, end)
            function = partial(_compute, "div")
        self._apply(function, before, start, end)

    def _apply_waiting(self, precedence: int) -> None:
        """Apply the operators that wait, from the last, down to a precedence."""
        while self._waiting and self._waiting[-1].precedence >= precedence:
            own, sign, start, before = self._waiting.pop()
            end = self._spans[-1][1]
            if own == _MINUS:
                self._apply(operator.neg, before, start, end)
            else:
                start = self._spans[before - 1][0]
                self._apply(partial(_compute, _ROWS[sign]), before - 1, start, end)

    def _apply(
        self, function: Callable[..., Operand], before: int, start: int, end: int, text: str = ""
    ) -> None:
        """Add an operation on all operands but the first ``before``; its result replaces them."""
        text = shorten_name(text or self._text[start:end])
        arity = len(self._spans) - before
        del self._spans[before:]
        self._add(_Operation(function, arity, text), start, end)

    def _refuse(self) -> NoReturn:
        """Raise the error of Python's own parser, or quote the part that no formula may have."""
        text = re.sub(rf"(?<![\w.]){_WORD}", lambda name: as_identifier(name[0]), self._text)
        way_out = self._suggest()
        nodes: list[ast.expr] = []
        try:
            nodes += [node for node in ast.walk(_parse(text)) if isinstance(node, ast.expr)]
        except SyntaxError as error:
            reason = error.msg.partition(";")[0]  # without advice to programs that read huge ints
            if "=" in self._text:
                reason = "write it before the numbers for its names"
            rule = "a Python expression"
            raise FormulaError(
                requirement("formula", rule, self._text, way_out or reason)
            ) from None
        except ValueError:  # the text has half of a surrogate pair or, for older Pythons, a NUL
            raise FormulaError(requirement("formula", "text", self._text)) from None
        except (RecursionError, MemoryError):
            pass  # it has more parts than Python reads, but the position is known
        wrong = self._text[self._position :]
        part = next((node for node in nodes if not _is_part(node)), None)
        if part is not None:
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and not part.keywords:
                self._check_function(part.func.id)
                _find_function(part.func.id, len(part.args))  # one of these raises
            wrong = ast.get_source_segment(text, part) or wrong
        rule = "a number, a name, one of + - * / **, or a function of the library"
        raise FormulaError(requirement("each part of a formula", rule, wrong, way_out))

    def _check_function(self, name: str) -> None:
        if name not in FUNCTIONS:
            close = find_close(name, FUNCTIONS)
            way_out = f"there are {', '.join(FUNCTIONS)}"
            if name in self.names or name in CONSTANTS:
                way_out = f"write {name}*(…) for a product"
            elif close:
                way_out = f"did you mean {close}?"
            rule = "one that a formula may have"
            raise FormulaError(requirement("function", rule, name, self._suggest() or way_out))

    def _suggest(self) -> str:
        """Return a question with the formula that may be meant, if there is one."""
        if self._is_repaired:
            return ""
        meant = repair(self._text, FUNCTIONS)
        reader = _Reader(meant, is_repaired=True)
        try:
            reader.read()
        except FormulaError:
            return ""
        if not reader.names:
            return ""
        return f'did you mean "{shorten_around(meant, self._text)}"?'


def _parse(text: str) -> ast.expr:
    """Return a text as Python's parser reads it; refuse ``1or x`` too, of which Python warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return ast.parse(text, mode="eval").body


def _is_part(node: ast.expr) -> bool:
    """Return whether a formula may have a node, whatever is below it."""
    match node:
        case ast.Constant(value=value):
            return type(value) in (int, float)
        case ast.BinOp(op=op):
            return type(op) in ARITHMETIC
        case ast.UnaryOp(op=op):
            return isinstance(op, ast.UAdd | ast.USub)
        case ast.Call(func=function, keywords=keywords):
            return isinstance(function, ast.Name) and function.id in FUNCTIONS and not keywords
    return isinstance(node, ast.Name)


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
    least, most = sum(p.default is p.empty for p in parameters), len(parameters)
    if not least <= count <= most:
        allowed = f"{least} or {most}" if least < most else f"{most}"
        raise FormulaError(requirement(f"{name}: number of operands", allowed, count))
    return function

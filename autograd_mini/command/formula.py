"""Computes formulas that a user types as Python expressions; no other code can run."""

from __future__ import annotations

import ast
import inspect
import keyword
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, NoReturn

from autograd_mini import functions
from autograd_mini.arguments import number, requirement
from autograd_mini.engines import Operand, Value
from autograd_mini.engines.nonfinite import exceptional
from autograd_mini.table.names import as_identifier, shorten_name
from autograd_mini.table.primitives import PRIMITIVES
from autograd_mini.table.rules import ARITHMETIC

__all__ = ["Formula", "FormulaError"]


_FUNCTIONS = sorted({"abs", *functions.__all__} - {"dot", "where", "softmax", "log_softmax"})
"""The functions that return one number."""
_OF_MANY = ("sum", "mean", "logsumexp")
_WORD = r"(?![0-9])(?:\w|[^\x00-\x7f])+"  # a name, or letters that are none
_TOKEN = re.compile(
    r"(?P<number>0[xXoObB]\w*|\.?[0-9](?:[eE][+-](?=[0-9])|[\w.])*)"
    rf"|(?P<call>{_WORD})[ \t\f]*\(|(?P<name>{_WORD})|(?P<sign>\*\*|[-+*/(),])"
)
_SPACE, _SPACE_INSIDE = re.compile(r"[ \t\f]*"), re.compile(r"[ \t\f\r\n]*")
"""As in Python, a formula may go on in the next line inside parentheses only."""
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
        reader = _Reader(text.strip())
        reader.read()
        self._names, self._steps = reader.names, reader.steps

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

        results: list[Operand] = []
        for step in self._steps:
            if isinstance(step, str):
                results.append(values[step])
            elif isinstance(step, float):
                results.append(step)
            else:
                made = step.function(*results[-step.arity :])
                results[-step.arity :] = [made]
                if expressions is not None and isinstance(made, Value) and made.op is not None:
                    expressions[made] = step.text
        (result,) = results
        if not isinstance(result, Value):
            rule = "an expression with a name to differentiate by"
            raise FormulaError(requirement("formula", rule, self.text))
        return result


class _Waiting(NamedTuple):
    """An operator that waits for its right operand, or a parenthesis that is open.

    ``text`` is the operator, or the function whose parenthesis it is; ``start`` is the number of
    operands before its own.
    """

    precedence: int
    text: str
    start: int


class _Reader:
    """Reads a formula from left to right, without recursion, as it may have thousands of parts.

    Attributes:
        names: the names, in order of appearance.
        steps: numbers, names and operations, each after the steps whose results it uses.
    """

    def __init__(self, text: str) -> None:
        self.names: dict[str, None] = {}
        self.steps: list[_Operation | str | float] = []
        self._text = text
        self._position = 0
        self._depth = 0  # how many parentheses are open
        self._waiting: list[_Waiting] = []
        self._operands: list[tuple[str, int]] = []  # the text of each, and its precedence

    def read(self) -> None:
        """Read the whole text; raise FormulaError if it is not a formula."""
        is_complete = False
        while self._position < len(self._text):
            token = _TOKEN.match(self._text, self._position)
            if token is None or keyword.iskeyword(token["call"] or token[0]):
                self._refuse()
            is_complete = self._read_operator(token) if is_complete else self._read_operand(token)
            space = _SPACE_INSIDE if self._depth else _SPACE
            rest = space.match(self._text, token.end())
            assert rest is not None  # it may be empty
            self._position = rest.end()
        if self._depth or not is_complete:
            self._refuse()
        self._apply_waiting(_SUM)

    def _read_operand(self, token: re.Match[str]) -> bool:
        """Read an operand, or what may stand before it; return whether it is complete."""
        match token.lastgroup, token[0]:
            case "number", text:
                self._add_number(text)
            case "name", text:
                self._add_name(as_identifier(text))
            case "call", _:
                self._open(as_identifier(token["call"]))
                return False
            case _, "(":
                self._open("")
                return False
            case _, ")" if self._waiting and self._waiting[-1].precedence == _OPEN:
                if not self._waiting[-1].text:
                    self._refuse()
                self._close()  # after a comma, or a function of nothing
            case _, "-":
                self._waiting.append(_Waiting(_MINUS, "-", len(self._operands)))
                return False
            case _, "+":
                return False
            case _:
                self._refuse()
        return True

    def _read_operator(self, token: re.Match[str]) -> bool:
        """Read what may stand after an operand; return whether the operand is complete with it."""
        text = token[0]
        if text in _PRECEDENCE:
            precedence = _PRECEDENCE[text]
            self._apply_waiting(precedence + (text == "**"))  # x**y**z is x**(y**z)
            self._waiting.append(_Waiting(precedence, text, len(self._operands) - 1))
            return False
        self._apply_waiting(_SUM)
        if text == ")" and self._waiting:
            self._close()
            return True
        if text != "," or not self._waiting or not self._waiting[-1].text:
            self._refuse()
        return False

    def _add_number(self, text: str) -> None:
        try:
            tree = _parse(text)
        except SyntaxError:
            self._refuse()
        if not isinstance(tree, ast.Constant) or not _is_part(tree):
            self._refuse()
        value: Any = tree.value
        try:
            self.steps.append(number(value, argument="formula: number"))
        except ValueError:
            rule = "a float, or an int that a float holds exactly"
            raise FormulaError(requirement("formula: number", rule, value)) from None
        self._operands.append((text, _ATOM))

    def _add_name(self, name: str) -> None:
        if not name.isidentifier():
            self._refuse()
        if name in _FUNCTIONS:
            raise FormulaError(
                f"the function {name} must be called, got its name alone; write {name}(…)"
            )
        self.names[name] = None
        self.steps.append(name)
        self._operands.append((name, _ATOM))

    def _open(self, function: str) -> None:
        if function and not function.isidentifier():
            self._refuse()
        self._depth += 1
        if self._depth > _DEEPEST:
            argument = "formula: number of parentheses inside each other"
            raise FormulaError(requirement(argument, f"at most {_DEEPEST}", self._depth))
        self._waiting.append(_Waiting(_OPEN, function, len(self._operands)))

    def _close(self) -> None:
        """Close the last parenthesis; if it is of a function, apply the function."""
        _, name, start = self._waiting.pop()
        self._depth -= 1
        if name:
            texts = [text for text, _ in self._operands[start:]]
            function = _find_function(name, len(texts))
            self._apply(function, start, f"{name}({', '.join(texts)})", _ATOM)

    def _apply_waiting(self, precedence: int) -> None:
        """Apply the operators that wait, from the last, down to a precedence."""
        while self._waiting and self._waiting[-1].precedence >= precedence:
            own, sign, start = self._waiting.pop()
            right = self._operands[-1]
            if own == _MINUS:
                self._apply(operator.neg, start, f"-{_enclose(right, _MINUS)}", own)
            else:
                first, second = (_ATOM, _MINUS) if own == _POWER else (own, own + 1)
                left = _enclose(self._operands[start], first)
                text = f"{left} {sign} {_enclose(right, second)}"
                self._apply(partial(_compute, _ROWS[sign]), start, text, own)

    def _apply(
        self, function: Callable[..., Operand], start: int, text: str, precedence: int
    ) -> None:
        """Add an operation on the operands from ``start`` on, whose result takes their place."""
        text = shorten_name(text)
        self.steps.append(_Operation(function, len(self._operands) - start, text))
        self._operands[start:] = [(text, precedence)]

    def _refuse(self) -> NoReturn:
        """Raise the error of Python's own parser, or quote the part that no formula may have."""
        text = re.sub(rf"(?<![\w.]){_WORD}", lambda name: as_identifier(name[0]), self._text)
        nodes: list[ast.expr] = []
        try:
            nodes += [node for node in ast.walk(_parse(text)) if isinstance(node, ast.expr)]
        except SyntaxError as error:
            reason = error.msg.partition(";")[0]  # without advice to programs that read huge ints
            if re.search("[²³¹⁰⁴-⁹]", text):
                reason += ": write x**2 for x²"
            raise FormulaError(
                requirement("formula", "a Python expression", self._text, reason)
            ) from None
        except ValueError:  # the text has half of a surrogate pair or, for older Pythons, a NUL
            raise FormulaError(requirement("formula", "text", self._text)) from None
        except (RecursionError, MemoryError):
            pass  # it has more parts than Python reads, but the position is known
        wrong = self._text[self._position :]
        part = next((node for node in nodes if not _is_part(node)), None)
        if part is not None:
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and not part.keywords:
                _find_function(part.func.id, len(part.args))  # this raises
            wrong = ast.get_source_segment(text, part) or wrong
        rule = "a number, a name, one of + - * / **, or a function of the library"
        raise FormulaError(requirement("each part of a formula", rule, wrong))


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
            return isinstance(function, ast.Name) and function.id in _FUNCTIONS and not keywords
    return isinstance(node, ast.Name)


def _enclose(operand: tuple[str, int], precedence: int) -> str:
    """Return the text of an operand, in parentheses if its own precedence is lower."""
    text, own = operand
    return text if own >= precedence else f"({text})"


def _compute(row: str, x: Operand, y: Operand) -> Operand:
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

"""The table of primitives: one row for each operation that has a derivative rule.

Everything else about a primitive is derived from its row: what the engine computes, the label in a
drawing, its text in C, JavaScript and LaTeX, the numbers that tests draw, the words of an error and
the table in the documentation.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

from autograd_mini.arguments import requirement
from autograd_mini.table import domains
from autograd_mini.table.arithmetic import IEEE, Arithmetic
from autograd_mini.table.domains import REAL, Domain
from autograd_mini.table.rules import ARITHMETIC, REDUCTIONS, Reduction, Rule, RuleError

__all__ = ["PRIMITIVES", "TABLE", "Primitive"]

_OPERANDS = ("x", "y")
_OPERATOR_LABELS = {infix.row: f"operand of {infix.code}" for infix in ARITHMETIC.values()}


class Primitive:
    """One row of the table: an operation with its value and its partial derivatives as rules.

    Args:
        name: NumPy's name if NumPy has the function, otherwise PyTorch's.
        value: the value, as a rule in ``x``, or ``x`` and ``y``, or with reductions.
        dx, dy, dw, db: the partial derivative for each operand, as a rule that may also use
            ``out``, the value.
        x, y: the domains of the operands.
        kink: a rule that is zero where the partial derivatives jump.
        textbook: the textbook's form of a partial derivative (under ``"dx"`` and so on) or of the
            value (under ``"value"``), if the rule is written otherwise to keep more digits. It may
            use ``pi``; it is shown and never computed.
        activation: whether neurons use it as an activation function.
        deferred: whether to read the rules when they are first used instead of now.

    Raises:
        RuleError: a rule is not in the rule language, a partial derivative is missing, or a
            textbook form belongs to no rule.

    >>> cube = Primitive("cube", "x * x * x", dx="3 * x * x")
    >>> cube.evaluate(2.0)
    (8.0, (12.0,))
    """

    value: Rule
    operands: tuple[str, ...]
    """The names of the operands, in order."""
    partials: dict[str, Rule]
    domains: dict[str, Domain]
    kink: Rule | None
    textbook: dict[str, Rule]
    """The partial derivatives in the textbook's form."""
    formula: ast.expr
    """The value as a reader sees it: an expression in the operands, or a call by name."""

    def __init__(
        self,
        name: str,
        value: str,
        *,
        dx: str | None = None,
        dy: str | None = None,
        dw: str | None = None,
        db: str | None = None,
        x: Domain = REAL,
        y: Domain = REAL,
        kink: str | None = None,
        textbook: Mapping[str, str] | None = None,
        activation: bool = False,
        deferred: bool = False,
    ) -> None:
        self.name = name
        self.operand_label = _OPERATOR_LABELS.get(name, f"{name}: operand")
        """The words for an operand in an error."""
        self.activation = activation
        given = {"value": value, "dx": dx, "dy": dy, "dw": dw, "db": db}
        self.texts = {key: text for key, text in given.items() if text is not None}
        """The text of each rule of the value and the partial derivatives."""
        self._domains = {"x": x, "y": y}
        self._kink = kink
        self._textbook = dict(textbook or {})
        if not deferred:
            self._read()

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            """Read the rules when an attribute first needs them."""
            if name not in Primitive.__annotations__ or "_textbook" not in vars(self):
                raise AttributeError(f"a primitive has no {name!r}")
            self._read()
            return vars(self)[name]

    def _read(self) -> None:
        known: list[Reduction] = []
        value = self._rule("value", self.texts["value"], ("x", "y", "w", "b"), None, known)
        sequences = value.sequences
        operands = tuple(o for o in _OPERANDS if o in value.names)
        if sequences:
            operands = (*sequences, *(o for o in value.names if o not in sequences))
        if set(value.names) - set(operands):
            raise self._error("value", "a rule in x, or x and y", value.text)
        keys = {f"d{o}": o for o in operands}
        for key in [*keys, *self.texts]:
            if key not in self.texts:
                raise self._error(key, f"a rule, as {value.text!r} has {key[1:]}", None)
            if key not in keys and key != "value":
                raise self._error(
                    key, f"absent, as {value.text!r} has no {key[1:]}", self.texts[key]
                )
        # The partial derivative for a single operand cannot depend on one item of a sequence.
        single = [o for o in operands if o not in sequences]
        names = {o: [*(operands if o in sequences else single), "out"] for o in operands}
        partials = {
            o: self._rule(key, self.texts[key], names[o], sequences, known)
            for key, o in keys.items()
        }
        kink = None if self._kink is None else self._rule("kink", self._kink, operands)
        textbook = dict(partials)
        for key in filter("value".__ne__, self._textbook):
            if key not in keys:
                among = ", ".join(["value", *keys])
                raise self._error("a key of textbook", f"one of {among}", key)
            textbook[keys[key]] = self._rule(
                f"textbook {key}", self._textbook[key], [*names[keys[key]], "pi"], sequences
            )
        written = self._textbook.get("value", value.text)
        formula = self._rule("textbook value", written, [*operands, "pi"], sequences).tree
        if any(isinstance(node, ast.IfExp) for node in ast.walk(formula)):
            given: list[ast.expr] = [ast.Name(o, ast.Load()) for o in operands]
            formula = ast.Call(ast.Name(self.name, ast.Load()), given, [])
        domains = {o: self._domains.get(o, REAL) for o in operands}
        found = {"value": value, "operands": operands}
        found |= {"partials": partials, "domains": domains, "kink": kink}
        vars(self).update(found | {"textbook": textbook, "formula": formula})  # all at once

    def _error(self, argument: str, rule: str, value: object) -> RuleError:
        return RuleError(requirement(f"primitive {self.name!r}: {argument}", rule, value))

    def _rule(
        self,
        field: str,
        text: str,
        names: Sequence[str],
        sequences: Sequence[str] | None = None,
        known: list[Reduction] | None = None,
    ) -> Rule:
        try:
            return Rule(text, names=names, sequences=sequences, known=known)
        except RuleError as error:
            raise RuleError(f"primitive {self.name!r}: {field}: {error}") from None

    def partial_text(self, operand: str, arithmetic: Arithmetic) -> str:
        """Return a partial derivative as Python text: a list if the operand is a sequence."""
        each = self.value.sequences if operand in self.value.sequences else ()
        return arithmetic.text(self.partials[operand], each=each)

    @cached_property
    def _evaluate(self) -> Callable[..., tuple[float, tuple[Any, ...]]]:
        """The rules, compiled into a function that never raises."""
        result = f"out, ({', '.join(self.partial_text(o, IEEE) for o in self.operands)},)"
        compiled: Callable[..., tuple[float, tuple[Any, ...]]] = IEEE.compile(
            self.name, self.operands, *self.rules, result=result
        )
        return compiled

    def evaluate(self, *operands: Any) -> tuple[float, tuple[Any, ...]]:
        """Return the value and the partial derivatives by IEEE 754; raise nothing.

        An operand is a float; inside a sum, a sequence of floats. A NaN value makes every partial
        derivative NaN.
        """
        out, partials = self._evaluate(*operands)
        if out != out:
            nan = math.nan
            partials = tuple(
                [nan] * len(p) if isinstance(p, list | tuple) else nan for p in partials
            )
        return out, partials

    @property
    def nary(self) -> bool:
        """Whether it takes any number of operands; no rule is read for that."""
        return any(f"{kind}(" in self.texts["value"] for kind in REDUCTIONS)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rule of the value, then those of the partial derivatives."""
        return self.value, *self.partials.values()

    @property
    def reductions(self) -> tuple[Reduction, ...]:
        """The reductions in all rules, each once, in an order in which they can be computed."""
        return tuple(dict.fromkeys(found for rule in self.rules for found in rule.reductions))

    @property
    def is_separable(self) -> bool:
        """Whether no term of a sum changes the partial derivatives for the operands of another.

        >>> PRIMITIVES["dot"].is_separable, PRIMITIVES["logsumexp"].is_separable
        (True, False)
        """
        rules = self.partials.values()
        return not self.nary or not any(rule.reductions or "out" in rule.names for rule in rules)

    @property
    def shortest(self) -> int:
        """The least length of the sequences of operands for which the value is finite.

        >>> PRIMITIVES["sum"].shortest, PRIMITIVES["logsumexp"].shortest
        (0, 1)
        """
        out, _ = self.evaluate(*([] if o in self.value.sequences else 1.0 for o in self.operands))
        return 0 if math.isfinite(out) else 1

    def distance_to_kink(self, operands: Sequence[Any]) -> float:
        """Return a number that is zero at the kink and changes its sign there; NaN if no kink.

        >>> PRIMITIVES["maximum"].distance_to_kink([3.0, 5.0])
        -2.0
        """
        if self.kink is None:
            return math.nan
        compute = IEEE.function(self.kink, self.operands)
        assert compute is not None
        distance: float = compute(*self.arrange(operands))
        return distance

    @lru_cache(maxsize=64)  # noqa: B019 - rows live as long as the table
    def slots(self, count: int) -> Sequence[tuple[str, int | None]]:
        """Return the name of each of ``count`` operands and, in a sequence, its place there.

        >>> PRIMITIVES["dot"].slots(5)
        (('w', 0), ('w', 1), ('x', 0), ('x', 1), ('b', None))
        """
        sequences = self.value.sequences
        length = (count - len(self.operands) + len(sequences)) // len(sequences) if sequences else 0
        places = {o: range(length) if o in sequences else [None] for o in self.operands}
        return tuple((name, place) for name, several in places.items() for place in several)

    @lru_cache(maxsize=64)  # noqa: B019
    def _places(self, count: int) -> dict[tuple[str, int | None], int]:
        return {slot: i for i, slot in enumerate(self.slots(count))}

    def term(self, count: int, position: int) -> dict[str, int]:
        """Return the positions of the operands of the term at ``position``, else of the first.

        >>> PRIMITIVES["dot"].term(5, 3)
        {'w': 1, 'x': 3, 'b': 4}
        """
        places, at = self._places(count), self.slots(count)[position][1] or 0
        return {o: places[s] for o in self.operands for s in ((o, at), (o, None)) if s in places}

    def arrange(self, operands: Sequence[Any]) -> tuple[Any, ...]:
        """Return the operands of a node by the row's operands; a tuple for each inside a sum.

        >>> PRIMITIVES["dot"].arrange([1.0, 2.0, 3.0, 4.0, 5.0])
        ((1.0, 2.0), (3.0, 4.0), 5.0)
        """
        named = list(zip(self.slots(len(operands)), operands, strict=True))
        several = {o: tuple(x for (name, _), x in named if name == o) for o in self.operands}
        sequences = self.value.sequences
        return tuple(found if o in sequences else found[0] for o, found in several.items())

    def __repr__(self) -> str:
        """Return Python for the row: its place in the table, or what makes it anew."""
        if PRIMITIVES.get(self.name) is self:
            return f"PRIMITIVES[{self.name!r}]"
        options = [f"{key}={x!r}" for key, x in self.options().items()]
        return f"Primitive({', '.join([repr(self.name), repr(self.texts['value']), *options])})"

    def options(self) -> dict[str, Any]:
        """Return the arguments that made the row, but its name and its value."""
        partials = {key: text for key, text in self.texts.items() if key != "value"}
        domains = {o: domain for o, domain in self._domains.items() if domain != REAL}
        more = {"kink": self._kink, "textbook": self._textbook, "activation": self.activation}
        return {**partials, **domains, **{key: x for key, x in more.items() if x}}

    def __str__(self) -> str:
        return self.name

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Copy and pickle a row of the table as itself, without the functions made from it."""
        if PRIMITIVES.get(self.name) is self:
            return find_row, (self.name,)
        return super().__reduce_ex__(protocol)

    @property
    def label(self) -> str:
        """The text of the operation in a drawing: the sign of an operator, or the name.

        >>> PRIMITIVES["mul"].label, PRIMITIVES["exp"].label
        ('×', 'exp')
        """
        match self.value.tree:
            case ast.BinOp(left=ast.Name(id="x"), op=op, right=ast.Name(id="y")):
                return ARITHMETIC[type(op)].sign
            case ast.UnaryOp(operand=ast.Name(id="x")):
                return ARITHMETIC[ast.Sub].sign
            case ast.Call(func=ast.Name(id="sum"), args=[ast.Name(id="x")]):
                return "Σ"
            case _:
                return self.name

    @property
    def domain(self) -> str:
        """The condition on the operands under which the value is a finite number."""
        limits = [d.text(o) for o, d in self.domains.items() if d != REAL]
        return ", ".join(limits) or "any real " + " and ".join(self.operands)


# An import need not check the rows of the library, as the tests do.
_row = partial(Primitive, deferred=True)

# Exponentials of differences from the largest operand cannot overflow.
_POWER = "1 if x == max(x) and x - x != 0 else exp(x - max(x))"
_TOP = "max(x, y)"
_REST = f"fsum(exp(x - {_TOP}))"
_TOTAL = f"exp(y - {_TOP}) + {_REST}"

# So the squares are far from over- and underflow; elsewhere, a ratio is squared.
_NEAR = "abs(x) + abs(y) > 1e-150 and abs(x) + abs(y) < 1e150"

# This is NaN if some x is, and 0 otherwise: a comparison with a NaN is never true.
_NAN = "sum(0 if x == x else x)"
_LARGEST = "max(abs(x), 0)"


def _share_of_ties(extreme: str) -> str:
    """Return the partial derivative of an extreme operand, which those that tie share equally."""
    return f"(1 if x == out else 0) / sum(1 if x == {extreme} else 0)"


TABLE: tuple[Primitive, ...] = (
    _row("add", "x + y", dx="1", dy="1"),
    _row("sub", "x - y", dx="1", dy="-1"),
    _row("mul", "x * y", dx="y", dy="x"),
    _row("div", "x / y", dx="1 / y", dy="-out / y", y=domains.NONZERO,
         textbook={"dy": "-x / y ** 2"}),
    # y - 1 is exact if y >= 1; below, its rounding error would be magnified log(x) times. At y = 0
    # the slope is 0 too, but not its derivative by y, so only the origin is a case of its own.
    _row("pow", "x ** y",
         dx="0 if x == 0 and y == 0 else"
            " y * x ** (y - 1) if y >= 1 or x == 0 or x - x != 0 else y * out / x",
         dy="0 if x == 0 and y >= 0 else out * log(x)", x=domains.POWER_BASE,
         textbook={"dx": "y * x ** (y - 1)", "dy": "x ** y * log(x)"}),
    _row("neg", "-x", dx="-1"),
    _row("identity", "x", dx="1"),
    _row("abs", "abs(x)", dx="1 if x > 0 else -1 if x < 0 else 0", kink="x"),
    _row("square", "x * x", dx="2 * x", textbook={"value": "x ** 2"}),
    _row("sqrt", "sqrt(x)", dx="0.5 / abs(out)", x=domains.NONNEGATIVE,
         textbook={"dx": "1 / (2 * out)"}),
    # C's cbrt may be 4 units off, and its square 11; one step of Newton's method corrects that.
    _row("cbrt", "cbrt(x)",
         dx="1 / (3 * out * out) if x == 0 or x - x != 0 else (2 * out + x / out / out) / 9 / x",
         textbook={"dx": "1 / (3 * out ** 2)"}),
    _row("exp", "exp(x)", dx="out", x=domains.EXP_RANGE),
    _row("exp2", "2 ** x", dx="log(2) * out", x=domains.EXP2_RANGE),
    _row("expm1", "expm1(x)", dx="exp(x)", x=domains.EXP_RANGE),
    _row("log", "log(x)", dx="1 / x", x=domains.POSITIVE),
    _row("log1p", "log1p(x)", dx="1 / (1 + x)", x=Domain(low=-1, open=True)),
    _row("log2", "log2(x)", dx="1 / log(2) / x", x=domains.POSITIVE,
         textbook={"dx": "1 / (x * log(2))"}),
    _row("log10", "log10(x)", dx="1 / log(10) / x", x=domains.POSITIVE,
         textbook={"dx": "1 / (x * log(10))"}),
    _row("sin", "sin(x)", dx="cos(x)"),
    _row("cos", "cos(x)", dx="-sin(x)"),
    _row("tan", "tan(x)", dx="1 + out * out", textbook={"dx": "1 + out ** 2"}),
    _row("arcsin", "arcsin(x)", dx="1 / sqrt((1 - x) * (1 + x))", x=domains.UNIT,
         textbook={"dx": "1 / sqrt(1 - x ** 2)"}),
    _row("arccos", "arccos(x)", dx="-1 / sqrt((1 - x) * (1 + x))", x=domains.UNIT,
         textbook={"dx": "-1 / sqrt(1 - x ** 2)"}),
    # x * x would overflow from 1.3e154 on, here and in arcsinh.
    _row("arctan", "arctan(x)", dx="1 / (1 + x * x) if abs(x) < 1e150 else 1 / x / x",
         textbook={"dx": "1 / (1 + x ** 2)"}),
    # The angle of the point (y, x). Where y is negative and x is 0, it jumps from -pi to pi.
    _row("arctan2", "arctan2(x, y)",
         dx=f"y / (x * x + y * y) if {_NEAR} else"
            " 1 / (1 + square(x / y)) / y if abs(x) <= abs(y) else y / x / (1 + square(y / x)) / x",
         dy=f"-x / (x * x + y * y) if {_NEAR} else"
            " -x / y / (1 + square(x / y)) / y if abs(x) <= abs(y) else"
            " -1 / (1 + square(y / x)) / x",
         kink="abs(x) if y < 0 else abs(x) + y",
         textbook={"dx": "y / (x ** 2 + y ** 2)", "dy": "-x / (x ** 2 + y ** 2)"}),
    # Not by the C library, whose last digit differs from machine to machine.
    _row("hypot", f"sqrt(x * x + y * y) if {_NEAR} else"
         " abs(x) + abs(y) if abs(x) + abs(y) == 0 or x - x != 0 or y - y != 0 else"
         " abs(x) * sqrt(1 + square(y / x)) if abs(x) > abs(y) else"
         " abs(y) * sqrt(1 + square(x / y))",
         dx="0 if x == 0 and y == 0 else x / out", dy="0 if x == 0 and y == 0 else y / out",
         kink="abs(x) + abs(y)", textbook={"value": "sqrt(x ** 2 + y ** 2)"}),
    _row("sinh", "sinh(x)", dx="cosh(x)", x=domains.COSH_RANGE),
    _row("cosh", "cosh(x)", dx="sinh(x)", x=domains.COSH_RANGE),
    # 1 - tanh² would cancel for large x, and cosh overflows; the derivatives of the exponentials
    # cancel for small x. Not by exp(-abs(x)): that has a kink at 0.
    _row("tanh", "tanh(x)",
         dx="1 - out * out if abs(x) < 0.5 else"
            " 4 * exp(-2 * x) / square(1 + exp(-2 * x)) if x > 0 else"
            " 4 * exp(2 * x) / square(1 + exp(2 * x))",
         textbook={"dx": "1 - out ** 2"}, activation=True),
    _row("arcsinh", "arcsinh(x)", dx="1 / sqrt(x * x + 1) if abs(x) < 1e150 else 1 / abs(x)",
         textbook={"dx": "1 / sqrt(x ** 2 + 1)"}),
    _row("arccosh", "arccosh(x)", dx="1 / (sqrt(x - 1) * sqrt(x + 1))", x=Domain(low=1),
         textbook={"dx": "1 / sqrt(x ** 2 - 1)"}),
    _row("arctanh", "arctanh(x)", dx="1 / ((1 - x) * (1 + x))", x=Domain(low=-1, high=1, open=True),
         textbook={"dx": "1 / (1 - x ** 2)"}),
    # A row of its own, as the elementary function splits x, and the derivative of that cancels.
    # -2 * x may overflow, and so may x * x in the derivatives of higher order, where out is 0.
    _row("gauss", "gauss(x)", dx="0 if abs(x) > 28 else -2 * (x * out)",
         textbook={"dx": "-2 * x * out"}),
    _row("erf", "erf(x)", dx="1.1283791670955126 * gauss(x)",
         textbook={"dx": "2 / sqrt(pi) * exp(-x ** 2)"}),
    _row("erfc", "erfc(x)", dx="-1.1283791670955126 * gauss(x)",
         textbook={"dx": "-2 / sqrt(pi) * exp(-x ** 2)"}),
    _row("sigmoid", "sigmoid(x)", dx="out * sigmoid(-x)", textbook={"dx": "out * (1 - out)"},
         activation=True),
    _row("softplus", "x + log1p(exp(-x)) if x > 0 else log1p(exp(x))", dx="sigmoid(x)"),
    _row("relu", "0 if x <= 0 else x", dx="0 if x <= 0 else 1", kink="x", activation=True),
    # y == y: if the slope is NaN, so is the value, even where the slope is not used.
    _row("leaky_relu", "x if x > 0 and y == y else y * x", dx="1 if x > 0 else y",
         dy="0 if x > 0 else x", kink="x", activation=True),
    # The exponential of x itself may underflow where y is huge.
    _row("elu", "x if x > 0 and y == y else y * expm1(x)",
         dx="1 if x > 0 else y * exp(x / 2) * exp(x / 2)", dy="0 if x > 0 else expm1(x)",
         kink="x", textbook={"dx": "1 if x > 0 else y * exp(x)"}, activation=True),
    _row("step", "1 if x >= 0 else 0 if x < 0 else x", dx="0", kink="x", activation=True),
    # The last case of each rule is that x or y is NaN.
    _row("maximum", "x if x >= y else y if x < y else x + y",
         dx="1 if x > y else 0.5 if x == y else 0", dy="1 if x < y else 0.5 if x == y else 0",
         kink="x - y"),
    _row("minimum", "x if x <= y else y if x > y else x + y",
         dx="1 if x < y else 0.5 if x == y else 0", dy="1 if x > y else 0.5 if x == y else 0",
         kink="x - y"),
    _row("max", f"max(x) + {_NAN}", dx=_share_of_ties("max(x)"),
         kink="0 if sum(1 if x == max(x) else 0) > 1 else"
              " max(x) - max(x if x < max(x) else -1e308)"),
    _row("min", f"{_NAN} - max(-x)", dx=_share_of_ties("-max(-x)"),
         kink="0 if sum(1 if x == -max(-x) else 0) > 1 else"
              " max(-x) - max(-x if -x < max(-x) else -1e308)"),
    _row("sum", "sum(x)", dx="1"),
    _row("fsum", "fsum(x)", dx="1", textbook={"value": "sum(x)"}),
    _row("dot", "sum(w * x) + b", dw="x", dx="w", db="1"),
    # The ratios to the largest operand have squares that cannot overflow.
    _row("norm", f"{_LARGEST} + {_NAN} if {_LARGEST} == 0 or {_LARGEST} - {_LARGEST} != 0 else"
         f" {_LARGEST} * sqrt(fsum(square(x / {_LARGEST})))",
         dx="0 if out == 0 else x / out", kink=_LARGEST,
         textbook={"value": "sqrt(sum(x ** 2))", "dx": "x / out"}),
    # What has probability 0 counts for nothing, even if it is infinite.
    _row("expectation", "sum(0 if w == 0 and x == x and x - x != 0 else w * x)", dw="x", dx="w",
         textbook={"value": "sum(w * x)"}),
    # The sum of the exponentials minus 1, which is that of the largest: log1p keeps its digits.
    _row("logsumexp", f"max(x) + log1p(fsum({_POWER}, -1))",
         dx=f"({_POWER}) / (1 + fsum({_POWER}, -1))",
         textbook={"value": "log(sum(exp(x)))", "dx": "exp(x) / sum(exp(x))"}),
    # The share of y among x and y. No partial derivative is a difference, which would cancel.
    _row("softmax", f"exp(y - {_TOP}) / ({_TOTAL})", dx=f"-out * exp(x - {_TOP}) / ({_TOTAL})",
         dy=f"out * {_REST} / ({_TOTAL})",
         textbook={"value": "exp(y) / sum(exp(x), exp(y))",
                   "dx": "-out * exp(x) / sum(exp(x), exp(y))", "dy": "out * (1 - out)"}),
    _row("log_softmax", f"-log1p({_REST}) if y == {_TOP} else y - {_TOP} - log({_TOTAL})",
         dx=f"-exp(x - {_TOP}) / ({_TOTAL})", dy="-expm1(out)",
         textbook={"value": "y - log(sum(exp(x), exp(y)))",
                   "dx": "-exp(x) / sum(exp(x), exp(y))",
                   "dy": "sum(exp(x)) / sum(exp(x), exp(y))"}),
)  # fmt: skip

PRIMITIVES: Mapping[str, Primitive] = {primitive.name: primitive for primitive in TABLE}


def find_row(name: str) -> Primitive:
    """Return a row of the table, for pickles."""
    return PRIMITIVES[name]

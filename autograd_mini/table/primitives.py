"""The table of primitives: one row for each operation that has a derivative rule.

Everything else that is said about a primitive is derived from its row: what the engine computes,
the label in a drawing, its C, JavaScript and LaTeX text, the numbers that tests draw, the text of
an error, the table in the README. ``python -m autograd_mini.table.primitives`` prints the table.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from autograd_mini.table import rules
from autograd_mini.table.rules import Rule, RuleError

__all__ = ["PRIMITIVES", "TABLE", "Domain", "Primitive", "markdown"]


@dataclass(frozen=True)
class Domain:
    """The real numbers from ``low`` to ``high`` that an operand may be.

    Args:
        low, high: the bounds.
        open: whether the bounds themselves are outside.
        nonzero: whether zero is outside.
        stated: the text of the domain, where the bounds do not tell the whole of it.
    """

    low: float = -math.inf
    high: float = math.inf
    open: bool = False
    nonzero: bool = False
    stated: str = ""

    def __contains__(self, number: float) -> bool:
        if self.nonzero and number == 0:
            return False
        return self.low < number < self.high if self.open else self.low <= number <= self.high

    def text(self, name: str) -> str:
        """Return the condition on the operand of that name, such as ``-1 <= x <= 1``.

        >>> Domain(low=0, open=True).text("x")
        'x > 0'
        """
        if self.stated:
            return self.stated
        if self.nonzero:
            return f"{name} != 0"
        less = "<" if self.open else "<="
        match math.isinf(self.low), math.isinf(self.high):
            case True, True:
                return f"any real {name}"
            case True, False:
                return f"{name} {less} {self.high!r}"
            case False, True:
                return f"{name} {less.replace('<', '>')} {self.low!r}"
            case _:
                return f"{self.low!r} {less} {name} {less} {self.high!r}"


REAL = Domain()
NONZERO = Domain(nonzero=True)
POSITIVE = Domain(low=0, open=True)
NONNEGATIVE = Domain(low=0)
UNIT = Domain(low=-1, high=1)
EXP_RANGE = Domain(high=709.782712893384, stated="x <= 709.782712893384, else it overflows")
COSH_RANGE = Domain(
    low=-710.4758600739439,
    high=710.4758600739439,
    stated="-710.4758600739439 <= x <= 710.4758600739439, else it overflows",
)
POWER_BASE = Domain(
    low=0, open=True, stated="x > 0, or x = 0 with y >= 0, or x < 0 with a whole number y"
)

_OPERANDS = ("x", "y")


class Primitive:
    """One row of the table: an operation with its value and its partial derivatives as rules.

    Args:
        name: NumPy's name where NumPy has the function, otherwise PyTorch's.
        value: the value, as a rule in ``x``, or ``x`` and ``y``, or with one ``sum(…)``.
        dx, dy, dw, db: the partial derivative for each operand, as a rule that may also use
            ``out``, the value.
        x, y: the domains of the operands.
        kink: a rule that is zero where the partial derivatives jump.
        textbook: how a textbook writes a partial derivative, where the rule that computes it
            keeps more digits: formulas that may also use ``pi``, under ``"dx"`` and so on, and
            one of the value under ``"value"``. They are shown, never computed with.

    Raises:
        RuleError: a rule is not in the rule language, a partial derivative is missing, or a
            textbook form is of something else.

    >>> cube = Primitive("cube", "x * x * x", dx="3 * x * x")
    >>> cube.evaluate(2.0)
    (8.0, (12.0,))
    """

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
    ) -> None:
        self.name = name
        self.value = self._rule("value", value, ("x", "y", "w", "b"))
        self.nary = bool(self.value.sequences)
        used = self.value.names
        self.operands = used if self.nary else tuple(o for o in _OPERANDS if o in used)
        """The names of the operands, in order."""
        if not self.nary and set(used) - set(_OPERANDS):
            raise RuleError(
                f"primitive {name!r}: value: operands are called x and y, got {value!r}"
            )
        given = {"x": dx, "y": dy, "w": dw, "b": db}
        self.partials = {o: self._partial(o, given.pop(o)) for o in self.operands}
        for operand, text in given.items():
            if text is not None:
                raise RuleError(
                    f"primitive {name!r}: d{operand}: {value!r} has no operand {operand!r}"
                )
        self.domains = {o: {"x": x, "y": y}.get(o, REAL) for o in self.operands}
        self.kink = None if kink is None else self._rule("kink", kink, self.operands)
        self.textbook = self._taught(dict(textbook or {}))
        """The partial derivatives in the textbook's form."""
        self._evaluate = self._compiled()

    def _rule(self, field: str, text: str, names: Sequence[str]) -> Rule:
        try:
            return Rule(text, names=names)
        except RuleError as error:
            raise RuleError(f"primitive {self.name!r}: {field}: {error}") from None

    def _partial(self, operand: str, text: str | None) -> Rule:
        if text is None:
            raise RuleError(f"primitive {self.name!r}: d{operand} is missing")
        return self._rule(f"d{operand}", text, self._known(operand))

    def _known(self, operand: str) -> list[str]:
        """Return the names that a partial derivative may use."""
        # What belongs to a sequence is known only inside the sum, one by one.
        inside = operand in self.value.sequences
        known = [o for o in self.operands if inside or o not in self.value.sequences]
        return [*known, "out"]

    def _taught(self, given: dict[str, str]) -> dict[str, Rule]:
        value = given.pop("value", self.value.text)
        self._written = self._rule("textbook value", value, [*self.operands, "pi"])
        rules = dict(self.partials)
        for key, text in given.items():
            operand = key.removeprefix("d")
            if key != f"d{operand}" or operand not in rules:
                raise RuleError(
                    f"primitive {self.name!r}: textbook: {key!r} is none of 'value', "
                    + ", ".join(f"'d{o}'" for o in self.operands)
                )
            rules[operand] = self._rule(f"textbook {key}", text, [*self._known(operand), "pi"])
        return rules

    def _compiled(self) -> Callable[..., tuple[float, tuple[Any, ...]]]:
        """Compile the rules in the form that never raises."""
        sequences = self.value.sequences
        parameters = ", ".join(f"{o}s" if o in sequences else o for o in self.operands)
        partials = ", ".join(self.python_partial(o, ieee=True) for o in self.operands)
        lines = [
            f"def {self.name}({parameters}):",
            *(f"    {line}" for line in self.value.statements(ieee=True)),
            f"    return out, ({partials},)",
        ]
        source = "\n".join([*lines, ""])
        compiled: Callable[..., tuple[float, tuple[Any, ...]]] = rules.compile_function(
            source, name=self.name, namespace=_IEEE
        )
        return compiled

    def python_partial(self, operand: str, *, ieee: bool = False) -> str:
        """Return Python text for a partial derivative: a list where the operand is a sequence."""
        each = self.value.sequences if operand in self.value.sequences else ()
        return self.partials[operand].python(ieee=ieee, each=each)

    def evaluate(self, *operands: Any) -> tuple[float, tuple[Any, ...]]:
        """Return the value and the partial derivatives by IEEE 754, without ever raising.

        Takes a float for each operand, a sequence of floats for one inside a sum. A NaN value
        makes every partial derivative NaN.
        """
        out, partials = self._evaluate(*operands)
        if out != out:
            nan = math.nan
            partials = tuple(
                [nan] * len(p) if isinstance(p, list | tuple) else nan for p in partials
            )
        return out, partials

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __str__(self) -> str:
        return self.name

    def arranged(self, operands: Sequence[Any]) -> tuple[Any, ...]:
        """Return the operands of a node as the row names them: a tuple for one inside a sum.

        >>> PRIMITIVES["dot"].arranged([1.0, 2.0, 3.0, 4.0, 5.0])
        ((1.0, 2.0), (3.0, 4.0), 5.0)
        """
        length = self.items(len(operands))
        remaining = iter(operands)
        return tuple(
            tuple(islice(remaining, length)) if o in self.value.sequences else next(remaining)
            for o in self.operands
        )

    def items(self, operands: int) -> int:
        """Return how many items each sequence of a node with so many operands has.

        >>> PRIMITIVES["dot"].items(5)
        2
        """
        sequences = len(self.value.sequences)
        return (operands - len(self.operands) + sequences) // sequences if sequences else 0

    @property
    def formula(self) -> ast.expr:
        """The value as it is written: an expression in the operands, or else a call by name.

        >>> [ast.unparse(PRIMITIVES[name].formula) for name in ("mul", "square", "relu")]
        ['x * y', 'x ** 2', 'relu(x)']
        """
        tree = self._written.tree
        if any(isinstance(node, ast.IfExp) for node in ast.walk(tree)):
            operands: list[ast.expr] = [ast.Name(o, ast.Load()) for o in self.operands]
            return ast.Call(ast.Name(self.name, ast.Load()), operands, [])
        return tree

    @property
    def label(self) -> str:
        """The short text of the operation in a drawing: an operator sign, or the name.

        >>> PRIMITIVES["mul"].label, PRIMITIVES["exp"].label
        ('×', 'exp')
        """
        match self.value.tree:
            case ast.BinOp(left=ast.Name(id="x"), op=op, right=ast.Name(id="y")):
                return _SIGNS[type(op)]
            case ast.UnaryOp(operand=ast.Name(id="x")):
                return _SIGNS[ast.Sub]
            case ast.Call(func=ast.Name(id="sum")):
                return "Σ"
            case _:
                return self.name

    @property
    def domain(self) -> str:
        """The condition on the operands under which the value is a finite number."""
        limits = [d.text(o) for o, d in self.domains.items() if d != REAL]
        return ", ".join(limits) or "any real " + " and ".join(self.operands)


_SIGNS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "−",
    ast.Mult: "×",
    ast.Div: "÷",
    ast.Pow: "^",
}


_IEEE = rules.namespace(ieee=True)

TABLE: tuple[Primitive, ...] = (
    Primitive("add", "x + y", dx="1", dy="1"),
    Primitive("sub", "x - y", dx="1", dy="-1"),
    Primitive("mul", "x * y", dx="y", dy="x"),
    Primitive("div", "x / y", dx="1 / y", dy="-out / y", y=NONZERO, textbook={"dy": "-x / y ** 2"}),
    # From exponent 1 up, y - 1 is exact; below, its rounding would be magnified log(x) times.
    Primitive(
        "pow",
        "x ** y",
        dx="0 if y == 0 else y * x ** (y - 1) if y >= 1 or x == 0 or x - x != 0 else y * out / x",
        dy="0 if x == 0 and y >= 0 else out * log(x)",
        x=POWER_BASE,
        textbook={"dx": "y * x ** (y - 1)", "dy": "x ** y * log(x)"},
    ),
    Primitive("neg", "-x", dx="-1"),
    Primitive("abs", "abs(x)", dx="1 if x > 0 else -1 if x < 0 else 0", kink="x"),
    Primitive("square", "x * x", dx="2 * x", textbook={"value": "x ** 2"}),
    Primitive(
        "sqrt", "sqrt(x)", dx="0.5 / abs(out)", x=NONNEGATIVE, textbook={"dx": "1 / (2 * out)"}
    ),
    # C's cbrt may be 4 units off, and its square 11: one step of Newton's method mends that.
    Primitive(
        "cbrt",
        "cbrt(x)",
        dx="1 / (3 * out * out) if x == 0 or x - x != 0 else (2 * out + x / out / out) / 9 / x",
        textbook={"dx": "1 / (3 * out ** 2)"},
    ),
    Primitive("exp", "exp(x)", dx="out", x=EXP_RANGE),
    Primitive("expm1", "expm1(x)", dx="exp(x)", x=EXP_RANGE),
    Primitive("log", "log(x)", dx="1 / x", x=POSITIVE),
    Primitive("log1p", "log1p(x)", dx="1 / (1 + x)", x=Domain(low=-1, open=True)),
    Primitive(
        "log2", "log2(x)", dx="1 / log(2) / x", x=POSITIVE, textbook={"dx": "1 / (x * log(2))"}
    ),
    Primitive(
        "log10", "log10(x)", dx="1 / log(10) / x", x=POSITIVE, textbook={"dx": "1 / (x * log(10))"}
    ),
    Primitive("sin", "sin(x)", dx="cos(x)"),
    Primitive("cos", "cos(x)", dx="-sin(x)"),
    Primitive("tan", "tan(x)", dx="1 + out * out", textbook={"dx": "1 + out ** 2"}),
    Primitive(
        "arcsin",
        "arcsin(x)",
        dx="1 / sqrt((1 - x) * (1 + x))",
        x=UNIT,
        textbook={"dx": "1 / sqrt(1 - x ** 2)"},
    ),
    Primitive(
        "arccos",
        "arccos(x)",
        dx="-1 / sqrt((1 - x) * (1 + x))",
        x=UNIT,
        textbook={"dx": "-1 / sqrt(1 - x ** 2)"},
    ),
    # x * x would overflow from 1.3e154 on; so in arcsinh.
    Primitive(
        "arctan",
        "arctan(x)",
        dx="1 / (1 + x * x) if abs(x) < 1e150 else 1 / x / x",
        textbook={"dx": "1 / (1 + x ** 2)"},
    ),
    Primitive("sinh", "sinh(x)", dx="cosh(x)", x=COSH_RANGE),
    Primitive("cosh", "cosh(x)", dx="sinh(x)", x=COSH_RANGE),
    # 1 - tanh² would cancel for large x.
    Primitive("tanh", "tanh(x)", dx="square(1 / cosh(x))", textbook={"dx": "1 - out ** 2"}),
    Primitive(
        "arcsinh",
        "arcsinh(x)",
        dx="1 / sqrt(x * x + 1) if abs(x) < 1e150 else 1 / abs(x)",
        textbook={"dx": "1 / sqrt(x ** 2 + 1)"},
    ),
    Primitive(
        "arccosh",
        "arccosh(x)",
        dx="1 / (sqrt(x - 1) * sqrt(x + 1))",
        x=Domain(low=1),
        textbook={"dx": "1 / sqrt(x ** 2 - 1)"},
    ),
    Primitive(
        "arctanh",
        "arctanh(x)",
        dx="1 / ((1 - x) * (1 + x))",
        x=Domain(low=-1, high=1, open=True),
        textbook={"dx": "1 / (1 - x ** 2)"},
    ),
    Primitive(
        "erf",
        "erf(x)",
        dx="1.1283791670955126 * gauss(x)",
        textbook={"dx": "2 / sqrt(pi) * exp(-x ** 2)"},
    ),
    Primitive("sigmoid", "sigmoid(x)", dx="out * sigmoid(-x)", textbook={"dx": "out * (1 - out)"}),
    Primitive("softplus", "x + log1p(exp(-x)) if x > 0 else log1p(exp(x))", dx="sigmoid(x)"),
    Primitive("relu", "0 if x <= 0 else x", dx="0 if x <= 0 else 1", kink="x"),
    # y == y: a slope that is NaN shows also where it is not used.
    Primitive(
        "leaky_relu",
        "x if x > 0 and y == y else y * x",
        dx="1 if x > 0 else y",
        dy="0 if x > 0 else x",
        kink="x",
    ),
    Primitive("step", "1 if x >= 0 else 0 if x < 0 else x", dx="0", kink="x"),
    # The last case of each is a NaN on either side.
    Primitive(
        "maximum",
        "x if x >= y else y if x < y else x + y",
        dx="1 if x > y else 0.5 if x == y else 0",
        dy="1 if x < y else 0.5 if x == y else 0",
        kink="x - y",
    ),
    Primitive(
        "minimum",
        "x if x <= y else y if x > y else x + y",
        dx="1 if x < y else 0.5 if x == y else 0",
        dy="1 if x > y else 0.5 if x == y else 0",
        kink="x - y",
    ),
    Primitive("sum", "sum(x)", dx="1"),
    Primitive("dot", "sum(w * x) + b", dw="x", dx="w", db="1"),
)

PRIMITIVES: Mapping[str, Primitive] = {primitive.name: primitive for primitive in TABLE}


def markdown(table: Sequence[Primitive] = TABLE) -> str:
    """Return the table as Markdown, as it stands in the README."""
    lines = ["| primitive | value | partial derivatives | domain |", "|---|---|---|---|"]
    for row in table:
        partials = "<br>".join(f"d{o} = `{rule.text}`" for o, rule in row.partials.items())
        lines.append(f"| `{row.name}` | `{row.value.text}` | {partials} | {row.domain} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown())

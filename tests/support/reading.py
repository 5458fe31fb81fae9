"""Reads the text of an explanation, and computes it again from the numbers in it.

Each number in the text stands for all numbers that are rounded to it. So an expression stands for
an interval, and two expressions that the text calls equal must have a number in common.
"""

import itertools
import math
import re

from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.primitives import PRIMITIVES

NAME = r"[A-Za-zΑ-ω][A-Za-z0-9_Α-ω]*[₀-₉]*(?:⁽[⁰¹²³⁴-⁹]+⁾)?"
TOKEN = re.compile(
    rf"\s*(?P<partial>∂{NAME}/∂{NAME})|\s*(?P<number>\d+(?:\.\d+)?(?:e[+−]\d+)?|∞|NaN)"
    rf"|\s*(?P<name>{NAME})|(?P<power>[⁻⁰¹²³⁴-⁹]+)|\s*(?P<sign>[-+−·/^()|,√∛…])"
)
POWERS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
WORDS = {
    row.text[:-4]: name
    for name, row in ELEMENTARY.items()
    if re.fullmatch(r"\w+\({}\)|[√∛]\({}\)", row.text)
}
FUNCTIONS = {name: name for name in PRIMITIVES} | WORDS


class UndefinedError(Exception):
    """A symbol is used that is defined nowhere in the text."""


# --- intervals -----------------------------------------------------------------------------------

ANYTHING = (-math.inf, math.inf)


def compute(function, *intervals):
    """Return about the interval of the values of a function over intervals."""
    points = [[low, high, *(low + (high - low) * k / 8 for k in range(1, 8))] if low < high
              else [low] for low, high in intervals]  # fmt: skip
    if len(points) > 1:
        points = [[low, high, (low + high) / 2] for low, high in intervals]
    try:
        values = [function(*at) for at in itertools.product(*points)]
    except (ArithmeticError, ValueError):
        return ANYTHING
    if any(isinstance(v, complex) or math.isnan(v) for v in values):
        return ANYTHING
    low, high = min(values), max(values)
    around = 0.02 * (high - low) + 1e-9 * max(abs(low), abs(high)) if high - low < math.inf else 0
    return low - around, high + around


def divide(one, other):
    if other[0] <= 0 <= other[1]:
        return ANYTHING
    return compute(lambda x, y: x / y, one, other)


def raise_to(base, exponent):
    whole = exponent[0] == exponent[1] and float(exponent[0]).is_integer()
    if base[0] <= 0 <= base[1] and not (whole and exponent[0] > 0):
        return ANYTHING
    return compute(lambda x, y: x**y, base, exponent)


def around(text, digits):
    """Return the interval of the numbers that are shown as this text."""
    if text in ("∞", "NaN"):
        return ANYTHING
    value = float(text.replace("−", "-"))
    if value == 0:
        return 0.0, 0.0
    half = 0.5000001 * 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)
    return value - half, value + half


# --- formulas ------------------------------------------------------------------------------------


class Formula:
    """A formula in plain text, as it is read from left to right."""

    def __init__(self, text, symbols, digits):
        self.symbols, self.digits, self.text = symbols, digits, text
        self.tokens, at = [], 0
        while at < len(text.rstrip()):
            found = TOKEN.match(text, at)
            assert found, f"cannot read {text[at:]!r} of {text!r}"
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        for i, (kind, lexeme) in enumerate(self.tokens):
            if kind == "name" and lexeme not in symbols and not self.is_call(i) and lexeme != "π":
                raise UndefinedError(lexeme)
        self.at = 0

    def is_call(self, i):
        """Whether a name stands for a function: it is one, and a parenthesis follows at once."""
        name = self.tokens[i][1]
        called = name in FUNCTIONS and self.tokens[i + 1 : i + 2] == [("sign", "(")]
        assert not (called and name in self.symbols), f"{name} has two meanings in {self.text!r}"
        return called

    @property
    def is_whole(self):
        return ("sign", "…") not in self.tokens

    @property
    def is_known(self):
        return self.is_whole and all(t in self.symbols for k, t in self.tokens if k == "partial")

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def take(self, *signs):
        if self.peek()[0] == "sign" and self.peek()[1] in signs:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def value(self):
        found = self.sum()
        assert self.at == len(self.tokens), f"{self.tokens[self.at :]} in {self.text!r}"
        return found

    def sum(self):
        found = self.product()
        while sign := self.take("+", "−"):
            other = self.product()
            found = compute((lambda x, y: x + y) if sign == "+" else (lambda x, y: x - y),
                            found, other)  # fmt: skip
        return found

    def product(self):
        if self.take("−"):
            low, high = self.product()
            return -high, -low
        found = self.power()
        while True:
            if self.take("/"):
                found = divide(found, self.power())
            elif self.take("·") or self.peek() == ("sign", "("):
                found = compute(lambda x, y: x * y, found, self.factor())
            else:
                return found

    def factor(self):
        if self.take("−"):  # as in 0.25 · −1
            low, high = self.power()
            return -high, -low
        return self.power()

    def power(self):
        found = self.atom()
        kind, lexeme = self.peek()
        if kind == "power":
            self.at += 1
            exponent = float(lexeme.translate(POWERS))
            return raise_to(found, (exponent, exponent))
        if self.take("^"):
            return raise_to(found, self.atom())
        return found

    def atom(self):
        kind, lexeme = self.peek()
        self.at += 1
        if kind == "number":
            return around(lexeme, self.digits)
        if kind == "partial":
            return self.symbols[lexeme]
        if kind == "name" and self.is_call(self.at - 1):
            self.take("(")
            return self.call(FUNCTIONS[lexeme], ")")
        if kind == "name":
            return self.symbols.get(lexeme, (math.pi, math.pi))
        if lexeme in "√∛":
            self.take("(")
            return self.call(WORDS[lexeme], ")")
        if lexeme == "|":
            return self.call("abs", "|")
        assert lexeme == "(", f"{lexeme!r} in {self.text!r}"
        found = self.sum()
        assert self.take(")")
        return found

    def call(self, name, end):
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.sum())
        assert self.take(end), self.text
        row = PRIMITIVES[name]
        return compute(lambda *at: row.evaluate(*row.arrange(at))[0], *arguments)


def overlap(*intervals):
    return max(low for low, _ in intervals) <= min(high for _, high in intervals)


# --- explanations --------------------------------------------------------------------------------


def recompute(text, *, digits=4):
    """Check an explanation; return how many numbers in it were computed again.

    Raises:
        UndefinedError: a symbol has no definition.
        AssertionError: a number is not what its operands in the text make.
    """
    return Reading(text, digits).check()


class Reading:
    def __init__(self, text, digits):
        self.digits, self.checked = digits, 0
        self.blocks = [block.split("\n") for block in text.split("\n\n")]
        self.symbols = {}
        self.equations = []
        self.product = None
        for lines in self.blocks:
            self.define(lines)

    def define(self, lines):
        """Collect the symbols that a block defines."""
        if lines[0].startswith("with "):
            items = " ".join(map(str.strip, lines)).removeprefix("with ").split(", ")
        elif lines[0] == "where":
            items = lines[1:]
        else:
            items = [line for line in lines[:1] if re.match(rf"(?!directly){NAME} = ", line)]
        for item in items:
            symbol, *parts = item.strip().split(" = ")
            assert symbol not in self.symbols, f"{symbol} is defined twice"
            self.symbols[symbol] = around(parts[-1], self.digits)
            if len(parts) > 1 and re.fullmatch(r"\S{17,}|[a-z]+\d*", parts[0]):
                del parts[0]  # what a symbol abbreviates
            self.equations.append(parts)

    def read(self, text):
        return Formula(text, self.symbols, self.digits)

    def equal(self, *texts):
        """Check that expressions, as far as they are known, have a number in common."""
        formulas = [formula for formula in map(self.read, texts) if formula.is_known]
        values = [formula.value() for formula in formulas]
        if values:
            assert overlap(*values), f"{texts} are not equal: {values}"
            self.checked += len(values) - 1

    def check(self):
        for parts in self.equations:
            self.equal(*parts)
        for lines in self.blocks:
            self.check_block(lines)
        return self.checked

    def check_block(self, lines):
        first = lines[0]
        if first.startswith(("with ", "where")):
            return
        if first.startswith("factor "):
            self.check_table(lines[1:])
        elif first.startswith("∂") and " = " in first and not first.endswith("."):
            self.check_derivation(lines)
        elif first.startswith("directly = "):
            self.check_path([None], [line.split(" = ", 1)[-1].removeprefix("= ") for line in lines])
        elif " → " in first:
            list(map(self.read, first.split(" → ")))
        elif re.match(rf"{NAME} = ", first):
            for line in lines[1:]:
                self.check_term(line.strip())
        else:
            for line in lines:
                self.check_sentence(line.strip())

    def check_derivation(self, lines):
        left, first = lines[0].split(" = ", 1)
        if self.product and "…" not in first:  # of the table before
            assert overlap(self.product, around(first, self.digits)), first
            self.product = None
        rights = [first, *(line.strip().removeprefix("= ") for line in lines[1:])]
        chain = left if " · " in left else rights[0]
        if re.fullmatch(rf"∂{NAME}/∂{NAME}(?: · ∂{NAME}/∂{NAME})*", chain) and " · " in chain:
            others = rights if chain is left else rights[1:]
            self.check_path(chain.split(" · "), others)
            rights = rights[-1:]
        if " · " not in left:
            self.equal(*rights)
            value = self.read(rights[-1]).value()
            before = self.symbols.setdefault(left, value)
            assert overlap(value, before), f"{left} has two values"

    def check_path(self, chain, rights):
        """Check the factors of a path: each in symbols and in numbers, and their product."""
        if len(rights) > 2 and rights[1].startswith("(") and len(chain) > 1:
            symbols, numbers = rights[0].split(" · "), re.findall(r"\(([^()]*)\)", rights[1])
            assert len(symbols) == len(numbers) == len(chain)
            for pair in zip(symbols, numbers, strict=True):
                self.equal(*pair)
            rights = rights[1:]
        self.equal(*rights)

    def check_table(self, rows):
        so_far = (1.0, 1.0)
        for row in rows:
            _, formula, number, *_, product = re.split(r"\s{2,}", row)
            self.equal(formula, number)
            so_far = compute(lambda x, y: x * y, so_far, around(number, self.digits))
            assert overlap(so_far, around(product, self.digits)), row
            so_far = around(product, self.digits)
        self.product = so_far

    def check_term(self, line):
        """Check what a node adds to the gradient of an operand."""
        found = re.fullmatch(r"(∂\S+) (\+?=) (.*) = (.*) = (\S+?)(?:, now (\S+))?", line)
        if not found:
            self.check_sentence(line)
            return
        left, sign, symbols, numbers, term, now = found.groups()
        self.equal(symbols, numbers, term)
        value = around(term, self.digits)
        assert (sign == "=") or self.symbols.get(left) or not now
        if now:
            total = compute(lambda x, y: x + y, self.symbols[left], value)
            value = around(now, self.digits)
            assert overlap(total, value), line
            self.checked += 1
        self.symbols[left] = value

    def check_sentence(self, sentence):
        """Check what a sentence says about the numbers."""
        found = re.match(r"(?:As|At) (.*?) ([<>=]) (.*?), ", sentence)
        if found:
            left, sign, right = found.groups()
            (low, high), (below, above) = (self.read(text).value() for text in (left, right))
            holds = {"<": low < above, ">": high > below, "=": low <= above and below <= high}
            assert holds[sign], sentence
            self.checked += 1
        for partial in re.findall(rf"∂({NAME})/∂({NAME})", sentence):
            list(map(self.read, partial))

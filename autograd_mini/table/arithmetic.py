"""Computes rules over a kind of number: floats that raise, IEEE 754, complex numbers or others.

A rule becomes the text of a Python function, which calls the functions of the kind of number.
"""

from __future__ import annotations

import ast
import cmath
import linecache
import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from operator import attrgetter
from typing import Any

from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.rules import COMPARISONS, REDUCTIONS, Reduction, Rule, float_of

__all__ = [
    "COMPLEX", "FLOATS", "IEEE", "Arithmetic", "absolute", "angle", "compile_function",
    "library", "upright",
]  # fmt: skip

_INF, _NAN = math.inf, math.nan


class Arithmetic:
    """A kind of number, and the functions of the rule language over it.

    Args:
        functions: its elementary functions, and ``pow``. A function that is not given here is
            computed by its definition in the rule language, if it has one.
        number: converts a float of a rule to this kind of number; None if floats mix with it.
        divide: computes the quotient, if ``/`` does not.
        order: returns the float by which a number is compared; None compares numbers themselves.
        decide: ``decide(">", a, b, then, otherwise)`` returns what one of two functions without
            arguments returns, or a number that stands for both; None takes a condition of Python.
        hold: is given the largest number of a ``max``, and returns one that depends on nothing;
            None takes that number itself.
        sums: the functions of a list that compute ``sum`` and ``fsum``; None adds term by term.

    >>> square = COMPLEX.function(Rule("x * x"))
    >>> square(1 + 2j)
    (-3+4j)
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]],
        *,
        number: Callable[[float], Any] | None = None,
        divide: Callable[[Any, Any], Any] | None = None,
        order: Callable[[Any], float] | None = None,
        decide: Callable[..., Any] | None = None,
        hold: Callable[[Any], Any] | None = None,
        sums: Mapping[str, Callable[[list[Any]], Any]] | None = None,
    ) -> None:
        self._functions = dict(functions)
        self._number, self._divide, self._order, self._decide = number, divide, order, decide
        self._hold = hold
        self._sums = {f"{name}_of": function for name, function in (sums or {}).items()}
        self._compiled: dict[tuple[Rule, tuple[str, ...] | None], Callable[..., Any] | None] = {}

    def text(self, rule: Rule, *, each: Sequence[str] = ()) -> str:
        """Return a rule as Python text, which calls the functions of `namespace`.

        With ``each``, the names of sequences, the text makes a list: the rule's value for each of
        their items. The sequence of the ``x`` is called ``xs``.

        >>> FLOATS.text(Rule("x / 2")), IEEE.text(Rule("x / 2"))
        ('x / 2.0', 'divide(x, 2.0)')
        >>> FLOATS.text(Rule("2 * x"), each=["x"])
        '[2.0 * x for x in xs]'
        """
        if rule.text in each:
            return f"{rule.text}s"
        text = ast.unparse(self._rewrite(rule.body))
        return f"[{text} for {_write_zip(each)}]" if each else text

    def statements(self, value: Rule, *others: Rule) -> list[str]:
        """Return Python lines that set ``out`` to the value of a rule.

        They begin with the reductions of all the rules. A ``sum`` starts from -0.0, which changes
        no number that is added to it. (From Python 3.12 on, the built-in ``sum`` compensates for
        rounding; this one has the bits of a chain of ``+``.) A ``fsum`` adds up the rounding error
        of each addition (Knuth, *The Art of Computer Programming*, volume 2, section 4.2.2), which
        is exact; the terms must not overflow.
        """
        return [*self._reduce_all(value, *others), f"out = {self.text(value)}"]

    def _reduce_all(self, *rules: Rule) -> list[str]:
        """Return Python lines that set the names of all reductions of some rules."""
        reductions = dict.fromkeys(r for rule in rules for r in rule.reductions)
        return [line for reduction in reductions for line in self._reduce(reduction)]

    def _reduce(self, reduction: Reduction) -> list[str]:
        """Return Python lines that set the name of a reduction to its number."""
        name, kind, term, sequences, start = reduction
        first = {"sum": f"-0.0 if {sequences[0]}s else 0.0", "fsum": "0.0", "max": "-1e999"}[kind]
        first = first if self._number is None else f"number({first})"
        first = first if start is None else self.text(start)
        text, loop = self.text(term), _write_zip(sequences)
        if f"{kind}_of" in self._sums:
            terms = f"[{text} for {loop}]"
            return [f"{name} = {kind}_of({terms if start is None else f'[{first}, *{terms}]'})"]
        inside = {
            "sum": [f"{name} += term"],
            "fsum": [
                f"before, {name} = {name}, {name} + term",
                f"share = {name} - before",
                f"lost += before - ({name} - share) + (term - share)",
            ],
            "max": self._take_larger(name),
        }[kind]
        return [
            f"{name} = {first}",
            *([f"lost = {name} - {name}"] if kind == "fsum" else []),
            f"for {loop}:",
            f"    term = {text}",
            *(f"    {line}" for line in inside),
            *([f"{name} += lost"] if kind == "fsum" else []),
            *([f"{name} = hold({name})"] if kind == "max" and self._hold is not None else []),
        ]

    def _take_larger(self, name: str) -> list[str]:
        """Return Python lines that set a name to ``term`` if that is larger."""
        if self._decide is not None:
            return [f"{name} = decide('>', term, {name}, lambda: term, lambda: {name})"]
        term, largest = ("term", name) if self._order is None else ("order(term)", f"order({name})")
        return [f"if {term} > {largest}:", f"    {name} = term"]

    def namespace(self, *trees: ast.expr) -> dict[str, Any]:
        """Return the functions that texts of formulas call; raise LookupError if one is missing."""
        called = {_find_called(node) for tree in trees for node in ast.walk(tree)} - {None}
        functions = {name: self._elementary(name) for name in called if name is not None}
        own = {"number": self._number, "divide": self._divide, "order": self._order}
        deciding = {"decide": self._decide, "once": cache, "hold": self._hold}
        return {**own, **deciding, **self._sums, **functions}

    def function(
        self, rule: Rule, operands: tuple[str, ...] | None = None
    ) -> Callable[..., Any] | None:
        """Return a rule as a function; None if this arithmetic lacks a function that it calls.

        Args:
            rule: the rule.
            operands: the names of the function's arguments, in order; None takes the names of the
                rule. A name inside a sum stands for a sequence of numbers.
        """
        key = rule, operands
        if key not in self._compiled:
            try:
                names = operands or rule.names
                result = self.text(rule) if "out" in names else "out"
                self._compiled[key] = self.compile("rule", names, rule, result=result)
            except LookupError:
                self._compiled[key] = None
        return self._compiled[key]

    def holds(self, condition: ast.expr, numbers: Mapping[str, Any]) -> bool:
        """Return whether a condition of the rule language is true for these numbers, by name."""
        text = ast.unparse(self._rewrite(condition))
        return bool(eval(text, self.namespace(condition), dict(numbers)))

    def compile(
        self,
        name: str,
        operands: Sequence[str],
        *rules: Rule,
        result: str = "out",
        sequences: Sequence[str] | None = None,
    ) -> Any:
        """Return a function that sets ``out`` by the first rule, and returns ``result``, a text.

        If ``out`` is one of the operands, it is given and not set. The operands in ``sequences``
        are sequences; None takes those of the first rule.
        """
        several = rules[0].sequences if sequences is None else sequences
        arguments = ", ".join(f"{o}s" if o in several else o for o in operands)
        setting = self._reduce_all if "out" in operands else self.statements
        lines = [f"def {name}({arguments}):", *setting(*rules), f"return {result}\n"]
        names = self.namespace(*(rule.tree for rule in rules))
        return compile_function("\n    ".join(lines), name=name, namespace=names)

    def _elementary(self, name: str) -> Callable[..., Any]:
        """Return a function that rules call; compile its definition if there is no other."""
        if name not in self._functions:
            row = ELEMENTARY.get(name)
            if row is None or not row.definition:
                raise LookupError(name)
            self._functions[name] = self.compile(name, "x", Rule(row.definition))
        return self._functions[name]

    def _rewrite(self, tree: ast.expr) -> Any:
        options = (self._number, self._divide, self._order, self._decide)
        return _Rewriter(*(option is not None for option in options)).visit(deepcopy(tree))


class _Rewriter(ast.NodeTransformer):
    """Turns a formula into Python."""

    def __init__(self, makes_numbers: bool, divides: bool, orders: bool, decides: bool) -> None:
        self.makes_numbers, self.divides = makes_numbers, divides
        self.orders, self.decides = orders, decides

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return _call("number", node) if self.makes_numbers else ast.Constant(float_of(node))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Pow):
            return _call("pow", node.left, node.right)
        is_call = self.divides and isinstance(node.op, ast.Div)
        return _call("divide", node.left, node.right) if is_call else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if self.orders:
            real = [_call("order", x) for x in (node.left, *node.comparators)]
            return ast.Compare(real[0], node.ops, list(real[1:]))
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if not self.decides:
            return node
        branches = _write_later(node.body), _write_later(node.orelse)
        if isinstance(node.test, ast.Compare):
            return _write_decision(node.test, *branches)
        # Several decisions have the same branches, which are computed once.
        names = [ast.Name(name, ast.Load()) for name in ("then", "otherwise")]
        decisions = _write_later(_write_decision(node.test, *names), "then", "otherwise")
        return ast.Call(decisions, [_call("once", branch) for branch in branches], [])


def _write_decision(test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
    """Return the call that takes one of two branches, which are functions, by a condition."""
    match test:
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            sign = ast.Constant(COMPARISONS[type(op)].code)
            return _call("decide", sign, left, right, then, otherwise)
        case ast.BoolOp(op=op, values=[first, *others]):
            rest = others[0] if len(others) == 1 else ast.BoolOp(op, others)
            next_decision = _write_later(_write_decision(rest, then, otherwise))
            if isinstance(op, ast.And):
                return _write_decision(first, next_decision, otherwise)
            return _write_decision(first, then, next_decision)
    raise AssertionError(ast.dump(test))


def _write_later(body: ast.expr, *names: str) -> ast.expr:
    """Return a function of some names that computes an expression when it is called."""
    return ast.Lambda(
        ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, []), body
    )


def _write_zip(names: Sequence[str]) -> str:
    sequences = ", ".join(f"{name}s" for name in names)
    return f"{', '.join(names)} in {sequences if len(names) == 1 else f'zip({sequences})'}"


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _find_called(node: ast.AST) -> str | None:
    """Return the name of the function that computes a node of a rule; None if there is none."""
    match node:
        case ast.BinOp(op=ast.Pow()):
            return "pow"
        case ast.Call(func=ast.Name(id=name)) if name not in REDUCTIONS:
            return name
    return None


def compile_function(source: str, *, name: str, namespace: dict[str, Any]) -> Any:
    """Compile the source of one function, so that tracebacks and debuggers show its lines."""
    number = 0
    while (
        filename := f"<autograd_mini {name}{f' {number}' if number else ''}>"
    ) in linecache.cache:
        number += 1
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    local: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), namespace, local)
    return local[name]


def library(module: Any) -> dict[str, Callable[..., Any]]:
    """Return the elementary functions that a Python module has under C's names."""
    rows = [row for row in ELEMENTARY.values() if row.c]
    return {row.name: getattr(module, row.c) for row in rows if hasattr(module, row.c)}


def _power(x: float, y: float) -> float:
    """Return x to the power y; a square is a product, and a NaN on either side gives NaN."""
    if y == 2.0:
        return x * x
    return math.pow(x, y) if x == x and y == y else _NAN


def _total(name: str, function: Callable[..., float]) -> Callable[..., float]:
    """Return a function of `math` that follows IEEE 754: it takes every float and never raises."""
    if ELEMENTARY[name].arity == 2:
        return function  # arctan2 never raises
    poles = ELEMENTARY[name].poles

    def total(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return -_INF if name == "sinh" and x < 0 else _INF
        except ValueError:
            return poles.get(x, _NAN)

    total.__name__ = name
    return total


def _total_power(x: float, y: float) -> float:
    try:
        return _power(x, y)
    except OverflowError:
        pass
    except ValueError:
        if x != 0:
            return _NAN
    # x ** y overflows, or x is 0 and y negative: it is infinite, with the sign of x if y is odd.
    odd = math.fmod(y, 2.0) in (1.0, -1.0)
    return math.copysign(_INF, x) if odd else _INF


def _divide(x: float, y: float) -> float:
    """Return x / y, by IEEE 754 also where y is zero."""
    try:
        return x / y
    except ZeroDivisionError:
        if x == 0 or x != x:
            return _NAN
        return math.copysign(_INF, x) * math.copysign(1.0, y)


_MATH = library(math)

FLOATS = Arithmetic({**_MATH, "pow": _power})
"""Floats, by the functions of `math`, which raise where C returns an infinity or a NaN."""

IEEE = Arithmetic(
    {**{name: _total(name, f) for name, f in _MATH.items()}, "pow": _total_power}, divide=_divide
)
"""Floats, by IEEE 754: a NaN gives a NaN, and nothing raises."""


def upright(z: Any, f: Callable[[Any], Any]) -> Any:
    """Return the value of an odd function f, which is called only to the right of zero."""
    return f(z) if z.real >= 0 else -f(-z)


def absolute(z: Any) -> Any:
    """Return z or −z, whichever has no negative real part: `abs`, continued analytically."""
    return z if z.real >= 0 else -z


def _complex_power(z: complex, w: complex) -> complex:
    if z.real == 0 and w.real > 1:
        return 0j  # the tiny imaginary part must not decide
    if not w.imag and w.real.is_integer() and abs(w) <= 100:
        return z ** int(w.real)  # products also allow a negative base
    return cmath.exp(w * cmath.log(z))


def angle(y: Any, x: Any, arctan: Callable[[Any], Any], pi: Any) -> Any:
    """Return the angle of the point (x, y): `arctan2`, continued analytically."""
    side = math.copysign(1.0, y.real)
    if abs(x.real) < abs(y.real):
        return side * pi / 2 - arctan(x / y)
    return arctan(y / x) + (side * pi if x.real < 0 else 0)


COMPLEX = Arithmetic(
    {
        **library(cmath),
        "abs": absolute,
        "arctan2": lambda y, x: angle(y, x, cmath.atan, math.pi),
        "cbrt": lambda z: upright(z, lambda w: cmath.exp(cmath.log(w) / 3)),
        "expm1": lambda z: complex(math.expm1(z.real), cmath.exp(z).imag),
        "log1p": lambda z: complex(math.log1p(z.real), math.atan2(z.imag, 1.0 + z.real)),
        "log2": lambda z: cmath.log(z) / math.log(2.0),
        "pow": _complex_power,
    },
    number=complex,
    order=attrgetter("real"),
)
"""Complex numbers with an imaginary part so small that its square vanishes; no erf, no erfc."""

"""Taylor series at high precision: a rule computed over them has its derivatives of any order.

Only the formulas of values are computed, and the slopes of the elementary functions are written
here. So the derivative rules of the table play no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations_with_replacement
from math import factorial, prod
from typing import Any, NamedTuple

from mpmath import mp, mpf
from support.numbers import precise

from autograd_mini.table.arithmetic import Arithmetic, absolute
from autograd_mini.table.primitives import Primitive
from autograd_mini.table.rules import Rule

Monomial = tuple[int, ...]
"""The variables of a product in ascending order: (0, 0, 1) is that of x² y."""

ORDER = 3


class Term(NamedTuple):
    """A coefficient, and what it would be if none of the terms that it adds up cancelled."""

    number: mpf
    absolute: mpf


class Jet:
    """A polynomial in distances from a point: the series of a number, up to some order.

    >>> x = Jet.variable(3.0, 0)
    >>> (x * x).derivative((0, 0)).number
    mpf('2.0')
    """

    def __init__(self, terms: Mapping[Monomial, Term], order: int = ORDER) -> None:
        self.terms = {m: term for m, term in terms.items() if len(m) <= order and term.absolute}
        self.order = order

    @classmethod
    def constant(cls, number: Any, order: int = ORDER) -> Jet:
        """Return a number that depends on no variable."""
        return cls({(): Term(mpf(number), abs(mpf(number)))}, order)

    @classmethod
    def variable(cls, number: float, position: int) -> Jet:
        """Return the variable at a position, whose number is that."""
        return Jet({(): Term(mpf(number), abs(mpf(number))), (position,): Term(mpf(1), mpf(1))})

    @property
    def real(self) -> mpf:
        """The number at the point: what numbers are compared by."""
        return self.terms[()].number if () in self.terms else mpf(0)

    def derivative(self, by: Sequence[int]) -> Term:
        """Return the derivative at the point by some variables, each as often as it is named."""
        by = tuple(sorted(by))
        times = prod(factorial(by.count(position)) for position in set(by))
        number, scale = self.terms.get(by, (mpf(0), mpf(0)))
        return Term(times * number, times * scale)

    def __neg__(self) -> Jet:
        return Jet({m: Term(-a, b) for m, (a, b) in self.terms.items()}, self.order)

    def __add__(self, other: Jet) -> Jet:
        return _add_up([*self.terms.items(), *other.terms.items()], min(self.order, other.order))

    def __sub__(self, other: Jet) -> Jet:
        return self + -other

    def __mul__(self, other: Jet) -> Jet:
        order = min(self.order, other.order)
        return _add_up(list(_multiply(self, other, order)), order)

    def __truediv__(self, other: Jet) -> Jet:
        return self * invert(other)

    def __pow__(self, other: Jet) -> Jet:
        return power(self, other)


def _multiply(x: Jet, y: Jet, order: int) -> Iterator[tuple[Monomial, Term]]:
    for m, (a, scale) in x.terms.items():
        for n, (b, other) in y.terms.items():
            if len(m) + len(n) <= order:
                yield tuple(sorted(m + n)), Term(a * b, scale * other)


def _add_up(terms: Sequence[tuple[Monomial, Term]], order: int) -> Jet:
    """Return the sum of some terms; its own number is no derivative, so it has no other scale."""
    found: dict[Monomial, Term] = {}
    for m, (a, scale) in terms:
        b, other = found.get(m, (mpf(0), mpf(0)))
        found[m] = Term(a + b, scale + other)
    if () in found:
        found[()] = Term(found[()].number, abs(found[()].number))
    return Jet(found, order)


def lift(value: Callable[..., mpf], *slopes: Callable[..., Jet]) -> Callable[..., Jet]:
    """Return a function of jets from its value and its slope by each operand, which takes jets.

    The part of degree m of a series, times m, is what x · ∂/∂x makes of it (Euler). Made of a
    function of others, that is the sum of each slope times what it makes of these.
    """

    def apply(*xs: Jet) -> Jet:
        order = min(x.order for x in xs)
        number = mpf(value(*(x.real for x in xs)))
        terms = [((), Term(number, abs(number)))]
        lower = [Jet(x.terms, order - 1) for x in xs]
        for x, slope in zip(xs, slopes, strict=True):
            grown = Jet({m: Term(len(m) * a, len(m) * b) for m, (a, b) in x.terms.items()}, order)
            if order and grown.terms:
                for m, (a, b) in _multiply(slope(*lower), grown, order):
                    terms.append((m, Term(a / len(m), b / len(m))))
        return _add_up(terms, order)

    return apply


@cache
def _precise(name: str, arity: int) -> Callable[..., mpf]:
    call = "x ** y" if name == "pow" else f"{name}({', '.join('xy'[:arity])})"
    return precise().function(Rule(call))


def _lift_known(name: str, *slopes: Callable[..., Jet]) -> Callable[..., Jet]:
    return lift(lambda *xs: _precise(name, len(xs))(*xs), *slopes)


def power(x: Jet, y: Jet) -> Jet:
    """Return a power; a base that is not positive has a constant exponent."""
    if not y.terms:
        return Jet.constant(1, x.order)
    return FUNCTIONS["pow"](x, y)


def _number(x: Any) -> Jet:
    return Jet.constant(x)


invert = lift(lambda x: 1 / x, lambda x: -(invert(x) * invert(x)))

FUNCTIONS: dict[str, Callable[..., Jet]] = {
    "abs": absolute,
    "pow": _lift_known(
        "pow",
        lambda x, y: y * power(x, y - _number(1)),
        lambda x, y: FUNCTIONS["log"](x) * power(x, y),
    ),
    # Its definition splits x, which has no effect at this precision, but many terms.
    "gauss": lift(lambda x: mp.exp(-x * x), lambda x: _number(-2) * x * FUNCTIONS["gauss"](x)),
}


def _of(name: str) -> Callable[[Jet], Jet]:
    def call(x: Jet) -> Jet:
        return FUNCTIONS[name](x)  # which is defined below

    return call


_SLOPES: dict[str, Callable[[Jet], Jet]] = {
    "arccos": lambda x: -(_SLOPES["arcsin"](x)),
    "arccosh": lambda x: invert(_root(x - _number(1)) * _root(x + _number(1))),
    "arcsin": lambda x: invert(_root((_number(1) - x) * (_number(1) + x))),
    "arcsinh": lambda x: invert(_root(x * x + _number(1))),
    "arctan": lambda x: invert(_number(1) + x * x),
    "arctanh": lambda x: invert((_number(1) - x) * (_number(1) + x)),
    "cbrt": lambda x: FUNCTIONS["cbrt"](x) / (_number(3) * x),
    "cos": lambda x: -FUNCTIONS["sin"](x),
    "cosh": _of("sinh"),
    "erf": lambda x: _number(2 / mp.sqrt(mp.pi)) * FUNCTIONS["gauss"](x),
    "erfc": lambda x: -_SLOPES["erf"](x),
    "exp": _of("exp"),
    "expm1": _of("exp"),
    "log": invert,
    "log10": lambda x: invert(_number(mp.log(10)) * x),
    "log1p": lambda x: invert(_number(1) + x),
    "log2": lambda x: invert(_number(mp.log(2)) * x),
    "sin": _of("cos"),
    "sinh": _of("cosh"),
    "sqrt": lambda x: invert(_number(2) * _root(x)),
    "tan": lambda x: invert(FUNCTIONS["cos"](x) * FUNCTIONS["cos"](x)),
    "tanh": lambda x: invert(FUNCTIONS["cosh"](x) * FUNCTIONS["cosh"](x)),
}
FUNCTIONS |= {name: _lift_known(name, slope) for name, slope in _SLOPES.items()}
FUNCTIONS["arctan2"] = _lift_known(
    "arctan2", lambda y, x: x / (x * x + y * y), lambda y, x: -y / (x * x + y * y)
)
_root = FUNCTIONS["sqrt"]


def _sum(terms: Sequence[Jet]) -> Jet:
    return _add_up([one for term in terms for one in term.terms.items()], ORDER)


@cache
def jets() -> Arithmetic:
    """Return the arithmetic of jets, at the precision in force."""
    sums = {"sum": _sum, "fsum": _sum}
    return Arithmetic(FUNCTIONS, number=_number, order=lambda x: x.real, sums=sums)


def derivatives(row: Primitive, numbers: Sequence[float]) -> Iterator[tuple[Monomial, Term]]:
    """Yield the derivatives of a row's value by its operands, by orders; the first is the value.

    The operands are given without lists.
    """
    compute = jets().function(row.value, row.operands)
    assert compute is not None, f"{row}: the slope of a function is missing in {__name__}"
    found = compute(*row.arrange([Jet.variable(x, i) for i, x in enumerate(numbers)]))
    for order in range(ORDER + 1):
        for by in combinations_with_replacement(range(len(numbers)), order):
            yield by, found.derivative(by)

"""Functions of a user, written as rules: rows that extend the table at run time."""

from __future__ import annotations

import inspect
import linecache
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from keyword import iskeyword
from typing import Any, NoReturn, Self, overload
from weakref import finalize

from autograd_mini.arguments import number, requirement
from autograd_mini.engines import Operand, Value, custom_node
from autograd_mini.engines.node import flat
from autograd_mini.engines.nonfinite import exceptional
from autograd_mini.engines.templates import Template, read_operands, unequal
from autograd_mini.table.domains import REAL, Domain
from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.primitives import PRIMITIVES, Primitive
from autograd_mini.table.rules import REDUCTIONS

__all__ = ["Function", "RuleFunction", "check_name", "is_taken", "name_apart", "primitive"]


def primitive(
    value: str,
    *,
    name: str,
    dx: str | None = None,
    dy: str | None = None,
    dw: str | None = None,
    db: str | None = None,
    x: Domain = REAL,
    y: Domain = REAL,
    kink: str | None = None,
    textbook: Mapping[str, str] | None = None,
) -> RuleFunction:
    """Return a function of Values that is written as rules, as the rows of the table are.

    Views, pages and derivatives of any order know its formula. `autograd_mini.table.rules`
    describes the language of rules.

    Args:
        value: the value, as a rule in ``x``, or ``x`` and ``y``, or with sums over sequences.
        name: what drawings, formulas and errors call it.
        dx, dy, dw, db, x, y, kink, textbook: as in `autograd_mini.table.primitives.Primitive`.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: a rule is not in the rule language, or the name is not an identifier, or it is
            that of a row of the table.

    >>> cube = primitive("x * x * x", dx="3 * x * x", name="cube")
    >>> x = Value(2.0)
    >>> cube(x).backward()
    >>> x.grad, cube(3.0)
    (12.0, 27.0)
    """
    partials = {"dx": dx, "dy": dy, "dw": dw, "db": db}
    for key, text in {"value": value, **partials, "kink": kink}.items():
        if not isinstance(text, str) and (text is not None or key == "value"):
            raise TypeError(requirement(f"primitive: {key}", "the text of a rule", text))
    for key, domain in {"x": x, "y": y}.items():
        if not isinstance(domain, Domain):
            raise TypeError(requirement(f"primitive: {key}", "a Domain", domain))
    if textbook is not None and not (
        isinstance(textbook, Mapping) and all(isinstance(t, str) for t in textbook.values())
    ):
        raise TypeError(requirement("primitive: textbook", "a dict of texts of rules", textbook))
    checked = check_name(name, where="primitive")
    return RuleFunction(checked, value, **partials, x=x, y=y, kink=kink, textbook=textbook)


class Function(Primitive):
    """A row of a user, which is also the function that applies it."""

    __name__: str
    __qualname__: str
    __signature__: inspect.Signature

    def _introduce(self, name: str, doc: str | None, signature: inspect.Signature | None) -> None:
        """Set what tools ask a function for."""
        self.__name__ = self.__qualname__ = name
        self.__doc__ = doc
        if signature is not None:
            self.__signature__ = signature

    @overload
    def __call__(self, *operands: float | Iterable[float]) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, *operands: Operand | Iterable[Operand]) -> Value: ...
    def __call__(self, *given: Any, **keywords: Any) -> Any:
        """Return a node, or a float if there is no Value among the operands."""
        if keywords:
            rule = "given by position"
            raise TypeError(requirement(f"{self.name}: operands", rule, next(iter(keywords))))
        row = self._with_count(len(given))
        operands = row._take(given)
        several = tuple(flat(operands)) if row.nary else tuple(operands)
        if Value not in map(type, several):
            return row._compute(operands)
        out, partials = row._compute_all(operands)
        return custom_node(row, several, out, tuple(flat(partials)))

    @property
    def origin(self) -> Function:
        """The function that a user has, of which this may be the row for a number of operands."""
        return self

    def _with_count(self, count: int) -> Function:
        """Return the row for a number of operands."""
        if count != len(self.operands):
            self._refuse_count(f"{len(self.operands)}: {', '.join(self.operands)}", count)
        return self

    def _refuse_count(self, rule: str, count: int) -> NoReturn:
        raise TypeError(requirement(f"{self.name}: number of operands", rule, count))

    def _take(self, given: Sequence[Any]) -> Sequence[Any]:
        """Return the operands as Values and floats, in tuples where the row has sequences."""
        label = self.operand_label
        return [
            one if type(one) is Value or type(one) is float else number(one, argument=label)
            for one in given
        ]

    def _compute(self, operands: Sequence[Any]) -> float:
        """Return the value for plain numbers; raise if it is not finite and the block is strict."""
        raise NotImplementedError

    def _compute_all(self, operands: Sequence[Any]) -> tuple[float, Sequence[Any]]:
        """Return the value and the partial derivatives in the same way."""
        raise NotImplementedError

    def write_definition(self, name: str) -> list[str]:
        """Return lines of Python that give the function a name, for a printed program."""
        raise NotImplementedError

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


class RuleFunction(Function):
    """A function of a user that is written as rules; `primitive` makes it."""

    def __init__(self, name: str, value: str, **options: Any) -> None:
        super().__init__(name, value, **options)
        slopes = [f"d{o} = {rule.text}" for o, rule in self.partials.items()]
        doc = f"Return {value}.\n\n{', '.join(slopes)}; defined for {self.domain}."
        self._introduce(name, doc, Template(self, name).signature())

    @cached_property
    def _evaluate(self) -> Callable[..., tuple[float, tuple[Any, ...]]]:
        """The rules, compiled; when the row is gone, so is the text that tracebacks show."""
        compiled: Callable[..., tuple[float, tuple[Any, ...]]] = super()._evaluate
        name = compiled.__code__.co_filename
        finalize(self, linecache.cache.pop, name, None).atexit = False
        return compiled

    def _take(self, given: Sequence[Any]) -> Sequence[Any]:
        count = len(self.value.sequences)  # which come first
        take = super()._take
        if not count:
            return take(given)
        parts = [tuple(take(read_operands(self, part))) for part in given[:count]]
        lengths = [len(part) for part in parts]
        if len({*lengths}) > 1:
            raise unequal(self, *lengths)
        return [*parts, *take(given[count:])]

    def _compute(self, operands: Sequence[Any]) -> float:
        return exceptional(self, *operands)[0]

    def _compute_all(self, operands: Sequence[Any]) -> tuple[float, Sequence[Any]]:
        return exceptional(self, *operands)

    def write_definition(self, name: str) -> list[str]:
        """Return the line that makes it, and what that line needs."""
        has_domain = any(isinstance(option, Domain) for option in self.options().values())
        domain = [f"from {Domain.__module__} import Domain"] if has_domain else []
        return [*domain, f"{name} = {self!r}"]

    def __repr__(self) -> str:
        options = [f"{key}={option!r}" for key, option in self.options().items()]
        value = repr(self.texts["value"])
        return f"ag.primitive({', '.join([value, *options, f'name={self.name!r}'])})"

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        """Pickle the texts of the rules; a row that the table has by then keeps its name too."""
        return partial(RuleFunction, **self.options()), (self.name, self.texts["value"])


def check_name(name: object, *, where: str) -> str:
    """Return a name for a function, as Python reads it in code; refuse one that is taken."""
    if not isinstance(name, str):
        raise TypeError(requirement(f"{where}: name", "a string", name))
    if not name.isidentifier() or iskeyword(name):
        raise ValueError(requirement(f"{where}: name", "a name of Python", name))
    name = unicodedata.normalize("NFKC", name)
    if is_taken(name):
        rule, way_out = "none that the table has", f"choose another, such as name='my_{name}'"
        raise ValueError(requirement(f"{where}: name", rule, name, way_out))
    return name


def is_taken(name: str) -> bool:
    """Return whether the table, or a rule, has a function of a name."""
    return name in PRIMITIVES or name in ELEMENTARY or name in REDUCTIONS


def name_apart(rows: Iterable[Primitive], taken: Iterable[str] = ()) -> dict[Primitive, str]:
    """Return a name for each row: its own, or with a number if another row has that.

    >>> twins = [primitive("2 * x", dx="2", name="double") for _ in range(2)]
    >>> [*name_apart(twins).values()]
    ['double', 'double_2']
    """
    names: dict[Primitive, str] = {}
    used = {*taken}
    for row in dict.fromkeys(rows):
        name, i = row.name, 2
        while name in used:
            name, i = f"{row.name}_{i}", i + 1
        used.add(name)
        names[row] = name
    return names

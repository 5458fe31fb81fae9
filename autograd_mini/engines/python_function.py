"""Functions of a user, written in Python: a function, and another that returns its derivatives."""

from __future__ import annotations

import ast
import inspect
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from autograd_mini.arguments import abbreviate, is_iterable, items, number, requirement
from autograd_mini.engines import Operand, Value
from autograd_mini.engines.extension import Function, check_name
from autograd_mini.engines.node import numbers_of
from autograd_mini.engines.nonfinite import refuse_nonfinite
from autograd_mini.errors import DomainError
from autograd_mini.table.domains import REAL
from autograd_mini.table.names import name_as_text
from autograd_mini.table.rules import Rule

__all__ = ["Call", "PythonFunction", "custom"]


def custom(
    f: Callable[..., float], partials: Callable[..., Any], *, name: str | None = None
) -> PythonFunction:
    """Return a function of Values whose value and derivatives are Python functions.

    With a Value it makes a node; with plain numbers it returns ``f`` of them. It pickles by its
    module and name, as other functions do.

    Args:
        f: takes floats by position, and returns a float.
        partials: takes the same arguments, and returns the derivative by each: a number for a
            single argument, otherwise a sequence. For derivatives of higher order it gets Values.
        name: what drawings, formulas and errors call it; None for the ``__name__`` of f.

    Raises:
        TypeError: ``f`` or ``partials`` is not a function.
        ValueError: the name is not an identifier, or that of a row of the table.

    >>> import math
    >>> def versine(x):
    ...     return 1 - math.cos(x)
    >>> versine = custom(versine, lambda x: Value.sin(x))
    >>> x = Value(0.0)
    >>> versine(x).data, versine(x).partials
    (0.0, (0.0,))
    """
    for key, given in (("f", f), ("partials", partials)):
        if not callable(given):
            raise TypeError(requirement(f"custom: {key}", "a function of numbers", given))
    if name is None:
        own = getattr(f, "__name__", "")
        name = own if isinstance(own, str) and own.isidentifier() else "custom"
    module = sys._getframe(1).f_globals.get("__name__", "__main__")
    return PythonFunction(f, partials, name=check_name(name, where="custom"), module=module)


class PythonFunction(Function):
    """A function of a user that is written in Python; `custom` makes it.

    A function that takes any number of arguments has a row for each number of them.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        partials: Callable[..., Any],
        *,
        name: str,
        module: str,
        several: tuple[PythonFunction, int] | None = None,
    ) -> None:
        self.name, self.operand_label, self.activation = name, f"{name}: operand", False
        self.texts = {}
        self._f, self._partials, self._several = f, partials, several
        self._rows: dict[int, PythonFunction] = {}
        signature = _read_signature(f)
        parameters = [] if signature is None else list(signature.parameters.values())
        names = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY]
        self._fewest = sum(p.default is p.empty for p in parameters[: len(names)])
        takes_more = signature is None or len(names) < len(parameters)
        self._most = sys.maxsize if takes_more else len(names)
        if not self._most:
            raise TypeError(requirement("custom: f", "a function of one number or more", f))
        if several is not None:
            rest = parameters[len(names)].name if len(parameters) > len(names) else ""
            names = _name_operands(names, rest, several[1])
        self.operands = tuple(_name_operands(names, "", len(names)))
        self.value = Call(name, self.operands)
        symbols = (
            [f"{name}′"] if len(names) == 1 else [f"∂{name}/∂{name_as_text(o)}" for o in names]
        )
        slopes = [Call(symbol, self.operands) for symbol in symbols]
        self.partials = dict(zip(self.operands, slopes, strict=True))
        self.domains = dict.fromkeys(self.operands, REAL)
        self.kink = None
        self.formula = self.value.tree
        doc = getattr(f, "__doc__", None)
        if doc and getattr(f, "__module__", None) != module:  # its examples are not the user's
            doc = doc.partition("\n\n")[0]
        self._introduce(name, doc, signature)
        self.__module__ = module
        self.__wrapped__ = f

    @property
    def textbook(self) -> dict[str, Rule]:  # type: ignore[override]
        """The partial derivatives, which have no other form."""
        return self.partials

    @property
    def nary(self) -> bool:
        """Whether an operand is a sequence: never, a function of many has a name for each."""
        return False

    @property
    def origin(self) -> PythonFunction:
        """The function that a user has, of which this may be the row for a number of operands."""
        return self if self._several is None else self._several[0]

    def _with_count(self, count: int) -> PythonFunction:
        if self._several is not None:
            return self.origin._with_count(count)
        if not max(1, self._fewest) <= count <= self._most:
            least = max(1, self._fewest)
            many = self._most == sys.maxsize
            rule = f"at least {least}" if many else f"from {least} to {self._most}"
            self._refuse_count(str(least) if least == self._most else rule, count)
        if count == self._most:
            return self
        if count not in self._rows:
            row = PythonFunction(
                self._f,
                self._partials,
                name=self.name,
                module=self.__module__,
                several=(self, count),
            )
            self._rows.setdefault(count, row)  # another thread may have been faster
        return self._rows[count]

    def compute_value(self, *numbers: float) -> float:
        """Return the value that the user's function gives, as a float.

        Raises:
            TypeError: it gives something else than a real number.
            DomainError: it raises an arithmetic error or a ValueError.
        """
        try:
            found = self._f(*numbers)
        except (ArithmeticError, ValueError) as error:
            raise self._domain_error(numbers, "f", error) from error
        return self._as_float(found, "result")

    def evaluate(self, *operands: float) -> tuple[float, tuple[float, ...]]:
        """Return the value and the partial derivatives that the user's functions give.

        A NaN value makes every partial derivative NaN.
        """
        row = self._with_count(len(operands))
        out = row.compute_value(*operands)
        return out, row.compute_partials(operands, out)

    def differentiate(self, *operands: Operand) -> tuple[Operand, ...]:
        """Return the partial derivatives for operands that may be Values, as Values or floats.

        Raises:
            TypeError: the user's function takes no Values, so it is differentiable once.
        """
        row = self._with_count(len(operands))
        try:
            found = self._partials(*operands)
        except TypeError as error:
            argument, rule = (
                f"{self.name}: partials",
                "a function of Values for a second derivative",
            )
            reason = str(error).partition("; ")[0]
            way_out = (
                f"{self.name} is differentiable once: write partials with the functions of the "
                "library, such as ag.exp for math.exp"
            )
            raise TypeError(requirement(argument, rule, reason, way_out)) from error
        return tuple(
            one if isinstance(one, Value) else self._as_float(one, f"derivative by {o}")
            for o, one in zip(row.operands, row._split(found), strict=True)
        )

    def _compute(self, operands: Sequence[Any]) -> float:
        out = self.compute_value(*operands)
        refuse_nonfinite(self, operands, operands, out)
        return out

    def _compute_all(self, operands: Sequence[Any]) -> tuple[float, Sequence[Any]]:
        numbers = numbers_of(operands)
        out = self.compute_value(*numbers)
        refuse_nonfinite(self, operands, numbers, out)
        return out, self.compute_partials(numbers, out)

    def compute_partials(self, numbers: Sequence[float], out: float) -> tuple[float, ...]:
        """Return the partial derivatives that the user's function gives, as floats.

        Raises:
            TypeError, ValueError: it gives something else than a number for each operand.
            DomainError: it raises an arithmetic error or a ValueError.
        """
        if out != out:
            return (math.nan,) * len(numbers)
        try:
            found = self._partials(*numbers)
        except (ArithmeticError, ValueError) as error:
            way_out = ", return math.inf or math.nan where there is no derivative"
            raise self._domain_error(numbers, "partials", error, way_out) from error
        parts = zip(self.operands, self._split(found), strict=True)
        return tuple(self._as_float(one, f"derivative by {o}") for o, one in parts)

    def _domain_error(
        self, numbers: Sequence[float], function: str, error: Exception, way_out: str = ""
    ) -> DomainError:
        """Return the error for a point where a function of the user raises."""
        where = f"{self.name}({', '.join(self.operands)})"
        point = ", ".join(f"{o} = {x!r}" for o, x in zip(self.operands, numbers, strict=True))
        raised = f"{function} raised {abbreviate(error)}{way_out}"
        return DomainError(
            f"{where}: the point must be in the domain of {function}, got {point}; {raised}"
        )

    def _split(self, found: Any) -> Sequence[Any]:
        """Return what ``partials`` returned as a sequence of one derivative for each operand."""
        count = len(self.operands)
        if count == 1 and not is_iterable(found):
            return (found,)
        argument = f"{self.name}: result of partials"
        rule = "a number, the derivative" if count == 1 else f"{count} numbers, one an operand"
        parts = items(found, argument=argument, rule=rule)
        if len(parts) != count:
            raise ValueError(requirement(argument, rule, found))
        return parts

    def _as_float(self, found: object, argument: str) -> float:
        try:
            return number(found, argument=f"{self.name}: {argument}")
        except TypeError:
            way_out = "return a float, as float(…) makes one"
            if isinstance(found, Value):
                way_out = "f must get every number that it uses as an argument"
            argument = f"{self.name}: {argument}"
            raise TypeError(requirement(argument, "a real number", found, way_out)) from None

    def _find_variable(self) -> str | None:
        """Return the variable of its module that has the function; None if there is none."""
        variables = getattr(sys.modules.get(self.__module__), "__dict__", {})
        return next((key for key, found in list(variables.items()) if found is self), None)

    def write_definition(self, name: str) -> list[str]:
        """Return a line that imports it, or a comment if no module has it."""
        variable = self._find_variable()
        if variable is None or self.__module__ == "__main__":
            return [f"# {name} is a custom function: define it here, by ag.custom(f, partials)"]
        renamed = "" if variable == name else f" as {name}"
        return [f"from {self.__module__} import {variable}{renamed}"]

    def __repr__(self) -> str:
        return f"<custom function {self.value.text}>"

    def __reduce_ex__(self, protocol: object) -> str | tuple[Any, ...]:
        """Pickle the name by which the module has the function."""
        if self._several is not None:
            return PythonFunction._with_count, self._several
        variable = self._find_variable()
        if variable is None:
            rule = f"in a variable of its module {self.__module__}, by which a pickle finds it"
            way_out = f"write {self.name} = ag.custom(…) outside of functions"
            argument = f"{self.name}: a pickled custom function"
            raise TypeError(requirement(argument, rule, self, way_out))
        return variable


class Call(Rule):
    """A call by name in the place of a rule: views write it, and no arithmetic computes it."""

    __slots__ = ()

    def __init__(self, function: str, operands: tuple[str, ...]) -> None:
        self.text = f"{function}({', '.join(operands)})"
        arguments: list[ast.expr] = [ast.Name(o, ast.Load()) for o in operands]
        self.tree = self.body = ast.Call(ast.Name(function, ast.Load()), arguments, [])
        self.names, self.functions = operands, (function,)
        self.sequences = self.reductions = ()


def _read_signature(f: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature of a function by position; None if Python does not know it."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # some built-in functions have none
        return None
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        raise TypeError(requirement("custom: f", "a function of numbers by position", f))
    several = [p for p in parameters if p.kind is p.VAR_POSITIONAL]
    singles = [p.replace(kind=p.POSITIONAL_ONLY) for p in parameters if p.kind in kinds]
    return inspect.Signature([*singles, *several])


def _name_operands(names: Sequence[str], rest: str, count: int) -> list[str]:
    """Return names for operands: those of the parameters, and numbers after the name of the rest.

    If that is not known, they are x, y, z. A formula could not tell out and pi from its own.
    """
    found = [*names, *(f"{rest}{i}" for i in range(1, count - len(names) + 1))][:count]
    is_known = rest != "" or count <= len(names)
    if not is_known or len({*found}) < count or {"out", "pi"} & {*found}:
        found = list("xyz") if count <= 3 else [f"x{i}" for i in range(1, count + 1)]
    return found[:count]

"""Operations: a row of the table of primitives, compiled into a function that makes a node.

An operation is bound by one line in the class body of `Value`. When the class is made, the binding
gives way to a plain function, whose text is written from the row and shown by tracebacks.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar, overload

from autograd_mini.arguments import is_foreign, number
from autograd_mini.engines.nonfinite import exceptional, numbers_of
from autograd_mini.table import rules
from autograd_mini.table.primitives import PRIMITIVES, Primitive

if TYPE_CHECKING:
    from autograd_mini.engines.value import Value

__all__ = [
    "BinaryFunction",
    "DotFunction",
    "Operand",
    "Operator",
    "Reflected",
    "SumFunction",
    "UnaryFunction",
]

Operand: TypeAlias = "Value | float"

_NAMESPACE = rules.namespace(ieee=False)

OnClass = TypeVar("OnClass")
OnInstance = TypeVar("OnInstance")


class UnaryCall(Protocol):
    """A function of one number or Value; it returns the kind it was given."""

    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, /) -> float: ...


class BinaryCall(Protocol):
    """A function of two numbers or Values; it returns a float for two numbers."""

    @overload
    def __call__(self, x: Value, y: Operand = ..., /) -> Value: ...
    @overload
    def __call__(self, x: Operand, y: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: float = ..., /) -> float: ...


class SumCall(Protocol):
    """The sum of any number of numbers or Values; it returns a float if all are numbers."""

    @overload
    def __call__(self, xs: Iterable[float], /) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, xs: Iterable[Operand], /) -> Value: ...


class DotCall(Protocol):
    """The sum of products, and a bias; it returns a float if all are numbers."""

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, ws: Iterable[float], xs: Iterable[float], b: float = 0.0, /
    ) -> float: ...
    @overload
    def __call__(
        self, ws: Iterable[Operand], xs: Iterable[Operand], b: Operand = 0.0, /
    ) -> Value: ...


class Operation(Generic[OnClass, OnInstance]):
    """Binds a row of the table to a name in the class body of an engine's `Value`."""

    def __init__(self, primitive: str | Primitive) -> None:
        self.primitive = PRIMITIVES[primitive] if isinstance(primitive, str) else primitive

    def __set_name__(self, owner: type, name: str) -> None:
        row = self.primitive
        names = {
            **_NAMESPACE,
            "Value": owner,
            "primitive": row,
            "new": partial(object.__new__, owner),
            "number": number,
            "is_foreign": is_foreign,
            "exceptional": exceptional,
            "unequal": unequal,
            "no_sequence": no_sequence,
            "with_numbers": with_numbers,
            "keep_values": keep_values,
        }
        source = "\n".join([*self.lines(), ""])
        function = rules.compile_function(source, name=row.name, namespace=names)
        function.__name__ = name
        function.__qualname__ = f"{owner.__qualname__}.{name}"
        function.__module__ = owner.__module__
        function.__doc__ = self.documentation(name)
        function.__signature__ = self.signature()
        function.primitive = row
        setattr(owner, name, function)

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> OnClass: ...
        @overload
        def __get__(self, instance: Value, owner: type) -> OnInstance: ...
        def __get__(self, instance: Value | None, owner: type) -> Any: ...

    def documentation(self, name: str) -> str:
        """Return the docstring of the function, with an example if it has a name to be called."""
        row = self.primitive
        slopes = ", ".join(f"d{o} = {rule.text}" for o, rule in row.partials.items())
        lines = [
            f"Return {row.value.text}.",
            "",
            "Of Values it makes a node, of plain numbers a float.",
            f"{slopes}; defined for {row.domain}.",
            "",
            "Raises:",
            "    DomainError: the result of finite operands is not finite; see `errstate`.",
            "    TypeError: an operand is neither a Value nor a real number.",
        ]
        if not name.startswith("__"):
            sequences = row.value.sequences
            operands = [
                [0.5, 2.0] if o in sequences else 0.5 if 0.5 in domain else 2.0
                for o, domain in row.domains.items()
            ]
            call = f"Value.{name}({', '.join(map(repr, operands))})"
            lines += ["", f">>> {call}", repr(row.evaluate(*operands)[0])]
        return "\n".join(lines)

    def signature(self) -> inspect.Signature:
        """Return the signature, with the operands named as in the row."""
        sequences = self.primitive.value.sequences
        return inspect.Signature(
            [
                inspect.Parameter(
                    f"{o}s" if o in sequences else o,
                    inspect.Parameter.POSITIONAL_ONLY,
                    default=self.defaults.get(o, inspect.Parameter.empty),
                )
                for o in self.primitive.operands
            ]
        )

    @property
    def defaults(self) -> dict[str, float]:
        """What operands are that are not given."""
        return {}

    def lines(self) -> list[str]:
        """Return the lines of the function."""
        raise NotImplementedError

    def node(self, *operands: str, depth: int = 1) -> list[str]:
        """Return the lines that make a node from two expressions, ``x`` and ``y`` already known.

        An operand that is a plain number is written as its own name. It has no partial
        derivative, and the number is kept where that would stand.
        """
        slots = dict.fromkeys(("x", "y", "dx", "dy"), "None")
        partials = []
        for name, expression in zip(self.primitive.operands, operands, strict=True):
            if expression == name:
                slots[f"d{name}"] = name
            else:
                slots[name] = expression
                slots[f"d{name}"] = f"d{name}"
                partials.append(f"d{name} = {self.primitive.python_partial(name)}")
        return self.computed(operands, partials, depth=depth) + self.stored(slots, depth=depth)

    def computed(
        self, operands: Iterable[str], partials: list[str], *, depth: int = 1
    ) -> list[str]:
        """Return the lines that compute ``out`` and the partial derivatives."""
        results = ", ".join(f"d{name}" for name in self.primitive.operands)
        lines = [
            "try:",
            *(f"    {line}" for line in self.primitive.value.statements()),
            "    if out - out:  # true for infinities and NaNs, whose difference is a NaN",
            "        raise ArithmeticError",
            *(f"    {line}" for line in partials),
            "except (ArithmeticError, ValueError):",
            f"    out, ({results},) = exceptional(primitive, {', '.join(operands)})",
        ]
        return ["    " * depth + line for line in lines]

    def stored(self, slots: dict[str, str], *, depth: int = 1) -> list[str]:
        """Return the lines that put them into a node, the fastest way that Python has."""
        lines = [
            "node = new()",
            "node._number = out",
            "node._op = primitive",
            *(f"node._{slot} = {expression}" for slot, expression in slots.items()),
            "node._mark = None",
            "return node",
        ]
        return ["    " * depth + line for line in lines]


class UnaryFunction(Operation[UnaryCall, Callable[[], "Value"]]):
    """A function of one operand: a method of a Value, and a function of numbers too."""

    def lines(self) -> list[str]:
        return [
            f"def {self.primitive.name}(self, /):",
            "    if type(self) is not Value:",
            "        x = number(self, what=primitive.name)",
            "        return exceptional(primitive, x)[0]",
            "    x = self._number",
            *self.node("self"),
        ]


class BinaryFunction(Operation[BinaryCall, Callable[..., "Value"]]):
    """A function of two operands, either of which may be a number; a method of the first.

    Args:
        primitive: the row, or its name.
        default: what the second operand is when none is given.
    """

    def __init__(self, primitive: str | Primitive, *, default: float | None = None) -> None:
        super().__init__(primitive)
        self.default = default

    @property
    def defaults(self) -> dict[str, float]:
        return {} if self.default is None else {"y": self.default}

    def lines(self) -> list[str]:
        default = "" if self.default is None else f"={self.default!r}"
        return [
            f"def {self.primitive.name}(self, other{default}, /):",
            "    if type(self) is Value:",
            "        x = self._number",
            "        if type(other) is Value:",
            "            y = other._number",
            *self.node("self", "other", depth=3),
            "        y = number(other, what=primitive.name)",
            *self.node("self", "y", depth=2),
            "    x = number(self, what=primitive.name)",
            "    if type(other) is Value:",
            "        y = other._number",
            *self.node("x", "other", depth=2),
            "    y = number(other, what=primitive.name)",
            "    return exceptional(primitive, x, y)[0]",
        ]


class Operator(Operation[Callable[["Value", Operand], "Value"], Callable[[Operand], "Value"]]):
    """A binary operator with a Value on the left and a Value or a number on the right."""

    def lines(self) -> list[str]:
        return [
            f"def {self.primitive.name}(self, other, /):",
            "    x = self._number",
            "    if type(other) is Value:",
            "        y = other._number",
            *self.node("self", "other", depth=2),
            "    if type(other) is float:",
            "        y = other",
            "    elif is_foreign(other):",
            "        return NotImplemented",
            "    else:",
            "        y = number(other, what=primitive.name)",
            *self.node("self", "y"),
        ]


class Reflected(Operation[Callable[["Value", Operand], "Value"], Callable[[Operand], "Value"]]):
    """A binary operator with a number on the left and a Value on the right."""

    def lines(self) -> list[str]:
        return [
            f"def {self.primitive.name}(self, other, /):",
            "    y = self._number",
            "    if type(other) is float:",
            "        x = other",
            "    elif is_foreign(other):",
            "        return NotImplemented",
            "    else:",
            "        x = number(other, what=primitive.name)",
            *self.node("x", "self"),
        ]


class NaryFunction(Operation[OnClass, OnClass]):
    """A function of sequences of operands, and perhaps of single ones; it makes one node.

    In the text it writes, ``x_given`` is what was given for ``x``, ``xs`` are the numbers of a
    sequence, and ``x_all`` and ``x_some`` tell whether all or some of it are Values.
    """

    @property
    def defaults(self) -> dict[str, float]:
        row = self.primitive
        return {o: 0.0 for o in row.operands if o not in row.value.sequences}

    def lines(self) -> list[str]:
        row = self.primitive
        sequences = row.value.sequences
        parameters, taking, choosing, operands = [], [], [], []
        for o in row.operands:
            if o in sequences:
                parameters.append(f"{o}_given")
                taking += self.sequence_taken(o)
                choosing += [
                    f"if {o}_all:",
                    f"    values += {o}_given",
                    f"    partials += d{o}",
                    f"elif {o}_some:",
                    f"    keep_values(values, partials, {o}_given, d{o})",
                ]
                operands.append(f"*{o}_given")
            else:
                parameters.append(f"{o}_given={self.defaults[o]!r}")
                taking += self.single_taken(o)
                choosing += [
                    f"if {o}_some:",
                    f"    values.append({o}_given)",
                    f"    partials.append(d{o})",
                ]
                operands.append(f"{o}_given")
        given = [f"{o}_given" for o in row.operands]
        lengths = [f"len({o}s)" for o in sequences]
        partials = [f"d{o} = {row.python_partial(o)}" for o in row.operands]
        return [
            f"def {row.name}({', '.join(parameters)}, /):",
            *(f"    {line}" for line in taking),
            f"    if not {' == '.join([*lengths, lengths[0]])}:",
            f"        raise unequal(primitive, {', '.join(lengths)})",
            f"    if not ({' or '.join(f'{o}_some' for o in row.operands)}):",
            f"        return exceptional(primitive, {', '.join(given)})[0]",
            *self.computed(given, partials),
            "    values, partials = [], []",
            *(f"    {line}" for line in choosing),
            f"    operands = ({', '.join(operands)},)",
            *self.stored({"x": "None", "y": "None", "dx": "operands", "dy": "(values, partials)"}),
        ]

    def sequence_taken(self, o: str) -> list[str]:
        """Return the lines that take a sequence of operands; in the common case, all Values."""
        return [
            "try:",
            f"    {o}_given = tuple({o}_given)",
            "except TypeError as error:",
            f"    raise no_sequence(primitive, {o}_given, error) from None",
            f"{o}s = [one._number for one in {o}_given if type(one) is Value]",
            f"{o}_some = {o}s != []",
            f"{o}_all = len({o}s) == len({o}_given)",
            f"if not {o}_all:",
            f"    {o}_given, {o}s = with_numbers(Value, primitive, {o}_given)",
        ]

    def single_taken(self, o: str) -> list[str]:
        """Return the lines that take a single operand."""
        return [
            f"{o}_some = type({o}_given) is Value",
            f"if {o}_some:",
            f"    {o} = {o}_given._number",
            "else:",
            f"    {o}_given = {o} = number({o}_given, what=primitive.name)",
        ]


class SumFunction(NaryFunction[SumCall]):
    """The binding of ``sum``."""


class DotFunction(NaryFunction[DotCall]):
    """The binding of ``dot``."""


def no_sequence(primitive: Primitive, given: object, error: TypeError) -> TypeError:
    """Return the error for something else where a sequence of operands belongs."""
    if isinstance(given, Iterable):  # the error is one of its own, while it was read
        return error
    return TypeError(f"{primitive.name} takes a sequence of Values or numbers, got {given!r}")


def with_numbers(
    value_type: type, primitive: Primitive, operands: tuple[Any, ...]
) -> tuple[tuple[Any, ...], Sequence[float]]:
    """Return operands that are not all Values, the constants made floats, and all as numbers."""
    if set(map(type, operands)) == {float}:
        return operands, operands
    operands = tuple(
        operand if type(operand) is value_type else number(operand, what=primitive.name)
        for operand in operands
    )
    return operands, numbers_of(operands)


def keep_values(
    values: list[Any], partials: list[float], operands: Sequence[Any], slopes: Sequence[float]
) -> None:
    """Add those operands that are no constants to the values, and their slopes to the partials."""
    for operand, slope in zip(operands, slopes, strict=True):
        if not isinstance(operand, float):
            values.append(operand)
            partials.append(slope)


def unequal(primitive: Primitive, *lengths: int) -> ValueError:
    """Return the error for sequences of different lengths."""
    names = " and ".join(f"{o}s" for o in primitive.value.sequences)
    counts = " and ".join(map(str, lengths))
    return ValueError(f"{primitive.name}: {names} must be equally long, got lengths {counts}")

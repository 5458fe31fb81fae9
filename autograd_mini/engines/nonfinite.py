"""Results that are not finite: they raise, or follow IEEE 754, as `errstate` chooses."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ContextDecorator
from contextvars import ContextVar
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from threading import local
from typing import Any, Literal, TypeVar
from weakref import ref

from autograd_mini.arguments import abbreviate, requirement
from autograd_mini.engines.node import Node, describe, flat, numbers_of
from autograd_mini.errors import DomainError, NonFiniteGradientError
from autograd_mini.table.primitives import Primitive

__all__ = [
    "count_strict_blocks", "errstate", "exceptional", "nonfinite_gradient", "nonfinite_tangent",
    "refuse_nonfinite", "strict",
]  # fmt: skip

BACKWARD = "Value.backward"

Nonfinite = Literal["raise", "ignore"]
Function = TypeVar("Function", bound=Callable[..., Any])


class _Block:
    """A block of an `errstate`: it counts once it has a setting, until it has an end."""

    def __init__(self) -> None:
        self.setting: Nonfinite | None = None
        self.ends: list[object] = []

    def make_exit(self, *owner: errstate) -> Callable[..., None]:
        """Return the exit of the block, which ends when that is called or gone."""
        leave = functools.partial(self.end, *owner)
        self.death = ref(leave, self.ends.append)
        return leave

    def end(self, owner: errstate, *_: object) -> None:
        """End the block; if it never began, the last block that the owner entered by hand."""
        if self.setting is None and owner._exits:
            owner._exits.pop()
        self.ends.append(None)


# The blocks that were entered in the current context, the innermost first; some may have ended.
_blocks: ContextVar[tuple[_Block, ...]] = ContextVar("autograd_mini.nonfinite", default=())


class _Exit:
    """The attribute ``__exit__`` of `errstate`: a new exit for each block.

    A ``with`` statement looks ``__exit__`` up before it calls ``__enter__``. From then on, the
    exit is on the stack of the frame, and nowhere else, until the block ends: by its last line, an
    exception, an interrupt before its first line, the death of its generator. Python then drops
    the exit, and the weak reference ends the block. No bytecode runs for that, so an interrupt
    cannot prevent it. When a block gets its setting, no local variable may hold its exit: the
    traceback of an interrupt would keep it.
    """

    def __get__(self, owner: errstate | None, kind: type[errstate]) -> Callable[..., None]:
        block = _Block()
        leave = block.make_exit() if owner is None else block.make_exit(owner)
        _blocks.set((block, *(other for other in _blocks.get() if not other.ends)))
        return leave


class errstate(ContextDecorator):  # noqa: N801 - NumPy's name
    """Choose what a result that is not finite does in a ``with`` block or a decorated function.

    ``"raise"``, the default outside any block, raises `DomainError` or `NonFiniteGradientError`;
    ``"ignore"`` continues with the infinities and NaNs of IEEE 754. The setting belongs to the
    current thread or task, as in NumPy, and ends with the block, whatever ends that. Of several
    open blocks, the last that was entered decides.

    Raises:
        TypeError: the decorated object is not a function, or its body runs after the call, as that
            of a generator or a coroutine does.
        ValueError: ``nonfinite`` is neither ``"raise"`` nor ``"ignore"``.

    >>> import autograd_mini as ag
    >>> with ag.errstate(nonfinite="ignore"):
    ...     ag.log(0.0)
    -inf
    """

    def __init__(self, *, nonfinite: Nonfinite) -> None:
        if not isinstance(nonfinite, str) or nonfinite not in ("raise", "ignore"):
            raise ValueError(requirement("errstate: nonfinite", "'raise' or 'ignore'", nonfinite))
        self._nonfinite: Nonfinite = nonfinite
        self._exits: list[object] = []  # of the blocks that were entered by hand

    @property
    def nonfinite(self) -> Nonfinite:
        """The setting, which does not change."""
        return self._nonfinite

    def __call__(self, function: Function) -> Function:
        """Return the function, of which each call is then a block of its own."""
        if not callable(function) or _runs_later(function):
            rule = "a function whose body runs when it is called"
            way_out = "use a with statement inside it"
            raise TypeError(requirement("errstate: decorated object", rule, function, way_out))
        return super().__call__(function)

    def __enter__(self) -> None:
        if self._nonfinite == "raise":
            _of_thread.strict_blocks = count_strict_blocks() + 1
        for block in _blocks.get():
            if block.setting is None and not block.ends:
                block.setting = self._nonfinite
                return
        # There is no `with` statement, or that has called the `__exit__` of a subclass.
        self._exits.append(errstate.__exit__)
        self.__enter__()

    __exit__ = _Exit()


_of_thread = local()


def count_strict_blocks() -> int:
    """Return how many blocks in which results that are not finite raise this thread has entered."""
    return getattr(_of_thread, "strict_blocks", 0)


def _runs_later(function: Callable[..., Any]) -> bool:
    """Return whether a call does not run the body, but returns what will run it."""
    bodies = (function, getattr(function, "__func__", None), type(function).__call__)
    kinds = (isgeneratorfunction, iscoroutinefunction, isasyncgenfunction)
    return any(is_kind(body) for is_kind in kinds for body in bodies)


def strict() -> bool:
    """Return whether a result that is not finite raises in the current block."""
    for block in _blocks.get():
        if block.setting is not None and not block.ends:
            return block.setting == "raise"
    return True


def exceptional(primitive: Primitive, *operands: Any) -> tuple[float, tuple[Any, ...]]:
    """Return the value and the partial derivatives by IEEE 754; raise if the block is strict.

    Operations call this if their plain arithmetic raised or gave no finite number.
    """
    numbers = [numbers_of(operand) for operand in operands]
    out, partials = primitive.evaluate(*numbers)
    refuse_nonfinite(primitive, operands, numbers, out)
    return out, partials


def refuse_nonfinite(
    primitive: Primitive, operands: Sequence[Any], numbers: Sequence[Any], out: float
) -> None:
    """Raise DomainError if finite operands gave a value that is not, and the block is strict."""
    if not math.isfinite(out) and strict() and all(map(math.isfinite, flat(numbers))):
        raise _domain_error(primitive, operands, numbers, out) from None


def _domain_error(primitive: Primitive, operands: Any, numbers: Any, out: float) -> DomainError:
    inside, at = True, []
    for name, operand, point in zip(primitive.operands, operands, numbers, strict=True):
        called = getattr(operand, "name", None)
        at.append(f"{name} = {abbreviate(point)}" + (f" ({abbreviate(called)})" if called else ""))
        inside = inside and (isinstance(point, list) or primitive.domains[name].admits(point, out))
    where = f"{primitive.name}({', '.join(primitive.operands)})"
    operands_text = ", ".join(at)
    if inside:
        reason = f"the result must be finite, got {out}; the operands are {operands_text}"
    else:
        reason = f"the point must be in the domain {primitive.domain}, got {operands_text}"
    way_out = f'inside errstate(nonfinite="ignore") the result is {out}'
    return DomainError(f"{where}: {reason}; {way_out}")


def nonfinite_gradient(
    nodes: Sequence[Node],
    adjoints: Sequence[float],
    leaves: Sequence[Node],
    gradients: Sequence[float],
    where: str = BACKWARD,
) -> NonFiniteGradientError:
    """Return the error that names the leaf and the node at which its gradient was last finite."""
    leaf, gradient = next(
        (leaf, gradient)
        for leaf, gradient in zip(leaves, gradients, strict=True)
        if not math.isfinite(gradient)
    )
    origin = next(_origins(nodes, adjoints), "it was not finite before, or the sum overflows")
    return NonFiniteGradientError(
        f"{where}: the gradient of {describe(leaf)} must be finite, got {gradient}; {origin}; "
        + _way_out(where)
    )


def nonfinite_tangent(
    nodes: Sequence[Any], tangents: Mapping[Any, float], where: str
) -> NonFiniteGradientError:
    """Return the error that names the first node at which a derivative is not finite.

    The nodes stand in topological order.
    """
    node = next(node for node in nodes if not math.isfinite(tangents[node]))
    given = ", ".join(
        f"{partial!r} for {describe(operand)}"
        for operand, partial in zip(node.operands, node._partials, strict=True)
        if partial is not None
    )
    at = f"{node.op}, whose value is {node._number!r} and whose partial derivatives are {given}"
    return NonFiniteGradientError(
        f"{where}: the tangent must be finite, got {tangents[node]}; it arises at "
        f"{at if node.op else describe(node)}; {_way_out(where)}"
    )


def _way_out(where: str) -> str:
    if where == BACKWARD:
        return 'no gradient was changed, errstate(nonfinite="ignore") would store it'
    return 'errstate(nonfinite="ignore") would return it'


def _origins(nodes: Sequence[Node], adjoints: Sequence[float]) -> Iterator[str]:
    """Yield the places at which a gradient stops being finite, in the order of the pass."""
    for node, adjoint in zip(reversed(nodes), reversed(adjoints), strict=True):
        for operand, partial in zip(node.operands, node._partials, strict=True):
            if partial is not None and not math.isfinite(adjoint * partial):
                yield (
                    f"it arises at {node.op}, whose value is {node._number!r} and whose "
                    f"partial derivative for {describe(operand)} is {partial!r}, "
                    f"times an incoming gradient of {adjoint!r}"
                )

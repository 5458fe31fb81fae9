"""Results that are not finite: they raise, or follow IEEE 754, as `errstate` chooses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import Any, Literal

from autograd_mini.arguments import abbreviate, requirement
from autograd_mini.engines.node import Node, describe, flat, numbers_of
from autograd_mini.errors import DomainError, NonFiniteGradientError
from autograd_mini.table.primitives import Primitive

__all__ = ["errstate", "exceptional", "nonfinite_gradient", "strict"]

Nonfinite = Literal["raise", "ignore"]

# The settings of the blocks that surround the current line; the innermost stands last.
_settings: ContextVar[tuple[Nonfinite, ...]] = ContextVar(
    "autograd_mini.nonfinite", default=("raise",)
)


class errstate(ContextDecorator):  # noqa: N801 - NumPy's name
    """Choose what a result that is not finite does in a ``with`` block or a decorated function.

    ``"raise"``, the default outside any block, raises `DomainError` or `NonFiniteGradientError`;
    ``"ignore"`` continues with the infinities and NaNs of IEEE 754. The setting belongs to the
    current thread or task, as in NumPy, and ends with the block.

    Raises:
        ValueError: ``nonfinite`` is neither ``"raise"`` nor ``"ignore"``.

    >>> import autograd_mini as ag
    >>> with ag.errstate(nonfinite="ignore"):
    ...     ag.log(0.0)
    -inf
    """

    def __init__(self, *, nonfinite: Nonfinite) -> None:
        if nonfinite not in ("raise", "ignore"):
            raise ValueError(requirement("errstate: nonfinite", "'raise' or 'ignore'", nonfinite))
        self.nonfinite: Nonfinite = nonfinite

    def __enter__(self) -> None:
        _settings.set((*_settings.get(), self.nonfinite))

    def __exit__(self, *_: object) -> None:
        _settings.set(_settings.get()[:-1])


def strict() -> bool:
    """Return whether a result that is not finite raises in the current block."""
    return _settings.get()[-1] == "raise"


def exceptional(primitive: Primitive, *operands: Any) -> tuple[float, tuple[Any, ...]]:
    """Return the value and the partial derivatives by IEEE 754; raise if the block is strict.

    Operations call this if their plain arithmetic raised or gave no finite number.
    """
    operand_numbers = [numbers_of(operand) for operand in operands]
    out, partials = primitive.evaluate(*operand_numbers)
    if not math.isfinite(out) and strict() and all(map(math.isfinite, flat(operand_numbers))):
        raise _domain_error(primitive, operands, operand_numbers, out) from None
    return out, partials


def _domain_error(primitive: Primitive, operands: Any, numbers: Any, out: float) -> DomainError:
    inside, at = True, []
    for name, operand, point in zip(primitive.operands, operands, numbers, strict=True):
        called = getattr(operand, "name", None)
        at.append(f"{name} = {abbreviate(point)}" + (f" ({abbreviate(called)})" if called else ""))
        inside = inside and (isinstance(point, list) or point in primitive.domains[name])
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
) -> NonFiniteGradientError:
    """Return the error that names the leaf and the node at which its gradient was last finite."""
    leaf, gradient = next(
        (leaf, gradient)
        for leaf, gradient in zip(leaves, gradients, strict=True)
        if not math.isfinite(gradient)
    )
    origin = next(_origins(nodes, adjoints), "it was not finite before, or the sum overflows")
    return NonFiniteGradientError(
        f"Value.backward: the gradient of {describe(leaf)} must be finite, got {gradient}; "
        f'{origin}; no gradient was changed, errstate(nonfinite="ignore") would store it'
    )


def _origins(nodes: Sequence[Node], adjoints: Sequence[float]) -> Iterator[str]:
    """Yield the places at which a gradient stops being finite, in the order of the pass."""
    for node, adjoint in zip(reversed(nodes), reversed(adjoints), strict=True):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if partial is not None and not math.isfinite(adjoint * partial):
                yield (
                    f"it arises at {node.op}, whose value is {node.data!r} and whose "
                    f"partial derivative for {describe(operand)} is {partial!r}, "
                    f"times an incoming gradient of {adjoint!r}"
                )

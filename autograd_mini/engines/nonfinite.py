"""What an operation does where plain arithmetic fails: IEEE 754, or an error."""

from __future__ import annotations

import math
import reprlib
from typing import Any

from autograd_mini.errors import DomainError, strict
from autograd_mini.table.primitives import Primitive

__all__ = ["exceptional", "numbers_of"]


def exceptional(primitive: Primitive, *operands: Any) -> tuple[float, tuple[Any, ...]]:
    """Return the value and the partial derivatives by IEEE 754, or raise where that is asked for.

    Operations come here when their plain arithmetic raised, or did not give a finite number.
    """
    operand_numbers = [numbers_of(operand) for operand in operands]
    out, partials = primitive.evaluate(*operand_numbers)
    if not math.isfinite(out) and strict() and all(map(_is_finite, operand_numbers)):
        raise _domain_error(primitive, operands, operand_numbers, out) from None
    return out, partials


def numbers_of(operand: Any) -> Any:
    """Return the number of a Value or a float; the list of them for a sequence."""
    if isinstance(operand, tuple | list):
        return [one if isinstance(one, float) else one.data for one in operand]
    return operand if isinstance(operand, float) else operand.data


def _is_finite(numbers: Any) -> bool:
    return all(map(math.isfinite, numbers)) if isinstance(numbers, list) else math.isfinite(numbers)


def _domain_error(primitive: Primitive, operands: Any, numbers: Any, out: float) -> DomainError:
    inside, where = True, []
    for name, operand, at in zip(primitive.operands, operands, numbers, strict=True):
        given = getattr(operand, "name", None)
        where.append(f"{name} = {reprlib.repr(at)}" + (f" ({given!r})" if given else ""))
        inside = inside and (isinstance(at, list) or at in primitive.domains[name])
    what = f"overflows to {out}" if inside and math.isinf(out) else f"is {out}"
    domain = "" if inside else f", outside its domain {primitive.domain}"
    call = f"{primitive.name}({', '.join(primitive.operands)})"
    return DomainError(
        f"{call} {what} at {', '.join(where)}{domain}; "
        'inside errstate(nonfinite="ignore") it would go on as IEEE 754 does'
    )

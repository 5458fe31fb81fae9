"""Writes tables: plain text with aligned columns, and the primitives as text and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from autograd_mini.arguments import printable
from autograd_mini.engines.display import Table
from autograd_mini.table.primitives import TABLE, Primitive

__all__ = ["list_primitives", "markdown", "table"]

_INTRODUCTION = """\
# The primitives

`autograd-mini primitives --markdown` writes this page from `autograd_mini/table/primitives.py`. The
library differentiates every function that is composed of these rows, such as `mean`, `where` and
`linear`; `out` is the value itself. In a row over many operands, `w` and `x` are sequences.
Inside `sum`, `fsum` (a sum whose rounding errors do not add up) and `max`, they stand for an item
of the sequence. `ag.softmax` and `ag.log_softmax` return a list, with a `y` for each operand and
the others as `x`.

Every function also takes plain numbers, and then returns a number. The names are NumPy's if NumPy
has the function, so `numpy.exp` works on an array of Values.

At a kink, the derivative is the subgradient of least norm: 0 for `relu` and `abs` at 0, ½ and ½ for
`maximum` of two equal numbers. An operation that turns finite numbers into infinity or NaN raises
`DomainError`, which names the operation, its operands and the domain;
`with ag.errstate(nonfinite="ignore"):` continues as IEEE 754 does.
"""


def table(header: Sequence[str], rows: Iterable[Sequence[object]], *, digits: int = 10) -> str:
    """Return a table: numbers are aligned right with ``digits`` decimals, text is aligned left.

    >>> print(table(["name", "value"], [["x", 0.1], ["target", 0.25]], digits=2))
    name    value
    ------  -----
    x        0.10
    target   0.25
    """
    return str(Table(header, [[_cell(item, digits) for item in row] for row in rows]))


def markdown(table: Sequence[Primitive] = TABLE) -> str:
    """Return the page docs/primitives.md."""
    lines = [
        _INTRODUCTION,
        "| primitive | value | partial derivatives | domain |",
        "|---|---|---|---|",
    ]
    for row in table:
        partials = "<br>".join(f"d{o} = `{rule.text}`" for o, rule in row.partials.items())
        lines.append(f"| `{row.name}` | `{row.value.text}` | {partials} | {row.domain} |")
    return "\n".join(lines)


def list_primitives(width: int) -> str:
    """Return the primitives as a table of plain text that is about so many characters wide."""
    rows: list[Sequence[str]] = []
    for row in TABLE:
        partials = [f"d{o} = {rule.text}" for o, rule in row.partials.items()]
        texts = ([row.value.text], partials, [row.domain])
        columns = [
            [
                line
                for text in cell
                for line in textwrap.wrap(text, int(width * share), break_long_words=False)
            ]
            for cell, share in zip(texts, (0.28, 0.33, 0.21), strict=True)
        ]
        rows += zip_longest([row.name], *columns, fillvalue="")
    return table(["primitive", "value", "partial derivatives", "domain"], rows)


def _cell(item: object, digits: int) -> str:
    if not isinstance(item, float):
        return printable(str(item))
    if item == 0 or 10.0**-digits <= abs(item) < 1e10:
        return f"{item:.{digits}f}"
    return f"{item:.{digits}e}"

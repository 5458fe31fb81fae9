"""Writes ``rules.h``, the rules of the library as C.

Run ``python -m autograd_mini.engines.native.header`` for that.

The header has the functions that rules call, and a list of rows for each shape of primitive. A
list is a macro over a macro (an X macro): the C text hands it what to make of every row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from autograd_mini.table.primitives import TABLE, Primitive
from autograd_mini.table.rules import RuleError, prelude
from autograd_mini.table.updates import UPDATES, Update

__all__ = ["HEADER", "digest", "header"]

HEADER = Path(__file__).with_name("rules.h")

# The list in which a row goes, by its operands; those of sequences in parentheses.
SHAPES = {
    "x": "UNARY_ROWS",
    "x y": "BINARY_ROWS",
    "(x)": "SUM_ROWS",
    "(w) (x) b": "DOT_ROWS",
}


def header(table: Sequence[Primitive] = TABLE) -> str:
    """Return the text of ``rules.h``, with the rules of a table of primitives.

    Raises:
        RuleError: a row has operands of which the C text makes no node.
    """
    rows: dict[str, list[str]] = {name: [] for name in SHAPES.values()}
    for primitive in table:
        rows[_shape(primitive)].append(f"ROW({', '.join(_columns(primitive))})")
    updates = UPDATES.values()
    rows["UPDATE_ROWS"] = [
        f"ROW({update.name}, {len(update.lists)}, {len(update.numbers)})" for update in updates
    ]
    functions = prelude("c") + "".join(map(_function, updates))
    body = "\n".join([functions, *(_list(name, found) for name, found in rows.items())])
    return (
        "/* The rules of the library as C.\n"
        f"   Written by `python -m {__spec__.name}`; change the tables, not this file. */\n\n"
        f'#define RULES_DIGEST "{_digest(body)}"\n\n{body}'
    )


def digest() -> str:
    """Return what ``RULES_DIGEST`` is in a header of the tables as they are now."""
    return header().split('"')[1]


def _shape(primitive: Primitive) -> str:
    sequences = primitive.value.sequences
    shape = " ".join(f"({o})" if o in sequences else o for o in primitive.operands)
    if shape not in SHAPES:
        raise RuleError(
            f"primitive {primitive.name!r}: the native engine makes nodes of the operands "
            f"{', '.join(SHAPES)}; got {shape}"
        )
    return SHAPES[shape]


def _columns(primitive: Primitive) -> Iterable[str]:
    yield primitive.name
    if primitive.value.summand is not None:
        yield primitive.value.summand.c()
    yield primitive.value.c()
    for partial in primitive.partials.values():
        yield partial.c()


def _function(update: Update) -> str:
    given = [f"{name} = of_lists[{i}]" for i, name in enumerate(update.lists)]
    given += [f"{name} = numbers[{i}]" for i, name in enumerate(update.numbers)]
    return (
        f"static double {update.name}_item(const double *of_lists, const double *numbers)\n"
        f"{{\n    const double {', '.join(given)};\n    return {update.rule.c()};\n}}\n"
    )


def _list(name: str, rows: Sequence[str]) -> str:
    return "".join([f"#define {name}(ROW)", *(f" \\\n    {row}" for row in rows), "\n"])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


if __name__ == "__main__":
    HEADER.write_text(header(), encoding="utf-8")

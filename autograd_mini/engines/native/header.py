"""Writes ``rules.h``, the rules of the library in C.

Run ``python -m autograd_mini.engines.native.header``. The header has the functions that rules
call, and for each shape of primitive a list of its rows. A list is an X macro: the C code calls it
with the macro to expand for each row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from autograd_mini.arguments import requirement
from autograd_mini.table.code import as_c, prelude
from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.primitives import TABLE, Primitive
from autograd_mini.table.rules import Rule, RuleError
from autograd_mini.table.updates import UPDATES, Update

__all__ = ["HEADER", "compose_header", "digest"]

HEADER = Path(__file__).with_name("rules.h")

# The list that a row goes into, by the row's operands; a sequence stands in parentheses.
SHAPES = {
    "x": "UNARY_ROWS",
    "x y": "BINARY_ROWS",
    "(x)": "SUM_ROWS",
    "(w) (x) b": "DOT_ROWS",
}


def compose_header(
    table: Sequence[Primitive] = TABLE, *, write: Callable[[Rule], str] = as_c
) -> str:
    """Return the text of ``rules.h``.

    Args:
        table: the rows of the primitives in it.
        write: returns a rule as C text.

    Raises:
        RuleError: the C code has no shape of node for the operands of a row.
    """
    rows: dict[str, list[str]] = {name: [] for name in SHAPES.values()}
    for primitive in table:
        value = primitive.value
        rules = [*filter(None, [value.summand]), value, *primitive.partials.values()]
        rows[_shape(primitive)].append(f"ROW({', '.join([primitive.name, *map(write, rules)])})")
    updates = UPDATES.values()
    rows["UPDATE_ROWS"] = [
        f"ROW({update.name}, {len(update.lists)}, {len(update.numbers)})" for update in updates
    ]
    functions = prelude("c") + "".join(map(_function, updates))
    body = "\n".join([functions, *(_list(name, found) for name, found in rows.items())])
    return (
        "/* The rules of the library as C.\n"
        f"   Written by `python -m {__spec__.name}`; change the tables, not this file. */\n\n"
        f'#define RULES_DIGEST "{digest(table)}"\n#define CODE_DIGEST "{_hash(body)}"\n\n{body}'
    )


def digest(table: Sequence[Primitive] = TABLE) -> str:
    """Return a hash of the text of all rules; no rule is parsed for it."""
    functions = [
        (function.name, function.c, function.definition) for function in ELEMENTARY.values()
    ]
    rows = [(row.name, row.texts) for row in table]
    updates = [(update.name, update.text, update.lists) for update in UPDATES.values()]
    return _hash(repr([functions, rows, updates]))


def _shape(primitive: Primitive) -> str:
    sequences = primitive.value.sequences
    shape = " ".join(f"({o})" if o in sequences else o for o in primitive.operands)
    if shape not in SHAPES:
        rule = f"of a shape that the native engine knows, {', '.join(SHAPES)}"
        raise RuleError(requirement(f"primitive {primitive.name!r}: operands", rule, shape))
    return SHAPES[shape]


def _function(update: Update) -> str:
    given = [f"{name} = of_lists[{i}]" for i, name in enumerate(update.lists)]
    given += [f"{name} = numbers[{i}]" for i, name in enumerate(update.numbers)]
    return (
        f"static double {update.name}_item(const double *of_lists, const double *numbers)\n"
        f"{{\n    const double {', '.join(given)};\n    return {as_c(update.rule)};\n}}\n"
    )


def _list(name: str, rows: Sequence[str]) -> str:
    return "".join([f"#define {name}(ROW)", *(f" \\\n    {row}" for row in rows), "\n"])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


if __name__ == "__main__":
    HEADER.write_text(compose_header(), encoding="utf-8")

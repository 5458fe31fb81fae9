"""Writes ``rules.h``, the rules of the library in C.

Run ``python -m autograd_mini.engines.native.header``. The header has the functions that rules
call, and for each shape of primitive a list of its rows. A list is an X macro: the C code calls it
with the macro to expand for each row. `PASSING_ROWS` has a number of `find_passing` for each row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from autograd_mini.arguments import requirement
from autograd_mini.engines.native.lanes import (
    GENERAL,
    SUMS,
    compose_lanes,
    find_passing,
    find_shape,
)
from autograd_mini.table.code import as_c, prelude, reduce_in_c
from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.primitives import TABLE, Primitive
from autograd_mini.table.rules import Rule, RuleError
from autograd_mini.table.updates import UPDATES, Update

__all__ = ["HEADER", "compose_header", "digest"]

HEADER = Path(__file__).with_name("rules.h")

# The list that a row of one or two operands goes into, by the row's operands.
SHAPES = {("x",): "UNARY_ROWS", ("x", "y"): "BINARY_ROWS"}
MOST_PARTS = 3


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
    lists = [*SHAPES.values(), "MANY_ROWS", *SUMS.values(), GENERAL, "PASSING_ROWS"]
    rows: dict[str, list[str]] = {name: [] for name in lists}
    many = []
    lanes = ""
    for row in table:
        if row.nary:
            many += _compute_many(row, write)
            sizes = [str(len(row.value.sequences)), str(len(row.operands))]
            rows["MANY_ROWS"].append(f"ROW({', '.join([row.name, *sizes])})")
            entry, macros = compose_lanes(row, write)
            rows[find_shape(row)].append(entry)
            lanes += macros
        elif row.operands in SHAPES:
            rules = map(write, row.rules)
            rows[SHAPES[row.operands]].append(f"ROW({', '.join([row.name, *rules])})")
        else:
            raise _unknown_shape(row, f"x, or x and y, or at most {MOST_PARTS} with sequences")
        rows["PASSING_ROWS"].append(f"ROW({row.name}, {find_passing(row)})")
    updates = UPDATES.values()
    rows["UPDATE_ROWS"] = [
        f'ROW({update.name}, "{"".join(update.arrays)}", {len(update.arrays)}, '
        f"{len(update.numbers)})"
        for update in updates
    ]
    functions = prelude("c") + "".join(map(_function, updates)) + "".join(many)
    body = "\n".join([functions, lanes, *(_list(name, found) for name, found in rows.items())])
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
    updates = [(update.name, update.text, update.arrays) for update in UPDATES.values()]
    return _hash(repr([functions, rows, updates]))


def _compute_many(row: Primitive, write: Callable[[Rule], str]) -> list[str]:
    """Return the lines of the C function that computes a row over sequences.

    It returns the value. If that is finite, it puts the partial derivatives in the place of the
    numbers of the Values.
    """
    sequences, singles = row.value.sequences, row.operands[len(row.value.sequences) :]
    if len(row.operands) > MOST_PARTS:
        raise _unknown_shape(row, f"at most {MOST_PARTS}")
    places = {name: f"operands[{i} * each + i]" for i, name in enumerate(sequences)}
    end = f"{len(sequences)} * each"
    places |= {name: f"operands[{end} + {i}]" for i, name in enumerate(singles)}
    items = {name: f"{place}.number" for name, place in places.items()}
    lines = [f"const double {name} = {items[name]};" for name in singles]
    for reduction in row.reductions:
        lines += reduce_in_c(reduction, items, write=write)
    lines += [f"const double out = {write(row.value)};", "if (!isfinite(out))", "    return out;"]
    lines += ["for (Py_ssize_t i = 0; i < each; i++) {"]
    lines += [f"    const double {name} = {items[name]};" for name in sequences]
    lines += [f"    {line}" for name in sequences for line in _store(row, name, places, write)]
    lines += ["}"]
    lines += [line for name in singles for line in _store(row, name, places, write)]
    head = f"static double {row.name}_many(Operand *operands, Py_ssize_t each)\n{{\n"
    return [head, *(f"    {line}\n" for line in [*lines, "return out;"]), "}\n"]


def _store(
    row: Primitive, name: str, places: dict[str, str], write: Callable[[Rule], str]
) -> list[str]:
    return [
        f"(void){name};",  # no rule may need it
        f"if ({places[name]}.value)",
        f"    {places[name]}.number = {write(row.partials[name])};",
    ]


def _unknown_shape(row: Primitive, rule: str) -> RuleError:
    operands = ", ".join(row.operands)
    return RuleError(requirement(f"primitive {row.name!r}: operands", rule, operands))


def _function(update: Update) -> str:
    given = [f"{name} = of_arrays[{i}]" for i, name in enumerate(update.arrays)]
    given += [f"{name} = numbers[{i}]" for i, name in enumerate(update.numbers)]
    return (
        f"static double {update.name}_item(const double *of_arrays, const double *numbers)\n"
        f"{{\n    const double {', '.join(given)};\n    return {as_c(update.rule)};\n}}\n"
    )


def _list(name: str, rows: Sequence[str]) -> str:
    return "".join([f"#define {name}(ROW)", *(f" \\\n    {row}" for row in rows), "\n"])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


if __name__ == "__main__":
    HEADER.write_text(compose_header(), encoding="utf-8")

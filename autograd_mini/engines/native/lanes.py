"""Writes the part of ``rules.h`` that computes a row for many samples at a time.

A lane is a sample. In rows over sequences, the loops over the terms stand outside and those over
the lanes inside, so that a compiler makes vector code of them. The macros that this text uses are
in ``lanes.h``.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import product

from autograd_mini.table.code import step_in_c
from autograd_mini.table.primitives import Primitive
from autograd_mini.table.rules import Reduction, Rule

__all__ = ["compose_lanes", "find_passing", "find_shape"]

Write = Callable[[Rule], str]

# Lists of the rows whose value has a single plain sum and whose partial derivatives have none, all
# by arithmetic alone, by the number of sequences and of single operands. Such a row has a form for
# each mixture of operands that are the same for all lanes; every other row over sequences has the
# general form.
SUMS = {(1, 0): "SUM_ROWS", (2, 0): "PAIR_ROWS", (2, 1): "DOT_ROWS"}
GENERAL = "GENERAL_ROWS"

SPECIAL = (math.inf, -math.inf, math.nan)
ORDINARY = (0.0, 1.0, -1.0, -0.0, 0.5, -2.0, 1e308, -1e-308)
FURTHER = (2.0, 3.0, 0.25, -0.5, 30.0, -30.0, 710.0, -750.0, 1e10, -1e10, 1e150, -1e200, 5e-324)


def find_shape(row: Primitive) -> str:
    """Return the list of a row over sequences."""
    sequences = len(row.value.sequences)
    shape = SUMS.get((sequences, len(row.operands) - sequences))
    reductions = row.value.reductions
    is_sum = len(reductions) == 1 and reductions[0].kind == "sum" and reductions[0].start is None
    fits = is_sum and row.reductions == reductions
    fits = fits and not _find_reductions(row.partials.values())
    is_plain = fits and all(
        map(_is_arithmetic, [row.value, reductions[0].term, *row.partials.values()])
    )
    return shape if shape and is_plain else GENERAL


def _is_arithmetic(rule: Rule) -> bool:
    """Return whether a rule is plain arithmetic, which can be computed over vectors."""
    return not any(isinstance(n, ast.IfExp | ast.Call | ast.Pow) for n in ast.walk(rule.body))


def compose_lanes(row: Primitive, write: Write) -> tuple[str, str]:
    """Return the entry of a row over sequences in its list, and the macros that it needs."""
    sequences = row.value.sequences
    if find_shape(row) == GENERAL:
        macros = _macro(f"{row.name}_FORWARD", _forward(row, write))
        macros += _macro(f"{row.name}_REVERSE", _reverse(row, write))
        return f"ROW({row.name}, {len(sequences)}, {len(row.operands)})", macros
    (reduction,) = row.reductions
    partials = [write(row.partials[name]) for name in row.operands]
    rules = [reduction.name, write(reduction.term), write(row.value), *partials]
    return f"ROW({', '.join([row.name, *row.operands, *rules])})", ""


@cache
def find_passing(row: Primitive) -> int:
    """Return the operands of which an infinity or a NaN always makes a value that is not finite.

    Bit i stands for the operand with the name ``row.operands[i]``. An operand has its bit only if
    that holds for special numbers at every place, beside many numbers at all others.
    """
    passing = 0
    for i in range(len(row.operands)):
        if all(not math.isfinite(row.evaluate(*given)[0]) for given in _special(row, i)):
            passing |= 1 << i
    return passing


def _special(row: Primitive, i: int) -> Iterator[Sequence[object]]:
    """Yield operands of a row of which the one with name i, or an item of it, is special."""
    sequences = len(row.value.sequences)
    for longest in (1, 2) if row.nary else (1,):
        lengths = [longest if k < sequences else 1 for k in range(len(row.operands))]
        start, total = sum(lengths[:i]), sum(lengths)
        numbers = SPECIAL + ORDINARY + (() if row.nary else FURTHER)
        for place, special in product(range(start, start + lengths[i]), SPECIAL):
            for others in product(numbers, repeat=total - 1):
                flat = [*others[:place], special, *others[place:]]
                parts = (
                    flat[sum(lengths[:k]) : sum(lengths[: k + 1])] for k in range(len(lengths))
                )
                yield [part if k < sequences else part[0] for k, part in enumerate(parts)]


def _find_reductions(rules: Iterable[Rule]) -> list[Reduction]:
    return list(dict.fromkeys(found for rule in rules for found in rule.reductions))


def _forward(row: Primitive, write: Write) -> list[str]:
    reductions = _find_reductions([row.value])
    loads = _loads([*(r.name for r in reductions), *_singles(row)])
    return [
        *_single_operands(row),
        *_reduce(row, reductions, write),
        f"LANES {{ {loads}O[i] = {write(row.value)}; }}",
    ]


def _reverse(row: Primitive, write: Write) -> list[str]:
    reductions = _find_reductions(row.partials.values())
    sequences = row.value.sequences
    common = [*(r.name for r in reductions), *_singles(row), "out"]
    lines = [*_single_operands(row), *_reduce(row, reductions, write)]
    items = " ".join(f"ITEM({k}, {name})" for k, name in enumerate(sequences))
    for k, name in enumerate(sequences):
        partial = write(row.partials[name])
        spread = f"SPREAD(ts[{k} * each + j], {_loads([*sequences, *common])}, {partial})"
        lines.append(f"TERMS {{ {items} {spread} }}")
    for k, name in enumerate(_singles(row)):
        place = f"ts[{len(sequences)} * each + {k}]"
        lines.append(f"SPREAD({place}, {_loads(common)}, {write(row.partials[name])})")
    return lines


def _reduce(row: Primitive, reductions: Sequence[Reduction], write: Write) -> list[str]:
    """Return the lines that reduce the sequences in every lane."""
    lines = []
    for at, reduction in enumerate(reductions):
        name, kind = reduction.name, reduction.kind
        first = {"sum": "each ? -0.0 : 0.0", "fsum": "0.0", "max": "-INFINITY"}[kind]
        first = write(reduction.start) if reduction.start else first
        state = [name, f"{name}_lost"] if kind == "fsum" else [name]
        lines.append(f"REDUCTION({name}, {_loads(_singles(row))}, {first})")
        lines += [f"REDUCTION({lost}, , 0.0)" for lost in state[1:]]
        names = [*reduction.sequences, *(r.name for r in reductions[:at]), *_singles(row)]
        sequences = row.value.sequences
        items = "".join(f"ITEM({sequences.index(s)}, {s}) " for s in reduction.sequences)
        loads = _loads(names) + "".join(f"STATE({s}) " for s in state)
        step = " ".join(line.strip() for line in step_in_c(reduction))
        store = " ".join(f"STORE({s})" for s in state)
        term = f"const double term = {write(reduction.term)};"
        lines.append(f"TERMS {{ {items}LANES {{ {loads}{term} {step} {store} }} }}")
        if kind == "fsum":
            lines.append(
                f"LANES {{ STATE({name}) LANE({state[1]}) {name} += {state[1]}; STORE({name}) }}"
            )
    return lines


def _singles(row: Primitive) -> Sequence[str]:
    return row.operands[len(row.value.sequences) :]


def _single_operands(row: Primitive) -> list[str]:
    sequences = len(row.value.sequences)
    return [f"SINGLE({sequences}, {k}, {name})" for k, name in enumerate(_singles(row))]


def _loads(names: Iterable[str]) -> str:
    return "".join(f"LANE({name}) " for name in names)


def _macro(name: str, lines: Sequence[str]) -> str:
    return "".join([f"#define {name}", *(f" \\\n    {line}" for line in lines), "\n"])

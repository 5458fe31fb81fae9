"""Every rule in C made wrong: a core of choices between right and wrong, and what finds each."""

import ast
import ctypes
import json
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.rows import (
    EDGES,
    check_row,
    check_strict_edge,
    perturbed,
    same,
)

from autograd_mini import Value
from autograd_mini.engines.native.header import HEADER, compose_header
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.errors import AutogradError
from autograd_mini.table.code import as_c
from autograd_mini.table.elementary import ELEMENTARY as FUNCTIONS
from autograd_mini.table.primitives import PRIMITIVES, TABLE, Primitive
from autograd_mini.table.rules import Rule, RuleError
from autograd_mini.table.updates import UPDATES
from autograd_mini.testing.strategies import function

# --- wrong rules ---------------------------------------------------------------------------------

PERTURBED = "perturbed"  # a derivative: the sign, a factor of 1.00001, zero, another operand's
MULTIPLIED = "multiplied"  # any other rule: the sign, a factor of 1.00001, zero
ADDED = "added"  # any rule: more by one
ALTERED = "altered"  # any rule: a piece dropped, a branch always taken, a comparison changed


RETURNED = "returned"  # the part of a function, or of an update of an optimiser


@dataclass(frozen=True)
class Mutant:
    """A rule made wrong: of which row, update or function, which of its rules, and how."""

    number: int
    name: str
    part: str
    kind: str
    text: str


def altered(text: str) -> Iterator[str]:
    """Yield a rule with one piece dropped, one branch always taken, or one comparison changed."""
    for number in range(sum(_ways(node) for node in ast.walk(ast.parse(text, mode="eval")))):
        yield ast.unparse(_Altered(number).visit(ast.parse(text, mode="eval")))


_NEIGHBOURS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


def _ways(node: ast.AST) -> int:
    """Return in how many ways a node can be altered."""
    if isinstance(node, ast.BinOp | ast.IfExp | ast.BoolOp):
        return 2
    return isinstance(node, ast.UnaryOp | ast.Compare)


class _Altered(ast.NodeTransformer):
    """Alters the rule in the way of that number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def generic_visit(self, node):
        way, self.number = self.number, self.number - _ways(node)
        if not 0 <= way < _ways(node):
            return super().generic_visit(node)
        match node:
            case ast.BinOp(left=left, right=right):
                return (left, right)[way]
            case ast.IfExp(body=body, orelse=orelse):
                return (body, orelse)[way]
            case ast.BoolOp(op=op, values=[first, *others]):
                return (first, ast.BoolOp(op, others) if others[1:] else others[0])[way]
            case ast.Compare(left=left, ops=[op], comparators=comparators):
                return ast.Compare(left, [_NEIGHBOURS[type(op)]()], comparators)
            case ast.UnaryOp(operand=operand):
                return operand
        raise AssertionError(ast.dump(node))


def wrong_partials(row: Primitive, operand: str) -> Iterator[tuple[str, str]]:
    """Yield the wrong rules of a partial derivative, each with its kind."""
    right = row.partials[operand].text
    for wrong in perturbed(row):
        if (text := wrong.partials[operand].text) != right:
            yield PERTURBED, text
    yield from wrong_anyway(right)


def wrong_values(text: str) -> Iterator[tuple[str, str]]:
    """Yield the wrong rules in place of any other rule, each with its kind."""
    for wrong in (f"-({text})", f"({text}) * 1.00001", "0"):
        yield MULTIPLIED, wrong
    yield from wrong_anyway(text)


def wrong_anyway(text: str) -> Iterator[tuple[str, str]]:
    yield ADDED, f"({text}) + 1"
    for wrong in altered(text):
        yield ALTERED, wrong


def header_of_choices() -> tuple[list[Mutant], str]:
    """Return the wrong rules, numbered from 1, and the header that has them all."""
    mutants: list[Mutant] = []

    def choice(
        name: str, part: str, right: Rule, wrong: Iterator[tuple[str, str]], row: Primitive | None
    ) -> str:
        reductions = [] if row is None else list(row.reductions)
        text = f"({as_c(right)})"
        for kind, of_mutant in wrong:
            known = [*reductions]
            sequences = None if row is None else row.value.sequences
            try:
                written = as_c(Rule(of_mutant, sequences=sequences, known=known))
            except RuleError:  # its reduction is over no sequence any more
                continue
            # The terms of reductions are rules of their own.
            if written == as_c(right) or known != reductions:
                continue
            mutants.append(Mutant(len(mutants) + 1, name, part, kind, of_mutant))
            text = f"(ag_mutant == {len(mutants)} ? ({written}) : {text})"
        return text

    texts: dict[Rule, str] = {}
    for row in TABLE:
        rules = {"value": row.value, **terms_of(row)}
        for part, rule in rules.items():
            texts[rule] = choice(row.name, part, rule, wrong_values(rule.text), row)
        for operand, rule in row.partials.items():
            texts[rule] = choice(row.name, f"d{operand}", rule, wrong_partials(row, operand), row)
    text = compose_header(write=texts.__getitem__)
    functions = {
        name: Rule(known.definition) for name, known in FUNCTIONS.items() if known.definition
    }
    for name, rule in [*functions.items(), *((u.name, u.rule) for u in UPDATES.values())]:
        returned = f"return {as_c(rule)};"
        assert text.count(returned) == 1
        chosen = choice(name, RETURNED, rule, wrong_values(rule.text), None)
        text = text.replace(returned, f"return {chosen};")
    # Vectors lack the conditions by which a mutant is chosen.
    plain = "#define AUTOGRAD_MINI_ONE_TARGET\n#define AUTOGRAD_MINI_PLAIN_LANES\n"
    return mutants, f"{plain}int ag_mutant = 0;\n{text}"


def terms_of(row: Primitive) -> dict[str, Rule]:
    """Return the rules in the reductions of a row, by a name for each."""
    reductions = row.reductions
    terms = {reduction.name: reduction.term for reduction in reductions}
    return terms | {f"{r.name}, start": r.start for r in reductions if r.start}


# --- the core of them all ------------------------------------------------------------------------


def build(folder: Path, text: str) -> Path:
    """Compile the core with that header as setup.py does, but for the optimisation."""
    linker = shlex.split(sysconfig.get_config_var("LDSHARED") or "")
    if not linker or shutil.which(linker[0]) is None:
        pytest.skip("no C compiler")
    for source in [HEADER.with_name("core.c"), *HEADER.parent.glob("*.h")]:
        shutil.copy(source, folder)
    (folder / HEADER.name).write_text(text, encoding="utf-8")
    setup = ast.parse((Path(__file__).parents[2] / "setup.py").read_text(encoding="utf-8"))
    (options,) = (
        ast.literal_eval(node.value)
        for node in setup.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets) == "OPTIONS"
    )
    target = folder / f"core{sysconfig.get_config_var('EXT_SUFFIX')}"
    flags = shlex.split(sysconfig.get_config_var("CCSHARED") or "")
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run(
        [*linker, *flags, *options["unix"], "-O0", include, "core.c", "-o", target],
        cwd=folder,
        check=True,
    )
    return target


# What runs in the other process: the library finds the core of choices in place of its own.
SCRIPT = """
import sys
from importlib.util import spec_from_file_location

class Instead:
    def find_spec(name, path=None, target=None):
        return spec_from_file_location(name, sys.argv[1]) if name == sys.argv[2] else None

sys.meta_path.insert(0, Instead)
from support import wrong_rules
wrong_rules.report(sys.argv[1])
"""


def report(path: str) -> None:
    """Try every wrong rule in the core at a path, and print what found it, as JSON."""
    from autograd_mini.engines.native import core  # noqa: PLC0415 - there may be none elsewhere

    assert core.__file__ == path
    switch = ctypes.c_int.in_dll(ctypes.CDLL(path), "ag_mutant")
    mutants, _ = header_of_choices()
    wrong = [name for name in [*PRIMITIVES, *UPDATES] if found_by_bits(name)]
    wrong += [row.name for row in TABLE if found_by_differences(row) or found_by_edges(row)]
    assert not wrong, f"found wrong without any change: {wrong}"
    found = {}
    for mutant in mutants:
        switch.value = mutant.number
        found[mutant.number] = {"bits": any(map(found_by_bits, names_that_use(mutant)))}
        if mutant.part != RETURNED and mutant.kind in (PERTURBED, MULTIPLIED):
            found[mutant.number]["differences"] = found_by_differences(PRIMITIVES[mutant.name])
        if mutant.part != RETURNED:
            found[mutant.number]["edges"] = found_by_edges(PRIMITIVES[mutant.name])
    print(json.dumps(found))


def names_that_use(mutant: Mutant) -> Sequence[str]:
    """Return the rows whose rules call a function; a row or an update itself."""
    if mutant.part != RETURNED or mutant.name in UPDATES:
        return [mutant.name]
    calling = {mutant.name}
    for name, known in FUNCTIONS.items():  # the functions are defined in order
        if any(f"{called}(" in known.definition for called in calling):
            calling.add(name)
    return [
        row.name
        for row in TABLE
        if any(
            f"{called}(" in rule.text
            for rule in (row.value, *row.partials.values())
            for called in calling
        )
    ]


def found_by_bits(name: str) -> bool:
    """Whether the comparisons of test_native find a row or an update wrong."""
    from support import twins  # noqa: PLC0415 - it needs the native engine

    try:
        if name in UPDATES:
            twins.compare_update(UPDATES[name])
        elif PRIMITIVES[name].nary:
            few = [PRIMITIVES["mul"], PRIMITIVES[name]]
            twins.compare_random_graphs(300, start=0, table=few)
        else:
            twins.compare_row(PRIMITIVES[name])
    except (AssertionError, AutogradError):
        return True
    return False


def found_by_differences(row: Primitive) -> bool:
    """Whether the gradient check alone finds a row wrong."""
    try:
        check_row(row, function(row))
    except AutogradError:
        return True
    return False


def found_by_edges(row: Primitive) -> list[int]:
    """Return the entries of the table of edges that find a row wrong."""
    found = []
    for number, entry in enumerate(EDGES):
        if entry[0] == row.name:
            try:
                check_edge_of_engine(*entry)
                check_strict_edge(*entry)
            except (AssertionError, AutogradError):
                found.append(number)
    return found


# --- the table of edges --------------------------------------------------------------------------


def check_edge_of_engine(name, given, value, partials, strict):
    """Check an edge by IEEE 754 in the engine in use, also for many operands."""
    operands = [[Value(x) for x in one] if isinstance(one, list) else Value(one) for one in given]
    leaves = list(flat(operands))
    with errstate(nonfinite="ignore"):
        node = function(PRIMITIVES[name])(*operands)
        if not leaves:  # a sum of nothing is a number
            assert same(node, value)
            return
        node.backward(seed=2.0)
    expected = list(flat(partials))
    assert same(node.data, value)
    assert all(map(same, node.partials, expected))
    assert all(same(leaf.grad, 2.0 * p) for leaf, p in zip(leaves, expected, strict=True))


def flat(nested):
    for one in nested:
        yield from one if isinstance(one, list) else [one]

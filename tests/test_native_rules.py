"""Every rule in C made wrong, and every entry of the table of edges: some check finds each out.

One core is compiled from a header in which every rule is a choice between the right text and its
wrong ones, by the global number ``ag_mutant``. In a process of its own the library runs on it.
"""

import ast
import ctypes
import json
import math
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_primitives import (
    EDGES,
    FINE,
    IN_BACKWARD,
    RAISES,
    check_edge,
    check_row,
    perturbed,
    same,
)
from test_primitives import test_an_edge_in_strict_mode as check_strict_edge

from autograd_mini import Value, engine
from autograd_mini._native.header import HEADER, digest, header
from autograd_mini.engines import CORE, VARIABLE
from autograd_mini.errors import AutogradError, errstate
from autograd_mini.languages import FUNCTIONS
from autograd_mini.primitives import PRIMITIVES, TABLE, Primitive
from autograd_mini.rules import Rule
from autograd_mini.testing.strategies import function
from autograd_mini.updates import UPDATES

check_strict_edge.__test__ = False  # it is collected where it stands

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

    def choice(name: str, part: str, right: Rule, wrong: Iterator[tuple[str, str]]) -> str:
        text = f"({right.c()})"
        for kind, of_mutant in wrong:
            if Rule(of_mutant).c() == right.c():  # what is summed is a rule of its own
                continue
            mutants.append(Mutant(len(mutants) + 1, name, part, kind, of_mutant))
            text = f"(ag_mutant == {len(mutants)} ? ({Rule(of_mutant).c()}) : {text})"
        return text

    def printed(name: str, part: str, right: Rule, wrong: Iterator[tuple[str, str]]) -> Any:
        text = choice(name, part, right, wrong)
        return SimpleNamespace(c=lambda: text)

    def row_of_choices(row: Primitive) -> Any:
        name, value = row.name, row.value
        chosen = printed(name, "value", value, wrong_values(value.text))
        chosen.sequences = value.sequences
        chosen.summand = value.summand and printed(
            name, "summand", value.summand, wrong_values(value.summand.text)
        )
        partials = {
            operand: printed(name, f"d{operand}", rule, wrong_partials(row, operand))
            for operand, rule in row.partials.items()
        }
        return SimpleNamespace(name=name, operands=row.operands, value=chosen, partials=partials)

    text = header([row_of_choices(row) for row in TABLE])
    functions = {
        name: Rule(known.definition) for name, known in FUNCTIONS.items() if known.definition
    }
    for name, rule in [*functions.items(), *((u.name, u.rule) for u in UPDATES.values())]:
        returned = f"return {rule.c()};"
        assert text.count(returned) == 1
        chosen = choice(name, RETURNED, rule, wrong_values(rule.text))
        text = text.replace(returned, f"return {chosen};")
    # The digest of today's rules is a lie here; it makes the library take this core.
    lines = [
        f'#define RULES_DIGEST "{digest()}"' if line.startswith("#define RULES_DIGEST") else line
        for line in text.splitlines()
    ]
    return mutants, "\n".join(["int ag_mutant = 0;", *lines, ""])


# --- the core of them all ------------------------------------------------------------------------


def build(folder: Path, text: str) -> Path:
    """Compile the core with that header as setup.py does, but for the optimisation."""
    linker = shlex.split(sysconfig.get_config_var("LDSHARED") or "")
    if not linker or shutil.which(linker[0]) is None:
        pytest.skip("no C compiler")
    for source in [HEADER.with_name("core.c"), *HEADER.parent.glob("*.h")]:
        shutil.copy(source, folder)
    (folder / HEADER.name).write_text(text, encoding="utf-8")
    setup = ast.parse((Path(__file__).parents[1] / "setup.py").read_text(encoding="utf-8"))
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
import test_native_rules
test_native_rules.report(sys.argv[1])
"""


def report(path: str) -> None:
    """Try every wrong rule in the core at a path, and print what found it, as JSON."""
    from autograd_mini._native import core  # noqa: PLC0415 - there may be none elsewhere

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
    import test_native  # noqa: PLC0415 - as a whole it is skipped on the other engine

    try:
        if name in UPDATES:
            test_native.test_every_update_rule_has_the_same_bits(UPDATES[name])
        elif PRIMITIVES[name].nary:
            test_native.compare_random_graphs(300, start=0)
        else:
            row = PRIMITIVES[name]
            test_native.test_every_row_has_the_same_bits_at_numbers_of_every_size(row)
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


def others(number: float) -> list[float]:
    """Return numbers that are not that one: near, of the other sign, not finite."""
    if number != number:
        return [0.0, math.inf]
    if math.isinf(number):
        return [-number, math.nan, math.copysign(sys.float_info.max, number)]
    near = math.nextafter(number, math.inf)
    return [near, 3.0 * number + 1.0, math.inf, math.nan, *([-number] if number else [])]


def changed_numbers(name, given, value, partials, strict):
    """Yield the entry with another value, or one other partial derivative."""
    for other in others(value):
        yield name, given, other, partials, strict
    for position, partial in enumerate(partials):
        for other in others_of_partial(partial):
            yield (
                name,
                given,
                value,
                (*partials[:position], other, *partials[position + 1 :]),
                strict,
            )


def others_of_partial(partial):
    if not isinstance(partial, list):
        return others(partial)
    return [
        [*partial[:i], other, *partial[i + 1 :]]
        for i, number in enumerate(partial)
        for other in others(number)
    ]


@pytest.mark.parametrize("entry", EDGES, ids=lambda entry: f"{entry[0]}{entry[1]}")
def test_every_changed_number_of_an_edge_fails_in_the_table_and_in_the_engine(entry):
    check_edge_of_engine(*entry)
    for name, given, value, partials, strict in changed_numbers(*entry):
        with pytest.raises(AssertionError):
            check_edge(PRIMITIVES[name], given, value, partials)
        with pytest.raises(AssertionError):
            check_edge_of_engine(name, given, value, partials, strict)


@pytest.mark.parametrize("entry", EDGES, ids=lambda entry: f"{entry[0]}{entry[1]}")
def test_every_changed_outcome_of_an_edge_in_strict_mode_fails(entry):
    *edge, strict = entry
    check_strict_edge(*edge, strict)
    for other in {RAISES, IN_BACKWARD, FINE} - {strict}:
        with pytest.raises(AssertionError):
            check_strict_edge(*edge, other)


# --- what is found -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Return every wrong rule with what found it."""
    if engine != "native":
        pytest.skip("the native engine was not built or not asked for")
    mutants, text = header_of_choices()
    path = build(tmp_path_factory.mktemp("choices"), text)
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, path, CORE],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), VARIABLE: "native"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    return {mutant: found[str(mutant.number)] for mutant in mutants}


# What computes the same after all.
EQUIVALENT = {
    ("pow", "dx", "0 if y == 0 else y * x ** (y - 1) if y > 1 or x == 0 or x - x != 0 "
     "else y * out / x"): "at y = 1 both are 1",
    ("pow", "dy", "0 if x == 0 else out * log(x)"): "0 to a negative power is left to Python",
    ("cbrt", "dx", "1 / (3 * out * out) if x == 0 else (2 * out + x / out / out) / 9 / x"):
        "an infinite x is left to Python",
    ("cbrt", "dx", "1 / (out * out) if x == 0 or x - x != 0 "
     "else (2 * out + x / out / out) / 9 / x"): "at 0 both are infinite",
    ("arctan", "dx", "1 / (1 + x * x) if abs(x) <= 1e+150 else 1 / x / x"):
        "at 1e150 both are 1e-300",
    ("arcsinh", "dx", "1 / sqrt(x * x + 1) if abs(x) <= 1e+150 else 1 / abs(x)"):
        "at 1e150 both are 1e-150",
    ("softplus", "value", "x + log1p(exp(-x)) if x >= 0 else log1p(exp(x))"):
        "at 0 both are log 2",
    ("step", "value", "1 if x >= 0 else 0 if x <= 0 else x"): "0 is in the first case",
    ("step", "dx", "(0) * 1.00001"): "it is 0",
    ("maximum", "value", "x if x >= y else y if x <= y else x + y"): "x = y is the first case",
    ("minimum", "value", "x if x <= y else y if x >= y else x + y"): "x = y is the first case",
    ("sigmoid", RETURNED, "1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))"):
        "at 0 both are 1 / 2",
    ("upper", RETURNED, "-(134217729 * x - (134217729 * x - x))"):
        "gauss takes u * u and (u - x) * (u + x)",
    ("gauss", RETURNED, "0 if abs(x) >= 28 else exp(-upper(x) * upper(x)) * "
     "exp((upper(x) - x) * (upper(x) + x))"): "at 28 both are 0",
}  # fmt: skip


def missed(found, by, *kinds):
    """Return the wrong rules of some kinds that a check did not find."""
    return {
        (mutant.name, mutant.part, mutant.text)
        for mutant, by_checks in found.items()
        if mutant.kind in kinds and not by_checks.get(by, True)
    }


def test_the_bits_of_the_reference_find_every_wrong_rule_but_what_is_none(found):
    assert missed(found, "bits", PERTURBED, MULTIPLIED, ADDED, ALTERED) == set(EQUIVALENT)


def test_the_gradient_check_alone_finds_every_perturbed_derivative(found):
    """But that of step, which is zero with any sign and factor."""
    assert missed(found, "differences", PERTURBED) == {
        ("step", "dx", "-(0)"),
        ("step", "dx", "(0) * 1.00001"),
    }


def test_the_gradient_check_alone_finds_every_multiplied_value(found):
    """But of those whose derivative is the value times a function of x, or zero."""
    unseen = {"exp": "exp(x)", "sigmoid": "sigmoid(x)", "step": PRIMITIVES["step"].value.text}
    assert missed(found, "differences", MULTIPLIED) == {
        (name, "value", wrong)
        for name, text in unseen.items()
        for wrong in (f"-({text})", f"({text}) * 1.00001", "0")
    }


def test_every_edge_finds_some_wrong_rule(found):
    """Also by the engine alone, without the rows in Python."""
    assert {n for by in found.values() for n in by.get("edges", [])} == set(range(len(EDGES)))


def test_every_rule_in_the_header_has_been_made_wrong(found):
    parts = {
        *(
            (row.name, part)
            for row in TABLE
            for part in ["value", *(f"d{o}" for o in row.operands)]
        ),
        *((row.name, "summand") for row in TABLE if row.nary),
        *((name, RETURNED) for name in UPDATES),
        *((name, RETURNED) for name, known in FUNCTIONS.items() if known.definition),
    }
    assert {(mutant.name, mutant.part) for mutant in found} == parts
    assert len(found) == len({mutant.number for mutant in found}) > 700

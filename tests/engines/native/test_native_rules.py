"""Every rule in C made wrong, and every entry of the table of edges: some check finds each out.

One core is compiled from a header in which every rule is a choice between the right text and its
wrong ones, by the global number ``ag_mutant``. In a process of its own the library runs on it.
"""

import ast
import json
import math
import os
import subprocess
import sys

import pytest
from support.rows import (
    EDGES,
    FINE,
    IN_BACKWARD,
    RAISES,
    check_edge,
    check_strict_edge,
)
from support.wrong_rules import (
    ADDED,
    ALTERED,
    MULTIPLIED,
    PERTURBED,
    RETURNED,
    SCRIPT,
    build,
    check_edge_of_engine,
    header_of_choices,
    terms_of,
)

from autograd_mini import engine
from autograd_mini.engines import CORE, VARIABLE
from autograd_mini.table.elementary import ELEMENTARY as FUNCTIONS
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.table.updates import UPDATES


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
    ("pow", "dx", "0 if x == 0 and y == 0 else y * x ** (y - 1) if y > 1 or x == 0 or x - x != 0 "
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
    ("tanh", "dx", "1 - out * out if abs(x) < 0.5 else 4 * exp(-2 * x) / square(1 + exp(-2 * x)) "
     "if x >= 0 else 4 * exp(2 * x) / square(1 + exp(2 * x))"): "0 is in the first case",
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

# An infinite operand of these makes the result of C infinite or NaN, which it leaves to Python.
POWER = "1 if x == max(x) and x - x != 0 else exp(x - max(x))"
ONLY_FOR_INFINITIES = [
    "1 if x == max(x) and x != 0 else exp(x - max(x))",
    "1 if x == max(x) and x - x == 0 else exp(x - max(x))",
    "1 if x == max(x) else exp(x - max(x))",
    "exp(x - max(x))",
]
EQUIVALENT |= dict.fromkeys(
    [
        *(("logsumexp", "fsum1", text.replace("max(x)", "max0")) for text in ONLY_FOR_INFINITIES),
        *(("logsumexp", "fsum1", text) for text in (f"-({POWER})".replace("max(x)", "max0"), "0")),
        *(
            ("logsumexp", "dx", f"{power} / (1 + fsum({POWER}, -1))")
            for power in (f"({text})" if " if " in text else text for text in ONLY_FOR_INFINITIES)
        ),
        *(
            ("expectation", "sum0", text)
            for text in ["0 if w == 0 and x != x and (x - x != 0) else w * x", "w * x"]
        ),
    ],
    "what is infinite is left to Python",
)


def moved(text: str, *changes: tuple[str, str]) -> list[str]:
    """Return a rule with each change made by itself."""
    assert all(old in text for old, _ in changes)
    return [text.replace(old, new, 1) for old, new in changes]


HYPOT, NORM = (ast.unparse(PRIMITIVES[name].value.tree) for name in ("hypot", "norm"))
NEAR = "abs(x) + abs(y) > 1e-150 and abs(x) + abs(y) < 1e+150"
BOUNDS = [("> 1e-150", ">= 1e-150"), ("< 1e+150", "<= 1e+150")]
EXCEPT = "abs(x) + abs(y) == 0 or x - x != 0 or y - y != 0"
EQUIVALENT |= dict.fromkeys(
    (
        ("arctan2", key, text)
        for key in ("dx", "dy")
        for text in moved(
            ast.unparse(PRIMITIVES["arctan2"].partials[key[1]].tree),
            *BOUNDS,
            ("abs(x) <= abs(y)", "abs(x) < abs(y)"),
        )
    ),
    "at these numbers, both cases have the same bits",
)
EQUIVALENT |= dict.fromkeys(
    (
        ("hypot", "value", text)
        for text in moved(
            HYPOT,
            *BOUNDS,
            ("abs(x) > abs(y)", "abs(x) >= abs(y)"),
            (NEAR, "abs(x) + abs(y) > 1e-150"),
            (NEAR, "abs(x) > 1e-150 and abs(x) + abs(y) < 1e+150"),
            (NEAR, "abs(y) > 1e-150 and abs(x) + abs(y) < 1e+150"),
            (NEAR, "abs(x) + abs(y) > 1e-150 and abs(x) < 1e+150"),
            (NEAR, "abs(x) + abs(y) > 1e-150 and abs(y) < 1e+150"),
        )
    ),
    "where the other case is taken, it has the same bits but for a last digit on rare numbers",
)
EQUIVALENT |= dict.fromkeys(
    (
        *(
            ("hypot", "value", text)
            for text in moved(
                HYPOT,
                (f"abs(x) + abs(y) if {EXCEPT} else ", ""),
                (EXCEPT, "abs(x) + abs(y) == 0"),
                (EXCEPT, "x - x != 0 or y - y != 0"),
                ("abs(x) + abs(y) == 0", "abs(x) == 0"),
                ("abs(x) + abs(y) == 0", "abs(y) == 0"),
            )
        ),
        *(
            ("norm", "value", text)
            for text in moved(
                NORM,
                (NORM.rpartition(" else ")[0] + " else ", ""),
                ("max(abs(x), 0) == 0 or ", ""),
                (" or max(abs(x), 0) - max(abs(x), 0) != 0", ""),
            )
        ),
        ("norm", "fsum2", "-(square(x / max0))"),
    ),
    "what is no finite number is left to Python",
)
EQUIVALENT["gauss", "dx", "0 if abs(x) >= 28 else -2 * (x * out)"] = "at 28 it is 0 too"
CHECK = "(0 if x == x else x)"
EQUIVALENT |= dict.fromkeys(
    [
        ("max", "sum1", f"{CHECK} * 1.00001"),
        ("min", "sum0", f"{CHECK} * 1.00001"),
        *(("norm", "sum1", text) for text in (f"{CHECK} * 1.00001", f"-{CHECK}", "x")),
        *(("norm", "max0, start", text) for text in ("(0) * 1.00001", "-(0)")),
    ],
    "it is 0, or a NaN",
)


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
    """But of those whose derivative is the value times a function of x, or zero.

    The terms of a reduction stand in the derivative too. The complex step finds a factor of gauss
    near 0, where its slope is so small that a difference quotient cannot refute it.
    """
    names = ["exp", "exp2", "sigmoid", "step", "softmax"]
    unseen = {name: PRIMITIVES[name].value.text for name in names}
    values = {wrong for wrong in missed(found, "differences", MULTIPLIED) if wrong[1] == "value"}
    assert values == {
        (name, "value", wrong)
        for name, text in unseen.items()
        for wrong in (f"-({text})", f"({text}) * 1.00001", "0")
    } | {("gauss", "value", "0")}


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
        *((row.name, part) for row in TABLE for part in terms_of(row)),
        *((name, RETURNED) for name in UPDATES),
        *((name, RETURNED) for name, known in FUNCTIONS.items() if known.definition),
    }
    assert {(mutant.name, mutant.part) for mutant in found} == parts
    assert len(found) == len({mutant.number for mutant in found}) > 700

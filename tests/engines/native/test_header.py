"""The rules as C: the header that the native engine includes."""

import re
import subprocess
import sys

import pytest

from autograd_mini.engines.native.header import HEADER, compose_header, digest
from autograd_mini.table.primitives import TABLE, Primitive
from autograd_mini.table.rules import RuleError
from autograd_mini.table.updates import UPDATES

COMMAND = [sys.executable, "-m", "autograd_mini.engines.native.header"]


def test_the_header_that_is_checked_in_is_current():
    assert HEADER.read_text(encoding="utf-8") == compose_header(), f"run {' '.join(COMMAND)}"


def test_the_command_that_the_header_names_writes_it():
    assert f"`python {' '.join(COMMAND[1:])}`" in compose_header()
    before = HEADER.stat().st_mtime_ns
    subprocess.run(COMMAND, check=True)
    assert HEADER.stat().st_mtime_ns > before


def test_every_row_stands_in_one_list_of_its_shape():
    rows = [line for line in compose_header().splitlines() if line.startswith("    ROW(")]
    named = [row.removeprefix("    ROW(").partition(",")[0] for row in rows]
    assert sorted(named) == sorted([*(row.name for row in TABLE), *UPDATES])
    assert "    ROW(mul, x * y, y, x) \\" in rows
    assert "    ROW(sum, 1, 1) \\" in rows  # the numbers of sequences and of operands
    assert "    ROW(dot, 2, 3) \\" in rows


def test_the_digest_is_that_of_the_rules():
    assert f'#define RULES_DIGEST "{digest()}"' in compose_header()
    changed = [*TABLE[1:], Primitive("add", "x + y", dx="1", dy="2")]
    assert digest() not in compose_header(changed)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"value": "y", "dy": "1"}, "x, or x and y, or at most 3 with sequences, got 'y'"),
        (
            {"value": "sum(w * x) + b + y", "dw": "x", "dx": "w", "db": "1", "dy": "1"},
            "at most 3, got 'w, x, b, y'",
        ),
    ],
)
def test_a_row_of_which_c_makes_no_node_is_refused(rules, message):
    message = f"primitive 'spread': operands must be {message}"
    with pytest.raises(RuleError, match=f"^{re.escape(message)}$"):
        compose_header([*TABLE, Primitive("spread", **rules)])

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


def rows_of(text):
    """Return the entries of each list of rows in a header."""
    lists = re.findall(r"^#define (\w+_ROWS)\(ROW\)((?:.*\\\n)*.*)$", text, re.MULTILINE)
    return {name: re.findall(r"ROW\((.*)\)", entries) for name, entries in lists}


def names_in(rows, *lists):
    return sorted(row.partition(",")[0] for name in lists for row in rows[name])


def test_every_row_stands_in_one_list_of_its_shape():
    rows = rows_of(compose_header())
    every, many = sorted(row.name for row in TABLE), sorted(row.name for row in TABLE if row.nary)
    assert names_in(rows, "UNARY_ROWS", "BINARY_ROWS", "MANY_ROWS") == every
    assert names_in(rows, "SUM_ROWS", "PAIR_ROWS", "DOT_ROWS", "GENERAL_ROWS") == many
    assert names_in(rows, "PASSING_ROWS") == every
    assert names_in(rows, "UPDATE_ROWS") == sorted(UPDATES)
    assert "mul, x * y, y, x" in rows["BINARY_ROWS"]
    assert "sum, 1, 1" in rows["MANY_ROWS"]  # the numbers of sequences and of operands
    assert "dot, 2, 3" in rows["MANY_ROWS"]
    assert "sum, x, sum0, x, sum0, 1.0" in rows["SUM_ROWS"]
    assert "max, 1, 1" in rows["GENERAL_ROWS"]


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

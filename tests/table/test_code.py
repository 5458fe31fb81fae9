"""The rules as C and JavaScript: compiled and run, they compute what the table does."""

import ctypes
import json
import math
import random
import shutil
import subprocess
import sys

import pytest

from autograd_mini.table.code import (
    as_c,
    as_javascript,
    prelude,
    reduce_in_c,
    reduce_in_javascript,
)
from autograd_mini.table.primitives import TABLE
from autograd_mini.table.rules import Rule

ELEMENTARY = [row for row in TABLE if not row.nary]
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, 28.5, 1e-8, -1e-8, 37.0, -37.0, 710.0, -746.0,
    5e-324, 1e308, -1e308, math.inf, -math.inf, math.nan,
]  # fmt: skip


def points(arity: int) -> list[tuple[float, ...]]:
    """Return thousands of points: near, far, tiny, huge, and all pairs of special ones."""
    rng = random.Random(0)
    drawn: list[tuple[float, ...]] = []
    for _ in range(1000):
        drawn.append(tuple(rng.uniform(-1, 1) for _ in range(arity)))
        drawn.append(tuple(rng.uniform(-30, 30) for _ in range(arity)))
        drawn.append(
            tuple(rng.choice([-1, 1]) * 10 ** rng.uniform(-300, 300) for _ in range(arity))
        )
    if arity == 1:
        return drawn + [(x,) for x in SPECIAL]
    return drawn + [(x, y) for x in SPECIAL for y in SPECIAL]


def same(one: float, other: float) -> bool:
    return one.hex() == other.hex()


def c_source() -> str:
    functions = ["#include <math.h>\n", prelude("c")]
    for row in ELEMENTARY:
        lines = [
            f"void row_{row.name}(long n, const double *xs, const double *ys,",
            "    double *outs, double *dxs, double *dys) {",
            "  for (long i = 0; i < n; i++) {",
            "    double x = xs[i], y = ys[i]; (void)y;",
            f"    double out = outs[i] = {as_c(row.value)};  (void)out;",
            *(f"    d{o}s[i] = {as_c(rule)};" for o, rule in row.partials.items()),
            "  }",
            "}\n",
        ]
        functions.append("\n".join(lines))
    return "".join(functions)


@pytest.fixture(scope="module")
def c_library(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("there is no C compiler on the PATH")
    folder = tmp_path_factory.mktemp("c")
    (folder / "rows.c").write_text(c_source())
    flags = ["-O2", "-ffp-contract=off", "-Wall", "-Werror", "-shared", "-fPIC"]
    command = [compiler, *flags, str(folder / "rows.c"), "-o", str(folder / "rows.so"), "-lm"]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(folder / "rows.so"))


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_the_c_text_computes_the_same_bits(row, c_library):
    at = points(len(row.operands))
    array = ctypes.c_double * len(at)
    columns = [array(*column) for column in zip(*at, strict=True)]
    results = [array() for _ in range(3)]
    function = getattr(c_library, f"row_{row.name}")
    function(ctypes.c_long(len(at)), columns[0], columns[-1], *results)
    for number, operands in enumerate(at):
        out, partials = row.evaluate(*operands)
        assert same(results[0][number], out), operands
        if out == out:  # a NaN value makes every partial a NaN by definition
            computed = [result[number] for result in results[1 : 1 + len(partials)]]
            assert all(map(same, computed, partials)), (operands, computed, partials)


JAVASCRIPT = """
const rows = {%s};
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answers = {};
for (const [name, points] of Object.entries(asked))
  answers[name] = points.map((point) => rows[name](...point.map(Number)).map(String));
console.log(JSON.stringify(answers));
"""


@pytest.fixture(scope="module")
def javascript_answers(tmp_path_factory):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on the PATH")
    rows = []
    for row in ELEMENTARY:
        partials = ", ".join(as_javascript(rule) for rule in row.partials.values())
        body = f"const out = {as_javascript(row.value)}; return [out, {partials}];"
        rows.append(f"{row.name}: ({', '.join(row.operands)}) => {{ {body} }}")
    script = tmp_path_factory.mktemp("javascript") / "rows.js"
    script.write_text(prelude("javascript") + JAVASCRIPT % ",\n".join(rows))
    asked = {
        row.name: [
            [repr(x) if math.isfinite(x) else in_javascript(x) for x in at]
            for at in points(len(row.operands))
        ]
        for row in ELEMENTARY
    }
    run = subprocess.run(
        [node, str(script)], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def in_javascript(x: float) -> str:
    return "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_the_javascript_text_computes_nearly_the_same(row, javascript_answers):
    answers = javascript_answers[row.name]
    for operands, answer in zip(points(len(row.operands)), answers, strict=True):
        computed = [float(text.replace("Infinity", "inf")) for text in answer]
        out, partials = row.evaluate(*operands)
        if out != out:
            assert computed[0] != computed[0], operands
            continue
        for got, expected in zip(computed, (out, *partials), strict=True):
            agree = math.isclose(got, expected, rel_tol=1e-13, abs_tol=sys.float_info.min)
            assert agree or (got != got and expected != expected), (operands, got, expected)


def test_a_reduction_is_a_loop_over_the_sequences_of_its_term():
    """Not over those of the whole rule."""
    rule = Rule("sum(w * x) + sum(x) + b")
    assert as_c(rule) == as_javascript(rule) == "sum0 + sum1 + b"
    assert reduce_in_javascript(rule.reductions[1]) == [
        "let sum1 = 0.0;",
        "for (let i = 0; i < x.length; i++) {",
        "    const term = x[i];",
        "    sum1 += term;",
        "}",
    ]
    assert reduce_in_c(rule.reductions[0], {"w": "a[i]", "x": "b[i]"}) == [
        "double sum0 = each ? -0.0 : 0.0;",
        "for (Py_ssize_t i = 0; i < each; i++) {",
        "    const double w = a[i];",
        "    const double x = b[i];",
        "    const double term = w * x;",
        "    sum0 += term;",
        "}",
    ]


def test_a_reduction_may_start_from_a_number():
    (largest,) = Rule("max(x, y) - y").reductions
    assert reduce_in_javascript(largest)[0] == "let max0 = y;"
    assert reduce_in_c(largest, {"x": "a[i]"})[0] == "double max0 = y;"


def test_a_reduction_may_use_the_reductions_before_it():
    largest, total = Rule("fsum(exp(x - max(x)))").reductions
    assert reduce_in_javascript(largest)[0] == "let max0 = -Infinity;"
    assert reduce_in_javascript(largest)[-3:] == [
        "    if (term > max0)",
        "        max0 = term;",
        "}",
    ]
    assert reduce_in_javascript(total) == [
        "let fsum1_lost = 0.0;",
        "let fsum1 = 0.0;",
        "for (let i = 0; i < x.length; i++) {",
        "    const term = Math.exp(x[i] - max0);",
        "    const before = fsum1;",
        "    fsum1 += term;",
        "    const share = fsum1 - before;",
        "    fsum1_lost += before - (fsum1 - share) + (term - share);",
        "}",
        "fsum1 += fsum1_lost;",
    ]

"""The contenders of `programs.py` that need no other library agree, on small problems."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.contender import prepare
from benchmarks.contenders import Skipped, problems
from benchmarks.programs import ROWS

SMALL = {"Network": (13,), "Options": (70,), "Cameras": (70,), "Rosenbrock": (40,), "Document": ()}
ROOT = Path(__file__).parents[2]
OURS = ("ours", "numpy_arrays", "limit")
CONTENDERS = {
    contender.work: row
    for row in ROWS.values()
    for contender in row.contenders
    if contender.work.partition(".")[0] in OURS
}


@pytest.mark.parametrize("work", CONTENDERS)
def test_a_contender_computes_what_the_eager_engine_does(benchmark, work):
    problem = CONTENDERS[work].problem
    module, _, function = work.partition(".")
    try:
        run = prepare(module, function, problem, SMALL[problem], work)
    except Skipped as reason:
        pytest.skip(str(reason))
    benchmark.group = f"small {problem}"
    benchmark(run)


@pytest.mark.parametrize("problem", SMALL)
def test_another_answer_is_an_error(benchmark, problem):
    one = getattr(problems, problem)(*SMALL[problem])
    expected = one.expected()

    def check():
        one.check(expected, "the same")
        with pytest.raises(ValueError, match=r"within 1e-09 of the eager engine's, got some 2"):
            one.check(expected + 2e-9 * (1 + abs(expected)), "another")
        with pytest.raises(ValueError, match="the shape must be"):
            one.check(expected[:-1], "a shorter one")

    benchmark(check)


def test_a_row_is_printed_as_a_table(benchmark):
    command = [sys.executable, "-m", "tests.benchmarks.programs", "rosenbrock", "--quick"]

    def run():
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    head, _, title, header, _, *lines = benchmark.pedantic(run).splitlines()
    assert f"CPython {platform.python_version()}, 3 rounds" in head
    assert title.startswith("rosenbrock: Rosenbrock and its gradient")
    assert header.split("  ")[0] == "contender"
    assert [line.split("  ")[0] for line in lines] == ["recorded program", "eager"]

"""Mutation testing: change one thing in the core, run its tests, and see whether any test fails.

The tests of a mutant run in processes that are forked from a process with pytest but without the
library. They run in a copy of the tree, on the Python engine. The exit code is 1 if a mutant
survives that `equivalents.toml` does not list, or if a listed mutant is killed or does not exist.
"""

from __future__ import annotations

import argparse
import gc
import math
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import cache
from itertools import count, repeat
from pathlib import Path

import hypothesis.extra.numpy  # noqa: F401 - loaded once for all forked processes
import mpmath  # noqa: F401
import pytest
from mutants import CODE_IN_STRINGS, Mutant, mutants

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EQUIVALENTS = HERE / "equivalents.toml"
PAGE = ROOT / "docs" / "mutation.md"

# The modules, and the test files that may kill their mutants; the most likely file stands first.
TESTS = {
    "engines/value": "engines/test_value engines/test_templates engines/test_graph "
    "engines/test_numpy promises/test_numerics promises/test_engine",
    "engines/templates": "engines/test_templates engines/test_value engines/test_recording "
    "promises/test_numerics",
    "engines/nonfinite": "engines/test_nonfinite engines/test_templates engines/test_value",
    "engines/node": "engines/test_node engines/test_value nn/test_layers",
    "engines/bulk": "engines/test_bulk engines/test_value engines/test_extension "
    "optim/test_optimizers promises/test_engine",
    "engines/graph": "engines/test_graph engines/test_sweeps programs/test_program",
    "engines/sweeps": "engines/test_sweeps transforms/test_operators transforms/test_graphs",
    "engines/recording": "engines/test_recording",
    "engines/tapes": "engines/test_recording",
    "engines/choices": "engines/test_recording",
    "engines/branches": "engines/test_recording engines/test_derivatives",
    "engines/derivatives": "engines/test_derivatives transforms/test_graphs "
    "transforms/test_operators",
    "transforms/structures": "transforms/test_structures transforms/test_operators",
    "transforms/calls": "transforms/test_operators transforms/test_graphs",
    "transforms/graphs": "transforms/test_graphs",
    "transforms/operators": "transforms/test_operators",
    "arguments": "test_arguments engines/test_value",
    "files": "test_files nn/test_saving promises/test_data",
    "functions": "test_functions test_package",
    "table/arithmetic": "table/test_arithmetic table/test_rules table/test_primitives "
    "testing/test_local",
    "table/elementary": "table/test_rules table/test_arithmetic table/test_primitives "
    "table/test_code table/test_notation",
    "table/code": "table/test_rules table/test_code",
    "table/notation": "table/test_notation table/test_rules views/explanation/test_explanation",
    "table/mathml": "table/test_mathml views/explanation/test_layout",
    "table/names": "table/test_notation table/test_rules",
    "table/printer": "table/test_rules table/test_notation",
    "table/domains": "table/test_primitives",
    "table/primitives": "table/test_primitives engines/test_templates promises/test_edges "
    "table/test_rules test_package",
    "table/rules": "table/test_rules table/test_primitives",
    "table/updates": "table/test_updates optim/test_optimizers",
    "nn/losses": "nn/test_losses",
    "nn/architecture": "nn/test_loading",
    "nn/dropout": "nn/test_dropout",
    "nn/initializers": "nn/test_initializers",
    "nn/loading": "nn/test_loading",
    "nn/module": "nn/test_layers nn/test_search nn/test_dropout",
    "nn/search": "nn/test_search nn/test_layers",
    "nn/layers": "nn/test_layers",
    "nn/saving": "nn/test_saving nn/test_loading promises/test_data",
    "optim/optimizers": "optim/test_optimizers optim/test_schedules training/test_fitting",
    "optim/descent": "optim/test_optimizers engines/native/test_native",
    "optim/gradients": "optim/test_gradients",
    "optim/schedules": "optim/test_schedules",
    "optim/settings": "optim/test_optimizers",
    "training/checks": "training/test_fitting training/test_evaluation training/test_stopping "
    "training/test_gradients",
    "training/evaluation": "training/test_evaluation",
    "training/fitting": "training/test_fitting training/test_evaluation",
    "training/loop": "training/test_fitting training/test_evaluation training/test_stopping",
    "training/metrics": "training/test_metrics training/test_evaluation",
    "training/stopping": "training/test_stopping",
    "training/gradients": "training/test_gradients training/test_fitting",
    "training/history": "training/test_fitting training/test_stopping training/test_evaluation",
    "training/names": "training/test_names training/test_evaluation training/test_fitting",
    "programs/program": "programs/test_program testing/test_strategies",
    "programs/nodes": "programs/test_forms programs/test_columns programs/test_results",
    "programs/forms": "programs/test_forms",
    "programs/columns": "programs/test_columns programs/test_sources",
    "programs/sources": "programs/test_sources programs/test_columns",
    "programs/results": "programs/test_results",
    "programs/code": "programs/test_code programs/test_program",
    "programs/printing": "programs/test_program",
    "programs/sample": "programs/test_sample",
    "programs/paths": "programs/test_paths programs/test_replay",
    "programs/text": "programs/test_text programs/test_replay",
    "programs/replay": "programs/test_replay promises/test_programs",
    "programs/subjects": "programs/test_subjects programs/test_compiled",
    "programs/points": "programs/test_points programs/test_row programs/test_compiled",
    "programs/row": "programs/test_row",
    "programs/entries": "programs/test_entries programs/test_compiled promises/test_programs",
    "programs/shards": "programs/test_shards programs/test_workers programs/test_compiled "
    "promises/test_programs",
    "programs/batch": "programs/test_batch programs/test_compiled programs/test_shards "
    "promises/test_programs",
    "programs/compiled": "programs/test_compiled programs/test_batch programs/test_shards "
    "promises/test_programs",
    "programs/tracing": "programs/test_tracing",
    "programs/modes": "programs/test_modes nn/test_dropout",
    "programs/predictor": "programs/test_predictor training/test_gradients",
    "programs/workers": "programs/test_workers",
    "views/scene": "views/test_scene views/test_drawing",
    "views/naming": "views/test_naming",
}
ENVIRONMENT = {
    "AUTOGRAD_MINI_ENGINE": "python",
    "CI": "true",  # the tests draw the same examples each time
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
OPTIONS = [
    *("-x", "-q", "--no-header", "--assert=plain"),
    *("-p", "no:cacheprovider", "-p", "no:unraisableexception"),
    # These tests change the rules themselves, one after the other, which takes long.
    *("-k", "not a_wrong_derivative_rule and not a_piece_dropped"),
]
MEMORY = 4 * 2**30
PASSED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)  # a module may have no examples
KILLED, TIMED_OUT, SURVIVED, EQUIVALENT = "killed", "timed out", "survived", "equivalent"


def test_files(module: str) -> list[str]:
    """Return the files that run against the mutants of a module, which has doctests too."""
    first, *others = (f"tests/{name}.py" for name in TESTS[module].split())
    return [first, f"autograd_mini/{module}.py", *others]


# --- in the worker processes ---------------------------------------------------------------------

stamps = count(1)
tree: Path
"""The worker's own copy of the tree."""


def make_tree(workspace: str) -> None:
    global tree  # noqa: PLW0603 - a worker process has one
    tree = Path(tempfile.mkdtemp(dir=workspace))
    ignored = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "mutation")
    for name in ("autograd_mini", "tests"):
        shutil.copytree(ROOT / name, tree / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tree)


def result_of_tests(file: str, *, limit: float, show: bool = False) -> int:
    """Run a test file in a new process; return pytest's exit code, or -1 after the time limit."""
    pid = os.fork()
    if pid == 0:
        _run_tests(file, show)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # end the processes that a failed test has left
            return abs(os.waitstatus_to_exitcode(status))
        time.sleep(0.005)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -1


def _run_tests(file: str, show: bool) -> None:
    code: int = pytest.ExitCode.INTERNAL_ERROR
    try:
        os.setsid()  # so that processes that the tests start end with them
        os.chdir(tree)
        os.environ.update(ENVIRONMENT, PYTHONPATH=str(tree))
        sys.path.insert(0, str(tree))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))  # for endless lists
        if not show:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
        # A mutant may write any file, so temporary files go into the workspace, which is removed.
        tempfile.tempdir = str(tree.parent)
        code = pytest.main([*OPTIONS, f"--basetemp={tree}.files", file])
    finally:
        os._exit(code)


@cache
def seconds_unmutated(file: str) -> float:
    """Run a test file on the unchanged library, and return the time that it takes.

    Each worker does that when it first needs the file: most mutants are killed by a first file.
    """
    start = time.monotonic()
    if result_of_tests(file, limit=300) not in PASSED:
        result_of_tests(file, limit=300, show=True)
        raise SystemExit(f"{file} fails without any mutant")
    return time.monotonic() - start


def outcome(mutant: Mutant, end: float) -> str | None:
    """Return the outcome for a mutant; None if it does not compile, or if the time is up."""
    try:
        compile(mutant.source, mutant.module, "exec", dont_inherit=True)
    except SyntaxError:
        return None
    if time.monotonic() > end:
        return None
    path = tree / f"autograd_mini/{mutant.module}.py"
    original = path.read_text(encoding="utf-8")
    for file in test_files(mutant.module):
        limit = 5 + 4 * seconds_unmutated(file)
        try:
            _write(path, mutant.source)
            result = result_of_tests(file, limit=limit)
        finally:
            _write(path, original)
        if result not in PASSED:
            return TIMED_OUT if result < 0 else KILLED
    return SURVIVED


def _write(path: Path, source: str) -> None:
    path.write_text(source, encoding="utf-8")
    stamp = next(stamps)
    os.utime(path, (stamp, stamp))  # a new time stamp, so that Python uses no old bytecode


# --- in the main process -------------------------------------------------------------------------


def listed(modules: Collection[str]) -> list[Mutant]:
    """Return the mutants of some modules that `equivalents.toml` lists."""
    entries = tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8"))["equivalent"]
    for entry in entries:
        del entry["why"]  # the reason is for the reader; it must not be missing
    known = [Mutant(**entry) for entry in entries]
    if moved := {*CODE_IN_STRINGS, *(mutant.module for mutant in known)} - TESTS.keys():
        raise SystemExit(f"no such module any more: {', '.join(sorted(moved))}")
    return [mutant for mutant in known if mutant.module in modules]


def outcomes(chosen: list[Mutant], *, jobs: int, end: float) -> Iterator[tuple[Mutant, str]]:
    """Yield each mutant with its outcome."""
    gc.freeze()
    with tempfile.TemporaryDirectory() as workspace:
        fork = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(jobs, fork, initializer=make_tree, initargs=(workspace,)) as pool:
            results = pool.map(outcome, chosen, repeat(end))
            for mutant, result in zip(chosen, results, strict=True):
                if result is not None:
                    yield mutant, result


def write_page(counts: Mapping[str, Counter[str]]) -> None:
    """Write the counts of some modules into the table of the page."""
    page = PAGE.read_text(encoding="utf-8")
    for module, states in counts.items():
        columns = [states.total(), *(states[one] for one in (KILLED, TIMED_OUT, EQUIVALENT))]
        cells = [f"`{module}.py`", *map(str, [*columns, states[SURVIVED]])]
        page = re.sub(rf"^\| `{module}\.py` .*$", f"| {' | '.join(cells)} |", page, flags=re.M)
    PAGE.write_text(page, encoding="utf-8")


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python tests/mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of {', '.join(TESTS)}")
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, drawn from all")
    parser.add_argument("--seed", default="0", help="decides which; any text")
    parser.add_argument("--seconds", type=float, default=math.inf, help="start none after that")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.seconds
    modules = arguments.modules or list(TESTS)
    if not set(modules) <= set(TESTS):
        parser.error(f"the modules are {', '.join(TESTS)}")

    known = listed(modules)
    chosen = [
        mutant
        for module in modules
        for mutant in mutants(module, (ROOT / f"autograd_mini/{module}.py").read_text("utf-8"))
    ]
    wrong = [mutant for mutant in known if mutant not in chosen]
    for mutant in wrong:
        print(f"listed, but no mutant any more: {mutant}")
    if arguments.sample:
        unknown = [mutant for mutant in chosen if mutant not in known]
        chosen = random.Random(arguments.seed).sample(unknown, min(arguments.sample, len(unknown)))
    counts: dict[str, Counter[str]] = {module: Counter() for module in modules}
    for mutant, result in outcomes(chosen, jobs=arguments.jobs, end=end):
        expected = result == SURVIVED and mutant in known
        counts[mutant.module][EQUIVALENT if expected else result] += 1
        if (result == SURVIVED) != (mutant in known):
            print(f"{'listed, but ' * (mutant in known)}{result}: {mutant}", flush=True)
            wrong.append(mutant)
    if not arguments.sample and arguments.seconds == math.inf:
        write_page(counts)
    total = sum(counts.values(), Counter())
    print(f"{total.total()} of {len(chosen)} mutants: {dict(total)}, {len(wrong)} wrong")
    return 1 if wrong or not total else 0


if __name__ == "__main__":
    sys.exit(main())

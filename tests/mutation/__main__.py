"""Mutation testing: change one thing in the core, run its tests, and see whether they notice.

Each mutant runs in processes of its own, forked from one that has loaded pytest but nothing of the
library, in a copy of the tree and on the Python engine. The exit code is 1 if a mutant survives
that `equivalents.toml` does not list, or if one that it lists is killed or does not exist.
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
from itertools import count, repeat
from pathlib import Path

import hypothesis.extra.numpy  # noqa: F401 - loaded once, for all the processes forked from this one
import mpmath  # noqa: F401
import pytest
from mutants import CODE_IN_STRINGS, Mutant, mutants

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EQUIVALENTS = HERE / "equivalents.toml"
PAGE = HERE / "README.md"
MARK = "<!-- written by the command from equivalents.toml -->\n"

# The modules, and the test files that may kill their mutants, the likeliest first.
TESTS = {
    "engines/value": "engines/test_value engines/test_templates engines/test_graph "
    "promises/test_numerics promises/test_engine",
    "engines/templates": "engines/test_templates engines/test_value promises/test_numerics",
    "engines/nonfinite": "engines/test_nonfinite engines/test_templates engines/test_value",
    "engines/node": "engines/test_node engines/test_value nn/test_layers",
    "engines/bulk": "engines/test_value optim/test_optimizers promises/test_engine",
    "engines/graph": "engines/test_graph programs/test_program",
    "arguments": "test_arguments engines/test_value",
    "files": "nn/test_saving promises/test_data",
    "functions": "test_functions test_package",
    "table/arithmetic": "table/test_arithmetic table/test_rules table/test_primitives "
    "testing/test_local",
    "table/elementary": "table/test_rules table/test_arithmetic table/test_primitives "
    "table/test_code table/test_notation",
    "table/code": "table/test_rules table/test_code",
    "table/notation": "table/test_notation table/test_rules views/explanation/test_explanation",
    "table/names": "table/test_notation table/test_rules",
    "table/printer": "table/test_rules table/test_notation",
    "table/domains": "table/test_primitives",
    "table/primitives": "table/test_primitives engines/test_templates promises/test_edges "
    "table/test_rules test_package",
    "table/rules": "table/test_rules table/test_primitives",
    "table/updates": "table/test_updates optim/test_optimizers",
    "nn/losses": "nn/test_losses",
    "nn/initializers": "nn/test_initializers",
    "nn/module": "nn/test_layers",
    "nn/layers": "nn/test_layers",
    "nn/saving": "nn/test_saving promises/test_data",
    "optim/optimizers": "optim/test_optimizers",
    "training/fitting": "training/test_fitting",
    "training/history": "training/test_fitting",
    "programs/program": "programs/test_program testing/test_strategies",
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
    # These change the rules themselves, one after the other, and take their time.
    *("-k", "not a_wrong_derivative_rule and not a_piece_dropped"),
]
MEMORY = 4 * 2**30
PASSED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)  # a module may have no examples
KILLED, TIMED_OUT, SURVIVED, EQUIVALENT = "killed", "timed out", "survived", "equivalent"


def test_files(module: str) -> list[str]:
    """Return what is run against the mutants of a module, its own examples among it."""
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
    """Run a test file in a process of its own; return what pytest returns, or -1 for no end."""
    pid = os.fork()
    if pid == 0:
        _run_tests(file, show)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # what a test that failed has left running
            return abs(os.waitstatus_to_exitcode(status))
        time.sleep(0.005)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -1


def _run_tests(file: str, show: bool) -> None:
    code: int = pytest.ExitCode.INTERNAL_ERROR
    try:
        os.setsid()  # so that what the tests start can be ended with them
        os.chdir(tree)
        os.environ.update(ENVIRONMENT, PYTHONPATH=str(tree))
        sys.path.insert(0, str(tree))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))  # for endless lists
        if not show:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
        # Files go beside the tree: it is removed at the end, whatever a mutant has made there.
        tempfile.tempdir = str(tree.parent)
        code = pytest.main([*OPTIONS, f"--basetemp={tree}.files", file])
    finally:
        os._exit(code)


def seconds_unmutated(file: str) -> float:
    """Run a test file on the library as it is, and return how long that takes."""
    start = time.monotonic()
    if result_of_tests(file, limit=300) not in PASSED:
        result_of_tests(file, limit=300, show=True)
        raise SystemExit(f"{file} fails without any mutant")
    return time.monotonic() - start


def outcome(mutant: Mutant, seconds: dict[str, float], end: float) -> str | None:
    """Return what becomes of a mutant; None if it does not compile, or if time is up."""
    try:
        compile(mutant.source, mutant.module, "exec", dont_inherit=True)
    except SyntaxError:
        return None
    if time.monotonic() > end:
        return None
    path = tree / f"autograd_mini/{mutant.module}.py"
    original = path.read_text(encoding="utf-8")
    try:
        _write(path, mutant.source)
        for file in test_files(mutant.module):
            result = result_of_tests(file, limit=5 + 4 * seconds[file])
            if result not in PASSED:
                return TIMED_OUT if result < 0 else KILLED
        return SURVIVED
    finally:
        _write(path, original)


def _write(path: Path, source: str) -> None:
    path.write_text(source, encoding="utf-8")
    stamp = next(stamps)
    os.utime(path, (stamp, stamp))  # unlike that of any before, so that no old bytecode is taken


# --- in the main process -------------------------------------------------------------------------


def listed(modules: Collection[str]) -> dict[Mutant, str]:
    """Return the mutants of some modules that are known to make no difference, and why."""
    entries = tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8"))["equivalent"]
    whys = [entry.pop("why") for entry in entries]
    known = dict(zip((Mutant(**entry) for entry in entries), whys, strict=True))
    if moved := {*CODE_IN_STRINGS, *(mutant.module for mutant in known)} - TESTS.keys():
        raise SystemExit(f"no such module any more: {', '.join(sorted(moved))}")
    return {mutant: why for mutant, why in known.items() if mutant.module in modules}


def outcomes(chosen: list[Mutant], *, jobs: int, end: float) -> Iterator[tuple[Mutant, str]]:
    """Yield what becomes of each mutant."""
    files = sorted({file for mutant in chosen for file in test_files(mutant.module)})
    gc.freeze()
    with tempfile.TemporaryDirectory() as workspace:
        fork = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(jobs, fork, initializer=make_tree, initargs=(workspace,)) as pool:
            seconds = dict(zip(files, pool.map(seconds_unmutated, files), strict=True))
            results = pool.map(outcome, chosen, repeat(seconds), repeat(end))
            for mutant, result in zip(chosen, results, strict=True):
                if result is not None:
                    yield mutant, result


def write_page(counts: Mapping[str, Counter[str]], known: Mapping[Mutant, str]) -> None:
    """Write the scores of some modules, and the list of all equivalent mutants, into the page."""
    page = PAGE.read_text(encoding="utf-8")
    for module, states in counts.items():
        columns = [states.total(), *(states[one] for one in (KILLED, TIMED_OUT, EQUIVALENT))]
        cells = [f"`{module}.py`", *map(str, [*columns, states[SURVIVED]])]
        page = re.sub(rf"^\| `{module}\.py` .*$", f"| {' | '.join(cells)} |", page, flags=re.M)
    head, mark, _ = page.partition(MARK)
    PAGE.write_text(f"{head}{mark}{list_of(known)}", encoding="utf-8")


def list_of(known: Mapping[Mutant, str]) -> str:
    """Return the equivalent mutants as Markdown, those together that have one reason."""
    lines = []
    for module in TESTS:
        reasons: dict[str, list[Mutant]] = {}
        for mutant, why in known.items():
            if mutant.module == module:
                reasons.setdefault(why, []).append(mutant)
        lines += [f"\n### `{module}.py`\n"] if reasons else []
        for why, alike in reasons.items():
            lines.append(f"{why}\n\n```diff")
            for mutant in alike:
                again = f", place {mutant.occurrence}" if mutant.occurrence > 1 else ""
                lines += [f"@ {mutant.where}{again}", f"- {mutant.before}", f"+ {mutant.after}"]
            lines.append("```\n")
    return "\n".join(lines)


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
        write_page(counts, listed(TESTS))
    total = sum(counts.values(), Counter())
    print(f"{total.total()} of {len(chosen)} mutants: {dict(total)}, {len(wrong)} wrong")
    return 1 if wrong or not total else 0


if __name__ == "__main__":
    sys.exit(main())

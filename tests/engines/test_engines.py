"""Which engine runs, and how it is chosen."""

import os
import subprocess
import sys

import pytest

import autograd_mini as ag
from autograd_mini.engines import CORE, VARIABLE

HIDDEN = f"import sys; sys.modules[{CORE!r}] = None\n"
BROKEN = f"""
import sys
class Broken:
    def find_spec(self, name, path, target=None):
        if name == {CORE!r}:
            raise ImportError("undefined symbol: PyTeapot")
sys.meta_path.insert(0, Broken())
"""
SHOW = "import autograd_mini as ag; print(ag.engine, type(ag.Value(1.0) + 1).__name__)"


def run(script, *, engine="", flags=()):
    return subprocess.run(
        [sys.executable, *flags, "-c", script],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, VARIABLE: engine},
    )


def test_the_engine_is_one_of_the_two():
    assert ag.engine in ("python", "native")
    assert "engine" in ag.__all__


def test_the_python_engine_can_be_asked_for():
    assert run(SHOW, engine="python").stdout == "python Value\n"


@pytest.mark.skipif(ag.engine != "native", reason="the native engine was not built or asked for")
def test_the_native_engine_runs_where_it_was_built():
    for engine in ("", "native"):
        assert run(SHOW, engine=engine).stdout == "native Value\n"


def test_without_the_native_engine_the_python_engine_runs_and_nothing_is_said():
    found = run(HIDDEN + SHOW, flags=["-W", "error"])
    assert (found.stdout, found.stderr) == ("python Value\n", "")


def test_asking_for_the_native_engine_where_it_is_missing_is_an_error_with_a_way_out():
    found = run(HIDDEN + SHOW, engine="native")
    assert found.stderr.splitlines()[-1] == (
        "ImportError: AUTOGRAD_MINI_ENGINE=native, but there is no native engine for this Python: "
        "it was not built. Install the package again where there is a C compiler, or unset the "
        "variable"
    )
    assert found.returncode == 1


def test_an_unknown_engine_is_an_error():
    found = run(SHOW, engine="c")
    assert found.stderr.splitlines()[-1] == (
        "ValueError: AUTOGRAD_MINI_ENGINE must be 'python' or 'native', got 'c'"
    )


def test_a_native_engine_that_does_not_load_is_said_so():
    found = run(BROKEN + SHOW)
    assert found.stdout == "python Value\n"
    assert "RuntimeWarning: the native engine does not load (undefined symbol: PyTeapot); " in (
        found.stderr
    )
    found = run(BROKEN + SHOW, engine="native")
    assert "no native engine for this Python: undefined symbol: PyTeapot." in found.stderr


STALE = f"""
import sys, types
sys.modules[{CORE!r}] = types.SimpleNamespace(RULES_DIGEST="of yesterday")
"""


def test_a_native_engine_of_other_rules_is_not_used():
    found = run(STALE + SHOW)
    assert found.stdout == "python Value\n"
    assert "(it was built from other rules than these); the Python engine runs" in found.stderr
    found = run(STALE + SHOW, engine="native")
    assert "it was built from other rules than these. Install the package again" in found.stderr


def test_the_engine_runs_without_docstrings():
    for flag in ("-O", "-OO"):
        assert run(SHOW, engine=ag.engine, flags=[flag]).stdout == f"{ag.engine} Value\n"


AGAIN = """
import gc, sys
import autograd_mini as old
v = old.Value(2.0, name="v")
before = v * 3.0
for _ in range(3):
    for name in [name for name in sys.modules if name.split(".")[0] == "autograd_mini"]:
        del sys.modules[name]
    import autograd_mini as ag
gc.collect()
assert ag is not old and ag.engine == old.engine, ag.engine
"""


@pytest.mark.parametrize("engine", ["python", ag.engine])
def test_the_same_engine_runs_when_the_package_is_imported_again(engine):
    works = """
w = ag.Value(0.5, name="w")
ag.sin(w * 2.0).backward()
assert w.grad == 2.0 * ag.cos(1.0) and repr(w * 2.0) == "Value(data=1.0, op=mul)"
try:
    ag.log(w - 0.5)
except ag.DomainError as error:
    assert "log(x)" in str(error)
assert (w * 2.0).op is ag.testing.strategies.PRIMITIVES["mul"]
before.backward()
assert v.grad == 3.0 and v.name == "v"
sgd = ag.SGD(ag.MLP(1, [1]).parameters(), lr=0.1)
sgd.step()
print(ag.engine)
"""
    found = run(AGAIN + works, engine=engine, flags=["-W", "error"])
    assert (found.stdout, found.stderr) == (f"{engine}\n", "")


@pytest.mark.skipif(ag.engine != "native", reason="the native engine was not built or asked for")
def test_values_of_both_imports_of_the_native_engine_mix():
    mix = """
w = ag.Value(0.5)
z = old.exp(v * w) + before
z.backward()
assert type(v) is ag.Value and z.op is (w + 1.0).op
assert (v.grad, w.grad) == (0.5 * ag.exp(1.0) + 3.0, 2.0 * ag.exp(1.0))
assert sum(getattr(c, "__name__", "") == "collected" for c in gc.callbacks) == 1
"""
    assert run(AGAIN + mix).stderr == ""


@pytest.mark.skipif(ag.engine != "native", reason="the native engine was not built or asked for")
def test_another_interpreter_of_the_process_runs_the_python_engine():
    script = """
import sys
import autograd_mini as ag
interpreters = __import__("_xxsubinterpreters" if sys.version_info < (3, 13) else "_interpreters")
made = interpreters.create()
interpreters.run_string(made, "import warnings; warnings.simplefilter('ignore'); " + (
    "import autograd_mini as ag; assert ag.engine == 'python'; (ag.Value(1.0) * 2.0).backward()"
))
interpreters.destroy(made)
w = ag.Value(3.0)
(w * w).backward()
print(ag.engine, w.grad)
"""
    found = run(script)
    assert (found.stdout, found.stderr) == ("native 6.0\n", "")

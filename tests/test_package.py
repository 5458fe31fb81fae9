"""The front door: what a user finds under `autograd_mini`, and what an import of it loads."""

import importlib
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_mini as ag
from autograd_mini.table.primitives import PRIMITIVES

FACES = ["estimators", "losses", "nn", "optim", "plots", "testing"]
ROOT = Path(ag.__file__).parents[1]


def printed_by(script, *options):
    """Return what another Python prints, as JSON."""
    command = [sys.executable, *options, "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_the_package_lists_its_public_names_and_no_others():
    assert dir(ag) == sorted(ag.__all__)
    assert len(ag.__all__) == len(set(ag.__all__))
    for name in dir(ag):
        assert getattr(ag, name) is not None


def test_a_star_import_gives_the_public_names_and_no_others():
    names = printed_by(
        "import json; before = {*globals()}; from autograd_mini import *; "
        "print(json.dumps(sorted({*globals()} - before - {'before'})))"
    )
    assert names == sorted(ag.__all__)


@pytest.mark.parametrize("face", FACES)
def test_a_face_is_a_module_that_lists_its_public_names_and_no_others(face):
    if face == "estimators":
        pytest.importorskip("sklearn", reason="the extra sklearn is not installed")
    module = importlib.import_module(f"autograd_mini.{face}")
    assert getattr(ag, face) is module
    assert type(module).__name__ == "module"
    listed = {*module.__all__} | ({"strategies"} if face == "testing" else set())
    assert set(dir(module)) == listed
    for name in listed:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("name", ["fit", "draw", "explain", "explore"])
def test_what_is_done_is_a_function_and_not_hidden_by_a_module(name):
    assert callable(getattr(ag, name))
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"autograd_mini.{name}")


@pytest.mark.parametrize("module", [ag, ag.functions, ag.testing])
def test_another_name_is_no_attribute(module):
    message = f"^module '{re.escape(module.__name__)}' has no attribute 'nonsense'$"
    with pytest.raises(AttributeError, match=message):
        module.nonsense  # noqa: B018 - it raises


# --- what an import loads ------------------------------------------------------------------------

LOADED = """
import json, sys
import autograd_mini as ag
y = ag.Value(0.5).exp()
y.backward()
assert y.data == y.operands[0].grad
print(json.dumps([name for name in sys.modules]))
"""


def test_an_import_loads_no_view_no_test_and_nothing_that_is_not_python_s():
    loaded = printed_by(LOADED)
    own = {name.split(".")[1] for name in loaded if name.startswith("autograd_mini.")}
    assert own == {"arguments", "engines", "errors", "functions", "table"}
    others = {"autograd", "graphviz", "hypothesis", "matplotlib", "mpmath", "numpy"}
    others |= {"sklearn", "tqdm"}
    assert not {name.split(".")[0] for name in loaded} & others


def test_with_the_standard_library_alone_a_value_differentiates():
    """-S leaves all installed packages out; the package is found in the folder of the process."""
    assert "autograd_mini.engines.value" in printed_by(LOADED, "-S")


NO_GRAPHVIZ = """
import json, sys
sys.modules["graphviz"] = None
import autograd_mini as ag
x = ag.Value(0.5, name="x")
said = [str(ag.explain(x * x, wrt=x)).splitlines()[2]]
try:
    ag.draw(x)
except ModuleNotFoundError as error:
    said += [str(error), error.name]
print(json.dumps(said))
"""


def test_without_graphviz_all_but_drawings_works_and_drawing_says_what_is_missing():
    explained, message, name = printed_by(NO_GRAPHVIZ)
    assert explained == "∂out/∂x = 2·x"
    assert message == (
        "drawings need the package graphviz, which is not installed: pip install graphviz"
    )
    assert name == "graphviz"


NO_SKLEARN = """
import json, sys
sys.modules["sklearn"] = None
try:
    import autograd_mini.estimators
except ImportError as error:
    print(json.dumps([str(error), error.name]))
"""


def test_without_scikit_learn_the_estimators_say_what_is_missing():
    assert printed_by(NO_SKLEARN) == [
        "autograd_mini.estimators needs scikit-learn 1.6 or newer: pip install -U scikit-learn",
        "sklearn",
    ]


ROWS_READ = """
import json
from autograd_mini.table import rules
read = []
check = rules.Rule.__init__
rules.Rule.__init__ = lambda self, text, **names: (read.append(text), check(self, text, **names))[0]
import autograd_mini as ag
at_import = len(read)
ag.Value(0.5).tanh()
print(json.dumps([at_import, sorted({*read} - {"x"})]))
"""


def test_a_row_is_read_when_it_is_first_used(monkeypatch):
    """And no other row with it."""
    monkeypatch.setenv("AUTOGRAD_MINI_ENGINE", "python")
    at_import, read = printed_by(ROWS_READ)
    assert at_import == 0
    assert {"tanh(x)", PRIMITIVES["tanh"].texts["dx"]} <= {*read}
    assert not {"exp(x)", "x * y", "sigmoid(x)", "y * x ** (y - 1)"} & {*read}


# --- modules that have moved ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pickled", "where"),
    [
        (b"cautograd_mini.history\nHistory\n.", "autograd_mini.training"),
        (b"cautograd_mini.value\nPath\n.", "autograd_mini.engines.value"),
        (b"cautograd_mini.activations\nActivation\n.", "autograd_mini.nn"),
        (b"cautograd_mini.module\nModule\n.", "autograd_mini.nn"),
        (b"cautograd_mini.explain\nExplanation\n.", "autograd_mini.views.explanation"),
        (b"cautograd_mini.testing.graphs\nGraph\n.", "autograd_mini.programs"),
    ],
)
def test_an_old_pickle_says_where_its_class_is_now(pickled, where):
    with pytest.raises(ModuleNotFoundError, match=f" is gone, .* {where}; .*model.save") as raised:
        pickle.loads(pickled)  # noqa: S301 - our own
    assert raised.value.name in pickled.decode()


def test_every_module_that_moved_has_what_it_is_said_to_have():
    for module in ag._MOVED.values():
        assert importlib.import_module(f"autograd_mini.{module}")


@pytest.mark.parametrize("name", ["autograd_mini.nonsense", "history", "nowhere.history"])
def test_another_module_that_is_not_there_is_reported_as_ever(name):
    with pytest.raises(ModuleNotFoundError, match=r"^No module named"):
        importlib.import_module(name)

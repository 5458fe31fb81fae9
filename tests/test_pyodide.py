"""Python in a browser: what the package does in Pyodide, here under Node.

PYODIDE is the folder of the npm package ``pyodide``. Without it the tests skip.
"""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import graphviz
import pytest

import autograd_mini as ag

LOADER = Path(__file__).parent / "support" / "pyodide.mjs"


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a script in Pyodide, and returns what the script prints."""
    folder = os.environ.get("PYODIDE", "node_modules/pyodide")
    if not shutil.which("node") or not Path(folder, "pyodide.mjs").exists():
        pytest.skip("needs Node and Pyodide: npm install pyodide, PYODIDE=node_modules/pyodide")
    packages = [Path(ag.__file__).parents[1], Path(graphviz.__file__).parents[1]]

    def run(script):
        path = tmp_path / "script.py"
        path.write_text(textwrap.dedent(script))
        command = ["node", LOADER, folder, path, *packages]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return run


def test_the_demo_runs_and_says_how_to_get_its_pictures(run):
    printed = run("""
        import os
        from autograd_mini.command.main import run
        print("exit", run(["demo", "--out", "out"]))
        print(sorted(os.listdir("out")))
    """)
    assert "The Python engine runs" in printed
    assert "exit 0" in printed
    assert "No picture: there is no Graphviz to render with" in printed
    assert "No page: there is no Graphviz to render with" in printed
    assert "['two_neurons.gv', 'two_neurons_trained.gv']" in printed


def test_explanations_pages_and_files_are_those_of_any_other_python(run):
    script = """
        import autograd_mini as ag
        w, b, T = ag.Value(0.5, name="w"), ag.Value(0.3, name="b"), 0.25
        E = 0.5 * (T - ag.sigmoid(w * 0.4 + b)) ** 2
        E.backward()
        print(ag.explain(E))
        print(ag.draw(E).source)
        print(w.grad.hex(), b.grad.hex())
    """
    here = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert run(script) == here.stdout


def test_training_saving_and_loading(run):
    printed = run("""
        import random
        import autograd_mini as ag
        model = ag.MLP(2, [3, 1], activation="tanh", rng=random.Random(1))
        X, T = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
        optimizer = ag.Adam(model.parameters(), lr=0.1)
        loss = ag.losses.binary_cross_entropy
        history = ag.fit(model, X, T, loss=loss, optimizer=optimizer, epochs=200)
        model.save("model.json")
        before = model.state_dict()
        model.load("model.json")
        assert model.state_dict() == before
        print(history.history["loss"][-1] < 0.05 < history.history["loss"][0])
    """)
    assert printed.strip() == "True"


def test_a_drawing_without_a_renderer_is_a_clear_error(run):
    printed = run("""
        import autograd_mini as ag
        try:
            ag.draw(ag.Value(2.0) * 3.0).render("net", format="svg")
        except ag.RendererNotFoundError as error:
            print(error)
    """)
    assert ".source is DOT text" in printed


@pytest.mark.parametrize("count", [100_000, 1_000_000])
def test_long_chains_are_differentiated_and_freed(run, count):
    printed = run(f"""
        import gc
        import autograd_mini as ag
        x = ag.Value(1.0)
        y = x
        for _ in range({count}):
            y = y + x
        y.backward()
        del y
        print(x.grad, sum(type(thing) is ag.Value for thing in gc.get_objects()))
    """)
    assert printed.split() == [f"{count + 1}.0", "1"]


def test_wide_and_mixed_graphs_are_freed(run):
    printed = run("""
        import gc
        import autograd_mini as ag
        xs = [ag.Value(float(i)) for i in range(1000)]
        y = ag.Value.sum(xs)
        for _ in range(20_000):
            y = ag.Value.dot([y, xs[0]], [0.5, xs[1]])
        (y * y).backward()
        kept = y.operands[0]
        del y
        print(kept.data, sum(type(thing) is ag.Value for thing in gc.get_objects()))
        kept.backward()
        del kept
        print(sum(type(thing) is ag.Value for thing in gc.get_objects()))
    """)
    assert printed.splitlines()[-1] == "1000"

"""Every example runs, prints its tables and writes its pictures."""

import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("*.py"))
EXPECTED = {
    "activation_functions": ["leaky_relu", "softmax"],
    "curve_fit": ["  a     2.5    2.499115", "  τ     1.3    1.299961", "  c     0.5    0.502090"],
    "early_stopping": [
        "The validation loss has not fallen for 20 epochs. Of 58 epochs, epoch 38 was the best:",
        "  val_accuracy 0.9333",
        "a virginica: setosa 0.000, versicolor 0.008, virginica 0.992",
    ],
    "gradient_check": [
        "right: agrees at all points",
        "without_a_term: found at x = ",
        "with_a_wrong_sign: found at x = ",
        "a_millionth_too_large: found at x = ",
        "does f use a number that the graph does not record",
    ],
    "gradient_descent": ["2.0000"],
    "greeks": ["0.568769    0.022231   27.789321", "gamma ", "vega "],
    "iris": ["versicolor", "virginica"],
    "many_machines": [
        "map on 2 threads: ",
        ", last -0.023787\n  the same bits as without workers: True",
        "0.198891\n  the same bits as without workers: True",
    ],
    "newton": [
        "steps: Newton's method 1, gradient descent 25",
        "steps: Newton's method 6, gradient descent 16705",
    ],
    "own_loop": [
        "epoch 30  lr 0.00008  loss 0.0514",
        "the same weights: True",
        "right on new points: 100 of 100",
    ],
    "recorded_programs": [
        "  price       245770.6370",
        "  gamma           86.7990",
        "as one call after the other gives them, to the last bit: True",
        "  step 150  loss 0.0927\nright: 392 of 400; <compiled loss: 1 path",
        "    if not share > strike:",
    ],
    "scikit_learn": [
        "hidden layers (12,), learning rate 0.02 : 0.9",
        "right on the test part: 4",
        "\nMLP(13 → ",
        "<History: 20 epochs, loss ",
        "a model that read them says the same: True",
    ],
    "two_neurons": ["0.0570703982", "0.0947562810", "0.0010213959", "0.0102139588"],
    "vanishing_gradient": ["sigmoid", "relu"],
}
CHARTS = {
    "activation_functions",
    "early_stopping",
    "gradient_descent",
    "iris",
    "vanishing_gradient",
}
FEW_POINTS = {"many_machines": ["--points", "2000"]}
WRITERS = CHARTS | {"scikit_learn", "two_neurons"}


def run(script, out, monkeypatch):
    if script == "scikit_learn":
        pytest.importorskip("sklearn", reason="the extra sklearn is not installed")
    arguments = ["--out", str(out)] if script in WRITERS else FEW_POINTS.get(script, [])
    monkeypatch.setattr(sys, "argv", [script, *arguments])
    runpy.run_path(str(EXAMPLES / f"{script}.py"), run_name="__main__")


def test_the_examples_are_those_that_are_tested():
    assert list(EXPECTED) == SCRIPTS


@pytest.mark.parametrize("script", EXPECTED)
def test_an_example_prints_what_it_promises(script, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    run(script, tmp_path, monkeypatch)
    printed = capsys.readouterr().out
    assert [text in printed for text in EXPECTED[script]] == [True] * len(EXPECTED[script])
    pictures = [path.name for path in tmp_path.iterdir() if path.stat().st_size > 1000]
    if script in CHARTS and find_spec("matplotlib"):
        assert f"{script}.png" in pictures
        assert f"The picture is {tmp_path / script}.png\n" in printed
    elif script == "two_neurons":
        assert "two_neurons.svg" in pictures


@pytest.mark.parametrize("workers", ["none", "processes", "dask"])
def test_many_machines_need_no_other_script(workers):
    if workers == "dask":
        pytest.importorskip("distributed", reason="the extra distributed is not installed")
    script = [str(EXAMPLES / "many_machines.py"), "--workers", workers, "--points", "2000"]
    ran = subprocess.run([sys.executable, *script], capture_output=True, text=True, check=True)
    assert ran.stdout.count("the same bits as without workers: True") == 2


@pytest.mark.parametrize("script", sorted(CHARTS))
def test_a_title_is_no_wider_than_its_panel(script, tmp_path, capsys, monkeypatch):
    figure = pytest.importorskip("matplotlib.figure", reason="matplotlib is not installed").Figure
    pictures = []
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr(figure, "savefig", lambda self, path, **_: pictures.append(self))
    run(script, tmp_path, monkeypatch)
    assert f"The picture is {tmp_path / script}.png\n" in capsys.readouterr().out
    (picture,) = pictures
    picture.canvas.draw()
    for ax in picture.axes:
        assert ax.title.get_window_extent().width <= ax.get_window_extent().width, ax.get_title()


@pytest.mark.parametrize("script", EXPECTED)
def test_an_example_runs_without_matplotlib(script, tmp_path, capsys, monkeypatch):
    if find_spec("matplotlib") is None:
        pytest.skip("matplotlib is not installed, so this is the test of what an example prints")
    loaded = {name for name in sys.modules if name.split(".")[0] == "matplotlib"}
    for name in loaded | {"matplotlib"}:
        monkeypatch.setitem(sys.modules, name, None)
    run(script, tmp_path, monkeypatch)
    if script in CHARTS:
        words = "No picture: matplotlib is not installed (pip install matplotlib)\n"
        assert words in capsys.readouterr().out


def test_the_curve_fit_is_the_same_with_scipy_and_without(tmp_path, capsys, monkeypatch):
    pytest.importorskip("scipy", reason="SciPy is not installed, so there is one way only")
    run("curve_fit", tmp_path, monkeypatch)
    by_scipy = capsys.readouterr().out.splitlines()
    monkeypatch.setitem(sys.modules, "scipy", None)
    run("curve_fit", tmp_path, monkeypatch)
    by_gauss_newton = capsys.readouterr().out.splitlines()
    assert by_scipy[0].endswith("by scipy.optimize.least_squares")
    assert by_gauss_newton[0].endswith("by Gauss–Newton, as SciPy is not installed")
    assert by_scipy[1:] == by_gauss_newton[1:]

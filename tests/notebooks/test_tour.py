"""In a notebook every object shows itself, also offline, exported and where it is not trusted."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from notebooks.tour import CELLS

import autograd_mini as ag

NEEDED = ("ipykernel", "nbclient", "nbconvert", "matplotlib")
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")
QUIET = {"import"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of the notebook after it ran, and of its export."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}: pip install ipykernel nbconvert matplotlib")
    try:
        ag.draw(ag.Value(1.0)).pipe(format="svg")
    except ag.RendererNotFoundError:
        pytest.skip("needs a Graphviz to draw with")
    made = tmp_path_factory.mktemp("notebook")
    script = Path(__file__).with_name("tour.py")
    done = subprocess.run(
        [sys.executable, script, made],
        env=os.environ | {"PYTHONPATH": str(Path(ag.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def outputs(folder):
    """Return the outputs of each cell."""
    cells = json.loads((folder / "tour.ipynb").read_text(encoding="utf-8"))["cells"]
    return {cell["id"].replace("-", " "): cell["outputs"] for cell in cells}


def as_text(content):
    return content if isinstance(content, str) else "".join(content)


def texts(output):
    """Return the texts of an output by type."""
    if output["output_type"] == "stream":
        return {output["name"]: as_text(output["text"])}
    return {kind: as_text(data) for kind, data in output["data"].items()}


@pytest.mark.parametrize("cell", CELLS)
def test_no_output_has_an_address_or_raw_latex_or_an_error(cell, outputs):
    assert bool(outputs[cell]) == (cell not in QUIET)
    for output in outputs[cell]:
        assert output["output_type"] != "error"
        shown = texts(output)
        assert "stderr" not in shown
        for kind, text in shown.items():
            assert not ADDRESS.search(text), kind
            assert kind == "text/latex" or "$$" not in text, kind
        assert "text/html" in shown or "text/latex" not in shown


@pytest.mark.parametrize("cell", CELLS)
def test_the_text_of_an_output_is_short(cell, outputs):
    """So it is where neither HTML nor pictures are shown."""
    for output in outputs[cell]:
        text = texts(output).get("text/plain", "")
        assert len(text) < 1200
        assert len(text.splitlines()) <= 40


def test_the_html_of_a_table_has_no_script_and_no_style_sheet(outputs):
    for cell in ("leaf", "report", "model", "summary", "history", "program"):
        html = texts(outputs[cell][0])["text/html"]
        assert not re.search("<(script|style|svg|link)", html)


def test_the_bar_is_left_at_the_end(outputs):
    (bar,) = outputs["training"]
    assert re.fullmatch(r"100%\|.*stopped: tolerance\]", texts(bar)["text/plain"])


def test_the_export_shows_everything_offline(folder, browser):
    def look(page):
        page.goto((folder / "tour.html").as_uri())
        return page.evaluate(
            """() => ({
                text: document.body.innerText,
                broken: [...document.images].filter(image => !image.naturalWidth).length,
                wide: [...document.querySelectorAll(".jp-RenderedHTML :is(img, table)")]
                    .filter(e => e.getBoundingClientRect().right > innerWidth).length,
            })"""
        )

    seen = browser(look)
    assert seen["broken"] == 0
    assert seen["wide"] == 0
    assert "$$" not in seen["text"]
    assert r"\frac" not in seen["text"]
    assert not ADDRESS.search(seen["text"])
    assert "57 epochs, loss" in seen["text"]

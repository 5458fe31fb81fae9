"""README and docs tell the truth: code runs, links lead somewhere, named tests exist."""

import contextlib
import io
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

import autograd_mini as ag
from autograd_mini.command.demo import run_demo
from autograd_mini.command.main import run as main
from autograd_mini.command.tables import markdown
from autograd_mini.table.primitives import TABLE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"
PROMISES = (DOCS / "promises.md").read_text(encoding="utf-8")
PAGES = sorted({*ROOT.glob("*.md"), *DOCS.glob("*.md"), ROOT / "examples" / "README.md"})
# A block of Python, and what it prints, if it is more than comments can say.
BLOCK = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
WITHOUT_SCIPY = pytest.mark.skipif(not find_spec("scipy"), reason="SciPy is not installed")
CODE = [
    pytest.param(
        code, text, id=f"{page.stem}-{number}", marks=WITHOUT_SCIPY if page.stem == "scipy" else ()
    )
    for page in (
        ROOT / "README.md",
        *(DOCS / f"{n}.md" for n in ("derivatives", "programs", "scipy")),
    )
    for number, (code, text) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), start=1)
]
LINK = re.compile(r"\]\(([\w/.-]+)(?:#[\w-]+)?\)")


@pytest.mark.parametrize(("code", "text"), CODE)
def test_code_runs_and_prints_what_the_page_says(code, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = re.findall(r"^ *print\(.*\)\s+# (.*)$", code, flags=re.MULTILINE)
    if text:
        assert not expected
        expected = text.splitlines()
    else:
        assert len(expected) == code.count("print(") > 0
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "page", "exec"), {})  # noqa: S102 - our own page
    assert printed.getvalue().rstrip().splitlines() == expected


def test_the_readme_can_be_read():
    assert len(README.splitlines()) <= 150


def test_the_page_of_primitives_is_what_the_command_prints():
    page = (DOCS / "primitives.md").read_text(encoding="utf-8")
    assert page == markdown() + "\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_of_the_docs_is_linked_from_another():
    linked = {
        (page.parent / link).resolve()
        for page in PAGES
        for link in LINK.findall(page.read_text(encoding="utf-8"))
    }
    assert [page.name for page in DOCS.glob("*.md") if page not in linked] == []


def test_every_promise_names_tests_that_exist():
    rows = re.findall(r"^\| (P\d+) (.*)$", PROMISES, flags=re.MULTILINE)
    assert [number for number, _ in rows] == [f"P{n}" for n in range(1, 23)]
    for number, row in rows:
        named = re.findall(r"`([\w.]+)\.(test_\w+)`", row)
        assert named, number
        for module, function in named:
            path = ROOT / "tests" / f"{module.replace('.', '/')}.py"
            source = path.read_text(encoding="utf-8")
            assert f"def {function}(" in source, f"{module}.{function}"


def test_the_commands_are_the_commands(tmp_path, capsys):
    (line,) = re.findall(r"^\.venv/bin/autograd-mini (draw .*)$", README, flags=re.MULTILINE)
    arguments = shlex.split(line.replace("net.svg", str(tmp_path / "net.svg")))
    assert main(arguments) == 0
    assert (tmp_path / "net.svg").exists()
    capsys.readouterr()


def test_the_picture_shows_what_the_demo_draws(tmp_path):
    list(run_demo(tmp_path))

    def texts(path):
        return sorted(re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text(encoding="utf-8")))

    assert texts(ROOT / "examples" / "two_neurons.svg") == texts(tmp_path / "two_neurons.svg")


def test_every_primitive_that_is_a_function_is_public():
    for row in TABLE:
        operators = ("add", "sub", "mul", "div", "pow", "neg", "abs")
        hidden = row.name in (*operators, "identity", "gauss", "max", "min", "fsum", "expectation")
        assert hidden or callable(getattr(ag, row.name))

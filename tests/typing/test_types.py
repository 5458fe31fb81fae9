"""The types that mypy and pyright see in user code; each runs where it is installed, as in CI."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

CODE = Path(__file__).with_name("user_code.py")


def needs(checker):
    missing = importlib.util.find_spec(checker) is None
    return pytest.mark.skipif(missing, reason=f"{checker} is not installed")


def check_with_mypy(code, folder):
    """Return what mypy says of a file, a line for each error."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary"]
    run = subprocess.run(
        [*command, str(code)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.stderr == ""
    return run.stdout.splitlines()


def check_with_pyright(code, folder):
    """Return what pyright says of a file, in its standard mode, a line for each error."""
    options = {"reportUnnecessaryTypeIgnoreComment": "error", "enableTypeIgnoreComments": False}
    project = folder / "pyrightconfig.json"
    project.write_text(json.dumps({**options, "include": ["code.py"]}), encoding="utf-8")
    (folder / "code.py").write_text(code.read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "-p", str(project)]
    run = subprocess.run(
        [*command, "--pythonpath", sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(run.stdout)
    assert report["summary"]["filesAnalyzed"] == 1
    return [
        f"{x['range']['start']['line'] + 1}: {x['message']}" for x in report["generalDiagnostics"]
    ]


@needs("mypy")
def test_mypy_sees_the_types_that_users_rely_on(tmp_path):
    assert check_with_mypy(CODE, tmp_path) == []


@needs("pyright")
def test_pyright_sees_the_types_that_users_rely_on(tmp_path):
    assert check_with_pyright(CODE, tmp_path) == []


WRONG = """
from typing import assert_type
import autograd_mini as ag
assert_type(ag.Value(1.0) + 1, float)
"""


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check_with_mypy, marks=needs("mypy")),
        pytest.param(check_with_pyright, marks=needs("pyright")),
    ],
)
def test_another_type_is_found_out(check, tmp_path):
    code = tmp_path / "wrong.py"
    code.write_text(WRONG, encoding="utf-8")
    assert len(check(code, tmp_path)) == 1

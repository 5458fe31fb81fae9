"""What is built from the repository: the sdist and the wheel."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("setuptools", minversion="77")

ROOT = Path(__file__).parents[1]
NOT_IN_THE_SDIST = {".gitignore"}


@pytest.fixture(scope="module")
def files():
    """The paths of all files of the repository."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no clone of the repository")
    command = [git, "ls-files"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    return ran.stdout.splitlines()


@pytest.fixture
def copy(files, tmp_path):
    """Copies the repository into a new folder, so that a build leaves nothing behind."""

    def copy_to(name):
        for path in files:
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, target)
        return tmp_path / name

    return copy_to


def build(folder, command):
    """Build with this Python's setuptools; return the path of what was made."""
    subprocess.run(
        [sys.executable, "setup.py", "-q", command],
        cwd=folder,
        check=True,
        capture_output=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
    )
    (made,) = (folder / "dist").iterdir()
    return made


def test_the_sdist_has_every_file_of_the_repository(files, copy):
    with tarfile.open(build(copy("clone"), "sdist")) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    assert set(files) - there == NOT_IN_THE_SDIST


@pytest.mark.soak
def test_the_same_wheel_has_the_same_bytes_wherever_it_is_built(copy):
    first, second = (build(copy(name), "bdist_wheel") for name in ("here", "another/place"))
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.soak
def test_the_native_engine_names_the_library_of_mathematics(copy):
    """Otherwise it works only where Python has loaded that, and may get its old functions."""
    readelf = shutil.which("readelf")
    if readelf is None:
        pytest.skip("no readelf here")
    folder = copy("clone")
    build(folder, "bdist_wheel")
    cores = list(folder.glob("build/lib*/autograd_mini/engines/native/core.*.so"))
    if not cores:
        pytest.skip("the native engine was not built")
    ran = subprocess.run([readelf, "-d", *cores], capture_output=True, check=True, text=True)
    assert "[libm.so" in ran.stdout

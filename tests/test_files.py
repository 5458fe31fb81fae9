"""What can be written and read; that a file is old or new is in promises.test_data."""

import ast
import errno
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from support.writers import WRITERS

import autograd_mini
from autograd_mini.files import read_content, write_atomically
from autograd_mini.views.page import Page
from autograd_mini.views.rendering import Drawing

PACKAGE = Path(autograd_mini.__file__).parent
needs_fifos = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, which is the current one: as text, a path can end in a slash."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_path_may_be_bytes(folder):
    write_atomically(b"\xff", "content")
    assert read_content(b"\xff") == Path(os.fsdecode(b"\xff")).read_bytes() == b"content"
    with pytest.raises(IsADirectoryError):
        write_atomically(b".", "content")


def test_text_is_written_as_utf_8_and_bytes_as_they_are(folder):
    write_atomically("text", "σ\r\n")
    write_atomically("bytes", b"\xff\r\n\0")
    assert Path("text").read_bytes() == "σ\r\n".encode()
    assert Path("bytes").read_bytes() == b"\xff\r\n\0"


# --- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *["new.json/", "new.json/.", "new.json/..", "folder/new/", "missing/new", "missing/../new"],
        *["folder", "folder/", "folder/..", ".", "", "file/", "file/new", "/dev/null/"],
        *["link/", "link to a slash", "link to no folder", "circle"],
    ],
)
def test_a_path_that_open_would_refuse_is_refused_and_nothing_is_written(folder, path):
    Path("folder").mkdir()
    Path("file").write_text("old")
    links = {
        "link": "target",
        "link to a slash": "target/",
        "link to no folder": "missing/target",
        "circle": "circle",
    }
    for name, target in links.items():
        os.symlink(target, name)  # noqa: PTH211 - a Path would drop the slash
    before = sorted(folder.rglob("*"))
    with pytest.raises(OSError) as wanted:  # noqa: PT011 - that of the system, whatever it says
        open(path, "w")  # noqa: PTH123, SIM115 - which a Path would make another path
    with pytest.raises(OSError) as caught:  # noqa: PT011
        write_atomically(path, "new")
    assert caught.value.errno in (wanted.value.errno, errno.ENOENT, errno.ENOTDIR)
    assert os.strerror(caught.value.errno) in str(caught.value)
    assert caught.value.filename is not None
    assert sorted(folder.rglob("*")) == before
    assert Path("file").read_text() == "old"


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("link", "target"),
        ("link to a link", "target"),
        ("link into the folder", "folder/new"),
        ("link to the folder/new", "folder/new"),
        ("folder/../new", "new"),
        ("./new", "new"),
    ],
)
def test_links_and_dots_are_followed_as_by_open(folder, path, file):
    Path("folder").mkdir()
    Path("link").symlink_to("target")
    Path("link to a link").symlink_to("link")
    Path("link into the folder").symlink_to(folder / "folder" / "new")
    Path("link to the folder").symlink_to("folder")
    for content in ("made", "replaced"):
        write_atomically(path, content)
        assert Path(file).read_text() == content
        assert not Path(file).is_symlink()
    assert Path("link to a link").is_symlink()


def test_the_other_hard_links_of_a_file_keep_the_old_content(folder):
    Path("file").write_text("old")
    os.link("file", "other")
    write_atomically("file", "new")
    assert Path("other").read_text() == "old"


# --- what a file system does not offer -----------------------------------------------------------


@pytest.fixture
def system(monkeypatch):
    """Makes a function of the system fail, for all that it is called with or for folders alone."""

    def fail(name, number, *, of_folders=False):
        works = getattr(os, name)

        def fails(first, *more, **options):
            is_folder = Path(first).is_dir() if isinstance(first, Path) else is_open_folder(first)
            if is_folder or not of_folders:
                raise OSError(number, os.strerror(number))
            return works(first, *more, **options)

        monkeypatch.setattr(os, name, fails)

    return fail


def is_open_folder(descriptor):
    return isinstance(descriptor, int) and os.path.isdir(descriptor)  # noqa: PTH112


@pytest.mark.parametrize("old", [None, "old"])
@pytest.mark.parametrize(
    ("function", "number", "of_folders"),
    [
        ("fsync", errno.EINVAL, True),
        ("fsync", errno.ENOTSUP, True),
        ("fsync", errno.EINVAL, False),
        ("open", errno.EACCES, True),
        ("open", errno.EPERM, True),
        ("chmod", errno.EPERM, False),
        ("chmod", errno.ENOTSUP, False),
        ("chmod", errno.ENOSYS, False),
    ],
)
def test_a_file_is_written_where_a_nicety_is_not_offered(
    folder, system, old, function, number, of_folders
):
    if old:
        Path("file").write_text(old)
    system(function, number, of_folders=of_folders)
    write_atomically("file", "new")
    assert Path("file").read_text() == "new"
    assert [path.name for path in folder.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("function", "number"), [("fsync", errno.EIO), ("fsync", errno.ENOSPC), ("open", errno.EMFILE)]
)
def test_another_error_of_the_folder_says_that_the_file_is_new(folder, system, function, number):
    system(function, number, of_folders=True)
    with pytest.raises(OSError, match="the new content") as caught:
        write_atomically("file", "new")
    words = f"the new content is in the file, but may not be on the disk: {os.strerror(number)}"
    assert caught.value.args == (number, words)
    assert caught.value.filename == str(folder / "file")
    assert Path("file").read_text() == "new"


# --- what is no file -----------------------------------------------------------------------------


@needs_fifos
@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("page.html", lambda: Page("new", size=1).save("page.html")),
        ("net.gv", lambda: Drawing().save("net.gv")),
        ("model.json", lambda: WRITERS["model"](Path(), "new")),
    ],
)
def test_every_kind_of_content_goes_through_a_fifo(folder, name, write):
    os.mkfifo(name)
    read = []
    reader = threading.Thread(target=lambda: read.append(Path(name).read_bytes()), daemon=True)
    reader.start()
    write()
    reader.join(60)
    assert Path(name).is_fifo()
    Path(name).unlink()
    write()
    assert read == [Path(name).read_bytes()]


def test_a_full_device_is_an_error():
    if not Path("/dev/full").is_char_device():
        pytest.skip("no full device here")
    with pytest.raises(OSError, match="No space left"):
        write_atomically("/dev/full", "new")


def test_an_open_file_without_a_name_is_written_to():
    if not Path("/proc/self/fd").exists():
        pytest.skip("no paths of open files here")
    with tempfile.TemporaryFile() as file:
        write_atomically(f"/proc/self/fd/{file.fileno()}", "new")
        assert file.read() == b"new"


READ = "import sys; from autograd_mini.files import read_content; print(read_content(sys.argv[1]))"


def read_elsewhere(path, **options):
    """Read in a process of its own, which may wait no longer than a minute."""
    command = [sys.executable, "-c", READ, path]
    ran = subprocess.run(command, capture_output=True, check=True, timeout=60, **options)
    return ast.literal_eval(ran.stdout.decode())


@needs_fifos
def test_a_fifo_that_nobody_writes_to_is_empty(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert read_elsewhere(tmp_path / "fifo") == b""


@needs_fifos
def test_what_a_process_writes_to_a_fifo_is_read_to_the_end(tmp_path):
    content = b"0123456789" * 100_000  # more than a FIFO holds
    os.mkfifo(tmp_path / "fifo")
    writer = threading.Thread(target=write_atomically, args=(tmp_path / "fifo", content))
    writer.start()
    assert read_elsewhere(tmp_path / "fifo") == content
    writer.join()


def test_the_input_of_a_command_can_be_read():
    if not Path("/dev/stdin").exists():
        pytest.skip("no path of the input here")
    assert read_elsewhere("/dev/stdin", input=b"content") == b"content"


@pytest.mark.parametrize(
    ("path", "number", "message"),
    [
        (".", errno.EISDIR, "Is a directory"),
        ("/dev/zero", errno.EINVAL, "this is no file or FIFO"),
        ("/dev/null", errno.EINVAL, "this is no file or FIFO"),
        ("file/", errno.ENOTDIR, "Not a directory"),
    ],
)
def test_what_has_no_end_or_is_no_file_is_not_read(folder, path, number, message):
    Path("file").write_text("content")
    if path.startswith("/dev") and not Path(path).exists():
        pytest.skip(f"no {path} here")
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the whole message is compared
        read_content(path)
    assert str(caught.value) == f"[Errno {number}] {message}: {path!r}"


# --- every file ----------------------------------------------------------------------------------

WRITING = {"open", "fdopen", "write_text", "write_bytes", "savefig"}
OTHER = {"command/main.py": {"open"}, "engines/native/header.py": {"write_text"}}
"""The null device, and a file for developers."""


def test_nothing_else_in_the_package_writes_a_file():
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        names = {getattr(call, "attr", None) or getattr(call, "id", None) for call in calls}
        name = path.relative_to(PACKAGE).as_posix()
        if name != "files.py":
            assert names & WRITING == OTHER.get(name, set()), name

"""Tests of saving states; what a file survives, and what is refused, is in promises.test_data."""

import errno
import hashlib
import math
import os
import re
import socket
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from support.interrupts import interrupted_everywhere

from autograd_mini import Value, files
from autograd_mini.errors import StateError
from autograd_mini.nn import MLP, saving

OLD, NEW = {"w": 1.0}, {"w": 2.0, "b": -0.5}
needs_fifos = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("storage") / "state.json"


def test_extreme_doubles_come_back(file):
    numbers = [0.1, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1 / 3]
    saving.save({str(i): x for i, x in enumerate(numbers)}, file)
    assert [x.hex() for x in saving.load(file).values()] == [x.hex() for x in numbers]


def test_the_file_is_json_to_read(tmp_path):
    """Its checksum is that of the content, without spaces and in the order of the names."""
    saving.save({"w": 0.1, "b": -2.0}, tmp_path / "state.json")
    canonical = '{"format":"autograd_mini state","state":{"b":-2.0,"w":0.1},"version":1}'
    assert (tmp_path / "state.json").read_text() == textwrap.dedent(f"""\
        {{
         "format": "autograd_mini state",
         "version": 1,
         "sha256": "{hashlib.sha256(canonical.encode()).hexdigest()}",
         "state": {{
          "w": 0.1,
          "b": -2.0
         }}
        }}
        """)


def test_reals_of_any_kind_are_saved_as_doubles(file):
    saving.save({"int": 3, "numpy": np.float32(0.1)}, file)
    assert saving.load(file) == {"int": 3.0, "numpy": float(np.float32(0.1))}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"w": math.nan}, "'w' must be finite, got nan"),
        ({"w": -math.inf}, "'w' must be finite, got -inf"),
        ({"w": "0.5"}, "'w' must be a real number, got '0.5'"),
        ({"w": True}, "'w' must be a real number, got True; use float(…) if a number is meant"),
        ({"w": None}, "'w' must be a real number, got None"),
        (
            {"w": Value(0.5)},
            "'w' must be a real number, got Value(data=0.5); use its .data for the bare number",
        ),
        (
            {"w": 2**53 + 1},
            "'w' must be a number that a float holds exactly, got 9007199254740993; "
            "round it yourself, with float(…)",
        ),
        ({3: 0.5}, "name in the state must be a string, got 3"),
        (
            {"\ud83d\ude00": 0.5},
            r"name in the state must be Unicode text, got '\ud83d\ude00'",
        ),
        ([0.5], "state must be a mapping of names to numbers, got [0.5]"),
    ],
)
def test_what_is_no_state_is_not_saved(tmp_path, state, message):
    with pytest.raises(StateError, match=f"^{re.escape(message)}$"):
        saving.save(state, tmp_path / "state.json")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_not_a_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        saving.load(tmp_path / "state.json")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"w": NaN}', "each number must be finite, got NaN"),
        ('{"w": 1, "w": 1}', "each name must be unique, got 'w'"),
    ],
)
def test_what_is_json_but_no_state_is_not_called_no_json(file, text, reason):
    file.write_text(text)
    with pytest.raises(StateError) as caught:
        saving.load(file)
    assert str(caught.value) == f"{file}: {reason}"


def test_a_damaged_file_is_named_with_both_of_its_checksums(tmp_path):
    path = tmp_path / "state.json"
    saving.save({"w": 0.1}, path)
    content = path.read_text()
    checksum = hashlib.sha256(b'{"format":"autograd_mini state","state":{"w":0.1},"version":1}')
    path.write_text(content.replace(checksum.hexdigest(), "0" * 64))
    with pytest.raises(StateError) as caught:
        saving.load(path)
    assert str(caught.value) == (
        f"{path}: sha256 must be {checksum.hexdigest()}, "
        f"got '{'0' * 27}...{'0' * 28}'; the content is damaged"
    )


# --- old or new, never torn ---------------------------------------------------------------------


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def saved(tmp_path):
    """A file that holds the old state, in a folder of its own."""
    saving.save(OLD, tmp_path / "state.json")
    return tmp_path / "state.json"


def test_a_new_state_takes_the_place_of_the_old(saved):
    saving.save(NEW, saved)
    assert saving.load(saved) == NEW
    assert listed(saved.parent) == ["state.json"]


@pytest.mark.parametrize("step", ["os.fsync", "os.chmod", "os.replace"])
def test_a_step_that_fails_leaves_the_old_file_and_nothing_else(saved, monkeypatch, step):
    def fails(*arguments, **options):
        raise OSError(28, f"no space for {step}")

    with monkeypatch.context() as patched:
        patched.setattr(step, fails)
        with pytest.raises(OSError, match=f"no space for {step}"):
            saving.save(NEW, saved)
    assert listed(saved.parent) == ["state.json"]
    assert saving.load(saved) == OLD


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(saved):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            saving.save(NEW, saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert listed(saved.parent) == ["state.json"]
    assert saving.load(saved) == OLD


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        saving.save(NEW, tmp_path / "missing" / "state.json")


def test_a_folder_is_not_written_over(tmp_path):
    (tmp_path / "state.json").mkdir()
    with pytest.raises(IsADirectoryError, match=r"state\.json"):
        saving.save(NEW, tmp_path / "state.json")
    assert listed(tmp_path) == ["state.json"]


def test_the_content_reaches_the_disk_before_the_name_and_then_the_folder(saved, monkeypatch):
    """Otherwise a power failure could leave the new name on an empty file, or lose the name."""
    done = []
    fsync, replace = os.fsync, os.replace

    def recorded_fsync(descriptor):
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        done.append(f"{kind} of {os.fstat(descriptor).st_size} bytes" if kind == "file" else kind)
        fsync(descriptor)

    def recorded_replace(*paths):
        done.append("replace")
        replace(*paths)

    monkeypatch.setattr("os.fsync", recorded_fsync)
    monkeypatch.setattr("os.replace", recorded_replace)
    saving.save(NEW, saved)
    size = saved.stat().st_size
    assert done == [f"file of {size} bytes", "replace", "folder"]


def test_where_folders_cannot_be_opened_the_file_is_written_all_the_same(saved, monkeypatch):
    monkeypatch.delattr("os.O_DIRECTORY")
    saving.save(NEW, saved)
    assert saving.load(saved) == NEW


def count_descriptors():
    """Return how many files this process has open, or 0 if the system does not say."""
    return len(listed(Path("/proc/self/fd"))) if Path("/proc/self/fd").exists() else 0


def test_no_descriptor_stays_open(saved, monkeypatch):
    """Not even when the folder cannot be synchronised, which is reported."""
    before = count_descriptors()
    calls = iter([None, OSError(5, "Input/output error")])

    def fsync(descriptor):
        if error := next(calls):
            raise error

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", fsync)
        with pytest.raises(OSError, match="Input/output"):
            saving.save(NEW, saved)
    assert saving.load(saved) == NEW
    assert count_descriptors() == before


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_an_interrupt_at_any_instant_leaves_old_or_new_and_nothing_else(saved):
    """Python closes the file that an interrupt kept from `with`, which warns about it."""
    before = count_descriptors()

    def check(_):
        assert count_descriptors() == before
        assert listed(saved.parent) == ["state.json"]
        assert saving.load(saved) in (OLD, NEW)

    def build():
        saving.save(OLD, saved)

    modules = (files.__file__, saving.__file__)
    instants = interrupted_everywhere(
        build, lambda _: saving.save(NEW, saved), check=check, inside=modules
    )
    assert instants > 100
    assert saving.load(saved) == NEW


# --- the temporary file -------------------------------------------------------------------------


def test_two_may_save_to_one_file_at_once(saved, monkeypatch):
    """One thread is stopped before it renames; meanwhile another saves to the same file."""
    ready, go_on = threading.Event(), threading.Event()
    fsync, stopped = os.fsync, threading.Thread(target=saving.save, args=({"w": 3.0}, saved))

    def waiting_fsync(descriptor):
        fsync(descriptor)
        if threading.current_thread() is stopped:
            ready.set()
            go_on.wait()

    monkeypatch.setattr("os.fsync", waiting_fsync)
    stopped.start()
    try:
        assert ready.wait(60)
        saving.save(NEW, saved)
        assert len(listed(saved.parent)) == 2
        assert saving.load(saved) == NEW
    finally:
        go_on.set()
        stopped.join()
    assert listed(saved.parent) == ["state.json"]
    assert saving.load(saved) == {"w": 3.0}


BESIDE = [
    ".state.json.tmp",
    ".state.json.0123456789abcdef.tmp",
    ".state.json.d5f808a21e99d4c1.0123456789abcdef.tmp",
    "state.json.bak",
]


@pytest.mark.parametrize("name", BESIDE)
def test_no_other_file_is_removed(saved, name):
    """What a killed process left is for its owner to remove."""
    saved.with_name(name).touch()
    saving.save(NEW, saved)
    assert listed(saved.parent) == sorted(["state.json", name])


@needs_fifos
@pytest.mark.parametrize("name", BESIDE)
def test_a_fifo_with_the_name_of_a_temporary_file_does_not_make_a_save_hang(saved, name):
    os.mkfifo(saved.with_name(name))
    script = "import sys; from autograd_mini.nn import saving; saving.save({'w': 3.0}, sys.argv[1])"
    subprocess.run([sys.executable, "-c", script, saved], check=True, timeout=60)
    assert saving.load(saved) == {"w": 3.0}


@pytest.mark.parametrize("name", ["a" * 255, "x" * 250 + ".json", "ä" * 127, "😀" * 63, "\udcff"])
def test_every_name_that_a_file_can_have_can_be_saved_to(tmp_path, name):
    """The temporary name is no longer than file systems allow."""
    path = tmp_path / name
    try:
        path.touch()
    except OSError as error:
        pytest.skip(f"no such name here: {error}")
    path.unlink()
    saving.save(NEW, path)
    assert saving.load(path) == NEW
    assert listed(tmp_path) == [name]


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("state.json", ".state.json."),
        ("a-name-that-is-longer-than-24.json", ".a-name-that-is-longer-th."),
    ],
)
def test_the_temporary_name_says_whose_it_is(tmp_path, monkeypatch, name, beginning):
    names = []
    monkeypatch.setattr("os.fsync", lambda _: names.append(listed(tmp_path)))
    saving.save(NEW, tmp_path / name)
    saving.save(NEW, tmp_path / name)
    temporary = [beside[0] for beside in names[::2]]  # not what is there when the folder is synced
    assert len(set(temporary)) == 2
    for one in temporary:
        assert re.fullmatch(re.escape(beginning) + r"[0-9a-f]{16}\.tmp", one)


def test_an_open_file_is_not_renamed(saved, monkeypatch):
    """As on Windows, which cannot rename an open file."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("no list of the open descriptors here")
    replace, closed = os.replace, []

    def recorded_replace(old, new):
        links = [str(d.readlink()) for d in descriptors.iterdir() if d.exists()]
        closed.append(str(old) not in links)
        replace(old, new)

    monkeypatch.setattr("os.replace", recorded_replace)
    saving.save(NEW, saved)
    assert closed == [True]


# --- what was there stays as it was, but for its content ----------------------------------------


def test_the_permissions_of_the_file_are_kept(saved):
    saved.chmod(0o640)
    saving.save(NEW, saved)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    saving.save(NEW, tmp_path / "state.json")
    (tmp_path / "other").touch()
    assert (tmp_path / "state.json").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_goes_on_pointing_to_the_file(saved):
    link = saved.with_name("link")
    link.symlink_to(saved)
    saving.save(NEW, link)
    assert link.is_symlink()
    assert saving.load(saved) == NEW


@pytest.fixture
def umask():
    """Chooses what new files may be, for one test."""
    before = os.umask(0)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize("mask", [0, 0o022, 0o027, 0o077])
def test_a_new_file_gets_what_the_umask_leaves(tmp_path, umask, mask):
    umask(mask)
    saving.save(NEW, tmp_path / "state.json")
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("mode", [0o4640, 0o2640, 0o6777])
def test_a_file_that_ran_as_its_owner_or_group_no_longer_does(saved, mode):
    """It may belong to somebody else after a save."""
    saved.chmod(mode)
    saving.save(NEW, saved)
    assert stat.S_IMODE(saved.stat().st_mode) == mode & 0o777


@pytest.mark.parametrize("mode", [None, 0o600, 0o666])
def test_nobody_else_can_read_a_file_that_is_not_complete(tmp_path, umask, monkeypatch, mode):
    umask(0)
    path, modes = tmp_path / "state.json", []
    if mode is not None:
        path.touch()
        path.chmod(mode)
    fsync, made = os.fsync, os.open

    def recorded_fsync(descriptor):
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    def recorded_open(name, *arguments, **options):
        descriptor = made(name, *arguments, **options)
        if str(name).endswith(".tmp") and mode is not None:
            modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return descriptor

    monkeypatch.setattr("os.fsync", recorded_fsync)
    monkeypatch.setattr("os.open", recorded_open)
    saving.save(NEW, path)
    assert set(modes[:-1]) == {0o600}  # the last is that of the folder
    assert len(modes) == (2 if mode is None else 3)


# --- what is no file -----------------------------------------------------------------------------


@needs_fifos
def test_a_state_goes_through_a_fifo(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    saving.save(NEW, pipe)
    reader.join(60)
    saving.save(NEW, tmp_path / "state.json")
    assert read == [(tmp_path / "state.json").read_text()]
    assert pipe.is_fifo()
    assert listed(tmp_path) == ["pipe", "state.json"]


def test_a_state_goes_through_a_device(tmp_path):
    """The device is a terminal, as no mistake can put a file in the place of that."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    try:
        saving.save(NEW, os.ttyname(theirs))
        saving.save(NEW, tmp_path / "state.json")
        lines = os.read(ours, 1000).decode().splitlines()
        assert lines == (tmp_path / "state.json").read_text().splitlines()
        assert Path(os.ttyname(theirs)).is_char_device()
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_socket_is_refused_and_stays_one(tmp_path, monkeypatch):
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("no sockets among the files here")
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(OSError, match="no file, FIFO or character device: 'socket'") as caught:
            saving.save(NEW, "socket")
    assert caught.value.errno == errno.EINVAL
    assert Path("socket").is_socket()
    assert listed(tmp_path) == ["socket"]


def test_a_circle_of_links_is_refused_and_stays_one(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OSError, match="symbolic links"):
        saving.save(NEW, tmp_path / "a")
    assert (tmp_path / "a").is_symlink()


def test_a_link_to_a_file_that_is_not_there_makes_it(tmp_path):
    (tmp_path / "link").symlink_to("state.json")
    saving.save(NEW, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert saving.load(tmp_path / "state.json") == NEW


def test_an_error_about_a_file_has_no_escape_sequence_of_its_name_or_content(tmp_path):
    path = tmp_path / "\x1b[31m.json"
    for content in ("", "\x1b[31m", '{"\\u001b[31m": 1}'):
        path.write_text(content)
        for read in (saving.load, MLP(1, [1]).load):
            with pytest.raises(StateError) as raised:
                read(path)
            assert str(raised.value).isprintable()
    saving.save({"\x1b[31m": 1.0}, path)
    with pytest.raises(StateError) as raised:
        MLP(1, [1]).load(path)
    assert str(raised.value).isprintable()

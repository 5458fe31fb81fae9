"""Tests of saving states; what a file survives, and what is refused, is in promises.test_data."""

import hashlib
import math
import os
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
from autograd_mini.nn import saving

OLD, NEW = {"w": 1.0}, {"w": 2.0, "b": -0.5}


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
        ({"w": "0.5"}, "'w' takes a real number, got str '0.5'"),
        ({"w": True}, "'w' takes a real number, got bool True"),
        ({"w": None}, "'w' takes a real number, got NoneType None"),
        ({"w": Value(0.5)}, r"'w' takes a real number, got Value .*; use its \.data"),
        ({"w": 2**53 + 1}, "'w': no float is exactly 9007199254740993"),
        ({3: 0.5}, "a name in a state is a string, got 3"),
        ({"\ud83d\ude00": 0.5}, "surrogates not allowed"),
        ([0.5], "a state is a mapping of names to numbers, got list"),
    ],
)
def test_what_is_no_state_is_not_saved(tmp_path, state, message):
    with pytest.raises(StateError, match=message):
        saving.save(state, tmp_path / "state.json")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_not_a_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        saving.load(tmp_path / "state.json")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"w": NaN}', "NaN is not a finite number"),
        ('{"w": 1, "w": 1}', "the name 'w' stands twice"),
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
        f"{path}: the content is damaged: its sha256 is {checksum.hexdigest()}, "
        f"but the file says '{'0' * 64}'"
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


@pytest.mark.parametrize("step", ["os.fsync", "shutil.copymode", "os.replace"])
def test_a_step_that_fails_leaves_the_old_file_and_nothing_else(saved, monkeypatch, step):
    def fails(*arguments):
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
    with pytest.raises(OSError, match=r"state\.json"):
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


def test_no_descriptor_stays_open(saved, monkeypatch):
    """Not even when the folder cannot be synchronised, which is reported."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("no list of the open descriptors here")
    before = len(list(descriptors.iterdir()))
    calls = iter([None, OSError(5, "Input/output error")])

    def fsync(descriptor):
        if error := next(calls):
            raise error

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", fsync)
        with pytest.raises(OSError, match="Input/output"):
            saving.save(NEW, saved)
    assert saving.load(saved) == NEW
    assert len(list(descriptors.iterdir())) == before


def test_an_interrupt_at_any_instant_leaves_old_or_new_and_nothing_else(saved):
    def check(_):
        assert listed(saved.parent) == ["state.json"]
        assert saving.load(saved) in (OLD, NEW)

    def build():
        saving.save(OLD, saved)

    instants = interrupted_everywhere(build, lambda _: saving.save(NEW, saved), check=check)
    assert instants > 100
    assert saving.load(saved) == NEW


# --- what killed processes left -----------------------------------------------------------------


def stray(path: Path, random: str = "0123456789abcdef") -> Path:
    """Make a temporary file such as a killed process leaves beside a file."""
    left = path.with_name(files._prefix(path) + random + ".tmp")
    left.touch()
    return left


needs_locks = pytest.mark.skipif(files.fcntl is None, reason="needs locks on files")


@needs_locks
def test_the_next_save_removes_what_killed_processes_left(saved):
    stray(saved)
    stray(saved, "f" * 16).chmod(0o400)
    saving.save(NEW, saved)
    assert listed(saved.parent) == ["state.json"]


@needs_locks
def test_a_save_through_a_link_removes_what_is_beside_the_file(saved, tmp_path_factory):
    link = tmp_path_factory.mktemp("elsewhere") / "link.json"
    link.symlink_to(saved)
    stray(saved)
    saving.save(NEW, link)
    assert listed(saved.parent) == ["state.json"]


@needs_locks
def test_a_live_saver_keeps_its_temporary_file(saved, monkeypatch):
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


@needs_locks
def test_a_saver_that_was_swept_before_its_lock_starts_over(saved, monkeypatch):
    """Twice a sweep comes between the making of a temporary file and its lock."""
    flock, swept = files.fcntl.flock, []

    def late_flock(file, operation):
        if operation == files.fcntl.LOCK_EX and len(swept) < 2:
            swept.append(Path(file.name).name)
            files._sweep(saved)
            assert listed(saved.parent) == ["state.json"]
        flock(file, operation)

    monkeypatch.setattr(files.fcntl, "flock", late_flock)
    saving.save(NEW, saved)
    assert len(set(swept)) == 2
    assert saving.load(saved) == NEW
    assert listed(saved.parent) == ["state.json"]


NOT_ITS_OWN = [
    ".state.json.tmp",
    ".state.json.0123456789abcdef.tmp",
    "{prefix}0123456789abcdef",
    "{prefix}0123456789abcdef.tmp.bak",
    "{prefix}0123456789abcde.tmp",
    "{prefix}0123456789abcdeg.tmp",
    "x{prefix}0123456789abcdef.tmp",
    "{other}0123456789abcdef.tmp",
    "{longer}0123456789abcdef.tmp",
]


@pytest.mark.parametrize("name", NOT_ITS_OWN)
def test_no_other_file_is_removed(saved, name):
    """Not the temporary file of another file either, even if the names begin alike."""
    bystander = saved.with_name(
        name.format(
            prefix=files._prefix(saved),
            other=files._prefix(saved.with_name("other.json")),
            longer=files._prefix(saved.with_name("state.json.json")),
        )
    )
    bystander.touch()
    saving.save(NEW, saved)
    assert listed(saved.parent) == sorted(["state.json", bystander.name])


@pytest.mark.parametrize("name", ["a" * 255, "x" * 250 + ".json", "ä" * 127, "😀" * 63, "\udcff"])
def test_every_name_that_a_file_can_have_can_be_saved_to(tmp_path, name):
    """The temporary name is no longer than file systems allow, and no other long name's."""
    path = tmp_path / name
    try:
        path.touch()
    except OSError as error:
        pytest.skip(f"no such name here: {error}")
    path.unlink()
    saving.save(NEW, path)
    assert saving.load(path) == NEW
    left = stray(path)
    assert len(os.fsencode(left.name)) < 140
    saving.save(OLD, path)
    assert listed(tmp_path) == ([name] if files.fcntl else sorted([name, left.name]))


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("state.json", ".state.json.d5f808a21e99d4c1."),
        ("a-name-that-is-longer-than-24.json", ".a-name-that-is-longer-th.78fefa5da5a04005."),
    ],
)
def test_the_temporary_name_stays_so_that_a_later_version_finds_what_an_earlier_left(name, prefix):
    """It is the beginning of the name of the file, and of its SHA-256."""
    assert files._prefix(Path(name)) == prefix


def test_the_temporary_name_says_whose_it_is():
    assert files._prefix(Path("folder/state.json")).startswith(".state.json.")
    alike = {files._prefix(Path("a" * length)) for length in range(24, 255)}
    assert len(alike) == 231


@pytest.mark.parametrize("step", ["fcntl.flock", "pathlib.Path.iterdir"])
def test_a_sweep_that_fails_is_no_reason_not_to_save(saved, monkeypatch, step):
    """Nor is a file system without locks; nothing is removed where nobody can tell who lives."""
    pytest.importorskip(step.split(".")[0])

    def fails(*arguments):
        raise OSError(37, f"no {step} here")

    left = stray(saved)
    with monkeypatch.context() as patched:
        patched.setattr(step, fails)
        saving.save(NEW, saved)
    assert saving.load(saved) == NEW
    assert listed(saved.parent) == sorted(["state.json", left.name])


@needs_locks
def test_one_file_that_cannot_be_removed_does_not_keep_the_others(saved):
    immovable = saved.with_name(files._prefix(saved) + "0" * 16 + ".tmp")
    immovable.mkdir()
    for random in "1" * 16, "f" * 16:
        stray(saved, random)
    saving.save(NEW, saved)
    assert listed(saved.parent) == sorted(["state.json", immovable.name])


def test_where_there_is_no_module_for_locks_a_state_is_saved_without(tmp_path):
    """Seen in an interpreter that does not find it, as on Windows."""
    script = (
        "import sys\n"
        "sys.modules['fcntl'] = None\n"
        "from autograd_mini import files\n"
        "from autograd_mini.nn import saving\n"
        "saving.save({'w': 2.0}, sys.argv[1])\n"
        "print(files.fcntl, saving.load(sys.argv[1]))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "state.json")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "None {'w': 2.0}\n"


def test_without_locks_nothing_is_removed_and_an_open_file_is_not_renamed(saved, monkeypatch):
    """As on Windows, which cannot rename an open file."""
    replace, closed = os.replace, []

    def recorded_replace(old, new):
        descriptors = Path("/proc/self/fd")
        if descriptors.exists():
            links = [str(d.readlink()) for d in descriptors.iterdir() if d.exists()]
            closed.append(str(old) not in links)
        replace(old, new)

    left = stray(saved)
    monkeypatch.setattr(files, "fcntl", None)
    monkeypatch.setattr("os.replace", recorded_replace)
    saving.save(NEW, saved)
    assert saving.load(saved) == NEW
    assert listed(saved.parent) == sorted(["state.json", left.name])
    assert all(closed)


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

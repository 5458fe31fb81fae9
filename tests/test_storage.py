"""Tests of saved states: they come back exactly, or an error says why not."""

import hashlib
import json
import math
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from interrupts import interrupted_everywhere

from autograd_mini import Value, storage
from autograd_mini.errors import StateError

FINITE = st.floats(allow_nan=False, allow_infinity=False)
OLD, NEW = {"w": 1.0}, {"w": 2.0, "b": -0.5}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("storage") / "state.json"


@given(state=st.dictionaries(st.text(), FINITE))
def test_every_double_and_every_name_comes_back(file, state):
    storage.save(state, file)
    loaded = storage.load(file)
    assert list(loaded) == list(state), "in the same order"
    assert [x.hex() for x in loaded.values()] == [x.hex() for x in state.values()]


def test_extreme_doubles_come_back(file):
    numbers = [0.1, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1 / 3]
    storage.save({str(i): x for i, x in enumerate(numbers)}, file)
    assert [x.hex() for x in storage.load(file).values()] == [x.hex() for x in numbers]


def test_the_file_is_json_to_read(tmp_path):
    """Its checksum is that of the content, without spaces and in the order of the names."""
    storage.save({"w": 0.1, "b": -2.0}, tmp_path / "state.json")
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
    storage.save({"int": 3, "numpy": np.float32(0.1)}, file)
    assert storage.load(file) == {"int": 3.0, "numpy": float(np.float32(0.1))}


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
        ([0.5], "a state is a mapping of names to numbers, got list"),
    ],
)
def test_what_is_no_state_is_not_saved(tmp_path, state, message):
    with pytest.raises(StateError, match=message):
        storage.save(state, tmp_path / "state.json")
    assert list(tmp_path.iterdir()) == []


# --- what is in a file is not trusted -----------------------------------------------------------


def document(**changes):
    """Return the text of a file as it should be, but for some fields; None takes one away."""
    numbers = changes.get("state", NEW)
    content = {"format": storage.FORMAT, "state": numbers, "version": storage.VERSION}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    fields = {**content, "sha256": hashlib.sha256(canonical.encode()).hexdigest(), **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def test_order_and_spacing_do_not_matter(file):
    file.write_text(document())
    assert storage.load(file) == NEW


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: Expecting value"),
        ('{"format"', "not JSON: "),
        ("\ufeff{}", "not JSON: "),
        ("[" * 100_000, "not JSON: "),
        ("9" * 10_000, "not JSON: "),
        ("[]", "not a file of the format 'autograd_mini state'"),
        ("{}", "not a file of the format 'autograd_mini state'"),
        (document(format="pickle"), "not a file of the format 'autograd_mini state'"),
        (document(version=2), "version 2 of the format is unknown here; known is 1"),
        (document(version=True), "version True of the format is unknown"),
        (document(version=None), "version None of the format is unknown"),
        (document(sha256=None), "the fields must be format, version, sha256, state, got format"),
        (document(more=1), "the fields must be .*, got format, state, version, sha256, more"),
        (document(sha256="0" * 64), "the content is damaged: its sha256 is .* says '0000"),
        (document(sha256=7), "the content is damaged: .* says 7"),
        (document(state=[1.0]), "'state' must be an object, got list"),
        (document(state={"w": "1.0"}), "'w' takes a real number, got str '1.0'"),
        (document(state={"w": True}), "'w' takes a real number, got bool True"),
        (document(state={"w": [1.0]}), "'w' takes a real number, got list"),
        (document(state={"w": math.nan}), "NaN is not a finite number"),
        (document(state={"w": -math.inf}), "-Infinity is not a finite number"),
        (document().replace("2.0", "1e999"), "'w' must be finite, got inf"),
        (document().replace("2.0", "2.25"), "the content is damaged"),
        (document().replace('"w"', '"v"'), "the content is damaged"),
        (document().replace('"b"', '"w"'), "the name 'w' stands twice"),
        (document().replace('"version"', '"format"'), "the name 'format' stands twice"),
    ],
    ids=lambda text: text[:40],
)
def test_a_damaged_file_is_refused_by_name(file, text, message):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StateError, match=rf"state\.json: {message}"):
        storage.load(file)


def test_bytes_that_are_no_text_are_refused(file):
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StateError, match=r"state\.json: not JSON: .*utf-8"):
        storage.load(file)


def test_every_single_changed_byte_is_noticed_or_changes_nothing(file):
    """A changed digit, letter or bracket never gives other numbers."""
    storage.save(NEW, file)
    content = file.read_bytes()
    noticed = 0
    for at in range(len(content)):
        for byte in b'0 x",':
            file.write_bytes(content[:at] + bytes([byte]) + content[at + 1 :])
            try:
                loaded = storage.load(file)
            except StateError:
                noticed += 1
            else:
                assert loaded == NEW
    assert noticed > 4 * len(content)


def test_a_file_that_is_not_there_is_not_a_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        storage.load(tmp_path / "state.json")


# --- old or new, never torn ---------------------------------------------------------------------


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def saved(tmp_path):
    """A file that holds the old state, in a folder of its own."""
    storage.save(OLD, tmp_path / "state.json")
    return tmp_path / "state.json"


def test_a_new_state_takes_the_place_of_the_old(saved):
    storage.save(NEW, saved)
    assert storage.load(saved) == NEW
    assert files(saved.parent) == ["state.json"]


@pytest.mark.parametrize("step", ["os.fsync", "shutil.copymode", "os.replace"])
def test_a_step_that_fails_leaves_the_old_file_and_nothing_else(saved, monkeypatch, step):
    def fails(*arguments):
        raise OSError(28, f"no space for {step}")

    with monkeypatch.context() as patched:
        patched.setattr(step, fails)
        with pytest.raises(OSError, match=f"no space for {step}"):
            storage.save(NEW, saved)
    assert files(saved.parent) == ["state.json"]
    assert storage.load(saved) == OLD


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(saved):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            storage.save(NEW, saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(saved.parent) == ["state.json"]
    assert storage.load(saved) == OLD


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        storage.save(NEW, tmp_path / "missing" / "state.json")


def test_a_folder_is_not_written_over(tmp_path):
    (tmp_path / "state.json").mkdir()
    with pytest.raises(OSError, match=r"state\.json"):
        storage.save(NEW, tmp_path / "state.json")
    assert files(tmp_path) == ["state.json"]


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
    storage.save(NEW, saved)
    size = saved.stat().st_size
    assert done == [f"file of {size} bytes", "replace", "folder"]


def test_where_folders_cannot_be_opened_the_file_is_written_all_the_same(saved, monkeypatch):
    monkeypatch.delattr("os.O_DIRECTORY")
    storage.save(NEW, saved)
    assert storage.load(saved) == NEW


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
            storage.save(NEW, saved)
    assert storage.load(saved) == NEW
    assert len(list(descriptors.iterdir())) == before


def test_an_interrupt_at_any_instant_leaves_old_or_new_and_nothing_else(saved):
    def check(_):
        assert files(saved.parent) == ["state.json"]
        assert storage.load(saved) in (OLD, NEW)

    def build():
        storage.save(OLD, saved)

    instants = interrupted_everywhere(build, lambda _: storage.save(NEW, saved), check=check)
    assert instants > 100
    assert storage.load(saved) == NEW


KILLED = """
import os, signal, sys
from autograd_mini import storage
from interrupts import before_each_instruction

path, old, new = sys.argv[1], {"w": 1.0}, {"w": 2.0, "b": -0.5}


def save_or_be_killed(instant):
    def kill(frame):
        nonlocal instant
        if instant == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        instant -= 1

    with before_each_instruction(kill, storage.__file__):
        storage.save(new, path)


found = []
instant, status = 0, 1
while status:
    storage.save(old, path)
    child = os.fork()
    if not child:
        save_or_be_killed(instant)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    found.append(storage.load(path))
    instant += 1
assert all(state in (old, new) for state in found)
print(found.count(old), found.count(new), found == sorted(found, key=len))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_instruction_leaves_old_or_new(saved):
    """Old before one instruction, new from then on; the one that is not killed ends the test."""
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, saved],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
    )
    assert ran.stderr == ""
    old, new, in_order = ran.stdout.split()
    assert int(old) > 100
    assert int(new) > 10
    assert in_order == "True"


# --- what was there stays as it was, but for its content ----------------------------------------


def test_the_permissions_of_the_file_are_kept(saved):
    saved.chmod(0o640)
    storage.save(NEW, saved)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    storage.save(NEW, tmp_path / "state.json")
    (tmp_path / "other").touch()
    assert (tmp_path / "state.json").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_goes_on_pointing_to_the_file(saved):
    link = saved.with_name("link")
    link.symlink_to(saved)
    storage.save(NEW, link)
    assert link.is_symlink()
    assert storage.load(saved) == NEW

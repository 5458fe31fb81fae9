"""The promises about what is kept: saved files (P16, P17) and interrupted trainings (P18).

``-rP`` shows how often each was tried.
"""

import gc
import hashlib
import inspect
import json
import math
import os
import pickle
import random
import re
import shutil
import signal
import subprocess
import sys
import timeit
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.interrupts import interrupted_everywhere
from support.soak import soaking
from support.writers import SIZE, WRITERS, read_folder

from autograd_mini import Module, Value, files
from autograd_mini.errors import StateError
from autograd_mini.losses import mean_squared_error
from autograd_mini.nn import MLP, Dropout, load, saving
from autograd_mini.optim import SGD, Adam, AdamW, CosineDecay, WarmUp
from autograd_mini.programs import shards
from autograd_mini.training import EarlyStopping, evaluation, fit, fitting, loop
from autograd_mini.training.history import History

TESTS = Path(__file__).parent.parent
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def printed_by(script: str, *arguments: object, status: int = 0) -> list[str]:
    """Run a script in a process of its own, which must find no fault; return the words it prints.

    A fresh interpreter has one thread and little memory, so it can be forked at no risk or cost.
    """
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert (ran.stderr, ran.returncode) == ("", status)
    return ran.stdout.split()


# --- a file that we write survives a kill at any instant: old or new, never torn (P16) ----------

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
every_kind_of_file = pytest.mark.parametrize("kind", WRITERS)

KILLED_AT_INSTRUCTIONS = """
import os, signal, sys
from pathlib import Path
from autograd_mini import files
from autograd_mini.views import rendering
from support.interrupts import before_each_instruction
from support.strays import remove_strays
from support.writers import WRITERS, read_folder

os.fsync = lambda _: None  # which takes time, and which a kill has no part in
write, folder, step = WRITERS[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3])
contents = []
for text in ("new", "old"):
    write(folder, text)
    contents.append(read_folder(folder))
new, old = contents


def write_or_be_killed(instant):
    def kill(frame):
        nonlocal instant
        if instant == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        instant -= 1

    with before_each_instruction(kill, (files.__file__, rendering.__file__)):
        write(folder, "new")


found, stray = [], 0
instant, status = 0, 1
while status:
    if found and found[-1] != old:
        write(folder, "old")
    child = os.fork()
    if not child:
        write_or_be_killed(instant)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    left = remove_strays(folder, old)
    found.append(read_folder(folder))
    assert len(left) <= 1
    assert all(mode & 0o077 == 0 or content in new.values() for mode, content in left)
    stray += len(left)
    instant += step
for state in found:
    assert state.keys() == old.keys()
    assert all(content in (old[name], new[name]) for name, content in state.items())
sizes = [sum(state[name] == new[name] for name in new) for state in found]
print(sizes.count(0), sizes.count(len(new)), sizes == sorted(sizes), stray)
"""


@needs_fork
@every_kind_of_file
@pytest.mark.parametrize("step", [13, pytest.param(1, marks=pytest.mark.soak)])
def test_p16_a_kill_at_any_instruction_leaves_old_or_new(tmp_path, kind, step):
    """Old before one instruction, new from then on; the one that is not killed ends the test.

    Before the rename a kill leaves a temporary file too, which its owner alone can read until it
    is complete. Of a picture and its source, each is old or new.
    """
    old, new, in_order, stray = printed_by(KILLED_AT_INSTRUCTIONS, kind, tmp_path, step)
    print(f"{kind}: {old} instructions before the rename, {new} after; {stray} left a stray file")
    assert int(old) > 100 / step
    assert int(new) > 10 / step
    assert in_order == "True"
    assert int(stray) > 20 / step


KILLED_AT_RANDOM = """
import itertools, os, random, signal, sys, time, traceback
from pathlib import Path
from support.strays import remove_strays
from support.writers import WRITERS, read_folder

parent, kills = os.getpid(), int(sys.argv[3])
write, folder = WRITERS[sys.argv[1]], Path(sys.argv[2])
rng = random.Random(0)


def write_for_ever():
    try:
        for text in itertools.cycle(["old", "new"]):
            write(folder, text)
            if os.getppid() != parent:
                os._exit(1)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


write(folder, "old")
old = read_folder(folder)
found, stray = [], 0
for _ in range(kills):
    started = time.monotonic()
    write(folder, "new")
    duration = time.monotonic() - started
    new = read_folder(folder)
    child = os.fork()
    if not child:
        write_for_ever()
    time.sleep(rng.uniform(0, 4 * duration))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    left = remove_strays(folder, old)
    for name, content in read_folder(folder).items():
        found.append((old[name], new[name]).index(content))
    assert len(left) <= 1
    stray += len(left)
print(found.count(0), found.count(1), stray)
"""


@needs_fork
@every_kind_of_file
@pytest.mark.parametrize("kills", [20, soaking(100)])
def test_p16_a_kill_at_any_time_leaves_one_of_the_contents_that_were_written(tmp_path, kind, kills):
    old, new, stray = map(int, printed_by(KILLED_AT_RANDOM, kind, tmp_path, kills))
    print(f"{kind}: {kills} kills left one content {old} times, the other {new}, a stray {stray}")
    assert old + new == kills
    assert stray <= kills
    if kills >= 100:  # fewer may all come at like instants
        assert min(old, new, stray) > 0


KILLED_AMONG_OTHERS = """
import itertools, os, random, signal, sys, time, traceback
from pathlib import Path
from autograd_mini.nn import saving
from support.strays import remove_strays

parent, path, kills = os.getpid(), sys.argv[1], int(sys.argv[2])
rng = random.Random(0)
states = [{f"w{i}": rng.gauss(0, 1) for i in range(300)} for _ in range(4)]
stop = []


def save_until_told_to_stop(state):
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    try:
        saved = 0
        while saved < 50 or not stop:
            saving.save(state, path)
            saved += 1
            if os.getppid() != parent:
                os._exit(1)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os.write(counts, b"%d " % saved)
    os._exit(0)


def saver(state):
    child = os.fork()
    if not child:
        save_until_told_to_stop(state)
    return child


count, counts = os.pipe()
saving.save(states[0], path)
live = [saver(state) for state in states[:3]]
loads = 0
for _ in range(kills):
    victim = saver(states[3])
    until = time.monotonic() + rng.uniform(0, 0.02)
    while time.monotonic() < until:
        assert saving.load(path) in states
        loads += 1
    os.kill(victim, signal.SIGKILL)
    assert os.waitpid(victim, 0)[1] == signal.SIGKILL
    assert saving.load(path) in states
for child in live:
    os.kill(child, signal.SIGTERM)
for child in live:
    assert os.waitpid(child, 0)[1] == 0
saving.save(states[0], path)
assert len(remove_strays(Path(path).parent, [Path(path).name])) <= kills
print(loads, sum(map(int, os.read(count, 100).split())))
"""


@needs_fork
@pytest.mark.parametrize("kills", [50, soaking(200)])
def test_p16_kills_do_not_disturb_others_who_save_to_the_same_file(tmp_path, kills):
    """Three save on, at least 50 times each; none fails, and the file is always a whole one."""
    loads, saves = printed_by(KILLED_AMONG_OTHERS, tmp_path / "state.json", kills)
    print(f"{kills} kills among {saves} other saves; all of {loads} loads found a whole file")
    assert int(loads) > kills


@pytest.mark.parametrize("kind", ["model", "page"])
@pytest.mark.parametrize("signals", [100, soaking(2_000)])
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_p16_real_signals_leave_old_or_new_and_nothing_else(
    alarm, tmp_path, kind, signals, monkeypatch
):
    monkeypatch.setattr("os.fsync", lambda _: None)
    write = WRITERS[kind]
    write(tmp_path, "old")
    contents = [read_folder(tmp_path)]
    write(tmp_path, "new")
    contents.append(read_folder(tmp_path))
    duration = min(timeit.repeat(lambda: write(tmp_path, "new"), number=1, repeat=20))
    delivered, outcomes = 0, set()
    while delivered < signals:
        write(tmp_path, "old")
        delivered += alarm.interrupts(lambda: write(tmp_path, "new"), duration)
        found = read_folder(tmp_path)
        assert found in contents, f"after {delivered} signals"
        outcomes.add(contents.index(found))
        # However busy the machine is, about half of the signals are to come late.
        duration *= 1.1 if found == contents[0] else 0.9
    assert outcomes == {0, 1}
    print(f"{kind}: {delivered} signals")


@pytest.mark.parametrize(
    "kind",
    [
        # A picture and a command take long to make anew for each instant.
        pytest.param(kind, marks=[pytest.mark.soak] * (kind in ("picture", "command")))
        for kind in WRITERS
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_p16_an_interrupt_at_any_instant_leaves_old_or_new_and_nothing_else(
    tmp_path, kind, monkeypatch
):
    """Python closes the file that an interrupt kept from `with`, which warns about it."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # which takes time
    write = WRITERS[kind]
    write(tmp_path, "new")
    new = read_folder(tmp_path)
    write(tmp_path, "old")
    old = read_folder(tmp_path)

    def check(_):
        found = read_folder(tmp_path)
        assert found.keys() == old.keys()
        assert all(content in (old[name], new[name]) for name, content in found.items())

    instants = interrupted_everywhere(
        lambda: write(tmp_path, "old"),
        lambda _: write(tmp_path, "new"),
        check=check,
        inside=files.__file__,
    )
    print(f"{kind}: {instants} interrupts")
    assert instants > 100
    assert read_folder(tmp_path) == new


@contextmanager
def short_files(_):
    """No file can have more bytes than this; what a command prints is not written to a file."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE // 10, before[1]))
    try:
        yield "File too large"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def full_disk(folder):
    """All of a small disk is used."""
    with pytest.raises(OSError, match="No space"):
        (folder / "filler").write_bytes(b"." * 2**20)
    try:
        yield "No space left on device"
    finally:
        (folder / "filler").unlink()


@pytest.fixture
def small_disk(tmp_path):
    """A folder that is a disk of 64 kB, which only an administrator can make."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if not (mount and unmount):
        pytest.skip("no program mount here")
    made = [mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path]
    if subprocess.run(made, check=False, capture_output=True).returncode:
        pytest.skip("this user cannot mount a disk here")
    yield tmp_path
    subprocess.run([unmount, tmp_path], check=True)


@every_kind_of_file
def test_p16_where_a_file_would_be_too_long_all_is_as_it_was(tmp_path, kind):
    check_failing_writes(kind, tmp_path, short_files)


@pytest.mark.soak  # a test that is killed would leave the disk
@every_kind_of_file
def test_p16_on_a_full_disk_all_is_as_it_was(small_disk, kind):
    check_failing_writes(kind, small_disk, full_disk)


def check_failing_writes(kind, folder, make_impossible):
    """Write what was not there, then over what was, where it is not possible."""
    for _ in range(2):
        before = read_folder(folder)
        with make_impossible(folder) as why, pytest.raises(OSError, match=why):
            WRITERS[kind](folder, "new")
        assert read_folder(folder) == before
        WRITERS[kind](folder, "old")
    assert before


# --- a damaged file is refused before a model is touched; doubles come back exactly (P17) --------


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("data") / "state.json"


@given(state=st.dictionaries(st.text(), FINITE))
def test_p17_every_double_and_every_name_comes_back(file, state):
    saving.save(state, file)
    loaded = saving.load(file)
    assert list(loaded) == list(state), "in the same order"
    assert [x.hex() for x in loaded.values()] == [x.hex() for x in state.values()]


class Line(Module):
    """A model that is as small as can be: slope · x + offset."""

    def __init__(self, slope=0.5, offset=-0.0):
        self.slope, self.offset = Value(slope), Value(offset)

    def __call__(self, x):
        return self.slope * x + self.offset

    @property
    def bits(self):
        return self.slope.data.hex(), self.offset.data.hex()


SAVED, MODEL = Line(0.1, 1e-7), Line()
STATE = SAVED.state_dict()


def refusal(file: Path, content: bytes) -> str:
    """Load a file into a model; return why it was refused, or "" if its numbers are the saved.

    It is the one or the other, and a model whose file is refused is as it was before.
    """
    file.unlink(missing_ok=True)  # ext4 takes ten times as long to write over a file
    file.write_bytes(content)
    model = Line()
    try:
        model.load(file)
    except StateError as error:
        reason = str(error)
    else:
        assert model.bits == SAVED.bits
        return ""
    assert model.bits == MODEL.bits
    assert reason.startswith(f"{file}: ")
    return reason.removeprefix(f"{file}: ")


@pytest.fixture
def content(file):
    SAVED.save(file)
    return file.read_bytes()


def document(**changes) -> str:
    """Return the text of a file as it should be, but for some fields; None takes one away."""
    numbers = changes.get("state", STATE)
    fields = {"format": saving.FORMAT, "state": numbers, "version": 1}
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    fields |= {"sha256": hashlib.sha256(canonical.encode()).hexdigest()} | changes
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def test_p17_order_and_spacing_do_not_matter(file):
    assert refusal(file, document().encode()) == ""
    assert refusal(file, document(state=dict(reversed(STATE.items()))).encode()) == ""


NO_JSON = "^content must be JSON, got b'.*'; "
FIELDS = "^fields must be format, version, sha256, state, got"
FIELDS_OF_2 = "^fields must be format, version, sha256, architecture, state, got"
DAMAGED = "^sha256 must be [0-9a-f]{64}, got"
INEXACT = "^'slope' must be a number that a float holds exactly, got"
OTHER = "^names in the state must be those of Line.*, got"

WRONG = [
    ("", "^content must be JSON, got b''; Expecting value"),
    ('{"format"', NO_JSON),
    ("\ufeff{}", NO_JSON),
    ("[" * 100_000, NO_JSON),
    ('{"state": ' * 100_000, NO_JSON),
    ("9" * 10_000, NO_JSON),
    (document().replace("0.1", "9" * 5000), NO_JSON),
    ("[]", r"^content must be a JSON object, got \[\]$"),
    ("{}", "^format must be 'autograd_mini state', got None$"),
    ("null", "^content must be a JSON object, got None$"),
    (document(format="pickle"), "^format must be 'autograd_mini state', got 'pickle'$"),
    (document(format=None), "^format must be 'autograd_mini state', got None$"),
    (document(version=2), rf"{FIELDS_OF_2} .*$"),
    (document(version=1.0), r"^version must be 1 or 2, got 1\.0$"),
    (document(version=True), "^version must be 1 or 2, got True$"),
    (document(version=None), "^version must be 1 or 2, got None$"),
    (document(sha256=None), rf"{FIELDS} \['format', 'state', 'version'\]$"),
    (document(state=None), rf"{FIELDS} \['format', 'version', 'sha256'\]$"),
    (document(more=1), rf"{FIELDS} \['format', 'state', 'version', 'sha256', 'more'\]$"),
    (document(sha256="0" * 64), rf"{DAMAGED} '0+\.\.\.0+'; the content is damaged$"),
    (document(sha256=7), f"{DAMAGED} 7; the content is damaged$"),
    (document(state=[1.0]), r"^state must be a JSON object, got \[1\.0\]$"),
    (document(state="0.1"), r"^state must be a JSON object, got '0\.1'$"),
    (document(state=STATE | {"slope": "1.0"}), r"^'slope' must be a real number, got '1\.0'$"),
    (document(state=STATE | {"slope": True}), "^'slope' must be a real number, got True; use "),
    (document(state=STATE | {"slope": None}), "^'slope' must be a real number, got None$"),
    (document(state=STATE | {"slope": [1.0]}), r"^'slope' must be a real number, got \[1\.0\]$"),
    (document(state=STATE | {"slope": math.nan}), "^each number must be finite, got NaN$"),
    (document(state=STATE | {"slope": -math.inf}), "^each number must be finite, got -Infinity$"),
    (document().replace("0.1", "1e999"), "^'slope' must be finite, got inf$"),
    (document().replace("0.1", str(10**400)), f"{INEXACT} 1000"),
    (document().replace("0.1", str(2**53 + 1)), f"{INEXACT} 9007199254740993; "),
    (document().replace("0.1", "0.10000000000000002"), DAMAGED),
    (document().replace("0.1", "-0.1"), DAMAGED),
    (document().replace('"slope"', '"slop"'), DAMAGED),
    (
        document().replace('"slope"', '"\\ud800"'),
        r"^name in the state must be Unicode text, got '\\ud800'$",
    ),
    (document().replace('"offset"', '"slope"'), "^each name must be unique, got 'slope'$"),
    (document().replace('"version"', '"format"'), "^each name must be unique, got 'format'$"),
    # Whole files, but of another model.
    (document(state={}), rf"{OTHER} \[\]; missing 'slope', 'offset'$"),
    (document(state={"slope": 0.1}), rf"{OTHER} \['slope'\]; missing 'offset'$"),
    (
        document(state=STATE | {"more": 1.0}),
        rf"{OTHER} \['slope', 'offset', 'more'\]; unexpected 'more'$",
    ),
    (
        document(state={"Slope": 0.1, "offset": 1e-7}),
        rf"{OTHER} \['Slope', 'offset'\]; missing 'slope'; unexpected 'Slope'$",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=lambda text: text[:40])
def test_p17_what_is_wrong_with_a_file_is_named_and_the_model_untouched(file, text, message):
    assert re.search(message, refusal(file, text.encode()))


def test_p17_bytes_that_are_no_text_are_refused(file, content):
    text = content.decode()
    assert re.search(f"{NO_JSON}'utf-8' codec", refusal(file, pickle.dumps(STATE)))
    assert re.search(f"{NO_JSON}'utf-8' codec", refusal(file, text.encode("utf-16")))
    assert re.search(NO_JSON, refusal(file, text.encode("utf-16-le")))
    assert re.search(NO_JSON, refusal(file, b"\0" * len(content)))


def test_p17_what_is_no_file_is_an_error_of_the_system(tmp_path):
    model = Line()
    with pytest.raises(FileNotFoundError, match=r"state\.json"):
        model.load(tmp_path / "state.json")
    (tmp_path / "state.json").mkdir()
    with pytest.raises(OSError, match=r"state\.json"):
        model.load(tmp_path / "state.json")
    assert model.bits == MODEL.bits


def test_p17_every_flipped_bit_is_noticed_but_that_of_an_exponents_case(file, content):
    """1e-07 and 1E-07 are the same number; all else gives other content, which is refused."""
    accepted = []
    for at, byte in enumerate(content):
        for bit in range(8):
            changed = content[:at] + bytes([byte ^ 1 << bit]) + content[at + 1 :]
            if not refusal(file, changed):
                accepted.append(content[at : at + 1] + changed[at : at + 1])
    assert accepted == [b"eE"]


def test_p17_every_single_changed_byte_is_noticed_or_changes_nothing(file, content):
    """A changed digit, letter or bracket never gives other numbers."""
    noticed = 0
    for at in range(len(content)):
        for byte in b'0 x",':
            noticed += refusal(file, content[:at] + bytes([byte]) + content[at + 1 :]) != ""
    assert noticed > 4 * len(content)


def test_p17_a_file_that_was_cut_off_is_refused_at_every_length(file, content):
    """But for the line's end, which is no part of the content."""
    accepted = [n for n in range(len(content)) if not refusal(file, content[:n])]
    assert accepted == [len(content) - 1]


def test_p17_whatever_is_appended_is_refused_but_space(file, content):
    accepted = [byte for byte in range(256) if not refusal(file, content + bytes([byte]))]
    assert bytes(accepted) == b"\t\n\r "
    assert re.search(f"{NO_JSON}Extra data", refusal(file, content + content))


WORDS = [b"NaN", b"-Infinity", b"1e999", b"-0.0", b"0.1", b"1", b"null", b"true", b'"', b"{", b"}"]
WORDS += [b'"slope": 0.2,', b'"offset": 0', b'"version": 1,', b"\\u0000", b"\\ud800", b"[", b" "]


def mutated(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """Return a content with one to four pieces replaced, moved, taken away or repeated."""
    for _ in range(rng.randint(1, 4)):
        i, j = sorted(rng.randrange(len(content) + 1) for _ in range(2))
        k = min(j, i + rng.randint(0, 4))
        start = rng.randrange(len(other))
        content = rng.choice(
            [
                content[:i] + rng.randbytes(k - i) + content[k:],
                content[:i] + rng.choice(WORDS) + content[k:],
                content[:i] + content[k:],
                content[:i] + content[j:],
                content[:j] + content[i:],
                content[j:] + content[:i],
                content[:i] + other[start : start + k - i] + content[k:],
                content[:i] + other[start:],
            ]
        )
    return content


@pytest.mark.parametrize("times", [2_000, soaking(40_000)])
def test_p17_random_damage_is_refused_or_changes_nothing(file, content, times):
    """Other bytes, words and pieces of a file with other numbers but the same checksum."""
    rng = random.Random(times)
    checksum = json.loads(content)["sha256"]
    other = document(state={"slope": 0.2, "offset": -3.0}, sha256=checksum).encode()
    refused = sum(refusal(file, mutated(content, other, rng)) != "" for _ in range(times))
    print(f"{refused} of {times} damaged files refused, the others still hold the same numbers")
    assert times / 2 < refused < times


@pytest.mark.parametrize("times", [1000, soaking(20_000)])
def test_p17_a_damaged_model_is_refused_or_the_same(tmp_path, times):
    """Bits, bytes and pieces of a file with an architecture, and sizes with no memory for them."""
    model, path, rng = MLP(2, [3, 1]), tmp_path / "model.json", random.Random(times)
    model.save(path)
    content = path.read_bytes()
    MLP(2, [4, 1]).save(path)
    other, refused = path.read_bytes(), 0
    for _ in range(times):
        path.write_bytes(mutated(content, other, rng))
        try:
            found = load(path)
        except StateError:
            refused += 1
        else:
            assert (repr(found), found.state_dict()) == (repr(model), model.state_dict())
    print(f"{refused} of {times} damaged files refused, the others make the same model")
    assert times / 2 < refused <= times


# --- an interrupted training keeps its weights and can go on as if it never stopped (P18) --------

X = [-1.0, -0.5, 0.25, 0.5]
Y = [-1.0, 0.1, 1.4, 2.0]


def squares(predictions, targets):
    return Value.sum([(p - t) ** 2 for p, t in zip(predictions, targets, strict=True)])


class Training:
    """A model, an optimiser and a generator, and a training of them that can be interrupted."""

    def __init__(
        self, make, *, batch_size=2, weights=(0.5, -0.0), seed=1, loss=squares, model=None,
        callbacks=(), **options,
    ):  # fmt: skip
        self.model = model or Line(*weights)
        self.callbacks = callbacks
        self.optimizer = make(self.model.parameters())
        self.rng = random.Random(seed)
        self.batch_size = batch_size
        self.loss, self.options = loss, options
        self.history = None

    def run(self, resume=None, epochs=2):
        """Train; a callback keeps the history, which an interrupt of `fit` itself would lose."""
        self.history = resume
        self.history = fit(
            self.model,
            X,
            Y,
            loss=self.loss,
            optimizer=self.optimizer,
            epochs=epochs,
            batch_size=self.batch_size,
            rng=self.rng,
            resume=resume,
            callbacks=[self.keep, *self.callbacks],
            **self.options,
        )
        return self

    def keep(self, history):
        self.history = history

    @property
    def bits(self):
        """All that a training leaves, as text: equal if and only if the bits are."""
        history = self.history
        return repr(
            [
                (self.model.bits, self.optimizer.state_dict(), self.rng.getstate()),
                (history.history, history.stopped, history.message),
                (*history.best, *history.latest),
            ]
        )


def momentum(parameters):
    return SGD(parameters, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01)


def adam(parameters):
    return Adam(parameters, lr=0.1)


def elsewhere(make, batch_size):
    """A training of the same kind, but with other weights and another generator."""
    return Training(make, batch_size=batch_size, weights=(7.0, 7.0), seed=7)


KINDS = [(make, batch_size) for make in (momentum, adam) for batch_size in (None, 2)]


def decaying(parameters):
    return AdamW(parameters, WarmUp(CosineDecay(0.1, epochs=6), epochs=2))


class Dropping(Module):
    """A line whose slope is dropped in some epochs."""

    def __init__(self, slope, seed):
        self.slope, self.offset, self.dropout = Value(slope), Value(0.0), Dropout(0.5, rng=seed)

    def __call__(self, x):
        return self.dropout(self.slope) * x + self.offset

    @property
    def bits(self):
        return [parameter.data for parameter in self.parameters()]


def watched(slope=0.5, seed=4):
    """A training with all that `fit` can do beside it."""
    callbacks = [EarlyStopping(2)]
    measures = {"metrics": ["mae"], "validation_data": ([0.75, 1.0], [2.5, -3.0])}
    return Training(
        decaying,
        model=Dropping(slope, seed),
        clip_norm=0.5,
        callbacks=callbacks,
        seed=seed,
        **measures,
    )


@pytest.mark.parametrize(
    ("make", "batch_size", "every"),
    [(*KINDS[3], 9), *(pytest.param(*kind, 1, marks=pytest.mark.soak) for kind in KINDS)],
)
def test_p18_after_an_interrupt_at_any_instant_training_goes_on_as_if_it_never_stopped(
    make, batch_size, every
):
    """Where it was interrupted, and with a new model from a copy of the history."""
    whole = Training(make, batch_size=batch_size).run().bits
    ends = set()

    def check(interrupted):
        history = interrupted.history
        ends.add(history and (history.stopped, history.epochs))
        if history is not None:
            copied = pickle.loads(pickle.dumps(history))  # noqa: S301 - as a user may
            assert elsewhere(make, batch_size).run(copied).bits == whole
        assert interrupted.run(history).bits == whole

    instants = interrupted_everywhere(
        lambda: Training(make, batch_size=batch_size),
        Training.run,
        check=check,
        inside=(fitting.__file__, loop.__file__, inspect.getfile(History)),
        every=every,
    )
    print(f"interrupted at {instants // every} instants, and every time resumed twice")
    assert instants > 500
    assert ends == {None, ("interrupted", 0), ("interrupted", 1), ("interrupted", 2), ("epochs", 2)}


def interrupting(after: int):
    """Return a cost that is interrupted when it is called for that time, from 0, but only once."""
    calls = iter(range(after + 1))

    def loss(predictions, targets):
        if next(calls, None) == after:
            raise KeyboardInterrupt
        return squares(predictions, targets)

    return loss


@pytest.mark.parametrize("every", [29, pytest.param(2, marks=pytest.mark.soak)])
def test_p18_with_validation_metrics_early_stopping_a_schedule_clipping_and_dropout(every):
    whole = watched().run(epochs=3)
    assert {*whole.history.history} == {"loss", "grad_norm", "mae", "val_loss", "val_mae"}
    ends = set()

    def check(interrupted):
        history = interrupted.history
        ends.add(history and (history.stopped, history.epochs))
        if history is not None:
            lengths = {len(numbers) for numbers in history.history.values()}
            assert len(lengths) == 1
            copied = pickle.loads(pickle.dumps(history))  # noqa: S301 - as a user may
            assert watched(7.0, 5).run(copied, epochs=3).bits == whole.bits
        assert interrupted.run(history, epochs=3).bits == whole.bits

    instants = interrupted_everywhere(
        watched,
        lambda training: training.run(epochs=3),
        check=check,
        inside=(fitting.__file__, loop.__file__, evaluation.__file__, inspect.getfile(History)),
        every=every,
    )
    print(f"interrupted at {instants // every} instants, and every time resumed twice")
    assert instants > 1000
    assert {None, ("interrupted", 0), ("interrupted", 1), ("interrupted", 2)} < ends


@pytest.mark.soak
def test_p18_also_if_it_is_interrupted_again_at_any_instant():
    """First in the middle of the second epoch, then anywhere in the rest."""
    whole = Training(adam).run().bits
    first = Training(adam, loss=interrupting(3)).run().history
    assert (first.stopped, first.epochs) == ("interrupted", 1)
    again = set()

    def check(resumed):
        again.add((resumed.history.stopped, resumed.history.epochs))
        assert elsewhere(adam, 2).run(resumed.history).bits == whole

    instants = interrupted_everywhere(
        lambda: elsewhere(adam, 2),
        lambda resumed: resumed.run(first),
        check=check,
        inside=(fitting.__file__, loop.__file__, inspect.getfile(History)),
    )
    print(f"interrupted for the second time at {instants} instants")
    assert instants > 300
    assert again == {("interrupted", 1), ("interrupted", 2), ("epochs", 2)}


@pytest.mark.parametrize(("make", "batch_size"), KINDS)
def test_p18_best_and_latest_are_what_they_say(make, batch_size):
    """After any batch: the latest weights are the model's, the best began the lowest epoch."""
    began = [Training(make, batch_size=batch_size).optimizer.snapshot()]
    for epochs in range(1, 7):
        run = Training(make, batch_size=batch_size).run(epochs=epochs)
        began.append(run.optimizer.snapshot())
    batches = 6 * (1 if batch_size is None else 2)
    seen = set()
    for calls in range(batches + 1):
        run = Training(make, batch_size=batch_size, loss=interrupting(calls)).run(epochs=6)
        assert run.history.stopped == ("interrupted" if calls < batches else "epochs")
        assert repr([*run.history.latest]) == repr([*run.optimizer.snapshot()])
        losses = run.history.history["loss"]
        best = losses.index(min(losses)) if losses else 0
        assert repr([*run.history.best]) == repr([*began[best]])
        seen.add(best)
        run.optimizer.restore(run.history.best)
        if batch_size is None and losses:
            assert squares([run.model(x) for x in X], Y).data == pytest.approx(min(losses))
    assert len(seen) > 1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
@pytest.mark.parametrize("signals", [60, soaking(1_000)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compiled": True},
        {"compiled": True, "loss": mean_squared_error},
        {"compiled": True, "executor": ThreadPoolExecutor(2)},
    ],
)
def test_p18_also_after_real_signals(options, signals, monkeypatch):
    """Each comes when it comes, and the training goes on until it has ended by itself."""
    rng = random.Random(0)
    epochs, armed, came = 20, False, 0
    if "executor" in options:
        monkeypatch.setattr(shards, "SHARD", 1)

    def interrupt(*_):
        nonlocal came
        if armed:
            came += 1
            raise KeyboardInterrupt

    def make():
        return Training(adam, **options)

    whole = make().run(epochs=epochs).bits
    duration = min(timeit.repeat(lambda: make().run(epochs=epochs), number=1, repeat=20))
    before = signal.signal(signal.SIGALRM, interrupt)
    trainings, ends = 0, set()
    gc.collect()
    gc.disable()  # an interrupt in a callback of the collector would be lost
    try:
        while came < signals:
            run = make()
            while run.history is None or run.history.stopped != "epochs":
                armed = True
                try:
                    signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-6, duration))
                    run.run(run.history, epochs=epochs)
                    armed = False
                except KeyboardInterrupt:
                    armed = False
                signal.setitimer(signal.ITIMER_REAL, 0)
                ends.add(run.history and run.history.epochs)
            assert run.bits == whole
            trainings += 1
    finally:
        gc.enable()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    print(f"{came} signals in {trainings} trainings")
    assert len(ends) > 5


IN_ANOTHER_PROCESS = """
import os, pickle, random, signal, sys
from autograd_mini import MLP, Adam, fit, losses

path, task = sys.argv[1:]
rng = random.Random(task)  # other weights and another order in each process
model = MLP(2, [3, 1], activation="tanh", rng=rng)
optimizer = Adam(model.parameters(), lr=0.5 if task == "resume" else 0.1)
steps = 0


def save(history):
    with open(path + ".new", "wb") as file:
        pickle.dump(history, file)
    os.replace(path + ".new", path)


def loss(predictions, targets):
    global steps
    steps += 1
    if task == "interrupted" and steps == 9:
        raise KeyboardInterrupt
    if task == "killed" and steps == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    return losses.mean_squared_error(predictions, targets)


if task != "resume":
    rng.seed(1)
    model.load_state_dict({name: rng.gauss(0, 1) for name in model.state_dict()})
    resume = None
else:
    with open(path, "rb") as file:
        resume = pickle.load(file)
history = fit(
    model,
    [(0, 0), (0, 1), (1, 0), (1, 1)],
    [0, 1, 1, 0],
    loss=loss,
    optimizer=optimizer,
    epochs=6,
    batch_size=2,
    rng=rng,
    callbacks=[save] if task == "killed" else [],
    resume=resume,
)
if task == "interrupted":
    save(history)
else:
    everything = [
        (model.state_dict(), optimizer.state_dict(), rng.getstate()),
        (history.history, history.stopped, history.message),
        (*history.best, *history.latest),
    ]
    print(repr(everything))
"""


def test_p18_also_in_another_process(tmp_path):
    """From the history that was pickled after an interrupt, or by a callback before a SIGKILL."""
    whole = printed_by(IN_ANOTHER_PROCESS, tmp_path / "history", "whole")
    assert len(whole) > 625
    printed_by(IN_ANOTHER_PROCESS, tmp_path / "history", "interrupted")
    assert printed_by(IN_ANOTHER_PROCESS, tmp_path / "history", "resume") == whole
    if hasattr(signal, "SIGKILL"):
        (tmp_path / "history").unlink()
        printed_by(IN_ANOTHER_PROCESS, tmp_path / "history", "killed", status=-signal.SIGKILL)
        assert printed_by(IN_ANOTHER_PROCESS, tmp_path / "history", "resume") == whole

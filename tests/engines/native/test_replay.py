"""`core.Replay`: each sample has the eager engine's bits, and sums those of their definition."""

import math
import random
import signal
import threading
import time
from array import array
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag

if ag.engine != "native":
    pytest.skip("the native engine was not built or not asked for", allow_module_level=True)

from support.recordings import Branching, Instruction, Recording, bits, sums_of

from autograd_mini.engines.native import core
from autograd_mini.table.primitives import PRIMITIVES, TABLE, Primitive

COUNTS = (0, 1, 7, 8, 63, 64, 65, 200)
NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 30.0, 1e-160, 1e160)
SPECIAL = (math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324)


def draw(rng, *, special=0.0):
    if rng.random() < special:
        return rng.choice(SPECIAL)
    return rng.choice(NUMBERS) if rng.random() < 0.1 else rng.uniform(-3, 3)


def points(rng, count, width, *, special=0.0):
    return [[draw(rng, special=special) for _ in range(width)] for _ in range(count)]


def columns_of(rows, width):
    return [array("d", [row[k] for row in rows]) for k in range(width)]


class Call:
    """A function that is replayed: an unknown path is recorded, and the shard tried again."""

    def __init__(self, branching, weights, *, sums, wrt=(), rng=None):
        self.branching, self.weights, self.wrt, self.sums = branching, weights, list(wrt), sums
        self.replay, self.paths, self.forks = core.Replay(sums), [], {}
        self.rng = rng or random.Random(0)
        self.order = []

    def add(self, point):
        recording = self.branching.trace([*point, *self.weights])
        roots = recording.outputs[:1] if self.sums else recording.outputs
        recording.add_to(self.replay, roots, self.wrt)
        self.paths.append(recording)
        self.order = list(range(len(self.paths)))
        self.rng.shuffle(self.order)
        self.replay.arrange(self.order, [(*place, to) for place, to in self.forks.items()])

    def run(self, rows, *, first=0, count=None, strict=True, seed=1.0, columns=None):
        """Return (results, sums, flagged) of a shard."""
        count = len(rows) - first if count is None else count
        if not self.paths:
            self.add(rows[first] if rows else [0.5] * self.branching.inputs)
        columns = columns or columns_of(rows, self.branching.inputs)
        numbers = array("d", self.weights)
        width = 3 + 3 * len(self.wrt) * (not self.sums)
        results = [array("d", [7.0] * len(rows)) for _ in range(width)]
        sums = array("d", [5.0] * len(numbers)) if self.sums else None
        while True:
            found = self.replay.run(columns, first, count, numbers, seed, strict, results, sums)
            unknown, flagged = found or ([], [])
            if not unknown:
                return results, sums, flagged
            for path, guard, sample in unknown:
                self.forks[path, guard] = len(self.paths)
                self.add(rows[sample])

    def check(self, rows, *, first=0, count=None, strict=True, seed=1.0, **options):
        """Compare a shard with the definition."""
        count = len(rows) - first if count is None else count
        results, sums, flagged = self.run(
            rows, first=first, count=count, strict=strict, seed=seed, **options
        )
        keys = {path.key: i for i, path in enumerate(self.paths)}
        assert len(keys) == len(self.paths)
        clean = {i: [] for i in range(len(self.paths))}
        expected_flagged = []
        for i in range(first, first + count):
            key = self.branching.trace([*rows[i], *self.weights]).key
            path = self.paths[keys[key]]
            computation = path.compute([*rows[i], *self.weights])
            assert computation.differs is None
            expected = [computation.at(ref) for ref in path.outputs]
            derivatives = []
            if not self.sums:
                for root in path.outputs:
                    derivatives += computation.gradients(root, self.wrt)
            finite = all(map(math.isfinite, derivatives))
            if strict and (computation.is_flagged or not finite):
                expected_flagged.append(i)
                continue
            assert bits([column[i] for column in results]) == bits(expected + derivatives)
            clean[keys[key]].append((i, computation))
        assert flagged == expected_flagged
        if self.sums:
            totals = [0.0] * len(self.weights)
            for k in self.order:
                path = self.paths[k]
                seeds = [seed if isinstance(seed, float) else seed[i] for i, _ in clean[k]]
                found = sums_of(path, [c for _, c in clean[k]], seeds, path.outputs[0])
                totals = [x + y for x, y in zip(totals, found, strict=True)]
            assert bits(sums) == bits(totals)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("branches", [0, 3])
@pytest.mark.parametrize("sums", [False, True])
def test_samples_and_sums_are_those_of_the_definition(count, branches, sums):
    for _ in range(4):
        seed = random.getrandbits(32)
        rng = random.Random(seed)
        branching = Branching(seed, branches=branches)
        weights = [draw(rng) for _ in range(2)]
        call = Call(branching, weights, sums=sums, wrt=[] if sums else [1, 0, 2], rng=rng)
        special = rng.choice((0.0, 0.0, 0.02, 0.3))
        rows = points(rng, count, 3, special=special)
        for strict in (True, False):
            seeds = rng.choice((1.0, array("d", [draw(rng) for _ in range(count)])))
            call.check(rows, strict=strict, seed=seeds)


@given(st.integers(0, 2**32), st.booleans(), st.integers(0, 5), st.booleans())
def test_random_functions_are_replayed(seed, sums, branches, strict):
    rng = random.Random(seed)
    rows = rng.choice((TABLE, [PRIMITIVES[n] for n in ("add", "mul", "dot", "sum", "relu", "div")]))
    options = {"steps": rng.randint(0, 40), "inputs": 3, "parameters": rng.randint(0, 4)}
    branching = Branching(seed, branches=branches, rows=rows, **options)
    weights = [draw(rng, special=0.05) for _ in range(branching.parameters)]
    call = Call(branching, weights, sums=sums, wrt=[] if sums else [2, 2], rng=rng)
    rows = points(rng, rng.choice((5, 40, 130)), 3, special=rng.choice((0.0, 0.05)))
    first = rng.randrange(len(rows))
    call.check(rows, first=first, strict=strict)


def test_shards_of_many_paths_are_replayed():
    """Of thousands of samples, those on each path keep their order and their positions."""
    rng = random.Random(5)
    rows = [PRIMITIVES[name] for name in ("add", "mul", "sub", "relu", "sin", "dot", "maximum")]
    for seed in range(3):
        call = Call(Branching(seed, branches=8, rows=rows), [0.5, -1.5], sums=True, rng=rng)
        call.check(points(rng, 1500, 3))
        assert len(call.paths) > 5


@pytest.mark.parametrize("seed", range(12))
def test_values_and_derivatives_are_those_of_the_eager_engine(seed):
    rng = random.Random(seed)
    branching = Branching(seed, rows=TABLE, steps=30)
    weights = [draw(rng) for _ in range(2)]
    rows = points(rng, 80, 3, special=0.02)
    call = Call(branching, weights, sums=False, wrt=[0, 1, 2])
    results, _, flagged = call.run(rows, strict=False)
    assert not flagged
    path = call.paths[0]
    with ag.errstate(nonfinite="ignore"):
        for i, row in enumerate(rows):
            leaves = [ag.Value(x) for x in [*row, *weights]]
            nodes = path.eager(leaves)
            outputs = [path.look_up(ref, nodes) for ref in path.outputs]
            roots = [ag.Value(x) if isinstance(x, float) else x for x in outputs]
            expected = [root.data for root in roots]
            for root in roots:
                expected += ag.gradients(root, leaves[:3])
            assert bits([column[i] for column in results]) == bits(expected)


class FourPaths:
    """Paths by the signs of x and y; each adds z · w and log of u, which may be 0 or NaN."""

    inputs, parameters = 4, 2

    def trace(self, leaves):
        recording = Recording(4, 2)
        zero = recording.constant(0.0)
        signs = [int(leaves[k] > 0) for k in (0, 1)]
        recording.guards = [(0, 2, 0, zero, signs[0]), (1, 2, 1, zero, signs[1])]
        product = ("mul", "sub") if signs[1] else ("sub", "mul")
        instructions = [("mul", (4, 2)), (product[signs[0]], (2, 5)), ("log", (3,))]
        instructions += [("add", (6, 7)), ("add", (8, 9)), ("mul", (10, 5))]
        recording.instructions = [
            Instruction(PRIMITIVES[name], refs) for name, refs in instructions
        ]
        recording.outputs = [11, 6, 0]
        return recording


@pytest.mark.parametrize("often", [0.0, 0.02, 0.2])
@pytest.mark.parametrize("special", [0.0, 0.01, 0.1])
def test_sums_over_paths_have_the_bits_of_their_order(often, special):
    """The numbers are of many sizes, so that another order of the samples gives another sum."""
    rng = random.Random()
    for zeros in (0.0, 0.004, 0.03):
        rows = []
        for _ in range(rng.randint(150, 700)):
            x, y = (-1.0 if rng.random() < often else 1.0 for _ in range(2))
            z = rng.choice((-1, 1)) * 10 ** rng.uniform(-8, 8)
            u = 0.0 if rng.random() < zeros else rng.uniform(0.5, 2)
            rows.append([x, y, z, math.inf if rng.random() < special else u])
        call = Call(FourPaths(), [0.7, 1.3], sums=True, rng=rng)
        call.check(rows, strict=rng.random() < 0.7)
        for row in rows:  # a NaN in the sums hides their order
            row[3] = abs(row[3]) if math.isfinite(row[3]) else 1.0
        call.check(rows)


def test_every_unknown_fork_is_returned_with_its_lowest_sample():
    """Two paths may end at guards of the same number."""
    made, function = core.Replay(False), FourPaths()
    for point in ([1, 1, 1, 1], [-1, 1, 1, 1]):
        function.trace([*point, 0.7, 1.3]).add_to(made)
    made.arrange([1, 0], [(0, 0, 1)])
    signs = [(1, 1), (-1, 1), (-1, -1), (1, 1), (1, -1), (-1, -1), (1, -1)] * 20
    columns = columns_of([[x, y, 2.0, 1.0] for x, y in signs], 4)
    results = [array("d", [7.0] * len(signs)) for _ in range(3)]
    weights = array("d", [0.7, 1.3])
    unknown, flagged = made.run(columns, 0, len(signs), weights, 1.0, True, results, None)
    assert sorted(unknown) == [(0, 1, 4), (1, 1, 2)]
    assert flagged == []
    assert [x for x in results[2] if x != 7.0] == [x for x, y in signs if y > 0]


def by_hand(*, outputs, instructions=(), constants=(), guards=()):
    """Return a recording of two inputs (0, 1) and two parameters (2, 3)."""
    recording = Recording(2, 2)
    recording.instructions = [Instruction(PRIMITIVES[name], refs) for name, refs in instructions]
    recording.constants, recording.guards = list(constants), list(guards)
    recording.outputs = list(outputs)
    return recording


def replay(recording, rows, *, sums=False, wrt=(), weights=(2.0, 3.0), seed=1.0, strict=True):
    """Run one path; return (what run returned, the results by sample, the sums)."""
    made = core.Replay(sums)
    roots = recording.outputs[:1] if sums else recording.outputs
    recording.add_to(made, roots, wrt)
    width = len(recording.outputs) * (1 + len(wrt))
    results = [array("d", [7.0] * len(rows)) for _ in range(width)]
    totals = array("d", [5.0, 5.0]) if sums else None
    columns = columns_of(rows, 2)
    numbers = array("d", weights)
    found = made.run(columns, 0, len(rows), numbers, seed, strict, results, totals)
    return found, [list(row) for row in zip(*results, strict=True)], totals and list(totals)


def test_outputs_and_roots_may_be_constants_inputs_parameters_and_uniform():
    uniform = [("mul", (2, 3)), ("exp", (4,))]
    recording = by_hand(outputs=[~0, 1, 3, 5], instructions=uniform, constants=[4.5])
    for count in (1, 70):
        rows = [[float(i), -float(i)] for i in range(count)]
        found, results, _ = replay(recording, rows, wrt=[0, 1])
        assert found is None
        slopes = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
        assert results == [[4.5, -float(i), 3.0, math.exp(6.0), *slopes] for i in range(count)]


@pytest.mark.parametrize("count", [1, 70, 203])
def test_the_sums_of_roots_of_any_kind(count):
    rows = [[float(i), 1.0] for i in range(count)]
    weighted = [[0.25 * (i % 7), 1.0] for i in range(count)]
    seeds = array("d", [row[0] for row in weighted])
    total = math.fsum(seeds)
    uniform = [("mul", (2, 3))]
    for output, expected in {~0: [0, 0], 1: [0, 0], 2: [1, 0], 4: [3, 2]}.items():
        recording = by_hand(outputs=[output], instructions=uniform, constants=[4.5])
        found, _, sums = replay(recording, rows, sums=True, seed=seeds)
        assert found is None
        assert sums == [total * x for x in expected]


def test_operands_that_are_shared_add_up_in_the_eager_order():
    """The adjoints of a dot of a node with itself, and of a parameter that stands twice."""
    instructions = [
        ("mul", (0, 2)), ("dot", (4, 0, 2, 4, 4, 2, 0)), ("mul", (5, 5)), ("dot", (6, 2, 3, 2, 2)),
        ("sub", (7, 7)), ("add", (8, 5)), ("hypot", (9, 2)),
    ]  # fmt: skip
    recording = by_hand(outputs=[10], instructions=instructions)
    rng = random.Random(1)
    for count in (3, 150):
        rows = [[rng.uniform(-2, 2), rng.uniform(-2, 2)] for _ in range(count)]
        _, results, _ = replay(recording, rows, wrt=[0, 1])
        for row, result in zip(rows, results, strict=True):
            leaves = [ag.Value(x) for x in (*row, 2.0, 3.0)]
            root = recording.eager(leaves)[-1]
            assert bits(result) == bits([root.data, *ag.gradients(root, leaves[:2])])
        computations = [recording.compute([*row, 2.0, 3.0]) for row in rows]
        _, _, sums = replay(recording, rows, sums=True)
        assert bits(sums) == bits(sums_of(recording, computations, [1.0] * count, 10))


def test_samples_that_are_repeated_to_fill_a_block_add_nothing():
    """Their seed is zero, but their partial derivative may be infinite."""
    recording = by_hand(outputs=[5], instructions=[("mul", (0, 2)), ("sqrt", (4,))])
    rows = [[1.0, 0.0]] * 72 + [[0.0, 0.0]]
    found, _, sums = replay(recording, rows, sums=True)
    assert found is None
    assert bits(sums) == bits([math.nan, 0.0])  # the last sample adds inf · 0
    weighted = [("mul", (0, 2)), ("sqrt", (4,)), ("mul", (2, 1)), ("add", (5, 6))]
    rows = [[1.0, 1.0]] * 72 + [[1e-320, 1.0]]
    recording = by_hand(outputs=[7], instructions=weighted)
    found, _, sums = replay(recording, rows, sums=True, weights=(1e-4, 1.0))
    computations = [recording.compute([*row, 1e-4, 1.0]) for row in rows]
    expected = sums_of(recording, computations, [1.0] * len(rows), 7)
    assert found is None
    assert bits(sums) == bits(expected)


def test_a_sample_that_is_flagged_has_no_position():
    recording = by_hand(outputs=[5], instructions=[("log", (0,)), ("mul", (4, 2))])
    rows = [[float(i % 97) + 0.1, 0.0] for i in range(300)]
    for i in (3, 64, 150, 299):
        rows[i][0] = 0.0
    rows[7][0] = math.nan
    rows[8][0] = math.inf
    found, results, sums = replay(recording, rows, sums=True)
    assert found == ([], [3, 64, 150, 299])
    assert results[3] == [7.0]
    clean = [row for row in rows if row[0] != 0.0]
    computations = [recording.compute([*row, 2.0, 3.0]) for row in clean]
    assert bits(sums) == bits(sums_of(recording, computations, [1.0] * len(clean), 5))
    rows[7:9] = [[2.0, 0.0]] * 2
    clean = [row for row in rows if row[0] != 0.0]
    computations = [recording.compute([*row, 2.0, 3.0]) for row in clean]
    found, _, sums = replay(recording, rows, sums=True)
    assert bits(sums) == bits(sums_of(recording, computations, [1.0] * len(clean), 5))
    assert math.isfinite(sums[0])


def test_a_derivative_that_is_not_finite_flags_its_sample():
    recording = by_hand(outputs=[4], instructions=[("sqrt", (0,))])
    rows = [[float(i % 5), 1.0] for i in range(90)]
    zeros = [i for i in range(90) if i % 5 == 0]
    assert replay(recording, rows, wrt=[0])[0] == ([], zeros)
    assert replay(recording, rows, wrt=[1])[0] is None
    assert replay(recording, rows, wrt=[0], strict=False)[1][0] == [0.0, math.inf]


def test_an_operation_on_parameters_flags_all_samples_of_its_path():
    instructions = [("div", (2, 3)), ("exp", (0,))]
    guards = [(0, 2, 0, ~0, 1)]  # x > 0
    recording = by_hand(outputs=[5], instructions=instructions, guards=guards, constants=[0.0])
    rows = [[1.0 if i % 3 else -1.0, 0.0] for i in range(100)]
    found, _, _ = replay(recording, rows, weights=(1.0, 0.0))
    assert found == ([(0, 0, 0)], [i for i in range(100) if i % 3])
    assert replay(recording, rows, weights=(math.inf, 0.0))[0] == ([(0, 0, 0)], [])


def test_a_guard_on_parameters_sends_all_samples_that_reach_it():
    guards = [(0, 2, 0, ~0, 1), (0, 0, 2, 3, 1), (1, 2, 1, ~0, 1)]
    recording = by_hand(outputs=[4], instructions=[("neg", (0,))], guards=guards, constants=[0.0])
    rows = [[-1.0 if i == 20 else 1.0, -1.0 if i == 30 else 1.0] for i in range(70)]
    assert replay(recording, rows)[0] == ([(0, 2, 30), (0, 0, 20)][::-1], [])
    assert replay(recording, rows, weights=(3.0, 2.0))[0] == ([(0, 1, 0), (0, 0, 20)], [])


def test_columns_may_have_strides_and_be_numbers():
    recording = Recording(5, 0)
    rows = [PRIMITIVES["add"], PRIMITIVES["mul"]]
    recording.instructions = [
        Instruction(rows[0], (0, 1)), Instruction(rows[1], (5, 2)), Instruction(rows[0], (6, 3)),
        Instruction(rows[1], (7, 4)),
    ]  # fmt: skip
    recording.outputs = [8, 4]
    made = core.Replay(False)
    recording.add_to(made, [8], [0, 1, 2, 3, 4])
    whole = np.random.default_rng(0).normal(size=(100, 7))
    for count in (5, 100):
        grid = np.asfortranarray(whole[:, :2]) if count == 5 else whole[:, 4:2:-1]
        columns = [grid, 3.5, whole[::-1, 5], np.ascontiguousarray(whole[:, 6])]
        numbers = [grid[:, 0], grid[:, 1], np.full(100, 3.5), whole[::-1, 5], whole[:, 6]]
        results = [np.full((100, 3), 7.0)[:, ::2], np.full((2, 100), 7.0).T, *np.zeros((3, 200))]
        results[2:] = [column[::2] for column in results[2:]]
        assert made.run(columns, 0, count, array("d"), 1.0, True, results, None) is None
        for i in range(count):
            leaves = [ag.Value(float(column[i])) for column in numbers]
            out = recording.eager(leaves)[-1]
            expected = [out.data, leaves[4].data, *ag.gradients(out, leaves)]
            assert bits(np.hstack([np.reshape(c[i], -1) for c in results])) == bits(expected)


def test_threads_run_the_same_replay_at_a_time():
    branching = Branching(3, branches=3, steps=40)
    call = Call(branching, [0.5, -1.5], sums=True)
    rows = points(random.Random(0), 400, 3)
    results, sums, _ = call.run(rows, strict=False)

    def again(_):
        found, totals, _ = call.run(rows, strict=False)
        return [bits(column) for column in found], bits(totals)

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(again, range(40)):
            assert found == ([bits(column) for column in results], bits(sums))


def long_run():
    """Return a run of half a minute."""
    recording = by_hand(
        outputs=[53], instructions=[("tan", (3 + i if i else 0,)) for i in range(50)]
    )
    made = core.Replay(False)
    recording.add_to(made)
    count = 30_000_000
    result = memoryview(bytearray(8)).cast("d")
    everywhere = np.lib.stride_tricks.as_strided(np.asarray(result), (count,), (0,), writeable=True)
    return lambda: made.run([0.5, 0.5], 0, count, array("d", [1, 1]), 1.0, True, [everywhere], None)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that interrupts")
def test_an_interrupt_ends_a_run_within_a_second():
    run = long_run()

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    start = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            run()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 5.0  # a busy machine has time, but not that of the run


def test_another_thread_goes_on_during_a_run():
    branching = Branching(3, steps=40, rows=[PRIMITIVES["sin"]])
    call = Call(branching, [0.5, -1.5], sums=False)
    rows = [[0.5, 0.5, 0.5]] * 300_000
    columns = columns_of(rows, 3)
    ended, ticks = threading.Event(), []

    def tick():
        while not ended.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    call.run(rows[:1])
    thread = threading.Thread(target=tick)
    thread.start()
    call.run(rows, columns=columns)
    ended.set()
    thread.join()
    assert len(ticks) > 3


def test_a_row_without_an_instruction_is_a_lookup_error():
    made = core.Replay(False)
    recording = Recording(1, 0)
    for row in (Primitive("add", "x + y", dx="1", dy="1"), Primitive("choice_lt", "x", dx="1")):
        recording.instructions = [Instruction(row, (0,) * len(row.operands))]
        with pytest.raises(LookupError):
            recording.add_to(made)
    assert made.size()[0] == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"instructions": [("add", (0, 4))]},
        {"instructions": [("add", (0, ~0))]},
        {"instructions": [("add", (0, 1, 2))]},
        {"instructions": [("dot", (0, 1))]},
        {"outputs": [4]},
        {"outputs": [~0]},
        {"guards": [(1, 0, 0, 1, 1)]},
        {"guards": [(0, 4, 0, 1, 1)]},
        {"guards": [(0, 0, 0, 4, 1)]},
        {"guards": [(0, 0, 0, 1, 2)]},
    ],
)
def test_a_malformed_recording_is_refused(changed):
    with pytest.raises(ValueError, match=r"^a recording is malformed"):
        by_hand(**{"outputs": [0], **changed}).add_to(core.Replay(False))


def test_what_does_not_fit_a_replay_is_refused():
    made = core.Replay(False)
    results, column = [array("d", [0.0])], array("d", [1.0])
    numbers = array("d", [1.0, 1.0])
    with pytest.raises(ValueError, match="a run must have a path"):
        made.run([column, column], 0, 1, numbers, 1.0, True, results, None)
    by_hand(outputs=[0]).add_to(made)
    for columns, first, count, parameters, out in (
        ([column], 0, 1, numbers, results),
        ([column, column], 0, 2, numbers, results),
        ([column, column], -1, 1, numbers, results),
        ([column, array("f", [1.0])], 0, 1, numbers, results),
        ([column, column], 0, 1, array("d", [1.0]), results),
        ([column, column], 0, 1, numbers, []),
        ([column, column], 0, 1, numbers, [1.0]),
    ):
        with pytest.raises(ValueError, match="must"):
            made.run(columns, first, count, parameters, 1.0, True, out, None)
    with pytest.raises((BufferError, TypeError)):
        made.run([column, column], 0, 1, numbers, 1.0, True, [bytes(8)], None)
    for order, forks in (([], []), ([1], []), ([0], [(0, 0, 0)]), ([0], [(1, 0, 0)])):
        with pytest.raises(ValueError, match="must"):
            made.arrange(order, forks)
    with pytest.raises(ValueError, match="sums are those of one root"):
        by_hand(outputs=[0]).add_to(core.Replay(True), [0], [0])


def test_forks_in_a_circle_are_an_error():
    made = core.Replay(True)
    for outcome in (0, 1):
        guards = [(0, 2, 0, ~0, outcome)]
        by_hand(outputs=[0], guards=guards, constants=[0.0]).add_to(made, [0])
    made.arrange([0, 1], [(0, 0, 1), (1, 0, 1)])
    columns, numbers = [array("d", [1.0]), 0.0], array("d", [1.0, 1.0])
    results, sums = [array("d", [0.0])], array("d", [0.0, 0.0])
    assert made.run(columns, 0, 1, numbers, 1.0, True, results, sums) is None
    made.arrange([1, 0], [(0, 0, 1), (1, 0, 0)])
    columns = [array("d", [math.nan]), 0.0]
    made = core.Replay(True)
    for _ in range(2):
        guards = [(0, 2, 0, ~0, 1)]
        by_hand(outputs=[0], guards=guards, constants=[0.0]).add_to(made, [0])
    made.arrange([1, 0], [(0, 0, 1), (1, 0, 1)])
    with pytest.raises(RuntimeError, match="go in a circle"):
        made.run(columns, 0, 1, numbers, 1.0, True, results, sums)


def test_a_long_program_is_lowered_and_run():
    """No part of it is recursive, and its time is linear."""
    count = 200_000
    code = array("i")
    for i in range(count):
        code.extend([i % 2, 2, 2 + i - 1 if i else 0, 1])
    made = core.Replay(True)
    rows = (PRIMITIVES["mul"], PRIMITIVES["sub"])
    last = count + 1
    made.add(rows, code, array("d"), array("i"), 1, 2, [0, 0], [last], [last], [])
    results, sums = [array("d", [0.0] * 70)], array("d", [0.0])
    columns = [array("d", [0.5] * 70)]
    assert made.run(columns, 0, 70, array("d", [0.75]), 1.0, True, results, sums) is None
    x, slope = 0.5, 0.0
    for i in range(count):
        x, slope = (x - 0.75, slope - 1) if i % 2 else (x * 0.75, slope * 0.75 + x)
    assert list(results[0]) == [x] * 70
    assert math.isclose(sums[0], 70 * slope, rel_tol=1e-9)

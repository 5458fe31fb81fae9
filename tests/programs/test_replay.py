"""What runs programs over samples, in C and in Python: results, forks, flags, sums.

``tests/engines/native/test_replay.py`` compares C with the definition at length.
"""

import math
from array import array

import numpy as np
import pytest
from support.recorded import add_sums

import autograd_mini as ag
from autograd_mini.engines import Replay
from autograd_mini.programs.code import Guard, Packing, pack_guards
from autograd_mini.programs.replay import STRICTEST, PythonReplay
from autograd_mini.table.primitives import PRIMITIVES

MUL, LOG, EXP, SIN = (PRIMITIVES[name] for name in ("mul", "log", "exp", "sin"))
KINDS = [PythonReplay, *([] if Replay is None else [Replay])]
thrice = ag.custom(lambda x: 3 * x if x < 9 else {}[x], lambda _: 3.0, name="thrice_in_replay")


def add(replay, *steps, inputs=1, leaves=None, guards=(), outputs=(), roots=(), wrt=()):
    packing = Packing()
    for row, *operands in steps:
        packing.add(row, operands)
    packed = pack_guards(guards, packing)
    count = inputs if leaves is None else leaves
    places = [*range(inputs), *range(count - inputs)]
    lists = [list(map(packing.refer, outputs)), list(map(packing.refer, roots)), list(wrt)]
    return replay.add(*packing.code(), packed, inputs, count, places, *lists)


def run(replay, column, *, width=1, numbers=(), strict=1, seed=1.0, sums=None):
    count = len(column)
    results = [array("d", [-1.0] * count) for _ in range(width)]
    found = replay.run(
        [array("d", column)], 0, count, array("d", numbers), seed, strict, results, sums
    )
    return [one.tolist() for one in results], found


@pytest.fixture(params=[*KINDS, "without a text"])
def kind(request, monkeypatch):
    if request.param in KINDS:
        return request.param
    monkeypatch.setattr("autograd_mini.programs.replay.MOST_LINES", -1)
    return PythonReplay


def test_results_are_outputs_and_then_derivatives(kind):
    replay = kind(False)
    add(replay, (MUL, 0, 0), (SIN, 1), outputs=[2, 0, 0.5], roots=[1, 2], wrt=[0])
    replay.arrange([0], [])
    xs = [1.0, -2.0, 0.5]
    found, others = run(replay, xs, width=5)
    assert others is None
    assert found[:4] == [[math.sin(x * x) for x in xs], xs, [0.5] * 3, [2 * x for x in xs]]
    assert found[4] == [0.0 + math.cos(x * x) * x + math.cos(x * x) * x for x in xs]


def test_samples_go_by_forks_to_their_path_or_are_unknown(kind):
    """0 is for x < 0, 1 for others below 10; above, the path is unknown."""
    replay = kind(False)
    add(replay, (EXP, 0), guards=[Guard(0, "<", 0, 0.0, True)], outputs=[1])
    not_below = Guard(0, "<", 0, 0.0, False)
    add(replay, guards=[not_below, Guard(0, "<", 0, 10.0, True)], outputs=[0])
    replay.arrange([0, 1], [(0, 0, 1), (1, 0, 0)])
    found, (unknown, flagged) = run(replay, [-1.0, 20.0, 3.0, 30.0])
    assert found == [[math.exp(-1.0), -1.0, 3.0, -1.0]]
    assert ([*map(tuple, unknown)], list(flagged)) == ([(1, 1, 1)], [])
    replay.arrange([0, 1], [])
    assert [*map(tuple, run(replay, [-1.0, 20.0])[1][0])] == [(0, 0, 1)]


def test_strict_flags_a_sample_in_which_finite_numbers_become_others(kind):
    replay = kind(False)
    add(replay, (LOG, 0), outputs=[1])
    replay.arrange([0], [])
    xs = [1.0, 0.0, math.inf, math.nan, -1.0]
    found, (unknown, flagged) = run(replay, xs)
    assert (unknown, list(flagged)) == ([], [1, 4])
    assert found[0][:3] == [0.0, -1.0, math.inf]  # no result of a flagged sample is written
    found, others = run(replay, xs, strict=0)
    assert others is None
    assert found[0][:3] == [0.0, -math.inf, math.inf]
    _, (_, flagged) = run(replay, xs, strict=STRICTEST)
    assert list(flagged) == [1, 2, 3, 4]


def test_strictest_flags_all_samples_for_a_parameter_that_is_not_finite(kind):
    replay = kind(False)
    add(replay, (MUL, 0, 1), leaves=2, outputs=[2])
    replay.arrange([0], [])
    assert run(replay, [1.0, 2.0], numbers=[math.inf])[1] is None
    assert list(run(replay, [1.0, 2.0], numbers=[math.inf], strict=STRICTEST)[1][1]) == [0, 1]


def test_a_derivative_that_is_not_finite_is_flagged(kind):
    replay = kind(False)
    add(replay, (PRIMITIVES["sqrt"], 0), outputs=[1], roots=[1], wrt=[0])
    replay.arrange([0], [])
    assert list(run(replay, [4.0, 0.0], width=2)[1][1]) == [1]
    assert run(replay, [4.0, 0.0], width=2, strict=0)[0][1] == [0.25, math.inf]


def test_sums_are_of_the_derivatives_by_parameters(kind):
    replay = kind(True)
    add(replay, (MUL, 0, 1), leaves=2, outputs=[2], roots=[2])
    replay.arrange([0], [])
    sums = array("d", [7.0])
    xs = [1.0, 2.0, 4.0]
    assert run(replay, xs, numbers=[3.0], sums=sums) == ([[3.0, 6.0, 12.0]], None)
    assert sums.tolist() == [7.0]
    run(replay, xs, numbers=[3.0], sums=sums, seed=array("d", [1.0, 0.5, 0.0]))
    assert sums.tolist() == [2.0]
    run(replay, [], numbers=[3.0], sums=sums)
    assert sums.tolist() == [0.0]


def test_sums_go_on_through_what_depends_on_parameters_alone(kind):
    """Node 2 = exp(1) and 3 = 2 · 2 are computed once; a sum has come to both."""
    replay = kind(True)
    steps = [(EXP, 1), (MUL, 2, 2), (MUL, 0, 3), (MUL, 4, 2)]
    add(replay, *steps, leaves=2, outputs=[5], roots=[5])
    replay.arrange([0], [])
    sums = array("d", [0.0])
    run(replay, [1.0, 2.0], numbers=[0.5], sums=sums)
    assert math.isclose(sums[0], 9.0 * math.exp(1.5), rel_tol=1e-14)


def test_sums_are_of_eight_partial_sums(kind):
    replay = kind(True)
    add(replay, (MUL, 0, 1), leaves=2, outputs=[2], roots=[2])
    replay.arrange([0], [])
    xs = np.random.default_rng(0).normal(size=333).tolist()
    sums = array("d", [0.0])
    run(replay, xs, numbers=[0.5], seed=0.25, sums=sums)
    assert sums.tolist() == add_sums([0.25 * x] for x in xs)


def test_a_parameter_that_is_met_twice_has_the_sum_of_both(kind):
    replay = kind(True)
    add(replay, (MUL, 0, 1), (PRIMITIVES["add"], 2, 1), leaves=2, outputs=[3], roots=[3])
    replay.arrange([0], [])
    sums = array("d", [0.0])
    run(replay, [1.0, 2.0], numbers=[0.5], sums=sums)
    assert sums.tolist() == [1.0 + 1.0 + 2.0 + 1.0]


def test_sums_of_paths_are_added(kind):
    """For x < 0 it is the parameter, above 5 it is x, otherwise the product."""
    replay = kind(True)
    negative, below = (Guard(0, "<", 0, limit, True) for limit in (0.0, 5.0))
    positive, above = (guard._replace(outcome=False) for guard in (negative, below))
    add(replay, (MUL, 0, 1), leaves=2, guards=[positive, below], outputs=[2], roots=[2])
    add(replay, leaves=2, guards=[negative], outputs=[1], roots=[1])
    add(replay, leaves=2, guards=[positive, above], outputs=[0], roots=[0])
    replay.arrange([0, 1, 2], [(0, 0, 1), (0, 1, 2), (1, 0, 0), (2, 0, 1), (2, 1, 0)])
    sums = array("d", [0.0])
    found, others = run(replay, [1.0, -2.0, 7.0, 4.0], numbers=[3.0], seed=0.5, sums=sums)
    assert (found, others) == ([[3.0, 3.0, 7.0, 12.0]], None)
    assert sums.tolist() == [0.5 * (1.0 + 4.0) + 0.5]


def test_without_a_clean_sample_nothing_is_added(kind):
    """The derivative of log at 0 is infinite, and 0 · inf would be NaN."""
    replay = kind(True)
    add(replay, (LOG, 1), (MUL, 0, 2), leaves=2, outputs=[3], roots=[3])
    replay.arrange([0], [])
    for xs in ([], [1.0]):
        sums = array("d", [5.0])
        run(replay, xs, numbers=[0.0], sums=sums)
        assert sums.tolist() == [0.0]


def test_what_no_root_depends_on_has_the_derivative_0(kind):
    replay = kind(False)
    add(replay, (SIN, 1), inputs=2, outputs=[2], roots=[2], wrt=[0, 1])
    replay.arrange([0], [])
    rest = array("d", [7.0, 7.0])
    assert replay.point([3.0, 0.0], (), 1, 1, rest) == [0.0]
    assert rest.tolist() == [0.0, 1.0]


def test_strict_flags_all_samples_for_a_uniform_node_that_an_eager_call_refuses(kind):
    """The sine of NaN is not refused, but the logarithm before it is."""
    replay = kind(False)
    add(replay, (LOG, 1), (SIN, 2), (MUL, 0, 3), leaves=2, outputs=[4])
    replay.arrange([0], [])
    assert list(run(replay, [1.0, 2.0], numbers=[-1.0])[1][1]) == [0, 1]
    assert run(replay, [1.0, 2.0], numbers=[1.0])[1] is None
    assert STRICTEST == 2  # also in C


def test_roots_that_depend_on_nothing_have_no_derivatives(kind):
    replay = kind(False)
    found = add(replay, (SIN, 1), inputs=2, outputs=[2], roots=[2, 0, 0.5, 1], wrt=[1])
    assert list(found) == [True, False, False, True]


def test_one_sample_is_a_point(kind):
    replay = kind(False)
    add(replay, (MUL, 0, 1), inputs=2, outputs=[2], roots=[2], wrt=[0, 1])
    replay.arrange([0], [])
    rest = array("d", [0.0, 0.0])
    assert replay.point([3.0], (ag.Value(4.0),), 1, 1, rest) == [12.0]
    assert rest.tolist() == [4.0, 3.0]


def test_a_row_of_a_user_runs_in_python_alone():
    replay = PythonReplay(False)
    add(replay, (thrice, 0), outputs=[1])
    replay.arrange([0], [])
    found, (_, flagged) = run(replay, [1.0, 10.0, 2.0])  # what raises is called again eagerly
    assert (found[0][::2], flagged) == ([3.0, 6.0], [1])
    if Replay is not None:
        with pytest.raises(LookupError, match="thrice_in_replay"):
            add(Replay(False), (thrice, 0), outputs=[1])


def test_a_uniform_row_of_a_user_that_raises_leaves_all_samples():
    replay = PythonReplay(False)
    add(replay, (thrice, 1), (MUL, 0, 2), leaves=2, outputs=[3])
    replay.arrange([0], [])
    assert list(run(replay, [1.0, 2.0], numbers=[10.0])[1][1]) == [0, 1]
    assert run(replay, [1.0, 2.0], numbers=[1.0]) == ([[3.0, 6.0]], None)


def test_a_mistake_in_a_text_is_not_taken_for_a_number_that_is_not_finite(monkeypatch):
    def refuse(*_):
        raise NameError

    monkeypatch.setattr("autograd_mini.programs.replay.compile_path", lambda _: refuse)
    replay = PythonReplay(False)
    add(replay, (SIN, 0), outputs=[1])
    with pytest.raises(NameError):
        run(replay, [1.0])


def test_columns_are_numbers_and_arrays_of_one_axis_or_two(kind):
    replay = kind(False)
    add(replay, (MUL, 0, 1), (MUL, 3, 2), inputs=3, outputs=[4])
    replay.arrange([0], [])
    pairs = np.arange(6.0).reshape(2, 3).T  # with strides of its own
    results = np.zeros((3, 2))
    columns = [pairs, 2.0]
    assert replay.run(columns, 0, 3, array("d"), 1.0, 1, [results[:, 1]], None) is None
    assert results.tolist() == [[0.0, 0.0], [0.0, 8.0], [0.0, 20.0]]
    assert replay.run(columns, 1, 1, array("d"), 1.0, 1, [results[:, 0]], None) is None
    assert results[:, 0].tolist() == [0.0, 8.0, 0.0]


def test_a_replay_has_a_size(kind):
    replay = kind(False)
    add(replay, (MUL, 0, 0), (SIN, 1), outputs=[2])
    count, size = replay.size()
    assert 2 <= count <= 3  # C counts its checks
    assert size > 20


def test_a_program_that_is_too_long_for_a_text_runs_all_the_same(monkeypatch):
    monkeypatch.setattr("autograd_mini.programs.replay.MOST_LINES", 3)
    monkeypatch.setattr("autograd_mini.programs.replay.compile_path", None)
    replay = PythonReplay(False)
    guards = [Guard(2, ">", 1, 2.0, True)]
    steps = [(MUL, 0, 0), *((SIN, i) for i in range(1, 5))]
    add(replay, *steps, guards=guards, outputs=[5], roots=[5], wrt=[0])
    replay.arrange([0], [])
    found, (unknown, _) = run(replay, [2.0, 1.0], width=2)
    assert unknown == [(0, 0, 1)]
    value, slope = ag.value_and_grad(lambda x: ag.sin(ag.sin(ag.sin(ag.sin(x * x)))))(2.0)
    assert (found[0][0], found[1][0]) == (value, slope)

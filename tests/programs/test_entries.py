"""The paths of a function for one form of its arguments."""

import pickle
import subprocess
import sys
import textwrap
from array import array

import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.programs import entries
from autograd_mini.programs.entries import Entry
from autograd_mini.programs.forms import read_call
from autograd_mini.programs.subjects import Subject
from autograd_mini.programs.workers import Task, run_task


def make_entry(f, *args, natively=True, max_paths=8):
    form, _ = read_call("f", args, {})
    return Entry(Subject(f, "f"), form, natively=natively, max_paths=max_paths)


def compute(entry, *numbers):
    return entry.compute([*numbers], numbers, strict=True)


def in_three(x):
    if x < 0:
        return -x
    return x * x if x < 10 else x


def test_a_path_is_recorded_when_a_point_takes_it():
    entry = make_entry(in_three, 1.0)
    assert (entry.paths, entry.parameters) == ((), ())
    found = [[*compute(entry, x), len(entry.paths)] for x in (2.0, 3.0, -1.0, 20.0, -5.0, 4.0)]
    assert found == [[4.0, 1], [9.0, 1], [1.0, 2], [20.0, 3], [5.0, 3], [16.0, 3]]
    assert entry.has_fork(0, 0)
    assert not entry.has_fork(1, 1)
    assert entry.find_path([-2.0], [-2.0], strict=True) is entry.paths[1]
    assert entry.size()[0] == 2


def test_parameters_are_those_of_all_paths_in_the_order_in_which_they_are_met():
    w, u = Value(2.0), Value(3.0)
    entry = make_entry(lambda x: u * x if x > 0 else w * u * x, 1.0)
    assert (compute(entry, 1.0)[0].data, entry.parameters) == (3.0, (u,))
    assert (compute(entry, -1.0)[0].data, entry.parameters) == (-6.0, (u, w))


def test_an_error_or_an_interrupt_adds_no_path():
    entry = make_entry(lambda x: x * x if x > 0 else 1 / 0, 1.0)
    compute(entry, 1.0)
    with pytest.raises(ZeroDivisionError):
        compute(entry, -1.0)
    assert len(entry.paths) == 1
    assert compute(entry, 2.0) == [4.0]


def test_replays_that_an_interrupt_has_dropped_are_made_anew(monkeypatch):
    """The tree of paths is new or old; what runs them follows."""
    entry = make_entry(in_three, 1.0)
    entry.record([1.0], [1.0])
    entry.replay(sums=False)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(entry, "_arrange", interrupt)
        with pytest.raises(KeyboardInterrupt):
            entry.record([-1.0], [-1.0])
    assert len(entry.paths) == 2
    assert entry.replay(sums=False).size()[0] >= 2
    assert [compute(entry, x) for x in (-3.0, 3.0, 30.0)] == [[3.0], [9.0], [30.0]]


def test_workers_get_the_programs_of_all_paths():
    entry = make_entry(in_three, 1.0)
    for x in (1.0, -1.0):
        entry.record([x], [x])
    job = entry.job(sums=False)
    assert entry.job(sums=False) is job
    columns = ((3,), array("d", [2.0, -3.0, 4.0]).tobytes())
    found = run_task(Task(job, [columns], 3, b"", 1.0, 1, [(3,)], False))
    assert (found.others, array("d", found.results[0]).tolist()) == (None, [4.0, 3.0, 16.0])


def test_a_job_is_of_the_paths_that_are_known():
    entry = make_entry(in_three, 1.0)
    entry.record([20.0], [20.0])
    job = entry.job(sums=False)
    for x in (2.0, -1.0):
        entry.record([x], [x])
    assert entry.job(sums=False) is not job
    order, forks = pickle.loads(entry.job(sums=False).saved)[1]  # noqa: S301 - our own bytes
    assert order == [2, 1, 0]  # by outcomes, whichever was recorded first
    assert sorted(forks) == [(0, 0, 2), (0, 1, 1), (1, 0, 2), (1, 1, 0), (2, 0, 0)]


def test_what_no_worker_can_get_is_refused_with_the_name_of_the_function():
    own = ag.custom(lambda x: 3 * x, lambda _: 3.0, name="own")
    entry = make_entry(lambda x: own(x), 1.0)  # noqa: PLW0108 - a function of the user inside
    entry.record([1.0], [1.0])
    with pytest.raises(TypeError, match=r"^f: functions of yours must be "):
        entry.job(sums=False)


def test_too_many_paths_are_refused_with_the_last_comparison():
    entry = make_entry(in_three, 1.0, max_paths=2)
    compute(entry, 1.0)
    compute(entry, -1.0)
    with pytest.raises(RuntimeError) as caught:
        compute(entry, 20.0)
    line = in_three.__code__.co_firstlineno + 3
    assert str(caught.value) == (
        "compile: number of paths through f must be at most 2, got 3; the last comparison is in "
        f"{__file__}, line {line}: compute without a branch there, call the function itself, or "
        "allow more paths by max_paths="
    )


def test_an_example_that_raises_an_error_is_not_blamed_on_the_number_of_paths():
    entry = make_entry(lambda x, i: x if x > 0 else [x][i], 1.0, 0, max_paths=1)
    entry.record([1.0, 0.0], [1.0, 0])
    with pytest.raises(TypeError, match=r"^f: argument 1 must be used as a real number, got 0; "):
        entry.record([-1.0, 0.0], [-1.0, 0])


def test_another_computation_after_the_same_branches_is_refused():
    factors = iter([2.0, 2.0, 3.0, 4.0, 5.0])
    entry = make_entry(lambda x: (x * next(factors)) if x > -9 else x, 1.0)
    entry.record([1.0], [1.0])
    message = r"^compile: f must be .* alone, got another computation after the same branches; "
    with pytest.raises(ValueError, match=message):
        entry.record([2.0], [2.0])


def test_a_point_is_computed_eagerly_with_all_its_derivatives():
    w = Value(2.0)
    entry = make_entry(lambda x: ag.sqrt(w * x), 1.0)
    compute(entry, 1.0)
    assert entry.compute_eagerly([8.0])[0].data == 4.0
    assert entry.differentiate_eagerly([8.0]) == [1.0]
    assert entry.differentiate_eagerly([0.0]) != entry.differentiate_eagerly([0.0])  # 0 · inf
    assert make_entry(ag.grad(ag.sin), 1.0).compute_eagerly([0.0]) == [1.0]


def test_a_point_that_is_computed_eagerly_has_the_form_of_the_others():
    is_number = iter([True, True, False])
    entry = make_entry(lambda x: x if next(is_number) else [x], 1.0)
    entry.record([1.0], [1.0])
    message = r"^f: form of the result must be the same on all paths, x, got \[x\]$"
    with pytest.raises(ValueError, match=message):
        entry.compute_eagerly([1.0])


def test_a_parameter_may_be_the_first_value_of_a_process():
    """At 0, the derivative by z is infinite, and the function itself is called."""
    program = """
        from autograd_mini import Value, compile, grad, hypot
        w = Value(2.0)
        f = compile(lambda x: w * grad(lambda z: hypot(z, 0.0))(x))
        f.batch([0.0, 3.0]).backward()
        assert w.grad == 1.0
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


def test_results_that_depend_on_no_parameter_are_floats_also_eagerly():
    (found,) = make_entry(ag.sqrt, 1.0).compute_eagerly([4.0])
    assert (type(found), found) == (float, 2.0)
    with pytest.raises(TypeError, match=r"^f: result of the function must be .*, got None; "):
        make_entry(lambda _: None, 1.0).compute_eagerly([4.0])


@pytest.mark.parametrize("is_done", [True, False])
def test_gradients_are_added_by_c_if_it_can(is_done, monkeypatch):
    given = []
    add = lambda *arguments: given.append(arguments) or is_done  # noqa: E731
    monkeypatch.setattr(entries, "add_gradients", add)
    w, sums = Value(2.0), array("d", [3.0])
    make_entry(ag.sin, 1.0).add_gradients((w,), sums)
    make_entry(ag.sin, 1.0).add_gradients((w,), sums, 0.5)
    assert given == [((w,), sums, 1.0), ((w,), sums, 0.5)]
    assert w.grad == (0.0 if is_done else 4.5)


def test_without_parameters_no_gradient_is_added():
    make_entry(ag.sin, 1.0).add_gradients((), b"")


def test_runs_are_as_strict_as_the_paths_ask_for():
    entry = make_entry(ag.hessian(ag.sin), 1.0)
    entry.record([1.0], [1.0])
    assert [entry.strictness(is_strict=one) for one in (True, False)] == [2, 2]
    plain = make_entry(ag.sin, 1.0)
    plain.record([1.0], [1.0])
    assert [plain.strictness(is_strict=one) for one in (True, False)] == [1, 0]

"""The program of a path for one point: its numbers, guards, and nodes of parameters."""

import math

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.programs import points
from autograd_mini.programs.forms import read_call
from autograd_mini.programs.points import Point
from autograd_mini.programs.replay import PythonReplay
from autograd_mini.programs.subjects import Subject
from autograd_mini.table.primitives import PRIMITIVES

MUL, SIN = PRIMITIVES["mul"], PRIMITIVES["sin"]


def make_point(f, *args):
    form, numbers = read_call("f", args, {})
    recorded = Subject(f, "f").record(form, numbers, args, natively=True, twice=False)
    return Point(recorded, "f", [None] * len(numbers))


@pytest.fixture(params=["fastest", "python"], autouse=True)
def replay(request, monkeypatch):
    if request.param == "python":
        monkeypatch.setattr(points, "Replay", None)


def test_c_runs_programs_whose_rows_it_has(monkeypatch):
    class Native(PythonReplay):
        def add(self, rows, *program):
            if MUL in rows:
                raise LookupError
            return super().add(rows, *program)

    monkeypatch.setattr(points, "Replay", Native)
    programs = [((row,), b"", b"", b"", 0, 0, [], [], [], []) for row in (MUL, SIN)]
    for chosen, kind in [(programs[1:], Native), (programs, PythonReplay)]:
        replay, found = points.make_replay(chosen, sums=False)
        assert (type(replay), found) == (kind, [[]] * len(chosen))


def test_results_are_floats_where_no_parameter_is():
    point = make_point(lambda x, y: [x * y, x], 2.0, 3.0)
    assert point.compute([4.0, 5.0], strict=1) == [20.0, 4.0]


def test_the_number_of_a_guard_that_differs_is_returned():
    point = make_point(lambda x: x if x > 0 and x < 5 else -x, 2.0)
    assert [point.compute([x], strict=1) for x in (1.0, -1.0, 7.0)] == [[1.0], 0, 1]


def test_none_asks_for_an_eager_call():
    point = make_point(ag.log, 2.0)
    assert point.compute([-1.0], strict=1) is None
    (found,) = point.compute([-1.0], strict=0)
    assert math.isnan(found)


def test_results_that_depend_on_parameters_are_nodes():
    w, u = Value(2.0), Value(3.0)
    point = make_point(lambda x: [w * x, x, u * u * x, w], 5.0)
    first, plain, second, parameter = point.compute([5.0], strict=1)
    assert (first.data, plain, second.data, parameter is w) == (10.0, 5.0, 45.0, True)
    (first * 2.0 + second).backward()
    assert (w.grad, u.grad) == (10.0, 30.0)
    w.data = 7.0
    assert point.compute([1.0], strict=1)[0].data == 7.0


def test_the_row_of_a_result_computes_what_is_not_finite_too():
    w = Value(2.0)
    (found,) = make_point(lambda x: ag.exp(w * x), 1.0).compute([1.0], strict=1)
    assert found.op.evaluate(1.0, 1000.0)[0] == math.inf


def test_derivatives_come_in_the_order_of_the_result():
    point = make_point(ag.value_and_grad(lambda x, y: x * x * y, (0, 1)), 2.0, 3.0)
    assert point.compute([2.0, 3.0], strict=1) == [12.0, 12.0, 4.0]
    hessian = make_point(ag.hessian(lambda x, y: x * x * y, (0, 1)), 2.0, 3.0)
    assert hessian.compute([2.0, 3.0], strict=1) == [6.0, 4.0, 4.0, 0.0]
    assert make_point(ag.hessian(lambda _: 1.0), []).compute([], strict=1) == []
    f = ag.hessian(lambda x, y: x[0] * x[1] * y, (0, 1))
    blocks = make_point(f, np.array([2.0, 3.0]), 5.0)  # of which each block is an array
    assert blocks.compute([2.0, 3.0, 5.0], strict=1) == [0, 5, 5, 0, 3, 2, 3, 2, 0]

"""A function to record, and what was recorded of it for an example."""

import math
import random

import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines import count_leaves, is_recording
from autograd_mini.programs.code import Guard
from autograd_mini.programs.forms import read_call
from autograd_mini.programs.program import Instruction, Program
from autograd_mini.programs.subjects import Subject, depends
from autograd_mini.table.primitives import PRIMITIVES


def record(f, *args, natively=True, twice=False):
    form, numbers = read_call("f", args, {})
    return Subject(f, "f").record(form, numbers, args, natively=natively, twice=twice)


def lines(recorded):
    return [
        str(row)
        for row, _ in recorded.program(recorded.numbers, [None] * len(recorded.numbers))
        .pack()[0]
        .instructions()
    ]


def test_a_function_is_recorded_with_its_guards_and_parameters():
    w = Value(2.0)
    found = record(lambda x, y: w * x if x > y else y, 3.0, 1.0)
    assert (lines(found), found.numbers, found.outputs) == (["mul"], (3.0, 1.0), [3])
    assert (found.recording.parameters, found.outcomes) == ([w], b"\x01")
    assert record(lambda x, y: w * x if x > y else y, 1.0, 3.0).outcomes == b"\x00"


def test_a_recording_is_a_program_for_any_point():
    w = Value(0.5, name="w")
    f = ag.value_and_grad(lambda x, y: w * x if x > y else y, (0, 1))
    mul = PRIMITIVES["mul"]
    assert record(f, 3.0, 1.0).program([4.0, 2.0], ["x", None]) == Program(
        (4.0, 2.0, 0.5),
        (Instruction(mul, (2, 0)),),
        inputs=2,
        outputs=(3,),
        roots=(3,),
        wrt=(0, 1),
        guards=(Guard(0, ">", 0, 1, True),),
    )
    assert record(f, 3.0, 1.0).program([4.0, 2.0], ["x", None]).names == ("x", None, "w")


@pytest.mark.parametrize(
    ("transform", "rows", "outputs", "roots"),
    [
        (ag.grad, ["mul", "sin"], [], [3]),
        (ag.value_and_grad, ["mul", "sin"], [3], [3]),
        (ag.jacobian, ["mul", "sin"], [], [3]),
    ],
)
def test_a_derivative_is_left_to_the_program(transform, rows, outputs, roots):
    f = transform(lambda x, y: ag.sin(x * y), (0, 1))
    found = record(f, 3.0, 2.0)
    assert (lines(found), found.outputs, found.roots, found.wrt) == (rows, outputs, roots, [0, 1])
    assert (found.is_symmetric, found.strictness) == (False, 0)
    eagerly = record(f, 3.0, 2.0, natively=False)
    assert (eagerly.roots, eagerly.wrt, eagerly.strictness) == ([], (), 2)
    assert "cos" in lines(eagerly)


def test_each_number_of_a_result_is_a_root_of_its_jacobian():
    found = record(ag.jacobian(lambda x: {"a": [x * x, x], "b": 2.0}), 3.0)
    assert (len(found.roots), found.wrt, found.outputs) == (3, [0], [])
    assert repr(found.result) == "{'a': [x, x], 'b': x}"


def test_results_of_a_derivative_are_called_after_it():
    assert Subject(math.exp, "f").label == "f"
    assert Subject(ag.grad(ag.exp), "f").label == "grad_f"


@pytest.mark.parametrize(
    ("transform", "x", "result", "message"),
    [
        (ag.grad, [1.0, "a"], 2.0, "grad: argument 0[1] must be a real number, got 'a'"),
        (
            ag.grad,
            1.0,
            [2.0],
            "grad: result of the function must be a Value or a number, got [2.0]",
        ),
        (ag.jacobian, 1.0, ["a"], "jacobian: result of the function[0] must be a real number"),
    ],
)
def test_what_has_no_derivative_is_refused_as_by_the_transform(transform, x, result, message):
    with pytest.raises(TypeError) as caught:
        record(transform(lambda _: result), x)
    assert str(caught.value).startswith(message)


def test_of_a_hessian_the_gradient_is_recorded():
    found = record(ag.hessian(lambda x: ag.sin(x[0] * x[1])), [3.0, 2.0])
    assert (len(found.roots), found.wrt, found.is_symmetric) == (2, [0, 1], True)
    assert (found.strictness, "cos" in lines(found)) == (2, True)


def test_a_block_in_which_results_raise_makes_runs_strict():
    def f(x):
        with ag.errstate(nonfinite="raise"):
            return ag.exp(x)

    assert record(f, 1.0).strictness == 1
    assert record(ag.exp, 1.0).strictness == 0


def test_a_result_that_is_a_parameter_is_kept():
    w = Value(2.0)
    found = record(lambda x: [x, w, w * x, 1.0], 3.0)
    assert [one is w for one in found.fixed] == [False, True, False, False]


def test_two_recordings_that_differ_are_refused_with_the_first_operation():
    rng = random.Random(0)
    cases = {
        "mul": lambda x: x * rng.random(),
        "their lengths, 1, then 2": iter_of(lambda x: x * x, lambda x: x * x * x),
        "mul, then add": iter_of(lambda x: x * x, lambda x: x + x),
        "a result": iter_of(lambda x: [x * x, x][1], lambda x: [x * x, x][0]),
    }
    for words, f in cases.items():
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - its words follow
            record(f, 3.0, twice=True)
        assert str(caught.value) == (
            "compile: f must be a function of its arguments and parameters alone, got two "
            f"recordings that differ in {words}; pass as arguments what else changes, such as "
            "random numbers"
        )
        assert not is_recording()


def iter_of(*functions):
    """Return a function that computes another one each time."""
    remaining = iter(functions)
    return lambda x: next(remaining)(x)  # noqa: PLW0108 - another one in each call


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, GeneratorExit, RecursionError])
def test_whatever_ends_a_recording_leaves_none(error):
    def f(x):
        ag.exp(x)
        raise error

    with pytest.raises(error):
        record(f, 1.0)
    assert not is_recording()


def test_a_result_depends_on_leaves_that_were_there_before():
    w = Value(2.0)
    since = count_leaves()
    assert depends(w * Value(1.0), since)
    assert not depends(Value(3.0) * 2.0, since)
    assert not depends(math.pi, since)

"""The line of the last comparison of a recording."""

import sys

import pytest

from autograd_mini import Value
from autograd_mini.engines import begin_recording, end_recording
from autograd_mini.programs.tracing import find_last_comparison


def record(f, *numbers):
    inputs = [Value(x) for x in numbers]

    def run():
        begin_recording(inputs)
        try:
            f(*inputs)
        finally:
            end_recording(None)

    return find_last_comparison(run)


def test_the_line_of_the_last_comparison_is_found():
    def f(x, y):
        if x < y:
            x = x * y
        if x > 0:
            x = x + 1
        return x

    assert record(f, 1.0, 2.0) == f"{__file__}, line {f.__code__.co_firstlineno + 3}"


def test_a_comparison_inside_of_python_belongs_to_the_line_that_calls_it():
    def f(x, y):
        smallest = min(x, y)
        return smallest * 2

    assert record(f, 1.0, 2.0) == f"{__file__}, line {f.__code__.co_firstlineno + 1}"


def square(x):
    return x * x


def test_a_comparison_after_a_call_belongs_to_the_line_that_calls():
    def f(x, y):
        if x < 0:
            return x
        return x if square(x) < y else y

    assert record(f, 1.0, 2.0) == f"{__file__}, line {f.__code__.co_firstlineno + 3}"


@pytest.mark.parametrize(
    ("file", "module"), [("<autograd_mini test>", "test"), ("<string>", "namedtuple_test")]
)
def test_a_comparison_in_generated_code_belongs_to_the_line_that_calls_it(file, module):
    text = "def compare(g, x, y):\n    z = g(x)\n    return z < y"
    made = {"__name__": module}
    exec(compile(text, file, "exec"), made)  # noqa: S102 - our own text

    def f(x, y):
        return made["compare"](square, x, y)

    assert record(f, 1.0, 2.0) == f"{__file__}, line {f.__code__.co_firstlineno + 1}"


def test_without_a_comparison_no_line_is_named():
    assert record(lambda x: x * 2, 1.0) == "?"


def test_the_trace_of_a_debugger_is_set_again():
    def trace(*_):
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        record(lambda x: x < 1, 1.0)
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)

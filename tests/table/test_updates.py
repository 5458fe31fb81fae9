"""The update rules of the optimisers."""

import linecache
import math
from array import array

import pytest

from autograd_mini.engines import updates
from autograd_mini.table.updates import UPDATES, Update


def test_an_update_goes_through_arrays_item_by_item():
    line = Update("line", "a * x + b * y", arrays="y x")
    assert (line.arrays, line.numbers) == (("y", "x"), ("a", "b"))
    assert line([1.0, 2.0], array("d", [10.0, 20.0]), 0.5, 3.0) == array("d", [8.0, 16.0])


def test_arrays_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match=r"zip\(\) argument 2 is shorter"):
        Update("line", "x + y", arrays="x y")([1.0, 2.0], [1.0])


def test_the_text_of_an_update_is_shown_by_tracebacks():
    code = UPDATES["descended"].function.__code__
    assert linecache.getline(code.co_filename, 2).strip() == (
        "return array('d', [w - lr * g for w, g, in zip(ws, gs, strict=True)])"
    )


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("decayed", ([1.0], [2.0], 0.25), 1.5),
        ("descended", ([1.0], [2.0], 0.25), 0.5),
        ("scaled", ([2.0], 0.25), 0.5),
        ("normalized", ([3.0], [4.0], 1.0), 1.0),
        ("standardized", ([3.0], [5.0], [1.0], 1.0), 1.0),
        ("standardized", ([3.0], [1.0], [3.0], 0.25), 3.0 / (math.sqrt(8.0) + 0.25)),
        ("followed", ([1.0], [2.0], 0.25), 0.5),
        ("velocity", ([1.0], [2.0], 0.5), 2.5),
        ("lookahead", ([1.0], [2.0], 0.5), 2.0),
        ("first_moment", ([1.0], [2.0], 0.75, 0.25), 1.25),
        ("second_moment", ([1.0], [2.0], 0.75, 0.25), 1.75),
        ("adapted", ([1.0], [2.0], [4.0], 0.5, 0.25, 0.125, 0.0625), 1 - 4 / 16.0625),
    ],
)
def test_an_update_by_numbers(name, given, expected):
    arrays = [array("d", one) if isinstance(one, list) else one for one in given]
    for found in (updates[name](*given), updates[name](*arrays)):
        assert found.tolist() == [pytest.approx(expected, rel=1e-15, abs=0)]


def test_there_is_a_case_above_for_every_update():
    cases = test_an_update_by_numbers.pytestmark[0].args[1]
    assert {name for name, *_ in cases} == set(UPDATES) == set(updates)

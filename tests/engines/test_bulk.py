"""Functions of the engine for the rest of the library, over many Values or numbers."""

from array import array

import pytest

import autograd_mini as ag
from autograd_mini import Value, engines


def test_floats_are_nothing_but_floats():
    class Number(float):
        pass

    assert engines.are_floats([]) is engines.are_floats(()) is True
    assert engines.are_floats([1.0, -0.0, float("nan")]) is engines.are_floats((1.0,)) is True
    for other in (1, True, None, "1", Number(1.0), Value(1.0)):
        assert engines.are_floats([1.0, other]) is engines.are_floats((other, 1.0)) is False


def test_the_numbers_of_values_are_read_into_an_array():
    values, numbers = [Value(1.5), Value(2.0) * 3.0], array("d", [0.0, 0.0])
    engines.read_data(values, numbers)
    assert numbers.tolist() == [1.5, 6.0]
    engines.read_data(tuple(values), numbers)
    engines.read_data([], array("d"))
    with pytest.raises(
        ValueError, match=r"^read_data: numbers must be a double for each of 2 Values, got 1$"
    ):
        engines.read_data(values, array("d", [0.0]))
    with pytest.raises(TypeError, match="got None"):
        engines.read_data([Value(1.0), None], numbers)


def test_that_does_not_count_as_reading_a_value():
    x = Value(1.0)
    engines.read_data([x], array("d", [0.0]))
    assert not engines.were_read([x])


def test_a_recording_refuses_to_change_many_numbers_at_once():
    w, recorded = Value(2.0, name="w"), Value(1.0)
    w.grad = 3.0
    engines.begin_recording([recorded])
    try:
        with pytest.raises(TypeError, match=r"Value\.data must be set .*, got Value\(data=2\.0, "):
            engines.store_data([w], [5.0])
        with pytest.raises(TypeError, match=r"\.grad must be .*, got Value\(data=2\.0, "):
            engines.zero_gradients([w])
    finally:
        engines.end_recording(None)
    assert (w.data, w.grad) == (2.0, 3.0)


@pytest.mark.parametrize("kind", [tuple, lambda numbers: array("d", numbers)])
def test_a_node_takes_its_partials_from_a_tuple_or_an_array(kind):
    x = Value(2.0)
    row = engines.Choice  # a node keeps any row
    node = engines.custom_node(row, (x, 3.0), 7.0, kind([5.0, 0.0]))
    assert (node.data, node.operands, node.partials) == (7.0, (x, 3.0), (5.0, None))
    with pytest.raises(TypeError):
        engines.custom_node(row, (x, 3.0), 7.0, kind([5.0]))


def test_a_node_of_a_row_of_a_user_is_recorded():
    double = ag.custom(lambda x: 2.0 * x, lambda x: 2.0, name="double")
    x = Value(3.0)
    engines.begin_recording([x])
    recording = engines.end_recording([double(x)])
    assert recording.rows == (double,)
    assert recording.outputs == [1]

"""Functions of the engine for the rest of the library, over many Values or numbers."""

import math
from array import array

import pytest

import autograd_mini as ag
from autograd_mini import Value, engine, engines


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


def test_numbers_and_gradients_come_as_arrays_of_doubles():
    values = [Value(1.5), Value(2.0)]
    values[1].grad = 0.25
    assert engines.data_of(values) == array("d", [1.5, 2.0])
    assert engines.gradients_of(iter(values)) == array("d", [0.0, 0.25])
    assert {engines.data_of([]).typecode, engines.gradients_of([]).typecode} == {"d"}


@pytest.mark.parametrize("numbers", [(3.0, -4.0), [3.0, -4.0], array("d", [3.0, -4.0])])
def test_numbers_to_store_may_be_an_array(numbers):
    values = [Value(1.0), Value(2.0)]
    engines.store_data(values, numbers)
    assert [x.data for x in values] == [3.0, -4.0]
    with pytest.raises(TypeError, match="1 floats"):
        engines.store_data(values[:1], numbers)
    assert values[0].data == 3.0


def test_an_array_is_finite_if_all_its_numbers_are():
    assert engines.are_finite(array("d")) is True
    assert engines.are_finite(array("d", [1e308, 1e308, -0.0])) is True
    for wrong in (math.inf, -math.inf, math.nan):
        assert engines.are_finite(array("d", [1.0, wrong, 2.0])) is False


def test_the_norm_of_an_array_is_that_of_its_row():
    for numbers in ([], [3.0, -4.0], [1e-200, 1e-200], [0.1, 0.2, 0.3], [1e308, 1e308]):
        assert engines.norm_of(array("d", numbers)) == ag.norm(numbers)
    assert engines.norm_of(array("d", [1.7e308, 1.7e308])) == math.inf


def test_gradients_are_added_all_or_none_or_left_to_backward():
    x, y = Value(1.0), Value(2.0)
    x.grad = 0.5
    done = engines.add_gradients((x, y), array("d", [1.0, -0.0]), 0.5)
    assert done is (engine == "native")
    assert (x.grad, y.grad) == ((1.0, 0.0) if done else (0.5, 0.0))
    assert math.copysign(1.0, y.grad) == 1.0
    assert y.has_grad is done
    before = x.grad, y.has_grad
    for odd in (array("d", [1.0, math.inf]), array("d", [1.0]), array("d", [1.0] * 3)):
        assert engines.add_gradients((x, y), odd, 1.0) is False
    assert engines.add_gradients((x, y * 1.0), array("d", [1.0, 1.0]), 1.0) is False
    assert (x.grad, y.has_grad) == before
    whole = array("d", [1.0, 1.0]).tobytes()
    assert engines.add_gradients((x, y), whole, 1.0) is (engine == "native")


def test_the_neurons_that_one_call_takes_are_the_first_of_a_layer():
    layer = ag.nn.Layer(2, 3, weights=[[1.0, 2.0]] * 3)
    outputs = engines.neuron_outputs(layer.neurons, [0.5, 1.0], ag.nn.Neuron)
    assert [a.data for a in outputs] == ([2.5] * 3 if engine == "native" else [])
    assert engines.neuron_outputs(tuple(layer.neurons), [0.5, 1.0], ag.nn.Neuron) == []


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

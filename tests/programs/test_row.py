"""What views, checks and derivatives make of a result that a compiled function computed."""

import ast
import copy
import gc
import math
import pickle
import random
import re
import weakref

import pytest

import autograd_mini as ag
from autograd_mini import GraphTooLargeError, Value
from autograd_mini.errors import DomainError
from autograd_mini.programs.row import RecordedFunction
from autograd_mini.table.domains import REAL
from autograd_mini.testing import Program, check_gradients


@pytest.fixture
def line():
    """A compiled cost of a line with two branches, and its parameters."""
    w, b = Value(2.0, name="w"), Value(0.5, name="b")

    def cost(x, t):
        z = w * x + b
        return (z - t) ** 2 if z > 0 else t - z

    return ag.compile(cost), w, b


def caption(drawing):
    (text,) = re.findall(r'fontsize=10 label="([^"]*)"', drawing.source)
    return text.split("\\l")[:-1]


def test_a_drawing_has_a_box_for_the_program_with_the_point_and_its_parameters(line):
    cost, _, _ = line
    source = ag.draw(cost(1.0, 3.0)).source
    assert 'label="cost(1, 3)"' in source
    assert 'tooltip="cost: cost(x, t); x = 1.0; t = 3.0"' in source
    assert re.findall(r"value(\d) -> op2 \[label=\"−1\"", source) == ["1", "0"]


def test_an_explanation_names_the_derivatives_after_the_parameters(line):
    cost, _, b = line
    root = 2 * cost(1.0, 3.0)
    text = str(ag.explain(root, wrt=b))
    assert "= 2 · ∂cost/∂b(1, 3)" in text
    assert "v₁ = cost(1, 3) = 0.25" in text
    sentence = "cost(1, 3) and its derivatives are results of a recorded program."
    assert text.count(sentence) == str(ag.explain(root)).count(sentence) == 1


def test_the_middle_of_many_inputs_is_left_out():
    w = Value(0.5, name="w")
    weigh = ag.compile(lambda xs: w * ag.sum(xs))
    source = ag.draw(weigh([float(i) for i in range(9)])).source
    assert 'label="f(0, 1, 2, 3, …, 8)"' in source
    assert "xs7 = 7.0; xs8 = 8.0" in source  # all of them are under the mouse


def test_several_results_have_a_number_each():
    w = Value(2.0, name="w")
    powers = ag.compile(lambda x: [w * x, 3 * x, w * x * x])
    assert [x.op.name for x in powers(3.0) if isinstance(x, Value)] == ["f0", "f2"]


def test_a_function_is_not_taken_for_the_row_whose_name_it_has():
    w = Value(2.0, name="w")

    def sqrt(x):
        return w * x

    root = ag.compile(sqrt)(3.0)
    assert str(ag.explain(root)).splitlines()[4] == "out = my_sqrt(3) = 6"


def test_a_derivative_is_not_called_what_the_function_is_called():
    w = Value(2.0, name="w")

    def area(x):
        return w * x**2

    assert "out = grad_area(3) = 12" in str(ag.explain(ag.compile(ag.grad(area))(3.0)))


def test_a_program_is_in_the_frame_of_no_neuron():
    model = ag.MLP(2, [2, 1], rng=random.Random(0))
    loss = ag.compile(lambda x, t: (model(x) - t) ** 2)
    source = ag.draw(loss([0.5, -1.0], 1.0)).source
    frames = re.findall(r"subgraph .*?\n\t}", source, re.DOTALL)
    assert len(frames) == 3
    assert not any("f(0.5, −1, 1)" in frame for frame in frames)
    assert "f(0.5, −1, 1)" in source


@pytest.mark.parametrize("view", [ag.draw, ag.explain, ag.explore])
def test_a_program_of_many_parameters_is_refused_as_a_large_graph_is(view):
    model = ag.MLP(40, [8, 1], rng=random.Random(0))
    loss = ag.compile(model)
    with pytest.raises(GraphTooLargeError, match="max_nodes=300"):
        view(loss([0.5] * 40))


def test_a_changed_parameter_is_told(line):
    cost, w, _ = line
    root = cost(1.0, 3.0)
    assert not any("changed" in text for text in caption(ag.draw(root)))
    for number in (5.0, -5.0):  # on this path, and on another
        w.data = number
        assert caption(ag.draw(root))[-1] == "computed before a number here was changed: out"
        assert str(ag.explain(root)).startswith("A number was changed after out was computed")


def test_a_custom_function_that_refuses_the_changed_number_is_told_too():
    def invert(x):
        if not x:
            raise ZeroDivisionError("no inverse")
        return 1 / x

    inverse = ag.custom(invert, lambda x: -1 / x**2, name="inverse")
    x = Value(2.0, name="x")
    root = inverse(x)
    x.data = 0.0
    assert caption(ag.draw(root))[-1] == "computed before a number here was changed: out"


def test_the_row_computes_the_program_anew(line):
    cost, _, _ = line
    row = cost(1.0, 3.0).op
    value, partials = row.evaluate(1.0, 3.0, 3.0, 0.5)
    assert (value, partials[2:]) == (0.25, (1.0, 1.0))
    with pytest.raises(DomainError, match="cost: the point must be one that takes the recorded"):
        row.evaluate(1.0, 3.0, -3.0, 0.5)


def test_a_derivative_as_a_graph_is_refused_with_the_way_out(line):
    cost, w, b = line
    root = cost(1.0, 3.0)
    assert ag.gradients(root, [w, b]) == [-1.0, -1.0]
    message = "cost: derivative as a graph must be of a call of the function itself"
    with pytest.raises(TypeError, match=message):
        ag.gradient_graph(root, w)


def test_gradients_by_an_argument_go_through_the_function_itself(line):
    cost, _, _ = line
    check_gradients(cost, 1.0, 3.0, order=2)
    check_gradients(lambda x: 2 * x * cost(1.0, 3.0), 1.5)


def test_what_has_a_program_in_it_prints_with_a_comment_in_its_place(line):
    cost, _, _ = line
    lines = str(Program.of(cost(1.0, 3.0))).splitlines()
    assert lines[1] == "# cost is a compiled function: print(compiled.program(…)) shows it"
    assert "v2 = cost(1.0, 3.0, w, b)" in lines


def test_a_result_is_not_copied(line):
    cost, _, _ = line
    with pytest.raises(TypeError, match="must be a leaf"):
        copy.deepcopy(cost(1.0, 3.0))


def test_a_function_and_its_results_are_freed_without_a_collection():
    w = Value(2.0)
    product = ag.compile(lambda x: w * x)
    result = product(3.0)
    freed = weakref.ref(result.op)
    gc.disable()
    try:
        del product, result
        assert freed() is None
    finally:
        gc.enable()


# --- the row itself ------------------------------------------------------------------------------


def make_row(inputs=("x", None, "y", "y"), found=(6.0, (3.0, 4.0))):
    return RecordedFunction("f", inputs, 2, lambda _: found)


def test_an_operand_has_the_name_of_an_input_or_a_number():
    row = make_row()
    names = ("x", "argument 1", "argument 2", "argument 3")
    assert row.operands == (*names, "parameter 0", "parameter 1")
    assert row.domains == dict.fromkeys(row.operands, REAL)
    assert repr(row) == f"<recorded function f({', '.join(names)})>"
    slopes = {ast.unparse(slope.tree) for slope in row.partials.values()}
    assert slopes == {f"f′({', '.join(names)})"}
    slope = row.write_partial("w")
    assert ast.unparse(slope) == f"∂f/∂w({', '.join(names)})"
    assert ast.dump(slope.func) == ast.dump(ast.Name("∂f/∂w", ast.Load()))


def test_the_derivatives_by_inputs_are_not_known():
    value, partials = make_row().evaluate(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    assert (value, partials[4:]) == (6.0, (3.0, 4.0))
    assert all(map(math.isnan, partials[:4]))


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda row: row(1.0), TypeError, "number of operands must be 6, got 1"),
        (
            lambda row: row(*[1.0] * 5, Value(1.0)),
            TypeError,
            "derivative as a graph must be of a call of the function itself, got 'a result of its "
            "recording'; gradients gives numbers; compile(hessian(f)) and the like go higher",
        ),
        (
            pickle.dumps,
            TypeError,
            "pickle must be of a leaf, got 'a recording'; pickle numbers, or the program",
        ),
        (
            lambda _: make_row(found=None).evaluate(1.0, 2.0),
            DomainError,
            "the point must be one that takes the recorded path, got (1.0, 2.0); call f again",
        ),
    ],
)
def test_what_a_row_of_a_result_cannot_do_is_refused(use, error, message):
    with pytest.raises(error) as caught:
        use(make_row())
    assert str(caught.value) == f"f: {message}"


# --- the drawing of a program --------------------------------------------------------------------


def test_a_drawing_of_a_program_has_its_parameters_and_its_path(line):
    cost, _, _ = line
    drawing = ag.draw(cost.program(1.0, 3.0))
    assert caption(drawing)[0] == "blue: input, amber: parameter, green: result"
    assert caption(drawing)[-1] == "on this path: v₂ > 0"
    assert caption(ag.draw(cost.program(-1.0, 3.0)))[-1] == "on this path: not v₂ > 0"


def test_a_program_has_the_numbers_of_the_point_that_is_asked_for(line):
    cost, w, b = line
    assert cost.program(1.0, 3.0).leaves == (1.0, 3.0, w.data, b.data)
    assert cost.program(2.0, 4.0).leaves == (2.0, 4.0, w.data, b.data)


def test_what_has_no_box_is_written_out_in_the_path(line):
    cost, _, _ = line
    folded = ag.draw(cost.program(1.0, 3.0), fold=True)
    assert caption(folded)[-1] == "on this path: w·x + b > 0"
    choose = ag.compile(lambda x, y: x if x * y <= 2 else y)
    assert caption(ag.draw(choose.program(1.0, 3.0)))[-1] == "on this path: not x·y ≤ 2"


def test_of_many_branches_three_are_told():
    median = ag.compile(lambda xs: sorted(xs)[2] * 2)
    path = caption(ag.draw(median.program([3.0, 1.0, 2.0, 5.0, 4.0])))[-1]
    assert path.startswith("on this path: xs₁ < xs₀, ")
    assert re.search(r" and [4-6] more$", path)  # Pythons sort in different ways


def test_the_cases_of_derivative_rules_are_told_for_the_point():
    hessian = ag.compile(ag.hessian(lambda x: ag.relu(x) * x))
    assert caption(ag.draw(hessian.program(3.0)))[-1] == "at this point: not z₁ ≤ 0"
    assert caption(ag.draw(hessian.program(-3.0)))[-1] == "at this point: z₁ ≤ 0"


def test_a_drawing_of_a_derivative_has_the_gradients():
    slope = ag.compile(ag.grad(lambda x: x * x))
    source = ag.draw(slope.program(3.0)).source
    assert "x|3|grad\\n6" in source
    rows = ag.compile(ag.jacobian(lambda x: [x * x, 3 * x]))
    assert "grad" not in ag.draw(rows.program(3.0)).source

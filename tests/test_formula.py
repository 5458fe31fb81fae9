import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.formula import Formula, FormulaError
from autograd_mini.primitives import TABLE

numbers = st.floats(0.1, 3.0)


@given(numbers, numbers)
def test_a_formula_computes_what_python_would(x, y):
    text = "-x**y / (2 + y) * +3 - exp(x) + maximum(x, y)"
    expected = -(x**y) / (2 + y) * 3 - math.exp(x) + max(x, y)
    assert Formula(text).value({"x": Value(x), "y": Value(y)}).data == expected


def test_a_formula_builds_the_graph_that_the_same_python_builds():
    x = Value(0.3, name="x")
    node = Formula("sigmoid(2*x)").value({"x": x})
    assert (node.op.name, node.operands[0].op.name) == ("sigmoid", "mul")
    assert node.operands[0].operands == (2.0, x)


def test_names_come_in_order_of_appearance_and_once():
    assert Formula("b + w*x + b").names == ("b", "w", "x")


def test_every_function_among_the_primitives_can_be_called():
    for row in TABLE:
        if hasattr(ag, row.name) and not row.nary:
            operands = ["x", "1.5"][: len(row.operands)]
            x = Value(1.0 if row.name in ("arccosh", "arcsin", "arccos") else 0.5)
            if row.name == "arccosh":
                x = Value(1.5)
            node = Formula(f"{row.name}({', '.join(operands)})").value({"x": x})
            assert node.op is row


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("abs(-x)", 0.5),
        ("linear(x)", 0.5),
        ("leaky_relu(-x)", -0.005),
        ("leaky_relu(-x, 0.2)", -0.1),
        ("sum(x, 1, x)", 2.0),
        ("mean(x, 1.5)", 1.0),
        ("logsumexp(x, x)", 0.5 + math.log(2)),
        ("2**3*x", 4.0),
        ("4**0.5 - 3/2 - 1 + x", 0.0),
    ],
)
def test_value(text, value):
    assert Formula(text).value({"x": Value(0.5)}).data == value


def test_the_text_of_every_part_is_told():
    expressions = {}
    x = Value(1.0)
    result = Formula("exp(x + 1)").value({"x": x}, expressions=expressions)
    assert expressions == {result: "exp(x + 1)", result.operands[0]: "x + 1"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x +", r"cannot read 'x \+'"),
        ("", "cannot read ''"),
        ("x.real", "'x.real' is not allowed"),
        ("x[0]", r"'x\[0\]' is not allowed"),
        ("__import__('os').system('true')", "is not allowed"),
        ("__import__('os')", "unknown function '__import__'"),
        ("lambda: x", "'lambda: x' is not allowed"),
        ("x if x > 0 else 1", "is not allowed"),
        ("x // 2", "'x // 2' is not allowed"),
        ("x @ x", "is not allowed"),
        ("~x", "'~x' is not allowed"),
        ("not x", "'not x' is not allowed"),
        ("True * x", "'True' is not allowed"),
        ("1j * x", "'1j' is not allowed"),
        ("'x'", "is not allowed"),
        ("(y := 1) + x", "is not allowed"),
        ("[x]", "is not allowed"),
        ("f(x)", "unknown function 'f'; known are abs, arccos"),
        ("softmax(x)", "unknown function 'softmax'"),
        ("exp(x, 1)", "exp takes 1 operand, got 2"),
        ("maximum(x)", "maximum takes 2 operands, got 1"),
        ("leaky_relu(x, 1, 2)", "leaky_relu takes 1 or 2 operands, got 3"),
        ("sum()", "sum takes 1 operand or more, got 0"),
        ("exp(x=1)", "is not allowed"),
        ("exp(*x)", "is not allowed"),
        ("exp + x", "'exp' is a function: write exp"),
        ("-" * 10_000 + "x", "nested too deeply|cannot read"),
        ("+".join(["x"] * 100_000), "nested too deeply|cannot read"),
    ],
)
def test_what_is_no_formula_is_refused(text, message):
    with pytest.raises(FormulaError, match=message):
        Formula(text)


def test_a_name_without_a_number_is_reported():
    with pytest.raises(FormulaError, match="no number for y: give one as y=NUMBER"):
        Formula("x + y").value({"x": Value(1.0)})


def test_a_formula_of_numbers_alone_is_refused():
    with pytest.raises(FormulaError, match="'1 \\+ 2' has no name in it"):
        Formula("1 + 2").value({})


def test_numbers_alone_never_become_complex():
    with pytest.raises(ag.DomainError, match="pow"):
        Formula("(-2)**0.5 * x").value({"x": Value(1.0)})

"""A graph is data that computes, and prints as the program that builds it."""

import copy
import dataclasses
import math
import pickle
import re

import pytest
from hypothesis import given

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.programs.program import function
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.testing import Instruction, Program, strategies
from autograd_mini.testing.strategies import graphs


def test_a_graph_is_a_function_that_shows_its_formula():
    graph = Program(
        (2.0, 0.5),
        (
            Instruction(PRIMITIVES["pow"], (0, 3.0)),
            Instruction(PRIMITIVES["dot"], ((0, 1.5), (1, 2), -1.0)),
        ),
    )
    assert graph.lines() == [
        "v0 = Value(2.0)",
        "v1 = Value(0.5)",
        "v2 = v0 ** 3.0",
        "v3 = ag.dot([v0, 1.5], [v1, v2], -1.0)",
    ]
    assert repr(graph) == (
        "Program((2.0, 0.5), (Instruction(PRIMITIVES['pow'], (0, 3.0)), "
        "Instruction(PRIMITIVES['dot'], ((0, 1.5), (1, 2), -1.0))))"
    )
    assert graph(Value(2.0), Value(0.5)).data == 2.0 * 0.5 + 1.5 * 8.0 - 1.0
    assert graph.compute([1, 2], lambda row, *given_: (row.name, *given_)) == [
        1,
        2,
        ("pow", 1, 3.0),
        ("dot", [1, 1.5], [2, ("pow", 1, 3.0)], -1.0),
    ]


@given(graphs())
def test_the_repr_of_a_program_is_python_that_makes_an_equal_one(graph):
    assert eval(repr(graph), vars(strategies)) == graph  # noqa: S307 - our own text


def test_the_repr_of_a_program_has_the_names_and_the_numbers_that_no_literal_has():
    x, y = Value(-math.inf, name="x"), Value(1.0)
    with ag.errstate(nonfinite="ignore"):
        program = Program.of(ag.sum([x, y, math.inf]))
    made = eval(repr(program), vars(strategies))  # noqa: S307 - our own text
    assert (made, made.names) == (program, ("x", None))
    assert made.instructions[0].operands == ((0, 1, math.inf),)


def test_the_repr_of_a_long_program_is_a_line():
    steps = [Program((2.0,), (Instruction(PRIMITIVES["neg"], (0,)),) * n) for n in (60, 61)]
    assert eval(repr(steps[0]), vars(strategies)) == steps[0]  # noqa: S307 - our own text
    assert repr(steps[1]) == "<Program of 61 instructions; print shows them>"


def test_a_notebook_shows_the_printed_program():
    x = Value(2.0, name="x")
    assert Program.of(x * x)._repr_html_() == (
        '<pre style="font-family: monospace">'
        "from autograd_mini import Value<br><br>x = Value(2.0)<br>v1 = x * x<br>v1.backward()"
        "<br>print(x.grad)</pre>"
    )


@pytest.mark.parametrize("nodes", [56, 57, 5000])
def test_a_notebook_shows_a_long_program_without_its_middle(nodes):
    program = Program((2.0,), (Instruction(PRIMITIVES["neg"], (0,)),) * (nodes - 1))
    lines = program._repr_html_().partition(">")[2].removesuffix("</pre>").split("<br>")
    if nodes == 56:
        assert lines == str(program).splitlines()
    else:
        assert len(lines) == 61
        assert lines[30] == f"# … {nodes + 4 - 60} lines more; print shows them"
        assert lines[:30] + lines[31:] == (
            str(program).splitlines()[:30] + str(program).splitlines()[-30:]
        )


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_function_of_a_row_makes_its_nodes(row):
    x = Value(1.5) if all(1.5 in domain for domain in row.domains.values()) else Value(0.5)
    node = function(row)(*([x] if o in row.value.sequences else x for o in row.operands))
    assert node.op is row


@given(graphs())
def test_a_printed_graph_is_a_program_with_the_same_numbers_and_gradients(graph):
    leaves = [Value(x) for x in graph.leaves]
    nodes = graph.nodes(*leaves)
    nodes[-1].backward()
    ran = {"print": lambda *gradients: ran.update(printed=gradients)}
    exec(str(graph), ran)  # noqa: S102 - our own text
    assert ran["printed"] == tuple(leaf.grad for leaf in leaves)
    for node, name in zip(nodes, graph.node_names(), strict=True):
        assert ran[name].data == node.data
        assert ran[name].op is node.op


@given(graphs())
def test_the_graph_of_a_value_makes_an_equal_value(graph):
    out = graph(*map(Value, graph.leaves))
    recorded, nodes = Program.record(out)
    again = recorded(*map(Value, recorded.leaves))
    assert sorted(recorded.leaves) == sorted(graph.leaves)
    assert [n.data for n in Graph(again).order] == [n.data for n in Graph(out).order]
    assert set(nodes) == set(Graph(out).order)
    assert Program.of(again) == recorded


def test_leaves_are_called_by_their_names_where_these_can_be_used():
    names = ["x", "class", "ag", "v7", None, "two words", "y", "y", "w1"]
    leaves = [Value(float(i), name=name) for i, name in enumerate(names)]
    graph = Program.of(Value.sum(leaves))
    assert graph.node_names() == ["x", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "w1", "v9"]
    assert graph == Program(graph.leaves, graph.instructions)  # whatever the leaves are called
    ran = {"print": lambda *gradients: None}
    exec(str(graph), ran)  # noqa: S102 - our own text
    assert ran["v9"].data == 36.0


def test_a_program_imports_what_it_uses():
    lines = ["from autograd_mini import Value", "", "x = Value(2.0)"]
    assert str(Program.of(Value(2.0, name="x") * 3.0)).splitlines()[:3] == lines
    assert str(Program.of(Value(2.0, name="x").exp())).splitlines()[:4] == [
        "import autograd_mini as ag",
        *lines,
    ]


@pytest.mark.parametrize("name", ["ag", "abs", "float", "print", "Value"])
def test_no_leaf_takes_a_name_that_the_printed_program_uses(name):
    x, y = Value(-2.0, name=name), Value(3.0)
    out = ag.maximum(abs(x) * y, math.inf)
    with ag.errstate(nonfinite="ignore"):
        ran = {"print": lambda *gradients: ran.update(printed=gradients)}
        exec(str(Program.of(out)), ran)  # noqa: S102 - our own text
        out.backward()
    assert ran["printed"] == (x.grad, y.grad)


def test_a_program_is_hashable_data_that_nobody_changes():
    program = Program.of(Value(2.0) * 3.0)
    assert hash(program) == hash(Program.of(Value(2.0) * 3.0))
    with pytest.raises(dataclasses.FrozenInstanceError):
        program.leaves = (1.0,)
    with pytest.raises(dataclasses.FrozenInstanceError):
        program.instructions[0].operands = (0, 4.0)


@pytest.mark.parametrize(
    ("f", "line"),
    [
        (lambda x: (-2.0) ** x, "v1 = (-2.0) ** x"),
        (lambda x: 2.0 - x, "v1 = 2.0 - x"),
        (lambda x: x - -2.0, "v1 = x - -2.0"),
        (lambda x: x / -2.0, "v1 = x / -2.0"),
        (lambda x: -x, "v1 = -x"),
        (abs, "v1 = abs(x)"),
        (lambda x: x.leaky_relu(), "v1 = ag.leaky_relu(x, 0.01)"),
        (lambda x: Value.sum([x, 2]), "v1 = ag.sum([x, 2.0])"),
        (lambda x: x.maximum(-math.inf), 'v1 = ag.maximum(x, float("-inf"))'),
    ],
)
def test_every_kind_of_operation_is_written_as_python(f, line):
    assert Program.of(f(Value(2.0, name="x"))).lines()[1] == line


def test_a_deep_graph_is_recorded_without_recursion():
    out = Value(1.0)
    for _ in range(10_000):
        out = out + 1.0
    assert len(Program.of(out).instructions) == 10_000


def test_a_program_that_has_computed_is_copied_and_pickled():
    program = Program.of(Value(2.0).exp() * 3.0)
    program(Value(1.0))
    twin = pickle.loads(pickle.dumps(program))  # noqa: S301 - our own bytes
    assert twin == copy.deepcopy(program) == program


@pytest.mark.parametrize("leaves", [(), (1.0,), (1.0, 2.0, 3.0)])
def test_a_program_takes_a_number_for_each_leaf(leaves):
    program = Program.of(Value(2.0) * Value(3.0))
    message = "Program: number of leaves must be 2, as when the program was made, got "
    with pytest.raises(ValueError, match=f"^{re.escape(message)}{len(leaves)}$"):
        program(*leaves)


@pytest.mark.parametrize("root", [None, 3.0, "x * x"])
def test_only_a_value_has_a_program(root):
    with pytest.raises(TypeError, match=r"^Program: root must be a Value, got "):
        Program.of(root)

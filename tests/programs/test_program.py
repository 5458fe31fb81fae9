"""A graph is data that computes, and prints as the program that builds it."""

import copy
import dataclasses
import gc
import math
import pickle
import pickletools
import re
import sys
import textwrap

import pytest
from hypothesis import given

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.choices import CHOICES, HELD
from autograd_mini.engines.graph import Graph
from autograd_mini.programs.code import Guard
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


def test_a_function_of_a_user_is_the_function_of_its_row():
    assert function(TRIPLE) is TRIPLE
    program = Program.of(TRIPLE(Value(2.0)) * 5.0)
    assert program(Value(4.0)).data == 60.0


def test_the_function_of_a_choice_chooses():
    x, y = Value(1.0), Value(2.0)
    for sign, chosen in [("<", x), (">=", y)]:
        assert function(CHOICES[sign])(1.0, 2.0, x, y) is chosen
    held = function(HELD)(x * y)
    assert (held.data, ag.gradients(held + x, [x, y])) == (2.0, [1.0, 0.0])


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


def test_a_function_of_a_user_is_defined_under_a_name_that_no_node_has():
    cube = ag.primitive("x * x * x", dx="3 * x * x", name="v1")
    program = Program.of(cube(Value(2.0, name="x")))
    assert str(program).splitlines() == [
        "import autograd_mini as ag",
        "from autograd_mini import Value",
        "v1_2 = ag.primitive('x * x * x', dx='3 * x * x', name='v1')",
        "",
        "x = Value(2.0)",
        "v1 = v1_2(x)",
        "v1.backward()",
        "print(x.grad)",
    ]


def test_choices_are_written_as_comparisons_of_numbers():
    """For Values, == would ask whether they are the same object."""
    conditions = {sign: f"v0 {sign} v1" for sign in ("<", "<=", ">", ">=")}
    conditions |= {"==": "v0 <= v1 <= v0", "!=": "not v0 <= v1 <= v0"}
    for sign, condition in conditions.items():
        program = Program((2.0, 1.0), (Instruction(CHOICES[sign], (0, 1, 0, 3.0)),))
        assert program.lines()[2] == f"v2 = ag.where({condition}, v0, 3.0)"


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
    with pytest.raises(
        TypeError, match=rf"^Program: root must be a Value, got {re.escape(repr(root))}$"
    ):
        Program.of(root)


# --- functions: outputs, roots, guards -----------------------------------------------------------

ROWS = {name: PRIMITIVES[name] for name in ("mul", "add", "sin")}
FUNCTION = Program(
    (3.0, 2.0, 0.5),
    (
        Instruction(ROWS["mul"], (0, 2)),
        Instruction(ROWS["sin"], (3,)),
        Instruction(ROWS["add"], (4, 1.5)),
    ),
    names=("x", None, "w"),
    inputs=2,
    outputs=(5, 1, 0.25),
    roots=(4,),
    wrt=(0, 1),
    guards=(Guard(1, "<", 3, 9.0, True), Guard(3, ">=", -1.0, 1, False)),
)
"""A function of two inputs with a parameter, of which one result is differentiated."""


def test_the_repr_of_a_function_is_python_that_makes_an_equal_one():
    namespace = {**vars(strategies), "Guard": Guard}
    made = eval(repr(FUNCTION), namespace)  # noqa: S307 - our own text
    assert (made, made.names) == (FUNCTION, FUNCTION.names)
    assert made != dataclasses.replace(FUNCTION, guards=())


def test_a_function_is_printed_as_a_function_of_its_inputs():
    assert str(FUNCTION) == textwrap.dedent(
        """\
        import autograd_mini as ag
        from autograd_mini import Value

        w = Value(0.5)

        def program(x, v1):
            v3 = x * w
            if not v3 < 9.0:
                raise ValueError("this point takes another path")
            v4 = ag.sin(v3)
            v5 = v4 + 1.5
            if -1.0 >= v1:
                raise ValueError("this point takes another path")
            return [v5, v1, 0.25, *ag.gradients(v4, [x, v1])]

        print(program(Value(3.0), Value(2.0)))"""
    )


def run(program):
    """Run a printed program; return what it prints, and its function."""
    ran = {"print": lambda *printed: ran.update(printed=printed)}
    exec(str(program), ran)  # noqa: S102 - our own text
    return ran["printed"][0], ran["program"]


def test_a_printed_function_runs():
    (value, second, constant, by_x, by_y), printed = run(FUNCTION)
    assert (value.data, second.data, constant) == (math.sin(1.5) + 1.5, 2.0, 0.25)
    assert (by_x, by_y) == (math.cos(1.5) * 0.5, 0.0)
    for point in ([20.0, 2.0], [3.0, -2.0]):
        with pytest.raises(ValueError, match=r"^this point takes another path$"):
            printed(*map(Value, point))


COMPILED = {
    "one number": lambda x: x * x + 1,
    "several": lambda x: [x, 2.0, {"a": ag.exp(x)}],
    "a branch": lambda x: x * x if x > 0 else -x,
    "a constant": lambda _: 3.0,
    "stop_gradient": lambda x: x * ag.stop_gradient(x),
    "infinity": lambda x: ag.maximum(x, -math.inf),
    "gradient": ag.grad(lambda x: ag.sin(x) * x),
    "gradient of the input": ag.grad(lambda x: x),
    "value and gradient": ag.value_and_grad(lambda x: ag.sin(x) * x),
    "hessian": ag.hessian(lambda x: ag.relu(x) * x**3),
    "jvp": lambda x: ag.jvp(lambda z: abs(z) ** 1.5, (x,), (1.0,)),
}


@pytest.mark.parametrize("name", COMPILED)
@pytest.mark.parametrize("x", [1.5, 0.25])
def test_the_program_of_a_compiled_function_prints_what_it_computes(name, x):
    compiled = ag.compile(COMPILED[name])
    printed, _ = run(compiled.program(1.5))
    printed, function_ = run(compiled.program(x))
    assert numbers_of(printed) == numbers_of(compiled(x))
    assert numbers_of(function_(Value(x))) == numbers_of(compiled(x))


def numbers_of(result):
    if isinstance(result, dict):
        result = [*result.values()]
    if isinstance(result, list | tuple):
        return [x for one in result for x in numbers_of(one)]
    return [result.data if isinstance(result, Value) else result]


def test_a_program_is_drawn():
    drawing = ag.draw(ag.compile(lambda x, y: x * y if x > y else x).program(3.0, 2.0))
    source = str(drawing.source if hasattr(drawing, "source") else drawing)
    assert "x" in source
    assert "mul" in source or "×" in source


def test_a_program_holds_no_values():
    w = Value(2.0, name="w")
    before = sys.getrefcount(w)
    program = ag.compile(lambda x: w * x).program(3.0)
    assert (program.leaves, program.names, program.inputs) == ((3.0, 2.0), ("x", "w"), 1)
    gc.collect()
    assert sys.getrefcount(w) == before


# --- pickles -------------------------------------------------------------------------------------


@given(graphs())
def test_any_program_is_pickled(graph):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        made = pickle.loads(pickle.dumps(graph, protocol))  # noqa: S301 - our own bytes
        assert (made, made.names) == (graph, graph.names)


def test_a_function_is_pickled_with_its_guards_and_names():
    made = pickle.loads(pickle.dumps(FUNCTION))  # noqa: S301 - our own bytes
    assert (made, made.names, str(made)) == (FUNCTION, FUNCTION.names, str(FUNCTION))
    assert copy.deepcopy(FUNCTION) == FUNCTION


def test_numbers_of_any_bits_are_pickled():
    numbers = (-0.0, 5e-324, math.inf, math.nan)
    program = Program(numbers, (Instruction(ROWS["mul"], (0, -0.0)),))
    made = pickle.loads(pickle.dumps(program))  # noqa: S301 - our own bytes
    assert repr(made) == repr(program)


def test_a_pickle_has_a_number_of_its_format(monkeypatch):
    saved = pickle.dumps(FUNCTION)
    monkeypatch.setattr("autograd_mini.programs.program._FORMAT", 2)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its words follow
        pickle.loads(saved)  # noqa: S301 - our own bytes
    assert str(caught.value) == ("Program: format of a pickle must be 2, got 1; record it again")


def test_a_row_that_has_changed_since_is_refused(monkeypatch):
    saved = pickle.dumps(FUNCTION)
    row = PRIMITIVES["sin"]
    monkeypatch.setattr(row, "texts", {**row.texts, "dx": "cos(x) + 0"}, raising=False)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its words follow
        pickle.loads(saved)  # noqa: S301 - our own bytes
    assert str(caught.value) == (
        "Program: row of a pickle must be that of this version, got \"another 'sin'\"; record it "
        "again"
    )


def test_loading_a_pickle_runs_nothing_but_the_library():
    """Of all names that a pickle can call, it has those that make tuples and programs alone."""
    called = {
        (argument or "").replace(" ", ".")
        for opcode, argument, _ in pickletools.genops(pickle.dumps(FUNCTION, protocol=2))
        if opcode.name in ("GLOBAL", "STACK_GLOBAL")
    }
    assert {name.partition(".")[0] for name in called} <= {
        "autograd_mini",
        "_codecs",
        "__builtin__",
    }
    assert called - {"_codecs.encode", "__builtin__.bytes"} == {
        "autograd_mini.programs.program._restore"
    }


TRIPLE = ag.custom(lambda x: 3 * x, lambda _: 3.0, name="TRIPLE")


def test_custom_functions_are_pickled_by_their_names():
    program = ag.compile(TRIPLE).program(2.0)
    assert pickle.loads(pickle.dumps(program)) == program  # noqa: S301 - our own bytes
    hidden = ag.custom(lambda x: x, lambda _: 1.0, name="hidden")
    with pytest.raises(
        TypeError, match=r"^hidden: a pickled custom function must be in a variable "
    ):
        pickle.dumps(ag.compile(hidden).program(2.0))

"""Rows of rules that a user adds at run time: both engines, every reader of a row."""

import copy
import gc
import inspect
import linecache
import math
import pickle
import random
import threading
import weakref

import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.arguments import abbreviate
from autograd_mini.engines import bulk, custom_node, extension
from autograd_mini.engines import value as reference
from autograd_mini.engines.extension import name_apart
from autograd_mini.engines.graph import Graph
from autograd_mini.errors import DomainError, GradientMismatchError, NonFiniteGradientError
from autograd_mini.programs import Program
from autograd_mini.table.domains import POSITIVE, Domain
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.testing import check_gradients

cube = ag.primitive("x * x * x", dx="3 * x * x", name="cube")
ratio = ag.primitive("x / y", dx="1 / y", dy="-out / y", name="ratio", y=Domain(nonzero=True))
energy = ag.primitive("sum(w * x * x) + b", dw="x * x", dx="2 * w * x", db="1", name="energy")
hinge = ag.primitive("0 if x <= 0 else x", dx="0 if x <= 0 else 1", kink="x", name="hinge")
FUNCTIONS = [cube, ratio, energy, hinge]


def again(row):
    """Return a row of the table under another name, as a user may write it."""
    options = {key: option for key, option in row.options().items() if key != "activation"}
    return ag.primitive(row.texts["value"], name=f"my_{row.name}", **options)


def draw_operands(row, rng):
    return [
        [Value(rng.gauss(0, 2)) for _ in range(3)]
        if o in row.value.sequences
        else Value(rng.gauss(0, 2))
        for o in row.operands
    ]


# --- what it computes ----------------------------------------------------------------------------


def test_a_rule_makes_nodes_of_values_and_floats_of_numbers():
    x = Value(2.0)
    out = 2 * cube(x) + cube(1)
    out.backward()
    assert (out.data, x.grad, cube(3)) == (17.0, 24.0, 27.0)
    assert type(cube(3)) is float
    node = cube(x)
    assert (node.op, node.operands, node.partials) == (cube, (x,), (12.0,))


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_every_row_of_the_table_has_the_same_bits_when_a_user_writes_it(row):
    """A node of a user's row is another kind of node, in both engines."""
    rng = random.Random(row.name)
    with ag.errstate(nonfinite="ignore"):
        for _ in range(20):
            operands = draw_operands(row, rng)
            numbers = [[v.data for v in o] if isinstance(o, list) else o.data for o in operands]
            node = again(row)(*operands)
            out, partials = row.evaluate(*numbers)
            flat = [p for part in partials for p in (part if isinstance(part, list) else [part])]
            assert repr(node.data) == repr(out)
            assert repr([*node.partials]) == repr(flat)


def test_constants_among_the_operands_have_no_partial_derivative():
    x = Value(3.0)
    assert (ratio(x, 2.0).partials, ratio(2.0, x).partials) == ((0.5, None), (None, -2.0 / 3 / 3))
    node = energy([1.0, x], [x, 2], 0.5)
    assert node.operands == (1.0, x, x, 2.0, 0.5)
    assert node.partials == (None, 4.0, 6.0, None, None)
    node.backward()
    assert x.grad == 10.0


def test_sequences_may_be_of_any_kind_and_are_equally_long():
    x = Value(3.0)
    assert energy(iter([1, 2]), (x, x), 0).data == energy([1.0, 2.0], [3.0, 3.0], 0.0) == 27.0
    assert energy([], [], 1.5) == 1.5
    with pytest.raises(ValueError, match="energy: ws and xs must be equally long, got lengths 1"):
        energy([1.0], [x, x], 0.0)
    with pytest.raises(TypeError, match="energy: operands must be a sequence of Values or numbers"):
        energy(x, [x], 0.0)


@pytest.mark.parametrize("wrong", ["1", None, True, 1j, 2**53 + 1, [1.0]])
def test_operands_are_those_of_every_row(wrong):
    for call in (lambda: cube(wrong), lambda: ratio(Value(1.0), wrong)):
        with pytest.raises((TypeError, ValueError), match="operand must be a"):
            call()


def test_the_number_of_operands_is_that_of_the_rule():
    with pytest.raises(TypeError, match=r"ratio: number of operands must be 2: x, y, got 1"):
        ratio(1.0)
    with pytest.raises(TypeError, match="cube: operands must be given by position, got 'x'"):
        cube(x=1.0)


def test_strict_holds():
    zero = Value(0.0, name="zero")
    words = (
        r"ratio\(x, y\): the point must be in the domain y != 0, got x = 1.0, y = 0.0 \('zero'\)"
    )
    with pytest.raises(DomainError, match=words):
        ratio(1.0, zero)
    with pytest.raises(DomainError, match=r"ratio\(x, y\)"):
        ratio(1.0, 0.0)
    with ag.errstate(nonfinite="ignore"):
        assert ratio(1.0, 0.0) == math.inf
        assert ratio(1.0, zero).data == math.inf
    root = ag.primitive("sqrt(x)", dx="0.5 / out", name="root", x=Domain(low=0))
    out = root(zero)
    with pytest.raises(NonFiniteGradientError, match="it arises at root"):
        out.backward()
    assert not zero.has_grad


def test_a_gradient_check_finds_a_wrong_rule_and_its_node():
    assert check_gradients(energy, [0.5, 1.5], [2.0, -1.0], 0.25).worst.error < 1e-12
    assert check_gradients(lambda x: hinge(x) + cube(x), 0.5).worst.error < 1e-12
    wrong = ag.primitive("x * x", dx="x", name="quadratic")
    with pytest.raises(GradientMismatchError, match=r"It arises at v1 = quadratic\(v0\)"):
        check_gradients(wrong, 0.5)


# --- both engines --------------------------------------------------------------------------------


def facts(value_type):
    """Return the text of all that a graph with rows of a user has."""
    x, y = value_type(0.7, name="x"), value_type(-1.3)
    nodes = [cube(x), ratio(cube(x) * y, 3.0), energy([x, 2.0, y], [y, x, x], x)]
    nodes.append(sum(nodes[1:], nodes[0]) * cube(y))
    nodes[-1].backward(seed=0.3)
    kinds = [[type(o) is float for o in v.operands] for v in nodes]
    return kinds, [(repr(v), v.partials, v.op, v.op and repr(v.operands)) for v in (x, y, *nodes)]


def test_both_engines_have_the_same_bits(monkeypatch):
    found = facts(Value)
    monkeypatch.setattr(extension, "Value", reference.Value)
    monkeypatch.setattr(extension, "custom_node", bulk.custom_node)
    assert facts(reference.Value) == found


@pytest.mark.parametrize(
    "arguments",
    [((Value(1.0), "x"), (1.0, 1.0)), ((Value(1.0),), (1.0, 2.0)), ((Value(1.0),), (1,))],
)
def test_a_node_takes_values_and_floats_alone(arguments):
    given, partials = arguments
    with pytest.raises(TypeError) as caught:
        custom_node(cube, given, 1.0, partials)
    assert str(caught.value) == (
        "operands must be Values and floats, with a float for each as its partial derivative, "
        f"got {abbreviate(arguments)}"
    )


# --- memory --------------------------------------------------------------------------------------


def test_a_row_lives_as_long_as_a_node_of_it_and_no_longer():
    row = ag.primitive("2 * x", dx="2", name="double")
    gone = weakref.ref(row)
    x = Value(1.0)
    node = row(x) + 1.0
    del row
    gc.collect()
    assert gone() is node.operands[0].op
    del node
    gc.collect()
    assert gone() is None


def test_the_text_that_tracebacks_show_goes_with_its_row():
    before = {*linecache.cache}
    row = ag.primitive("3 * x", dx="3", name="triple")
    assert row(2.0) == 6.0
    assert [name for name in linecache.cache if "triple" in name] == ["<autograd_mini triple>"]
    del row
    gc.collect()
    assert {*linecache.cache} == before


def test_a_node_makes_no_reference_cycle():
    gc.collect()
    x = Value(1.0)
    energy([x, x], [cube(x), 2.0], 1.0).backward()
    del x
    assert gc.collect() == 0


def test_a_deep_chain_is_differentiated_and_freed():
    x = out = Value(1.0)
    step = ag.primitive("x / 2 + 1", dx="0.5", name="step_down")
    for _ in range(100_000):
        out = step(out)
    out.backward()
    assert (out.data, x.grad) == (2.0, 0.0)


def test_threads_may_call_at_once():
    twice = ag.primitive("x + x", dx="2", name="twice")
    found = []

    def work():
        x = Value(1.5)
        for _ in range(500):
            out = twice(x) * twice(2.0)
        out.backward()
        found.append((out.data, x.grad))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(12.0, 8.0)] * 4


# --- what tools ask it ---------------------------------------------------------------------------


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_it_pickles_as_its_text(function):
    twin = pickle.loads(pickle.dumps(function))  # noqa: S301 - our own bytes
    assert (repr(twin), twin.texts) == (repr(function), function.texts)
    assert b"lambda" not in pickle.dumps(function)
    operands = draw_operands(function, random.Random(0))
    assert (twin(*operands).data, twin(*operands).partials) == (
        function(*operands).data,
        function(*operands).partials,
    )


def test_a_pickle_survives_a_row_of_its_name_in_the_table(monkeypatch):
    stored = pickle.dumps(cube)
    monkeypatch.setitem(PRIMITIVES, "cube", PRIMITIVES["exp"])
    assert pickle.loads(stored)(2.0) == 8.0  # noqa: S301 - our own bytes


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_its_repr_is_python_that_makes_it(function):
    twin = eval(repr(function), {"ag": ag, "Domain": Domain})  # noqa: S307 - our own text
    assert (repr(twin), twin.name, twin.kink is None) == (
        repr(function),
        function.name,
        function.kink is None,
    )


def test_a_copy_is_the_function_itself():
    assert copy.copy(cube) is cube
    assert copy.deepcopy([cube])[0] is cube


def test_it_introduces_itself():
    assert [str(inspect.signature(f)) for f in (cube, ratio)] == ["(x, /)", "(x, y, /)"]
    assert str(inspect.signature(energy)) == "(ws, xs, b, /)"
    assert (cube.__name__, str(cube)) == ("cube", "cube")
    assert cube.__doc__ == "Return x * x * x.\n\ndx = 3 * x * x; defined for any real x."


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_a_program_of_it_prints_as_python_that_runs(function):
    out = function(*draw_operands(function, random.Random(3)))
    program = Program.of(out + ratio(cube(1.5 * out), 2.0))
    assert program(*map(Value, program.leaves)).data == (out + ratio(cube(1.5 * out), 2.0)).data
    found = {}
    exec(str(program), found)  # noqa: S102 - our own text
    last = program.node_names()[-1]
    assert found[last].data == program(*map(Value, program.leaves)).data
    assert pickle.loads(pickle.dumps(program)).leaves == program.leaves  # noqa: S301
    assert eval(repr(program.instructions[0].primitive), {"ag": ag, "Domain": Domain})  # noqa: S307 - our own text


def test_a_program_tells_two_rows_of_one_name_apart_and_leaves_from_functions(capsys):
    other = ag.primitive("x * x * x / 2", dx="1.5 * x * x", name="cube")
    numbered = ag.primitive("x + 1", dx="1", name="v1")
    x = Value(2.0, name="cube")
    out = cube(x) + other(x) + numbered(x)
    text = str(Program.of(out))
    assert "cube_2 = ag.primitive(" in text
    found = {}
    exec(text, found)  # noqa: S102 - our own text
    assert capsys.readouterr().out == "19.0\n"
    assert [*name_apart([cube, other, cube]).values()] == ["cube", "cube_2"]


def test_views_know_the_formula():
    x = Value(2.0, name="x")
    out = cube(x) * 0.5
    assert "1.5·x²" in str(ag.explain(out, wrt=x))
    assert "cube: x * x * x" in ag.draw(out).source
    twin = ag.primitive("x + 1", dx="1", name="cube")
    html = ag.explore(cube(x) * twin(x)).html
    assert '"cube": {compute' in html
    assert '"cube_2": {compute' in html


def test_it_is_an_activation_function():
    model = ag.MLP(2, [3, 1], activation=hinge, rng=random.Random(0))
    out = model([0.5, -1.0])
    out.backward()
    assert hinge in [node.op for node in Graph(out).order]
    assert "hinge" in str(model.summary())
    assert copy.deepcopy(model)([0.5, -1.0]).data == out.data


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tanh", "sum", "gauss", "max", "add"])
def test_a_name_of_the_table_is_taken(name):
    with pytest.raises(ValueError, match=f"choose another, such as name='my_{name}'"):
        ag.primitive("x", dx="1", name=name)


@pytest.mark.parametrize("name", ["", "a b", "lambda", "1x", "x.y"])
def test_a_name_is_one_of_python(name):
    with pytest.raises(ValueError, match="primitive: name must be a name of Python"):
        ag.primitive("x", dx="1", name=name)


def test_a_name_is_read_as_python_reads_it():
    """Python takes the ligature in the name as two letters, and would not find it otherwise."""
    assert ag.primitive("2 * x", dx="2", name="\ufb01t")(2.0) == 4.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"value": 3}, "primitive: value must be the text of a rule, got 3"),
        ({"value": None}, "primitive: value must be the text of a rule, got None"),
        ({"dx": 1.0}, "primitive: dx must be the text of a rule, got 1.0"),
        ({"kink": 0}, "primitive: kink must be the text of a rule, got 0"),
        ({"x": (0, 1)}, "primitive: x must be a Domain"),
        ({"textbook": "x"}, "primitive: textbook must be a dict of texts of rules"),
        ({"textbook": {"dx": 2}}, "primitive: textbook must be a dict of texts of rules"),
        ({"name": 3}, "primitive: name must be a string"),
    ],
)
def test_arguments_have_their_types(arguments, message):
    with pytest.raises(TypeError, match=message):
        ag.primitive(**{"value": "x", "dx": "1", "name": "f", **arguments})


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"value": "x *", "dx": "1"}, "rule must be an expression"),
        ({"value": "open(x)", "dx": "1"}, "function must be an elementary function"),
        ({"value": "x * y", "dx": "y"}, "dy must be a rule"),
        ({"value": "x", "dx": "1", "dy": "1"}, "dy must be absent"),
    ],
)
def test_rules_are_those_of_the_language(rules, message):
    with pytest.raises(ValueError, match=f"primitive 'f'.*{message}"):
        ag.primitive(name="f", **rules)


def test_domains_and_textbook_forms_are_those_of_a_row():
    ln = ag.primitive("log(x)", dx="1 / x", name="ln", x=POSITIVE, textbook={"dx": "x ** -1"})
    assert (ln.domain, ln.textbook["x"].text) == ("x > 0", "x ** -1")

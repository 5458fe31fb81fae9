"""Functions of a user in Python: their nodes, their errors, their pickles, and every view."""

import copy
import functools
import gc
import inspect
import math
import pickle
import subprocess
import sys
import threading
import weakref
from bisect import bisect_right

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines import bulk, extension, python_function
from autograd_mini.engines import value as reference
from autograd_mini.engines.graph import Graph, is_stale
from autograd_mini.errors import DomainError, GradientMismatchError, NonFiniteGradientError
from autograd_mini.programs import Program
from autograd_mini.table.primitives import Primitive
from autograd_mini.testing import check_gradients


def bump(x):
    """Return x exp(-x²)."""
    return x * math.exp(-x * x)


plain_bump = bump
bump = ag.custom(bump, lambda x: (1 - 2 * x * x) * ag.exp(-x * x))
power = ag.custom(pow, lambda x, n: (n * x ** (n - 1), x**n * ag.log(x)), name="power")
once = ag.custom(math.exp, math.exp, name="once")
distance = ag.custom(
    math.hypot,
    lambda *xs: [x / ag.sqrt(ag.sum(x * x for x in xs)) for x in xs],
    name="distance",
)
XS, YS = [0.0, 1.0, 3.0, 4.0], [0.0, 2.0, 2.5, 0.0]


def interval(x):
    return min(max(bisect_right(XS, x) - 1, 0), len(XS) - 2)


def slope(x):
    i = interval(x)
    return (YS[i + 1] - YS[i]) / (XS[i + 1] - XS[i])


table = ag.custom(lambda x: YS[interval(x)] + slope(x) * (x - XS[interval(x)]), slope, name="table")


# --- what it computes ----------------------------------------------------------------------------


def test_a_function_makes_nodes_of_values_and_floats_of_numbers():
    x = Value(0.5)
    node = bump(x)
    (2 * node + bump(1)).backward()
    assert (node.data, type(bump(1))) == (plain_bump(0.5), float)
    assert node.partials == (0.5 * math.exp(-0.25),)
    assert x.grad == math.exp(-0.25)
    assert (node.op, node.operands) == (bump, (x,))


def test_a_plain_number_asks_for_no_derivative():
    flat = ag.custom(lambda x: 2.0 * x, lambda x: 1 / 0, name="flat")
    assert flat(3) == 6.0


def test_several_arguments_may_be_constants():
    x = Value(2.0)
    node = power(x, 3)
    assert (node.operands, node.partials) == ((x, 3.0), (12.0, None))
    assert power(2.0, Value(3.0)).partials == (None, 8 * math.log(2))
    assert power(2.0, 3.0) == 8.0


def test_any_number_of_arguments_has_a_row_each():
    x, y = Value(3.0), Value(4.0)
    node = distance(x, y)
    assert (node.data, node.partials, node.op.operands) == (5.0, (0.6, 0.8), ("x", "y"))
    assert distance(x).partials == (1.0,)
    assert distance(1, 2, 2, 4) == 5.0
    assert distance(y, y).op is node.op
    assert distance(x, 0, y, 0, 0).op.operands == ("x1", "x2", "x3", "x4", "x5")
    assert node.op(x, y, 12.0).data == 13.0


@pytest.mark.parametrize(
    ("f", "count", "names"),
    [
        (lambda x, slope: x, 2, ("x", "slope")),
        (lambda x, slope=2.0: x, 1, ("x",)),
        (lambda first, *rest: first, 3, ("first", "rest1", "rest2")),
        (lambda *, scale=1.0: 0.0, None, None),
        (lambda x, *, scale=1.0: x, 1, ("x",)),
        (lambda out, pi: out, 2, ("x", "y")),
        (lambda rest1, *rest: rest1, 2, ("x", "y")),
        (math.log, 2, ("x", "y")),
        (np.hypot, 2, ("x1", "x2")),
        (functools.partial(pow, 2.0), 1, ("exp",)),
    ],
)
def test_operands_are_called_as_the_parameters(f, count, names):
    if count is None:
        with pytest.raises(TypeError, match="custom: f must be a function of one number or more"):
            ag.custom(f, slope)
        return
    function = ag.custom(f, lambda *xs: [0.0] * len(xs), name="f")
    assert function(*[Value(1.5)] * count).op.operands == names


def test_a_default_may_be_left_out():
    scaled = ag.custom(lambda x, k=2.0: k * x, lambda x, k=2.0: (k, x)[: 2 - (k == 2.0)], name="f")
    assert scaled(Value(3.0)).partials == (2.0,)
    assert scaled(Value(3.0), 5.0).partials == (5.0, None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bump(1.0, 2.0), "bump: number of operands must be 1, got 2"),
        (bump, "bump: number of operands must be 1, got 0"),
        (lambda: power(1.0), "power: number of operands must be from 2 to 3, got 1"),
        (distance, "distance: number of operands must be at least 1, got 0"),
        (lambda: bump(x=1.0), "bump: operands must be given by position, got 'x'"),
        (lambda: bump("1"), "bump: operand must be a real number, got '1'"),
        (lambda: power(Value(1.0), True), "power: operand must be a real number, got True"),
        (lambda: bump(np.ones(2)), "bump: operand must be a real number"),
    ],
)
def test_operands_are_those_of_every_row(call, message):
    with pytest.raises(TypeError, match=message):
        call()


# --- what its two functions may do ---------------------------------------------------------------


@pytest.mark.parametrize("given", [2.0, 2, np.float64(2.0), np.float32(2.0), np.int64(2)])
def test_results_are_real_numbers(given):
    f = ag.custom(lambda x: given, lambda x: given, name="f")
    node = f(Value(1.0))
    assert (node.data, node.partials, type(node.data), f(1.0)) == (2.0, (2.0,), float, 2.0)


@pytest.mark.parametrize("given", [[2.0], (2.0,), np.array([2.0]), iter([2.0])])
def test_a_single_derivative_may_stand_in_a_sequence(given):
    assert ag.custom(lambda x: x, lambda x: given, name="f")(Value(1.0)).partials == (2.0,)


@pytest.mark.parametrize("wrong", [None, "2", True, 2j, np.array(2.0), [2.0]])
def test_a_result_that_is_no_number_is_refused_by_the_name_of_the_function(wrong):
    f = ag.custom(lambda x: wrong, lambda x: 1.0, name="f")
    for x in (1.0, Value(1.0)):
        with pytest.raises(TypeError, match=r"f: result must be a real number.*; return a float"):
            f(x)


def test_a_function_that_uses_a_value_of_its_own_is_told_the_way_out():
    w = Value(2.0)
    f = ag.custom(lambda x: w * x, lambda x: 2.0, name="f")
    way_out = "f must get every number that it uses as an argument"
    with pytest.raises(TypeError, match=rf"f: result must be a real number.*; {way_out}"):
        f(1.0)
    f = ag.custom(lambda x: x, lambda x: w, name="f")
    with pytest.raises(TypeError, match=rf"f: derivative by x must be a real number.*; {way_out}"):
        f(Value(1.0))


@pytest.mark.parametrize(
    ("partials", "kind", "message"),
    [
        (lambda x, y: 1.0, TypeError, "result of partials must be 2 numbers, one an operand, got"),
        (lambda x, y: (1.0,), ValueError, "result of partials must be 2 numbers"),
        (lambda x, y: (1.0, 2.0, 3.0), ValueError, "result of partials must be 2 numbers"),
        (lambda x, y: {1.0: 2, 2.0: 3}, TypeError, "result of .* the dict gives keys"),
        (lambda x, y: (1.0, None), TypeError, "derivative by y must be a real number, got None"),
        (lambda x, y: ("1", 1.0), TypeError, "derivative by x must be a real number, got '1'"),
    ],
)
def test_there_is_a_derivative_for_each_argument(partials, kind, message):
    f = ag.custom(lambda x, y: x + y, partials, name="f")
    with pytest.raises(kind, match=f"f: {message}"):
        f(Value(1.0), Value(2.0))


def test_where_it_raises_the_point_is_named_and_the_reason():
    ln = ag.custom(math.log, lambda x: 1 / x, name="ln")
    for x in (-1.0, Value(-1.0)):
        message = (
            r"ln\(x\): the point must be in the domain of f, got x = -1.0; f raised ValueError"
        )
        with pytest.raises(DomainError, match=message) as caught:
            ln(x)
        assert isinstance(caught.value.__cause__, ValueError)
    root = ag.custom(math.sqrt, lambda x: 0.5 / math.sqrt(x), name="root")
    message = (
        r"root\(x\): the point must be in the domain of partials, got x = 0.0; partials raised "
        r"ZeroDivisionError\(.*\), return math.inf or math.nan where there is no derivative"
    )
    with pytest.raises(DomainError, match=message):
        root(Value(0.0))
    assert root(0.0) == 0.0


def test_other_errors_of_the_functions_pass_unchanged():
    f = ag.custom(lambda x: {}["x"], lambda x: 1.0, name="f")
    with pytest.raises(KeyError, match="x"):
        f(Value(1.0))


def test_strict_holds():
    x = Value(1e308, name="x")
    tenfold = ag.custom(lambda x: 10 * x, lambda x: 10.0, name="tenfold")
    message = (
        r"tenfold\(x\): the result must be finite, got inf; the operands are x = 1e\+308 \('x'"
    )
    with pytest.raises(DomainError, match=message):
        tenfold(x)
    with pytest.raises(DomainError, match=r"tenfold\(x\): the result must be finite"):
        tenfold(1e308)
    with ag.errstate(nonfinite="ignore"):
        assert (tenfold(x).data, tenfold(1e308)) == (math.inf, math.inf)
    assert tenfold(math.inf) == math.inf


def test_a_derivative_that_is_not_finite_raises_in_backward_and_changes_nothing():
    root = ag.custom(math.sqrt, lambda x: 0.5 / math.sqrt(x) if x else math.inf, name="root")
    x, y = Value(0.0), Value(1.0)
    out = root(x) + y
    with pytest.raises(NonFiniteGradientError, match="it arises at root"):
        out.backward()
    assert [v.has_grad for v in (x, y, out)] == [False] * 3


def test_nan_in_is_nan_out_in_value_and_derivatives():
    f = ag.custom(lambda x, y: x + y, lambda x, y: (1.0, 1.0), name="f")
    node = f(Value(math.nan), Value(2.0))
    assert [*map(math.isnan, (node.data, *node.partials))] == [True] * 3


# --- higher order --------------------------------------------------------------------------------


def test_it_is_differentiated_again_by_calling_partials_with_values():
    x = Value(0.3)
    (first,) = bump.differentiate(x)
    first.backward()
    assert math.isclose(x.grad, (4 * 0.3**3 - 6 * 0.3) * math.exp(-0.09), rel_tol=1e-14)
    by_x, by_n = power.differentiate(x, 2.0)
    assert (by_x.data, by_n.data) == (0.6, 0.3**2 * math.log(0.3))
    assert table.differentiate(Value(2.0)) == (0.25,)
    assert power.differentiate(2.0, 3.0) == (12.0, 8 * math.log(2))


@pytest.mark.parametrize("partials", [math.exp, float, lambda x: [1.0][int(x)], lambda x: x or 1.0])
def test_what_takes_no_values_is_differentiable_once(partials):
    f = ag.custom(math.exp, partials, name="f")
    assert f(Value(0.0)).data == 1.0
    message = "f: partials must be a function of Values.*; f is differentiable once: write partials"
    with pytest.raises(TypeError, match=message) as caught:
        f.differentiate(Value(0.0))
    assert isinstance(caught.value.__cause__, TypeError)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_every_order_is_that_of_the_same_formula_in_the_library(order):
    of_library, of_user = (lambda x: x * ag.exp(-x * x)), bump
    for _ in range(order):
        of_library, of_user = ag.grad(of_library), ag.grad(of_user)
    for x in (-1.5, 0.0, 0.3, 2.0):
        assert math.isclose(of_user(x), of_library(x), rel_tol=1e-13, abs_tol=1e-13)


def test_every_transform_takes_it():
    at = [2.0, 3.0]
    assert ag.jacobian(lambda v: [power(*v), distance(*v)])(at) == ag.jacobian(
        lambda v: [v[0] ** v[1], ag.sqrt(v[0] * v[0] + v[1] * v[1])]
    )(at)
    assert ag.hessian(lambda v: power(*v))(at) == ag.hessian(lambda v: v[0] ** v[1])(at)
    assert ag.jvp(bump, (0.3,), (2.0,))[1] == 2 * ag.grad(bump)(0.3)
    assert ag.hvp(bump, (0.3,), (1.0,))[0] == ag.grad(ag.grad(bump))(0.3)
    x = Value(0.5)
    ag.grad(bump)(x).backward()
    assert x.grad == ag.grad(ag.grad(bump))(0.5)


def test_a_number_that_was_changed_since_is_noticed_also_where_the_derivative_is_even():
    even = ag.custom(math.sin, ag.cos, name="wave")
    w = Value(0.3, name="w")
    node = even(w)
    w.data = -0.3
    with pytest.raises(RuntimeError, match=r"derivative of wave: .* got \"'w' \(-0.3\)\""):
        ag.gradient_graph(node, w)


def test_each_of_its_two_functions_is_called_once_for_a_node():
    calls = []

    def f(*xs):
        calls.append("f")
        return sum(xs)

    f = ag.custom(f, lambda *xs: calls.append("partials") or [1.0] * len(xs))
    xs = [Value(1.0) for _ in range(5)]
    node = f(*xs)
    assert calls == ["f", "partials"]
    ag.gradient_graph(node, xs)
    assert calls == ["f", "partials"] * 2


def test_a_row_is_freed_after_derivatives_of_it_too():
    rows = [
        ag.custom(lambda x: 2 * x, lambda x: 2.0, name="double"),
        ag.primitive("3 * x", dx="3", name="triple"),
    ]
    gone = [weakref.ref(row) for row in rows]
    x = Value(1.0)
    assert [float(ag.gradients(row(x), x)) for row in rows] == [2.0, 3.0]
    assert [ag.grad(ag.grad(row))(1.0) for row in rows] == [0.0, 0.0]
    del rows
    Primitive.slots.cache_clear()  # it knows the last rows that were read, 64 at most
    gc.collect()
    assert [one() for one in gone] == [None, None]


# --- gradient checks -----------------------------------------------------------------------------


def test_a_right_derivative_passes_a_gradient_check():
    assert check_gradients(bump, 0.5).worst.error < 1e-9
    assert check_gradients(lambda x, y: power(bump(x) + 1, y) * distance(x, y), 0.5, 1.5)
    assert check_gradients(table, 2.0)
    assert check_gradients(table, 1.0), "at a kink, either slope is right"
    assert check_gradients(once(Value(0.5)) * 2.0)


def test_a_gradient_check_finds_a_wrong_derivative_and_names_the_function():
    wrong = ag.custom(plain_bump, lambda x: (1 - x * x) * ag.exp(-x * x), name="wrong_bump")
    message = (
        r"It arises at v3 = wrong_bump\(v2\), with v2 = 0.75: the partials of wrong_bump gave "
        r"0.249\d* as the derivative for v2, and the central difference -0.07\d*"
    )
    with pytest.raises(GradientMismatchError, match=message):
        check_gradients(lambda x, y: bump(wrong(x * y)) + x, 0.5, 1.5)
    second = ag.custom(pow, lambda x, n: (n * x ** (n - 1), x**n), name="power")
    with pytest.raises(
        GradientMismatchError,
        match=r"gave 8.0 as the derivative for v1, and the left difference 5.545",
    ):
        check_gradients(second, 2.0, 3.0)


def test_a_gradient_check_steps_around_the_end_of_a_domain():
    ln = ag.custom(math.log, lambda x: 1 / x, name="ln")
    assert check_gradients(ln, 1e-8)
    root = ag.custom(lambda x: math.sqrt(x) ** 3, lambda x: 1.5 * math.sqrt(x), name="root3")
    assert check_gradients(root, 0.0)


# --- both engines, memory, threads ---------------------------------------------------------------


def facts(value_type):
    x, y = value_type(0.7, name="x"), value_type(1.3)
    nodes = [bump(x), power(bump(x) * y, 3.0), distance(x, 2.0, y)]
    nodes.append(bump(sum(nodes[1:], nodes[0])))
    nodes[-1].backward(seed=0.3)
    kinds = [[type(o) is float for o in v.operands] for v in nodes]
    return kinds, [(repr(v), v.partials, v.op, v.op and repr(v.operands)) for v in (x, y, *nodes)]


def test_both_engines_have_the_same_bits(monkeypatch):
    found = facts(Value)
    for module in (extension, python_function):
        monkeypatch.setattr(module, "Value", reference.Value)
    monkeypatch.setattr(extension, "custom_node", bulk.custom_node)
    assert facts(reference.Value) == found


def test_a_function_lives_as_long_as_a_node_of_it_and_no_longer():
    f = ag.custom(lambda x: 2 * x, lambda x: 2.0, name="double")
    gone = weakref.ref(f)
    node = f(Value(1.0)) + 1.0
    del f
    gc.collect()
    assert gone() is node.operands[0].op
    del node
    gc.collect()
    assert gone() is None


def test_what_a_function_holds_may_be_a_graph_and_is_freed_with_its_last_node():
    """The last node frees the function, whose closure frees a deep graph of other nodes."""

    def make():
        deep = Value(1.0)
        for _ in range(100_000):
            deep = bump(deep)
        return ag.custom(lambda x: x * deep.data, lambda x: deep.data, name="scaled")

    node = make()(Value(2.0))
    rest = node * 1.0
    del node
    rest.backward()
    del rest


def test_a_finalizer_that_runs_as_a_node_is_freed_may_make_and_free_nodes():
    class Holder:
        def __call__(self, x):
            return 2 * x

        def __del__(self):
            made.append((bump(Value(0.5)) * bump(Value(1.5))).data)

    made = []
    node = ag.custom(Holder(), lambda x: 2.0, name="held")(Value(1.0)) + bump(Value(1.0))
    del node
    gc.collect()
    assert made == [plain_bump(0.5) * plain_bump(1.5)]


def test_threads_may_call_at_once():
    found = []

    def work():
        x = Value(3.0)
        for _ in range(300):
            out = distance(x, 4.0) * bump(x)
        out.backward()
        found.append((out.data, x.grad, out.operands[0].op))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1


# --- what tools ask it ---------------------------------------------------------------------------


def test_it_introduces_itself():
    assert (bump.__name__, str(bump), bump.__doc__) == ("bump", "bump", "Return x exp(-x²).")
    assert (bump.__module__, bump.__wrapped__) == (__name__, plain_bump)
    assert str(inspect.signature(bump)) == "(x, /)"
    assert repr(bump) == "<custom function bump(x)>"
    assert ag.custom(lambda x: x, slope).__name__ == "custom"
    assert ag.custom(functools.partial(pow, 2.0), slope).__name__ == "custom"


def test_it_pickles_by_the_variable_of_its_module():
    for f in (bump, power, distance):
        assert pickle.loads(pickle.dumps(f)) is f  # noqa: S301 - our own bytes
    row = distance(Value(1.0), 2.0).op
    assert pickle.loads(pickle.dumps(row)) is row  # noqa: S301 - our own bytes
    program = Program.of(bump(distance(Value(1.0), 2.0)))
    assert pickle.loads(pickle.dumps(program)) == program  # noqa: S301 - our own bytes


def test_what_no_variable_has_is_not_pickled_but_copied():
    local = ag.custom(lambda x: x, slope, name="local")
    message = (
        rf"local: a pickled custom function must be in a variable of its module {__name__}.*; "
        r"write local = ag.custom\(…\) outside of functions"
    )
    with pytest.raises(TypeError, match=message):
        pickle.dumps(local)
    assert copy.copy(local) is copy.deepcopy(local) is local


@pytest.mark.parametrize("name", ["tanh", "sum", "gauss"])
def test_a_name_of_the_table_is_taken(name):
    with pytest.raises(ValueError, match="custom: name must be none that the table has"):
        ag.custom(bump, slope, name=name)


def test_the_name_of_the_function_may_be_taken_too():
    with pytest.raises(ValueError, match="got 'sin'; choose another, such as name='my_sin'"):
        ag.custom(math.sin, math.cos)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, slope), "custom: f must be a function of numbers, got 3"),
        ((Value(1.0), slope), "custom: f must be a function of numbers"),
        ((bump, 1.0), "custom: partials must be a function of numbers, got 1.0"),
        ((lambda x, *, k: x, slope), "custom: f must be a function of numbers by position"),
    ],
)
def test_functions_are_functions(arguments, message):
    with pytest.raises(TypeError, match=message):
        ag.custom(*arguments)


def test_it_may_decorate():
    @functools.partial(ag.custom, partials=lambda x: 2 * x)
    def quadratic(x):
        return x * x

    assert (quadratic(Value(3.0)).partials, quadratic.__module__) == ((6.0,), __name__)


# --- programs and views --------------------------------------------------------------------------


def test_a_program_names_the_function_and_where_it_is_from(tmp_path):
    (tmp_path / "curves.py").write_text(
        "import autograd_mini as ag\n"
        "twice = ag.custom(lambda x: 2 * x, lambda x: 2.0, name='double')\n"
    )
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import curves, autograd_mini as ag\n"
        "from autograd_mini.programs import Program\n"
        "local = ag.custom(lambda x: x, lambda x: 1.0, name='local')\n"
        "print(Program.of(curves.twice(ag.Value(3.0)) + 1.0))\n"
        "print(Program.of(local(ag.Value(3.0))))\n"
    )
    run = [sys.executable, "-c", script, str(tmp_path)]
    text = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert "from curves import twice as double\n" in text
    assert "v1 = double(v0)\n" in text
    assert "# local is a custom function: define it here, by ag.custom(f, partials)\n" in text


def test_a_program_of_it_is_a_function_of_its_leaves():
    out = bump(Value(0.5)) * distance(Value(3.0), 4.0)
    program = Program.of(out)
    assert program(*map(Value, program.leaves)).data == out.data
    assert check_gradients(out)


def test_an_explanation_names_the_derivative_and_says_where_it_is_from():
    x, y = Value(0.5, name="x"), Value(1.5, name="y")
    out = bump(x) * distance(x, y)
    text = str(ag.explain(out, wrt=x))
    assert "bump′(x)" in text
    assert "∂distance/∂x(x, y)" in text
    assert "bump(x) is a custom function, whose partials gave bump′(x) as 0.3894." in text
    latex = ag.explain(out, wrt=x).latex()
    assert r"\operatorname{bump}'\left(x\right)" in latex
    assert r"\frac{\partial \operatorname{distance}}{\partial x}\left(x, y\right)" in latex
    assert "−2·x" not in str(ag.explain(out)), "no formula is made up"
    assert "<mi>bump′</mi>" in ag.explain(out, wrt=x)._repr_mimebundle_()["text/html"]


def test_a_drawing_shows_it_as_an_operation():
    x = Value(0.5, name="x")
    source = ag.draw(power(x, 2.0) + bump(x)).source
    assert "power(·, 2)" in source
    assert "bump: bump(x)" in source


def test_a_node_is_stale_after_its_leaf_was_changed():
    x = Value(0.5)
    node = bump(x)
    assert not is_stale(node)
    x.data = 1.0
    assert is_stale(node)


def test_it_is_an_activation_function():
    layer = ag.Layer(2, 2, activation=bump)
    out = ag.sum(layer([0.5, -1.0]))
    out.backward()
    assert bump in [node.op for node in Graph(out).order]
    assert all(p.has_grad for p in layer.parameters())

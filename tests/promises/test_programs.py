"""The promises about recorded programs: P20, their bits, and P21, their paths."""

import ast
import math
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.recorded import (
    ROWS,
    add_sums,
    attempt,
    bits,
    draw_function,
    draw_number,
    sample_of,
)
from support.soak import soaking

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines import is_recording
from autograd_mini.programs import points, shards

LENGTHS = (0, 1, 2, 3, 5, 63, 64, 65, 200)

# --- P20: bits -----------------------------------------------------------------------------------

TRANSFORMS = {
    "f": lambda f, _: f,
    "grad": lambda f, n: ag.grad(f, range_of(n)),
    "value_and_grad": lambda f, n: ag.value_and_grad(f, range_of(n)),
    "jacobian": lambda f, n: ag.jacobian(f, range_of(n)),
    "hessian": lambda f, n: ag.hessian(f, range_of(n)),
    "jvp": lambda f, n: lambda *args: ag.jvp(f, args, (1.0,) * n),
}


def chooses(row):
    """Return whether a derivative rule of a row has a condition.

    Both formulas of a choice are visited, so sums may have another order than in the eager engine:
    a Hessian then differs by rounding.
    """
    rules = row.partials.values()
    return any(isinstance(node, ast.IfExp) for rule in rules for node in ast.walk(rule.tree))


SMOOTH_ROWS = [row for row in ROWS if not chooses(row)]


def range_of(count):
    return tuple(range(count))


@pytest.fixture(params=["fastest", "python"])
def replay(request, monkeypatch):
    """What runs programs: C, if that was built, and Python."""
    if request.param == "python":
        monkeypatch.setattr(points, "Replay", None)
    return request.param


def run_eagerly(f, columns, count):
    """Return the bits of the result for each sample, or the error of the first that raises one."""
    found = []
    for i in range(count):
        tried = attempt(lambda i=i: f(*(column[i] for column in columns)))
        if tried[0] != "returned":
            return (*tried[:2], [*tried[2], f"sample {i}"])
        found.append(tried[1])
    return ("returned", found)


def run_compiled(compiled, columns, count):
    """Return what `run_eagerly` returns."""
    if not count:
        compiled.map(*columns)
        return ("returned", [])
    found = []
    tried = attempt(lambda: found.append(compiled.map(*columns)) or 0.0)
    if tried[0] != "returned":
        return tried
    return ("returned", [bits(sample_of(found[0], i)) for i in range(count)])


def compare(seed, transform):
    """Compare a random function with its recording; return whether it raised an error."""
    rng = random.Random(f"{seed} {transform}")
    inputs, wild = rng.randint(1, 3), rng.choice([0.0, 0.0, 0.02, 0.2])
    parameters = [Value(draw_number(rng, wild)) for _ in range(rng.randint(0, 2))]
    options = {
        "rows": SMOOTH_ROWS if transform == "hessian" else ROWS,
        "branches": rng.choice([0.0, 0.0, 0.3]),
        "wild": wild,
    }
    f = draw_function(rng, inputs, parameters, **options)
    derived = TRANSFORMS[transform](f, inputs)
    eager = (lambda *args: f(*map(Value, args))) if transform == "f" else derived
    count = rng.choice(LENGTHS) if rng.random() < 0.5 else 5
    columns = [[draw_number(rng, wild) for _ in range(count)] for _ in range(inputs)]
    with ag.errstate(nonfinite=rng.choice(["raise", "ignore"])):
        compiled = ag.compile(derived)
        expected = run_eagerly(eager, columns, count)
        arrays = [np.array(column) for column in columns] if rng.random() < 0.3 else columns
        assert run_compiled(compiled, arrays, count) == expected, (seed, transform)
        for i in range(min(count, 2)):
            point = [column[i] for column in columns]
            assert attempt(lambda: compiled(*point)) == attempt(lambda: eager(*point)), seed  # noqa: B023
    return expected[0] != "returned"


@pytest.mark.parametrize("count", [24, soaking(100)])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_p20_each_sample_has_the_bits_or_the_error_of_the_eager_engine(transform, count, replay):
    """Of random functions over all rows, with numbers that are not finite and without."""
    first = random.randrange(10**9)
    raised = sum(compare(first + k, transform) for k in range(count))
    assert raised < count  # about a sixth
    assert raised > 0 or count < 100


@pytest.mark.parametrize("count", [40, soaking(200)])
def test_p20_a_hessian_over_all_rows_differs_by_rounding_alone(count):
    """See `chooses`."""
    equal = 0
    for seed in range(count):
        rng = random.Random(seed)
        f = draw_function(rng, 2, [])
        columns = [[rng.uniform(-3.0, 3.0) for _ in range(5)] for _ in range(2)]
        hessian = ag.hessian(f, (0, 1))
        try:
            expected = [hessian(*point) for point in zip(*columns, strict=True)]
        except ag.AutogradError:
            continue
        found = ag.compile(hessian).map(*columns)
        for i, right in enumerate(expected):
            one, other = np.array(sample_of(found, i)), np.array(right)
            equal += np.array_equal(one, other)
            assert np.allclose(one, other, rtol=1e-9, atol=1e-9 * np.abs(other).max())
    assert equal > 0.95 * count


@pytest.mark.parametrize("bad", [0, 1, 63, 64, 8191, 8192, 19_999])
def test_p20_the_error_is_that_of_the_lowest_sample(bad, replay):
    f = ag.compile(lambda x: ag.log(x) if x < 5.0 else ag.sqrt(5.0 - x))
    points_ = [1.0] * 20_000
    points_[bad] = -2.0
    for other in range(bad + 1, 20_000, 500):
        points_[other] = 7.0 if other % 1000 else -1.0
    with pytest.raises(ag.DomainError, match=r"^log\(x\): .* got x = -2\.0; ") as caught:
        f.map(points_)
    assert caught.value.__notes__ == [f"sample {bad}"]


def test_p20_the_error_of_an_earlier_sample_comes_before_that_of_a_new_path():
    """A later sample raises an error while its path is recorded; an earlier one on a known path."""

    def f(x):
        if x > 5.0:
            raise OverflowError("too large")
        return ag.log(x) if x > -5.0 else x

    compiled = ag.compile(f)
    with pytest.raises(ag.DomainError) as caught:
        compiled.map([1.0, -1.0, 9.0, -9.0])
    assert caught.value.__notes__ == ["sample 1"]
    with pytest.raises(OverflowError, match=r"^too large\nsample 1$") as caught:
        compiled.map([1.0, 9.0, -1.0, -9.0])
    assert caught.value.__notes__ == ["sample 1"]


def weighted(x, w, u):
    """A path for positive arguments, and one for others; u is on one of them alone."""
    return ag.sin(w * x) * w if x > 0 else x * u * w + u


def sums_by_definition(w, u, xs, seeds):
    """Return the derivatives of Σ seed · weighted(x, w, u) by w and u, site by site.

    Each operand w or u of an operation is a site; the sweep meets those of a path in this order.
    """
    totals = [0.0, 0.0]
    for first in range(0, len(xs), shards.SHARD):
        pairs = [*zip(xs, seeds, strict=True)][first : first + shards.SHARD]

        def sites_above(x, g):  # sin(w x) · w
            out = math.sin(w * x)
            inner = (0.0 + (0.0 + g) * w) * math.cos(w * x)
            return ((0.0 + g) * out, (0.0 + inner) * x)

        def sites_below(x, g):  # ((x u) w) + u
            scaled = (0.0 + g) * w
            return (0.0 + g, (0.0 + g) * (x * u), (0.0 + scaled) * x)

        above = add_sums(sites_above(x, g) for x, g in pairs if x > 0)
        below = add_sums(sites_below(x, g) for x, g in pairs if not x > 0)
        of_shard = [0.0, 0.0]
        if above:
            of_shard[0] += (0.0 + above[0]) + above[1]
        if below:
            of_shard[0] += 0.0 + below[1]
            of_shard[1] += (0.0 + below[0]) + below[2]
        totals = [total + one for total, one in zip(totals, of_shard, strict=True)]
    return totals


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 64, 65, 1000, 8192, 8193, soaking(100_000)])
def test_p20_sums_over_a_batch_are_those_of_the_definition(count, replay):
    rng = random.Random(count)
    w, u = Value(1.25), Value(-0.75)
    xs = [rng.gauss(0.0, 1.0) for _ in range(count)]
    xs[:1] = [1.0] if count else []  # so that w is the first parameter
    seeds = [rng.gauss(0.0, 1.0) for _ in range(count)]
    batch = ag.compile(lambda x: weighted(x, w, u)).batch(xs)
    assert batch.data == [weighted(Value(x), w, u).data for x in xs]
    for given, factor in ((1.0, 1.0), (0.125, 0.125), (seeds, 1.0)):
        w.grad = u.grad = 0.0
        batch.backward(seed=given)
        weights = seeds if given is seeds else [1.0] * count
        right = sums_by_definition(w.data, u.data, xs, weights)
        assert [w.grad, u.grad] == [0.0 + factor * one for one in right]


@pytest.mark.parametrize(
    "workers", [2, 8, *(pytest.param(n, marks=pytest.mark.soak) for n in (1, 3, 4, 5, 6, 7))]
)
def test_p20_sums_and_results_do_not_depend_on_the_number_of_threads(workers):
    rng = random.Random(0)
    xs = [rng.gauss(0.0, 1.0) for _ in range(5 * shards.SHARD + 17)]
    found = []
    with ThreadPoolExecutor(workers) as executor:
        for one in (None, executor):
            w, u = Value(1.25), Value(-0.75)
            f = ag.compile(lambda x, w=w, u=u: weighted(x, w, u))
            batch = f.batch(xs, executor=one)
            batch.backward(seed=0.5)
            found.append((batch.data, w.grad, u.grad, f.map(xs, executor=one)))
    assert found[0] == found[1]


# --- P21: paths ----------------------------------------------------------------------------------


def nested(x, y):
    if x > 0:
        return x * y if y > x else x - y
    return ag.exp(x) if y > 0 else min(x, y) * max(x * x, -y)


def collatz_like(x, y):
    steps = 0
    while x < 100.0:
        x = abs(x) * 1.7 + abs(y) + 1.0
        steps += 1
    return x / (steps + 1)


def sorted_of_five(x, y):
    ordered = sorted([x, y, x * y, x - y, 0.25])
    return ordered[0] * 2.0 + ordered[2] * ordered[4] - ordered[3]


@pytest.mark.parametrize("count", [1_000, soaking(100_000)])
@pytest.mark.parametrize("f", [nested, collatz_like, sorted_of_five])
def test_p21_branches_are_guarded(f, count, replay):
    rng = random.Random(count)
    columns = [[rng.gauss(1.0, 2.0) for _ in range(count)] for _ in range(2)]
    columns[0][::50] = [abs(x) for x in columns[0][::50]]
    found = ag.compile(f).map(*columns)
    assert found == [f(Value(x), Value(y)).data for x, y in zip(*columns, strict=True)]


@pytest.mark.parametrize("count", [10_000, soaking(100_000)])
def test_p21_five_numbers_have_120_orders_and_cost_what_their_points_cost(count, monkeypatch):
    calls, runs = [], []

    def order(a, b, c, d, e):
        calls.append(1)
        return sorted([a, b, c, d, e])

    run = shards.Run._run
    monkeypatch.setattr(shards.Run, "_run", lambda *given: runs.append(given[1]) or run(*given))
    columns = np.random.default_rng(count).normal(size=(5, count))
    columns[:, :120] = np.array([*permutations_of_five()]).T
    compiled = ag.compile(order)
    found = compiled.map(*columns)
    assert np.array_equal(found, np.sort(columns, axis=0))
    assert str(compiled).startswith("<compiled order: 120 paths, ")
    assert len(calls) == 121  # the first one twice
    # Each path costs at most one more run of a shard, whatever the number of points is.
    whole = -(-count // shards.SHARD)
    assert len(runs) <= whole + 120
    runs.clear()
    assert np.array_equal(compiled.map(*columns), np.sort(columns, axis=0))
    assert (len(runs), len(calls)) == (whole, 121)


def permutations_of_five():
    rng = random.Random(0)
    orders = {tuple(rng.sample(range(5), 5)) for _ in range(5_000)}
    assert len(orders) == 120
    return [[float(x) for x in one] for one in sorted(orders)]


def test_p21_a_guard_on_a_parameter_is_looked_at_in_each_call(replay):
    """Gradient descent on (w - 1)² takes w from -1 to 1, where another formula is used."""
    w = Value(-1.0)

    def loss(x):
        return (w * x - x) ** 2 if w > 0 else (x - w * x) * (x - w * x)

    compiled = ag.compile(loss)
    signs = []
    for _ in range(30):
        batch = compiled.batch([1.0, 2.0])
        batch.backward()
        signs.append(w.data > 0)
        assert compiled(1.5).data == loss(Value(1.5)).data
        assert compiled.map([1.5]) == [loss(Value(1.5)).data]
        w.data -= 0.02 * w.grad
        w.grad = 0.0
    assert (signs[0], signs[-1]) == (False, True)
    assert str(compiled).startswith("<compiled loss: 2 paths, ")


def network(weights, x, y):
    """A network of 2-3-1 with relu, from its weights in a list."""
    hidden = [
        ag.relu(weights[3 * i] * x + weights[3 * i + 1] * y + weights[3 * i + 2]) for i in range(3)
    ]
    return (ag.dot(hidden, weights[9:12], weights[12]) - 0.5) ** 2


def test_p21_the_hessian_of_a_relu_network_has_one_path_and_the_bits_of_the_eager_one(replay):
    rng = random.Random(3)
    hessian = ag.hessian(network)
    compiled = ag.compile(hessian)
    weights = [[rng.gauss(0.0, 1.0) for _ in range(13)] for _ in range(100)]
    columns = [[rng.gauss(0.0, 1.0) for _ in range(100)] for _ in range(2)]
    found = compiled.map(weights, *columns)
    expected = [hessian(*one) for one in zip(weights, *columns, strict=True)]
    for i in range(100):
        assert [[entry[i] for entry in row] for row in found] == expected[i]
    assert str(compiled).startswith("<compiled network: 1 path, ")


def cross_entropy(logits, weight):
    return ag.logsumexp([weight * x for x in logits]) - logits[0] + ag.softmax(logits)[1]


def test_p21_the_hessian_of_a_cross_entropy_has_the_bits_of_the_eager_one(replay):
    """Whichever logit is the largest: that one only shifts exponents, and has no derivative."""
    rng = random.Random(5)
    hessian = ag.hessian(cross_entropy, argnums=(0, 1))
    points_ = [[rng.gauss(0.0, 3.0) for _ in range(4)] for _ in range(100)]
    found = ag.compile(lambda logits: hessian(logits, 1.5)).map(points_)
    for i, one in enumerate(points_):
        right = hessian(one, 1.5)
        assert bits(sample_of(found, i, like=right)) == bits(right)


def test_p21_choices_among_numbers_and_values_are_told_apart():
    w = Value(0.9)
    f = ag.compile(ag.hessian(lambda x: ag.minimum(x * x, w) + ag.minimum(x * x, 2.4)))
    assert f.map([0.5, 1.2, 2.0]) == [4.0, 2.0, 0.0]


READS = {
    ".data": lambda x: x * x.data,
    ".grad": lambda x: x * x.grad,
    ".has_grad": lambda x: x if x.has_grad else 2 * x,
    ".partials": lambda x: x * (x * x).partials[0],
    "a printed number": lambda x: x * len(f"{x}"),
    "repr": lambda x: x * len(repr(x)),
    "copy": lambda x: __import__("copy").copy(x),
    "deepcopy": lambda x: __import__("copy").deepcopy(x),
    "pickle": lambda x: x * len(__import__("pickle").dumps(x)),
    "backward": lambda x: (x * x).backward(),
    "gradients": lambda x: ag.gradients(x * x, x),
    "float": float,
    "int": lambda x: x * int(x),
    "==": lambda x: x if x == 1.5 else 2 * x,
    "bool": lambda x: x if x else 2 * x,
    "math": math.exp,
}
WRITES = {
    ".data =": lambda x: setattr(x, "data", 2.0),
    ".grad =": lambda x: setattr(x, "grad", 2.0),
}


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_p21_numbers_that_would_be_frozen_are_refused(name):
    """Of an argument, and of a parameter; outside of the recording nothing has changed."""
    use = {**READS, **WRITES}[name]
    w = Value(1.5)
    w.grad = 0.25
    for f in (use, lambda x: x * 1.0 + (use(w) or 0.0)):
        for call in (lambda f=f: ag.compile(f)(1.5), lambda f=f: ag.compile(f).map([1.5])):
            with pytest.raises(TypeError):
                call()
    assert (w.data, w.grad) == (1.5, 0.25)
    assert ag.compile(lambda x: x * w)(2.0).data == 3.0  # no recording is left open


def test_p21_a_function_of_something_else_is_refused():
    rng = random.Random(0)
    message = (
        r"^compile: f must be a function of its arguments and parameters alone, got two recordings "
        r"that differ in mul; pass as arguments what else changes, such as random numbers$"
    )
    with pytest.raises(ValueError, match=message):
        ag.compile(lambda x: x * rng.random())(1.0)


def test_p21_more_paths_than_allowed_are_refused_with_the_line_of_the_last_comparison():
    def f(x):
        for limit in range(10):
            if x < limit:
                return x * limit
        return x

    compiled = ag.compile(f, max_paths=3)
    message = (
        r"^compile: number of paths through f must be at most 3, got 4; the last comparison is in "
        r".*test_programs\.py, line \d+: compute without a branch there, call the function itself, "
        r"or allow more paths by max_paths="
    )
    with pytest.raises(RuntimeError, match=message) as caught:
        compiled.map([0.5, 1.5, 2.5, 3.5, 4.5])
    line = int(str(caught.value).partition(", line ")[2].partition(":")[0])
    assert line == f.__code__.co_firstlineno + 2
    assert caught.value.__notes__ == ["sample 3"]
    assert compiled.map([0.5, 1.5, 2.5]) == [0.5, 3.0, 7.5]  # the others still run


# --- P11: interrupts -----------------------------------------------------------------------------


def test_p11_an_interrupt_leaves_recordings_gradients_and_the_lock_whole(alarm):
    w = Value(2.0)
    xs = np.random.default_rng(0).normal(size=20_000)

    def f(x):
        y = w * x
        for i in range(3):
            y = y * 1.01 + ag.sin(y) if y < i else y * 0.5
        return y

    expected = ag.compile(f).map(xs)
    met = 0
    shared = ag.compile(f)
    w.grad = 0.25
    for i in range(120):
        compiled = ag.compile(f) if i % 2 else shared
        met += alarm.interrupts(lambda c=compiled: c.map(xs), 0.004)
        assert not is_recording()
        assert np.array_equal(compiled.map(xs[:500]), expected[:500])
        assert (compiled(0.5).data, w.grad) == (f(Value(0.5)).data, 0.25)
    batch = shared.batch(xs)
    batch.backward(seed=1e-3)
    whole = w.grad - 0.25
    for _ in range(50):
        w.grad = 0.25
        met += alarm.interrupts(lambda: batch.backward(seed=1e-3), 3e-5)
        assert w.grad in (0.25, 0.25 + whole)
    assert met > 20


def test_p11_an_interrupt_ends_a_long_run(alarm):
    f = ag.compile(lambda x: ag.sin(x) * ag.exp(x) + ag.tanh(x))
    xs = np.zeros(3_000_000)
    f(1.0)
    assert any(alarm.interrupts(lambda: f.map(xs), 0.05) for _ in range(5))

"""The charts show the numbers that the library computes, with labels, and nothing overlaps."""

import importlib
import itertools
import math
import random
import sys

import pytest
from support.sequences import each_impostor, each_sequence, pandas

import autograd_mini as ag
from autograd_mini import (
    MLP,
    SGD,
    DomainError,
    History,
    Layer,
    Module,
    Neuron,
    StateError,
    Value,
    fit,
    plots,
)
from autograd_mini.losses import mean_squared_error, sum_of_squares
from autograd_mini.nn.activations import ACTIVATIONS

pytest.importorskip("matplotlib", reason="matplotlib is not installed").use("agg")
pyplot = importlib.import_module("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def no_figures():
    """Begin and end without an open figure."""
    pyplot.close("all")
    yield
    pyplot.close("all")


# --- what the tests look at -----------------------------------------------------------------------


def line(ax, label):
    """Return the only line with that label."""
    (found,) = [one for one in ax.lines if one.get_label() == label]
    return found


def points(line):
    """Return the points of a line as pairs of floats."""
    return [(float(x), float(y)) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def pieces(line):
    """Return the points of a line, split at its gaps."""
    split = itertools.groupby(points(line), key=lambda point: math.isnan(point[1]))
    return [list(piece) for is_gap, piece in split if not is_gap]


def legend(ax):
    """Return the texts of the legend."""
    return [text.get_text() for text in ax.get_legend().get_texts()]


def text_of(artist):
    return artist.get_text() if hasattr(artist, "get_text") else "a legend"


def frame_of(artist):
    return artist.get_bbox_patch() if hasattr(artist, "get_bbox_patch") else None


def boxes(figure):
    """Return where the texts of a figure are, and the legends, once it is drawn."""
    figure.canvas.draw()
    found = []
    for ax in figure.axes:
        found += [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
        if ax.axison:
            for axis in (ax.xaxis, ax.yaxis):
                low, high = sorted(axis.get_view_interval())
                found += [
                    label
                    for tick in axis.get_major_ticks()
                    for label in (tick.label1, tick.label2)
                    if low <= tick.get_loc() <= high and label.get_visible()
                ]
        if ax.get_legend():
            found.append(ax.get_legend())
    found += figure.legends
    extents = [(text_of(one), (frame_of(one) or one).get_window_extent()) for one in found]
    return [(text, box) for text, box in extents if box.width and box.height]


def overlapping(figure):
    """Return the pairs of texts and legends that overlap, or leave the figure."""
    found = boxes(figure)
    pairs = [
        (text, other)
        for (text, box), (other, its) in itertools.combinations(found, 2)
        if box.shrunk(0.95, 0.95).overlaps(its.shrunk(0.95, 0.95))
    ]
    page = figure.bbox.padded(1)
    outside = [
        text for text, box in found if not (page.contains(*box.min) and page.contains(*box.max))
    ]
    return pairs + outside


def value_and_gradient(function, x):
    leaf = Value(x)
    out = function(leaf)
    out.backward()
    return out.data, leaf.grad


# --- functions of one number ----------------------------------------------------------------------


def first_of_two(x):
    return ag.softmax([x, 0.0])[0]


FUNCTIONS = {
    **{name: row.function for name, row in ACTIVATIONS.items()},
    "softmax": first_of_two,
    "sin": ag.sin,
    "one of your own": lambda x: 0.5 * x * (1 + ag.erf(x / math.sqrt(2))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_lines_are_the_values_and_what_backward_gives(name):
    function = FUNCTIONS[name]
    ax = plots.activation(name if name in ACTIVATIONS else function, low=-3, high=2)
    value, slope = line(ax, "value"), line(ax, "slope")
    for i, drawn in enumerate((value, slope)):
        known = [(x, y) for x, y in points(drawn) if not math.isnan(y)]
        assert len(known) > 200
        assert [known[0][0], known[-1][0]] == [-3.0, 2.0]
        for x, y in known:
            assert y == pytest.approx(value_and_gradient(function, x)[i], rel=1e-14, abs=1e-300)
    assert value.get_linestyle() != slope.get_linestyle()
    assert value.get_color() != slope.get_color()


def test_an_activation_is_labelled():
    ax = plots.activation("softmax")
    assert ax.get_title() == "softmax of [x, 0]"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "value, slope")
    assert legend(ax) == ["value", "slope"]
    assert plots.activation(ag.sin).get_title() == "sin"
    assert plots.activation("tanh", low=0, high=3).get_xlim() == (0, 3)


def test_a_jump_is_drawn_as_one():
    for jump in (0.0, 1.2345, -2.5):
        ax = plots.activation(lambda x, jump=jump: ag.step(x - jump))
        left, right = pieces(line(ax, "value"))
        assert {y for _, y in left} == {0.0}
        assert {y for _, y in right} == {1.0}
        assert left[-1][0] == pytest.approx(jump, abs=1e-9)
        assert right[0][0] == pytest.approx(jump, abs=1e-9)
        assert left[-1][0] < right[0][0]
        assert len(pieces(line(ax, "slope"))) == 1


def test_a_kink_is_a_jump_of_the_slope_alone():
    ax = plots.activation("relu")
    assert len(pieces(line(ax, "value"))) == 1
    assert [{y for _, y in piece} for piece in pieces(line(ax, "slope"))] == [{0.0}, {1.0}]


def test_a_steep_function_has_no_jump():
    ax = plots.activation(lambda x: ag.tanh(1000 * x))
    assert len(pieces(line(ax, "value"))) == 1


def test_there_is_a_gap_where_a_function_is_not_defined():
    ax = plots.activation(ag.log, low=-1, high=3)
    assert [x for x, y in points(line(ax, "value")) if math.isnan(y)] == [
        x for x, _ in points(line(ax, "value")) if x <= 0
    ]
    assert ax.get_xlim() == (-1, 3)
    ax = plots.activation(ag.sqrt, low=-1, high=1)
    assert dict(points(line(ax, "value")))[0.0] == 0.0
    assert math.isnan(dict(points(line(ax, "slope")))[0.0])  # it is infinite


def test_a_chart_changes_no_gradient():
    used, unused = Value(2.0), Value(3.0)
    used.grad = 0.75
    plots.activation(lambda x: ag.tanh(used * x + unused))
    plots.descent(lambda w: (used * w - unused) ** 2, [0.0, 1.0])
    plots.decision_boundary(lambda x: used * x[0] - unused, [(0.0, 1.0), (2.0, 1.0)], [0, 1])
    assert used.grad == 0.75
    assert not unused.has_grad


def test_the_slope_is_that_of_the_argument_alone():
    scale = Value(3.0)
    ax = plots.activation(lambda x: scale * x * x)
    assert dict(points(line(ax, "slope")))[4.0] == 24.0
    constant = plots.activation(lambda x: scale * 2.0)
    assert {y for _, y in points(line(constant, "slope"))} == {0.0}


def test_activations_are_all_of_the_library_each_in_a_panel():
    panels = plots.activations()
    assert [ax.get_title().split()[0] for ax in panels] == list(ACTIVATIONS)
    for ax, row in zip(panels, ACTIVATIONS.values(), strict=True):
        alone = plots.activation(row)
        for label in ("value", "slope"):
            assert str(points(line(ax, label))) == str(points(line(alone, label)))
    assert overlapping(panels[0].figure) == []
    spare = panels[0].figure.axes[len(ACTIVATIONS)]
    assert legend(spare) == ["value", "slope"]
    assert not spare.axison


def test_activations_can_be_chosen():
    panels = plots.activations(["relu", ag.sin, "tanh", ag.erf], low=0, high=1)
    assert [ax.get_title() for ax in panels] == ["relu", "sin", "tanh", "erf"]
    assert {ax.get_xlim() for ax in panels} == {(0, 1)}
    figure = panels[0].figure
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["value", "slope"]
    assert overlapping(figure) == []
    (only,) = plots.activations(["relu"])
    assert only.get_title() == "relu"


def test_several_panels_are_one_line_in_a_notebook():
    panels = plots.activations(["relu", "tanh"])
    panels[1].set_title("tanh\nvalues in (−1, 1)")
    assert repr(panels) == "<2 panels: relu, tanh>"
    assert repr(plots.activations(["relu"])) == "<1 panel: relu>"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: plots.activation("selu"),
            ValueError,
            "function must be a function or one of .* got 'selu'",
        ),
        (
            lambda: plots.activation(3),
            TypeError,
            "plots.activation: function must be a name or a function, got 3",
        ),
        (
            lambda: plots.activation(lambda x: x.data),
            TypeError,
            "result of <lambda> must be a Value, which keeps the slope, got -4.0",
        ),
        (
            lambda: plots.activation(ag.log, low=-3, high=-1),
            ValueError,
            r"low and high must be numbers between which log is defined, got \(-3.0, -1.0\)",
        ),
        (
            lambda: plots.activation("relu", low=1, high=1),
            ValueError,
            "plots.activation: low must be less than high = 1.0, got 1.0",
        ),
        (lambda: plots.activation("relu", high=math.inf), ValueError, "high must be finite"),
        (
            lambda: plots.activation("relu", low="0"),
            TypeError,
            "low must be a real number, got '0'",
        ),
        (lambda: plots.activations("relu"), TypeError, "functions must be a list, .* got 'relu'"),
        (
            lambda: plots.activations([]),
            ValueError,
            r"functions must be a list of one function or more, got \[\]",
        ),
    ],
)
def test_an_activation_that_cannot_be_drawn_is_an_error(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- descents -------------------------------------------------------------------------------------


def parabola(w):
    return 0.56 * (w - 2) ** 2


def descended(rate, *, steps, cost=parabola, start=0.2):
    ws = [start]
    for _ in range(steps):
        ws.append(ws[-1] - rate * value_and_gradient(cost, ws[-1])[1])
    return ws


PATH = [(-1.0, 1.0), (-0.5, 0.2), (0.5, 0.1), (1.0, 0.0)]


def valley(a, b):
    return (a - 1) ** 2 + 10 * (b - 0.1) ** 2


@pytest.mark.parametrize("rate", [0.05, 0.4, 1.6, 1.9])
def test_a_descent_is_drawn_on_its_curve(rate):
    ws = descended(rate, steps=8)
    ax = plots.descent(parabola, ws)
    for x, y in points(line(ax, "J(w)")):
        assert y == pytest.approx(parabola(x), rel=1e-12)
    assert points(line(ax, "steps")) == [(w, parabola(Value(w)).data) for w in ws]
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert all(left < w < right and bottom < parabola(w) < top for w in ws)
    best = min(ws, key=parabola)
    assert best - left == pytest.approx(right - best)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("w", "J(w)")


def test_the_tangent_has_the_slope_of_the_start_and_goes_downhill():
    for start in (0.2, 3.1):
        cost, slope = value_and_gradient(parabola, start)
        ax = plots.descent(parabola, descended(0.4, steps=5, start=start))
        (a, ja), (b, jb) = points(line(ax, f"slope at the start: {slope:.4g}"))
        assert (a, ja) == (start, cost)
        assert jb < ja
        assert (jb - ja) / (b - a) == pytest.approx(slope)
        assert ax.get_ylim()[0] <= jb


def test_at_the_bottom_the_tangent_is_flat():
    ax = plots.descent(parabola, [2.0])
    assert {y for _, y in points(line(ax, "slope at the start: 0"))} == {0.0}


def test_a_cost_of_plain_numbers_has_no_tangent():
    ax = plots.descent(lambda w: parabola(w.data), [0.2, 1.0])
    assert legend(ax) == ["J(w)", "steps"]
    assert points(line(ax, "steps"))[1] == (1.0, 0.56)


def test_steps_are_numbered_where_there_is_room():
    ax = plots.descent(parabola, descended(1.6, steps=5))
    assert sorted(text.get_text() for text in ax.texts if text.get_text()) == list("012345")
    ax = plots.descent(parabola, descended(0.4, steps=100))
    numbers = [text for text in ax.texts if text.get_text()]
    assert {"0", "1", "2", "100"} <= {text.get_text() for text in numbers}
    assert len(numbers) < 10
    assert overlapping(ax.figure) == []
    for text in numbers:
        w = descended(0.4, steps=100)[int(text.get_text())]
        assert text.xy == pytest.approx((w, parabola(w)))


def test_the_range_of_a_descent_can_be_told():
    ax = plots.descent(parabola, [0.2, 1.0], low=-1, high=5)
    assert ax.get_xlim() == (-1, 5)
    assert [points(line(ax, "J(w)"))[i][0] for i in (0, -1)] == [-1, 5]
    assert plots.descent(parabola, [0.2, 1.0], high=5).get_xlim()[1] == 5


def test_a_cost_may_be_undefined_beside_the_descent():
    def cost(w):
        return w - ag.log(w)

    ax = plots.descent(cost, [3.0, 1.4, 1.1])
    gaps = [x for x, y in points(line(ax, "J(w)")) if math.isnan(y)]
    assert gaps
    assert max(gaps) <= 0
    with pytest.raises(DomainError, match="log"):
        plots.descent(cost, [0.2, -1.0])


def test_a_descent_of_no_length_shows_the_curve_around_it():
    ax = plots.descent(parabola, [1.0, 1.0])
    assert ax.get_xlim() == (0, 2)
    assert ax.get_ylim()[1] >= parabola(0)
    assert plots.descent(lambda w: 0 * w + 3, [0.0]).get_ylim() == (2, 4)


def test_a_descent_of_two_weights_is_drawn_on_a_map():
    ax = plots.descent(valley, PATH)
    assert points(line(ax, "steps")) == PATH
    assert legend(ax) == ["steps"]
    assert ax.get_xlabel() + ax.get_ylabel() == "w₁w₂"
    assert ax.get_xlim() == pytest.approx((1 - 2.3, 1 + 2.3))
    assert ax.get_ylim() == pytest.approx((-1.15, 1.15))
    assert sorted(text.get_text() for text in ax.texts if text.get_text()) == list("0123")


def bands(ax):
    """Return the levels of the bands of a map, and the lowest and highest cost in each."""
    filled, _ = (c for c in ax.collections if hasattr(c, "levels"))
    corners = [
        [valley(float(a), float(b)) for path in [band] for a, b in path.vertices]
        for band in filled.get_paths()
    ]
    return list(filled.levels), [(min(costs), max(costs)) for costs in corners]


def test_each_band_of_a_map_has_the_costs_that_its_scale_says():
    levels, costs = bands(plots.descent(valley, PATH))
    assert len(levels) == 13
    assert levels == sorted(levels)
    distances = [b - a for a, b in itertools.pairwise(levels)]
    assert distances == sorted(distances)
    for (low, high), (least, most) in zip(itertools.pairwise(levels), costs, strict=True):
        slack = 0.1 * (high - low) + 0.02
        assert low - slack <= least <= most <= high + slack


def test_the_scale_of_a_map_is_beside_it():
    ax = plots.descent(valley, PATH)
    _, bar = ax.figure.axes
    assert bar.get_ylabel() == "J(w₁, w₂)"
    levels, _ = bands(ax)
    labels = [label.get_text() for label in bar.get_yticklabels()]
    assert labels == [f"{level:.3g}" for level in levels[::2]]


@pytest.mark.parametrize(
    "cost",
    [
        lambda a, b: (a.data - 1) ** 2 + b.data**2,  # plain numbers
        lambda a, b: a * 0.0 + b * 0.0 + 1.0,  # no difference
        lambda a, b: ag.log(a + 1.5) + ag.sqrt(b + 1.0),  # with gaps
        lambda a, b: 1e-300 * (a * a + b * b),
        lambda a, b: 1e300 * (a * a + b * b),
        lambda a, b: 1.0 + 1e-16 * a,
    ],
)
def test_every_cost_of_two_weights_has_a_map(cost):
    ax = plots.descent(cost, PATH)
    assert points(line(ax, "steps")) == PATH
    assert overlapping(ax.figure) == []


def test_a_map_is_the_same_for_arrays_and_its_range_can_be_told():
    np = pytest.importorskip("numpy")
    ax = plots.descent(valley, np.array(PATH), low=(-3, -1), high=np.array([2, 5]))
    assert points(line(ax, "steps")) == PATH
    assert (ax.get_xlim(), ax.get_ylim()) == ((-3, 2), (-1, 5))


def test_a_map_of_a_single_step_shows_the_cost_around_it():
    ax = plots.descent(valley, [(0.0, 3.0)])
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 1), (0, 6))


@pytest.mark.parametrize("steps", [2, 30, 400])
def test_the_numbers_on_a_map_do_not_overlap(steps):
    a, b = Value(-1.2), Value(1.0)
    optimizer, path = SGD([a, b], lr=0.0015), []
    for _ in range(steps):
        path.append((a.data, b.data))
        optimizer.zero_grad()
        ((1 - a) ** 2 + 100 * (b - a * a) ** 2).backward()
        optimizer.step()
    ax = plots.descent(lambda a, b: (1 - a) ** 2 + 100 * (b - a * a) ** 2, path)
    assert overlapping(ax.figure) == []


def test_the_cost_of_the_course_works_as_it_is():
    xs = [0.2, 0.4, 0.6]
    ax = plots.descent(lambda w: sum_of_squares([w * x for x in xs], [2 * x for x in xs]), [0.2])
    assert points(line(ax, "steps")) == [(0.2, pytest.approx(parabola(0.2)))]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: plots.descent(3, [1.0]),
            TypeError,
            "cost must be a function of one Value or two, got 3",
        ),
        (
            lambda: plots.descent(parabola, []),
            ValueError,
            "weights must be a list of one number or more",
        ),
        (
            lambda: plots.descent(parabola, 1.0),
            TypeError,
            "weights must be a list of numbers or of pairs, got 1.0",
        ),
        (
            lambda: plots.descent(parabola, [1.0, math.nan]),
            ValueError,
            r"weights\[1\] must be finite",
        ),
        (
            lambda: plots.descent(parabola, [Value(1.0)]),
            TypeError,
            r"weights\[0\] must be a real number, got Value.*; use its .data for the bare number",
        ),
        (
            lambda: plots.descent(lambda w: "low", [1.0]),
            TypeError,
            "plots.descent: result of cost must be a Value or a number, got 'low'",
        ),
        (
            lambda: plots.descent(lambda w: math.inf, [1.0]),
            ValueError,
            r"cost at weights\[0\] = 1.0 must be finite, got inf",
        ),
        (
            lambda: plots.descent(valley, [(1.0, 2.0, 3.0)]),
            ValueError,
            r"weights\[0\] must be a pair of numbers, got \[1.0, 2.0, 3.0\]",
        ),
        (
            lambda: plots.descent(valley, [(1.0, 2.0), 3.0]),
            TypeError,
            r"weights\[1\] must be a pair of numbers, got 3.0",
        ),
        (
            lambda: plots.descent(valley, ["ab"]),
            TypeError,
            r"weights\[0\] must be a pair of numbers, got 'ab'",
        ),
        (
            lambda: plots.descent(valley, PATH, low=1.0),
            TypeError,
            "low must be a pair of numbers, got 1.0",
        ),
        (
            lambda: plots.descent(valley, PATH, low=(3, 3), high=(4, 2)),
            ValueError,
            "low must be less than high = 2.0, got 3.0",
        ),
        (
            lambda: plots.descent(lambda a, b: ag.log(a), PATH),
            DomainError,
            "must be in the domain",
        ),
        (
            lambda: plots.descent(parabola, [1.0], low=3, high=2),
            ValueError,
            "low must be less than high = 2.0, got 3.0",
        ),
    ],
)
def test_a_descent_that_cannot_be_drawn_is_an_error(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- losses ---------------------------------------------------------------------------------------


def history(losses, stopped="epochs"):
    return History({"loss": losses, "grad_norm": [1.0] * len(losses)}, stopped=stopped)


def test_a_history_is_drawn_epoch_by_epoch():
    ax = plots.losses(history([3.0, 2.0, 1.5]))
    (drawn,) = ax.lines
    assert points(drawn) == [(1, 3.0), (2, 2.0), (3, 1.5)]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")
    assert legend(ax) == ["3 epochs used up"]


REASONS = {
    "tolerance": "below the tolerance after 2 epochs",
    "epochs": "2 epochs used up",
    "early_stopping": "stopped early after 2 epochs",
    "diverged": "diverged after 2 epochs",
    "interrupted": "interrupted after 2 epochs",
    "callback": "ended by a callback after 2 epochs",
    None: "goes on after 2 epochs",
}


def test_the_norms_of_the_gradients_are_drawn_epoch_by_epoch():
    training = History({"loss": [9.0, 8.0, 7.0], "grad_norm": [4.0, 2.0, 1.0]}, stopped="epochs")
    ax = plots.gradient_norms({"a": training})
    assert points(line(ax, "a: 3 epochs used up")) == [(1, 4), (2, 2), (3, 1)]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "norm of the gradient")
    nan = History({"loss": [1.0], "grad_norm": [math.nan]})
    with pytest.raises(ValueError, match=r"^plots.gradient_norms: history: grad_norm of epoch 1 "):
        plots.gradient_norms(nan)


@pytest.mark.parametrize("chart", [plots.losses, plots.gradient_norms])
def test_the_axis_of_epochs_begins_with_the_first_epoch(chart):
    ax = chart({"long": history([1.0] * 80), "short": history([1.0] * 20)})
    assert ax.get_xlim() == (1, pytest.approx(1 + 79 * 1.04))
    assert all(tick >= 1 for tick in ax.get_xticks() if ax.get_xlim()[0] <= tick)
    assert list(chart(history([1.0])).get_xticks()) == [1]


def test_where_and_why_a_training_ended_is_marked():
    ax = plots.losses({why: history([2.0, 1.0], why) for why in REASONS})
    assert legend(ax) == [f"{why}: {words}" for why, words in REASONS.items()]
    assert len({drawn.get_marker() for drawn in ax.lines}) == len(REASONS)
    assert {tuple(drawn.get_markevery()) for drawn in ax.lines} == {(1,)}
    assert line(ax, "None: goes on after 2 epochs").get_marker() == ""
    assert len({drawn.get_color() for drawn in ax.lines}) == len(REASONS)
    assert len({drawn.get_linestyle() for drawn in ax.lines[:4]}) == 4
    assert legend(plots.losses(history([2.0]))) == ["1 epoch used up"]


def test_the_validation_loss_is_a_thin_line_of_the_same_color():
    numbers = {"loss": [4.0, 1.0, 0.5], "grad_norm": [1.0] * 3, "val_loss": [0.001, 2.0, math.nan]}
    watched = History(numbers, stopped="early_stopping")
    ax = plots.losses({"one": watched, "two": history([1.0, 0.5])})
    assert legend(ax) == [
        "one: stopped early after 3 epochs", "one: validation", "two: 2 epochs used up",
    ]  # fmt: skip
    thin, thick = line(ax, "one: validation"), line(ax, "one: stopped early after 3 epochs")
    assert [*thin.get_xdata()] == [1, 2, 3]
    assert [*thin.get_ydata()][:2] == [0.001, 2.0]
    assert (thin.get_color(), thin.get_linewidth()) == (thick.get_color(), 0.8)
    assert ax.get_yscale() == "log"  # from 0.001 to 4
    assert legend(plots.losses(watched)) == ["stopped early after 3 epochs", "validation"]
    assert legend(plots.gradient_norms(watched)) == ["stopped early after 3 epochs"]


def test_a_validation_loss_that_was_never_measured_is_not_drawn():
    numbers = {"loss": [4.0], "grad_norm": [1.0], "val_loss": [math.nan]}
    assert legend(plots.losses(History(numbers, stopped="diverged"))) == ["diverged after 1 epoch"]


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([1.0, 0.02], "linear"),
        ([1.0, 0.005], "log"),
        ([1.0, 0.005, 0.0], "symlog"),
        ([1.0, 0.5, 0.0], "linear"),
        ([1000.0, 1.0, -1.0], "linear"),
        ([0.0, 0.0], "linear"),
    ],
)
def test_the_scale_of_losses_is_logarithmic_if_they_span_decades(losses, scale):
    ax = plots.losses({"one": history(losses[:1]), "other": history(losses)})
    assert ax.get_yscale() == scale
    bottom, top = ax.get_ylim()
    assert bottom < min(losses) <= max(losses) < top


def test_the_history_of_a_training_that_diverged_is_drawn():
    model = MLP(1, [1], rng=random.Random(0))
    descent = SGD(model.parameters(), lr=30.0)
    happened = fit(
        model, [[1.0], [2.0]], [1.0, 0.0], loss=mean_squared_error, optimizer=descent, epochs=50
    )
    ax = plots.losses(happened)
    assert ax.lines[0].get_ydata().tolist() == happened.history["loss"]
    assert ax.get_yscale() == "log"
    assert legend(ax) == [f"diverged after {happened.epochs} epochs"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (History(), ValueError, "history must be a training of one .*; go on with fit"),
        ({"Adam": History()}, ValueError, "Adam must be a training of one epoch or more"),
        ([1.0], TypeError, r"history must be a History, or a dict of .*, got \[1.0\]"),
        ({}, TypeError, "or a dict of labels and several, got {}"),
        ({"Adam": [1.0]}, TypeError, "got {'Adam'"),
        (
            {"Adam": history([1.0, math.nan])},
            ValueError,
            "Adam: loss of epoch 2 must be finite, got nan",
        ),
    ],
)
def test_losses_that_cannot_be_drawn_are_an_error(given, error, message):
    with pytest.raises(error, match=message):
        plots.losses(given)


# --- gradients ------------------------------------------------------------------------------------


def differentiated(activation="tanh", sizes=(3, 4, 1)):
    model = MLP(2, sizes, activation=activation, rng=random.Random(1))
    ag.sum([model([0.5, -1.0])] if sizes[-1] == 1 else model([0.5, -1.0])).backward()
    return model


def test_the_size_of_a_gradient_is_its_root_mean_square():
    model = differentiated()
    ax = plots.gradient_sizes(model)
    expected = []
    for layer in model.layers:
        squares = [w.grad**2 for neuron in layer.neurons for w in neuron.weights]
        expected.append(math.sqrt(sum(squares) / len(squares)))
    assert min(expected) > 0
    (drawn,) = ax.lines
    assert drawn.get_xdata().tolist() == [1, 2, 3]
    assert drawn.get_ydata().tolist() == pytest.approx(expected)
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == "layer (1 is next to the input)"
    assert "root mean square" in ax.get_ylabel()
    assert ax.get_legend() is None


def test_several_models_are_compared():
    models = {name: differentiated(name) for name in ("sigmoid", "tanh", "linear")}
    models["deeper"] = differentiated(sizes=(3, 3, 3, 3, 1))
    ax = plots.gradient_sizes(models)
    assert legend(ax) == list(models)
    for name, model in models.items():
        alone = plots.gradient_sizes(model)
        assert points(line(ax, name)) == points(alone.lines[0])
    for look in ("color", "linestyle", "marker"):
        assert len({getattr(drawn, f"get_{look}")() for drawn in ax.lines}) == 4
    assert overlapping(ax.figure) == []


def test_a_gradient_of_zero_is_shown():
    models = {"step": differentiated("step"), "tanh": differentiated()}
    ax = plots.gradient_sizes(models)
    assert [y for _, y in points(line(ax, "step"))[:2]] == [0, 0]
    hollow = line(ax, "step: no gradient")
    assert points(hollow) == [(1, 0), (2, 0)]
    assert hollow.get_markerfacecolor() == "white"
    assert hollow.get_marker() == line(ax, "step").get_marker()
    assert ax.get_yscale() == "symlog"
    assert ax.get_ylim()[0] < 0
    assert 0.0 in ax.get_yticks()
    positive = [y for drawn in ax.lines for _, y in points(drawn) if y]
    # None of them lies where the scale is linear.
    assert ax.yaxis.get_transform().linthresh <= min(positive)
    assert overlapping(ax.figure) == []
    alone = plots.gradient_sizes(models["step"])
    assert legend(alone) == ["no gradient"]


def test_a_gradient_of_zero_everywhere_is_shown():
    model = differentiated()
    model.zero_grad()
    ax = plots.gradient_sizes(model)
    assert points(line(ax, "no gradient")) == [(1, 0), (2, 0), (3, 0)]
    assert ax.get_ylim()[0] < 0 < ax.get_ylim()[1]


@pytest.mark.parametrize(
    "sizes", [(5e-324, 1e-310, 0.0), (5e-324, 1e-310, 2.0), (0.0, 1e-310, 2.0)]
)
def test_gradients_as_small_as_there_are_can_be_drawn(sizes):
    model = differentiated()
    for layer, size in zip(model.layers, sizes, strict=True):
        for neuron in layer.neurons:
            for weight in neuron.weights:
                weight.grad = size
    ax = plots.gradient_sizes(model)
    ax.figure.canvas.draw()
    assert [y for _, y in points(ax.lines[0])] == pytest.approx(sizes, rel=1e-12)


def test_biases_do_not_count_and_what_no_pass_reached_is_zero():
    model = differentiated()
    before = points(plots.gradient_sizes(model).lines[0])
    for layer in model.layers:
        for neuron in layer.neurons:
            neuron.bias.grad = 1e6
    assert points(plots.gradient_sizes(model).lines[0]) == before
    half = MLP(2, [2, 1], rng=random.Random(0))
    half.layers[1]([1.0, 2.0]).backward()
    expected = [0, pytest.approx(math.sqrt(2.5))]
    assert [y for _, y in points(plots.gradient_sizes(half).lines[0])] == expected


class Parts(Module):
    def __init__(self, parts=("encoder", "core", "decoder", "head")):
        for part in parts:
            setattr(self, part, Layer(1, 2, weights=[[0.5], [1.5]], activation="linear"))
        self.slope = Value(1.0)


LONG = ["text_encoder", "image_encoder", "cross_attention", "text_decoder", "image_decoder"]


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (Parts(LONG), [*LONG, "all"]),
        (Parts(), ["encoder", "core", "decoder", "head", "all"]),
        (Parts(["body"]), ["body", "all"]),
        (Layer(2, 3), ["all"]),
        (Neuron(2), ["all"]),
    ],
)
def test_layers_that_have_no_numbers_are_called_by_their_paths(module, names):
    for parameter in module.parameters():
        parameter.grad = 0.25
    ax = plots.gradient_sizes(module)
    assert [text.get_text() for text in ax.get_xticklabels()] == names
    assert {y for _, y in points(ax.lines[0])} == {0.25}
    assert ax.get_xlabel() == "layer"
    assert overlapping(ax.figure) == []


def test_models_of_different_parts_have_numbers():
    models = {"a": Parts(), "b": Parts(["body"])}
    for model in models.values():
        model.slope.grad = 1.0
    ax = plots.gradient_sizes(models)
    assert ax.get_xlabel() == "layer, in the order of the parameters"
    assert all(tick == int(tick) for tick in ax.get_xticks())


def with_gradient(grad):
    model = differentiated()
    model.layers[1].neurons[0].weights[2].grad = grad
    return model


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            MLP(2, [1]),
            StateError,
            r"model must be a module with gradients, got MLP\(2 → 1 .*; call backward\(\)",
        ),
        (
            {"a": differentiated(), "b": MLP(2, [1])},
            StateError,
            "model must be a module with gradients",
        ),
        (Module(), ValueError, "model must be a module with weights, got Module"),
        (
            with_gradient(math.nan),
            ValueError,
            r"gradient of layers.1.neurons.0.weights.2 must be finite, got nan",
        ),
        ([differentiated()], TypeError, r"model must be a Module, or a dict of .*, got \[MLP"),
    ],
)
def test_gradients_that_cannot_be_drawn_are_an_error(given, error, message):
    with pytest.raises(error, match=message):
        plots.gradient_sizes(given)


# --- decisions ------------------------------------------------------------------------------------

rng = random.Random(4)
X = [(rng.uniform(-2, 2), rng.uniform(-1, 3)) for _ in range(40)]


def sloped(x):
    return 1.5 * x[0] - x[1] + 0.25


def round_(x):
    return x[0] * x[0] + x[1] * x[1] - 2.0


def three(x):
    return [sloped(x), round_(x), 0.75 - x[0]]


def boundary(ax):
    """Return the points of the boundary lines."""
    lines = [c for c in ax.collections if not c.filled]
    return [
        tuple(map(float, vertex))
        for one in lines
        for path in one.get_paths()
        for vertex in path.vertices
    ]


def regions(ax, point):
    """Return the colour that is seen at a point, as a list; an empty list if there is none."""
    shades = [
        tuple(shade[:3])
        for one in ax.collections
        if one.filled
        for path, shade in zip(one.get_paths(), one.get_facecolor(), strict=True)
        if shade[3] and path.contains_point(point)
    ]
    return [pytest.approx(shade) for shade in shades[-1:]]


def colour(ax, label):
    """Return the colour of the region of a class: that of its markers, thinned with white."""
    text = line(ax, label).get_color()
    return tuple(0.75 + 0.25 * int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))


@pytest.mark.parametrize("threshold", [0.0, 0.5, -1.25])
def test_the_boundary_is_where_a_linear_model_says(threshold):
    y = [int(sloped(x) > threshold) for x in X]
    ax = plots.decision_boundary(sloped, X, y, threshold=threshold)
    found = boundary(ax)
    assert len(found) > 50
    for vertex in found:
        assert sloped(vertex) == pytest.approx(threshold, abs=1e-12)
    assert legend(ax) == ["class 0", "class 1", f"output = {threshold:g}"]


def test_the_boundary_is_where_a_curved_model_says():
    ax = plots.decision_boundary(round_, X, [int(round_(x) > 0) for x in X])
    found = boundary(ax)
    assert len(found) > 50
    for vertex in found:
        # Interpolated over h, a point is wrong by up to h² (f_xx + f_yy) / (8 |∇f|), with h < 0.09.
        assert math.hypot(*vertex) == pytest.approx(math.sqrt(2), abs=0.09**2 * 4 / (8 * 2.8))


@pytest.mark.parametrize("classes", [(0, 1), (-1, 1)])
def test_the_regions_are_of_the_class_that_a_model_of_one_output_decides_for(classes):
    def probability(x):
        return ag.sigmoid(round_(x))

    y = [classes[round_(x) > 0] for x in X]
    ax = plots.decision_boundary(probability, X, y, threshold=0.5)
    for x in X:
        decided = classes[round_(x) > 0]
        if abs(round_(x)) > 0.05:
            assert regions(ax, x) == [colour(ax, f"class {decided}")]


def test_the_regions_are_of_the_largest_of_several_outputs():
    y = [three(x).index(max(three(x))) for x in X]
    assert set(y) == {0, 1, 2}
    ax = plots.decision_boundary(three, X, y)
    checked = 0
    for x, decided in zip(X, y, strict=True):
        *_, second, first = sorted(three(x))
        if first - second > 0.05:
            assert regions(ax, x) == [colour(ax, f"class {decided}")]
            checked += 1
    assert checked > 30
    for vertex in boundary(ax):
        third, second, first = sorted(three(vertex))
        # Where all three meet, within a cell of the grid, the lines are less exact.
        assert first - second < (0.01 if first - third > 0.1 else 0.05)
    assert legend(ax) == ["class 0", "class 1", "class 2", "boundary"]


def test_values_and_numbers_give_the_same_picture():
    model = MLP(2, [4, 1], activation="tanh", rng=random.Random(0))
    y = [int(model(x).data > 0) for x in X]
    assert set(y) == {0, 1}
    values = plots.decision_boundary(model, X, y)
    numbers = plots.decision_boundary(lambda x: model(x).data, X, y)
    single = plots.decision_boundary(lambda x: [model(x).data], X, y)
    assert boundary(values) == boundary(numbers) == boundary(single) != []
    assert not any(parameter.has_grad for parameter in model.parameters())


def test_the_examples_are_marked_by_class():
    y = [three(x).index(max(three(x))) for x in X]
    ax = plots.decision_boundary(three, X, y, names=["setosa", "versicolor", "virginica"])
    shown = [line(ax, name) for name in ("setosa", "versicolor", "virginica")]
    for chosen, drawn in enumerate(shown):
        assert points(drawn) == [x for x, its in zip(X, y, strict=True) if its == chosen]
        assert drawn.get_linestyle() == "None"
    assert len({drawn.get_marker() for drawn in shown}) == 3
    assert len({drawn.get_color() for drawn in shown}) == 3
    for drawn in (*ax.get_xlim(), *ax.get_ylim()):
        assert math.isfinite(drawn)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert all(left < a < right and bottom < b < top for a, b in X)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("first input", "second input")


def test_the_legend_is_beside_the_picture_where_the_layout_makes_room():
    y = [int(sloped(x) > 0) for x in X]
    ax = plots.decision_boundary(sloped, X, y)
    assert overlapping(ax.figure) == []
    assert not ax.get_legend().get_window_extent().overlaps(ax.get_window_extent())
    _, own = pyplot.subplots()
    plots.decision_boundary(sloped, X, y, ax=own)
    own.figure.canvas.draw()
    box, inside = own.get_legend().get_window_extent(), own.get_window_extent()
    assert inside.contains(*box.min)
    assert inside.contains(*box.max)


def test_where_there_is_no_boundary_the_legend_says_so():
    ax = plots.decision_boundary(lambda x: ag.sigmoid(sloped(x)), X, [0] * len(X))
    assert legend(ax) == ["class 0", "class 1", "nowhere output = 0"]
    assert boundary(ax) == []
    assert regions(ax, (0.0, 0.0)) == [colour(ax, "class 1")]
    ax = plots.decision_boundary(lambda x: [0.0, 1.0], X, [0] * len(X))
    assert legend(ax) == ["class 0", "class 1", "nowhere boundary"]


def test_an_output_equal_to_the_threshold_is_of_the_first_class():
    ax = plots.decision_boundary(lambda x: max(0.0, x[0]), X, [0] * len(X))
    assert regions(ax, (-1.0, 0.0)) == [colour(ax, "class 0")]
    assert regions(ax, (1.0, 0.0)) == [colour(ax, "class 1")]
    assert legend(ax)[-1] == "output = 0"
    assert boundary(ax)
    assert all(abs(x) < 0.09 for x, _ in boundary(ax))  # a cell of the grid is as wide


def test_where_the_output_is_not_finite_there_is_no_colour():
    ax = plots.decision_boundary(lambda x: math.nan if x[0] > 0 else x[1], X, [0] * len(X))
    assert regions(ax, (1.0, 1.0)) == []
    assert regions(ax, (-1.0, 1.0)) == [colour(ax, "class 1")]
    ax = plots.decision_boundary(lambda x: [x[1], 0.5, -math.inf], X, [0] * len(X))
    assert regions(ax, (1.0, 1.0)) == []


def test_of_several_outputs_that_tie_the_first_decides():
    ax = plots.decision_boundary(lambda x: [0.0, 1.0, 1.0], X, [0] * len(X))
    assert regions(ax, (0.0, 0.0)) == [colour(ax, "class 1")]
    assert legend(ax)[-1] == "nowhere boundary"


def test_where_three_classes_meet_there_is_no_gap():
    ax = plots.decision_boundary(three, X, [0] * len(X), grid=10)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for _ in range(500):
        x = (rng.uniform(left, right), rng.uniform(bottom, top))
        assert len(regions(ax, x)) == 1


def test_the_model_is_called_once_for_each_point_of_the_grid():
    called = []

    def model(x):
        called.append(x)
        return sloped(x)

    plots.decision_boundary(model, X, [0] * len(X), grid=5)
    assert len(called) == 26  # and once to see how many outputs there are
    assert len(set(called[1:])) == 25
    assert all(type(number) is float for x in called for number in x)


def test_more_classes_than_colours_have_regions_of_their_own():
    def nine(x):
        return [math.cos(k) * x[0] + math.sin(k) * x[1] for k in range(9)]

    ax = plots.decision_boundary(nine, [(-1.0, -1.0), (1.0, 1.0)], [0, 8])
    for x in ((1.0, 0.1), (-0.2, 1.0), (-1.0, -0.9), (0.5, -1.0)):
        assert regions(ax, x) == [colour(ax, f"class {nine(x).index(max(nine(x)))}")]


def test_a_single_example_has_a_picture():
    ax = plots.decision_boundary(sloped, [(1.0, 2.0)], [1])
    assert ax.get_xlim() == (0, 2)
    assert ax.get_ylim() == (0, 4)


PAIR = [(0.0, 0.0), (1.0, 1.0)]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": 3}, TypeError, "model must be a function of a pair of numbers, got 3"),
        (
            {"model": lambda x: "no"},
            TypeError,
            "result of model must be a number or a list of numbers, got 'no'",
        ),
        (
            {"model": lambda x: []},
            ValueError,
            r"result of model must be one number or more, got \[\]",
        ),
        (
            {"model": lambda x: [0.0] * (2 + (x[0] > 0.5))},
            ValueError,
            r"length at \(0.5.*\) must be 2, as at the first example, got 3",
        ),
        ({"X": []}, ValueError, r"X must be a list of one example or more, got \[\]"),
        ({"X": 3}, TypeError, "X must be a list, got 3"),
        ({"X": [1.0, 2.0]}, TypeError, r"X\[0\] must be a pair of numbers, got 1.0"),
        (
            {"X": [(0.0, 0.0), (1.0, 2.0, 3.0)]},
            ValueError,
            r"X\[1\] must be a pair of numbers, got \[1.0, 2.0, 3.0\]; fix the other inputs",
        ),
        ({"X": [(0.0, math.nan), (1.0, 1.0)]}, ValueError, r"X\[0\] must be finite, got nan"),
        ({"y": [0]}, ValueError, "X and y must be equally long, got lengths 2 and 1"),
        ({"y": [0, 2]}, ValueError, r"0 and 1, or -1 and 1, as the model has one output, got \[0"),
        ({"y": [-1, 0]}, ValueError, "as the model has one output"),
        (
            {"y": [0, 3], "model": lambda x: [1.0, 2.0, 3.0]},
            ValueError,
            "y must be classes from 0 to 2, as the model has 3 outputs",
        ),
        ({"y": ["a", "b"]}, TypeError, r"y\[0\] must be a real number, got 'a'"),
        ({"threshold": "0"}, TypeError, "threshold must be a real number, got '0'"),
        ({"grid": 1}, ValueError, "grid must be at least 2, got 1"),
        ({"grid": 2.5}, TypeError, "grid must be a positive int, got 2.5"),
        ({"names": ["a"]}, ValueError, r"names must be a list of 2 strings, one .*, got \['a'\]"),
        ({"names": "ab"}, ValueError, "names must be a list of 2 strings"),
        ({"names": [1, 2]}, ValueError, "names must be a list of 2 strings"),
    ],
)
def test_decisions_that_cannot_be_drawn_are_an_error(arguments, error, message):
    arguments = {"model": sloped, "X": PAIR, "y": [0, 1]} | arguments
    with pytest.raises(error, match=message):
        plots.decision_boundary(**arguments)


# --- where it is drawn ----------------------------------------------------------------------------

CHARTS = {
    "activation": lambda **where: plots.activation("relu", **where),
    "descent": lambda **where: plots.descent(parabola, [0.2, 1.0], **where),
    "descent on a map": lambda **where: plots.descent(valley, PATH, **where),
    "losses": lambda **where: plots.losses(history([2.0, 1.0]), **where),
    "gradient_norms": lambda **where: plots.gradient_norms(history([2.0, 1.0]), **where),
    "gradient_sizes": lambda **where: plots.gradient_sizes(differentiated(), **where),
    "decision_boundary": lambda **where: plots.decision_boundary(sloped, PAIR, [0, 1], **where),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_drawn_where_it_is_told(name):
    ax = pytest.importorskip("matplotlib.figure").Figure().subplots()
    assert CHARTS[name](ax=ax) is ax
    assert pyplot.get_fignums() == []
    assert ax.lines
    ax.figure.canvas.draw()


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_makes_a_figure_otherwise_in_which_nothing_overlaps(name):
    ax = CHARTS[name]()
    assert pyplot.get_fignums() == [ax.figure.number]
    assert overlapping(ax.figure) == []


def luminance(color):
    """Return the relative luminance of a color (WCAG)."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415 - optional

    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def contrast(color, other):
    low, high = sorted(map(luminance, (color, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("style", ["default", "dark_background"])
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_legible_on_light_and_dark(name, style):
    with pyplot.style.context(style):
        ax = CHARTS[name]()
        assert overlapping(ax.figure) == []
        background = ax.figure.get_facecolor()
        assert contrast(ax.xaxis.label.get_color(), background) > 4.5
        handles, _ = ax.get_legend_handles_labels()
        for handle in handles or ax.lines:
            assert contrast(handle.get_color(), background) > 2.5


@pytest.mark.parametrize("name", CHARTS)
def test_several_panels_are_no_place_for_one_chart(name):
    _, panels = pyplot.subplots(1, 2)
    message = rf"plots.{name.split()[0]}: ax must be the Axes of one panel, .* got array"
    with pytest.raises(TypeError, match=message):
        CHARTS[name](ax=panels)


@pytest.mark.parametrize("name", [*CHARTS, "activations"])
def test_without_matplotlib_the_error_says_how_to_get_it(name, monkeypatch):
    hidden = {name for name in sys.modules if name.split(".")[0] == "matplotlib"}
    for module in hidden | {"matplotlib"}:
        monkeypatch.setitem(sys.modules, module, None)
    call = CHARTS.get(name, plots.activations)
    message = rf"^plots.{name.split()[0]}: matplotlib is not installed \(pip install matplotlib\)$"
    with pytest.raises(ModuleNotFoundError, match=message) as caught:
        call()
    assert caught.value.name.split(".")[0] == "matplotlib"


# --- labels are text ------------------------------------------------------------------------------

LITERAL = ["_a", "__", "$5 to $10", "a_$x^$", r"\alpha", r"a\$b", "$x$", "%_#"]


def test_every_label_of_losses_is_shown_as_it_is():
    ax = plots.losses({label: history([1.0, 0.5]) for label in LITERAL})
    ax.figure.canvas.draw()  # here matplotlib would read mathematics
    assert legend(ax) == [f"{label}: 2 epochs used up" for label in LITERAL]
    assert not any(text.get_parse_math() for text in ax.get_legend().get_texts())


def test_every_label_of_gradients_is_shown_as_it_is():
    model = MLP(1, [1, 1], activation="linear", init=lambda rng, fan_in, fan_out: 0.5)
    (model([3.0]) * 0.0).backward()
    ax = plots.gradient_sizes(dict.fromkeys(LITERAL, model))
    ax.figure.canvas.draw()
    assert legend(ax) == [text for label in LITERAL for text in (label, f"{label}: no gradient")]
    assert not any(text.get_parse_math() for text in ax.get_legend().get_texts())


@pytest.mark.parametrize("label", LITERAL)
def test_a_layer_is_called_as_it_is(label):
    model = Module()
    setattr(model, label, Layer(1, 1))
    model.other = Layer(1, 1)
    for _, parameter in model.named_parameters():
        parameter.grad = 1.0
    ax = plots.gradient_sizes(model)
    ax.figure.canvas.draw()
    (tick, _) = ax.get_xticklabels()
    assert (tick.get_text(), tick.get_parse_math()) == (label, False)


@pytest.mark.parametrize("label", LITERAL)
def test_a_class_is_called_as_it_is(label):
    points = [(0.0, 0.0), (1.0, 1.0)]
    ax = plots.decision_boundary(lambda x: x[0] - 0.5, points, [0, 1], names=[label, "b"], grid=3)
    ax.figure.canvas.draw()
    assert legend(ax)[:2] == [label, "b"]
    assert not ax.get_legend().get_texts()[0].get_parse_math()


@pytest.mark.parametrize("label", LITERAL)
def test_a_function_is_called_as_it_is(label):
    def square(x):
        return x * x

    square.__name__ = label
    ax = plots.activation(square)
    ax.figure.canvas.draw()
    assert (ax.get_title(), ax.title.get_parse_math()) == (label, False)


def test_a_formula_that_someone_else_drew_stays_mathematics():
    _, ax = pyplot.subplots()
    ax.plot([1, 2], [1, 2], label="$x^2$")
    plots.losses({"$": history([1.0, 0.5])}, ax=ax)
    texts = ax.get_legend().get_texts()
    assert [text.get_parse_math() for text in texts] == [True, False]


# --- sequences, frames, and what is neither ------------------------------------------------------


@each_sequence
def test_every_sequence_of_numbers_is_drawn(make):
    ax = plots.descent(lambda w: w**2, make([1.0, 0.5]))
    assert ax.lines[-1].get_xdata().tolist() == [1.0, 0.5]
    pairs = [make([0.0, 1.0]), make([1.0, 0.0])]
    ax = plots.decision_boundary(lambda x: x[0], pairs, make([0.0, 1.0]))
    assert [line.get_xydata().tolist() for line in ax.lines[:2]] == [[[0.0, 1.0]], [[1.0, 0.0]]]


def test_a_frame_is_drawn_by_rows():
    frame = pandas().DataFrame([[0.25, 1.0], [1.0, 0.5]], columns=[5, 6])
    ax = plots.decision_boundary(lambda x: x[0] - 0.5, frame, frame[5].round(), threshold=0)
    assert [line.get_xydata().tolist() for line in ax.lines[:2]] == [[[0.25, 1.0]], [[1.0, 0.5]]]


@pytest.mark.parametrize(
    "use",
    [
        lambda given: plots.descent(abs, given),
        lambda given: plots.losses(History({"loss": given, "grad_norm": []})),
        plots.activations,
        lambda given: plots.decision_boundary(lambda x: x[0], given, [0, 1]),
        lambda given: plots.decision_boundary(lambda x: x[0], [[0.0, 1.0], [1.0, 0.0]], given),
        lambda given: plots.decision_boundary(lambda x: x[0], [given], [0]),
        lambda given: plots.decision_boundary(lambda x: given, [[0.0, 1.0]], [0]),
    ],
)
@each_impostor
def test_what_is_no_sequence_is_refused(make, use):
    with pytest.raises(TypeError, match=r"^plots\.\w+: .* must be a .*, got "):
        use(make([1.0, 2.0]))


@pytest.mark.parametrize("make", [set, dict.fromkeys])
def test_names_without_an_order_are_refused(make):
    with pytest.raises(TypeError, match=r"names must be a list of 2 strings, .*, got .*; the "):
        plots.decision_boundary(lambda x: x[0], [[0.0, 1.0]], [0], names=make(["a", "b"]))

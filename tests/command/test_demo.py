"""The numbers of the course, to 1e-9 (the course prints them rounded)."""

import re
from itertools import pairwise

import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.command.demo import (
    LEARNING_RATE,
    PARAMETERS,
    START,
    central_difference,
    forward,
    gradients_by_hand,
    run_demo,
)
from autograd_mini.errors import RendererNotFoundError
from autograd_mini.views.rendering import Drawing

FORWARD = {
    "z1": 0.415,
    "a1": 0.6022861769,
    "z2": 0.9210287796,
    "a2": 0.7152516803,
    "E": 0.1082295630,
}
GRADIENTS = {
    "w2": 0.0570703982,
    "b2": 0.0947562810,
    "w1": 0.0010213959,
    "b1": 0.0102139588,
}
UPDATED = {
    "w2": 0.4271718407,
    "b2": 0.6120974876,
    "w1": 0.1495914416,
    "b1": 0.3959144165,
}


def course(value):
    return pytest.approx(value, rel=0, abs=1e-9)


@pytest.fixture
def values():
    return {name: Value(number, name=name) for name, number in START.items()}


def test_forward_gives_the_numbers_of_the_course(values):
    assert {name: value.data for name, value in forward(values).items()} == course(FORWARD)


def test_forward_of_plain_numbers_is_the_same_to_the_last_bit(values):
    assert {n: v.data for n, v in forward(values).items()} == forward(START)


def test_backward_gives_the_gradients_of_the_course(values):
    forward(values)["E"].backward()
    assert {name: values[name].grad for name in PARAMETERS} == course(GRADIENTS)


def test_the_formulas_give_the_gradients_of_the_course():
    assert gradients_by_hand(START) == course(GRADIENTS)


@pytest.mark.parametrize("name", PARAMETERS)
def test_central_differences_give_the_gradients_of_the_course(name):
    assert central_difference(START, name) == course(GRADIENTS[name])


def test_one_simultaneous_update_gives_the_weights_of_the_course(values):
    forward(values)["E"].backward()
    updated = {n: values[n].data - LEARNING_RATE * values[n].grad for n in PARAMETERS}
    assert updated == course(UPDATED)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "new" / "folder"
    return "\n".join(run_demo(out)), out


@pytest.mark.parametrize("numbers", [FORWARD, GRADIENTS, UPDATED])
def test_the_report_shows_the_numbers_of_the_course(report, numbers):
    text, _ = report
    assert [f"{number:.10f}" in text for number in numbers.values()] == [True] * len(numbers)


def test_the_training_ends_with_an_error_below_a_thousandth(report):
    text, _ = report
    rows = text[text.index("iteration  ") :].splitlines()[2:]
    last = next(row for row, after in pairwise(rows) if not after[:9].strip())
    assert float(last.split()[1]) < 0.001


def test_the_drawings_before_and_after_are_written(report):
    _, out = report
    before = (out / "two_neurons.svg").read_text(encoding="utf-8")
    after = (out / "two_neurons_trained.svg").read_text(encoding="utf-8")
    for text in (before, after):
        assert "neuron 1" in text
        assert ">E</text>" in text
    assert ">0.05707</text>" in before
    assert ">0.05707</text>" not in after


def test_the_drawing_after_shows_the_gradients_of_the_last_pass_alone(report):
    """∂E/∂T = −∂E/∂a₂, also after many iterations, in which leaves add up their gradients."""
    _, out = report
    after = (out / "two_neurons_trained.svg").read_text(encoding="utf-8")
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", after)
    at_a2 = texts[texts.index("a₂") + 3]
    assert texts[texts.index("T") + 3] == f"−{at_a2}"


def test_without_a_renderer_the_source_is_written_instead(monkeypatch, tmp_path):
    def pipe(self, *arguments, **options):
        raise RendererNotFoundError("none here")

    monkeypatch.setattr(Drawing, "pipe", pipe)
    text = "\n".join(run_demo(tmp_path))
    assert "No picture: none here" in text
    assert (tmp_path / "two_neurons.gv").read_text(encoding="utf-8").startswith("digraph")
    assert not (tmp_path / "two_neurons.svg").exists()


def test_the_first_line_says_which_engine_runs(tmp_path):
    said = {"native": "The native engine runs, in C", "python": "The Python engine runs"}
    assert next(iter(run_demo(tmp_path))) == said[ag.engine]

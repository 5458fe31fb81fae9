"""Names as Python reads them, and as they are shown."""

import ast
import keyword
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd_mini.table.names import (
    as_identifier,
    index_name,
    name_as_latex,
    name_as_text,
    name_module,
    name_parameter,
    shorten_name,
)

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@given(st.text().filter(str.isidentifier))
def test_a_name_is_what_python_makes_of_it(name):
    assume(not keyword.iskeyword(unicodedata.normalize("NFKC", name)))
    assert as_identifier(name) == ast.parse(name, mode="eval").body.id


@given(st.text())
def test_what_is_no_name_stays_as_it_is(text):
    if not text.isidentifier() and not set(text) & set("₀₁₂₃₄₅₆₇₈₉⁽"):
        assert as_identifier(text) == text


@given(st.from_regex(r"[a-zA-Zα-ω_][a-z_]*[0-9]*", fullmatch=True))
def test_the_digits_of_a_name_may_be_subscripts(name):
    assert as_identifier(name.translate(SUBSCRIPTS)) == as_identifier(name)


def test_a_power_or_a_fraction_is_no_name():
    assert [as_identifier(text) for text in ("x²", "½", "₁", "2₁")] == ["x²", "½", "₁", "2₁"]


@given(st.text())
def test_a_name_is_shown_in_a_few_printable_characters_with_both_of_its_ends(name):
    short = shorten_name(name)
    assert len(short) <= 60
    assert short == name or (name.startswith(short[:30]) and name.endswith(short[31:]))
    assert name_as_text(name * 1_000).isprintable()
    assert len(name_as_text(name * 1_000)) <= 10 * 60
    assert len(name_as_latex(name * 1_000)) <= 60 * 30


PATHS = {
    "weights.0": ("w₁", "w_{1}", "w1"),
    "weights.11": ("w₁₂", "w_{12}", "w12"),
    "bias": ("b", "b", "b"),
    "neurons.0.weights.1": ("w₁₂", "w_{12}", "w12"),
    "neurons.2.bias": ("b₃", "b_{3}", "b3"),
    "layers.0.neurons.1.weights.2": ("w₂₃⁽¹⁾", "w_{23}^{(1)}", "w23_1"),
    "layers.11.neurons.0.bias": ("b₁⁽¹²⁾", "b_{1}^{(12)}", "b1_12"),
    "layers.0.neurons.11.weights.0": ("w₁₂,₁⁽¹⁾", "w_{12,1}^{(1)}", "w12_1_1"),
    "head.neurons.0.weights.0": ("head.w₁₁", r"\text{head.}w_{11}", "head.w11"),
    "blocks.2.mlp.layers.0.neurons.0.bias": (
        *("blocks.2.mlp.b₁⁽¹⁾", r"\text{blocks.2.mlp.}b_{1}^{(1)}", "blocks.2.mlp.b1_1"),
    ),
}


@pytest.mark.parametrize(("path", "expected"), PATHS.items(), ids=PATHS)
def test_a_parameter_is_written_as_the_course_writes_it(path, expected):
    name = name_parameter(path)
    assert (name_as_text(name), name_as_latex(name), as_identifier(name)) == expected


@pytest.mark.parametrize("path", ["slope", "weights", "weights.0.1", "rebias", "layers.0.bias.1"])
def test_the_path_of_another_parameter_stays(path):
    assert name_parameter(path) == path


def test_no_two_parameters_of_a_network_have_one_name():
    names = [
        name_parameter(f"layers.{layer}.neurons.{neuron}.weights.{k}")
        for layer in range(12)
        for neuron in range(13)
        for k in range(13)
    ]
    for write in (name_as_text, name_as_latex, as_identifier):
        assert len(set(map(write, names))) == len(names)


def test_modules_are_counted_from_one():
    assert [
        name_module(path)
        for path in ("layers.0.neurons.2", "neurons.0", "head.neurons.9", "net.layers.1.neurons.0")
    ] == ["layer 1, neuron 3", "neuron 1", "head, neuron 10", "net, layer 2, neuron 1"]
    assert [name_module(path) for path in ("", "gate", "layers.0")] == ["", "gate", "layers.0"]


@given(numbers=st.lists(st.integers(1, 200), max_size=2), raised=st.none() | st.integers(1, 30))
def test_numbers_around_a_letter_can_be_typed(numbers, raised):
    name = index_name("w", numbers, raised)
    assert name_as_text(name) == name
    assert as_identifier(name).isidentifier() or (raised and not numbers)

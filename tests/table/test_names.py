"""Names as Python reads them, and as they are shown."""

import ast
import keyword
import unicodedata

from hypothesis import assume, given
from hypothesis import strategies as st

from autograd_mini.table.names import as_identifier, name_as_latex, name_as_text, shorten_name

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@given(st.text().filter(str.isidentifier))
def test_a_name_is_what_python_makes_of_it(name):
    assume(not keyword.iskeyword(unicodedata.normalize("NFKC", name)))
    assert as_identifier(name) == ast.parse(name, mode="eval").body.id


@given(st.text())
def test_what_is_no_name_stays_as_it_is(text):
    if not text.isidentifier() and not set(text) & set("₀₁₂₃₄₅₆₇₈₉"):
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

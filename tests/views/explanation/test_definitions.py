"""What the symbols of an explanation stand for."""

import pytest
from support.reading import recompute

import autograd_mini as ag
from autograd_mini import Value, explain


def parts(explanation):
    """Return what is given and what is defined."""
    given, *_, defined = str(explanation).split("\n\n")
    return given, defined.split("\n    ")[1:]


def test_definitions_define_the_symbols_that_they_use():
    """v₁ stands in no formula of the derivative, only in the definition of v₂."""
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    u = y.exp().sin()
    root = (x * u).cos()
    given, defined = parts(explain(root, wrt=x))
    assert given == "with x = 2, y = 3"
    assert defined == [
        "v₁ = exp(y) = 20.09", "v₂ = sin(v₁) = 0.9445", "out = cos(x·v₂) = −0.3128",
    ]  # fmt: skip


def test_only_what_is_used_is_given():
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    v = x * y
    given, _ = parts(explain(v.exp(), wrt=v, names={"v": v}))
    assert given == "with x = 2, y = 3"
    assert str(explain(x, wrt=x)).startswith("with x = 2\n")


def test_far_away_from_the_formulas_numbers_alone_are_given():
    """So that a chain of a thousand nodes beside the paths makes no thousand lines."""
    x, v = Value(2.0, name="x"), Value(0.5, name="y")
    for _ in range(1000):
        v = v.sin()
    text = str(explain(x * v, wrt=x, max_nodes=10))
    given, defined = parts(text)
    assert 2 <= len(defined) <= 10
    assert given.startswith("with x = 2, v")
    recompute(text)


def test_what_is_given_goes_on_in_new_lines():
    leaves = [Value(0.125 * i, name=f"leaf{i}") for i in range(40)]
    given, _ = parts(explain(ag.sum(leaves[:6]) * ag.sum(leaves[6:12]), wrt=leaves[0]))
    first, *others = given.split("\n")
    assert first.startswith("with leaf₀ = 0, ")
    assert others
    assert all(line.startswith("     leaf") for line in others)
    assert all(len(line) < 100 for line in [first, *others])


# --- abbreviations -------------------------------------------------------------------------------

LONG = "spot_price_at_settlement_date_EUR"


def test_a_long_name_is_abbreviated():
    spot, strike = Value(2.0, name=LONG), Value(3.0, name="strike_price_of_the_contract")
    v = spot * strike
    text = str(explain(v.exp(), wrt=spot, names={"the_logarithm_of_the_price": v}))
    assert (
        text
        == f"""\
with s₁ = {LONG} = 2, s₂ = strike_price_of_the_contract = 3

∂out/∂s₁ = ∂out/∂t₁ · ∂t₁/∂s₁
         = out · s₂
         = (403.4)(3)
         = 1210

where
    t₁ = the_logarithm_of_the_price = s₁·s₂ = 6
    out = exp(t₁) = 403.4"""
    )
    recompute(text)


def test_attributes_keep_the_whole_names():
    spot = Value(2.0, name=LONG)
    found = explain(spot * spot, wrt=LONG)
    assert found.wrt == LONG
    assert list(found.adjoints) == ["out", LONG]
    ((factor,),) = found.paths
    assert (factor.of, factor.wrt, factor.formula, factor.value) == ("out", LONG, f"2·{LONG}", 4.0)


def test_a_symbol_that_is_taken_is_not_used_for_another_name():
    spot, other = Value(2.0, name=LONG), Value(3.0, name="s_1")
    given, _ = parts(explain(spot * other, wrt=other))
    assert given == f"with s₂ = {LONG} = 2, s₁ = 3"
    given, _ = parts(explain(Value(1.0, name="é" * 20) * other, wrt=other))
    assert given == f"with n₁ = {'é' * 20} = 1, s₁ = 3"


def test_every_notation_abbreviates():
    spot = Value(2.0, name=LONG)
    found = explain(spot * spot, wrt=LONG)
    assert r"s_{1} = \text{spot\_price\_at\_settlement\_date\_EUR} = 2" in found.lines
    html = found._repr_mimebundle_()["text/html"]
    assert html.count(f"<mi>{LONG}</mi>") == 1


# --- one sign, one meaning -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sigma", "σ"])
def test_sigma_is_a_leaf_or_the_sigmoid(name):
    leaf, other = Value(0.5, name=name), Value(0.5, name="x")
    text = str(explain((leaf * 3).sigmoid(), wrt=leaf))
    assert "a₁ = σ" not in text
    assert "out = sigmoid(z₁) = 0.8176" in text
    assert "with σ = 0.5" in text
    assert "out = σ(z₁)" in str(explain((other * 3).sigmoid(), wrt=other))
    latex = explain((leaf * 3).sigmoid(), wrt=leaf).latex()
    assert r"\operatorname{sigmoid}\left(z_{1}\right)" in latex


@pytest.mark.parametrize(
    ("name", "make", "given", "defined"),
    [
        ("exp", lambda v: v * v.exp(), "with e₁ = exp = 0.5", "v₁ = exp(e₁) = 1.649"),
        ("ln", lambda v: v * v.log(), "with l₁ = ln = 0.5", "v₁ = ln(l₁) = −0.6931"),
        ("maximum", lambda v: v * ag.maximum(v, 0.25), "with m₁ = maximum = 0.5",
         "v₁ = maximum(m₁, 0.25) = 0.5"),
        ("exp", lambda v: v * v.sin(), "with exp = 0.5", "v₁ = sin(exp) = 0.4794"),
        ("S", lambda v: v * (1 + v.erf()), "with S = 0.5", "v₁ = erf(S) = 0.5205"),
    ],
)  # fmt: skip
def test_a_name_that_a_function_has_gets_a_symbol(name, make, given, defined):
    leaf = Value(0.5, name=name)
    text = str(explain(make(leaf), wrt=leaf))
    assert text.startswith(given + "\n")
    assert f"\n    {defined}\n" in text
    recompute(text)


def test_the_number_pi_is_no_leaf_called_pi():
    x = Value(0.5, name="x")
    assert "√(π)" in str(explain(x.erf(), wrt=x))
    pi = Value(0.5, name="pi")
    text = str(explain(pi.erf(), wrt=pi))
    assert "2·exp(−π²)/√(3.142)" in text
    assert "with π = 0.5" in text
    recompute(text)


def test_e_is_a_leaf_or_the_base_of_the_exponential():
    e = Value(0.5, name="e")
    latex = explain(e.exp(), wrt=e).latex()
    assert r"\operatorname{exp}\left(e\right)" in latex
    x = Value(0.5, name="x")
    assert "e^{x}" in explain(x.exp(), wrt=x).latex()


def test_a_product_does_not_look_like_a_call():
    f, x = Value(2.0, name="f"), Value(3.0, name="x")
    text = str(explain(f * (x + 1), wrt=f))
    assert "out = f·(x + 1) = 8" in text
    assert text.split("\n")[2:5] == ["∂out/∂f = x + 1", "        = 3 + 1", "        = 4"]


# --- numbers -------------------------------------------------------------------------------------


def test_constants_have_the_digits_of_numbers():
    x = Value(0.5, name="x")
    root = x * 0.7071067811865475 + 12345
    assert "out = x·0.7071 + 12345 = 1.235e+04" in str(explain(root, wrt=x))
    assert "out = x·0.70710678 + 12345 = 12345.354" in str(explain(root, wrt=x, digits=8))


def test_added_zeros_and_factors_of_one_are_left_out():
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    assert "out = x + 2·y = 8" in str(explain(ag.dot([1.0, 2.0], [x, y]), wrt=x))
    assert "out = x² + y² = 13" in str(explain(sum([x**2, y**2]), wrt=x))


def test_a_single_factor_has_its_line_of_numbers():
    x = Value(2.0, name="x")
    text = str(explain((x * x + 1) / (x - 1), wrt=x))
    assert text.split("\n\n")[1].split("\n") == [
        "∂out/∂x = 2·x/(x − 1) − (x² + 1)/(x − 1)²",
        "        = 2·2/(2 − 1) − (2² + 1)/(2 − 1)²",
        "        = −1",
    ]


def test_numbers_that_were_changed_afterwards_are_told():
    """The recorded derivative is not that of the numbers of now."""
    x, w = Value(3.0, name="x"), Value(2.0, name="w")
    a = (w * x + 1.0).sigmoid()
    names = {"a": a}
    assert "was changed" not in str(explain(a, wrt=w, names=names))
    w.data = 5.0
    sentence = (
        "A number was changed after z₁ was computed from it; "
        "the derivatives are those of the numbers before."
    )
    for wrt in (w, x, None):
        assert str(explain(a, wrt=wrt, names=names)).startswith(sentence) == (wrt is not None)
    assert "was changed after v₁" in str(explain(a, names=names))


def test_numbers_that_were_changed_give_no_equation_that_is_wrong():
    w = Value(0.5, name="w")
    out = (2 * w - 1.5) ** 2
    assert "= 4(2·w − 1.5)\n        = 4(2·0.5 − 1.5)\n        = −2\n" in str(explain(out, wrt=w))
    w.data = 0.7  # for which 4(2·w − 1.5) is −0.4
    assert "= 4(2·w − 1.5)\n        = −2\n" in str(explain(out, wrt=w))

"""P22 for explanations: what is shown is what was computed, from the text alone."""

import random
import re

import pytest
from support.generation import random_graph
from support.networks import attention, two_neurons
from support.reading import UndefinedError, recompute

import autograd_mini as ag
from autograd_mini import Value, explain


def course():
    values = two_neurons()
    return values["E"], values


def mlp():
    model = ag.MLP(2, [3, 1], rng=random.Random(1))
    return ag.losses.squared_error(model([0.5, -1.0]), 1.0), None


def cross_entropy():
    z = [Value(2.0), Value(1.0), Value(-1.0)]
    return ag.losses.cross_entropy(z, 1), {"z": z}


def head():
    return attention(), None


def black_scholes():
    S, K, T = Value(100, name="S"), Value(95, name="K"), Value(1, name="T")  # noqa: N806
    r, sigma = Value(0.02, name="r"), Value(0.3, name="sigma")

    def cdf(v):
        return 0.5 * (1 + ag.erf(v * 0.7071067811865475))

    d1 = (ag.log(S / K) + (r + sigma * sigma / 2) * T) / (sigma * ag.sqrt(T))
    return S * cdf(d1) - K * ag.exp(-r * T) * cdf(d1 - sigma * ag.sqrt(T)), None


KNOWN = [course, mlp, cross_entropy, head, black_scholes]


def explanations(root, names=None):
    """Yield the whole backward pass, and the derivative by each leaf."""
    whole = explain(root, names=names, max_nodes=10_000)
    yield whole
    for name in whole.adjoints:
        yield explain(root, wrt=name, names=names, max_nodes=10_000)


@pytest.mark.parametrize("make", KNOWN)
@pytest.mark.parametrize("digits", [4, 10])
def test_each_number_follows_from_the_numbers_in_the_text(make, digits):
    root, names = make()
    assert recompute(str(explain(root, names=names, digits=digits)), digits=digits) >= 10
    for one in explanations(root, names):
        text = str(explain(root, wrt=one.wrt, names=names, digits=digits))
        recompute(text, digits=digits)


@pytest.mark.parametrize(
    "seeds", [range(50), pytest.param(range(50, 200), marks=pytest.mark.soak)], ids=["50", "150"]
)
def test_each_number_of_random_graphs_follows_too(seeds):
    for seed in seeds:
        graph = random_graph(random.Random(seed), nodes=8)
        root = graph(*map(Value, graph.leaves))
        for explanation in explanations(root):
            recompute(str(explanation))


# --- the check can fail --------------------------------------------------------------------------


@pytest.mark.parametrize("make", KNOWN)
def test_a_symbol_without_its_definition_is_found(make):
    root, names = make()
    leaf = list(explain(root, names=names).adjoints)[-1]
    text = str(explain(root, wrt=leaf, names=names))
    *_, where = text.split("\n\n")
    lines = where.split("\n")[1:]
    for line in lines:
        used = re.escape(line.split(" = ")[0].strip())
        if len(re.findall(rf"(?<![\w/∂]){used}(?!\w)", text)) > 1:
            with pytest.raises(UndefinedError):
                recompute(text.replace(f"\n{line}", ""))


@pytest.mark.parametrize("given", ["T = 0.25, ", "w₂ = 0.45, ", "x = 0.1, ", ", b₂ = 0.65"])
def test_a_given_number_that_is_missing_is_found(given):
    root, names = course()
    text = str(explain(root, wrt="w1", names=names))
    assert given in text
    with pytest.raises(UndefinedError):
        recompute(text.replace(given, "", 1))


@pytest.mark.parametrize(
    ("make", "wrt", "right", "wrong"),
    [
        (course, "w1", "E = 0.5(T", "E = (T"),
        (course, "w1", "−(T − a₂)", "(T − a₂)"),
        (course, "w1", "a₂(1 − a₂)", "a₂(1 + a₂)"),
        (course, "w1", "(0.2037)", "(0.2057)"),
        (course, "w1", "= 0.001021", "= 0.001041"),
        (course, "w1", "w₁·x + b₁", "w₁·x"),
        (black_scholes, None, "now 6.547", "now 6.557"),
        (black_scholes, None, "∂out/∂T += ∂out/∂v₂₀ · 1/(2·v₂₀)", "∂out/∂T += ∂out/∂v₂₀ · 1/v₂₀"),
        (course, None, "(0.09476)(0.6023)", "(0.09476)(0.6123)"),
        (course, None, "σ(z₁)", "tanh(z₁)"),
        (black_scholes, "sigma", "(r + σ·σ/2)", "(r + σ·σ)"),
        (black_scholes, "sigma", "v₁₀·0.7071", "v₁₀"),
        (black_scholes, "sigma", "+ 47.82", "+ 47.72"),
        (cross_entropy, None, "exp(z₂)", "exp(z₁)"),
        (mlp, None, "0.5·v₃", "v₃"),
        (mlp, None, "·(−1)", ""),
        (mlp, None, "z₁ < 0", "z₁ > 0"),
        (head, None, "0.7071", "0.8"),
    ],
)
def test_a_constant_or_a_sign_that_is_missing_is_found(make, wrt, right, wrong):
    root, names = make()
    text = str(explain(root, wrt=wrt, names=names))
    recompute(text)
    assert right in text, text
    with pytest.raises(AssertionError):
        recompute(text.replace(right, wrong))


def test_a_name_with_two_meanings_is_found():
    sigma = Value(0.5, name="sigma")
    text = str(explain((sigma * 3).sigmoid(), wrt=sigma))
    recompute(text)
    with pytest.raises(AssertionError, match="two meanings"):
        recompute(text.replace("sigmoid(", "σ("))

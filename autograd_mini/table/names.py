"""Writes names of Values as mathematics does: with subscripts and Greek letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from autograd_mini.arguments import printable

__all__ = [
    "as_identifier",
    "index_name",
    "name_as_latex",
    "name_as_text",
    "name_module",
    "name_parameter",
    "shorten_name",
]

_LONGEST = 60
"""A longer name is shown without its middle."""


def name_as_text(name: str) -> str:
    """Return a name in plain text: a number at its end becomes a subscript, alpha becomes α.

    >>> name_as_text("w12"), name_as_text("alpha"), name_as_text("x[0]")
    ('w₁₂', 'α', 'x₀')
    """
    base, index, layer = _split(shorten_name(name))
    if layer or (index and not index.isdecimal()):
        return printable(name)
    letters: str = _GREEK.get(base, printable(base))
    return letters + index.translate(_SUBSCRIPT)


def name_as_latex(name: str) -> str:
    r"""Return a name as LaTeX text for mathematics mode.

    >>> print(name_as_latex("w12"), name_as_latex("alpha"), name_as_latex("w₁₂⁽³⁾"))
    w_{12} \alpha w_{12}^{(3)}
    """
    if name in _LATEX_SIGNS:
        return _LATEX_SIGNS[name]
    name = shorten_name(name)
    path, _, last = name.rpartition(".")
    if path and _split(last)[1:] != ("", "") and not last.isascii():  # as in head.w₁₂
        return _latex_words(f"{path}.") + name_as_latex(last)
    base, index, layer = _split(name)
    base = _GREEK_NAMES.get(base, base)
    if base in _GREEK:
        letters = f"\\{base}"
    elif base.isascii() and base.isalpha():
        letters = rf"\mathit{{{base}}}" if len(base) > 1 else base
    elif len(base) == 1 and base.isalpha():
        letters = _latex_words(base)
    else:
        return _latex_words(name)
    letters = f"{letters}_{{{index}}}" if index else letters
    return f"{letters}^{{({layer})}}" if layer else letters


def _latex_words(text: str) -> str:
    """Return plain words as LaTeX text for mathematics mode."""
    text = unicodedata.normalize("NFC", text)
    # TeX knows few combining accents, so the accents that NFC has not composed are escaped.
    text = re.sub(_ACCENT, lambda found: f"\\u{ord(found[0]):04x}", text)
    text = re.sub(_LETTER, lambda found: unicodedata.normalize("NFKC", found[0]), text)
    text = re.sub(_SIGN, r"$\g<0>$", printable(text).translate(_LATEX_SPECIAL))
    return rf"\text{{{text}}}"


def as_identifier(name: str) -> str:
    """Return a name as Python reads it in code (NFKC); digits may be written as subscripts.

    >>> as_identifier("w₁₂"), as_identifier("w₁₂⁽³⁾"), as_identifier("\u00b5") == "\u03bc"
    ('w12', 'w12_3', True)
    """
    plain = re.sub(r"(?<=\w),(?=[₀-₉])", "_", name)
    plain = re.sub(r"(?<=\w)⁽([⁰¹²³⁴-⁹]+)⁾", lambda found: f"_{_read_digits(found[1])}", plain)
    plain = re.sub(r"(?<=\w)[₀-₉]+", lambda found: _read_digits(found[0]), plain)
    # Only of names: NFKC makes another number of ½, and x2 of x².
    is_name = plain.isidentifier() or (plain != name and plain.replace(".", "").isidentifier())
    return unicodedata.normalize("NFKC", plain) if is_name else name


def name_parameter(path: str) -> str:
    """Return what courses call a parameter of a network: the neuron's number, then the input's.

    The path is that of `Module.named_parameters`. A path of another form stays as it is, and so
    does the part before the network.

    >>> name_parameter("layers.0.neurons.1.weights.2"), name_parameter("layers.1.neurons.0.bias")
    ('w₂₃⁽¹⁾', 'b₁⁽²⁾')
    >>> name_parameter("weights.0"), name_parameter("head.neurons.0.bias"), name_parameter("slope")
    ('w₁', 'head.b₁', 'slope')
    """
    found = re.fullmatch(rf"{_NEURON}?(?:weights\.(?P<input>\d+)|bias)", path)
    if found is None:
        return path
    numbers = [int(found[key]) + 1 for key in ("neuron", "input") if found[key]]
    layer = int(found["layer"]) + 1 if found["layer"] else None
    return (found["path"] or "") + index_name("w" if found["input"] else "b", numbers, layer)


def index_name(letter: str, numbers: Sequence[int], raised: int | None = None) -> str:
    """Return a letter with numbers as subscripts, and perhaps one above them, in parentheses.

    >>> index_name("w", [2, 3], 1), index_name("w", [1, 12])
    ('w₂₃⁽¹⁾', 'w₁,₁₂')
    """
    # Without a comma, 1,12 and 11,2 would look the same.
    index = ("," if max(numbers, default=0) > 9 else "").join(map(str, numbers))
    above = "" if raised is None else f"⁽{str(raised).translate(_SUPERSCRIPT)}⁾"
    return letter + index.translate(_SUBSCRIPT) + above


def name_module(path: str) -> str:
    """Return the title of a module, by its path; layers and neurons count from 1.

    >>> name_module("layers.0.neurons.1"), name_module("head.neurons.0"), name_module("gate")
    ('layer 1, neuron 2', 'head, neuron 1', 'gate')
    """
    found = re.fullmatch(_NEURON, f"{path}.")
    if found is None:
        return path
    parts = [(found["path"] or "").removesuffix(".")]
    parts += [f"{kind} {int(found[kind]) + 1}" for kind in ("layer", "neuron") if found[kind]]
    return ", ".join(filter(None, parts))


def shorten_name(name: str) -> str:
    """Return a name for showing: without its middle if it is long.

    Its end stays, as there is the number that tells it from another name.
    """
    half = _LONGEST // 2
    return name if len(name) <= _LONGEST else f"{name[:half]}…{name[1 - half :]}"


def _split(name: str) -> tuple[str, str, str]:
    """Split a name into letters, the number at its end and the layer; x[0][1] gives x and 0,1."""
    match = re.fullmatch(_INDEXED, name)
    if match is None:
        return name, "", ""
    base, number, places, layer = match.groups()
    if places:
        return base, places[1:-1].replace("][", ","), ""
    return base, _read_digits(number or ""), _read_digits(layer or "")


def _read_digits(text: str) -> str:
    """Return a number in plain digits."""
    return text.translate(_PLAIN_DIGITS)


_INDEXED = (
    r"([^\W\d_₀-₉]+)"
    r"(?:_?([0-9]+|[₀-₉]+(?:,[₀-₉]+)?)|((?:\[[0-9]+\])+))?(?:(?<=[₀-₉])⁽([⁰¹²³⁴-⁹]+)⁾)?"
)
_NEURON = r"(?P<path>.+?\.)??(?:(?:layers\.(?P<layer>\d+)\.)?neurons\.(?P<neuron>\d+)\.)"
"""The path of a neuron in a network, or in a layer, and a dot."""
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789" * 2)
_GREEK = {
    name: letter
    for letters in (
        "alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ",
        "mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω",
        "Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω",
    )
    for name, letter in re.findall(r"(\w+) (\w)", letters)
}
_GREEK_NAMES = {letter: name for name, letter in _GREEK.items()}
_ACCENT = r"[\u0300-\u036f]"
_LETTER = r"[\U0001d400-\U0001d7ff]"  # mathematical letters, such as a bold x: few fonts have them
_SIGN = r"[·\u0387‼\u2100-\u2bff]"  # mathematical signs: \text cannot contain them
_LATEX_SIGNS = {"∞": r"\infty", "…": r"\dots"}
_LATEX_SPECIAL = str.maketrans(
    {
        **{c: rf"\{c}" for c in "#$%&_{}"},
        "\\": r"\textbackslash{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
    }
)

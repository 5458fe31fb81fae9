"""Writes names of Values as mathematics does: with subscripts and Greek letters."""

from __future__ import annotations

import re
import unicodedata

from autograd_mini.arguments import printable

__all__ = ["as_identifier", "name_as_latex", "name_as_text", "shorten_name", "split_name"]

_LONGEST = 60
"""A longer name is shown without its middle."""


def name_as_text(name: str) -> str:
    """Return a name in plain text: a number at its end becomes a subscript, alpha becomes α.

    >>> name_as_text("w12"), name_as_text("alpha"), name_as_text("x[0]")
    ('w₁₂', 'α', 'x₀')
    """
    base, index = split_name(shorten_name(name))
    if index and not index.isdecimal():
        return printable(name)
    letters: str = _GREEK.get(base, printable(base))
    return letters + index.translate(_SUBSCRIPT)


def name_as_latex(name: str) -> str:
    r"""Return a name as LaTeX text for mathematics mode.

    >>> print(name_as_latex("w12"), name_as_latex("alpha"), name_as_latex("x[0]"))
    w_{12} \alpha x_{0}
    """
    if name in _LATEX_SIGNS:
        return _LATEX_SIGNS[name]
    name = shorten_name(name)
    base, index = split_name(name)
    base = _GREEK_NAMES.get(base, base)
    if base in _GREEK:
        letters = f"\\{base}"
    elif base.isascii() and base.isalpha():
        letters = rf"\mathit{{{base}}}" if len(base) > 1 else base
    elif len(base) == 1 and base.isalpha():
        letters = _latex_words(base)
    else:
        return _latex_words(name)
    return f"{letters}_{{{index}}}" if index else letters


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

    >>> as_identifier("w₁₂"), as_identifier("\u00b5") == "\u03bc"
    ('w12', True)
    """
    plain = re.sub(r"(?<=\w)[₀-₉]+", lambda found: found[0].translate(_NO_SUBSCRIPT), name)
    # Only of names: NFKC makes another number of ½, and x2 of x².
    return unicodedata.normalize("NFKC", plain) if plain.isidentifier() else name


def shorten_name(name: str) -> str:
    """Return a name for showing: without its middle if it is long.

    Its end stays, as there is the number that tells it from another name.
    """
    half = _LONGEST // 2
    return name if len(name) <= _LONGEST else f"{name[:half]}…{name[1 - half :]}"


def split_name(name: str) -> tuple[str, str]:
    """Split a name into its letters and the number at its end; x[0][1] gives x and 0,1."""
    match = re.fullmatch(r"([^\W\d_₀-₉]+)(?:_?([0-9]+|[₀-₉]+)|((?:\[[0-9]+\])+))?", name)
    if match is None:
        return name, ""
    base, number, places = match.groups()
    if places:
        return base, places[1:-1].replace("][", ",")
    return base, (number or "").translate(_NO_SUBSCRIPT)


_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_NO_SUBSCRIPT = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
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

"""Writes formulas and numbers as MathML, which browsers show without any script."""

from __future__ import annotations

import ast
import html
import re
import unicodedata
from collections.abc import Iterable

from autograd_mini.table.elementary import Elementary
from autograd_mini.table.notation import Unicode
from autograd_mini.table.rules import Comparison, split_cases

__all__ = ["MathML"]

_SINGLE = re.compile(r"<m[ino]>[^<]*</m[ino]>")


class MathML(Unicode):
    """Prints formulas as elements of MathML, to stand inside ``<math>``.

    >>> MathML().formula(ast.parse("a2 / 2", mode="eval").body)
    '<mfrac><mrow><msub><mi>a</mi><mn>2</mn></msub></mrow><mn>2</mn></mfrac>'
    """

    plus, difference, less = "<mo>+</mo>", "<mo>−</mo>", "<mo>&lt;</mo>"
    minus = '<mo form="prefix">−</mo>'
    dot = times = "<mo>·</mo>"
    comma = "<mo>,</mo>"
    parentheses = ("<mrow><mo>(</mo>", "<msup><mrow><mo>(</mo>")
    both, either = "<mtext> and </mtext>", "<mtext> or </mtext>"
    indices = "<mi>ᵢ</mi>", "<munder><mo>Σ</mo><mi>i</mi></munder>"
    to = "<mo>→</mo>"
    dots = "<mo>…</mo>"
    quarter = "<mn>¼</mn>"
    derivative = "<mfrac><mrow><mi>∂</mi>{}</mrow><mrow><mi>∂</mi>{}</mrow></mfrac>"

    def words(self, text: str) -> str:
        return f"<mtext>{html.escape(text)}</mtext>"

    def whole_name(self, name: str) -> str:
        base, below, above = _split_indices(super().whole_name(name))
        text = f"<mi>{html.escape(base)}</mi>"
        if below and above:
            return f"<msubsup>{text}<mn>{below}</mn><mn>{above}</mn></msubsup>"
        if below or above:
            tag = "msub" if below else "msup"
            return f"<{tag}>{text}<mn>{below or above}</mn></{tag}>"
        return text

    def parenthesize(self, text: str) -> str:
        return f"<mrow><mo>(</mo>{text}<mo>)</mo></mrow>"

    def compare(self, sign: Comparison) -> str:
        return f"<mo>{html.escape(sign.text)}</mo>"

    def write_digits(self, number: str) -> str:
        if number.startswith("-"):
            return self.minus + self.write_digits(number[1:])
        number = number.replace("inf", "∞").replace("nan", "NaN")
        mantissa, _, exponent = number.partition("e")
        text = f"<mn>{mantissa}</mn>"
        if not exponent:
            return text
        minus = self.minus if exponent.startswith("-") else ""
        power = f"<msup><mn>10</mn><mrow>{minus}<mn>{abs(int(exponent))}</mn></mrow></msup>"
        return power if mantissa == "1" else f"{text}{self.dot}{power}"

    def constant(self, text: str) -> tuple[str, int]:
        one, _, exponent = text.partition("e")
        precedence = self.ATOM if not exponent else self.POWER if one == "1" else self.PRODUCT
        return self.write_digits(text), precedence

    def power(self, base: str, exponent: ast.expr) -> str:
        above = _group(self.text(exponent))
        if re.fullmatch(r"<msub><mi>[^<]*</mi><mn>\d*</mn></msub>", base):
            return f"<msubsup>{base[6:-7]}{above}</msubsup>"
        if not base.startswith(self.parentheses[0]):
            base = _group(base)
        return f"<msup>{base}{above}</msup>"

    def ends_open(self, factor: ast.expr) -> bool:  # noqa: ARG002 - exponents and fractions end
        return False

    def quotient(self, left: ast.expr, right: ast.expr) -> tuple[str, int]:
        return f"<mfrac>{_group(self.text(left))}{_group(self.text(right))}</mfrac>", self.POWER

    def cases(self, node: ast.IfExp) -> tuple[str, int]:
        rows = (
            (
                self.text(case),
                self.words("if ") + self.text(test) if test else self.words("otherwise"),
            )
            for test, case in split_cases(node)
        )
        table = "".join(f"<mtr><mtd>{a}</mtd><mtd>{b}</mtd></mtr>" for a, b in rows)
        return f"<mrow><mo>{{</mo><mtable>{table}</mtable></mrow>", self.ATOM

    def signs(self, row: Elementary) -> Iterable[str]:
        return [*super().signs(row), *(["e"] if "<mi>e</mi>" in row.mathml else [])]

    def template(self, row: Elementary) -> str:
        sign = html.escape(row.text.partition("(")[0] or row.name)
        return row.mathml or f"<mi>{sign}</mi><mrow><mo>(</mo>{{}}<mo>)</mo></mrow>"

    def reads(self, template: str) -> tuple[bool, bool]:
        return "{}</mrow><mn>2</mn>" not in template, True

    def spell(self, function: str, arguments: str) -> tuple[str, int]:
        return f"<mi>{html.escape(function)}</mi>{self.parenthesize(arguments)}", self.POWER


def _group(elements: str) -> str:
    """Return elements of MathML as a single element."""
    return elements if _SINGLE.fullmatch(elements) else f"<mrow>{elements}</mrow>"


def _split_indices(text: str) -> tuple[str, str, str]:
    """Split a name in plain text into its letters, its lower and its upper index."""
    found = re.fullmatch(r"(.+?)([₀-₉]*)(⁽[⁰¹²³⁴-⁹]+⁾)?", text, re.DOTALL)
    if found is None:
        return text, "", ""
    base, *indices = found.groups("")
    below, above = (unicodedata.normalize("NFKC", index) for index in indices)
    return base, below, above

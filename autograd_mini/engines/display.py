"""What objects show of themselves: rows as text and as HTML, and pictures in HTML.

The HTML works without a network and where a notebook is not trusted. JupyterLab then removes
scripts, style sheets and SVG; it keeps tables, and pictures that have their data in the tag. No
color is set, so text is legible on a light and on a dark page.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass

from autograd_mini.arguments import printable

__all__ = ["Table", "escape", "write_count", "write_paragraph", "write_picture"]

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_NO_MATHEMATICS = str.maketrans({sign: f"<span>{sign}</span>" for sign in "$\\"})


@dataclass(frozen=True, repr=False)
class Table:
    """Rows of words and numbers; it prints as text, and a notebook shows it as HTML.

    A column of numbers is aligned right. Floats have six digits; ``rows`` has all of them.

    Args:
        header: the words above the columns.
        rows: an item for each column; an empty text leaves its place free.
        footer: a last row, such as a sum.
        title: a line above the table.

    >>> print(Table(["name", "value"], [["x", 0.25], ["<b>", -10]]))
    name  value
    ----  -----
    x      0.25
    <b>     -10
    """

    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    footer: Sequence[object] = ()
    title: str = ""

    def __str__(self) -> str:
        above, *rows = [[_write(item) for item in row] for row in self._all_rows()]
        widths = [max(map(len, column)) for column in zip(above, *rows, strict=True)]
        numeric = self._find_numeric()

        def line(row: Sequence[str]) -> str:
            pairs = zip(row, widths, numeric, strict=True)
            return "  ".join(c.rjust(w) if right else c.ljust(w) for c, w, right in pairs).rstrip()

        rule = line(["-" * width for width in widths])
        lines = [line(above), rule, *map(line, rows)]
        if self.footer:
            lines.insert(-1, rule)
        return "\n".join([printable(self.title), *lines] if self.title else lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table as HTML, for a notebook."""
        numeric = self._find_numeric()

        def group(kind: str, tag: str, rows: Sequence[Sequence[object]]) -> str:
            lines = []
            for row in rows:
                cells = (
                    f'<{tag} style="text-align: {"right" if right else "left"}"{_title(item)}>'
                    f"{escape(_write(item))}</{tag}>"
                    for item, right in zip(row, numeric, strict=True)
                )
                lines.append(f"<tr>{''.join(cells)}</tr>")
            return f"<{kind}>{''.join(lines)}</{kind}>"

        parts = [group("thead", "th", [self.header]), group("tbody", "td", self.rows)]
        if self.footer:
            parts.append(group("tfoot", "th", [self.footer]))
        return f"{write_paragraph(self.title) if self.title else ''}<table>{''.join(parts)}</table>"

    def _all_rows(self) -> list[Sequence[object]]:
        return [self.header, *self.rows, *([self.footer] if self.footer else [])]

    def _find_numeric(self) -> list[bool]:
        """Return for each column whether all that is in it below the header is a number."""
        header, *rows = self._all_rows()
        columns = ([row[i] for row in rows if row[i] != ""] for i in range(len(header)))
        return [bool(column) and all(map(_is_number, column)) for column in columns]


def escape(text: str) -> str:
    """Return plain text as HTML, in which no character is a part of a tag or of a formula.

    A notebook would show ``$x$`` as mathematics, but not if the signs are apart from their text.
    """
    return _escape_attribute(text).translate(_NO_MATHEMATICS)


def _escape_attribute(text: str) -> str:
    return printable(text).translate(_ESCAPES)


def write_count(count: int, noun: str) -> str:
    """Return a number of things in words.

    >>> write_count(1, "Value"), write_count(2, "Value")
    ('1 Value', '2 Values')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def write_paragraph(text: str) -> str:
    """Return plain text as a paragraph of HTML."""
    return f"<p>{escape(text)}</p>"


def write_picture(svg: str, description: str) -> str:
    """Return an SVG as a picture in HTML, and a description for readers who cannot see it."""
    data = b2a_base64(svg.encode(), newline=False).decode()
    source = f"data:image/svg+xml;base64,{data}"
    return f'<img alt="{_escape_attribute(description)}" src="{source}" style="max-width: 100%">'


def _write(item: object) -> str:
    return f"{item:.6g}" if isinstance(item, float) else printable(str(item))


def _title(item: object) -> str:
    """Return an attribute with all digits of a float, which appears when the mouse is over it."""
    return f' title="{float(item)!r}"' if isinstance(item, float) else ""


def _is_number(item: object) -> bool:
    try:
        float(str(item))
    except ValueError:
        return False
    return True

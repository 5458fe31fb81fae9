"""The form of the messages of errors, and a `pytest.raises` that refuses any other."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import autograd_mini
from autograd_mini.arguments import MAX_VALUE
from autograd_mini.errors import DivergenceError, DomainError, NonFiniteGradientError

PACKAGE = Path(autograd_mini.__file__).parent
# Their messages have the form, as have those of their subclasses: StateError, RuleError, …
KINDS = (TypeError, ValueError, DomainError, NonFiniteGradientError, DivergenceError)

FORM = re.compile(r"(?P<name>\S.*?) must (not )?(be|have) (?P<rule>\S.*?), got (?P<rest>.*)")
# A text in quotes may have a semicolon in it, which ends nothing.
QUOTED = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
VALUE = re.compile(rf"(?P<value>(?:{QUOTED}|(?!; ).)+?)(; (?P<way_out>.*))?")
# Of a point, each operand has a value of its own, and a name if it is a Value that has one.
NEXT_OPERAND = re.compile(r", (?=\w+ = )")
OPERAND = re.compile(r"(?:\w+ = )?(?P<value>.*?)(?: \(('.*'|\".*\")\))?")


def find_fault(message: str) -> str:
    """Return what is wrong with the form of a message, or nothing.

    >>> find_fault("fit: epochs must be at least 1, got 0; leave it out")
    ''
    >>> find_fault("epochs takes a positive int")
    'it does not read NAME must be RULE, got VALUE'
    """
    if message.splitlines() != [message]:
        return "it is not one line"
    form = FORM.fullmatch(message)
    if form is None:
        return "it does not read NAME must be RULE, got VALUE"
    if form["name"].endswith(":"):
        return "it does not name the argument"
    parts = VALUE.fullmatch(form["rest"])
    if parts is None or not parts["value"].strip():
        return "there is no value after `got`"
    if parts["way_out"] is not None and not parts["way_out"].strip():
        return "there is no way out after the semicolon"
    for operand in NEXT_OPERAND.split(parts["value"]):
        match = OPERAND.fullmatch(operand)
        assert match is not None
        if len(match["value"]) > MAX_VALUE:
            return f"the value has {len(match['value'])} characters, more than {MAX_VALUE}"
    return ""


def is_ours(error: BaseException) -> bool:
    """Return whether a line of the package raised an error, and its message must have the form.

    What a function of the caller raised, or one of Python's modules, is not the package's own.
    """
    traceback = error.__traceback__
    if traceback is None or not isinstance(error, KINDS):
        return False
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return Path(traceback.tb_frame.f_code.co_filename).is_relative_to(PACKAGE)


def check_error(error: BaseException) -> None:
    """Refuse an error of the package whose message does not have the form.

    Raises:
        AssertionError: it has another form; this says how, and shows the message.
    """
    fault = find_fault(str(error)) if is_ours(error) else ""
    if fault:
        raise AssertionError(
            f"the message of a {type(error).__name__} is not of the form "
            f"`WHERE: NAME must be RULE, got VALUE; WAY OUT`: {fault}: {error}"
        )


class _Raises:
    """The context of a `pytest.raises`, which checks the error that it caught."""

    def __init__(self, context: Any) -> None:
        self.context = context

    def __enter__(self) -> Any:
        self.caught = self.context.__enter__()
        return self.caught

    def __exit__(self, *raised: object) -> bool:
        suppress = self.context.__exit__(*raised)
        if suppress:
            check_error(self.caught.value)
        return bool(suppress)


def check_caught(raises: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `pytest.raises` that also checks the messages of what it catches."""

    def raises_and_checks(*arguments: Any, **options: Any) -> Any:
        caught = raises(*arguments, **options)
        if len(arguments) < 2:
            return _Raises(caught)
        check_error(caught.value)  # a function was given, and has been called
        return caught

    return raises_and_checks

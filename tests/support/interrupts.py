"""Ctrl-C at every instant: the proof that a change is made whole or not at all.

Python runs signal handlers between two bytecode instructions. Interrupting a computation once
before each instruction that it executes therefore covers every moment a real Ctrl-C could choose.
Only the line of a ``with`` statement is left alone: Python takes care that no handler runs between
entering a context and its body, nor between the body and leaving the context.
"""

from __future__ import annotations

import dis
import linecache
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, TypeVar

import autograd_mini

NOP = dis.opmap["NOP"]
PACKAGE = str(Path(autograd_mini.__file__).parent)

Subject = TypeVar("Subject")


def interrupted_everywhere(
    build: Callable[[], Subject],
    action: Callable[[Subject], object],
    *,
    check: Callable[[Subject], object],
    inside: str | tuple[str, ...] = PACKAGE,
) -> int:
    """Run an action again and again, interrupted one instruction later each time, until it ends.

    Args:
        build: makes the thing that one run works on, always in the same state.
        action: what is interrupted, given that thing. It may let KeyboardInterrupt through or
            catch it.
        check: looks at the thing after each run, the last and undisturbed one included, and
            raises if it is torn.
        inside: only instructions of source files whose path starts so, or with one of several
            such texts, are interrupted. Code that
            the package generates has a name in angle brackets and is left alone.

    Returns:
        The number of instants at which the action was interrupted.
    """
    instant = 0
    while True:
        subject = build()
        where = _interrupted_at(instant, lambda s=subject: action(s), inside)
        try:
            check(subject)
        except BaseException as error:
            error.add_note(f"after an interrupt at {where}, instruction {instant}")
            raise
        if where is None:
            return instant
        instant += 1


def _interrupted_at(
    instant: int, action: Callable[[], object], inside: str | tuple[str, ...]
) -> str | None:
    """Run the action, raise KeyboardInterrupt at that instruction; return where, if it came."""
    remaining = instant
    where = None

    def interrupt(frame: FrameType) -> None:
        nonlocal remaining, where
        if where is None and _is_interruptible(frame):
            if remaining == 0:
                where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                raise KeyboardInterrupt
            remaining -= 1

    try:
        with before_each_instruction(interrupt, inside):
            action()
    except KeyboardInterrupt:
        if where is None:
            raise
    return where


@contextmanager
def before_each_instruction(
    notify: Callable[[FrameType], None], inside: str | tuple[str, ...]
) -> Iterator[None]:
    """Call ``notify`` with the frame before each instruction of source files in a place."""
    if sys.version_info >= (3, 12):  # where settrace misses the first instructions
        monitoring, tool = sys.monitoring, 4

        def instruction(code: CodeType, offset: int) -> Any:
            if not code.co_filename.startswith(inside):
                return monitoring.DISABLE
            return notify(sys._getframe(1))

        monitoring.use_tool_id(tool, __name__)
        monitoring.register_callback(tool, monitoring.events.INSTRUCTION, instruction)
        monitoring.restart_events()
        monitoring.set_events(tool, monitoring.events.INSTRUCTION)
        try:
            yield
        finally:
            monitoring.set_events(tool, 0)
            monitoring.free_tool_id(tool)
    else:

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            if not frame.f_code.co_filename.startswith(inside):
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                notify(frame)
            return trace

        before = sys.gettrace()  # that of a coverage measurement, perhaps
        sys.settrace(trace)
        try:
            yield
        finally:
            sys.settrace(before)


def _is_interruptible(frame: FrameType) -> bool:
    """Return whether a signal handler could run about here, and an exception be caught."""
    code = frame.f_code
    if frame.f_lineno is None or code.co_code[frame.f_lasti] == NOP:
        return False  # what the compiler put between two blocks of the source
    return not linecache.getline(code.co_filename, frame.f_lineno).lstrip().startswith("with ")

"""Ctrl-C at every instant: the proof that a change is made whole or not at all.

Python runs signal handlers where a function begins, where a loop goes round, and where a call ends.
A computation is interrupted there, and also before each instruction that follows, as long as the
table of exceptions of the code names the same handler: a Python that looked for signals more often
could interrupt there too. From the border of a ``try`` or ``with`` to the next of those places, no
handler runs in any Python, so leaving a ``with`` or beginning a ``finally`` is left alone. A call
that ends at the border is interrupted as a part of the call: entering a ``with`` is a call that
lies outside it from CPython 3.14 on.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple, TypeVar

import autograd_mini

CHECKING = ("CALL", "JUMP_BACKWARD", "RESUME")  # at the end of these, Python looks for signals
NOT_BEGUN = object()
PACKAGE = str(Path(autograd_mini.__file__).parent)

Subject = TypeVar("Subject")


def interrupted_everywhere(
    build: Callable[[], Subject],
    action: Callable[[Subject], object],
    *,
    check: Callable[[Subject], object],
    inside: str | tuple[str, ...] = PACKAGE,
    every: int = 1,
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
        every: the instructions from one interrupt to the next.

    Returns:
        The number of instructions at which the action can be interrupted.
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
        instant += every


def _interrupted_at(
    instant: int, action: Callable[[], object], inside: str | tuple[str, ...]
) -> str | None:
    """Run the action, raise KeyboardInterrupt at that instant; return where, if it came."""
    remaining = instant
    where = None
    # The handler at the last check of each frame, by the id of the frame: a reference to the frame
    # would keep what is in it.
    checked: dict[int, object] = {}

    def interrupt(frame: FrameType) -> None:
        nonlocal remaining, where
        if where is None:
            if remaining == 0:
                where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                raise KeyboardInterrupt
            remaining -= 1

    def before_instruction(frame: FrameType) -> None:
        place = _places(frame.f_code)[frame.f_lasti]
        if place.opname == "RESUME" or checked.get(id(frame)) == place.handler:
            interrupt(frame)
        if place.opname.startswith(CHECKING):
            checked[id(frame)] = place.handler

    def after_call(frame: FrameType) -> None:
        if _places(frame.f_code)[frame.f_lasti].is_last:
            interrupt(frame)

    try:
        with before_each_instruction(before_instruction, inside, after_call):
            action()
    except KeyboardInterrupt:
        if where is None:
            raise
    return where


@contextmanager
def before_each_instruction(
    notify: Callable[[FrameType], None],
    inside: str | tuple[str, ...],
    after_call: Callable[[FrameType], None] | None = None,
) -> Iterator[None]:
    """Call ``notify`` with the frame before each instruction of source files in a place.

    From CPython 3.12 on, ``after_call`` is called after each call of a function that is not written
    in Python, and what it raises is raised by the call.
    """
    if sys.version_info >= (3, 12):  # where settrace misses the first instructions
        monitoring, events, tool = sys.monitoring, sys.monitoring.events, 4

        def instruction(code: CodeType, offset: int) -> Any:
            if not code.co_filename.startswith(inside):
                return monitoring.DISABLE
            return notify(sys._getframe(1))

        def call(code: CodeType, offset: int, function: object, argument: object) -> Any:
            return None if code.co_filename.startswith(inside) else monitoring.DISABLE

        def end(code: CodeType, offset: int, function: object, argument: object) -> Any:
            if after_call is not None and code.co_filename.startswith(inside):
                after_call(sys._getframe(1))

        monitoring.use_tool_id(tool, __name__)
        monitoring.register_callback(tool, events.INSTRUCTION, instruction)
        monitoring.register_callback(tool, events.CALL, call)
        monitoring.register_callback(tool, events.C_RETURN, end)
        monitoring.restart_events()
        monitoring.set_events(tool, events.INSTRUCTION | events.CALL)  # which includes C_RETURN
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


class _Place(NamedTuple):
    """An instruction, and where its exceptions are handled."""

    opname: str
    handler: object
    is_last: bool  # the instruction after it has another handler


@cache
def _places(code: CodeType) -> dict[int, _Place]:
    """Return the instructions of a function by their offsets."""
    entries = dis.Bytecode(code).exception_entries
    instructions = list(dis.get_instructions(code))
    handlers: list[object] = []
    begun = False
    for instruction in instructions:
        begun = begun or instruction.opname == "RESUME"
        covering = (e.target for e in entries if e.start <= instruction.offset < e.end)
        handlers.append(next(covering, None) if begun else NOT_BEGUN)
    return {
        instruction.offset: _Place(instruction.opname, handler, handler != following)
        for instruction, handler, following in zip(
            instructions, handlers, [*handlers[1:], None], strict=True
        )
    }

"""Finds the line of a program of the user that makes a path."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from autograd_mini.engines import count_guards

__all__ = ["find_last_comparison"]

_PACKAGE = str(Path(__file__).parent.parent)


def _is_own(frame: FrameType) -> bool:
    """Return whether a frame runs code of the package, or a namedtuple, which it may have made."""
    module = str(frame.f_globals.get("__name__", ""))
    is_own = frame.f_code.co_filename.startswith((_PACKAGE, "<autograd"))
    return is_own or module.startswith("namedtuple_")


def find_last_comparison(run: Callable[[], object]) -> str:
    """Return file and line of the last comparison that a recording meets; "?" if it meets none.

    Args:
        run: records a call.
    """
    here = last = "?"
    met = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:  # noqa: ARG001 - as Python calls it
        nonlocal here, last, met
        if count_guards() > met:
            met, last = count_guards(), here
        outer = frame.f_back if event == "return" else frame
        while outer is not None and _is_own(outer):
            outer = outer.f_back
        if outer is not None:
            here = f"{outer.f_code.co_filename}, line {outer.f_lineno}"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return last

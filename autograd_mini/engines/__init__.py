"""Chooses the engine: the native engine in C if it was built, otherwise the Python engine.

The environment variable ``AUTOGRAD_MINI_ENGINE`` may ask for one: ``python`` or ``native``.
"""

from __future__ import annotations

import os
import warnings
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from autograd_mini.arguments import requirement
from autograd_mini.engines import bulk, recording, sweeps
from autograd_mini.engines import value as reference
from autograd_mini.engines.choices import CHOICES, HELD, Choice
from autograd_mini.engines.native.binding import complete
from autograd_mini.engines.native.header import digest
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.engines.tapes import Recording
from autograd_mini.engines.value import Operand, store
from autograd_mini.table.updates import UPDATES, UpdateFunction

__all__ = [
    "Choice",
    "Operand",
    "Recording",
    "Replay",
    "Transform",
    "Value",
    "add_gradients",
    "are_finite",
    "are_floats",
    "begin_recording",
    "choose",
    "count_guards",
    "count_leaves",
    "custom_node",
    "data_of",
    "end_recording",
    "engine",
    "errstate",
    "gradients_of",
    "hold",
    "is_frozen",
    "is_recording",
    "make_arguments",
    "neuron_outputs",
    "norm_of",
    "number_of",
    "operands_aside",
    "read_data",
    "step_natively",
    "store_data",
    "store_gradients",
    "sweep_back",
    "sweep_forward",
    "updates",
    "were_read",
    "zero_gradients",
]

VARIABLE = "AUTOGRAD_MINI_ENGINE"
CORE = "autograd_mini.engines.native.core"


def native_core() -> ModuleType | None:
    """Return the native engine, or None to run the Python engine.

    Raises:
        ValueError: the environment asks for an engine that does not exist.
        ImportError: it asks for the native engine, which was not built or cannot run.
    """
    asked = os.environ.get(VARIABLE, "")
    if asked not in ("", "python", "native"):
        raise ValueError(requirement(VARIABLE, "'python' or 'native'", asked))
    if asked == "python":
        return None
    try:
        return _load()
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == CORE
        if asked == "native":
            why = "it was not built" if missing else str(error)
            raise ImportError(
                f"{VARIABLE}=native, but there is no native engine for this Python: {why}. "
                "Install the package again where there is a C compiler, or unset the variable"
            ) from error
        if not missing:
            warnings.warn(
                f"the native engine does not load ({error}); the Python engine runs",
                RuntimeWarning,
                stacklevel=2,
            )
        return None


def _load() -> ModuleType:
    # Programs that freeze a package look for imports in its text; importlib's would be left out.
    import autograd_mini.engines.native.core as core  # noqa: PLC0415 - there may be none

    if digest() != core.RULES_DIGEST:
        raise ImportError("it was built from other rules than these")
    return core


_core = native_core()
if _core is not None:
    complete(_core)

engine: Literal["native", "python"] = "python" if _core is None else "native"
"""Which engine runs."""

if TYPE_CHECKING:
    from autograd_mini.engines.value import Value
else:
    Value = reference.Value if _core is None else _core.Value

_bulk: Any = bulk if _core is None else _core
data_of: Callable[[Iterable[Value]], array[float]] = _bulk.data_of
norm_of: Callable[[array[float]], float] = _bulk.norm_of
add_gradients: Callable[..., bool] = _bulk.add_gradients
are_finite: Callable[[array[float]], bool] = _bulk.are_finite
are_floats: Callable[[Sequence[object]], bool] = _bulk.are_floats
read_data: Callable[[Sequence[Value], Any], None] = _bulk.read_data
gradients_of: Callable[[Iterable[Value]], array[float]] = _bulk.gradients_of
store_data: Callable[..., None] = _bulk.store_data
zero_gradients: Callable[[Iterable[Value]], None] = _bulk.zero_gradients
custom_node: Callable[..., Value] = _bulk.custom_node
neuron_outputs: Callable[[list[Any], Sequence[Operand], type], list[Any]] = _bulk.neuron_outputs

_sweeps: Any = sweeps if _core is None else _core
count_leaves: Callable[[], int] = _sweeps.count_leaves
make_arguments: Callable[[list[Any]], list[Value]] = _sweeps.make_arguments
number_of: Callable[[Operand], float] = _sweeps.number_of
were_read: Callable[[Iterable[Value]], bool] = _sweeps.were_read
sweep_back: Callable[..., list[float] | None] = _sweeps.sweep_back
sweep_forward: Callable[..., list[float] | None] = _sweeps.sweep_forward

_recording: Any = recording if _core is None else _core
begin_recording: Callable[[Iterable[Value]], None] = _recording.begin_recording
end_recording: Callable[[list[Any] | None], Recording | None] = _recording.end_recording
is_recording: Callable[[], bool] = _recording.is_recording
count_guards: Callable[[], int] = _recording.count_guards
is_frozen: Callable[[Operand], bool] = _recording.is_frozen
set_aside: Callable[[Value, tuple[Operand, ...]], None] = _recording.set_aside
operands_aside: Callable[[Value], tuple[Operand, ...]] = _recording.operands_aside

Transform: Any = None if _core is None else _core.Transform
"""What calls a function and differentiates it in C, where all is plain; None if there is no C."""

Replay: Any = getattr(_core, "Replay", None)
"""What runs recorded programs in C; None if there is no C."""

step_natively: Any = getattr(_core, "step_natively", None)
"""What makes a step of an optimizer by rules in one call of C; None if there is no C."""

updates: Mapping[str, UpdateFunction] = (
    UPDATES if _core is None else {name: getattr(_core, name) for name in UPDATES}
)
"""The update rules of the optimizers as functions of arrays."""


def store_gradients(values: Iterable[Value], numbers: Iterable[float]) -> None:
    """Store floats as the gradients of Values, in one call that no interrupt can divide."""
    attribute = "_grad" if _core is None else "grad"  # neither runs Python code when it is set
    store(values, repeat(attribute), numbers)


def choose(comparison: str, a: Operand, b: Operand, x: Operand, y: Operand) -> Operand:
    """Return x if the comparison of a and b is true, otherwise y: one of the two, or a choice.

    A comparison that is the same whenever a recorded function is called needs no choice.

    Args:
        comparison: one of ``<``, ``<=``, ``>``, ``>=``, ``==`` and ``!=``.
        a, b: the numbers that decide; no derivative goes through them.
        x, y: what is chosen.
    """
    row, numbers = CHOICES[comparison], [number_of(one) for one in (a, b, x, y)]
    is_x = row.holds(*numbers[:2])
    if not is_frozen(a) and not is_frozen(b):
        return x if is_x else y
    slopes = (0.0, 0.0, float(is_x), float(not is_x))
    node = custom_node(row, (*numbers[:2], x, y), numbers[2 if is_x else 3], slopes)
    set_aside(node, (a, b))
    return node


def hold(x: Value) -> Value:
    """Return a Value with the number of x that depends on nothing, also while this is recorded."""
    number = number_of(x)
    if not is_frozen(x):
        return Value(number)
    node = custom_node(HELD, (number,), number, (0.0,))
    set_aside(node, (x,))
    return node

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from typing_extensions import Buffer

from autograd_mini.engines.value import Value as Value

RULES_DIGEST: str
CODE_DIGEST: str

class Function:
    def __init__(self, call: str, name: str, default: float = ..., /) -> None: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

class Replay:
    def __init__(self, sums: bool) -> None: ...
    def add(
        self,
        rows: tuple[Any, ...],
        code: Buffer,
        constants: Buffer,
        guards: Buffer,
        inputs: int,
        leaves: int,
        places: Sequence[int],
        outputs: Sequence[int],
        roots: Sequence[int],
        wrt: Sequence[int],
        /,
    ) -> list[bool]: ...
    def arrange(self, order: Sequence[int], forks: list[tuple[int, int, int]], /) -> None: ...
    def run(
        self,
        columns: Sequence[float | Buffer],
        first: int,
        count: int,
        numbers: Buffer,
        seed: float | Buffer,
        strict: bool,
        results: Sequence[Buffer],
        sums: Buffer | None,
        /,
    ) -> tuple[list[tuple[int, int, int]], list[int]] | None: ...
    def batch(
        self,
        arguments: tuple[Any, ...],
        shapes: tuple[int, ...],
        parameters: tuple[Value, ...],
        strict: int,
        most: int,
        /,
    ) -> tuple[bytes, bytes, bytes, bytes] | None: ...
    def point(
        self,
        numbers: list[float],
        values: tuple[Value, ...],
        strict: bool,
        count: int,
        rest: Buffer,
        /,
    ) -> list[float] | tuple[list[tuple[int, int, int]], list[int]]: ...
    def size(self) -> tuple[int, int]: ...

def begin_recording(inputs: Iterable[Value], /) -> None: ...
def end_recording(outputs: list[Value | float] | None, /) -> Any: ...
def is_recording() -> bool: ...
def count_guards() -> int: ...
def is_frozen(x: object, /) -> bool: ...
def set_aside(node: Value, operands: tuple[Value | float, ...], /) -> None: ...
def operands_aside(node: Value, /) -> tuple[Value | float, ...]: ...
def collected(phase: str, info: dict[str, Any], /) -> None: ...
def data_of(values: Iterable[Value], /) -> array[float]: ...
def norm_of(numbers: array[float], /) -> float: ...
def add_gradients(
    values: tuple[Value, ...], numbers: array[float] | bytes, seed: float, /
) -> bool: ...
def are_finite(numbers: array[float], /) -> bool: ...
def are_floats(items: Sequence[object], /) -> bool: ...
def read_data(values: Sequence[Value], numbers: Buffer, /) -> None: ...
def gradients_of(values: Iterable[Value], /) -> array[float]: ...
def store_data(
    values: Iterable[Value], numbers: Sequence[float], owner: object = None, state: object = None, /
) -> None: ...
def neuron_outputs(neurons: list[Any], xs: Sequence[Value | float], kind: type, /) -> list[Any]: ...
def step_natively(
    optimizer: object,
    parameters: tuple[Value, ...],
    state: tuple[Any, ...],
    letters: str,
    rules: list[Any],
    /,
) -> bool: ...
def zero_gradients(values: Iterable[Value], /) -> None: ...

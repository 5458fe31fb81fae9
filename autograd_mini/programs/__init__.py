"""Programs: computations as data, which are recorded once and run for many points."""

from autograd_mini.programs.batch import Batch
from autograd_mini.programs.code import Guard
from autograd_mini.programs.compiled import Compiled, compile
from autograd_mini.programs.program import Instruction, Program

__all__ = ["Batch", "Compiled", "Guard", "Instruction", "Program", "compile"]


def __dir__() -> list[str]:
    return __all__

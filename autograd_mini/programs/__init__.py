"""Programs: computations as data."""

from autograd_mini.programs.program import Instruction, Program

__all__ = ["Instruction", "Program"]


def __dir__() -> list[str]:
    return __all__

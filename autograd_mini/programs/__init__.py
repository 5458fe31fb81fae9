"""A computation as data."""

from autograd_mini.programs.program import Graph, Instruction

__all__ = ["Graph", "Instruction"]

"""The chain rule of a graph, in symbols and numbers, as a textbook writes it."""

from autograd_mini.views.explanation.explanation import Explanation, explain

__all__ = ["Explanation", "explain"]


def __dir__() -> list[str]:
    return __all__

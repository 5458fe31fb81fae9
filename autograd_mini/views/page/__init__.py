"""A page that steps through a graph, forward and backward, and changes its numbers."""

from autograd_mini.views.page.page import Page, explore

__all__ = ["Page", "explore"]


def __dir__() -> list[str]:
    return __all__

"""The charts of `autograd_mini.views.charts`, as a module of its own."""

from autograd_mini.views.charts import *  # noqa: F403
from autograd_mini.views.charts import __all__


def __dir__() -> list[str]:
    return __all__

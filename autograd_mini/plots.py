"""The public module of the charts in `autograd_mini.views.charts`."""

from autograd_mini.views.charts import *  # noqa: F403
from autograd_mini.views.charts import __all__


def __dir__() -> list[str]:
    return __all__

"""Charts of functions, descents, trainings, gradients and decisions, drawn by matplotlib.

Each function draws on ``ax``, or on a new figure, and returns the Axes: set a title, draw more,
``ax.figure.savefig("chart.png")``. Colour-blind readers can tell the colours apart (Okabe and Ito,
*Color Universal Design*, 2008), and lines differ in more than colour. The charts change no number
and no gradient.
"""

from autograd_mini.views.charts.decisions import decision_boundary
from autograd_mini.views.charts.descents import descent
from autograd_mini.views.charts.slopes import activation, activations
from autograd_mini.views.charts.trainings import gradient_norms, gradient_sizes, losses

__all__ = [
    "activation",
    "activations",
    "decision_boundary",
    "descent",
    "gradient_norms",
    "gradient_sizes",
    "losses",
]


def __dir__() -> list[str]:
    return __all__

"""The demo: it computes, differentiates, trains and draws the two-neuron network of the notes.

One input x goes through two sigmoid neurons in a row: z₁ = w₁x + b₁, a₁ = σ(z₁), z₂ = w₂a₁ + b₂,
a₂ = σ(z₂). The error is E = ½(T − a₂)². Gradient descent moves all parameters at once, each
against its gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograd_mini.arguments import printable
from autograd_mini.command.tables import table
from autograd_mini.engines import Value, engine
from autograd_mini.errors import RendererNotFoundError
from autograd_mini.functions import sigmoid
from autograd_mini.optim.descent import SGD
from autograd_mini.views.drawing import draw
from autograd_mini.views.explanation.explanation import explain
from autograd_mini.views.page.page import explore

__all__ = ["LEARNING_RATE", "START", "forward", "gradients_by_hand", "run_demo"]

START: Mapping[str, float] = {
    "x": 0.1,
    "w1": 0.15,
    "b1": 0.40,
    "w2": 0.45,
    "b2": 0.65,
    "T": 0.25,
}
"""The numbers of the course notes."""
LEARNING_RATE = 0.4
PARAMETERS = ("w2", "b2", "w1", "b1")
GOOD_ENOUGH = 0.001
MAX_ITERATIONS = 10_000


def forward(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return z1, a1, z2, a2 and E: Values if Values are given, floats if floats are given.

    >>> round(forward(START)["E"], 10)
    0.108229563
    """
    z1 = given["w1"] * given["x"] + given["b1"]
    a1 = sigmoid(z1)
    z2 = given["w2"] * a1 + given["b2"]
    a2 = sigmoid(z2)
    return {"z1": z1, "a1": a1, "z2": z2, "a2": a2, "E": 0.5 * (given["T"] - a2) ** 2}


def gradients_by_hand(given: Mapping[str, float]) -> dict[str, float]:
    """Return ∂E/∂w2, ∂E/∂b2, ∂E/∂w1 and ∂E/∂b1 by the formulas of the chain rule.

    ∂E/∂z₂ = −(T − a₂)·a₂(1 − a₂) and ∂E/∂z₁ = ∂E/∂z₂·w₂·a₁(1 − a₁). These are the gradients of the
    biases; the gradient of a weight has the weight's input as one more factor.
    """
    found = forward(given)
    a1, a2 = found["a1"], found["a2"]
    to_z2 = -(given["T"] - a2) * a2 * (1 - a2)
    to_z1 = to_z2 * given["w2"] * a1 * (1 - a1)
    return {"w2": to_z2 * a1, "b2": to_z2, "w1": to_z1 * given["x"], "b1": to_z1}


def central_difference(given: Mapping[str, float], name: str, *, h: float = 1e-5) -> float:
    """Return (E(p + h) − E(p − h)) / 2h for a parameter p; the error is proportional to h²."""
    up = forward({**given, name: given[name] + h})["E"]
    down = forward({**given, name: given[name] - h})["E"]
    return float(up - down) / (2 * h)


def run_demo(out: Path) -> Iterator[str]:
    """Run the demo and yield its report in pieces; write the drawings to the folder ``out``."""
    values = {name: Value(number, name=name) for name, number in START.items()}
    parameters = [values[name] for name in PARAMETERS]
    optimizer = SGD(parameters, lr=LEARNING_RATE)

    yield {"native": "The native engine runs, in C", "python": "The Python engine runs"}[engine]
    found = forward(values)
    yield "The network, as the notes begin it"
    yield table(["", "value"], [(name, value.data) for name, value in values.items()], digits=2)
    yield "Forward"
    yield table(["", "value"], [(name, value.data) for name, value in found.items()])

    found["E"].backward()
    by_hand = gradients_by_hand(START)
    yield "Backward: each gradient from backward(), by the formula, by central differences"
    yield table(
        ["", "backward()", "formula", "differences"],
        [
            (f"dE/d{name}", values[name].grad, by_hand[name], central_difference(START, name))
            for name in PARAMETERS
        ],
    )
    yield "The same by the chain rule"
    for name in PARAMETERS:
        yield str(explain(found["E"], wrt=values[name], names=found))
    yield _write_drawing({**values, **found}, out / "two_neurons.svg")
    yield _write_page({**values, **found}, out / "two_neurons.html")

    before = {name: values[name].data for name in PARAMETERS}
    optimizer.step()
    yield f"One update of all four at once, p − {LEARNING_RATE}·dE/dp"
    yield table(
        ["", "before", "after"], [(name, before[name], values[name].data) for name in PARAMETERS]
    )

    yield f"Training until E < {GOOD_ENOUGH}, or for {MAX_ITERATIONS} iterations"
    rows = [(0, found["E"].data, found["a2"].data)]
    for iteration in range(1, MAX_ITERATIONS + 1):
        for value in values.values():  # the input and the target collect gradients too
            value.grad = 0.0
        found = forward(values)
        found["E"].backward()
        rows.append((iteration, found["E"].data, found["a2"].data))
        if found["E"].data < GOOD_ENOUGH:
            break
        optimizer.step()
    last = len(rows) - 1
    shown = [row for row in rows if row[0] in (0, 1, 2, 5, last) or row[0] % 25 == 0]
    yield table(["iteration", "E", "a2"], shown)
    yield table(["", "trained"], [(name, values[name].data) for name in PARAMETERS])
    yield _write_drawing({**values, **found}, out / "two_neurons_trained.svg")


def _choose_options(values: Mapping[str, Value]) -> dict[str, Any]:
    """Return the options with which drawings and the page show the network."""
    neurons = {f"neuron {i}": [values[f"{letter}{i}"] for letter in "wbza"] for i in (1, 2)}
    parameters = [values[name] for name in PARAMETERS]
    return {"names": values, "parameters": parameters, "groups": neurons}


def _write_drawing(values: Mapping[str, Value], path: Path) -> str:
    """Write the drawing; return a sentence that says where it is."""
    drawing = draw(values["E"], fold=True, **_choose_options(values))
    try:
        file = drawing.save(path)
    except RendererNotFoundError as error:
        file = drawing.save(path.with_suffix(".gv"))
        return f"No picture: {error}\nThe drawing's source is in {printable(file)}"
    return f"The graph, with its gradients, is drawn in {printable(file)}"


def _write_page(values: Mapping[str, Value], path: Path) -> str:
    """Write the page; return a sentence that says where it is."""
    title = "Two neurons, step by step"
    try:
        explore(values["E"], path, lr=LEARNING_RATE, title=title, **_choose_options(values))
    except RendererNotFoundError as error:
        return f"No page: {error}"
    name = printable(str(path))
    return f"To step through it, forward and backward, open {name} in a browser"

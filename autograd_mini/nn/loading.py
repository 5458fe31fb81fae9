"""`load`: makes the model again that a file describes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from autograd_mini.arguments import count, printable, requirement
from autograd_mini.errors import StateError
from autograd_mini.nn import saving
from autograd_mini.nn.layers import MLP, Layer, Neuron
from autograd_mini.nn.module import Module

__all__ = ["load"]

_SMALLEST: Mapping[str, Callable[[], Module]] = {
    "MLP": lambda: MLP(1, [1], rng=0),
    "Layer": lambda: Layer(1, 1, rng=0),
    "Neuron": lambda: Neuron(1, rng=0),
}
"""For each class that a file may name, a model whose arguments have the names that it must have."""


def load(path: str | os.PathLike[str]) -> Module:
    """Make the model again that `Module.save` wrote to a file: an `MLP`, a `Layer` or a `Neuron`.

    Nothing in the file is run: the class and the activations are names of the library. It trains,
    as a new model does.

    Raises:
        StateError: the file is damaged, or does not say what the model is made of, as is so for
            classes and activations of your own; then make the model, and use its `Module.load`.
        FileNotFoundError: there is no such file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     MLP(2, [3, 1]).save(f"{folder}/model.json")
    ...     load(f"{folder}/model.json")
    MLP(2 → 3 relu → 1 linear, 13 parameters)
    """
    architecture, state = saving.read(path)
    try:
        model = _make(architecture, parameters=len(state))
        model.load_state_dict(state)
    except (StateError, TypeError, ValueError) as error:
        raise StateError(printable(f"{os.fsdecode(path)}: {error}")) from None
    return model


def _make(architecture: Any, *, parameters: int) -> Module:
    """Make a model; sizes that do not fit the numbers in the file take no memory before that."""
    if architecture is None:
        rule, way_out = "in the file", "make the model, and use model.load(path)"
        raise StateError(requirement("architecture", rule, architecture, way_out))
    kinds = [*_SMALLEST]
    if not isinstance(architecture, dict) or architecture.get("class") not in kinds:
        rule = f"a JSON object whose class is one of {', '.join(kinds)}"
        raise StateError(requirement("architecture", rule, architecture))
    smallest = _SMALLEST[architecture["class"]]()
    arguments = {name: given for name, given in architecture.items() if name != "class"}
    expected = smallest._arguments() or {}
    if arguments.keys() != expected.keys():
        rule = ", ".join(expected)
        raise StateError(requirement("arguments of the architecture", rule, list(arguments)))
    for name, example in expected.items():
        if type(arguments[name]) is not type(example):
            rule = f"of type {type(example).__name__}"
            raise StateError(requirement(f"architecture: {name}", rule, arguments[name]))
    outputs = arguments.get("sizes", [arguments.get("outputs", 1)])
    sizes = [count(n, argument="architecture: a size") for n in [arguments["inputs"], *outputs]]
    needed = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
    if needed != parameters:
        rule = f"{needed}, as the architecture needs"
        raise StateError(requirement("the number of numbers in the state", rule, parameters))
    return type(smallest)(**arguments, init="uniform", rng=0)

"""Checks of the arguments of `fit`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd_mini.arguments import as_rng, finite, items, requirement
from autograd_mini.errors import StateError
from autograd_mini.nn.dropout import Dropout
from autograd_mini.optim.optimizers import Optimizer
from autograd_mini.training.history import History
from autograd_mini.training.stopping import EarlyStopping

__all__ = [
    "check_early_stopping", "check_model", "check_parts", "check_resume",
    "describe_optimizer", "read_callbacks", "read_compiled", "read_data", "read_rng", "split_data",
]  # fmt: skip

Examples = tuple[Sequence[Any], Sequence[Any]]
"""Examples and their targets."""


def read_data(X: Any, y: Any, names: Sequence[str]) -> Examples:  # noqa: N803 - as in fit
    """Return examples and their targets as tuples, whatever a callback does to them later.

    Args:
        X, y: the examples and the targets.
        names: what errors call them.
    """
    rule = "a list, a tuple or an array"
    inputs, targets = (
        items(of, argument=f"fit: {name}", rule=rule)
        for of, name in zip((X, y), names, strict=True)
    )
    if len(inputs) != len(targets):
        lengths = f"{len(inputs)} and {len(targets)}"
        text = f"fit: {' and '.join(names)} must be equally long, got lengths {lengths}"
        raise ValueError(text)
    if not inputs:
        raise ValueError(requirement(f"fit: {names[0]}", "a list of one example or more", X))
    return tuple(inputs), tuple(targets)


def split_data(examples: Examples, data: Any, split: Any) -> tuple[Examples, Examples | None]:
    """Return the examples to train with, and those to validate with, if there are any.

    Args:
        examples: all examples.
        data: the pair of examples and targets to validate with, or None.
        split: the share of the examples, the last of them, to validate with, or None.
    """
    if data is not None:
        argument, rule = "fit: validation_data", "a pair of examples and targets"
        if split is not None:
            way_out = "pass one of the two"
            raise ValueError(requirement("fit: validation_split", "None", split, way_out))
        pair = items(data, argument=argument, rule=rule)
        if len(pair) != 2:
            raise ValueError(requirement(argument, rule, data))
        inputs, targets = pair
        return examples, read_data(inputs, targets, [f"validation_data[{i}]" for i in (0, 1)])
    if split is None:
        return examples, None
    share = finite(split, argument="fit: validation_split")
    inputs, targets = examples
    first = math.floor(len(inputs) * (1.0 - share))
    if not 0 < share < 1 or not 0 < first < len(inputs):
        rule = f"a share that leaves some of {len(inputs)} examples on both sides"
        raise ValueError(requirement("fit: validation_split", rule, split))
    return (inputs[:first], targets[:first]), (inputs[first:], targets[first:])


def check_model(model: Any) -> None:
    """Refuse what is not callable or has no parameters."""
    is_class = isinstance(model, type)
    if is_class or not callable(model) or not callable(getattr(model, "parameters", None)):
        rule, way_out = "callable and have parameters()", "make a model" if is_class else ""
        raise TypeError(requirement("fit: model", rule, model, way_out))


def check_parts(model: Any, loss: Any, optimizer: Any) -> None:
    """Refuse a loss or an optimizer that is none, or that is not for the model."""
    if not callable(loss):
        raise TypeError(requirement("fit: loss", "a function of predictions and targets", loss))
    if not isinstance(optimizer, Optimizer):
        raise TypeError(requirement("fit: optimizer", "an Optimizer, such as SGD", optimizer))
    if set(optimizer.parameters).isdisjoint(model.parameters()):
        rule, way_out = "one of parameters of the model", "make it with model.parameters()"
        raise ValueError(requirement("fit: optimizer", rule, optimizer, way_out))


def read_rng(rng: Any) -> Any:
    """Return what shuffles the examples, a generator of NumPy too; None for None."""
    if rng is None or (hasattr(rng, "shuffle") and not isinstance(rng, type)):
        return rng
    return as_rng(rng, argument="fit: rng")


def read_compiled(compiled: Any, executor: Any) -> bool:
    """Return whether a training is compiled, as a bool; refuse an executor if it is not."""
    if type(compiled).__name__ not in ("bool", "bool_"):  # NumPy's is one too
        raise TypeError(requirement("fit: compiled", "True or False", compiled))
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(requirement("fit: executor", "a concurrent.futures.Executor", executor))
    if executor is not None and not compiled:
        way_out = "only compiled=True shares examples out"
        raise ValueError(requirement("fit: executor", "None", executor, way_out))
    return bool(compiled)


def read_callbacks(callbacks: Any) -> list[Callable[[History], object]]:
    """Return the callbacks as a new list."""
    rule = "a list of functions"
    if callable(callbacks):
        raise TypeError(requirement("fit: callbacks", rule, callbacks, "put it in a list"))
    functions = list(items(callbacks, argument="fit: callbacks", rule=rule))
    for one in functions:
        if not callable(one) or isinstance(one, type):
            raise TypeError(requirement("fit: callback", "a function of the history", one))
    return functions


def check_early_stopping(callbacks: Sequence[object], *, validates: bool) -> None:
    """Refuse to stop early where nothing is validated."""
    for one in callbacks:
        if isinstance(one, EarlyStopping) and not validates:
            rule, way_out = "used with validation", "pass validation_data or validation_split"
            raise ValueError(requirement("fit: EarlyStopping", rule, one, way_out))


def describe_optimizer(optimizer: Optimizer) -> str:
    """Return the kind of an optimizer, which a training cannot change when it goes on."""
    kind = type(optimizer).__name__
    return kind if optimizer._schedule is None else f"{kind} with a schedule"


def check_resume(
    resume: Any,
    optimizer: Optimizer,
    epochs: int,
    rng: Any,
    dropouts: Sequence[Dropout],
    *,
    compiled: bool,
    quantities: Sequence[str],
) -> None:
    """Refuse a history that a training cannot go on from with the arguments of `fit`.

    Args:
        resume, optimizer, epochs, rng, compiled: the arguments.
        dropouts: those of the model.
        quantities: the names of what is measured after each epoch.
    """
    if not isinstance(resume, History):
        raise TypeError(requirement("fit: resume", "the History of an earlier fit", resume))
    earlier = resume._get_checkpoint()
    weights = len(earlier.latest.weights)
    kind = describe_optimizer(optimizer)
    if (earlier.optimizer, weights) != (kind, len(optimizer.parameters)):
        rule = f"{earlier.optimizer} (parameters: {weights}), as in resume"
        raise StateError(requirement("fit: optimizer", rule, optimizer))
    if earlier.rng != type(rng).__name__:
        raise StateError(requirement("fit: rng", f"of type {earlier.rng}, as in resume", rng))
    if rng is not None and earlier.rng_state is None:
        rule = "a random.Random, whose state can be restored for resume"
        raise TypeError(requirement("fit: rng", rule, rng))
    known = [one.rng is not None for one in dropouts]
    if known != [state is not None for state in earlier.dropout_states]:
        rule = f"with {len(earlier.dropout_states)} Dropouts, each with an rng or not as in resume"
        raise StateError(requirement("fit: model", rule, list(dropouts)))
    if earlier.compiled is not compiled:
        rule = f"{earlier.compiled}, as in resume"
        raise StateError(requirement("fit: compiled", rule, compiled))
    if set(earlier.quantities) != set(quantities):
        rule = f"to measure {list(earlier.quantities)}, as in resume"
        raise StateError(requirement("fit: metrics and validation", rule, list(quantities)))
    if epochs < resume.epochs:
        rule = f"at least the {resume.epochs} of resume"
        raise ValueError(requirement("fit: epochs", rule, epochs))

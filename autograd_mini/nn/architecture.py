"""What a model is made of, as data that a file can hold: its class, and the arguments of that."""

from __future__ import annotations

from typing import Any

from autograd_mini.engines import Value

__all__ = ["describe_architecture"]


def describe_architecture(module: Any) -> dict[str, Any] | None:
    """Return the class and the arguments that make a module again; None if they do not.

    They make it again if it is as it was made, with activations of the library by name and a Value
    of its own for each parameter.
    """
    arguments = (
        module._arguments() if type(module).__module__ == "autograd_mini.nn.layers" else None
    )
    if arguments is None:
        return None
    try:
        again = type(module)(**arguments, init="uniform", rng=0)
    except (
        TypeError,
        ValueError,
    ):  # an activation of the user has a name that the library does not know
        return None
    names = [[name for name, _ in one.named_parameters()] for one in (module, again)]
    if names[0] != names[1] or not _is_alike(module, again):
        return None
    return {"class": type(module).__name__, **arguments}


def _is_alike(one: Any, other: Any) -> bool:
    """Return whether two modules, or parts of them, differ in nothing but numbers and modes."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Value):
        return True
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_is_alike, one, other))
    if hasattr(one, "named_parameters"):
        parts, others = ({**vars(of), "_training": None} for of in (one, other))
        return parts.keys() == others.keys() and all(
            _is_alike(part, others[name]) for name, part in parts.items()
        )
    return bool(one == other)

"""Writes a state to a JSON file with a checksum, atomically, and reads it again.

The file has the name and version of the format, the SHA-256 of the content, and the numbers by
name, in the shortest decimal form that gives the same double again. Version 2 also has what
`autograd_mini.nn.architecture` makes the model of.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from autograd_mini.arguments import finite, printable, requirement
from autograd_mini.errors import StateError
from autograd_mini.files import read_content, write_atomically

__all__ = ["load", "read", "save"]

FORMAT = "autograd_mini state"
FIELDS = {
    1: ("format", "version", "sha256", "state"),
    2: ("format", "version", "sha256", "architecture", "state"),
}
"""The fields of each version."""


def save(
    state: Mapping[str, float],
    path: str | os.PathLike[str],
    *,
    architecture: Mapping[str, Any] | None = None,
) -> None:
    """Write a state to a file, atomically; see `autograd_mini.files.write_atomically`.

    Args:
        state: finite numbers by name.
        path: the file; its folder must exist.
        architecture: what the model is made of, as JSON can hold it; with None, it is version 1.

    Raises:
        StateError: a name is not Unicode text, or a value is not a finite real number.
        OSError: the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save({"w": 0.1}, f"{folder}/state.json")
    ...     load(f"{folder}/state.json")
    {'w': 0.1}
    """
    document: dict[str, Any] = {"format": FORMAT, "version": 1, "sha256": ""}
    if architecture is not None:
        document |= {"version": 2, "architecture": architecture}
    document["state"] = _read_numbers(state)
    document["sha256"] = _compute_checksum(document)
    write_atomically(path, json.dumps(document, indent=1) + "\n")


def load(path: str | os.PathLike[str]) -> dict[str, float]:
    """Return the state in a file that `save` wrote; see `read`."""
    return read(path)[1]


def read(path: str | os.PathLike[str]) -> tuple[Any, dict[str, float]]:
    """Return the architecture and the state in a file that `save` wrote; check all of it first.

    A file of version 1 has no architecture, which is None then. A FIFO is read to its end if a
    process is writing to it, and is empty otherwise.

    Raises:
        StateError: the file is damaged or is not a state; the message says why.
        FileNotFoundError: there is no such file.
        OSError: the file cannot be read, or is a folder, a socket or a device.
    """
    content = read_content(path)
    try:
        return _parse(content)
    except StateError as error:
        raise StateError(printable(f"{os.fsdecode(path)}: {error}")) from None


def _read_numbers(state: object) -> dict[str, float]:
    if not isinstance(state, Mapping):
        raise StateError(requirement("state", "a mapping of names to numbers", state))
    numbers: dict[str, float] = {}
    for name, value in state.items():
        if not isinstance(name, str):
            raise StateError(requirement("name in the state", "a string", name))
        try:
            name.encode()
        except UnicodeEncodeError:  # half of a surrogate pair would be read as another name
            raise StateError(requirement("name in the state", "Unicode text", name)) from None
        try:
            numbers[str(name)] = finite(value, argument=repr(name))
        except (TypeError, ValueError) as error:
            raise StateError(str(error)) from None
    return numbers


def _compute_checksum(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the content, which does not depend on spacing or order."""
    content = {field: document[field] for field in document if field != "sha256"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _parse(content: bytes) -> tuple[Any, dict[str, float]]:
    try:
        document = json.loads(
            content.decode(), object_pairs_hook=_refuse_repeats, parse_constant=_refuse_constant
        )
    except StateError:
        raise
    except (RecursionError, ValueError) as error:
        raise StateError(requirement("content", "JSON", content, str(error))) from None
    if not isinstance(document, dict):
        raise StateError(requirement("content", "a JSON object", document))
    if document.get("format") != FORMAT:
        raise StateError(requirement("format", repr(FORMAT), document.get("format")))
    version = document.get("version")
    if type(version) is not int or version not in FIELDS:
        raise StateError(requirement("version", " or ".join(map(str, FIELDS)), version))
    fields = FIELDS[version]
    if sorted(document) != sorted(fields):
        raise StateError(requirement("fields", ", ".join(fields), list(document)))
    if not isinstance(document["state"], dict):
        raise StateError(requirement("state", "a JSON object", document["state"]))
    numbers = _read_numbers(document["state"])
    checksum = _compute_checksum(document | {"state": numbers})
    if document["sha256"] != checksum:
        way_out = "the content is damaged"
        raise StateError(requirement("sha256", checksum, document["sha256"], way_out))
    return document.get("architecture"), numbers


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise StateError(requirement("each name", "unique", name))
        found[name] = value
    return found


def _refuse_constant(text: str) -> float:
    raise StateError(f"each number must be finite, got {text}")

"""What a killed process leaves beside the files that it was writing."""

from __future__ import annotations

import stat
from collections.abc import Container
from pathlib import Path


def remove_strays(folder: Path, kept: Container[str]) -> list[tuple[int, bytes]]:
    """Remove all other files from a folder; return the permissions and the content of each."""
    left = []
    for stray in folder.iterdir():
        if stray.name not in kept:
            left.append((stat.S_IMODE(stray.stat().st_mode), stray.read_bytes()))
            stray.unlink()
    return left

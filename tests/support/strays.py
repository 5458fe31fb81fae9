"""What a killed process leaves beside the file that it was saving to."""

from __future__ import annotations

import stat
from pathlib import Path


def remove_strays(path: str) -> list[tuple[int, bytes]]:
    """Remove all else from the folder of a file; return the permissions and the content of each."""
    kept, left = Path(path), []
    for stray in kept.parent.iterdir():
        if stray.name != kept.name:
            left.append((stat.S_IMODE(stray.stat().st_mode), stray.read_bytes()))
            stray.unlink()
    return left

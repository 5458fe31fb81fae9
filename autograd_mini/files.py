"""One atomic write for every file that must not be lost."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there, so nothing is swept
    fcntl = None  # type: ignore[assignment]

__all__ = ["write_atomically"]


def write_atomically(path: str | os.PathLike[str], text: str) -> None:
    """Write ASCII text to a file, which at every instant holds the old content or the new.

    A failed write leaves the old file as it was, and no temporary file; only a killed process may
    leave one, ``.name.….tmp``, beside it, which the next write to this file removes (not on
    Windows). Several threads and processes may write one file at once; the last one wins. After a
    return, the content has reached the disk. A link is followed; the permissions of an old file are
    kept.

    Args:
        path: the file; its folder must exist.
        text: its new content.

    Raises:
        OSError: the file cannot be written.
    """
    path = Path(os.path.realpath(path))
    _sweep(path)
    while not _replaced(path, text):
        pass
    # The new name is on the disk only when the folder is. Windows cannot open a folder.
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _replaced(path: Path, text: str) -> bool:
    """Write the text beside the file and rename that; return False if it was swept meanwhile."""
    temporary = path.parent / f"{_prefix(path)}{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("x", encoding="ascii", newline="\n") as file:
            if fcntl is not None:
                # The lock says that the owner is alive. A sweep may have come before it; then the
                # name is gone. Some file systems know no locks; no sweep removes anything there.
                with suppress(OSError):
                    fcntl.flock(file, fcntl.LOCK_EX)
                if not temporary.exists():
                    return False
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, temporary)
            if fcntl is None:
                file.close()  # Windows renames no open file
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True


def _prefix(path: Path) -> str:
    """Return how the names of a file's temporary files begin: short, but no other file's."""
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()
    return f".{path.name[:24]}.{digest[:16]}."


def _sweep(path: Path) -> None:
    """Remove the temporary files that killed processes left: those that nobody holds a lock on.

    A file that was renamed since it was opened here has no name any more that could be removed.
    What cannot be removed is no reason not to save.
    """
    if fcntl is None:
        return
    stray = re.compile(re.escape(_prefix(path)) + r"[0-9a-f]{16}\.tmp")
    with suppress(OSError):
        for candidate in path.parent.iterdir():
            if stray.fullmatch(candidate.name):
                with suppress(OSError), candidate.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    candidate.unlink()

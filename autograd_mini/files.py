"""Writes a file atomically, so that no failure loses the old content."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from functools import partial
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: str | os.PathLike[str], text: str) -> None:
    """Write ASCII text to a file, which at every instant holds the old content or the new.

    A failed write leaves the old file as it was, and no temporary file. Only a killed process may
    leave ``.name.….tmp`` beside the file; only its owner can read it until it is complete. Several
    threads and processes may write to the same file; the last one wins. When the call returns, the
    content is on the disk. A link is followed. The file keeps its permissions, except setuid and
    setgid. A FIFO or a character device is kept, and the text is written to it.

    Args:
        path: the file; its folder must exist.
        text: its new content.

    Raises:
        OSError: the file cannot be written, or the path is a folder, a socket or a block device.
    """
    content = text.encode("ascii")
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is None or stat.S_ISREG(mode):
        _replace(Path(os.path.realpath(path)), content, mode)
    elif stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        with Path(path).open("wb") as stream:
            stream.write(content)
    else:
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(number, "this is no file, FIFO or character device", os.fspath(path))


def _replace(path: Path, content: bytes, mode: int | None) -> None:
    """Write a temporary file and rename it to ``path``; ``mode`` is the old file's, if any.

    A process that opens the temporary file while it is empty can read what is written later. So
    the permissions must be strict from the start if the old file is private.
    """
    temporary = path.with_name(f".{path.name[:24]}.{secrets.token_hex(8)}.tmp")
    opener = partial(os.open, mode=0o666 if mode is None else 0o600)
    try:
        with open(temporary, "xb", opener=opener) as file:
            if mode is None:
                # The umask cannot be read safely, but a file created with 0666 shows it.
                mode = os.fstat(file.fileno()).st_mode
                temporary.chmod(0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode & 0o777)  # without setuid: the file may have a new owner
        temporary.replace(path)  # the file is closed, as Windows cannot rename an open file
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    # The new name is on the disk only after the folder is synced. Windows cannot open a folder.
    if hasattr(os, "O_DIRECTORY"):
        folders: list[int] = []
        try:
            # Open it and note it in one step: an interrupt can come after any call.
            folders += map(os.open, [path.parent], [os.O_RDONLY | os.O_DIRECTORY])
            os.fsync(folders[0])
        finally:
            for folder in folders:
                os.close(folder)

"""Writes every file of ours atomically, so that no failure loses the old content; reads them."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

__all__ = ["read_content", "write_atomically"]

_NOT_OFFERED = {errno.EACCES, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}
"""The errors of an operation that a file system does not offer, or not to this user."""


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file, which at every instant holds the old content or the new.

    A failed write leaves the old file as it was, and no temporary file. Only a killed process may
    leave ``.name.….tmp`` beside the file; only its owner can read it until it is complete. Several
    threads and processes may write to the same file; the last one wins. When the call returns, the
    content is on the disk, if the file system can tell.

    A link is followed. The file is a new one with the permissions of the old, except setuid and
    setgid: its owner, its extended attributes and its other hard links are not kept. A FIFO or a
    character device is kept, and the content is written to it.

    Args:
        path: the file; its folder must exist.
        content: its new content; text is written as UTF-8.

    Raises:
        OSError: the file cannot be written, or the path is that of a folder, a socket or a block
            device. If the message says that the new content is in the file, it is.
    """
    data = content.encode() if isinstance(content, str) else content
    path = os.fsdecode(path)
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a Path would drop a slash at the end
    except FileNotFoundError:
        mode = None
    if mode is not None and not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
        raise _make_error(path, mode, "no file, FIFO or character device")
    target = _follow_links(path)
    if mode is None or (stat.S_ISREG(mode) and target.exists()):
        _replace(target, data, mode)
    else:  # perhaps a file without a name, which /dev/fd/3 can be
        Path(path).write_bytes(data)


def read_content(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a file, or what processes are writing to a FIFO.

    A FIFO that no process has opened for writing is empty, so that nobody waits for ever.

    Raises:
        OSError: the file cannot be read, or the path is that of a folder, a socket or a device.
    """
    path = os.fsdecode(path)
    mode = os.stat(path).st_mode  # noqa: PTH116 - a Path would drop a slash at the end
    if stat.S_ISREG(mode):
        return Path(path).read_bytes()
    if not stat.S_ISFIFO(mode):
        raise _make_error(path, mode, "no file or FIFO")
    with open(
        path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)
    ) as stream:
        os.set_blocking(stream.fileno(), True)  # only the opening must not wait
        return stream.read()


def _make_error(path: str, mode: int, kind: str) -> OSError:
    if stat.S_ISDIR(mode):
        return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    return OSError(errno.EINVAL, f"this is {kind}", path)


def _follow_links(path: str) -> Path:
    """Return the file that `open` would write to; it need not exist, but its folder must.

    What stands before the last slash is a folder, also if nothing stands after it.
    """
    while True:
        folder, name = os.path.split(path)
        if not (name and Path(folder).is_dir()):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        file = Path(os.path.realpath(folder), name)
        if not file.is_symlink():
            return file
        path = os.path.join(file.parent, os.readlink(file))  # noqa: PTH115, PTH118 - as above


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
                _change_mode(temporary, 0o600)
            file.write(content)
            file.flush()
            with _where_offered():
                os.fsync(file.fileno())
        _change_mode(temporary, mode & 0o777)  # without setuid: the file may have a new owner
        temporary.replace(path)  # the file is closed, as Windows cannot rename an open file
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path)


def _change_mode(path: Path, mode: int) -> None:
    with _where_offered():
        path.chmod(mode)


def _sync_folder(path: Path) -> None:
    """Write the new name of a file to the disk; Windows cannot open a folder for this."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        with _where_offered():
            folders: list[int] = []
            try:
                # Open it and note it in one step: an interrupt can come after any call.
                folders += map(os.open, [path.parent], [os.O_RDONLY | os.O_DIRECTORY])
                os.fsync(folders[0])
            finally:
                for folder in folders:
                    os.close(folder)
    except OSError as error:
        holds = "the new content is in the file, but may not be on the disk"
        raise OSError(error.errno, f"{holds}: {error.strerror}", str(path)) from error


@contextmanager
def _where_offered() -> Iterator[None]:
    """Do without what the file system does not offer."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            raise

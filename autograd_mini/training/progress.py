"""The progress bar of a training, in a terminal or in a notebook."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from autograd_mini.training.history import History

__all__ = ["make_bar", "show_end", "show_epoch"]


def make_bar(epochs: int, done: int) -> Any:
    """Return a progress bar; None, with a warning, if tqdm is not installed."""
    try:
        from tqdm import tqdm  # noqa: PLC0415 - optional, and slow to import
    except ImportError:
        warnings.warn(
            "fit: no progress bar, training goes on: tqdm is not installed (pip install tqdm)",
            stacklevel=3,
        )
        return None
    file = _Cell() if _is_in_notebook() else sys.stderr
    return tqdm(total=epochs, initial=done, unit="epoch", file=file)


def _is_in_notebook() -> bool:
    ipython: Any = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def show_epoch(bar: Any, history: History) -> None:
    """Show an epoch in the bar; a callback."""
    bar.set_postfix_str(", ".join(_list_losses(history)), refresh=False)
    bar.update()


def show_end(bar: Any, history: History) -> None:
    """Show in the bar why the training ended."""
    if history.stopped in ("tolerance", "early_stopping", "callback"):
        bar.total = bar.n  # nothing is left to do
    bar.set_postfix_str(", ".join([*_list_losses(history), f"stopped: {history.stopped}"]))


def _list_losses(history: History) -> list[str]:
    """Return the losses of the last epoch, if there is one."""
    names = [name for name in ("loss", "val_loss") if history.history.get(name)]
    return [f"{name}={history.history[name][-1]:.4g}" for name in names]


class _Cell:
    """A stream of which a notebook shows the last line.

    The bar that tqdm has for notebooks stays at 0 % where a notebook is saved, exported or not
    trusted, and needs a package more. Lines on the stream of errors are red.
    """

    encoding = "utf-8"  # so the bar is of blocks

    def __init__(self) -> None:
        from IPython.display import display  # noqa: PLC0415 - optional, and there in a notebook

        show: Any = display  # it carries no types
        self._handle = show({"text/plain": ""}, raw=True, display_id=True)

    def write(self, text: str) -> None:
        if line := text.strip():
            self._handle.update({"text/plain": line}, raw=True)

    def flush(self) -> None:
        """Do nothing: each line is shown when it is written."""

"""Runs what must not recurse on a small stack."""

import sys
import threading


def run_on_small_stack(call):
    """Call a function without a result in a thread with a stack of 512 KB; return whether it ended.

    CPython 3.13 itself frees nested objects by up to 10 000 calls, whatever the stack, and needs
    a megabyte for that; other versions know better.
    """
    finished = []
    small = 1024 if sys.version_info[:2] == (3, 13) else 512
    size = threading.stack_size(small * 1024)
    try:
        thread = threading.Thread(target=lambda: finished.append(call() is None))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
    return finished == [True]

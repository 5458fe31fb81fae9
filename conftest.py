"""The examples in documentation run where the package that they need is installed."""

import importlib.util

import pytest

HAS_SKLEARN = importlib.util.find_spec("sklearn") is not None

# They cannot be imported without it. tests/training/test_estimators.py skips, and says so.
collect_ignore_glob = [] if HAS_SKLEARN else ["autograd_mini/*estimators.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the examples of the charts where matplotlib is not installed."""
    if importlib.util.find_spec("matplotlib"):
        return
    for item in items:
        if isinstance(item, pytest.DoctestItem) and "autograd_mini.views.charts" in item.name:
            item.add_marker(pytest.mark.skip(reason="matplotlib is not installed"))

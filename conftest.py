"""The examples in the documentation of the charts run where matplotlib is installed."""

import importlib.util

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip them elsewhere."""
    if importlib.util.find_spec("matplotlib"):
        return
    for item in items:
        if isinstance(item, pytest.DoctestItem) and "autograd_mini.views.charts" in item.name:
            item.add_marker(pytest.mark.skip(reason="matplotlib is not installed"))

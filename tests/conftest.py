"""Settings shared by every test."""

import os

import pytest
from hypothesis import settings
from support.browser import browser, katex  # noqa: F401 - fixtures
from support.grammar import check_caught

# Every error of the package that a test catches must have the form of the library's messages.
pytest.raises = check_caught(pytest.raises)

# In CI the drawn examples are the same each time, but for a run with many new ones; elsewhere each
# run explores new ones. Hypothesis itself looks for CI too, so each setting is given here.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True, max_examples=50)
settings.register_profile("local", derandomize=False, deadline=None, max_examples=50)
settings.register_profile("many", derandomize=False, deadline=None, max_examples=200)
settings.load_profile("ci" if os.environ.get("CI") else "local")

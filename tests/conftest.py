"""Settings shared by every test."""

import os

import pytest
from hypothesis import settings
from support.browser import browser, katex  # noqa: F401 - fixtures
from support.grammar import check_caught

# Every error of the package that a test catches must have the form of the library's messages.
pytest.raises = check_caught(pytest.raises)

# In CI the drawn examples are the same each time; elsewhere each run explores new ones. Hypothesis
# itself looks for CI too, so each setting is given here.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("local", derandomize=False, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")

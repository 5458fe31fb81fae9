"""Settings shared by every test."""

import os

from hypothesis import settings
from support.browser import browser, katex  # noqa: F401 - fixtures

# In CI the drawn examples are the same each time; elsewhere each run explores new ones.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("local", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")

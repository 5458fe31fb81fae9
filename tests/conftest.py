"""Settings shared by every test."""

import os

import pytest
from hypothesis import HealthCheck, settings
from support.browser import browser, katex  # noqa: F401 - fixtures
from support.grammar import check_caught

# Every error of the package that a test catches must have the form of the library's messages.
pytest.raises = check_caught(pytest.raises)

# In CI the drawn examples are the same each time, but for a run with many new ones; elsewhere each
# run explores new ones. Hypothesis itself looks for CI too, so each setting is given here. No test
# fails because a busy machine is slow: there is no deadline, and no complaint about slow draws.
for profile, options in {
    "ci": {"derandomize": True, "print_blob": True, "max_examples": 50},
    "local": {"derandomize": False, "max_examples": 15},
    "many": {"derandomize": False, "max_examples": 60},
}.items():
    at_any_speed = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile(profile, **options, **at_any_speed)
settings.load_profile("ci" if os.environ.get("CI") else "local")

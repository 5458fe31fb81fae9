"""The pages of graphs, for the tests of this folder."""

from support.pages import visit  # noqa: F401 - a fixture

"""Keeps pytest from importing what needs the packages of mutation testing."""

collect_ignore = ["mutants.py"]

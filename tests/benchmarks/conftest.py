"""What pytest is not to look for tests in: modules that import libraries to compare with."""

collect_ignore = ["contenders"]

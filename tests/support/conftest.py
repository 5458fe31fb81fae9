collect_ignore_glob = ["*.py"]  # no tests; some of it needs the native engine

collect_ignore = ["user_code.py"]  # it is read by type checkers, not run: some of it is wrong

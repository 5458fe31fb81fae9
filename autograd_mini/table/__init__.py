"""What can be differentiated: the table of primitives, its rules, and their readings."""

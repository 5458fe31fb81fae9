"""The table of primitives, which says what can be differentiated, and its rules."""

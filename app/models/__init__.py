"""Tables: the fixed ones, and one per register."""

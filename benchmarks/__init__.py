"""How fast and how lean the panel is, beside the limit that the machine itself sets: ``python -m benchmarks``."""

"""Use cases: the only writers, and the scope of every reader."""

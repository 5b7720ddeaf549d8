"""A register proposed from a file: what its columns hold, said with figures, for a person to adjust and publish."""

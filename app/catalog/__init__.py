"""What a policy says: definitions as frozen classes, read from YAML, checked, compared."""

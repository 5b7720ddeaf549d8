"""Rulebook: the admin panel that follows from a company's written policies."""

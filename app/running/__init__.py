"""Starts and stops everything that one machine needs to run the panel."""

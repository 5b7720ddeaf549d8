"""Screens and API: the only package that imports Flask-AppBuilder."""

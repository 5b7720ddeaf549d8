"""Arithmetic: calendar, deadlines, judgement; values in, values out."""

"""Formulas of fields: a small typed language that reads like a spreadsheet's, with a grammar of its own; nothing is ever evaluated as code."""

"""Formulas as expressions of the database, with the meaning that ``app.catalog.formula.evaluate`` gives them."""

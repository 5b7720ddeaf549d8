"""How a cell behaves: one small pydantic class for each field type."""

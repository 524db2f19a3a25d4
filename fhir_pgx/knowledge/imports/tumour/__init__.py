"""Writes the generated files of `knowledge/therapies/tumour/` from the tables of facts."""

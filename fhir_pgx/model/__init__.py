"""The nouns of the house: frozen values without I/O that every other room speaks in."""

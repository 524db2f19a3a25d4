"""Answers drawn for a person at a terminal: JSON values in, tables and text out."""

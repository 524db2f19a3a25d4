"""Answers as fragments of a page, from their JSON alone."""

"""Findings and recommendations, written for others to read."""

"""Panels: what can be clicked, as a value and as code."""

"""A stand-in for Globus Auth on loopback: its rules, its records and its web API.

The stand-in may import only the small JSON server in `aero_jupyter.testing.web`.
"""

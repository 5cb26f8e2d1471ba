"""How fast it is: `python -m benchmarks`. Nothing here is collected by pytest."""

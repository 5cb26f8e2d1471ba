"""How fast it is: `python -m tests.benchmarks`. Nothing here is collected by pytest."""

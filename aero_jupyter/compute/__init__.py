"""Functions and where they run: a cell made portable, and its registration with Globus Compute."""

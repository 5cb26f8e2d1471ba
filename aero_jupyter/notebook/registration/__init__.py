"""Registration as magics and the form share it: the request, preflight checks, findings, dry run.

Of the notebook, it may use the widgets; it knows neither tables nor panels.
"""

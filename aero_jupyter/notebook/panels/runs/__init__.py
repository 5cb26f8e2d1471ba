"""The runs panel: pages of runs that follow the server, a run's detail, and actions on runs.

It may use the panels' base, the table panel, the flow card and the tables.
"""

"""The workbench: the catalogue, the form, the runs and the lineage in tabs, below the status of the server.

It may use every other panel.
"""

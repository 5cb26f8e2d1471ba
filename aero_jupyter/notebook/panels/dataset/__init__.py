"""The page of a dataset: first rows, columns, chart, version timeline, origin and use.

It may use the widgets, the tables and the modules beside it; no other panel but `navigation` imports it.
"""

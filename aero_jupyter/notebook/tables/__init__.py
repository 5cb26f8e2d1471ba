"""Tables of records: queries, columns, frames, pages, and the live table.

Of the notebook, it may use the widgets; it knows neither registration nor panels.
"""

"""The lineage panel: its graph, layout, drawing, outline and selection.

It may use the panels' base, the flow card and the widgets.
"""

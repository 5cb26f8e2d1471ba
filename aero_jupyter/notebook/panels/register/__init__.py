"""The form that registers a flow: its state, validation and view.

It may use the panels' base, the flow card and the registration room.
"""

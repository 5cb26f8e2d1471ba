"""Parts of every view: cards, trees, fallback controls, snapshots, background work, the front end.

Of the notebook, it may use only settings, formatting, code and record facts.
"""

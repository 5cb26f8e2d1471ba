"""The catalogue: flows, runs, sources and datasets in the database, and what triggers what.

The catalogue may import storage and the request models, but nothing of HTTP or the engine.
"""

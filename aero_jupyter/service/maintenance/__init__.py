"""Maintenance of a store: integrity check, backup, restore, garbage collection, rebuild.

Maintenance code may import the engine's setup, the catalogue and storage, but nothing of HTTP.
"""

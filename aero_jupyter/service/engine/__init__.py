"""The engine: durable runs of flows, their steps, schedules and tokens.

The engine may import the catalogue, the workers and storage.
"""

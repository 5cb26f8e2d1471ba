"""The store: the SQLite database, content files, their identity, retries and quarantine.

Storage code may import only core.
"""

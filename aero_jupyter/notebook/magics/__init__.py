"""The magics: parsing their lines, running and registering cells, completing what is typed.

It may use every room of the notebook; only the extension is above it.
"""

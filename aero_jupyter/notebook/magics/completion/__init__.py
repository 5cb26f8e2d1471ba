"""Completion of magic lines: the cursor's context, the candidates, and IPython's matcher.

It may use the parsing of lines and the columns of tables.
"""

"""The notebook: magics, tables and panels over a session.

It may use every room but cli, demo and testing; only this room imports IPython and ipywidgets.
"""

from __future__ import annotations

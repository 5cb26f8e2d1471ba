"""The local AERO: a real AERO service on this machine. Server, engine and workers live behind this door.

The design calls this room *local*; the package is named *service* because ``aero_jupyter.local()`` is a public
function, and a package of that name would take its place at the front door.
"""

"""The local AERO: a service on loopback that stores versions and runs flows.

Service code may import jobs and core. Other subpackages import only `daemon` and `maintenance`. The subpackage is not
named *local* because ``aero_jupyter.local()`` is a public function, and a subpackage of that name would replace it.
"""

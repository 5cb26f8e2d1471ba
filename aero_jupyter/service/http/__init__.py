"""The HTTP interface: the app, the container of the service's parts, and access checks.

HTTP code may import every subpackage of the service except maintenance.
"""

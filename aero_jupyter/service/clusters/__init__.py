"""Clusters as endpoints of the local AERO: the list of them, and tasks that Parsl runs on them.

Parsl is imported only in the process of a cluster (`parsl_process`). `node` is the code that runs on a node; it is sent
there as source code, because this package is not installed there.
"""

"""Worker processes that run tasks: the pool, their limits and their process trees.

The source code of a worker's main module imports only its neighbour `task`.
"""

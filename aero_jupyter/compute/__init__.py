"""Functions as source that runs elsewhere: collecting, checking, registering and running them.

It may use jobs and core; only this room and the service's workers import the Compute SDK.
"""

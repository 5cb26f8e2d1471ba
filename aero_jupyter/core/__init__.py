"""Facts that every room shares: records, policies, names, errors, search grammar, wire fields.

It imports no other room and nothing beyond the standard library.
"""

"""Logins: tokens of Globus Auth, where they are stored, and what signs requests with them.

It may use jobs and core.
"""

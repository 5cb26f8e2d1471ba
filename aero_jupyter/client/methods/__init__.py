"""The methods of `AeroClient`, by topic: each module holds one base class of the client.

They use the transport, the pages and the records of this room.
"""

"""A room's participants, metadata and policy, and who may do what in it.

Nothing in here does I/O or knows a secret of MLS; what a room looks like on the wire is in reference/wire.
"""

"""A room's participants, metadata and policy, and who may do what in it.

Read view, actors and changes first, then authorization/authorize: a `RoomView` and what an actor wants of it go in, and
a `Decision` comes out. `application.after` says what becomes of the room. `state` and `updates` do all that with the
MLS messages of a room's group. Nothing in here does I/O or knows a secret of MLS; what a room looks like on the wire is
in reference/wire.
"""

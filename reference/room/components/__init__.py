"""The application components of a room: which values each may hold, and what updates make of them.

The structures themselves are in `reference.wire`; who may change what is decided in `room.authorize`.
"""

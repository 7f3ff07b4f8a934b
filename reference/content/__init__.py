"""What people say: MIMI content in CBOR, message ids, features, status reports, franking, and a room's timeline.

What travels around it (MLS, the protocol's own structures) lives in `mls` and `wire`, who says it in `identity`.
"""

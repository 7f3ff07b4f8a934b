"""What people say: MIMI content in CBOR, message ids, the features of a message, status reports and franking.

What travels around it (MLS, the protocol's own structures) lives in `mls` and `wire`, who says it in `identity`.
"""

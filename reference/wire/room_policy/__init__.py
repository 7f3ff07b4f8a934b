"""The thirteen policy components of a room (draft-ietf-mimi-room-policy-03)."""

"""The bodies of the MIMI endpoints and what they contain (draft-ietf-mimi-protocol-06)."""

"""What the network does wrong: slow, truncated and broken requests, TLS gone wrong.

No malformed structures; those are in mocks/malformed.
"""

"""The provider's logic without I/O, and its thin edges: storage, ASGI app, outgoing client, server.

No MLS cryptography and no room rules.
"""

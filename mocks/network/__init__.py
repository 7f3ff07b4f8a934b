"""A small internet on loopback: certificate authority, addresses, recorded exchanges.

No scripts of what a peer answers; those are in mocks/peers.
"""

"""An end user's client: makes rooms, adds and removes, joins and leaves, sends and reads, verifies franks.

Start at `client`; `connection` is all that it asks of its own provider. What a provider does is in reference/provider.
"""

"""Generators, JSON Schemas and the generated test vectors.

Nothing in here opens a socket.
"""

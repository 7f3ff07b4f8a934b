"""The draft's example played by three whole providers (PROTO 3), for people to watch and for tests to check.

The providers are the reference's and nothing misbehaves. How it looks on a terminal is for the command line.
"""

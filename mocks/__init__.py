"""Peers for somebody else's server to talk to, and the ways things go wrong: network, control interface, defects.

Nothing in here judges; that is the suites' work.
"""

"""Scripted providers for a server under test to talk to.

No judgement of what the server did.
"""

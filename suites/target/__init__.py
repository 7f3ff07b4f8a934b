"""The server under test: its description, the preflight, the world a test sees, the judgement.

No tests.
"""

"""How to make a wrong object from a right one.

No network faults; those are in mocks/faults.
"""

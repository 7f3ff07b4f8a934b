"""One model of a run, and its renderings.

Nothing in here runs or judges a test.
"""

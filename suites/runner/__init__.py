"""How the suites are run: the pytest plugin, the conductor of a run, evidence, known failures, selfcheck.

No tests, and nothing about the server under test; that is suites/target/.
"""

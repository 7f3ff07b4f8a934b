"""The conformance tests, one folder per scenario family, and what they see of the server under test.

No protocol logic: that is reference/ and mocks/.
"""

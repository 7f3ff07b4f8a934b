"""What a server does wrong: small, named non-conformances of the reference, keyed by the requirements they break.

There are no switches in the reference. A defect is a subclass of one of the classes that it is put together from, or
several, and its docstring says what such a server does wrong. `mimi-conformance selfcheck` runs the suites against
each, to see that a test of every requirement it breaks notices.
"""

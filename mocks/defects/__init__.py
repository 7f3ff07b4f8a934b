"""What a server does wrong: one small, named non-conformance of the reference each.

No flags in the reference.
"""

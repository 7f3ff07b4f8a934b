"""Invalid MLS objects from valid ones, by name.

    from mimi_conformance.mocks.malformed.unchecked.makers import Insider
    from mimi_conformance.mocks.malformed.violations.registry import violate

    wrong = violate("bad-parent-hash", committed.message, Insider.of(group, random))

`group` is the member's view from before its Commit. The wrong Commit covers the same proposals, and is signed, tagged
and encrypted as if nothing were wrong with it: who doesn't check that one rule takes it for valid.

Each violation is a small function that changes one value at one step of the making (`mocks.malformed.unchecked`), and
says which rule of the reference that breaks, and who can see it.
"""

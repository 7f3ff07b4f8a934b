"""Making MLS objects as the reference makes them, step by step and without checking anything.

At each step a value is fixed from which everything later follows: signatures, hashes, tags, secrets. Whoever makes an
object may do one thing otherwise at one step (`steps.Change`); then all that comes after fits the change, so that the
object breaks the one rule that the change breaks. What can be done otherwise, by name, is in
`mocks.malformed.violations`.

None of this is in the reference, which has no way to do anything wrong.
"""

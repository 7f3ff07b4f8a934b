"""The ratchet tree: its shape, hashes, update paths and validity, and the LeafNodes in it.

No proposals; what they do to the tree is in proposals/.
"""

"""RFC 9420 and the MLS drafts that MIMI uses: mls-extensions, ratchet-tree-options, semiprivatemessage."""

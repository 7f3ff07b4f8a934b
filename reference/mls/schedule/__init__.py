"""The secrets of an epoch: key schedule, transcript, secret tree, exporter tree, pre-shared keys.

No messages; those are in framing/ and group/.
"""

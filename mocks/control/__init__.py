"""The control interface: its contract, its client, and the reference's adapter.

No private door into the reference.
"""

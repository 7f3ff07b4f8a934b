"""What MLS is built from: signatures, hashes, HPKE, and everything under a label.

No group and no secret that outlives a call.
"""

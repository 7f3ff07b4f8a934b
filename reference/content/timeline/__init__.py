"""The reading side: what the messages of a room add up to, and why some of them count for nothing.

Read `arrival`, `entry`, `conversation`, `timeline`. Drawing it, and fetching what it refers to, is elsewhere.
"""

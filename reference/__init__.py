"""The system itself: codec, identity, drafts as data, provider (later MLS, rooms, content, client).

Nothing in here knows that a test exists.
"""

"""A group, as its members see it (Group) and as a server sees it (PublicGroup).

First what both views share: senders, commit_processing, public_group, group_info. A member's view begins with
group_creation, welcome or external_join, and goes on with group_proposals, group_commit and group_processing.

No cryptography of its own.
"""

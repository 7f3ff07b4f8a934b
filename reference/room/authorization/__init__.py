"""Who may do what in a room: `authorize.authorize` for one change, `authorize.authorize_commit` for a commit.

One module per part of section 8 of the policy draft, with one function per capability; `question` is what they look at.
"""

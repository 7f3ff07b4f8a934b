"""Transport, directory, consent, identifier query, and notify as a follower sees it.

No other family's scenarios.
"""

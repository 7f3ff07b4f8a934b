"""RFC 9420 and what MIMI uses of mls-extensions: groups as their members see them, and as a server does.

Read from the bottom up: crypto/, tree/, schedule/, framing/, proposals/, and group/, where `public_group.PublicGroup`
is a group as everybody sees it and `group.Group`, which has that inside, is a member's view. Values are immutable,
randomness and time are passed in, each check has a name (`rules`). Wire declarations are in reference/wire/mls.
"""

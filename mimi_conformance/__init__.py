"""The import name of the project: the command line lives here, the rooms are linked in from the top level.

Nothing else belongs in this folder; each room's code is in its own top-level folder.
"""

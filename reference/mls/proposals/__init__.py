"""What proposals may say, alone and together, and what they change; extensions and components.

No commits; those are in group/.
"""

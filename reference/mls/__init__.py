"""MLS as far as the provider needs it today: labelled signatures, references, KeyPackages.

No wire declarations; those are in reference/wire/mls.
"""

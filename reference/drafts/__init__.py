"""What the drafts say, as data: requirements, the readings taken where they are ambiguous, and code points.

Three loaders, each over TOML files that people edit: `requirements` (one file per draft), `interpretations`
(one file) and `code_points` (one file per set of draft revisions).
"""

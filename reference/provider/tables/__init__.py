"""What the SQLite database holds: one module per subject, each a few tables of schema.sql and what is done with them.

No decisions; storage.Transaction says what each method means.
"""

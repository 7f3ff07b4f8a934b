"""Message status: who has received and read what (draft-mahy-mimi-message-status).

`report` is the format, `policy` says what a room wants to be reported, `record` keeps what was.
"""

"""Who is who: MIMI URIs, provider domains, and the certificates and credentials that vouch for them.

Everything in here is a pure function of its arguments. An identifier that is not exactly what the drafts allow
is refused with an `IdentifierError` that says what is wrong and where; nothing is silently normalised, because
participant lists, signatures and message ids compare identifiers byte for byte (AMB-022).
"""

"""How messages are signed, tagged and encrypted (RFC 9420, section 6; semiprivatemessage-07; mls-extensions, 4.9).

Content is first signed, which gives an AuthenticatedContent (`authenticated_content`); that becomes a PublicMessage
(`public_message`), a PrivateMessage (`private_message`) or a SemiPrivateMessage (`semi_private_message`). Reading
goes the other way and ends with the check of the signature: no function returns content that nobody has signed.

What may be proposed or committed by whom is not decided here.
"""

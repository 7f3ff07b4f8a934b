"""Language tags (RFC 5646, section 2.1), as far as their form goes: whether a language exists is not asked.

mimi-content-08, section 9.1, has receivers accept languages that they don't know.
"""

import re
from functools import lru_cache
from typing import Final

_LANGUAGE_TAG: Final = re.compile(
    r"""
      (?: [a-z]{2,3} (?: -[a-z]{3} ){0,3} | [a-z]{4} | [a-z]{5,8} )  # language, with extended language subtags
      (?: -[a-z]{4} )?                                               # script
      (?: -(?: [a-z]{2} | [0-9]{3} ) )?                              # region
      (?: -(?: [a-z0-9]{5,8} | [0-9][a-z0-9]{3} ) )*                 # variants
      (?: -[0-9a-wy-z] (?: -[a-z0-9]{2,8} )+ )*                      # extensions
      (?: -x (?: -[a-z0-9]{1,8} )+ )?                                # private use
    | x (?: -[a-z0-9]{1,8} )+                                        # private use alone
    | en-GB-oed | i-(?: ami | bnn | default | enochian | hak | klingon | lux | mingo | navajo | pwn | tao | tay | tsu )
    | sgn-(?: BE-FR | BE-NL | CH-DE )                                # the irregular ones of old
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


@lru_cache(maxsize=256)
def is_language_list(text: str) -> bool:
    """Whether a text is empty, or well-formed language tags with a comma between each two of them."""
    return not text or all(map(_LANGUAGE_TAG.fullmatch, text.split(",")))

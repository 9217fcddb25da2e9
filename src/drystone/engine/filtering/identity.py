"""Pseudonyms: what stands for a sign-on name in bundles, overlays and events. Names live in the database only."""

from __future__ import annotations

import hmac
import unicodedata
from hashlib import sha256

_PERSON = b"drystone person\x00"
_SCHOOL = b"drystone school\x00"


def sign_on_name(raw: str) -> str:
    """The name as it is compared: case folded, NFC, no space around. `ASmith` and `asmith ` are one account.

    Unicode's canonical caseless match (section 3.13, D145), so however a keyboard composes é it is the same name.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", raw.strip()).casefold())


def person_key(key: bytes, name: str) -> str:
    """Sixteen hex digits for a sign-on name, or "" where there is none. Without `key` it cannot be turned round.

    64 bits: among 100,000 people the chance that any two share one is about 1 in 4,000 million.
    """
    if not key:
        raise ValueError("a person's key cannot be made with an empty secret")
    plain = sign_on_name(name)
    if not plain:
        return ""
    return hmac.new(key, _PERSON + plain.encode("utf-8", "surrogatepass"), sha256).hexdigest()[:16]


def school_key(slug: str) -> bytes:
    """The secret of a bundle compiled by hand. WEAK: whoever knows the school's slug and guesses a name can check
    the guess. A house uses the random bytes of Home.person_key."""
    return sha256(_SCHOOL + slug.encode()).digest()

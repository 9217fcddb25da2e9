"""P49: how the filter's self-test asks a real gateway to decide as for another zone.

The test sends its request through the gateway's own door with a signed header that names a client address. A
gateway honours it only with a valid signature, and never passes it on.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_address

SELF_TEST_HEADER = "X-Drystone-Check"
VALID_MS = 60_000  # each way: clocks of two machines differ
_LONGEST = 200


def sign_check(key: bytes, client: str, at: datetime) -> str:
    """The header's value: `1;MILLISECONDS;CLIENT;SIGNATURE`. Raises ValueError without a key or for no address."""
    if not key:
        raise ValueError("a self-test cannot be signed with an empty key")
    if at.tzinfo is None:
        raise ValueError("a self-test is signed with an aware time")
    claim = f"1;{_milliseconds(at)};{ip_address(client)}"
    return f"{claim};{_signature(key, claim)}"


def read_check(key: bytes, value: str, at: datetime) -> str | None:
    """The client address to decide as, or None: no valid signature, or older (or newer) than 60 seconds.

    Never raises: the value comes from whoever is at the other end. Nothing is parsed before it is verified."""
    if not key or not isinstance(value, str) or len(value) > _LONGEST or at.tzinfo is None:
        return None
    claim, _, signature = value.rpartition(";")
    expected = _signature(key, claim)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "backslashreplace")):
        return None
    version, _, rest = claim.partition(";")
    signed_at, _, client = rest.partition(";")
    if version != "1" or not signed_at.isascii() or not signed_at.isdigit():
        return None
    if abs(_milliseconds(at) - int(signed_at)) > VALID_MS:
        return None
    try:
        return str(ip_address(client))
    except ValueError:
        return None


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _signature(key: bytes, claim: str) -> str:
    text = b"drystone self-test\x00" + claim.encode("utf-8", "backslashreplace")
    return hmac.new(key, text, sha256).hexdigest()

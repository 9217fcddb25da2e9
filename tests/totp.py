"""The code that an authenticator app shows (RFC 6238: SHA-1, 30 s, 6 digits), worked out apart from the server."""

import base64
import hashlib
import hmac
import struct
import time


def code_now(secret: str) -> str:
    return code_at(secret, time.time())


def code_at(secret: str, seconds: float) -> str:
    """`secret` as the app takes it, in base 32."""
    counter = struct.pack(">Q", int(seconds) // 30)
    mac = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"

"""One line from Squid, and one line back. Formats: Squid's helper protocol, concurrent and not.

In, the same for both doors (a format of ours that a rewriter's line also fits):

    [ID ]URL CLIENT[/NAME] USER METHOD [SELF-TEST [PORT] …]

The URL is `host:port` for a CONNECT. Squid has escaped what cannot stand in a line and left `%xx` alone, so the URL
is decoded once only, where the engine reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote_to_bytes

from drystone.engine.filtering.hosts import MAX_HOST, canonical_path, is_plain, split_url

LONGEST_LINE = 64 * 1024  # Squid's own limit is 9,216 bytes for a rewriter, a little more for an acl


@dataclass(frozen=True, slots=True)
class Who:
    """What a line says of its sender. `client` is "" where the line names no address."""

    client: str = ""
    name: str = ""
    user: str = ""
    method: str = ""
    check: str = ""
    port: str = ""  # the port that the client came by, where Squid was told to say it


def read_who(raw: bytes) -> Who:
    """The line after its URL. Never raises; what is missing is empty."""
    fields = raw.split(b" ")
    client, _, name = _text(fields[0]).partition("/")
    user = unquote_to_bytes(fields[1]).decode("utf-8", "replace") if len(fields) > 1 else ""
    method = _text(fields[2]) if len(fields) > 2 else ""
    check = unquote_to_bytes(fields[3]).decode("utf-8", "replace") if len(fields) > 3 else ""
    return Who(
        client=_address(client),
        name="" if name == "-" else name,
        user="" if user == "-" else user,
        method=method,
        check="" if check == "-" else check,
        port=_text(fields[4]) if len(fields) > 4 and fields[4].isdigit() else "",
    )


def read_place(raw: bytes, *, connect: bool) -> tuple[str, str]:
    """Canonical host and path of a URL, or of the `host:port` of a CONNECT; "" where the host cannot be read.

    Nearly every line has one of the two plain shapes below; all others go the engine's own, longer way."""
    try:
        if connect:
            if raw.endswith(b":443") and len(raw) <= MAX_HOST and is_plain(host := raw[:-4].decode("ascii")):
                return host, ""
        elif raw.startswith(b"http://"):
            text = raw.decode("ascii")
            slash = text.find("/", 7)
            if 0 < slash <= MAX_HOST and is_plain(host := text[7:slash]) and text.isprintable():
                return host, canonical_path(text[slash:])
    except ValueError:  # not ASCII
        pass
    return split_url(read_url(raw), connect=connect)


def read_url(raw: bytes) -> str:
    """Bytes that are not UTF-8 stay distinct, so that they make a host unreadable rather than another host.
    Squid writes the brackets of an IPv6 address as %5B and %5D: the one escape that stands in its place."""
    url = raw.decode("utf-8", "surrogateescape")
    if "%5B" in url:
        head, bracket, rest = url.partition("%5B")
        if bracket and (not head or head.endswith("//")):
            return f"{head}[{rest.replace('%5D', ']', 1)}"
    return url


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return ""

"""Hosts and paths in the one spelling in which they are compared, in lists, rules and requests alike.

Hosts are read as the WHATWG URL standard reads them (https://url.spec.whatwg.org/#host-parsing), so that what a
browser would contact is what is looked up. Stricter in one respect: what DNS cannot name (an empty label, a label
over 63 bytes, a name over 253) is unreadable here, and what cannot be read is blocked.

Almost every host is plain lower-case ASCII already and leaves by the first test; IDNA tables and the address
parser are imported when first needed, so that a helper which never meets them does not pay for them.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import unquote

from drystone.engine.filtering.request import Request

MAX_HOST = 253
MAX_LABEL = 63

# Lower-case ASCII, last label begins with a letter: cannot be an address, needs no mapping. No label may hold
# hyphens in places three and four (xn--): those go the slow way, where Punycode is checked. MAX_HOST is not checked.
is_plain = re.compile(r"(?:(?!..--)[a-z0-9_-]{1,63}\.)*(?!..--)[a-z](?:[a-z0-9_-]{0,62})", re.ASCII).fullmatch
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f#/:<>?@\[\\\]^|%]").search  # forbidden domain code points of the standard
_PORT = re.compile(r"[0-9]{0,5}", re.ASCII).fullmatch
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*):", re.ASCII).match
_SPECIAL = frozenset({"http", "https", "ws", "wss", "ftp"})
_STRIPPED = "".join(map(chr, range(0x21)))  # C0 controls and space fall off both ends of a URL
_DROPPED = {9: None, 10: None, 13: None}  # tabs and newlines fall out of the middle as well
_USUAL_PORT = re.compile(r"[0-9]{1,4}", re.ASCII).fullmatch
_AUTHORITY_END = re.compile(r"[/\\?#]").search
_WWW = re.compile(r"(?:www|web|ftp)[0-9]*\.", re.ASCII).match
_UNTIDY_PATH = re.compile(r"//|/\.").search


class HostError(ValueError):
    """The text names no host that could be contacted, or none that can be read."""


def canonical_host(raw: str) -> str:
    """The host of `raw`: lower-case ASCII name, dotted IPv4, or IPv6 compressed and without brackets.

    `raw` may carry user-info and a port, which are dropped; it has no scheme and no path. Idempotent.
    Raises HostError.
    """
    if len(raw) <= MAX_HOST and is_plain(raw):
        return raw
    if len(raw) > 64 * 1024:
        raise HostError("the host is absurdly long")
    return _domain_or_ipv4(host) if (host := _without_port(raw.rpartition("@")[2])) else _ipv6(raw.rpartition("@")[2])


def without_www(host: str) -> str:
    """A leading www., web. or ftp. (www2., too) does not count in URL entries, nor in what is compared with them."""
    if host.startswith(("www", "web", "ftp")) and (prefix := _WWW(host)) and "." in host[prefix.end() :]:
        return host[prefix.end() :]
    return host


def canonical_path(raw: str) -> str:
    """Path and query, with percent-encoding resolved once and `//`, `.` and `..` collapsed; the fragment is dropped.

    Begins with `/`. Bytes that are not UTF-8 become U+FFFD.
    """
    if raw[:1] == "/" and not ("%" in raw or "//" in raw or "/." in raw or "#" in raw or "\\" in raw):
        return raw
    path, mark, query = raw.partition("#")[0].partition("?")
    path = path.replace("\\", "/")
    if "%" in path:
        path = unquote(path)
    if not path.startswith("/"):
        path = "/" + path
    if _UNTIDY_PATH(path):
        path = _collapsed(path)
    if "%" in query:
        query = unquote(query)
    return path + mark + query


def parse_request(url: str, *, client: str, at: datetime, user: str = "", method: str = "GET") -> Request:
    """The request as the filter compares it. Never raises: a host that cannot be read becomes "", and is blocked.

    Takes a whole URL, the `host:port` of CONNECT, and a host with or without path.
    """
    host, path = split_url(url, connect=method == "CONNECT")
    return Request(
        host=host,
        client=canonical_client(client),
        at=at,
        path=path,
        user="" if user == "-" else user,
        method=method,
    )


def split_url(url: str, *, connect: bool = False) -> tuple[str, str]:
    """Canonical host and path; ("", path) where the host cannot be read. With `connect`, no path is looked for.

    A path of "" means that none is visible: in CONNECT, and in a bare `host:port`.
    """
    if " " in url or not url.isprintable():
        url = url.strip(_STRIPPED).translate(_DROPPED)
    if connect:
        host, _, port = url.partition(":")
        if len(host) <= MAX_HOST and is_plain(host) and _USUAL_PORT(port):
            return host, ""
        return _host_or_nothing(url), ""
    if url.startswith("http://"):
        host, slash, path = url[7:].partition("/")
        if len(host) <= MAX_HOST and is_plain(host):
            return host, canonical_path(slash + path)
    authority, rest, bare = _authority(url)
    path = "" if bare and not rest else canonical_path(rest)
    return _host_or_nothing(authority), path


def canonical_client(client: str) -> str:
    """A client's address: IPv4-mapped IPv6 as IPv4, IPv6 compressed, without zone id. Unreadable text is left alone."""
    if ":" not in client:
        return client
    try:
        return _ipv6(client.strip("[]").partition("%")[0])
    except HostError:
        return client


def _authority(url: str) -> tuple[str, str, bool]:
    """(authority, rest, whether it stood without scheme and slashes)."""
    bare = True
    if scheme := _SCHEME(url):
        after = url[scheme.end() :]
        if scheme[1].lower() in _SPECIAL:
            url, bare = after.lstrip("/\\"), False  # the standard forgives any number of slashes, and none
        elif after.startswith("//"):
            url, bare = after[2:], False
    elif url.startswith(("//", "\\\\")):
        url, bare = url.lstrip("/\\"), False
    if end := _AUTHORITY_END(url):
        return url[: end.start()], url[end.start() :], bare
    return url, "", bare


def _host_or_nothing(authority: str) -> str:
    try:
        return canonical_host(authority)
    except HostError:
        return ""


def _without_port(text: str) -> str:
    """The host before the port; "" says that it is IPv6."""
    if text.startswith("[") or text.count(":") > 1:
        return ""
    host, _, port = text.partition(":")
    _check_port(port)
    if not host:
        raise HostError("there is no host")
    return host


def _check_port(port: str) -> None:
    if not _PORT(port) or int(port or 0) > 65535:
        raise HostError(f"{port[:20]!r} is not a port")


def _domain_or_ipv4(host: str) -> str:
    if "%" in host:
        host = unquote(host)
    host = _to_ascii(host)
    if host.endswith("."):
        host = host[:-1]
    if _FORBIDDEN(host):
        raise HostError(f"{host[:80]!r} has a character that no host has")
    labels = host.split(".")
    last = labels[-1]
    if last.isdigit() or _is_hex(last):
        return _ipv4(labels)
    if len(host) > MAX_HOST or not all(0 < len(label) <= MAX_LABEL for label in labels):
        raise HostError(f"{host[:80]!r} has a part that is empty or too long")
    return host


def _to_ascii(host: str) -> str:
    """UTS-46 to ASCII: transitional processing off, hyphens unchecked, joiners and direction checked."""
    if host.isascii() and "xn--" not in (host := host.lower()):
        return host
    import idna

    if len(host) > 4 * MAX_HOST:
        raise HostError("the host is too long")
    try:
        mapped = idna.uts46_remap(host, std3_rules=False)
        return ".".join(
            label if label.isascii() and not label.startswith("xn--") else _label(label) for label in mapped.split(".")
        )
    except HostError:
        raise
    except (ValueError, IndexError, OverflowError) as error:  # idna's own, and unicodedata's for a newer character
        raise HostError(f"{host[:80]!r} is not a valid international name") from error


def _label(label: str) -> str:
    """One label as `xn--`; one that is so already must decode to exactly what it would be made from."""
    import idna

    plain = label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label
    if not plain or plain.isascii() or idna.uts46_remap(plain, std3_rules=False) != plain:
        raise HostError(f"{label[:80]!r} is not valid Punycode")
    idna.check_initial_combiner(plain)
    idna.check_bidi(plain)
    for place, mark in enumerate(plain):
        if mark in "\u200c\u200d" and not idna.valid_contextj(plain, place):
            raise HostError(f"{label[:80]!r} has a joiner out of place")
    encoded = "xn--" + plain.encode("punycode").decode("ascii")
    if label.startswith("xn--") and encoded != label:
        raise HostError(f"{label[:80]!r} is not valid Punycode")
    return encoded


def _is_hex(label: str) -> bool:
    return label.startswith("0x") and all(mark in "0123456789abcdef" for mark in label[2:])


def _ipv4(parts: list[str]) -> str:
    """The standard's IPv4 parser: one to four numbers, decimal, octal or hex; the last fills what is left."""
    if len(parts) > 4:
        raise HostError("an address has at most four numbers")
    numbers = [_ipv4_number(part) for part in parts]
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(numbers)):
        raise HostError(f"{'.'.join(parts)[:80]!r} is not an address")
    value = numbers[-1] + sum(number << 8 * (3 - place) for place, number in enumerate(numbers[:-1]))
    return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"


def _ipv4_number(part: str) -> int:
    if len(part) > 64:  # even 32 bits in octal are shorter, but for zeros in front
        part = part[:2] + part[2:].lstrip("0") if part.startswith("0x") else "0" + part.lstrip("0")
    try:
        if len(part) > 64 or not part.isascii():
            raise ValueError
        if part.startswith("0x"):
            return int(part[2:] or "0", 16)
        if not part.isdigit():
            raise ValueError
        return int(part, 8) if part.startswith("0") else int(part)
    except ValueError:
        raise HostError(f"{part[:20]!r} is not a number of an address") from None


def _ipv6(text: str) -> str:
    from ipaddress import IPv6Address

    if text.startswith("["):
        text, bracket, port = text[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise HostError("the bracket of an IPv6 address is not closed")
        _check_port(port[1:])
    try:
        if "%" in text:  # a zone id means something on one machine only; a URL has none
            raise ValueError
        address = IPv6Address(text)
    except ValueError:
        raise HostError(f"{text[:80]!r} is not an IPv6 address") from None
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else address.compressed


def _collapsed(path: str) -> str:
    """Dot segments removed (RFC 3986, 5.2.4) after runs of `/` are made one. A trailing `/` stays."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment and segment != ".":
            kept.append(segment)
    tail = "/" if kept and segments[-1] in ("", ".", "..") else ""
    return "/" + "/".join(kept) + tail

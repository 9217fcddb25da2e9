"""The name inside a tunnel against the name outside (P35): Squid's second question of a CONNECT.

In, one line a tunnel: `ID HOST SNI MODE -`, where HOST is what the CONNECT asked for, SNI what the ClientHello asks for
and MODE what Squid does with the tunnel, each `-` while there is none. Out: `ID OK` where they are the same host,
`ID ERR` else. Before the hello is read (MODE is `-`) there is nothing to compare.

A harmless name in the CONNECT would otherwise open a way to any other site that the same server holds (domain
fronting). A CONNECT to a bare address may carry no name: which site that is nobody has decided. The answer hangs on
the line alone, so Squid may keep it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import unquote

from drystone.engine.filtering.hosts import HostError, canonical_host

READ_BYTES = 1 << 16
LONGEST_LINE = 4 * 1024
NONE = "-"


def same_name(host: str, sni: str) -> bool:
    """Both as Squid writes them. A host that cannot be read is nobody's."""
    try:
        asked = canonical_host(unquote(host).strip("[]"))
    except HostError:
        return False
    if sni == NONE:
        return _is_address(asked)
    try:
        return canonical_host(unquote(sni)) == asked and not _is_address(asked)
    except HostError:
        return False


def answer(line: bytes) -> bytes:
    """One answer, with its newline. Never raises for what stands in a line."""
    words = line[:LONGEST_LINE].decode("utf-8", "replace").split()
    number = words[0] if words and words[0].isdecimal() else "0"
    if len(line) > LONGEST_LINE or len(words) < 4:
        return f"{number} ERR\n".encode("ascii")
    host, sni, mode = words[1:4]
    agrees = mode == NONE or same_name(host, sni)
    return f"{number} {'OK' if agrees else 'ERR'}\n".encode("ascii")


def main(argv: Sequence[str]) -> int:  # noqa: ARG001 - as every helper's
    """Until Squid closes the pipe. Exit status 0."""
    pending = b""
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        while chunk := os.read(0, READ_BYTES):
            *lines, pending = (pending + chunk).split(b"\n")
            out = b"".join(map(answer, lines))
            while out:
                out = out[os.write(1, out) :]
    return 0


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

"""The addresses of this machine, as the kernel lists them: Drystone's own ports are closed on each of them."""

from __future__ import annotations

import contextlib
import re
from ipaddress import ip_address
from pathlib import Path

_LOCAL = re.compile(r"\|-- (\d+\.\d+\.\d+\.\d+)\n\s+/32 host LOCAL")


def own_addresses(proc: Path = Path("/proc/net")) -> tuple[str, ...]:
    """IPv4 and IPv6, in order; empty where the kernel does not say."""
    found = set(_LOCAL.findall(_read(proc / "fib_trie")))
    for line in _read(proc / "if_inet6").splitlines():
        with contextlib.suppress(ValueError):
            found.add(str(ip_address(bytes.fromhex(line.split(maxsplit=1)[0]))))
    return tuple(sorted(found, key=lambda text: (ip_address(text).version, int(ip_address(text)))))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""

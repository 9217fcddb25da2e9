"""Proxy auto-configuration: where browsers find the filter (PAC, and WPAD's wpad.dat).

The script never says DIRECT for the outside: a browser that cannot reach the filter gets nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

MIME = "application/x-ns-proxy-autoconfig"


def pac_script(proxies: Iterable[str], direct: Iterable[str]) -> str:
    """`proxies` are tried in order, each HOST:PORT. `direct` are hosts inside that are reached past them: the school's
    own pages, to which block pages lead. Raises ValueError without a proxy."""
    ways = "; ".join(f"PROXY {proxy}" for proxy in proxies)
    if not ways:
        raise ValueError("a browser needs at least one proxy")
    inside = " || ".join(["isPlainHostName(host)", *(f"host === {json.dumps(host)}" for host in dict.fromkeys(direct))])
    return (
        f'function FindProxyForURL(url, host) {{\n  if ({inside}) return "DIRECT";\n  return {json.dumps(ways)};\n}}\n'
    )

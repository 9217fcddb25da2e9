"""Proxy auto-configuration: where browsers find the filter (PAC, and WPAD's wpad.dat).

The script never says DIRECT for the outside: a browser that cannot reach the filter gets nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

MIME = "application/x-ns-proxy-autoconfig"
# A name without dots is one of the school's own. But so, to some browsers, is `2001:db8::1`, and 134744072 is 8.8.8.8.
PLAIN = "(isPlainHostName(host) && !/:|^(0x[0-9a-f]*|[0-9]+)$/i.test(host))"


def pac_script(proxies: Iterable[str], direct: Iterable[str]) -> str:
    """`proxies` are tried in order, each HOST:PORT. `direct` are hosts inside that are reached past them: the school's
    own pages, to which block pages lead. Raises ValueError without a proxy."""
    ways = "; ".join(f"PROXY {proxy}" for proxy in proxies)
    if not ways:
        raise ValueError("a browser needs at least one proxy")
    inside = " || ".join([PLAIN, *(f"host === {json.dumps(host)}" for host in dict.fromkeys(direct))])
    return (
        f'function FindProxyForURL(url, host) {{\n  if ({inside}) return "DIRECT";\n  return {json.dumps(ways)};\n}}\n'
    )

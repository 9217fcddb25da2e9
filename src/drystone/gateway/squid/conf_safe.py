"""squid.conf: safe search without decryption (P59), and without a way round it.

The helper says which safe host a search engine is to be answered by. Each safe host is a "parent" of Squid's that is
an origin server: a CONNECT is tunnelled straight to it, the client's SNI and the engine's own certificate stay as
they were. `never_direct` holds whatever was answered `safe-search`: where the parent cannot be reached the request
fails. A rewriter would do the same and fail open (see docs/decisions/0010-safe-search-in-squid.md).
"""

from __future__ import annotations

from drystone.engine.filtering.safesearch import SAFE_HOSTS, YOUTUBE
from drystone.gateway.squid.settings import SquidSettings


def safe_hosts() -> tuple[str, ...]:
    """Every safe host that the engine can name, in a fixed order."""
    return tuple(sorted({*SAFE_HOSTS.values(), *YOUTUBE.values()}))


def safe_search(s: SquidSettings) -> str:
    lines = [
        "# -- safe search: an engine is reached at its safe address or not at all -----------------------------------",
        "acl safe note action_ safe-search",
        "acl plain note action_ allow",
        # Nearly everything: Squid then looks at none of the parents below. The two other words stand first: a request
        # that was answered twice, and not alike, goes the stricter way.
        "always_direct deny safe",
        "always_direct deny blocked",
        "always_direct allow plain",
        "never_direct allow safe",
        "cache deny safe",  # what somebody without safe search was shown is not shown again from memory
        *(f"acl safe_port_{port} port {port}" for port in s.safe_search_ports),
    ]
    for host in safe_hosts():
        name = host.replace(".", "_")
        lines.append(f"acl {name} note safehost_ {host}")
        for port in s.safe_search_ports:
            peer = f"{name}_{port}"
            lines += [
                f"cache_peer {host} parent {port} 0 originserver no-query no-digest no-netdb-exchange name={peer}",
                f"cache_peer_access {peer} allow safe {name} safe_port_{port}",
                f"cache_peer_access {peer} deny all",
            ]
    return "\n".join(lines)

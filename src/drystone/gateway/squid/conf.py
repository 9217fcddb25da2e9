"""The text of squid.conf: what Squid is told, and why, so that a technician can read it.

Nothing in it lets a request through that the helper has not allowed in so many words. `OK` from the helper is the
only yes; an error, a fault, a dead helper or an odd answer leaves the request at `deny all`. So no directive that
fails open stands here: no rewriter bypass, no persistent overload that counts as an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from drystone.engine.filtering import SELF_TEST_HEADER

Network = IPv4Network | IPv6Network

# What no client may reach through the gateway unless the school names it: this host, loopback, private, link-local,
# shared, benchmark, multicast and reserved addresses, and the IPv6 forms that carry such an IPv4 address.
OWN_GROUND = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 "
    "198.18.0.0/15 224.0.0.0/3 ::/128 ::1/128 64:ff9b::/96 64:ff9b:1::/48 2002::/16 fc00::/7 fe80::/10 fec0::/10 "
    "ff00::/8"
)
CLIENTS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128")
SAFE_PORTS = (80, 443, 8080, 8443)
TUNNEL_PORTS = (443, 8443)
BLOCKED_PAGE, CLOSED_PAGE, REFUSED_PAGE = "ERR_DRYSTONE_BLOCKED", "ERR_DRYSTONE_CLOSED", "ERR_DRYSTONE_REFUSED"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}").fullmatch
_LISTEN = re.compile(r"(?:[0-9.]+:|\[[0-9A-Fa-f:.]+\]:|[A-Za-z0-9.-]+:)?([0-9]{1,5})", re.ASCII).fullmatch
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+=@:-]+").fullmatch


class ConfError(ValueError):
    """A setting that squid.conf cannot hold; the message says what to change."""


@dataclass(frozen=True, slots=True)
class SquidSettings:
    """Everything that differs from school to school. Paths are absolute, as Squid sees them."""

    gateway: str
    school: str  # slug; stands in the events of what Squid itself refuses
    out: Path
    events: Path
    helper: tuple[str, ...]  # command line of the helper
    user: str
    port: str = "3128"  # or ADDRESS:PORT
    helper_children: int = 2
    clients: tuple[str, ...] = CLIENTS
    named: tuple[str, ...] = ()  # own ground that the school opens: its intranet server
    own_ports: tuple[int, ...] = ()  # Drystone's, closed even where their address is named
    ports: tuple[int, ...] = SAFE_PORTS
    tunnel_ports: tuple[int, ...] = TUNNEL_PORTS
    dns: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse what would break out of its place in the file. Raises ConfError."""
        if not _NAME(self.gateway):
            raise ConfError(f"gateway {self.gateway!r}: use letters, digits, dots and hyphens")
        for value in (str(self.out), str(self.events), *self.helper):
            if not _PLAIN_PATH(value):
                raise ConfError(f"{value!r}: Squid needs a path without spaces or special characters; choose another")
        for word in (*self.clients, *self.named):
            network(word)
        for address in self.dns:
            if "/" in str(network(address)).removesuffix("/32").removesuffix("/128"):
                raise ConfError(f"{address!r} is not the address of a resolver")
        if not _NAME(self.user) or (self.school and not _NAME(self.school)):
            raise ConfError(f"{self.user!r} and {self.school!r}: a user's name and a school's short name are wanted")
        if not 1 <= self.helper_children <= 64:
            raise ConfError(f"{self.helper_children} helpers: give between 1 and 64")
        for port in (*self.own_ports, *self.ports, *self.tunnel_ports):
            if not 0 < port < 65536:
                raise ConfError(f"{port} is not a port")
        if not (listen := _LISTEN(self.port)) or not 0 < int(listen[1]) < 65536:
            raise ConfError(f"{self.port!r} is neither PORT nor ADDRESS:PORT")


def network(word: str) -> Network:
    try:
        return ip_network(word, strict=False)
    except ValueError:
        raise ConfError(f"{word!r} is not an address or a range such as 10.1.0.0/16") from None


def squid_conf(settings: SquidSettings) -> str:
    """The whole file. Raises ConfError."""
    settings.check()
    sections = (_head, _helper, _what_is_known, _who_may, _log, _page, _privacy, _running)
    return "\n\n".join(section(settings).strip() for section in sections) + "\n"


def _head(s: SquidSettings) -> str:
    return f"""
# squid.conf for the gateway "{s.gateway}", written by `drystone gateway squid-config`. Write it again rather than
# editing it: changes here are lost.
http_port {s.port}
visible_hostname {s.gateway}
cache_effective_user {s.user}
"""


def _helper(s: SquidSettings) -> str:
    # %>ru is the URL, or host:port of a CONNECT. No cache here: the helper has its own, and it knows the time of day.
    return f"""
# -- the decision: one question a request. OK is the only yes. ------------------------------------------------
external_acl_type drystone concurrency=1024 children-max={s.helper_children} children-startup={s.helper_children} \\
  queue-size=8192 ttl=0 negative_ttl=0 grace=0 cache=0 \\
  %>ru %>a %un %>rm %>ha{{{SELF_TEST_HEADER}}} {" ".join(s.helper)}
acl drystone external drystone
"""


def _what_is_known(s: SquidSettings) -> str:
    acls = [
        f"acl clients src {_words(s.clients)}",
        f"acl ports port {_words(s.ports)}",
        f"acl tunnel_ports port {_words(s.tunnel_ports)}",
        f"acl own_ground dst {OWN_GROUND}",
        f"acl named dst {_words(s.named)}" if s.named else "",
        f"acl drystone_ports port {_words(s.own_ports)}" if s.own_ports else "",
        "acl allowed note action_ allow safe-search",
        "acl by_category note category_",
        "acl by_access note level_ access",
        "acl answered note action_",
        "acl unanswered all-of !answered",
        "acl refuse annotate_transaction refused_=yes",
        "acl refused note refused_",
        "acl not_passed any-of refused unanswered",
        "acl asked has request",
    ]
    return "\n".join(filter(None, acls))


def _who_may(s: SquidSettings) -> str:
    rules = [
        "# -- who may: first line that fits. Each `refuse` only marks the event. ----------------------------------",
        "http_access deny !clients refuse",
        "http_access deny manager refuse",
        "http_access deny !ports refuse",
        "http_access deny CONNECT !tunnel_ports refuse",
        "http_access deny !drystone !by_access by_category",
        "http_access deny !allowed",
    ]
    if s.own_ports:
        rules.append("http_access deny own_ground drystone_ports refuse")
    rules += [
        f"http_access deny own_ground {'!named ' if s.named else ''}refuse",
        "http_access allow allowed",
        "http_access deny all refuse",
        "icp_access deny all",
        "htcp_access deny all",
    ]
    return "\n".join(rules)


def _log(s: SquidSettings) -> str:
    """The event line, version 1 (drystone.engine.eventlog.event). The helper's notes are encoded as the line wants
    them, so they are printed as they are; a visit to a help site has no client, person, device or path in them."""
    head = "1\tdecision\t-\t%ts%03tu"
    event = "\t".join([head, *map(_note, ("from", "place", "what")), "%<st"])
    nothing = "-"
    refused = "\t".join(
        [head, s.school or nothing, s.gateway, nothing, "%>a", *[nothing] * 3, "%#>rm", "%#>rd"]
        + [nothing, nothing, "block", nothing, "gateway:refused", "gateway", nothing, "%<st"]
    )
    return f"""
# -- events: one line a request, for `drystone log collect`. Keep the names; after `squid -k rotate` the collector
# knows the renamed files again. What Squid refused by itself is in a file of its own. ------------------------
logformat drystone_event {event}
logformat drystone_refused {refused}
access_log stdio:{s.events}/squid.log logformat=drystone_event answered !refused
access_log stdio:{s.events}/squid-refused.log logformat=drystone_refused asked not_passed
logfile_rotate 30
buffered_logs off
strip_query_terms on
cache_log {s.out}/cache.log
cache_store_log none
"""


def _note(name: str) -> str:
    return f"%'{{{name}_}}note"


def _page(s: SquidSettings) -> str:
    return f"""
# -- what a blocked person sees: the page names the category. HTTPS is refused without a page. ---------------
error_directory {s.out}/errors
deny_info 403:{BLOCKED_PAGE} by_category
deny_info 403:{CLOSED_PAGE} allowed
deny_info 403:{CLOSED_PAGE} drystone
deny_info 403:{REFUSED_PAGE} refuse
"""


def _privacy(_: SquidSettings) -> str:
    return f"""
# -- nothing about the inside goes out, and the self-test's header never does --------------------------------
request_header_access {SELF_TEST_HEADER} deny all
request_header_access X-Forwarded-For deny all
forwarded_for delete
httpd_suppress_version_string on
"""


def _running(s: SquidSettings) -> str:
    dns = f"dns_nameservers {' '.join(s.dns)}\n" if s.dns else ""
    return f"""
# -- running --------------------------------------------------------------------------------------------------
{dns}pid_filename {s.out}/squid.pid
coredump_dir {s.out}
cache_mem 64 MB
shutdown_lifetime 3 seconds
client_ip_max_connections 512
request_header_max_size 64 KB
"""


def _words(values: tuple[object, ...] | list[str]) -> str:
    return " ".join(map(str, values))

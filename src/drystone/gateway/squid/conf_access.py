"""squid.conf: the question to the helper, who signs on, and who may."""

from __future__ import annotations

from drystone.engine.filtering import SELF_TEST_HEADER
from drystone.engine.filtering.help import above
from drystone.gateway.squid.conf_page import PAGES, page_acls
from drystone.gateway.squid.settings import SquidSettings

# What no client may reach through the gateway unless the school names it: this host, loopback, private, link-local,
# shared, benchmark, multicast and reserved addresses, and the IPv6 forms that carry such an IPv4 address.
OWN_GROUND = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 "
    "198.18.0.0/15 224.0.0.0/3 ::/128 ::1/128 64:ff9b::/96 64:ff9b:1::/48 2002::/16 fc00::/7 fe80::/10 fec0::/10 "
    "ff00::/8"
)


def helper(s: SquidSettings) -> str:
    # %>ru is the URL, or host:port of a CONNECT; %lp, where zones are told by ports, the port that the client used.
    port = " %lp" if s.zone_ports else ""
    return f"""
# -- the decision: one question a request. OK is the only yes. ------------------------------------------------
# Squid keeps no answer (ttl=0): to look one up there costs it nearly what asking costs, few come again within a second,
# and a kept one would be told after a lesson has ended or a class was switched off. The helper keeps its own and knows
# until when they stand. concurrency=1024: one helper answers a whole batch at once; the second is there for the moment
# in which the first is started anew. queue-size: what may wait meanwhile; what does not fit is refused.
external_acl_type drystone concurrency=1024 children-max={s.helper_children} children-startup={s.helper_children} \\
  queue-size=8192 ttl=0 negative_ttl=0 grace=0 cache=0 \\
  %>ru %>a %un %>rm %>ha{{{SELF_TEST_HEADER}}}{port} {" ".join(s.helper)}
acl drystone external drystone
"""


def acls(s: SquidSettings) -> str:
    lines = [
        f"acl clients src {_words(s.clients)}",
        f"acl ports port {_words(s.ports)}",
        f"acl tunnel_ports port {_words(s.tunnel_ports)}",
        f"acl own_ground dst {OWN_GROUND}",
        f"acl named dst {_words(s.named)}" if s.named else "",
        f"acl drystone_ports port {_words(s.own_ports)}" if s.own_ports else "",
        f"acl this_machine dst {_words(s.own_addresses)}" if s.own_ports and s.own_addresses else "",
        "acl allowed note action_ allow safe-search",
        "acl blocked note action_ block",
        "acl answered note action_",
        "acl unanswered all-of !answered",
        "acl refuse annotate_transaction refused_=yes",
        "acl refused note refused_",
        "acl not_passed any-of refused unanswered",
        "acl asked has request",
        "acl web proto HTTP",
        # -n: by the name in the request alone. Who sets up an address can have it named back as he likes.
        f"acl help dstdomain -n {below(s.help)}",
    ]
    return "\n".join(filter(None, [*lines, *page_acls(), *_sign_on(s)]))


def _sign_on(s: SquidSettings) -> list[str]:
    """P62: who signs on is in the event. A name that is offered is checked before the filter is asked about it; where
    the answer is that nobody has signed on (`ask_`), or the client is in a range that signs on always, Squid asks."""
    if s.auth is None:
        return []
    program, many = f"auth_param {s.auth.scheme}", s.auth.concurrency
    children = f"{program} children " + (f"2 startup=1 idle=1 concurrency={many}" if many else "16 startup=2 idle=1")
    stands = "2 seconds" if many else "1 minute"  # our own helper remembers by itself, as long as a password stands
    own = {
        "basic": [f"{program} realm {s.auth.realm}", f"{program} credentialsttl {stands}", f"{program} utf8 on"],
        "negotiate": [f"{program} keep_alive on"],
    }[s.auth.scheme]
    if many:  # our own helper slows guessers by their address
        own.append(f'{program} key_extras "%>a"')
    return [
        f"{program} program {' '.join(s.auth.program)}",
        children,
        *own,
        "acl signed_on proxy_auth REQUIRED",
        "acl offers_name req_header Proxy-Authorization .",
        "acl name_wanted note ask_",
        f"acl always_signs_on src {_words(s.signs_on)}" if s.signs_on else "",
        "acl this_host src 127.0.0.0/8 ::1/128",
        f"acl has_self_test req_header {SELF_TEST_HEADER} .",
        "acl self_test all-of this_host has_self_test",
        "acl not_signed_on annotate_transaction sign_on_=wanted",
        "acl sign_on_wanted note sign_on_",
    ]


def access(s: SquidSettings) -> str:
    """The order matters twice: first line that fits, and the last name in a `deny` picks the page (deny_info). What is
    allowed comes first, for it is nearly everything, and each name costs Squid a look. The ground is looked at for
    what is allowed only: it takes the site's address, and nobody need ask a name server about a blocked site."""
    rules = [
        "# -- who may: first line that fits. Each `refuse` only marks the event. ----------------------------------",
        "http_access deny inside",
        "http_access deny !clients refuse",
        "http_access deny manager refuse",
        "http_access deny !ports refuse",
        "http_access deny CONNECT !tunnel_ports refuse",
        "http_access deny !CONNECT !web refuse",  # ftp: and whois: would go to any port that is open for the web
    ]
    if s.auth:  # P13: help is reached without a name. The filter's test of itself comes from here and has none.
        rules.append("http_access deny offers_name !help not_signed_on !signed_on")
    if s.auth and s.signs_on:
        rules.append("http_access deny always_signs_on !help !self_test not_signed_on !signed_on")
    rules += [
        "http_access deny CONNECT !same_name refuse",
        "http_access deny !drystone !all",  # asks, and denies nobody: what the answer means stands in the notes
        *(["http_access deny name_wanted !self_test not_signed_on !signed_on"] if s.auth else []),
        *(f"http_access deny allowed {ground} refuse" for ground in _closed_ground(s)),
        "http_access allow allowed",
        "http_access allow cut",  # only as far as `ssl_bump terminate`: see there, and `never_direct`
        *(f"http_access deny blocked {page.conditions}{page.name}" for page in PAGES),
        "http_access deny !allowed",
        "http_access deny all refuse",
        "icp_access deny all",
        "htcp_access deny all",
    ]
    return "\n".join(rules)


def _closed_ground(s: SquidSettings) -> list[str]:
    ours = ["own_ground drystone_ports", *(["this_machine drystone_ports"] if s.own_addresses else [])]
    return [*(ours if s.own_ports else []), f"own_ground{' !named' if s.named else ''}"]


def below(hosts: tuple[str, ...]) -> str:
    """Each host with all below it, as dstdomain wants it: one that another covers is left out."""
    outermost = sorted(host for host in set(hosts) if not any(name in hosts for name in above(host)[1:]))
    return " ".join(f".{host}" for host in outermost)


def _words(values: tuple[object, ...] | list[str]) -> str:
    return " ".join(map(str, values))

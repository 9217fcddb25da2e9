"""squid.conf: the event of every request (P62), once.

A tunnel passes `http_access` twice, as the CONNECT and as the spliced tunnel: only the second is an event, for it
knows the bytes. What is cut off inside a tunnel is one as well, as blocked, under the name that was tried. Of a
request inside a blocked tunnel, seen only to show the page, nothing is written: the event is that of its CONNECT,
which has the host and no path.

P13: neither does what Squid refuses by itself tell who asked for a site of help: while a helper starts anew that is
every request. cache.log has no lines about what is wrong with a request, for Squid would put its address and its fields
there, those of a request inside a blocked tunnel too, and the client beside them.
"""

from __future__ import annotations

from drystone.gateway.squid.conf_access import below
from drystone.gateway.squid.settings import SquidSettings

_HEAD = "1\tdecision\t-\t%ts%03tu"  # version 1 of the line: drystone.engine.eventlog.event
_NOTHING = "-"


def log(s: SquidSettings) -> str:
    """The helper's notes are encoded as the line wants them, so they are printed as they are; a visit to a help site
    has no client, person, device or path in them."""
    unasked = " !sign_on_wanted" if s.auth else ""
    return f"""
# -- events: one line a request, for `drystone log collect`. Keep the names: the collector knows a renamed file again
# (squid.log.1), and logrotate does the renaming. What Squid refused by itself is in a file of its own. ---------
logformat drystone_event {_event()}
logformat drystone_fronted {_cut("%#ssl::>sni", "gateway:sni")}
logformat drystone_no_tls {_cut("%#>rd", "gateway:no-tls")}
logformat drystone_fronted_help {_hidden(s, "%#ssl::>sni", "gateway:sni")}
logformat drystone_refused {_refused(s, "gateway:refused")}
logformat drystone_refused_help {_hidden(s, "%#>rd", "gateway:refused")}
acl help_inside ssl::server_name --client-requested {below(s.help)}
{_sign_on(s)}access_log stdio:{s.events}/squid.log logformat=drystone_event asked answered !refused !unusual !inside
access_log stdio:{s.events}/squid.log logformat=drystone_fronted asked fronted !help_inside
access_log stdio:{s.events}/squid.log logformat=drystone_fronted_help asked fronted help_inside
access_log stdio:{s.events}/squid.log logformat=drystone_no_tls asked no_tls
access_log stdio:{s.events}/squid-refused.log logformat=drystone_refused asked not_passed !inside !help{unasked}
access_log stdio:{s.events}/squid-refused.log logformat=drystone_refused_help asked not_passed !inside help{unasked}
logfile_rotate 0
buffered_logs off
strip_query_terms on
cache_log {s.out}/cache.log
# Nothing in it about single requests: it would say who asked, and for what.
debug_options ALL,1 11,0 23,0 28,0 33,0 55,0
cache_store_log none
"""


def _event() -> str:
    return "\t".join([_HEAD, *map(_note, ("from", "place", "what")), "%<st"])


def _cut(host: str, rule: str) -> str:
    """Host, path and search; action, category, rule, level and edition; bytes."""
    what = ["block", _NOTHING, rule, "gateway", _NOTHING]
    return "\t".join([_HEAD, _note("from"), host, _NOTHING, _NOTHING, *what, "%<st"])


def _sign_on(s: SquidSettings) -> str:
    """P62: what is answered with 407 before the filter was asked: a wrong password, or a range that always signs on."""
    if s.auth is None:
        return ""
    return f"""logformat drystone_sign_on {_refused(s, "gateway:sign-on")}
access_log stdio:{s.events}/squid-refused.log logformat=drystone_sign_on asked unanswered sign_on_wanted !inside
"""


def _refused(s: SquidSettings, rule: str, *, client: str = "%>a", host: str = "%#>rd") -> str:
    who = [s.school or _NOTHING, s.gateway, _NOTHING, client, *[_NOTHING] * 3, "%#>rm"]
    what = ["block", _NOTHING, rule, "gateway", _NOTHING]
    return "\t".join([_HEAD, *who, host, _NOTHING, _NOTHING, *what, "%<st"])


def _hidden(s: SquidSettings, host: str, rule: str) -> str:
    """P13: the same without who asked."""
    return _refused(s, rule, client=_NOTHING, host=host)


def _note(name: str) -> str:
    return f"%'{{{name}_}}note"

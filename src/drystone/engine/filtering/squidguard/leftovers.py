"""Lines of a squidGuard.conf that no rule stands for: each told, with what to do instead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from drystone.engine.filtering.squidguard.conf import Acl, Conf, Destination, Left, Rewrite, Source, Word
from drystone.engine.filtering.squidguard.report import ImportReport, Kind

_DIRECTORY = "ask the directory when people sign on, through Squid's own helpers; put them under people, or in a zone"
_KINDS = {Source: "src", Destination: "dest", Rewrite: "rew", Acl: "acl"}
_SEARCH = re.compile(r"google|bing|yahoo|duckduckgo|safe|adlt|search", re.IGNORECASE)
_SAID = {
    "log": (Kind.CHANGED, "every decision is an event of one log, with category, group and rule to ask for"),
    "logfile": (Kind.CHANGED, "every decision is an event of one log, with category, group and rule to ask for"),
    "rewrite": (Kind.LOST, "addresses are not rewritten; see rew"),
    "userquery": (Kind.LOST, f"people of a database are not asked for; {_DIRECTORY}"),
    "ldapusersearch": (Kind.LOST, f"a directory is not searched at each request; {_DIRECTORY}"),
    "ldapipsearch": (Kind.LOST, f"a directory is not searched at each request; {_DIRECTORY}"),
    "execuserlist": (Kind.LOST, "no command is run to name people; put them under people"),
    "userquota": (Kind.LOST, "nobody's minutes are counted; a schedule says when a rule holds"),
    "ipquota": (Kind.LOST, "nobody's minutes are counted; a schedule says when a rule holds"),
    "domainlist": (Kind.SAME, "squidGuard takes the last of the kind, and so does this"),
    "urllist": (Kind.SAME, "squidGuard takes the last of the kind, and so does this"),
    "expressionlist": (Kind.LOST, "one of a kind is taken; write both into one file"),
    "logdir": (Kind.CHANGED, "events lie in the home folder, or where Squid is told to write them"),
    "syslog": (Kind.CHANGED, "alarms go to standard error, which Squid and systemd keep"),
}


def tell_leftovers(conf: Conf, report: ImportReport) -> None:
    for left in conf.settings:
        _tell(report, left, left.word.text)
    sources, destinations, rewrites = conf.sources.values(), conf.destinations.values(), conf.rewrites.values()
    parts: list[Source | Destination | Rewrite | Acl] = [*sources, *destinations, *rewrites, *_acls(conf)]
    for part in parts:
        for left in part.left:
            _tell(report, left, f"{_KINDS[type(part)]} {part.name.text}")
    for name, rewrite in conf.rewrites.items():
        _tell_rewrite(report, rewrite.name, name, rewrite.substitutions)


def _acls(conf: Conf) -> Iterator[Acl]:
    for acl in conf.acls:
        yield from filter(None, (acl, acl.otherwise))


def _tell(report: ImportReport, left: Left, what: str) -> None:
    kind, message = _SAID.get(left.word.text, (Kind.LOST, f"goes with a search that has no equal; {_DIRECTORY}"))
    report.add(kind, left.word, what, f"{left.text}: {message}")


def _tell_rewrite(report: ImportReport, word: Word, name: str, substitutions: list[Word]) -> None:
    """Over HTTPS, which nearly all is now, a rewriter sees no address that it could change."""
    message = "addresses are not rewritten: over HTTPS there is none to see"
    if any(_SEARCH.search(each.text) for each in substitutions):
        message += "; to make searches safe, say safe_search: true in the group, which works over HTTPS as well"
    report.add(Kind.LOST, word, f"rew {name}", message)

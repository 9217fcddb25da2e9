"""Where what is imported answers otherwise than SquidGuard, on purpose: each with its reason, which docs/squidguard.md
gives in the same words, and the request that shows it. Nowhere is opened what SquidGuard closes, but for what it closes
by mistake (`/lottology`), for sites of help, and for what the import tells of one by one."""

from __future__ import annotations

from dataclasses import dataclass, field

from .sidebyside import NOON, line


def during(body: str) -> str:
    """A time space, and acls whose pages say whether it holds."""
    return f"""
time t {{
 {body}
}}
src a {{
 ip 10.1.0.0/16
}}
acl {{
 a within t {{
  pass none
  redirect 302:http://in.example/
 }} else {{
  pass none
  redirect 302:http://out.example/
 }}
 default {{
  pass all
 }}
}}
"""


@dataclass(frozen=True)
class Difference:
    """`theirs` and `ours` begin the two answers. The reason stands in docs/squidguard.md as it stands here."""

    reason: str
    asked: str
    theirs: str
    ours: str
    body: str = "acl {\n default {\n  pass !bad all\n  redirect 302:http://page.example/\n }\n}\n"
    files: dict[str, str] = field(default_factory=dict)
    at: str = NOON


BLOCKED, OPEN = "OK status=302", "ERR"
URLS = (
    "dest urls {\n urllist urls\n}\nacl {\n default {\n  pass !urls all\n  redirect 302:http://page.example/\n }\n}\n"
)
WORDS = URLS.replace("urllist", "expressionlist")


def with_page(page: str) -> str:
    return f"acl {{\n default {{\n  pass !bad all\n  redirect {page}\n }}\n}}\n"


DIFFERENT = {
    "connect-without-status": Difference(
        "Squid cannot fetch a page for a CONNECT: told to, it tries to reach a host called `http`. So a blocked "
        "CONNECT is always answered with a status",
        line("bad.example:443"),
        'OK rewrite-url="http://page.example/"',
        'OK status=302 url="http://page.example/"',
        with_page("http://page.example/"),
    ),
    "blocked-without-a-page": Difference(
        "What is blocked stays blocked, also where the conf names no page to lead to",
        line("http://bad.example/"),
        OPEN,
        BLOCKED,
        "acl {\n default {\n  pass !bad all\n }\n}\n",
    ),
    "a-url-in-a-parameter": Difference(
        "A URL, a user or a name that stands in the address of a page is percent-encoded where it could be taken for "
        "more: `&`, `;`, `#`, `%`, `+`, quotes. In SquidGuard a URL can add parameters to the page's, and a `%22` in "
        "it ends the answer to Squid",
        line("http://bad.example/?a=1&group=staff%22"),
        'OK status=302 url="http://page.example/?url=http://bad.example/?a=1&group=staff""',
        'OK status=302 url="http://page.example/?url=http://bad.example/?a=1%26group=staff%2522"',
        with_page("302:http://page.example/?url=%u"),
    ),
    "per-cent-sign": Difference(
        "`%%` is one per cent sign, as SquidGuard's manual says; the program writes two",
        line("http://bad.example/"),
        'OK status=302 url="http://page.example/100%%"',
        'OK status=302 url="http://page.example/100%"',
        with_page("302:http://page.example/100%%"),
    ),
    "page-of-an-entry": Difference(
        "An entry of a list that names a page of its own leads to the page of its destination or acl",
        line("http://bad.example/"),
        'OK rewrite-url="http://own.example/"',
        'OK status=302 url="http://page.example/"',
        files={"bad/domains": "bad.example http://own.example/\n"},
    ),
    "rewrite": Difference(
        "`rew` is not done: over HTTPS, which nearly all is now, a rewriter sees no address that it could change. Safe "
        "search, which it was mostly used for, works here without",
        line("http://find.example/?q=x"),
        'OK rewrite-url="http://find.example/?q=x&safe=on"',
        OPEN,
        "rew safe {\n s@(find.example/[?]q=.*)@\\1\\&safe=on@i\n}\n"
        "acl {\n default {\n  pass all\n  rewrite safe\n }\n}\n",
    ),
    "last-minute-of-a-date": Difference(
        "A date without times is the whole day; SquidGuard leaves out its last minute",
        line("http://x.example/"),
        'OK status=302 url="http://out.example/"',
        'OK status=302 url="http://in.example/"',
        during("date 2026-12-24"),
        at="2026-12-24T23:59:30",
    ),
    "continue-after-an-allow": Difference(
        "Where a source says `continue`, what its acl both lets through and blocks is blocked: its pass line is read "
        "for what it blocks, and the next source for the rest",
        line("http://bad.example/"),
        OPEN,
        BLOCKED,
        "src a {\n ip 10.1.0.0/16\n continue\n}\n"
        "acl {\n a {\n  pass both !bad all\n  redirect 302:http://a.example/\n }\n default {\n  pass all\n }\n}\n",
    ),
    "help-is-open": Difference(
        "Sites that help a child are open to everybody at all times",
        line("http://www.childline.org.uk/"),
        BLOCKED,
        OPEN,
        "acl {\n default {\n  pass none\n  redirect 302:http://page.example/\n }\n}\n",
    ),
    "escaped-user": Difference(
        "A user whose name Squid has to escape is found by that name; SquidGuard compares the escaped text",
        line("http://x.example/", user="al%20ice"),
        OPEN,
        BLOCKED,
        'src a {\n user "al ice"\n}\nacl {\n a {\n  pass none\n  redirect 302:http://a.example/\n }\n'
        " default {\n  pass all\n }\n}\n",
    ),
    "ipv6-in-addr": Difference(
        "An IPv6 address is an address as well",
        line("http://[2001:db8::1]/"),
        OPEN,
        BLOCKED,
        "acl {\n default {\n  pass !in-addr all\n  redirect 302:http://page.example/\n }\n}\n",
    ),
    "plain-prefix": Difference(
        "A URL entry ends at `/`, `?` or the end: `/lotto` is not `/lottology`",
        line("http://news.example/lottology"),
        BLOCKED,
        OPEN,
        URLS,
        {"urls": "news.example/lotto\n"},
    ),
    "www-entry": Difference(
        "A URL entry written with `www.` counts without it as well",
        line("http://news.example/lotto"),
        OPEN,
        BLOCKED,
        URLS,
        {"urls": "www.news.example/lotto\n"},
    ),
    "dirty-url-entry": Difference(
        "A URL entry with a scheme, or with percent-encoding, is mended",
        line("http://news.example/lotto"),
        OPEN,
        BLOCKED,
        URLS,
        {"urls": "http://news.example/%6Cotto\n"},
    ),
    "url-beside-a-longer-one": Difference(
        "A URL entry covers all below it, also where a longer one stands beside it",
        line("http://news.example/a/z"),
        OPEN,
        BLOCKED,
        URLS,
        {"urls": "news.example/a\nnews.example/a/b\n"},
    ),
    "domain-beside-a-longer-one": Difference(
        "A listed host covers everything below it, also where a host below it is listed too: with `a.com` and "
        "`img.a.com` SquidGuard lets `www.a.com` through",
        line("http://www.bad.example/"),
        OPEN,
        BLOCKED,
        files={"bad/domains": "bad.example\nimg.bad.example\n"},
    ),
    "expression-with-a-scheme": Difference(
        "An expression that begins with `^http://` holds for host and path; in SquidGuard it holds for nothing",
        line("http://ads.example/"),
        OPEN,
        BLOCKED,
        WORDS,
        {"urls": "^https?://ads\\.\n"},
    ),
    "expression-at-the-end-of-a-host": Difference(
        "The port is no part of what an expression is held against; one that ends a host finds it in a CONNECT as well",
        line("ads.example:443"),
        OPEN,
        BLOCKED,
        WORDS,
        {"urls": "^ads\\.example$\n"},
    ),
    "expression-with-a-port": Difference(
        "And one that names a port finds nothing: ports are closed in Squid. The import tells of each",
        line("http://x.example:8080/"),
        BLOCKED,
        OPEN,
        WORDS,
        {"urls": ":8080/\n"},
    ),
    "comma-after-a-name": Difference(
        "A comma that stands right after a name ends it; SquidGuard 1.6 takes it for a part of the name, and in a "
        "`pass` line ends in its emergency mode",
        line("http://x.example/", user="anna"),
        OPEN,
        BLOCKED,
        "src a {\n user anna, bob\n}\nacl {\n a {\n  pass none\n  redirect 302:http://a.example/\n }\n"
        " default {\n  pass all\n }\n}\n",
    ),
}

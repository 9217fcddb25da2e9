"""Expressions for people: what is wrong with one in plain words, and what it matches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from drystone.engine.filtering import HELP_SITES, parse_request
from drystone.engine.filtering.index import ExpressionIndex, expression_fault

LONGEST = 1000
_NOBODY = "192.0.2.1"  # RFC 5737: no rule looks at who asks here

# What RE2 says → what to do. In this order: the first that fits is told.
_FAULTS = (
    (r"missing \)", "A bracket ( is opened and not closed. Close it with ), or write \\( for the sign itself."),
    (r"unexpected \)", "There is a ) without a ( before it. Take it out, or write \\) for the sign itself."),
    (r"missing \]", "A [ is opened and not closed. Close it with ], or write \\[ for the sign itself."),
    (r"no argument for repetition", "It begins with {sign}, which repeats what stands before it, and nothing does. "
     "For a site and all below it make a rule for the site; for any letters write .* after something."),
    (r"bad repetition operator", "{sign} repeats a repetition. Keep one of its signs."),
    (r"invalid repetition size", "{sign} repeats too often: 1,000 times at most."),
    (r"invalid perl operator: \(\?[=!<]", "Looking ahead or behind, as {sign} does, is not possible: it would make the "
     "filter slow. Make two rules instead, one that blocks and one that allows."),
    (r"invalid escape sequence: \\[1-9]", "{sign} points back at a group, which is not possible: it would make the "
     "filter slow. Write out what it stands for."),
    (r"invalid escape sequence", "{sign} has no meaning. Leave out the \\, or write \\\\ for the sign itself."),
    (r"trailing \\", "It ends with a \\, which has nothing to stand before. Take it out."),
    (r"invalid character class range", "{sign} in [ ] runs backwards or is unknown. Write the lower sign first, like "
     "[a-z]."),
)  # fmt: skip

# Pages that a school would miss: an expression that matches one of them is far too wide, or meant for the default.
EVERYDAY = (
    "www.bbc.co.uk/bitesize", "www.gov.uk/", "www.google.co.uk/search?q=volcanoes", "en.wikipedia.org/wiki/Iron_Age",
    "www.bing.com/search?q=river+severn", "www.purplemash.com/", "ttrockstars.com/", "www.nhs.uk/conditions/",
    "www.youtube.com/watch?v=abcdefghijk", "login.microsoftonline.com/", "docs.google.com/document/d/1/edit",
    "www.metoffice.gov.uk/weather/", "www.nationaltrust.org.uk/", "kids.kiddle.co/Tudor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tried:
    """One address against an expression. `before`, `found` and `after` are the text that the filter reads."""

    written: str
    matches: bool
    before: str = ""
    found: str = ""
    after: str = ""
    trouble: str = ""


def explain_fault(pattern: str) -> str:
    """Why an expression cannot be used, in plain words; "" where it can."""
    if not pattern:
        return "Write the expression."
    if len(pattern) > LONGEST:
        return f"An expression has {LONGEST:,} characters at most."
    if fault := expression_fault(pattern):
        sign = fault.rpartition(": ")[2]
        for known, words in _FAULTS:
            if re.search(known, fault):
                return words.replace("{sign}", f"“{sign}”")
        return f"It cannot be read by RE2: {fault}."
    if ExpressionIndex([(0, pattern)]).any("", ""):
        return "It matches everything, even nothing at all. Use the group’s profile to close all that is not allowed."
    return ""


def try_on(pattern: str, address: str, at: datetime) -> Tried:
    """Whether an expression that can be used matches an address, as the gateway would read it."""
    whole = address if "://" in address else f"http://{address}"
    request = parse_request(whole, client=_NOBODY, at=at)
    if not request.host:
        return Tried(address, False, trouble="This cannot be read as an address, so it is blocked whatever the rules.")
    index = ExpressionIndex([(0, pattern)])
    text = request.host + request.path
    if not index.any(request.host, request.path):
        return Tried(address, False, before=text)
    first, last = index.span(0, request.host, request.path)
    return Tried(address, True, text[:first], text[first:last], text[last:])


def everyday_matches(pattern: str, at: datetime) -> list[str]:
    """Pages of every day, and of help, that the expression would take in: a mark that it is too wide."""
    pages = (*EVERYDAY, *(f"{host}/" for host in HELP_SITES))
    return [page for page in pages if try_on(pattern, page, at).matches]

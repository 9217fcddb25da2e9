"""Readers of lists that have one entry a line: plain sites, hosts files, AdBlock filters, CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from drystone.engine.filtering.formats import Sink, Unusable, slug

Lines = Iterator[tuple[int, str]]

# Names that every hosts file gives to the machine itself and to its network.
OF_THE_MACHINE = frozenset(
    {"localhost", "localhost.localdomain", "localhost6", "local", "broadcasthost", "0.0.0.0",  # noqa: S104  a name in lists
     "ip6-localhost", "ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters",
     "ip6-allhosts"}
)  # fmt: skip
# What an AdBlock filter may say after `$` and still mean the whole site.
WHOLE_SITE = frozenset({"important", "all", "document", "doc", ""})
SITE_COLUMNS = ("domain", "host", "hostname", "site", "url", "address", "website", "fqdn", "dest")
CATEGORY_COLUMNS = ("category", "categories", "cat", "type", "theme", "group", "classification")
_COMMENT = re.compile(r"\s[#;!].*")
_COSMETIC = re.compile(r"#@?[?$%]?#")
_PIPES = re.compile(r"^\|{1,2}(?:https?://)?")


def read_domains(lines: Lines, sink: Sink) -> None:
    for number, line in lines:
        text = line.strip()
        if text and not text.startswith(("#", ";", "!")):
            sink.listed(number, _COMMENT.sub("", text).strip())


def read_hosts(lines: Lines, sink: Sink) -> None:
    """`0.0.0.0 site [site …]`, as hosts(5) has it. A line that gives a site a real address blocks nothing."""
    for number, line in lines:
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) == 1:
            sink.listed(number, words[0])
            continue
        if not _nowhere(words[0]):
            if not all(word.lower() in OF_THE_MACHINE for word in words[1:]):
                sink.skip(number, line.strip())
            continue
        for word in words[1:]:
            if word.lower() not in OF_THE_MACHINE:
                sink.listed(number, word)


def _nowhere(text: str) -> bool:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def read_adblock(lines: Lines, sink: Sink) -> None:
    """`||site^` and its exceptions `@@||site^`. Filters that hide parts of a page, or block only some requests to a
    site, say nothing of the whole site and are skipped."""
    for number, line in lines:
        text = line.strip()
        if not text or text.startswith(("!", "[")) or (text.startswith("#") and not _COSMETIC.match(text)):
            continue
        excepted = text.startswith("@@")
        site = None if _COSMETIC.search(text) else _site_of(text.removeprefix("@@"))
        if site is None:
            sink.skip(number, text)
        elif excepted:
            sink.excepted(number, site)
        else:
            sink.listed(number, site)


def _site_of(text: str) -> str | None:
    """The site, or site and path, that an AdBlock filter names whole; None where it means something else."""
    if text.startswith("/") and text.endswith("/"):
        return None  # a regular expression over the whole address
    pattern, dollar, options = text.partition("$")
    if dollar and not {option.strip().lower() for option in options.split(",")} <= WHOLE_SITE:
        return None
    words = pattern.split()
    if len(words) == 2 and _nowhere(words[0]):  # lists for resolvers mix hosts lines in
        return words[1]
    if len(words) != 1:
        return None
    site = _PIPES.sub("", pattern).removeprefix("*.")
    site = site.rstrip("*|").rstrip("^").rstrip("*")
    if not site or "^" in site or "*" in site or "|" in site:
        return None
    if not pattern.startswith("|") and "/" in site:
        return None  # without `|` it matches anywhere in an address
    return site


def read_csv(lines: Lines, sink: Sink) -> None:
    """A column of sites and one of categories, found by their headings, else by what stands in them. A cell may name
    several categories, with `|` or `;` between."""
    pending = list(_first(lines, 50))
    delimiter = _delimiter([line for _, line in pending])
    rows = [(number, cells) for number, line in pending if (cells := _cells(line, delimiter))]
    if not rows:
        return
    site, category, headed = _columns([cells for _, cells in rows])
    for number, cells in [*rows[headed:], *((n, _cells(line, delimiter)) for n, line in lines)]:
        if not cells or cells[0].startswith("#"):
            continue
        if len(cells) <= max(site, category):
            sink.skip(number, delimiter.join(cells))
            continue
        named = [name for part in re.split(r"[|;]", cells[category]) if (name := slug(part))] if category >= 0 else [""]
        for name in named or [""]:
            sink.listed(number, cells[site], name)


def _first(lines: Lines, count: int) -> Iterator[tuple[int, str]]:
    for number, line in lines:
        yield number, line
        if number >= count:
            return


def _delimiter(lines: Sequence[str]) -> str:
    """The mark that parts the columns: with it the first row names one, or else the most rows are equally wide.
    How often it stands there says little, for `|` may part the categories of one cell."""
    rows = [line for line in lines if line.strip() and not line.startswith("#")]

    def fits(mark: str) -> tuple[bool, int]:
        widths = [len(_cells(row, mark)) for row in rows]
        headed = any(cell.lower() in SITE_COLUMNS for cell in _cells(rows[0], mark)) and widths[0] > 1
        return headed, max((widths.count(width) for width in {*widths} if width > 1), default=0)

    return max(",;\t|", key=fits) if rows else ","


def _cells(line: str, delimiter: str) -> list[str]:
    """One row; a quoted cell does not run on over the line's end, for then one lost quote would eat the list."""
    if not line.strip():
        return []
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return [line]


def _columns(rows: Sequence[Sequence[str]]) -> tuple[int, int, bool]:
    """(column of sites, column of categories or -1, whether the first row is headings). Raises Unusable."""
    heading = [cell.lower() for cell in rows[0]]
    site = next((heading.index(name) for name in SITE_COLUMNS if name in heading), -1)
    category = next((heading.index(name) for name in CATEGORY_COLUMNS if name in heading), -1)
    if site >= 0:
        return site, category, True
    width = max(map(len, rows))
    alike = [sum("." in row[column] for row in rows if len(row) > column) for column in range(width)]
    site = max(range(width), key=lambda column: alike[column])
    if not alike[site]:
        raise Unusable("no column looks like sites; name one of them “domain” and one “category” in the first row")
    category = next((column for column in range(width) if column != site), -1)
    return site, category, False

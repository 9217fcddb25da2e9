"""What a yes opens, or a rule of a request blocks: one site with everything below it, and never a whole ending."""

from __future__ import annotations

# Under which countries hand out names to all comers: co.uk and com.au are no sites. Not whole, nor need it be: it keeps
# `www.` where it stands before one of these, and refuses the bare ending. What is opened is shown before it is. Not
# here: gov.uk and nhs.uk, which are sites, with nobody's but the state's below them.
_ENDINGS = frozenset({"ac", "co", "com", "edu", "ltd", "me", "ne", "net", "nom", "or", "org", "plc", "sch", "school"})


def covers(host: str) -> str:
    """The site that is meant by a host: `www.bbc.co.uk` is bbc.co.uk. But `www.com` is a site, and `com` is not."""
    site = host.removeprefix("www.")
    return host if is_ending(site) else site


def is_ending(host: str) -> bool:
    """Whether this is no site but what the names of many sites end in."""
    if ":" in host:
        return False
    first, dot, country = host.rpartition(".")
    return not dot or (len(country) == 2 and country.isalpha() and first in _ENDINGS)

"""The values of a rules file that have a grammar of their own: targets, addresses, days, times. Each function takes
the text and raises ValueError with what is wrong and what to do, for a reader to put file and line before."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network, summarize_address_range

from drystone.engine.filtering.hosts import HostError, canonical_host
from drystone.engine.filtering.rules import Target, TargetKind
from drystone.engine.filtering.schedule import DAY_NAMES, MIDNIGHT
from drystone.engine.filtering.words import Anything

Network = IPv4Network | IPv6Network

_TIME = re.compile(r"(\d\d?):(\d\d)", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_REDIRECT = re.compile(r'(?:30[12378]:)?https?://[^\s"\\]+').fullmatch
_MAPPED_BITS = 96  # the length of ::ffff:0:0/96


def read_target(text: str) -> Target:
    kind, colon, value = text.partition(":")
    value = value.strip()
    if not colon or kind not in tuple(TargetKind):
        raise ValueError(f"'{text}' is not a target; it begins with site:, category:, expression: or any:")
    if not value:
        raise ValueError(f"'{text}' names nothing; write what comes after {kind}:")
    match TargetKind(kind):
        case TargetKind.SITE:
            return _site(value)
        case TargetKind.EXPRESSION:
            return _expression(value)
        case TargetKind.ANY:
            return _anything(value)
        case _:
            return Target(TargetKind.CATEGORY, value)


def _site(text: str) -> Target:
    _refuse_scheme(text)
    if "#" in text:
        raise ValueError(f"site '{text}' has a fragment, which never leaves the browser; leave out # and what follows")
    end = min((place for mark in "/?" if (place := text.find(mark)) >= 0), default=len(text))
    host, path = read_host(text[:end]), text[end:]
    return Target(TargetKind.SITE, host + ("" if path == "/" else path), host, "" if path == "/" else path)


def _refuse_scheme(text: str) -> None:
    if scheme := _SCHEME.match(text):
        raise ValueError(f"'{text}' has a scheme; leave out {scheme[0]}, a rule holds for all of them")


def read_host(text: str) -> str:
    """The canonical host of a rule or a help site. No port, no user: a rule holds for the whole host."""
    if text.startswith(("*.", ".")):
        raise ValueError(f"'{text}' has a star or dot in front; write {text.lstrip('*.')}, it covers all below it")
    if "@" in text or " " in text or "*" in text:
        raise ValueError(f"'{text}' is not a site; write it as news.example")
    if re.search(r"(^[^:]*|\]):[^:]*$", text):
        raise ValueError(f"'{text}' has a port; leave it out, a rule holds for all of them")
    try:
        return canonical_host(text)
    except HostError as error:
        raise ValueError(f"'{text}' cannot be read as a host: {error}") from error


def read_help_host(text: str) -> str:
    """Help goes before every rule and leaves no name in the log, so a whole top-level domain cannot be help."""
    _refuse_scheme(text)
    host = read_host(text)
    if "." not in host and ":" not in host:
        raise ValueError(f"'{text}' is a whole top-level domain; name the help site itself")
    return host


def _expression(text: str) -> Target:
    import re2  # here, so that rules without expressions do not wait for it

    options = re2.Options()
    options.log_errors = False  # RE2 would write to standard error, beside our one clear line
    try:
        compiled = re2.compile(text, options)
    except re2.error as error:
        reason = str(error.args[0] if error.args else error).removeprefix("b'").removesuffix("'")
        raise ValueError(f"expression '{text}' cannot be read by RE2: {reason}") from error
    if compiled.search(""):
        raise ValueError(f"expression '{text}' matches everything; use the group's default instead")
    return Target(TargetKind.EXPRESSION, text)


def _anything(text: str) -> Target:
    if text not in tuple(Anything):
        raise ValueError(f"'any:{text}' is not a target; write any:site for all there is, or any:address")
    return Target(TargetKind.ANY, text)


def read_redirect(text: str) -> str:
    """The address of a page, as squidGuard takes it: maybe a status before it, and tokens in it."""
    if not _REDIRECT(text):
        raise ValueError(f"'{text}' is not the address of a page; write it as 302:http://school.example/blocked?url=%u")
    return text


def read_networks(text: str) -> list[Network]:
    """`10.1.0.0/16`, one address, or a range `10.1.0.5-10.1.0.9`."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    try:
        if dash:
            return [_unmapped(network) for network in summarize_address_range(ip_address(first), ip_address(last))]
        return [_unmapped(ip_network(text))]
    except (ValueError, TypeError) as error:
        raise ValueError(_address_trouble(text, error)) from error


def _address_trouble(text: str, error: Exception) -> str:
    if "host bits" in str(error):
        return f"'{text}' is an address within a range; the range is {ip_network(text, strict=False)}"
    return f"'{text}' is not a range of addresses; write it as 10.1.0.0/16, 10.1.0.7 or 10.1.0.5-10.1.0.9"


def _unmapped(network: Network) -> Network:
    """Clients come as IPv4 where they are IPv4-mapped IPv6, so zones must too."""
    if isinstance(network, IPv6Network) and network.prefixlen >= _MAPPED_BITS:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
    return network


def tidy(networks: list[Network]) -> tuple[Network, ...]:
    """In order, without doubles, neighbours joined: IPv4 before IPv6."""
    four = [network for network in networks if isinstance(network, IPv4Network)]
    six = [network for network in networks if isinstance(network, IPv6Network)]
    return (*collapse_addresses(four), *collapse_addresses(six))


def read_days(texts: list[str]) -> tuple[int, ...]:
    """`mon-fri`, `mon,wed`, `fri-mon`, whole names too: weekdays, 0 is Monday, in order."""
    days: set[int] = set()
    for part in ",".join(texts).split(","):
        first, dash, last = part.partition("-")
        start, end = _day(first), _day(last if dash else first)
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return tuple(sorted(days))


def _day(text: str) -> int:
    word = text.strip().lower()
    for number, name in enumerate(DAY_NAMES):
        if word in (name, _WHOLE_NAMES[number]):
            return number
    raise ValueError(f"'{text.strip()}' is not a day of the week; write mon, tue, wed, thu, fri, sat or sun")


_WHOLE_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_minute(text: str) -> int:
    """`12:30` as minutes after midnight; `24:00` is the end of the day."""
    time = _TIME.fullmatch(text)
    minute = int(time[1]) * 60 + int(time[2]) if time and int(time[2]) < 60 else MIDNIGHT + 1
    if minute > MIDNIGHT:
        raise ValueError(f"'{text}' is not a time; write it as 08:30 or 15:00, up to 24:00")
    return minute


def say_minute(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def say_days(days: tuple[int, ...]) -> str:
    """The shortest way to write weekdays: runs of three or more as a range."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = [
        f"{DAY_NAMES[run[0]]}-{DAY_NAMES[run[-1]]}" if len(run) > 2 else ",".join(DAY_NAMES[day] for day in run)
        for run in runs
    ]
    return ",".join(parts)

"""Which layout a list has, by its first lines. A person can say otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HOSTS = re.compile(r"^(?:0\.0\.0\.0|127\.\d+\.\d+\.\d+|::1?)\s+\S").match
_ADBLOCK = re.compile(r"^(?:\[Adblock|@@\|\||\|\|)", re.IGNORECASE).match
_RPZ = re.compile(r"^\$(?:TTL|ORIGIN)\b|\s(?:SOA|CNAME)\s", re.IGNORECASE).search
_CSV = re.compile(r"^[^,;\t|\s][^\s]*\s?[,;\t](?!\s*[#!])").match


def guess(head: Sequence[str]) -> str:
    said = [line for line in head if line.strip() and not line.lstrip().startswith(("#", ";", "!"))]
    if not said:
        return "domains"

    def share(found: int) -> float:
        return found / len(said)

    if any(re.match(r"^\$(?:TTL|ORIGIN)\b", line, re.IGNORECASE) for line in said[:20]):
        return "rpz"
    if said[0].lower().startswith("[adblock"):  # EasyList begins with hundreds of filters of other kinds
        return "adblock"
    if any(_ADBLOCK(line) for line in said) and share(sum(bool(_ADBLOCK(line)) for line in said)) > 0.2:
        return "adblock"
    for form, fits in (("hosts", _HOSTS), ("rpz", _RPZ), ("csv", _CSV)):
        if share(sum(bool(fits(line)) for line in said)) > 0.5:
            return form
    return "domains"

"""Sites of help that no rule, no missing agreement and no fault of ours closes: step 2 of the decision (P13).

Of visits to them neither person nor device nor path is logged: a child who looks for help is not to be found out.
"""

from __future__ import annotations

from collections.abc import Collection

# A host here covers everything below it, so each is one that its charity or agency has to itself.
HELP_SITES = (
    "childline.org.uk",
    "ceop.police.uk",
    "nspcc.org.uk",
    "samaritans.org",
    "themix.org.uk",
    "papyrus-uk.org",
    "youngminds.org.uk",
    "kooth.com",
    "barnardos.org.uk",
    "reportharmfulcontent.com",
    "iwf.org.uk",
    "saferinternet.org.uk",
    "thinkuknow.co.uk",
    "ceopeducation.co.uk",
    "actionforchildren.org.uk",
    "refuge.org.uk",
    "nationaldahelpline.org.uk",
    "beateatingdisorders.org.uk",
    "switchboard.lgbt",
    "victimsupport.org.uk",
    "nationalbullyinghelpline.co.uk",
    "anti-bullyingalliance.org.uk",
    "kidscape.org.uk",
    "111.nhs.uk",
)


def above(host: str) -> list[str]:
    """The host itself and every domain above it, nearest first."""
    names = [host]
    while "." in host:
        host = host.partition(".")[2]
        names.append(host)
    return names


def is_help(host: str, sites: Collection[str] = frozenset(HELP_SITES)) -> bool:
    return any(name in sites for name in above(host))

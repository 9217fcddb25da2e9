"""How people sign on at Squid (P62): by a proxy password of Drystone's, or by what the school has already.

- `basic`: a proxy password of each person's own (gateway/squid/basic.py). Asked for where a zone requires a person,
  and believed wherever it is offered.
- `ldap`: the name and password of the school's directory, by Squid's own helper. Asked for in the same places.
- `negotiate`: Kerberos, by Squid's own helper: a device of the domain signs its user on by itself, so it is asked for
  from everybody in the ranges that are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drystone.gateway.squid.launcher import SIGN_ON, launched
from drystone.gateway.squid.settings import Auth, ConfError

METHODS = ("basic", "ldap", "negotiate")
HELPERS = tuple(Path(folder) for folder in ("/usr/lib/squid", "/usr/lib64/squid", "/usr/libexec/squid"))
_OURS = ("--bundle", "--key-file", "--school")  # options of the decision's helper that this one has too


@dataclass(frozen=True, slots=True)
class SignOn:
    """`options` are the words that Squid's own helper is started with; `clients` the ranges that sign on always."""

    method: str
    options: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()

    def always(self, everybody: tuple[str, ...]) -> tuple[str, ...]:
        """The ranges of those who sign on wherever they go; a device of the domain does so by itself."""
        return self.clients or (everybody if self.method == "negotiate" else ())


def auth_for(wanted: SignOn | None, helper: tuple[str, ...], *, realm: str) -> Auth | None:
    """Raises ConfError, with what to give."""
    if wanted is None:
        return None
    realm = realm or "School"
    match wanted.method:
        case "basic":
            return Auth("basic", launched(helper, SIGN_ON, *_key_options(helper)), 64, realm)
        case "ldap":
            if not wanted.options:
                raise ConfError(
                    "--auth ldap needs --auth-option once a word: -b BASE -f FILTER -H ldaps://HOST -D NAME -W FILE"
                )
            return Auth("basic", (_squids("basic_ldap_auth"), *wanted.options), 0, realm)
        case "negotiate":
            options = wanted.options or ("-r", "-s", "GSS_C_NO_NAME")
            return Auth("negotiate", (_squids("negotiate_kerberos_auth"), *options), 0, realm)
        case _:
            raise ConfError(f"--auth {wanted.method}: give one of {', '.join(METHODS)}")


def _key_options(helper: tuple[str, ...]) -> list[str]:
    """What the decision's helper was told of bundle and key; one of key and school is enough."""
    given = {name: helper[place + 1] for place, name in enumerate(helper[:-1]) if name in _OURS}
    if "--key-file" in given:
        given.pop("--school", None)
    return [word for pair in given.items() for word in pair]


def _squids(name: str) -> str:
    for folder in HELPERS:
        if (folder / name).exists():
            return str(folder / name)
    raise ConfError(f"Squid's {name} is not installed here; on Debian or Ubuntu: apt install squid-openssl")

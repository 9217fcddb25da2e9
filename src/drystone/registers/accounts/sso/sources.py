"""`sign-in.yaml`: at whose provider people of the school may sign in. Read anew when it changes; fails closed.

microsoft:
  kind: microsoft
  tenant: 11111111-2222-3333-4444-555555555555
  client: 66666666-7777-8888-9999-000000000000
  secret: …                       # or secret_file: /etc/drystone/microsoft.secret
  domains: [fellside.example]     # only addresses of these are believed
  schools: [fellside]             # only accounts that open nothing else; or: all
  two_step: ours                  # or told, or theirs
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from django.conf import settings

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
GOOGLE = "https://accounts.google.com"
MICROSOFT = "https://login.microsoftonline.com/{tenant}/v2.0"
KEYS = frozenset(
    {"kind", "name", "tenant", "issuer", "client", "secret", "secret_file", "domains", "schools", "two_step"}
)
LABELS = {"microsoft": "Microsoft", "google": "Google"}


class BadSources(ValueError):
    """The file cannot be used; the sentence says where and what to do. Nobody signs in by it until it is right."""


class Kind(StrEnum):
    MICROSOFT = "microsoft"
    GOOGLE = "google"
    OPENID = "openid"


class TwoStep(StrEnum):
    """Whose second step counts."""

    OURS = "ours"  # whoever has two-step sign-in here is asked here, whatever the provider did
    TOLD = "told"  # the provider's counts where the ID token says that there was one (RFC 8176: amr has “mfa”)
    THEIRS = "theirs"  # the technician vouches that the provider asks everybody


@dataclass(frozen=True, slots=True)
class Source:
    """One provider. `issuer` is pinned: a token of any other is refused."""

    key: str
    kind: Kind
    name: str
    issuer: str
    client: str
    secret: str = field(repr=False)
    tenant: str
    domains: frozenset[str]
    schools: frozenset[str] | None  # None: every school of this house
    two_step: TwoStep

    @property
    def plain(self) -> bool:
        """Whether it may be asked without TLS: on this very machine only."""
        return is_here(self.issuer)


def is_here(address: str) -> bool:
    return urlsplit(address).hostname in ("localhost", "127.0.0.1", "::1")


def sources_file() -> Path:
    return Path(settings.SIGN_IN_FILE)


def sources() -> tuple[Source, ...]:
    """None where there is no file. Raises BadSources."""
    path = sources_file()
    try:
        about = path.stat()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise BadSources(f"{path} cannot be read: {error.strerror}") from None
    if about.st_mode & stat.S_IROTH:
        raise BadSources(f"{path} holds secrets, and everybody on this machine can read it: chmod 640 {path}")
    return _read(path, about.st_mtime_ns, about.st_size)


def source(key: str) -> Source | None:
    return next((each for each in sources() if each.key == key), None)


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int, _size: int) -> tuple[Source, ...]:
    try:
        top = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise BadSources(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadSources(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    if top is None:
        return ()
    found: dict[str, Source] = {}
    for key, (line, node) in _table(path, top).items():
        if not NAME.fullmatch(key) or len(key) > 30:
            raise BadSources(f"{path}, line {line}: “{key}” is to be lower-case letters, digits and hyphens, up to 30")
        found[key] = _source(_Given(path, key, line, _table(path, node)))
    return tuple(found.values())


Table = dict[str, tuple[int, yaml.Node]]


def _table(path: Path, node: yaml.Node) -> Table:
    if not isinstance(node, yaml.MappingNode):
        raise BadSources(f"{path}, line {node.start_mark.line + 1}: a table is missing, like “kind: microsoft”")
    table: Table = {}
    for key, value in node.value:
        if key.value in table:
            raise BadSources(f"{path}, line {key.start_mark.line + 1}: “{key.value}” stands twice")
        table[key.value] = (key.start_mark.line + 1, value)
    return table


@dataclass(frozen=True, slots=True)
class _Given:
    """What stands under one provider's name, and where."""

    path: Path
    key: str
    line: int
    table: Mapping[str, tuple[int, yaml.Node]]

    def wrong(self, key: str, what: str) -> BadSources:
        line = self.table[key][0] if key in self.table else self.line
        return BadSources(f"{self.path}, line {line}: “{self.key}”: {what}")

    def text(self, key: str, default: str | None = None) -> str:
        if key not in self.table:
            if default is None:
                raise self.wrong(key, f"“{key}” is missing")
            return default
        node = self.table[key][1]
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.wrong(key, f"“{key}” is to be a text")
        return str(node.value).strip()

    def texts(self, key: str) -> list[str]:
        if key not in self.table:
            raise self.wrong(key, f"“{key}” is missing: a list, like [fellside.example]")
        node = self.table[key][1]
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        if not items or not all(isinstance(item, yaml.ScalarNode) for item in items):
            raise self.wrong(key, f"“{key}” is to be a list with at least one entry, like [fellside.example]")
        return [str(item.value).strip() for item in items]


def _source(given: _Given) -> Source:
    if unknown := sorted(set(given.table) - KEYS):
        raise given.wrong(unknown[0], f"there is no “{unknown[0]}”. There are: {', '.join(sorted(KEYS))}")
    kind = _choice(given, "kind", Kind, None)
    return Source(
        key=given.key,
        kind=kind,
        name=given.text("name", LABELS.get(kind, given.key)),
        issuer=_issuer(given, kind),
        client=given.text("client"),
        secret=_secret(given),
        tenant=_tenant(given) if kind == Kind.MICROSOFT else "",
        domains=_domains(given),
        schools=_schools(given),
        two_step=_choice(given, "two_step", TwoStep, TwoStep.OURS),
    )


def _choice(given: _Given, key: str, choices: type[Kind] | type[TwoStep], default: TwoStep | None):  # type: ignore[no-untyped-def]
    text = given.text(key, default)
    if text not in list(choices):
        raise given.wrong(key, f"“{key}” is one of {', '.join(choices)}, not “{text}”")
    return choices(text)


def _tenant(given: _Given) -> str:
    """A tenant's name could pass to somebody else, and “common” is everybody: only its number pins it."""
    tenant = given.text("tenant").lower()
    if not GUID.fullmatch(tenant):
        raise given.wrong(
            "tenant", "“tenant” is the directory’s number, like 11111111-2222-3333-4444-555555555555, never “common”"
        )
    return tenant


def _issuer(given: _Given, kind: Kind) -> str:
    if kind == Kind.GOOGLE:
        return GOOGLE
    if kind == Kind.MICROSOFT:
        return MICROSOFT.format(tenant=_tenant(given))
    issuer = given.text("issuer")
    parts = urlsplit(issuer)
    if not parts.hostname or parts.query or parts.fragment:
        raise given.wrong("issuer", "“issuer” is an address like https://login.council.example")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here(issuer)):
        raise given.wrong("issuer", "“issuer” begins with https://, or anybody on the way could sign in as anybody")
    return issuer.rstrip("/")


def _secret(given: _Given) -> str:
    if "secret_file" not in given.table:
        return given.text("secret")
    if "secret" in given.table:
        raise given.wrong("secret_file", "give “secret” or “secret_file”, not both")
    try:
        secret = Path(given.text("secret_file")).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise given.wrong("secret_file", f"the file cannot be read: {error}") from None
    if not secret:
        raise given.wrong("secret_file", "the file is empty")
    return secret


def _domains(given: _Given) -> frozenset[str]:
    domains = [domain.lower().removeprefix("@") for domain in given.texts("domains")]
    for domain in domains:
        if not DOMAIN.fullmatch(domain):
            raise given.wrong("domains", f"“{domain}” is no domain like fellside.example")
    return frozenset(domains)


def _schools(given: _Given) -> frozenset[str] | None:
    """Which schools' people: whoever runs a provider decides who comes in, so each has its own."""
    node = given.table.get("schools", (0, None))[1]
    if isinstance(node, yaml.ScalarNode) and node.value.strip() == "all":
        return None
    return frozenset(given.texts("schools"))


def outside_sign_in() -> tuple[Source, ...]:
    """What the sign-in page offers: nothing of a file that cannot be used (the technician is told of it at home)."""
    try:
        return sources()
    except BadSources:
        return ()

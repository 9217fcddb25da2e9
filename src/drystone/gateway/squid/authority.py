"""The school's certificate authority in Squid's hands (P35): a copy of its key that only Squid's user can read.

What Squid shows for a blocked host is made by certgen.py, in memory: with a new authority nothing old is left.
"""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from drystone.engine.certificates import AuthorityError, ensure_authority
from drystone.engine.home import Home

SIGN_OF_TLS = tuple(  # comes with a Squid that can look into TLS, and with no other
    Path(folder) / "security_file_certgen"
    for folder in ("/usr/lib/squid", "/usr/lib64/squid", "/usr/libexec/squid", "/usr/local/libexec/squid")
)


class NoAuthority(RuntimeError):
    """Squid cannot be given the authority; one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Handed:
    """Where Squid finds what it needs. `fingerprint` is the authority's SHA-256, as pages show it."""

    authority: Path
    fingerprint: str


def hand_over(home: Home, out: Path, user: str, *, at: datetime) -> Handed:
    """Raises NoAuthority."""
    if not any(path.exists() for path in SIGN_OF_TLS):
        raise NoAuthority("this Squid cannot look into TLS; on Debian or Ubuntu: apt install squid-openssl")
    try:
        public = ensure_authority(home.ca, at=at)
        _to_owner_of(home)
        pem = (home.ca / "ca.key").read_bytes()
    except (AuthorityError, OSError) as error:
        raise NoAuthority(f"the school's certificate cannot be used: {error}") from None
    authority = write_secret(out / "ca.key", pem, user)
    return Handed(authority, public.sha256)


def write_secret(target: Path, secret: bytes, user: str) -> Path:
    """For Squid's user alone, and never through a link that somebody planted."""
    target.unlink(missing_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(secret)
    if os.geteuid() == 0:
        shutil.chown(target, user, pwd.getpwnam(user).pw_gid)
    return target


def _to_owner_of(home: Home) -> None:
    """Whoever runs the pages reads the certificate; root may have made it just now."""
    if os.geteuid() != 0:
        return
    owner = home.root.stat()
    for path in (home.ca, *home.ca.iterdir()):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)

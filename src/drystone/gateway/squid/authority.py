"""The school's certificate authority in Squid's hands (P35): a copy of its key that only Squid's user can read, and the
database in which Squid keeps the certificates that it makes for blocked hosts.

The database bears the authority's fingerprint in its name: with a new authority Squid starts a new one, and never
shows a certificate that the devices do not trust any more.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from drystone.engine.certificates import AuthorityError, ensure_authority
from drystone.engine.home import Home

CERTGEN = tuple(
    Path(folder) / "security_file_certgen"
    for folder in ("/usr/lib/squid", "/usr/lib64/squid", "/usr/libexec/squid", "/usr/local/libexec/squid")
)
TIMEOUT_S = 30


class NoAuthority(RuntimeError):
    """Squid cannot be given the authority; one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Handed:
    """Where Squid finds what it needs. `fingerprint` is the authority's SHA-256, as pages show it."""

    authority: Path
    certgen: Path
    certificates: Path
    fingerprint: str


def hand_over(home: Home, out: Path, user: str, *, at: datetime) -> Handed:
    """Raises NoAuthority."""
    certgen = next((path for path in CERTGEN if path.exists()), None)
    if certgen is None:
        raise NoAuthority("this Squid cannot look into TLS; on Debian or Ubuntu: apt install squid-openssl")
    try:
        public = ensure_authority(home.ca, at=at)
        _to_owner_of(home)
        pem = (home.ca / "ca.key").read_bytes()
    except (AuthorityError, OSError) as error:
        raise NoAuthority(f"the school's certificate cannot be used: {error}") from None
    authority = write_secret(out / "ca.key", pem, user)
    certificates = out / f"certificates-{public.sha256.replace(':', '')[:12].lower()}"
    for old in out.glob("certificates-*"):
        if old != certificates:
            shutil.rmtree(old, ignore_errors=True)
    if not (certificates / "index.txt").exists():
        _make_database(certgen, certificates, user)
    return Handed(authority, certgen, certificates, public.sha256)


def write_secret(target: Path, secret: bytes, user: str) -> Path:
    """For Squid's user alone, and never through a link that somebody planted."""
    target.unlink(missing_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(secret)
    if os.geteuid() == 0:
        shutil.chown(target, user, pwd.getpwnam(user).pw_gid)
    return target


def _make_database(certgen: Path, folder: Path, user: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run(
        [certgen, "-c", "-s", folder, "-M", "4MB"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())
        raise NoAuthority(f"{certgen.name} cannot make {folder}: {said[-200:]}")
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


def _to_owner_of(home: Home) -> None:
    """Whoever runs the pages reads the certificate; root may have made it just now."""
    if os.geteuid() != 0:
        return
    owner = home.root.stat()
    for path in (home.ca, *home.ca.iterdir()):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)

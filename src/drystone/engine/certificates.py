"""The school's own certificate authority: it lets a blocked HTTPS site show the block page, and does nothing else.

P35: the key signs certificates for blocked hosts only, for a few days each, and never leaves the home folder: it is
in no URL, log, bundle or `repr`. The public half may go anywhere.

In `home.ca`: `ca.key` (0600) holds the private key **and** its certificate in one file, so that a crash never parts
them; `ca.pem` is the certificate alone, for everybody to read. While devices change from one authority to the next
there are also `next.key`, `next.pem` and afterwards `old.pem` (its key is destroyed). Squid can be given the same
`ca.key` as `tls-cert=`.

ECDSA P-256 and not RSA: every system a school may still run trusts it (Windows since Vista, iOS since 9, ChromeOS
always), Squid signs with it, and a signature costs a twentieth, so that a flood of blocked hosts starves nobody.
Name constraints (RFC 5280 §4.2.1.10) do not fit: any host may be the blocked one. What can be narrowed is: no
authorities below it (path length 0), and web servers only (extended key usage), so it can vouch for no program, no
mail and no user.

It lives five years, about as long as a school keeps its devices. What it signs lives three days: Apple's devices
refuse a server's certificate of more than 825 days, or without the purpose "web server" (support.apple.com/103769).
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=5 * 365)
LEAF_LIFE = timedelta(days=3)
SKEW = timedelta(days=1)  # a tablet whose clock is behind still believes us
RENEW_BEFORE = timedelta(days=120)  # a school term to bring the next one to every device

CURRENT, NEXT, OLD = "ca", "next", "old"
_WEB_ONLY = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


class AuthorityError(Exception):
    """The authority cannot be used; the message says which file and what to do. Connections are refused instead."""


@dataclass(frozen=True, slots=True)
class PublicCertificate:
    """What anybody may see of an authority."""

    certificate: x509.Certificate
    which: str = CURRENT  # ca, next or old

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def name(self) -> str:
        """As devices list it."""
        names = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else "unnamed"

    @property
    def sha256(self) -> str:
        """The fingerprint as browsers and `certutil -dump` write it, in pairs: `AB:CD:…`."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    @property
    def sha1(self) -> str:
        """Windows calls this one "Thumbprint" and shows no other."""
        return self.certificate.fingerprint(hashes.SHA1()).hex(":").upper()  # noqa: S303 - to compare by eye

    @property
    def begins(self) -> datetime:
        return self.certificate.not_valid_before_utc

    @property
    def ends(self) -> datetime:
        return self.certificate.not_valid_after_utc


class Authority:
    """A certificate with its private key. Says nothing of the key to whoever prints, logs or pickles it."""

    __slots__ = ("_key", "public")

    def __init__(self, certificate: x509.Certificate, key: EllipticCurvePrivateKey, which: str = CURRENT) -> None:
        self.public = PublicCertificate(certificate, which)
        self._key = key

    def __repr__(self) -> str:
        return f"<Authority {self.public.name} {self.public.sha256[:11]}…>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an authority's key is not handed on")

    def leaf(self, host: str, key: EllipticCurvePrivateKey, *, at: datetime) -> bytes:
        """PEM of a certificate for `host` (canonical: a name in ASCII, or an address), for the holder of `key`."""
        issuer = self.public.certificate
        begins, ends = max(at - SKEW, self.public.begins), min(at + LEAF_LIFE, self.public.ends)
        if ends <= at:
            raise AuthorityError(f"{self.public.name} ended on {self.public.ends:%-d %B %Y}: change to a new one")
        signed = (
            x509.CertificateBuilder()
            .subject_name(_name("Blocked by the school's web filter"))
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.SubjectAlternativeName([_san(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(_WEB_ONLY, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return signed.public_bytes(serialization.Encoding.PEM)

    def _private_pem(self) -> bytes:
        return private_pem(self._key) + self.public.pem


def make_authority(*, at: datetime, which: str = CURRENT) -> Authority:
    """A new authority, in memory. Its name ends in a few signs of its own, to tell two apart in a device's list."""
    key = generate_private_key(SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    name = _name(f"Drystone web filter {identifier.digest[:3].hex().upper()}")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - SKEW)
        .not_valid_after(at + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(_WEB_ONLY, critical=False)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key, which)


def new_leaf_key() -> EllipticCurvePrivateKey:
    """One a process: it lives in memory and dies with it."""
    return generate_private_key(SECP256R1())


def private_pem(key: EllipticCurvePrivateKey) -> bytes:
    """For OpenSSL's eyes only."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def ensure_authority(folder: Path, *, at: datetime) -> PublicCertificate:
    """The authority of this home, made when there is none; mends the public half after a crash. Of two processes
    that start at once, both get the same one."""
    if not (folder / "ca.key").exists():
        _store(folder, make_authority(at=at), replace=False)
    authority = read_authority(folder)
    _publish(folder, authority)
    certificates = read_certificates(folder)
    if any(one.which == NEXT and one.certificate == authority.public.certificate for one in certificates):
        (folder / "next.pem").unlink(missing_ok=True)  # `switch_authority` was cut off before its last step
    return authority.public


def prepare_next(folder: Path, *, at: datetime) -> PublicCertificate:
    """Makes the authority that will follow, so that devices can be given it while the present one still works.
    Raises AuthorityError when one waits already."""
    if (folder / "next.key").exists():
        raise AuthorityError("the next certificate is made already: install it on the devices, then change to it")
    _store(folder, make_authority(at=at, which=NEXT), replace=False)
    waiting = read_authority(folder, NEXT)
    _publish(folder, waiting)
    return waiting.public


def switch_authority(folder: Path) -> PublicCertificate:
    """The next authority becomes the present one; the key of the one before is destroyed, its public half stays as
    `old.pem`, to be taken off the devices. Raises AuthorityError when none waits."""
    waiting = read_authority(folder, NEXT)
    with suppress(AuthorityError):
        _write(folder / "old.pem", read_authority(folder).public.pem, 0o644)
    (folder / "next.key").replace(folder / "ca.key")  # the one step that counts; the rest `ensure_authority` mends
    _publish(folder, Authority(waiting.public.certificate, waiting._key))
    (folder / "next.pem").unlink(missing_ok=True)
    return PublicCertificate(waiting.public.certificate)


def discard_next(folder: Path) -> None:
    """The next authority was not wanted after all."""
    for name in ("next.key", "next.pem"):
        (folder / name).unlink(missing_ok=True)


def read_authority(folder: Path, which: str = CURRENT) -> Authority:
    """With its key: for gateways, never for pages. Raises AuthorityError."""
    path = folder / f"{which}.key"
    try:
        data = path.read_bytes()
        if path.stat().st_mode & 0o077:
            raise AuthorityError(f"{path} can be read by others: `chmod 600 {path}`, and change to a new certificate")
    except FileNotFoundError:
        how = "drystone gateway ca --next" if which == NEXT else "drystone gateway ca"
        raise AuthorityError(f"{path} is not there: `{how}` makes it") from None
    except OSError as error:
        raise AuthorityError(f"{path} cannot be read ({error.strerror})") from None
    return authority_from(data, str(path), which)


def authority_from(pem: bytes, source: str, which: str = CURRENT) -> Authority:
    """From key and certificate in one PEM, in either order. Raises AuthorityError, which names the `source`."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
        certificate = x509.load_pem_x509_certificate(pem)
    except (ValueError, TypeError):
        raise AuthorityError(f"{source} is damaged: delete it, and `drystone gateway ca` makes a new one") from None
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise AuthorityError(f"{source}: key and certificate do not belong together: delete it for a new one")
    return Authority(certificate, key, which)


def read_certificates(folder: Path) -> list[PublicCertificate]:
    """The public halves that are there: the present one first, then the next, then the old. One that cannot be read
    is left out."""
    found = []
    for which in (CURRENT, NEXT, OLD):
        with suppress(OSError, ValueError):
            found.append(
                PublicCertificate(x509.load_pem_x509_certificate((folder / f"{which}.pem").read_bytes()), which)
            )
    return found


def needs_renewal(certificate: PublicCertificate, *, at: datetime) -> bool:
    return at >= certificate.ends - RENEW_BEFORE


def _publish(folder: Path, authority: Authority) -> None:
    path = folder / f"{authority.public.which}.pem"
    with suppress(OSError):
        if path.read_bytes() == authority.public.pem:
            return
    _write(path, authority.public.pem, 0o644)


def _store(folder: Path, authority: Authority, *, replace: bool) -> None:
    path = folder / f"{authority.public.which}.key"
    _write(path, authority._private_pem(), 0o600, replace=replace)


def _write(path: Path, data: bytes, mode: int, *, replace: bool = True) -> None:
    """Whole or not at all, never readable by more than `mode`; without `replace` the first writer wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            beside.replace(path)
            return
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Drystone"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _san(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(**on: bool) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: on.get(name, False) for name in every})

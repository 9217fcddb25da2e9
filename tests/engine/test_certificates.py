"""P35: the school's certificate authority signs for blocked hosts, and its key goes nowhere."""

import pickle
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from drystone.engine.certificates import (
    AUTHORITY_LIFE,
    RENEW_BEFORE,
    AuthorityError,
    discard_next,
    ensure_authority,
    make_authority,
    needs_renewal,
    new_leaf_key,
    prepare_next,
    read_authority,
    read_certificates,
    switch_authority,
)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ensure_authority(tmp_path / "ca", at=NOW)
    return tmp_path / "ca"


def leaf_of(folder: Path, host: str, at: datetime = NOW) -> x509.Certificate:
    return x509.load_pem_x509_certificate(read_authority(folder).leaf(host, new_leaf_key(), at=at))


def test_only_the_owner_can_read_the_key_and_everybody_the_certificate(folder):
    assert stat.S_IMODE((folder / "ca.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "ca.pem").stat().st_mode) == 0o644
    assert b"PRIVATE" not in (folder / "ca.pem").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["ca.key", "ca.pem"]


def test_a_key_that_others_can_read_is_not_used(folder):
    (folder / "ca.key").chmod(0o640)
    with pytest.raises(AuthorityError, match="chmod 600"):
        read_authority(folder)


def test_the_key_is_in_no_repr_and_in_no_pickle(folder):
    authority = read_authority(folder)
    secret = f"{authority._key.private_numbers().private_value:x}"
    said = f"{authority!r} {authority} {authority.public!r}"
    assert secret not in said
    assert "PRIVATE" not in said
    with pytest.raises(TypeError, match="not handed on"):
        pickle.dumps(authority)


def test_the_authority_vouches_for_web_servers_and_nothing_else(folder):
    certificate = read_authority(folder).public.certificate
    extensions = certificate.extensions
    assert extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]


@pytest.mark.parametrize(
    "host", ["casino.example", "xn--80ak6aa92e.example", "a" * 63 + ".example", "under_score.example"]
)
def test_a_leaf_names_its_host_for_a_few_days_only(folder, host):
    leaf = leaf_of(folder, host)
    leaf.verify_directly_issued_by(read_authority(folder).public.certificate)
    san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert san.get_values_for_type(x509.DNSName) == [host]
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=7)
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


@pytest.mark.parametrize("host", ["93.184.216.34", "2001:db8::7"])
def test_a_leaf_for_an_address_names_the_address(folder, host):
    san = leaf_of(folder, host).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert san.get_values_for_type(x509.IPAddress) == [ip_address(host)]
    assert san.get_values_for_type(x509.DNSName) == []


def test_an_authority_that_has_ended_signs_nothing(folder):
    with pytest.raises(AuthorityError, match="change to a new one"):
        leaf_of(folder, "casino.example", at=NOW + AUTHORITY_LIFE)


def test_many_that_start_at_once_get_the_same_authority(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ensure_authority(tmp_path / "ca", at=NOW), range(8)))
    assert len({one.sha256 for one in made}) == 1
    assert [one.sha256 for one in read_certificates(tmp_path / "ca")] == [made[0].sha256]


def test_while_devices_change_two_authorities_stand_and_one_of_them_signs(folder):
    before = read_authority(folder).public
    following = prepare_next(folder, at=NOW)
    assert [(one.which, one.sha256) for one in read_certificates(folder)] == [
        ("ca", before.sha256),
        ("next", following.sha256),
    ]
    assert read_authority(folder).public == before
    with pytest.raises(AuthorityError, match="made already"):
        prepare_next(folder, at=NOW)


def test_after_the_change_the_old_key_is_gone_and_its_certificate_can_still_be_named(folder):
    before = read_authority(folder).public
    following = prepare_next(folder, at=NOW)
    assert switch_authority(folder).sha256 == following.sha256
    assert read_authority(folder).public.sha256 == following.sha256
    assert [(one.which, one.sha256) for one in read_certificates(folder)] == [
        ("ca", following.sha256),
        ("old", before.sha256),
    ]
    keys = [path for path in folder.iterdir() if b"PRIVATE" in path.read_bytes()]
    assert [path.name for path in keys] == ["ca.key"]


def test_a_change_that_is_cut_off_is_finished_at_the_next_start(folder):
    following = prepare_next(folder, at=NOW)
    (folder / "next.key").replace(folder / "ca.key")  # and here the power failed
    assert read_authority(folder).public.sha256 == following.sha256
    ensure_authority(folder, at=NOW)
    assert [(one.which, one.sha256) for one in read_certificates(folder)] == [("ca", following.sha256)]


def test_a_next_authority_can_be_thrown_away(folder):
    before = read_authority(folder).public.sha256
    prepare_next(folder, at=NOW)
    discard_next(folder)
    assert [one.sha256 for one in read_certificates(folder)] == [before]
    with pytest.raises(AuthorityError, match=r"next\.key is not there"):
        switch_authority(folder)


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN PRIVATE KEY-----\n", b"\x00\xff" * 40])
def test_a_damaged_key_is_refused_with_words(folder, damage):
    (folder / "ca.key").write_bytes(damage)
    with pytest.raises(AuthorityError, match="damaged"):
        read_authority(folder)


def test_a_key_beside_the_certificate_of_another_is_refused(folder):
    other = make_authority(at=NOW).public.pem
    key = read_authority(folder)._key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.key").write_bytes(key + other)
    with pytest.raises(AuthorityError, match="do not belong together"):
        read_authority(folder)


def test_renewal_is_due_a_term_before_the_end(folder):
    public = read_authority(folder).public
    assert not needs_renewal(public, at=NOW)
    assert needs_renewal(public, at=public.ends - RENEW_BEFORE)

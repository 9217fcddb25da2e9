"""What Squid shows for blocked hosts is made as our own proxy makes it: for days, for web servers, with its own key."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.certificates import make_authority, new_leaf_key
from drystone.gateway.proxy.secure import load
from drystone.gateway.squid.certgen import CannotMake, Requests, answer

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AUTHORITY = make_authority(at=NOW)
KEY = new_leaf_key()
WHOLE = AUTHORITY._private_pem()
MARK = b"-----BEGIN CERTIFICATE"
SQUIDS_ORDER = WHOLE[WHOLE.index(MARK) :] + WHOLE[: WHOLE.index(MARK)]  # the certificate first


def body(host: str = "casino.example", sign: str = "signTrusted", pem: bytes = SQUIDS_ORDER) -> bytes:
    return f"host={host}\nSign={sign}\nSignHash=SHA256\n".encode() + pem


def request(content: bytes) -> bytes:
    return b"new_certificate %d %s\n" % (len(content), content)


def told(reply: bytes) -> tuple[str, bytes]:
    assert reply.endswith(b"\x01")
    code, length, text = reply[:-1].split(b" ", 2)
    assert int(length) == len(text)
    return code.decode(), text


@pytest.mark.parametrize("host", ["casino.example", "xn--80ak6aa92e.example", "10.1.2.3", "[2001:db8::7]"])
def test_the_certificate_fits_the_host_and_its_key(host):
    code, pem = told(answer(body(host), KEY, NOW))
    assert code == "OK"
    leaf = x509.load_pem_x509_certificate(pem)
    leaf.verify_directly_issued_by(AUTHORITY.public.certificate)
    assert leaf.public_key() == load_pem_private_key(pem, None).public_key() == KEY.public_key()
    assert leaf.public_key() != AUTHORITY.public.certificate.public_key()
    assert ExtendedKeyUsageOID.SERVER_AUTH in leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=7)
    load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), pem)


@pytest.mark.parametrize(
    "content",
    [body("not a host"), body(""), body(sign="signSelf"), body(pem=b""), body(pem=b"-----BEGIN garbage"), b"", b"\xff"],
)
def test_what_cannot_be_made_is_said_and_nothing_is_given(content):
    code, text = told(answer(content, KEY, NOW))
    assert code == "BH"
    assert b"BEGIN" not in text


def test_an_authority_that_has_ended_makes_nothing():
    assert told(answer(body(), KEY, NOW + timedelta(days=1900)))[0] == "BH"


@given(st.lists(st.sampled_from([body(), body("a.example"), b"x"]), max_size=4), st.data())
def test_requests_are_cut_the_same_in_pieces_of_any_size(bodies, data):
    stream = b"".join(map(request, bodies))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=6)))
    requests = Requests()
    found = [one for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) for one in requests.feed(stream[a:b])]
    assert found == bodies


@pytest.mark.parametrize(
    "stream", [b"other 3 abc\n", b"new_certificate x abc\n", b"new_certificate 999999 a\n", b"x" * 70000]
)
def test_a_stream_that_cannot_be_followed_ends_the_helper(stream):
    with pytest.raises(CannotMake):
        Requests().feed(stream)

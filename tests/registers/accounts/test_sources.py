"""`sign-in.yaml`: each mistake is told with its line, and nobody signs in by a file that is wrong."""

import pytest

from drystone.registers.accounts.sso.provider import told
from drystone.registers.accounts.sso.sources import BadSources, TwoStep, outside_sign_in, source, sources
from drystone.registers.accounts.today import sources_that_cannot_be_read
from drystone.registers.school.models import Role

TENANT = "11111111-2222-3333-4444-555555555555"
MICROSOFT = f"""microsoft:
  kind: microsoft
  tenant: {TENANT}
  client: app
  secret: s3cret
  domains: [fellside.example]
  schools: [fellside]
"""
GOOGLE = "google:\n  kind: google\n  client: app\n  secret: s\n  domains: [fellside.example]\n  schools: all\n"


@pytest.fixture
def file(tmp_path, settings):
    settings.SIGN_IN_FILE = tmp_path / "sign-in.yaml"

    def write(text, mode=0o600):
        settings.SIGN_IN_FILE.write_text(text)
        settings.SIGN_IN_FILE.chmod(mode)

    return write


def test_without_a_file_there_is_no_provider(file):
    assert sources() == ()


def test_microsoft_is_one_directory_and_google_one_workspace(file):
    file(MICROSOFT + GOOGLE)
    microsoft, google = sources()
    assert microsoft.issuer == f"https://login.microsoftonline.com/{TENANT}/v2.0"
    assert microsoft.two_step == TwoStep.OURS
    assert microsoft.schools == {"fellside"}
    assert (google.issuer, google.schools) == ("https://accounts.google.com", None)
    assert "s3cret" not in repr(microsoft)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (MICROSOFT.replace(TENANT, "common"), "line 3: “microsoft”: “tenant” is the directory’s number"),
        (MICROSOFT.replace("  schools: [fellside]\n", ""), "“schools” is missing"),
        (MICROSOFT.replace("  domains: [fellside.example]\n", ""), "“domains” is missing"),
        (MICROSOFT.replace("[fellside.example]", "[]"), "at least one entry"),
        (MICROSOFT.replace("[fellside.example]", "['*']"), "no domain like"),
        (MICROSOFT + "  domain: x\n", "line 8: “microsoft”: there is no “domain”"),
        (MICROSOFT + "  two_step: none\n", "one of ours, told, theirs"),
        (MICROSOFT.replace("s3cret", ""), "“secret” is to be a text"),
        (MICROSOFT + "  client: twice\n", "line 8: “client” stands twice"),
        (MICROSOFT.replace("kind: microsoft", "kind: facebook"), "one of microsoft, google, openid"),
        ("x:\n  kind: openid\n  issuer: http://login.example\n", "begins with https://"),
        ("- a\n", "a table is missing"),
        ("a: [", "is no YAML"),
        ("Big Name: {}", "lower-case letters"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_closes_the_way(file, text, why):
    file(text)
    with pytest.raises(BadSources, match="sign-in.yaml") as told_of:
        sources()
    assert why in str(told_of.value)
    assert outside_sign_in() == ()
    assert sources_that_cannot_be_read(None, None, frozenset({Role.TECHNICIAN}), None)
    assert not sources_that_cannot_be_read(None, None, frozenset({Role.TEACHER}), None)


def test_a_file_of_secrets_that_everybody_can_read_is_not_used(file):
    file(MICROSOFT, mode=0o644)
    with pytest.raises(BadSources, match="chmod 640"):
        sources()


def test_a_secret_may_lie_in_a_file_of_its_own(file, tmp_path):
    (tmp_path / "secret").write_text("from a file\n")
    file(MICROSOFT.replace("secret: s3cret", f"secret_file: {tmp_path / 'secret'}"))
    assert source("microsoft").secret == "from a file"


@pytest.mark.parametrize(
    ("claims", "doubt"),
    [
        ({}, ""),
        ({"xms_edov": True}, ""),
        ({"xms_edov": False}, "Microsoft has not checked the address"),
        ({"tid": "99999999-2222-3333-4444-555555555555"}, "another organisation’s directory"),
        ({"tid": None}, "another organisation’s directory"),
        ({"acct": 1}, "a guest"),
        ({"idp": "https://sts.windows.net/99999999-2222-3333-4444-555555555555/"}, "a guest"),
        ({"email": "head@elsewhere.example"}, "elsewhere.example is not a domain of the school"),
    ],
)
def test_an_address_in_a_directory_of_microsofts_is_believed_only_of_the_schools_own_members(file, claims, doubt):
    """nOAuth: whoever runs a directory may write any address into it."""
    file(MICROSOFT)
    theirs = source("microsoft")
    said = {"iss": theirs.issuer, "sub": "1", "tid": TENANT, "email": "head@fellside.example"} | claims
    found = told(theirs, said, said)
    assert doubt in found.doubt
    assert bool(found.address) is not bool(doubt)


@pytest.mark.parametrize(("hd", "believed"), [("fellside.example", True), ("elsewhere.example", False), (None, False)])
def test_google_is_believed_for_the_schools_own_workspace_only(file, hd, believed):
    file(GOOGLE)
    theirs = source("google")
    said = {"iss": theirs.issuer, "sub": "1", "email": "head@fellside.example", "email_verified": True, "hd": hd}
    assert bool(told(theirs, said, said).address) is believed

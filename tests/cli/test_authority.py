"""`drystone gateway ca` on the machine that holds the key."""

import json
import stat

import pytest
from cryptography import x509
from typer.testing import CliRunner

from drystone.cli.gateway import app


@pytest.fixture
def ca(tmp_path):
    def run(*words):
        return CliRunner().invoke(app, ["ca", "--home", str(tmp_path / "home"), *map(str, words)])

    return run


def told(answer) -> list[dict]:
    assert answer.exit_code == 0, answer.output
    return [json.loads(line) for line in answer.output.splitlines()]


def test_it_makes_the_certificate_once_and_shows_what_to_compare(ca):
    first, again = told(ca("--json")), told(ca("--json"))
    assert first == again
    assert first[0]["sha256"] in ca().output


def test_it_writes_the_public_half_alone(ca, tmp_path):
    ca("--out", tmp_path / "drystone.pem")
    data = (tmp_path / "drystone.pem").read_bytes()
    assert b"PRIVATE" not in data
    assert x509.load_pem_x509_certificate(data)
    assert stat.S_IMODE((tmp_path / "home" / "ca" / "ca.key").stat().st_mode) == 0o600


def test_it_changes_to_the_next_in_two_steps(ca):
    (before,) = told(ca("--json"))
    current, following = told(ca("--next", "--json"))
    assert (current["sha256"], following["which"]) == (before["sha256"], "next")
    changed, old = told(ca("--change", "--json"))
    assert (changed["sha256"], old["sha256"]) == (following["sha256"], before["sha256"])


@pytest.mark.parametrize(("words", "status"), [(["--change"], 1), (["--next", "--change"], 2)])
def test_what_cannot_be_done_is_one_line(ca, words, status):
    answer = ca(*words)
    assert answer.exit_code == status
    assert len(answer.output.splitlines()) == 1

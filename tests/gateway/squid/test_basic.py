"""P62: Squid's basic authentication helper, as Squid speaks with it."""

import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from drystone.engine.filtering import person_key
from drystone.engine.filtering.identity import school_key
from drystone.engine.filtering.overlay import Overlay, write_overlay
from drystone.engine.filtering.verifier import make_verifier
from drystone.gateway.signon import Doorkeeper
from drystone.gateway.squid import basic
from drystone.gateway.squid.basic import Basic, Verifiers, main

SECRET = b"a key of this house"
NAME, PASSWORD = "zo\u00eb fell", "river lamp 42%"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def verifier():
    return make_verifier(PASSWORD, salt=bytes(16))


@pytest.fixture
def folder(tmp_path, verifier):
    write_overlay(tmp_path / "overlay.json", Overlay(verifiers={person_key(SECRET, NAME): verifier}))
    (tmp_path / "key").write_bytes(SECRET)
    return tmp_path


@pytest.fixture
def helper(folder):
    return Basic(Verifiers(folder / "overlay.json", SECRET))


def line(user, password, *more, number="7"):
    return " ".join([number, quote(user), quote(password, safe=""), *more]).encode() + b"\n"


def test_a_right_password_is_ok_and_each_answer_has_its_number(helper):
    assert helper.answer(line(NAME, PASSWORD, "10.1.0.7")) == b"7 OK\n"
    assert helper.answer(line(NAME.upper(), PASSWORD, number="1023")) == b"1023 OK\n"
    assert helper.answer(line(NAME, PASSWORD).removeprefix(b"7 ")) == b"OK\n"  # without concurrency
    assert helper.answer(b"3 zo%EB%20fell river%20lamp%2042%25\n") == b"3 OK\n"  # Latin-1, as some browsers send


@pytest.mark.parametrize(
    "odd",
    [
        line(NAME, "guess"),
        line("nobody", PASSWORD),
        line(NAME, ""),
        b"7 \n",
        b"7\n",
        b"\n",
        b"7 zo%C3%AB%20fell %00\n",
        b"7 %FF%FE %FF\n",
        b"7 " + b"a" * 10_000,
    ],
)
def test_whatever_comes_the_answer_is_one_line_and_no(helper, odd):
    answer = helper.answer(odd)
    assert answer.endswith(b"\n")
    assert answer.count(b"\n") == 1
    assert b"ERR message=" in answer
    assert b"OK" not in answer


def test_who_guesses_is_slowed_at_their_address_only(helper, folder, monkeypatch, verifier):
    tries = []
    monkeypatch.setattr("drystone.gateway.signon.verify", lambda password, _: tries.append(1) or password == PASSWORD)
    verifiers = Verifiers(folder / "overlay.json", SECRET)
    helper = Basic(verifiers, Doorkeeper(verifiers.of, clock=lambda: 0.0))
    for _ in range(5):
        helper.answer(line(NAME, "guess", "10.1.0.7"))
    assert b"too%20often" in helper.answer(line(NAME, PASSWORD, "10.1.0.7"))
    assert len(tries) == 5
    assert helper.answer(line(NAME, PASSWORD, "10.1.0.8", "-")) == b"7 OK\n"


def test_without_an_overlay_nobody_is_let_in_and_with_a_new_one_the_new_password_counts(folder, monkeypatch, capsys):
    monkeypatch.setattr(basic, "REFRESH_S", 0.0)
    overlay = folder / "overlay.json"
    helper = Basic(Verifiers(overlay, SECRET))
    overlay.write_bytes(overlay.read_bytes()[:-9])
    assert helper.answer(line(NAME, PASSWORD)).startswith(b"7 BH ")
    overlay.unlink()
    assert helper.answer(line(NAME, PASSWORD)).startswith(b"7 BH ")
    assert "nobody can sign on" in capsys.readouterr().err
    made = make_verifier("new one", salt=bytes(16))
    write_overlay(overlay, Overlay(verifiers={person_key(SECRET, NAME): made}))
    assert helper.answer(line(NAME, PASSWORD)).startswith(b"7 ERR ")
    assert helper.answer(line(NAME, "new one")) == b"7 OK\n"


def test_the_process_answers_as_squid_asks_and_says_no_password(folder, tmp_path):
    command = [sys.executable, "-m", "drystone.gateway.squid.basic", "--bundle", str(folder / "current")]
    asked = line(NAME, PASSWORD) + b"x" * 40_000 + b"\n" + line(NAME, "guess", number="8")
    done = subprocess.run([*command, "--key-file", str(folder / "key")], input=asked, capture_output=True, timeout=20)
    answers = done.stdout.split(b"\n")
    assert (done.returncode, answers[0], answers[2].split()[:2]) == (0, b"7 OK", [b"8", b"ERR"])
    assert b"guess" not in done.stdout + done.stderr


def test_wrong_usage_is_one_line_that_says_what_is_missing(capsys, tmp_path):
    (tmp_path / "empty").touch()
    for argv, said in (
        ([], "--bundle is missing"),
        (["--bundle", "x"], "give one of --key-file and --school"),
        (["--bundle", "x", "--key-file", str(tmp_path / "none")], "cannot be read"),
        (["--bundle", "x", "--key-file", str(tmp_path / "empty")], "is empty"),
        (["--cache"], "unknown option"),
    ):
        assert main(argv) == 2
        assert said in capsys.readouterr().err
    assert school_key("fellside") == basic._options(["--bundle", "x", "--school", "fellside"])[1]

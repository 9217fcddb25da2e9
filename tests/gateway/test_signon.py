"""P62: proxy passwords at the door: found right once and remembered, tried wrong and slowed."""

from base64 import b64encode

import pytest

from drystone.engine.filtering.verifier import make_verifier
from drystone.gateway import signon
from drystone.gateway.signon import Doorkeeper, Outcome, place_of, read_basic

SALT = bytes(16)
HERE, THERE = "10.1.0.7", "10.1.0.8"


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def tried(monkeypatch):
    """How often a password was really worked out; quick, and as right or wrong as the real thing."""
    count = []
    monkeypatch.setattr(signon, "verify", lambda password, verifier: count.append(1) or f"v:{password}" == verifier)
    return count


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def people():
    return {"pfell": "v:river lamp 42", "bcole": "v:other"}


@pytest.fixture
def door(clock, people, tried):
    return Doorkeeper(lambda user: people.get(user, ""), clock=clock)


def test_the_real_verifier_opens_and_a_name_without_one_does_not():
    door = Doorkeeper(lambda user: made if user == "pfell" else "")
    made = make_verifier("river lamp 42", salt=SALT)
    assert door.check("pfell", "river lamp 42", HERE) is Outcome.RIGHT
    assert door.check("pfell", "river lamp 43", HERE) is Outcome.WRONG
    assert door.check("nobody", "river lamp 42", HERE) is Outcome.WRONG


def test_a_right_password_is_worked_out_once_and_no_more_after_it_is_replaced(door, people, tried):
    for _ in range(3):
        assert door.check("pfell", "river lamp 42", HERE) is Outcome.RIGHT
    assert len(tried) == 1
    people["pfell"] = "v:new"
    assert not door.knows("pfell", "river lamp 42", HERE)
    assert door.check("pfell", "river lamp 42", HERE) is Outcome.WRONG
    del people["pfell"]
    assert door.check("pfell", "new", HERE) is Outcome.WRONG


def test_who_guesses_waits_longer_each_time_and_nothing_is_worked_out_meanwhile(door, clock, tried):
    for _ in range(5):
        assert door.check("pfell", "guess", HERE) is Outcome.WRONG
    assert door.check("pfell", "river lamp 42", HERE) is Outcome.SLOWED
    assert len(tried) == 5
    clock.now += 5.1
    assert door.check("pfell", "guess", HERE) is Outcome.WRONG
    clock.now += 5.1
    assert door.check("pfell", "guess", HERE) is Outcome.SLOWED
    clock.now += 5.1
    assert door.check("pfell", "river lamp 42", HERE) is Outcome.RIGHT


def test_a_classmate_who_guesses_does_not_keep_the_child_out(door, clock):
    for _ in range(15):
        door.note("pfell", "guess", HERE, "", right=False)
    assert door.wait("pfell", HERE) > 60
    assert door.check("pfell", "river lamp 42", THERE) is Outcome.RIGHT


def test_who_is_known_already_is_let_in_however_often_others_guess(door):
    assert door.check("pfell", "river lamp 42", HERE) is Outcome.RIGHT
    for _ in range(50):
        door.note("pfell", "guess", HERE, "", right=False)
    assert door.check("pfell", "river lamp 42", HERE) is Outcome.RIGHT


def test_what_is_remembered_of_one_address_is_no_answer_to_who_guesses_at_another(door):
    """Else a guesser who is slowed would go on at full speed: wrong ones wait, and the right one opens."""
    assert door.check("pfell", "river lamp 42", HERE) is Outcome.RIGHT
    for number in range(5):
        door.check("pfell", f"guess {number}", THERE)
    assert door.check("pfell", "river lamp 42", THERE) is Outcome.SLOWED
    assert door.check("pfell", "river lamp 42", HERE) is Outcome.RIGHT


@pytest.mark.parametrize("first", ["pfell", "somebody-else-"])
def test_a_machine_that_guesses_where_the_child_is_signed_on_finds_nothing_out(door, clock, tried, first):
    assert door.check("pfell", "river lamp 42", HERE) is Outcome.RIGHT
    for number in range(40):  # until it is slowed: by this name, or by the address alone
        door.check(first if first == "pfell" else f"{first}{number}", f"guess {number}", HERE)
    worked_out = len(tried)
    guesses = [door.check("pfell", f"other {number}", HERE) for number in range(signon.MOST_BLIND)]
    assert set(guesses) == {Outcome.SLOWED}
    assert door.check("pfell", "river lamp 42", HERE) is Outcome.SLOWED
    assert len(tried) == worked_out
    clock.now += signon.FORGET_SECONDS
    assert door.check("pfell", "river lamp 42", HERE) is Outcome.RIGHT


def test_one_address_that_tries_many_names_is_slowed(door, tried):
    found = [door.check(f"name{number}", "guess", HERE) for number in range(40)]
    assert found.count(Outcome.WRONG) == signon.OF_PLACE.free + 1
    assert found[-1] is Outcome.SLOWED


def test_after_a_quarter_of_an_hour_the_count_begins_anew(door, clock):
    for _ in range(8):
        door.note("pfell", "guess", HERE, "", right=False)
    clock.now += signon.FORGET_SECONDS
    assert door.wait("pfell", HERE) == 0


def test_ten_thousand_names_do_not_make_the_door_forget_who_tries_them(door, monkeypatch):
    monkeypatch.setattr(signon, "MOST_WATCHED", 100)
    for number in range(200):
        door.note(f"name{number}", "guess", HERE, "", right=False)
    assert door.wait("name", HERE) > 0
    assert len(door._watched) <= 103


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"Basic " + b64encode(b"pfell:river lamp 42"), ("pfell", "river lamp 42")),
        (b"bAsIc  " + b64encode(b"pfell:a:b"), ("pfell", "a:b")),
        (b"Basic " + b64encode("zo\u00eb:caf\u00e9".encode()), ("zo\u00eb", "caf\u00e9")),
        (b"Basic " + b64encode("zo\u00eb:caf\u00e9".encode("latin-1")), ("zo\u00eb", "caf\u00e9")),
        (b"Basic " + b64encode(b"pfell:"), ("pfell", "")),
        (b"Basic " + b64encode(b"no colon"), None),
        (b"Basic " + b64encode(b" :password"), None),
        (b"Basic " + b64encode(b"a\0b:c"), None),
        (b"Basic ???", None),
        (b"Basic", None),
        (b"", None),
        (b"Negotiate YII=", None),
        (b"Basic " + b"A" * 4000, None),
    ],
)
def test_the_header_is_read_as_rfc_7617_says_or_not_at_all(value, found):
    assert read_basic(value) == found


def test_an_address_is_counted_as_one_however_it_is_written():
    assert place_of("::ffff:10.1.0.7") == "10.1.0.7"
    assert place_of("2001:db8::1") == place_of("2001:db8::ffff")
    assert place_of("fe80::1%eth0") == "fe80::/64"
    assert place_of("nonsense") == ""

"""P62: a proxy password is known by a verifier from which it cannot be read."""

import pytest

from drystone.engine.filtering.verifier import make_verifier, verify

SALT = bytes(range(16))


def test_a_password_fits_its_own_verifier_and_no_other_does():
    made = make_verifier("river lamp 42", salt=SALT)
    assert made.startswith("scrypt$16384$8$1$")
    assert "river" not in made
    assert verify("river lamp 42", made)
    for wrong in ("river lamp 43", "River lamp 42", "", " ", "x" * 300):
        assert not verify(wrong, made)


def test_the_salt_makes_equal_passwords_look_different():
    assert make_verifier("river", salt=SALT) != make_verifier("river", salt=SALT[::-1])


def test_a_password_is_the_same_however_a_keyboard_composes_it():
    assert verify(" cafe\u0301\n", make_verifier("caf\u00e9", salt=SALT))


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "scrypt",
        "scrypt$16384$8$1$AAAA$",
        "scrypt$0$8$1$AAAA$AAAA",
        "scrypt$1073741824$8$1$AAECAwQFBgcICQoLDA0ODw==$" + "A" * 43 + "=",
        "scrypt$16384$8$99999999$AAECAwQFBgcICQoLDA0ODw==$" + "A" * 43 + "=",
        "plain$16384$8$1$AAAA$river",
        "scrypt$16384$8$1$" + "not base64!" + "$AAAA",
        "scrypt$x$8$1$AAAA$AAAA$more",
    ],
)
def test_what_is_no_verifier_fits_no_password(broken):
    assert verify("river", broken) is False


def test_no_password_and_no_salt_are_refused():
    with pytest.raises(ValueError, match="at least one character"):
        make_verifier("  ", salt=SALT)
    with pytest.raises(ValueError, match="16 bytes"):
        make_verifier("river", salt=b"short")

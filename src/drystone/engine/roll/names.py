"""How names are compared: by what people hear, not by how a keyboard wrote it."""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode does not take apart into a plain one and its mark.
PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"})
APOSTROPHES = re.compile(r"['’‘ʼ`´]")
BETWEEN = re.compile(r"[^0-9a-z]+")


def fold(text: str) -> str:
    """Lower case, plain letters, single spaces: “O’Brien-Łukasz” and “obrien lukasz” are one name.

    Letters of other alphabets stay as they are, so that no name folds to nothing.
    """
    apart = unicodedata.normalize("NFKD", APOSTROPHES.sub("", text)).casefold()  # some capitals appear only here
    bare = "".join(char for char in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(char))
    plain = APOSTROPHES.sub("", bare).translate(PLAIN)
    if plain.isascii():
        return BETWEEN.sub(" ", plain).strip()
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())


def search_text(given_names: str, family_name: str, preferred_name: str = "", upn: str = "") -> str:
    """What a person is found by: each word once, in reading order."""
    words = fold(f"{given_names} {preferred_name} {family_name}").split()
    return " ".join(dict.fromkeys([*words, *fold(upn).split()]))

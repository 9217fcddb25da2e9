"""POSIX extended expressions in RE2's syntax: held against grep -E, which is the same library as squidGuard's."""

from __future__ import annotations

import os
import subprocess

import pytest
import re2

from drystone.engine.filtering.squidguard.expressions import to_re2

TEXTS = (
    *("casino.example/x", "a]b", "a\\b", "a.b", "word here", "x12y", "d4", "a^b", "[x]", "tab\there", "a-b", "ends$"),
    "x~y&",
)
SAME = (
    *("casino", "[]a]", "[^]a]x", "[\\.]b", "a[\\\\]b", "\\<word\\>", "[[:digit:]]{2}", "(a|d)[0-9]?", "\\d4"),
    *("a\\.b", "[a^]", "^a", "b$", "ends\\$", "[x", "x[", "[~&]", "a\\-b", "[[:alpha:][:digit:]]+/", "^$", "[[]x"),
)


@pytest.mark.parametrize("pattern", SAME)
def test_an_expression_finds_what_it_found(pattern: str) -> None:
    grep = subprocess.run(
        ["grep", "-E", "-e", pattern],
        input="\n".join(TEXTS),
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )
    if grep.returncode == 2:  # no expression at all
        with pytest.raises(ValueError, match=r"\[ without its \]"):
            to_re2(pattern)
        return
    ours = [text for text in TEXTS if re2.search(to_re2(pattern), text)]
    assert ours == grep.stdout.splitlines()


@pytest.mark.parametrize(
    ("pattern", "why"),
    [("(a)\\1", "refers back"), ("[[.a.]]", "collating"), ("[[=a=]]", "collating"), ("a\\", "backslash")],
)
def test_what_re2_cannot_say_is_refused_with_the_reason(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        to_re2(pattern)

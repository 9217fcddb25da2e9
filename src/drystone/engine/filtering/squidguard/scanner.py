"""Takes a squidGuard.conf apart into words. More forgiving than squidGuard's own (sg.l), which takes a block only at
the beginning of a line and no carriage return: what it reads means the same here."""

from __future__ import annotations

import re
from bisect import bisect_right

from drystone.engine.filtering.squidguard.conf import SquidGuardError, Word, fault

_SPACE = re.compile(r"(?:[ \t\r\n\f\v]|#[^\n]*)*")
_MARK = re.compile(r"[{}!,]")
_WORD = re.compile(r'[^\s{}!,#"]+')
_ADDRESS = re.compile(r'[^\s{}#"]+')  # of a page: commas and ! are part of it
_QUOTED = re.compile(r'"([^"\n]*)"')
_SUBSTITUTION = re.compile(r"s@((?:[^@\\\n]|\\.)+)@((?:[^@\\\n]|\\.)*)@[giIrR]*")
_LINE = re.compile(r"[^\n}]*")
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_LONGEST = 4 << 20  # characters; such a file has a few kilobytes


class Scanner:
    def __init__(self, text: str, source: str) -> None:
        """Raises SquidGuardError for what is no text."""
        self.source = source
        self._text = text.removeprefix("\ufeff")
        self._at = 0
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", self._text))]
        if len(text) > _LONGEST:
            raise fault(source, 1, 1, "is too long for a squidGuard.conf; lists stand in files of their own")
        if control := _NOT_TEXT.search(self._text):
            raise self.fault_at(control.start(), "is a character that is not text; is this a squidGuard.conf?")

    @property
    def length(self) -> int:
        return len(self._text)

    def fault_at(self, place: int, message: str) -> SquidGuardError:
        line, column = self._where(place)
        return fault(self.source, line, column, message)

    def word(self) -> Word | None:
        """The next word or mark (`{`, `}`, `!`, `,`); None at the end."""
        return self._take(_MARK, _WORD)

    def peek(self) -> Word | None:
        before = self._at
        word = self.word()
        self._at = before
        return word

    def address(self) -> Word | None:
        """The next word, read as the address of a page."""
        return self._take(_ADDRESS)

    def substitution(self) -> Word | None:
        """`s@pattern@text@flags`, if that comes next."""
        self._skip()
        found = _SUBSTITUTION.match(self._text, self._at)
        return self._word(found) if found else None

    def rest(self) -> str:
        """What is left of the line, or of the block."""
        found = _LINE.match(self._text, self._at)
        text = found[0] if found else ""
        self._at += len(text)
        return text.partition("#")[0].strip()

    def _take(self, *kinds: re.Pattern[str]) -> Word | None:
        self._skip()
        if self._at >= len(self._text):
            return None
        if self._text[self._at] == '"':
            if not (found := _QUOTED.match(self._text, self._at)):
                raise self.fault_at(self._at, 'a quoted text has no end on its line; add the "')
            word = self._word(found)
            return Word(found[1], word.line, word.column, quoted=True)
        for kind in kinds:
            if found := kind.match(self._text, self._at):
                return self._word(found)
        raise self.fault_at(self._at, f"'{self._text[self._at]}' has no place here")

    def _word(self, found: re.Match[str]) -> Word:
        line, column = self._where(found.start())
        self._at = found.end()
        return Word(found[0], line, column)

    def _skip(self) -> None:
        if found := _SPACE.match(self._text, self._at):
            self._at = found.end()

    def _where(self, place: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, place)
        return line, place - self._line_starts[line - 1] + 1

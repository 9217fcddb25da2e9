"""Reads a squidGuard.conf: statement by statement, and each block by a table of what may stand in it. The grammar is
that of squidGuard 1.6 (sg.y). Nothing is resolved here: names may be used before they are defined."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from drystone.engine.filtering.squidguard.conf import (
    Acl,
    Conf,
    Destination,
    Element,
    Entry,
    Left,
    Limit,
    Rewrite,
    Source,
    SquidGuardError,
    Time,
    Word,
)
from drystone.engine.filtering.squidguard.scanner import Scanner
from drystone.engine.filtering.squidguard.sources import Range, range_of, within_mask
from drystone.engine.filtering.squidguard.times import read_dates, read_weekly

_MARKS = ("{", "}", "!", ",")
_STATEMENTS = {"dest": "dest", "destination": "dest", "src": "src", "source": "src", "rew": "rew", "rewrite": "rew",
               "time": "time", "acl": "acl"}  # fmt: skip
_SETTINGS = ("dbhome", "logdir", "syslog", "ldapcachetime", "ldapprotover", "ldapbinddn", "ldapbindpass",
             "mysqlusername", "mysqlpassword", "mysqldb")  # fmt: skip
_SECRET = ("ldapbindpass", "mysqlpassword")
_OF_SOURCE = ("ip", "iplist", "user", "userlist", "domain", "within", "outside", "continue", "log", "logfile",
              "userquery", "ldapusersearch", "ldapipsearch", "execuserlist", "userquota", "ipquota")  # fmt: skip
_OF_DESTINATION = ("domainlist", "urllist", "expressionlist", "redirect", "rewrite", "within", "outside", "log",
                   "logfile")  # fmt: skip
_OF_TIME = ("weekly", "date")
_OF_REWRITE = ("within", "outside", "log", "logfile")
_OF_ACL = ("pass", "redirect", "rewrite", "log", "logfile")
_ADDRESS_PART = re.compile(r"[0-9./-]+")
_ADDRESS = re.compile(r"(\d+(?:\.\d+){3})(?:/(\d+)|/(\d+(?:\.\d+){3})|-(\d+(?:\.\d+){3}))?", re.ASCII)


def read_conf(text: str, *, source: str = "squidGuard.conf") -> Conf:
    """Raises SquidGuardError at the first thing that cannot be understood, as squidGuard itself gives up there."""
    return _Reader(Scanner(text, source), Conf(source)).file()


class _Reader:
    def __init__(self, scanner: Scanner, conf: Conf) -> None:
        self._scan = scanner
        self._conf = conf

    def file(self) -> Conf:
        blocks: dict[str, Callable[[], None]] = {
            "dest": self._destination,
            "src": self._source,
            "rew": self._rewrite,
            "time": self._time,
            "acl": self._acls,
        }
        while word := self._scan.word():
            if word.text in _STATEMENTS:
                blocks[_STATEMENTS[word.text]]()
            elif word.text in _SETTINGS:
                self._setting(word)
            else:
                raise self._unknown(word, "a statement", (*_STATEMENTS, *_SETTINGS))
        return self._conf

    def _setting(self, word: Word) -> None:
        if word.text == "dbhome":
            self._conf.dbhome = self._named("a folder").text
            return
        text = self._scan.rest()
        self._conf.settings.append(Left(word, word.text if word.text in _SECRET else f"{word.text} {text}"))

    def _source(self) -> None:
        source = Source(self._new(self._conf.sources, "source"))
        self._conf.sources[source.name.text] = source
        readers: dict[str, Callable[[Word], None]] = {
            "ip": lambda _: self._addresses(source),
            "iplist": lambda _: source.iplists.append(self._named("a file")),
            "user": lambda _: self._users(source),
            "userlist": lambda _: source.userlists.append(self._named("a file")),
            "domain": lambda _: source.domains.extend(self._words(_OF_SOURCE)),
        }
        for word in self._block(_OF_SOURCE, "src"):
            if word.text in readers:
                readers[word.text](word)
            elif word.text in ("within", "outside"):
                source.limit = self._limit(word)
            elif word.text == "continue":
                source.goes_on = word
            else:
                source.left.append(Left(word, f"{word.text} {self._scan.rest()}"))

    def _addresses(self, source: Source) -> None:
        """Address, CIDR, netmask and range may stand with space around `-`, and on more than one line."""
        addresses = source.addresses = source.addresses if source.addresses is not None else []
        parts: list[Word] = []
        while (word := self._scan.peek()) and (word.text == "," or _ADDRESS_PART.fullmatch(word.text)):
            self._scan.word()
            glued = parts and (word.text[0] in "-/" or parts[-1].text[-1] in "-/")
            if word.text == ",":
                continue
            if glued:
                parts[-1] = Word(parts[-1].text + word.text, parts[-1].line, parts[-1].column)
            else:
                parts.append(word)
        for part in parts:
            ranges = self._address(part)
            addresses += ranges
            if not ranges:
                source.odd.append(Left(part, part.text))

    def _address(self, word: Word) -> list[Range]:
        found = _ADDRESS.fullmatch(word.text)
        if not found:
            raise self._conf.fault(word, f"'{word.text}' is not an address, range or network; write it as 10.1.0.0/16")
        try:
            return within_mask(found[1], found[2], found[3]) if not found[4] else range_of(found[1], found[4])
        except ValueError as error:
            raise self._conf.fault(word, str(error)) from error

    def _users(self, source: Source) -> None:
        source.users = source.users if source.users is not None else set()
        source.users.update(word.text.lower() for word in self._words(_OF_SOURCE))

    def _destination(self) -> None:
        destination = Destination(self._new(self._conf.destinations, "destination"))
        self._conf.destinations[destination.name.text] = destination
        if (mark := self._scan.peek()) and mark.text != "{":
            return  # `dest name` alone is a statement of the grammar, and says nothing
        for word in self._block(_OF_DESTINATION, "dest"):
            if word.text in ("domainlist", "urllist", "expressionlist"):
                name = self._named("a file")
                if word.text == "expressionlist" and name.text in ("i", "c") and self._more_on(name):
                    name = self._named("a file")
                if earlier := destination.lists.get(word.text):
                    destination.left.append(Left(earlier, f"{word.text} {earlier.text}"))
                destination.lists[word.text] = name
            elif word.text == "redirect":
                destination.redirect = self._page()
            elif word.text in ("within", "outside"):
                destination.limit = self._limit(word)
            else:
                destination.left.append(Left(word, f"{word.text} {self._scan.rest()}"))

    def _more_on(self, word: Word) -> bool:
        """Whether another word stands on the same line."""
        following = self._scan.peek()
        return bool(following and following.line == word.line and following.text not in _MARKS)

    def _rewrite(self) -> None:
        rewrite = Rewrite(self._new(self._conf.rewrites, "rewrite"))
        self._conf.rewrites[rewrite.name.text] = rewrite
        self._open("rew")
        while True:
            if substitution := self._scan.substitution():
                rewrite.substitutions.append(substitution)
                continue
            word = self._inside("rew")
            if word.text == "}":
                return
            if word.text not in _OF_REWRITE:
                raise self._unknown(word, "a substitution s@…@…@ or a line of rew", _OF_REWRITE)
            rewrite.left.append(Left(word, f"{word.text} {self._scan.rest()}"))

    def _time(self) -> None:
        time = Time(self._new(self._conf.times, "time"))
        self._conf.times[time.name.text] = time
        for word in self._block(_OF_TIME, "time"):
            read = read_weekly if word.text == "weekly" else read_dates
            text = " ".join(part.text for part in self._words(_OF_TIME))
            time.elements.append(self._element(read, word, text))

    def _element(self, read: Callable[[Word, str], Element], word: Word, text: str) -> Element:
        try:
            return read(word, text)
        except ValueError as error:
            raise self._conf.fault(word, str(error)) from error

    def _acls(self) -> None:
        self._open("acl")
        while (word := self._inside("acl")).text != "}":
            if word.text in _MARKS:
                raise self._conf.fault(word, f"'{word.text}' stands where a source's name should")
            acl = Acl(word)
            following = self._scan.peek()
            if following and following.text in ("within", "outside"):
                acl.limit = self._limit(self._named("within"))
            self._acl_block(acl)
            following = self._scan.peek()
            if following and following.text == "else":
                self._scan.word()
                acl.otherwise = Acl(word)
                self._acl_block(acl.otherwise)
            self._conf.acls.append(acl)

    def _acl_block(self, acl: Acl) -> None:
        for word in self._block(_OF_ACL, "acl"):
            if word.text == "pass":
                acl.entries = acl.entries if acl.entries is not None else []
                acl.entries += self._entries()
            elif word.text == "redirect":
                acl.redirect = self._page()
            else:
                acl.left.append(Left(word, f"{word.text} {self._scan.rest()}"))

    def _entries(self) -> list[Entry]:
        """Names up to the next word of an acl or its end, over as many lines as it takes."""
        entries, allowed = [], True
        while (word := self._scan.peek()) and word.text not in ("{", "}", *_OF_ACL):
            self._scan.word()
            if word.text == "!":
                allowed = False
            elif word.text != ",":
                entries.append(Entry(word, allowed))
                allowed = True
        if not allowed and word:
            raise self._conf.fault(word, "! stands before no name; name the destination that is not to pass")
        return entries

    # -- the parts that blocks are made of

    def _new(self, known: Mapping[str, object], what: str) -> Word:
        name = self._named(f"the name of a {what}")
        if name.text in known:
            raise self._conf.fault(name, f"{what} '{name.text}' stands here a second time; keep one")
        return name

    def _named(self, what: str) -> Word:
        word = self._scan.word()
        if word is None:
            raise self._end(what)
        if word.text in _MARKS and not word.quoted:
            raise self._conf.fault(word, f"'{word.text}' stands where {what} should")
        return word

    def _page(self) -> Word:
        word = self._scan.address()
        if word is None:
            raise self._end("the address of a page")
        return word

    def _limit(self, word: Word) -> Limit:
        return Limit(self._named("the name of a time"), within=word.text == "within")

    def _words(self, keys: tuple[str, ...]) -> list[Word]:
        """Words up to the next key of the block, or its end. Commas between them say nothing."""
        words: list[Word] = []
        while (word := self._scan.peek()) and word.text not in ("{", "}") and (word.quoted or word.text not in keys):
            self._scan.word()
            if word.text != ",":
                words.append(word)
        return words

    def _block(self, keys: tuple[str, ...], what: str) -> _Block:
        self._open(what)
        return _Block(self, keys, what)

    def _open(self, what: str) -> None:
        word = self._scan.word()
        if word is None:
            raise self._end("{")
        if word.text != "{":
            raise self._conf.fault(word, f"'{word.text}' stands where the {{ of {what} should")

    def _inside(self, what: str) -> Word:
        word = self._scan.word()
        if word is None:
            raise self._end(f"the }} of {what}")
        return word

    def _end(self, what: str) -> SquidGuardError:
        return self._scan.fault_at(self._scan.length, f"the file ends where {what} should stand; is it whole?")

    def _unknown(self, word: Word, what: str, known: tuple[str, ...]) -> SquidGuardError:
        near = get_close_matches(word.text, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
        return self._conf.fault(word, f"'{word.text[:60]}' is not {what}; {hint}")


class _Block:
    """The keys of a block, one after another; whoever takes one reads what belongs to it before asking for the next."""

    def __init__(self, reader: _Reader, keys: tuple[str, ...], what: str) -> None:
        self._reader = reader
        self._keys = keys
        self._what = what

    def __iter__(self) -> _Block:
        return self

    def __next__(self) -> Word:
        word = self._reader._inside(self._what)
        if word.text == "}":
            raise StopIteration
        if word.text not in self._keys:
            raise self._reader._unknown(word, f"a line of {self._what}", self._keys)
        return word

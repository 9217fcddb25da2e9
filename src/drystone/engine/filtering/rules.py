"""A school's rules as value types: what `parse_rules` reads from the rules file, what the screens build, and
what is compiled into a bundle. Reading and writing the file is in rules_read.py and rules_dump.py, and YAML is
imported only when a file is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from drystone.engine.filtering.request import Level
from drystone.engine.filtering.rules_schema import suggestion
from drystone.engine.filtering.schedule import Calendar, Condition, Period, Schedule, Timetable
from drystone.engine.filtering.words import Access, Default, Match, RuleAction, TargetKind, YouTube

__all__ = [
    "Access",
    "Calendar",
    "Category",
    "Condition",
    "Default",
    "Group",
    "Match",
    "Period",
    "Person",
    "Problem",
    "Rule",
    "RuleAction",
    "Rules",
    "RulesError",
    "Schedule",
    "School",
    "Target",
    "TargetKind",
    "Timetable",
    "YouTube",
    "Zone",
    "dump_rules",
    "load_rules",
    "parse_rules",
    "with_folders",
]

RULE_LEVELS = (Level.GLOBAL, Level.SCHOOL, Level.GROUP, Level.ZONE, Level.PERSON)


@dataclass(frozen=True, slots=True)
class School:
    name: str = "School"
    slug: str = "school"


@dataclass(frozen=True, slots=True)
class Category:
    """`lists` are folders relative to LISTS. A mandatory category blocks whatever any rule says (FM7)."""

    key: str
    lists: tuple[str, ...]
    title: str = ""  # plain words for the block page; see `label`
    mandatory: bool = False
    redirect: str = ""  # the page in place of a blocked one, for the rewriter; see docs/guide/rules-file.md
    line: int = field(default=0, compare=False)

    @property
    def label(self) -> str:
        return self.title or plain_words(self.key)


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    default: Default
    title: str = ""  # `name` in the file
    safe_search: bool = False
    youtube: YouTube = YouTube.OFF
    access: Access = Access.OPEN
    match: Match = Match.ANY
    redirect: str = ""
    line: int = field(default=0, compare=False)

    @property
    def label(self) -> str:
        return self.title or plain_words(self.key)


@dataclass(frozen=True, slots=True)
class Zone:
    """Addresses of one zone never overlap another's. IPv4-mapped IPv6 is written as IPv4."""

    key: str
    addresses: tuple[IPv4Network | IPv6Network, ...]
    group: str
    title: str = ""  # `name` in the file
    require_person: bool = False
    line: int = field(default=0, compare=False)

    @property
    def label(self) -> str:
        return self.title or plain_words(self.key)


@dataclass(frozen=True, slots=True)
class Person:
    """`name` is the sign-on name, in the form of identity.sign_on_name. In a bundle only its keyed hash stands."""

    name: str
    group: str
    access: Access = Access.OPEN
    zones: Mapping[str, str] = field(default_factory=dict)  # zone -> the person's group there
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Target:
    """What a rule is about.

    SITE: `value` is `host` or `host/path` or `host?query`, and `host` is canonical; `path` starts with `/` or `?`
    or is "". CATEGORY: `value` is the category's key. EXPRESSION: `value` is RE2 syntax, known to compile.
    ANY: `value` is one of words.Anything.
    """

    kind: TargetKind
    value: str
    host: str = ""
    path: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `level` says when it is read; `group`, `zone` and `person` say whom it holds for ("" everyone),
    and the one that `level` names is always filled. `person` is a key of Rules.people."""

    id: str
    level: Level
    action: RuleAction
    target: Target
    reason: str
    by: str
    group: str = ""
    zone: str = ""
    person: str = ""
    locked: bool = False  # global rules only
    when: str = ""
    outside: str = ""
    until: date | None = None  # the last day on which it holds
    redirect: str = ""  # goes before the category's and the group's
    line: int = field(default=0, compare=False)

    @property
    def condition(self) -> Condition:
        return Condition(when=self.when, outside=self.outside, until=self.until)


@dataclass(frozen=True, slots=True)
class Rules:
    """A whole rules file. `categories` is None where the file leaves them out; rules may name a folder of LISTS that
    is not among them, so the compiler completes both by `with_folders`. `everyone_else` is a group's key, or ""
    where a client in no zone is blocked. The order of every mapping and of `rules` is the file's."""

    school: School = field(default_factory=School)
    calendar: Calendar = field(default_factory=Calendar)  # has the school's time zone
    categories: Mapping[str, Category] | None = None
    groups: Mapping[str, Group] = field(default_factory=dict)
    zones: Mapping[str, Zone] = field(default_factory=dict)
    everyone_else: str = ""
    people: Mapping[str, Person] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    help: tuple[str, ...] = ()  # canonical hosts, always reachable, beside the built-in ones
    source: str = field(default="rules", compare=False)

    @property
    def timezone(self) -> str:
        return self.calendar.timezone

    def timetable(self) -> Timetable:
        """Every distinct condition of the rules, each at its bit: `timetable.bit(rule.condition)`."""
        conditions = dict.fromkeys(rule.condition for rule in self.rules)
        return Timetable(self.calendar, dict(self.schedules), tuple(conditions))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a rules file, with what to do. `line` 0 is the file as a whole."""

    line: int
    message: str


class RulesError(Exception):
    """The rules cannot be used. The message is a line for each problem: FILE, line N: what is wrong, what to do."""

    def __init__(self, source: str, *problems: Problem) -> None:
        self.source = source
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(self._say(problem) for problem in self.problems))

    def _say(self, problem: Problem) -> str:
        place = f"{self.source}, line {problem.line}" if problem.line else self.source
        # Keys come from the file as they are: one line each, and nothing that a terminal would obey.
        return "".join(char if char.isprintable() else "?" for char in f"{place}: {problem.message}")


def with_folders(rules: Rules, folders: Collection[str]) -> Rules:
    """The rules once LISTS is known: `folders` are those that are categories of their own name.

    Left-out categories become one for each folder; a category that a rule names and the file does not is the folder
    of that name. Where there is none, RulesError with the rule's line.
    """
    categories = dict(rules.categories or {})
    if rules.categories is None:
        categories = {folder: Category(folder, (folder,)) for folder in sorted(folders)}
    problems = []
    for rule in rules.rules:
        name = rule.target.value
        if rule.target.kind is not TargetKind.CATEGORY or name in categories:
            continue
        if name in folders:
            categories[name] = Category(name, (name,), line=rule.line)
            continue
        hint = suggestion(name, tuple(sorted({*categories, *folders})))
        message = f"rule {rule.id}: category '{name}' is neither under categories nor a folder of lists; {hint}"
        problems.append(Problem(rule.line, message))
    if problems:
        raise RulesError(rules.source, *problems)
    return replace(rules, categories=categories)


def plain_words(key: str) -> str:
    """`social_networks` as people read it: Social networks."""
    words = key.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def load_rules(path: Path) -> Rules:
    """Read a rules file. Raises RulesError, which lists every problem found, with file and line."""
    from drystone.engine.filtering.rules_read import read_rules

    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise RulesError(str(path), Problem(0, f"cannot be read ({error.strerror}); check the name")) from error
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise RulesError(str(path), Problem(0, message)) from error
    return read_rules(text, source=str(path))


def parse_rules(text: str, *, source: str = "rules") -> Rules:
    """The same for text at hand; `source` stands in messages where the file's name would."""
    from drystone.engine.filtering.rules_read import read_rules

    return read_rules(text, source=source)


def dump_rules(rules: Rules) -> str:
    """The rules as a rules file: `parse_rules(dump_rules(rules)) == rules` for rules that a file could hold, so that
    what the screens built is checked by reading it back before it is published."""
    from drystone.engine.filtering.rules_dump import write_rules

    return write_rules(rules)

"""What is wrong in a rules file is said in one line each: file, line, what is wrong, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.filtering.rules import RulesError, load_rules, parse_rules

GROUPS = "groups: {pupils: {default: allow}, staff: {default: allow}}\n"


def rule(text: str, *, rest: str = "") -> str:
    """A file with one rule, complete but for what `text` says."""
    return f"{GROUPS}{rest}rules:\n  - {{level: school, reason: trial, by: head, {text}}}\n"


def faults(text: str) -> list[str]:
    with pytest.raises(RulesError) as refused:
        parse_rules(text, source="r.yaml")
    return str(refused.value).splitlines()


def fault(text: str) -> str:
    (only,) = faults(text)
    return only


def test_a_fault_names_file_and_line_what_is_wrong_and_what_to_do() -> None:
    assert fault("groups:\n  ks1: {default: allow}\n  ks2: {defualt: allow, default: block}\n") == (
        "r.yaml, line 3: group ks2: 'defualt' is not a key here; did you mean 'default'?"
    )


def test_every_fault_of_a_file_is_told_at_once_in_the_order_of_lines() -> None:
    text = (
        "school: {timezone: Europe/Londinium}\n"
        "groups: {ks1: {default: blok}}\n"
        "zones:\n"
        "  suite: {addresses: [10.1.0.0/16], group: ks2}\n"
        "  office: {addresses: [10.1.2.0/24], group: ks1}\n"
        "rules:\n"
        "  - {level: school, block: 'site:a.example', by: head}\n"
        "  - {level: school, block: 'expression:(', when: lunch, until: 31/1/2027, reason: r, by: head}\n"
    )
    told = faults(text)
    assert [line.split(":")[0] for line in told] == [f"r.yaml, line {n}" for n in (1, 2, 4, 5, 7, 8, 8, 8)]


def test_the_problems_of_an_error_can_be_read_one_by_one() -> None:
    with pytest.raises(RulesError) as refused:
        parse_rules("groups: {a: {}, b: {}}", source="r.yaml")
    assert [problem.line for problem in refused.value.problems] == [1, 1]
    assert refused.value.source == "r.yaml"


# Keys and names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GROUPS + "zonse: {}", r"line 2: 'zonse' is not a key here; did you mean 'zones'\?"),
        ("zones: {}", r"line 1: 'groups' is missing"),
        (GROUPS + "groups: {}", r"line 2: 'groups' stands here a second time \(first on line 1\); keep one"),
        ("groups:\n  a: {default: allow}\n  a: {default: block}", r"line 3: 'a' stands here a second time .*line 2"),
        ("groups:\n  a:\n    default: allow\n    default: block", r"line 4: 'default' stands here a second time"),
        (GROUPS + "<<: {zones: {}}", r"line 2: '<<' is not a key here"),
        ("groups: {a: {}}", r"group a: 'default' is missing; add default: allow or block"),
        ("groups: {a: allow}", r"group a: should be a table"),
        ("groups: [a, b]", r"groups should be a table"),
        ('groups: {"key stage 1": {default: allow}}', r"'key stage 1' cannot name a group; use letters"),
        ("groups: {a: {default: allow, safe_search: yes}}", r"safe_search is 'yes'; write true or false"),
        ("groups: {a: {default: allow, youtube: on}}", r"youtube is 'on'; there are: strict, moderate, off"),
        ("groups: {a: {default: allow, access: opn}}", r"access is 'opn'; did you mean 'open'\?"),
        ("groups: {a: {default: allow, name: ''}}", r"name is empty; fill it in or leave the key out"),
        (GROUPS + "everyone_else: {group: pupil}", r"everyone_else: 'pupil' is not under groups.*'pupils'\?"),
        (GROUPS + "everyone_else: pupils", r"everyone_else: should be a table"),
        (GROUPS + "school: {slug: ../etc}", r"slug '../etc' cannot name the school's folder"),
        (GROUPS + "school: {slug: here}", r"slug 'here'"),
        (GROUPS + "school: {timezone: ../../etc/passwd}", r"timezone '../../etc/passwd' is not a time zone"),
        (GROUPS + "school: {timezone: Europe}", r"timezone 'Europe' is not a time zone"),
        (GROUPS + "categories: {a: {lists: [../../etc]}}", r"list '../../etc' is not a folder below LISTS"),
        (GROUPS + "categories: {a: {lists: [/etc]}}", r"list '/etc' is not a folder below LISTS"),
        (GROUPS + "people: {asmith: {group: stuff}}", r"person asmith: 'stuff' is not under groups.*'staff'\?"),
        (GROUPS + "people: {asmith: {}}", r"person asmith: 'group' is missing"),
        (GROUPS + "people: {asmith: {group: staff}, ASmith: {group: pupils}}", r"person ASmith: .*second time"),
        (GROUPS + "help: [org]", r"help: 'org' is a whole top-level domain; name the help site itself"),
        (GROUPS + "help: ['https://school.example/']", r"help: .* has a scheme; leave out https://"),
    ],
)
def test_a_key_or_name_that_is_wrong(text: str, said: str) -> None:
    with pytest.raises(RulesError, match=said):
        parse_rules(text)
    assert len(faults(text)) == 1


# Zones


@pytest.mark.parametrize("addresses", ["10.1.2.0/24", "10.1.255.255", "10.0.0.0/8", "10.1.0.0/16", "9.0.0.0-10.1.0.0"])
def test_zones_that_overlap_are_both_named(addresses: str) -> None:
    zones = f"suite: {{addresses: [10.1.0.0/16], group: pupils}}, office: {{addresses: [{addresses}], group: staff}}"
    text = f"{GROUPS}zones: {{{zones}}}"
    said = fault(text)
    assert "overlaps" in said
    assert "zone suite" in said
    assert "zone office" in said
    assert "an address belongs to one zone" in said


def test_an_overlap_behind_a_zone_that_lies_within_another_is_found() -> None:
    text = f"{GROUPS}zones:\n" + "".join(
        f"  {name}: {{addresses: [{addresses}], group: staff}}\n"
        for name, addresses in (("a", "10.0.0.0/8"), ("b", "10.1.0.0/24"), ("c", "10.2.0.0/24"))
    )
    assert len(faults(text)) == 2


def test_zones_that_only_touch_and_zones_of_both_kinds_of_address_do_not_overlap() -> None:
    parse_rules(
        f"{GROUPS}zones:\n  a: {{addresses: [10.1.0.0/24, '::/64'], group: staff}}\n"
        "  b: {addresses: [10.1.1.0/24, '0:0:0:1::/64'], group: staff}\n"
    )


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        ("10.1.2.3/16", r"'10.1.2.3/16' is an address within a range; the range is 10.1.0.0/16"),
        ("10.1.0.0/33", r"'10.1.0.0/33' is not a range of addresses; write it as"),
        ("suite.example", r"not a range of addresses"),
        ("10.1.0.9-10.1.0.5", r"not a range of addresses"),
        ("'10.1.0.9-::1'", r"not a range of addresses"),
        ("010.1.0.1", r"not a range of addresses"),
        ("[]", r"addresses is empty"),
    ],
)
def test_addresses_that_are_none(addresses: str, said: str) -> None:
    assert_said(f"{GROUPS}zones: {{z: {{addresses: {addresses}, group: staff}}}}", said)


def assert_said(text: str, said: str) -> None:
    with pytest.raises(RulesError, match=said):
        parse_rules(text)
    assert len(faults(text)) == 1


# Times


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("calendar: {terms: [[2026-12-18, 2026-09-02]]}", r"terms: 2026-09-02 is before 2026-12-18; write the first"),
        ("calendar: {terms: [[2026-09-02, 2026-09-31]]}", r"terms: '2026-09-31' is not a day; write it as 2027-01-31"),
        ("calendar: {terms: [[2026-09-02, 2026-10-01, 2026-11-01]]}", r"terms: write each as \[first day, last day\]"),
        ("calendar: {terms: [[2026-09-02, 2026-12-18], [2026-12-18, 2027-03-01]]}", r"terms do not overlap"),
        ("calendar: {terms: 2026}", r"terms should be a list"),
        ("calendar: {holidays: [[20261026, 2026-10-30]]}", r"'20261026' is not a day"),
        ("schedules: {s: {days: mon-fry}}", r"days: 'fry' is not a day of the week; write mon"),
        ("schedules: {s: {from: '12:60'}}", r"from: '12:60' is not a time; write it as 08:30"),
        ("schedules: {s: {to: '24:01'}}", r"to: '24:01' is not a time"),
        ("schedules: {s: {to: noon}}", r"to: 'noon' is not a time"),
        ("schedules: {s: {from: '12:00', to: '12:00'}}", r"begins and ends at 12:00; for the whole day leave out"),
        ("schedules: {s: {from: '24:00', to: '06:00'}}", r"from: 24:00 is the end of a day; write 00:00"),
        ("schedules: {s: {in: lesson}}", r"in is 'lesson'; write term or holiday"),
        ("schedules: {s: {in: term}}", r"in: term needs the terms; write them under calendar"),
        ("schedules: {s: {}}", r"schedule s: says nothing; write days"),
        ("schedules: {s: []}", r"schedule s: is empty"),
        (
            "schedules: {s: {dates: 24.12.2026}}",
            r"dates: '24.12.2026' is not a day; write it as 2026-12-24, or \*-12-25",
        ),
        ("schedules: {s: {dates: [2026-02-30]}}", r"dates: '2026-02-30' is not a day"),
        ("schedules: {s: {dates: ['2026-00-01']}}", r"dates: '2026-00-01' is not a day"),
        ("schedules: {s: {dates: [[2026-12-24, 2026-12-20]]}}", r"dates: 2026-12-20 is before 2026-12-24"),
        ("schedules: {s: {dates: [[2026-12-24, '*-12-26']]}}", r"dates: '\*-12-26' is not a day"),
        ("schedules: {s: {when: s}}", r"when: 's' is not a schedule above this one; there are none yet"),
        ("schedules: {s: {outside: [t]}, t: {days: mon}}", r"outside: 't' is not a schedule above this one"),
    ],
)
def test_a_calendar_or_schedule_that_is_wrong(text: str, said: str) -> None:
    assert_said(GROUPS + text, said)


# Rules


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("block: 'site:a.example', allow: 'site:b.example'", r"has both block and allow; keep one"),
        ("locked: false", r"has neither block nor allow; add one"),
        ("block: a.example", r"'a.example' is not a target; it begins with site:, category:, expression: or any:"),
        ("block: 'host:a.example'", r"'host:a.example' is not a target"),
        ("block: 'site:'", r"'site:' names nothing"),
        ("block: [a, b]", r"block should be plain text"),
        ("block: 'site:http://a.example/'", r"'http://a.example/' has a scheme; leave out http://"),
        ("block: 'site:a.example:8080'", r"'a.example:8080' has a port; leave it out"),
        ("block: 'site:[::1]:80/x'", r"'\[::1\]:80' has a port"),
        ("block: 'site:*.a.example'", r"has a star or dot in front; write a.example, it covers all below it"),
        ("block: 'site:me@a.example'", r"'me@a.example' is not a site"),
        ("block: 'site:a..example'", r"'a..example' cannot be read as a host"),
        ("block: 'site:1.2.3.256'", r"'1.2.3.256' cannot be read as a host"),
        ("block: 'site:/lotto'", r"cannot be read as a host"),
        ("block: 'site:a.example/#top'", r"has a fragment"),
        ("block: 'category:social networks'", r"'social networks' cannot name a category"),
        ("block: 'expression:('", r"expression '\(' cannot be read by RE2: missing \)"),
        ("block: 'expression:(?=x)'", r"cannot be read by RE2"),
        ("block: 'expression:(x)\\1'", r"cannot be read by RE2"),
        ("block: 'expression:x*'", r"matches everything; use the group's default instead"),
        ("block: 'site:a.example', locked: true", r"only a rule of level global can be locked"),
        ("block: 'site:a.example', when: lunch", r"'lunch' is not under schedules; there are none yet"),
        ("block: 'site:a.example', group: pupil", r"'pupil' is not under groups; did you mean 'pupils'\?"),
        ("block: 'site:a.example', zone: suite", r"'suite' is not under zones"),
        ("block: 'site:a.example', person: asmith", r"'asmith' is not under people"),
        ("block: 'site:a.example', until: 2027-02-29", r"until: '2027-02-29' is not a day"),
        ("block: 'site:a.example', until: tomorrow", r"until: 'tomorrow' is not a day; write it as 2027-01-31"),
        ("block: 'site:a.example', id: ../x", r"'../x' cannot name a rule"),
        ("block: 'site:a.example', exept: x", r"rule 1: 'exept' is not a key here"),
    ],
)
def test_a_rule_that_is_wrong(text: str, said: str) -> None:
    assert_said(rule(text), rf"line 3: .*{said}")


@pytest.mark.parametrize("key", ["level", "reason", "by"])
def test_a_rule_must_have_its_level_its_reason_and_its_author(key: str) -> None:
    """FM1: what is blocked or allowed is documented with why."""
    keys = {"level": "school", "reason": "trial", "by": "head", "block": "'site:a.example'"}
    del keys[key]
    text = ", ".join(f"{name}: {value}" for name, value in keys.items())
    assert_said(f"{GROUPS}rules:\n  - {{{text}}}\n", f"line 3: rule 1: '{key}' is missing; add {key}:")


def test_a_reason_of_spaces_is_no_reason() -> None:
    assert_said(
        f"{GROUPS}rules: [{{level: school, block: 'site:a.example', reason: '  ', by: head}}]", "reason is empty"
    )


@pytest.mark.parametrize("level", ["group", "zone", "person"])
def test_a_rule_of_a_level_names_whom_it_is_for(level: str) -> None:
    text = f"{GROUPS}rules: [{{level: {level}, block: 'site:a.example', reason: r, by: b}}]"
    assert_said(text, f"is of level {level} and names none; add {level}:")


@pytest.mark.parametrize("level", ["mandatory", "help", "access", "profile", "council"])
def test_nobody_writes_a_rule_at_a_level_that_is_the_systems_own(level: str) -> None:
    assert_said(
        f"{GROUPS}rules: [{{level: {level}, block: 'site:a.example', reason: r, by: b}}]", f"level is '{level}'"
    )


def test_no_rule_may_open_a_mandatory_category() -> None:
    """FM7: illegal-content lists cannot be overridden by anyone."""
    text = rule("allow: 'category:illegal'", rest="categories: {illegal: {lists: [iwf], mandatory: true}}\n")
    assert_said(text, "category 'illegal' is mandatory and nothing may open it")


def test_two_rules_cannot_have_one_id() -> None:
    line = "  - {id: a, level: school, block: 'site:a.example', reason: r, by: b}\n"
    assert_said(f"{GROUPS}rules:\n{line}{line}", "line 4: id 'a' is taken by the rule on line 3; choose another")


def test_a_rule_that_could_never_hold_is_refused() -> None:
    rest = "schedules: {lunch: {from: '12:00'}}\n"
    assert_said(rule("block: 'site:a.example', when: lunch, outside: lunch", rest=rest), "so never; keep one")


# What is no rules file at all


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("just text", "line 1: should be a table"),
        ("- a\n- b", "line 1: should be a table"),
        ("groups: {a: {default: allow}", "line 1: cannot be read as YAML"),
        ("groups:\n\ta: {default: allow}", "line 2: cannot be read as YAML"),
        ("groups: &g {}\nzones: *g", r"line 2: refers to another place \(\*\); write it out"),
        ("groups: !!python/object/apply:os.system [id]", r"line 1: has a tag \(!\)"),
        ("groups: {}\n---\ngroups: {}", "line 2: begins a second document"),
        ("groups: {}\n? [a]\n: b", "line 2: has a list or a table where a key should stand"),
        ("groups: {}\nzones: \x00", r"line 2: has a character that is not text \(U\+0000\)"),
        ("groups: {}\nzones: \ud800", r"line 2: has a character that is not text \(U\+D800\)"),
        ("[" * 100_000, "line 1: is nested too deeply"),
        ("groups:\n- " + "[" * 100_000, "line 2: is nested too deeply"),
        ('groups: {}\nschool: {name: "a\\0b"}', "school: name has a character that is not text"),
    ],
)
def test_what_is_not_a_rules_file_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(RulesError, match=rf"^rules(, |: ).*{said}|^rules, {said}") as refused:
        parse_rules(text)
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_that_is_missing_a_folder_or_binary_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, said in (("missing", "cannot be read"), (".", "cannot be read"), ("binary", "is not UTF-8 text")):
        with pytest.raises(RulesError, match=said) as refused:
            load_rules(tmp_path / name)
        assert str(refused.value).startswith(str(tmp_path / name))


def test_a_message_never_hands_control_characters_to_a_terminal() -> None:
    said = fault(GROUPS + '"\\e[2J\\nzones": {}\n')
    assert said.isprintable()


@given(st.text(alphabet="groups:{}[]-, \n\t'\"#&*!|>%@a0~") | st.text())
def test_no_text_is_answered_with_anything_but_rules_or_one_clear_error(text: str) -> None:
    told = ["r.yaml"]
    try:
        parse_rules(text, source="r.yaml")
    except RulesError as error:
        told = str(error).splitlines()
    assert told
    assert all(line.startswith("r.yaml") for line in told)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "categories: {c: {redirect: block.html}}",
            r"redirect: 'block.html' is not the address of a page; write it as",
        ),
        ("categories: {c: {redirect: '200:http://x.example/'}}", r"is not the address of a page"),
        ("categories: {c: {redirect: 'http://x.example/a b'}}", r"is not the address of a page"),
        ("people: {anna: {group: staff, zones: {attic: staff}}}", r"zones: 'attic' is not under zones"),
        (
            "rules: [{level: school, block: 'any:thing', reason: r, by: b}]",
            r"'any:thing' is not a target; write any:site",
        ),
        (
            "rules: [{level: school, block: 'any:site', redirect: x, reason: r, by: b}]",
            r"redirect: 'x' is not the address",
        ),
    ],
)
def test_pages_people_and_everything_that_are_none(text: str, said: str) -> None:
    assert_said(f"{GROUPS}{text}\n", said)


def test_a_group_for_a_person_in_a_zone_must_be_there() -> None:
    zones = "zones: {a: {addresses: [10.1.0.0/16], group: staff}}\n"
    assert_said(f"{GROUPS}{zones}people: {{anna: {{group: staff, zones: {{a: nix}}}}}}\n", r"zones: 'nix' is not under")

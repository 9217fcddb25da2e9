"""P35: what an import makes of a squidGuard.conf: rules, lists, and a report in which nothing is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.engine.filtering import compile_bundle, load_rules
from drystone.engine.filtering.squidguard import Imported, Kind, SquidGuardError, import_conf, import_text

DEFAULT = "acl {\n default {\n  pass none\n  redirect 302:http://page.example/%t\n }\n}\n"


def acl(passes: str, *, more: str = "") -> str:
    return f"acl {{\n default {{\n  pass {passes}\n  redirect 302:http://page.example/%t\n{more} }}\n}}\n"


def said(imported: Imported, kind: Kind) -> str:
    return "\n".join(str(item) for item in imported.report.of(kind))


def place(tmp_path: Path, body: str, **files: str) -> Path:
    for name, text in files.items():
        path = tmp_path / "db" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    conf = tmp_path / "squidGuard.conf"
    conf.write_text(f"dbhome {tmp_path / 'db'}\n{body}")
    return conf


NO_EQUAL = {
    "ldapusersearch ldap://dir.example/dc=x?uid?sub?(uid=%s)": "a directory is not searched at each request",
    "ldapipsearch ldap://dir.example/dc=x": "a directory is not searched",
    "userquery SELECT_name": "people of a database are not asked for",
    "execuserlist /bin/list people": "no command is run",
    "ip 10.1.0.1\n userquota 60 30 daily": "nobody's minutes are counted",
    "domain school.example": "clients are known by their addresses here",
    "userlist nix": "db/nix: cannot be read (No such file or directory), so nobody is in it",
    "ip 10.9.9.9\n iplist nix": "db/nix: cannot be read",
}


@pytest.mark.parametrize("written", NO_EQUAL)
def test_what_a_source_says_that_has_no_equal_is_told_with_its_line(tmp_path: Path, written: str) -> None:
    imported = import_conf(place(tmp_path, f"src a {{\n {written}\n}}\n{DEFAULT}"))

    (item,) = imported.report.of(Kind.LOST)
    assert item.line == 3 + written.count("\n")
    assert item.what == "src a"
    assert NO_EQUAL[written] in item.message


def test_a_source_of_which_only_a_directory_knows_the_people_fits_nobody() -> None:
    imported = import_text(f"src a {{\n ip 10.1.0.0/16\n ldapusersearch ldap://x/\n}}\n{DEFAULT}")
    assert not imported.rules.zones


def test_lists_asked_for_by_dns_rewrites_and_other_pages_are_told() -> None:
    imported = import_text(
        "rew safe {\n s@(google.*q=.*)@\\1\\&safe=active@i\n}\n"
        "dest bad {\n domainlist bad/domains\n redirect block.cgi\n}\n"
        + acl("!bad !dnsbl:list.example all", more="  rewrite safe\n")
    )
    lost = said(imported, Kind.LOST)
    assert "acl default: dnsbl:list.example: lists are not asked for by DNS here" in lost
    assert "line 1: rew safe: addresses are not rewritten: over HTTPS there is none to see; to make searches" in lost
    assert "dest bad: redirect block.cgi: is not the address of a page here" in lost
    assert "acl default: rewrite safe: addresses are not rewritten; see rew" in lost


def test_what_stands_as_squidguard_did_it_but_may_not_be_meant_is_told() -> None:
    imported = import_text(
        "time night {\n weekly * 22:00-06:00\n}\nsrc a {\n ip 10.1.0.9/255.255.0.0\n}\nsrc b {\n}\ndest none-in {\n}\n"
        "acl {\n default {\n pass all\n }\n"
        " default within night {\n pass !none-in\n redirect 302:http://x.example/%z\n }\n}\n"
    )
    same = said(imported, Kind.SAME)
    assert "22:00-06:00 never holds in squidGuard and is left out; if it was meant to run over midnight" in same
    assert "line 5: src a: 10.1.0.9/255.255.0.0: with a netmask the address must be that of the network" in same
    assert "src b: names nobody" in same
    assert "dest none-in: has no lists" in same
    assert "acl default: squidGuard never used this default acl" in same
    assert "squidGuard takes no account of times in the default acl" in same
    assert "ends without all or none" in same


def test_what_keeps_back_more_than_squidguard_is_told() -> None:
    imported = import_text("dest bad {\n domainlist bad/domains\n}\nacl {\n default {\n pass !bad all\n }\n}\n")
    assert "names no page to lead to: squidGuard lets it through then" in said(imported, Kind.STRICTER)


def test_a_line_of_the_log_stands_in_another_form() -> None:
    imported = import_text("logdir /var/log\n" + acl("none", more="  log anonymous x.log\n"))
    changed = said(imported, Kind.CHANGED)
    assert "logdir" in changed
    assert "log anonymous x.log: every decision is an event of one log" in changed


def test_the_report_is_also_for_programs() -> None:
    told = import_text(DEFAULT).report.as_json()
    assert told["counts"] | {"sources": 0, "acls": 1, "groups": 1, "zones": 0, "rules": 1} == told["counts"]
    assert told["items"] == []


def test_lists_are_copied_ready_to_be_compiled(tmp_path: Path) -> None:
    conf = place(
        tmp_path,
        "dest bad/sites {\n domainlist one/hosts\n urllist two/pages\n expressionlist /%s/db/three\n}\n".replace(
            "/%s", str(tmp_path)
        )
        + acl("!bad/sites all"),
        one__hosts="+Bad.example\n-worse.example http://own.example/\n# no\n",
        two__pages="news.example/lotto\n",
        three="a[\\.]b\n(x)\\1\nport:8080\n# words\n",
    )
    imported = import_conf(conf, lists=tmp_path / "lists")

    folder = tmp_path / "lists" / "bad_sites"
    assert (folder / "domains").read_text() == "Bad.example\nworse.example\n"
    assert (folder / "urls").read_text() == "news.example/lotto\n"
    assert (folder / "expressions").read_text() == "a[\\\\.]b\nport:8080\n"
    assert [path.name for path in (tmp_path / "lists").iterdir()] == ["bad_sites"]
    assert imported.rules.categories is not None
    assert imported.rules.categories["bad_sites"].title == "bad/sites"
    lost = said(imported, Kind.LOST)
    assert "line 2: '(x)\\1' cannot be said in RE2 (refers back to a group (\\1)); left out" in lost
    assert "line 3: 'port:8080' names a port" in lost
    assert "1 entries name a page of their own" in said(imported, Kind.CHANGED)
    (tmp_path / "rules.yaml").write_text(imported.text)
    compiled = compile_bundle(tmp_path / "lists", load_rules(tmp_path / "rules.yaml"), tmp_path / "bundle" / "out")
    assert compiled.counts["hosts"] == 2


def test_without_copying_the_folders_of_dbhome_are_the_lists(tmp_path: Path) -> None:
    conf = place(
        tmp_path,
        "dest bad {\n domainlist BL/bad/domains\n urllist BL/bad/urls\n}\ndest part {\n domainlist BL/part/domains\n}\n"
        + acl("!bad !part all"),
        BL__bad__domains="bad.example\n",
        BL__bad__urls="x.example/y\n",
        BL__part__domains="part.example\n",
        BL__part__urls="other.example/z\n",
    )
    imported = import_conf(conf)

    assert imported.rules.categories is not None
    assert imported.rules.categories["bad"].lists == ("BL/bad",)
    assert "dest part: its files do not make a list folder of their own; say --lists LISTS" in said(imported, Kind.LOST)


def test_a_list_that_is_missing_is_refused_and_nothing_is_copied(tmp_path: Path) -> None:
    """squidGuard goes into its emergency mode, and lets everything through."""
    conf = place(
        tmp_path,
        "dest one {\n domainlist one/domains\n}\ndest two {\n domainlist two/domains\n}\n" + acl("!one !two all"),
        one__domains="one.example\n",
    )
    with pytest.raises(SquidGuardError, match=r"line 5, column 6: .*two/domains: cannot be copied \(No such file"):
        import_conf(conf, lists=tmp_path / "lists")
    assert not list((tmp_path / "lists").glob("*"))


def test_lists_that_are_there_are_left_alone(tmp_path: Path) -> None:
    conf = place(tmp_path, "dest one {\n domainlist one/domains\n}\n" + acl("!one all"), one__domains="one.example\n")
    (tmp_path / "lists" / "one").mkdir(parents=True)
    with pytest.raises(SquidGuardError, match="lists/one is there already; name another folder"):
        import_conf(conf, lists=tmp_path / "lists")


def test_an_empty_list_is_left_out_as_squidguard_leaves_it_out(tmp_path: Path) -> None:
    conf = place(tmp_path, "dest one {\n domainlist one/domains\n}\n" + acl("!one all"), one__domains="# soon\n")
    imported = import_conf(conf, lists=tmp_path / "lists")
    assert imported.rules.categories == {}
    assert "its lists are empty" in said(imported, Kind.SAME)


def test_times_that_must_hold_together_become_a_schedule_of_schedules() -> None:
    imported = import_text(
        "time am {\n weekly * 08:00-12:00\n}\ntime mon {\n weekly m 00:00-24:00\n}\ntime fair {\n date *-06-01\n}\n"
        "dest bad {\n domainlist bad/domains\n outside fair\n}\nsrc a {\n ip 10.1.0.1\n within am\n}\n"
        "acl {\n a within mon {\n pass !bad all\n }\n default {\n pass all\n }\n}\n"
    )
    (rule,) = [rule for rule in imported.rules.rules if "bad" in rule.target.value]
    (period,) = imported.rules.schedules[rule.when].periods
    assert (period.when, period.outside) == (("am", "mon"), ("fair",))


def test_names_that_no_rules_file_can_hold_become_others_and_stay_apart() -> None:
    imported = import_text(
        "dest a/b {\n domainlist x/domains\n}\ndest a:b {\n domainlist y/domains\n}\n" + acl("!a/b !a:b all")
    )
    assert imported.rules.categories is not None
    assert list(imported.rules.categories) == ["a_b", "a_b-2"]
    pages = [rule.redirect or imported.rules.groups["default"].redirect for rule in imported.rules.rules[:2]]
    assert pages == ["302:http://page.example/a/b", "302:http://page.example/a:b"]


def test_long_names_that_begin_alike_stay_apart() -> None:
    names = [f"{'x' * 80}{number}" for number in range(3)]
    sources = "".join(f"src {name} {{\n ip 10.1.0.{number}\n}}\n" for number, name in enumerate(names))
    acls = "".join(f" {name} {{\n pass none\n }}\n" for name in names)
    rules = import_text(f"{sources}acl {{\n{acls} default {{\n pass all\n }}\n}}\n").rules
    assert len(rules.zones) == 3
    assert len({rule.id for rule in rules.rules}) == len(rules.rules) == 4

"""Publishing rules does not read the lists again, and never takes over an index of other lists."""

import json
import os
from pathlib import Path

import pytest

import drystone.engine.filtering.compile as compile_module
from drystone.engine.filtering import Bundle, ListError, compile_bundle, parse_rules
from drystone.engine.filtering.reuse import INDEX, source_digest
from tests.engine.filtering.bundles import BASE, LISTS, ask, rules_text, write_lists

GAMES_SHUT = "level: school, block: 'category:games', reason: r, by: b"
GAMES_OPEN = "level: school, allow: 'category:games', reason: r, by: b"


@pytest.fixture
def lists(tmp_path):
    return write_lists(tmp_path / "lists")


def rules(text, base=BASE):
    return parse_rules(rules_text(text, base=base))


@pytest.fixture
def built(monkeypatch):
    """How often an index was built."""
    calls = []
    honest = compile_module.write_index

    def counted(entries, trie_path, ids_path, width):
        calls.append(trie_path.name)
        honest(entries, trie_path, ids_path, width)

    monkeypatch.setattr(compile_module, "write_index", counted)
    return lambda: calls.count("sites.trie")


def test_a_change_of_rules_takes_over_the_index_and_decides_by_the_new_rules(lists, tmp_path, built):
    """P35: a rule is in force in a moment, however long the lists are."""
    first = compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    second = compile_bundle(lists, rules(GAMES_OPEN), tmp_path / "out" / "current")
    assert built() == 1
    assert ask(Bundle.open(first.folder), "http://games.example/").blocked
    assert not ask(Bundle.open(second.folder), "http://games.example/").blocked
    for name in INDEX:
        assert (first.folder / name).samefile(second.folder / name)


def test_what_is_taken_over_is_byte_for_byte_what_would_have_been_built(lists, tmp_path):
    compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    taken = compile_bundle(lists, rules(GAMES_OPEN), tmp_path / "out" / "current")
    fresh = compile_bundle(lists, rules(GAMES_OPEN), tmp_path / "fresh" / "current")
    assert (taken.edition, taken.counts, taken.reports) == (fresh.edition, fresh.counts, fresh.reports)


def test_a_list_that_changed_is_read_though_size_and_time_are_as_before(lists, tmp_path, built):
    """P35: what closes a site must not hang on a clock."""
    compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    file = lists / "games" / "domains"
    times = file.stat()
    file.write_text(file.read_text().replace("games.example", "gamed.example"))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    second = compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    assert built() == 2
    assert ask(Bundle.open(second.folder), "http://gamed.example/").blocked


def test_another_set_of_lists_is_read(lists, tmp_path, built):
    compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    fewer = BASE.replace("  chat: {lists: [chat]}\n", "")
    compile_bundle(lists, rules(GAMES_SHUT, base=fewer), tmp_path / "out" / "current")
    assert built() == 2


def test_lists_given_to_another_category_keep_their_index(lists, tmp_path, built):
    compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    moved = BASE.replace("chat: {lists: [chat]}", "games2: {lists: [chat]}")
    second = compile_bundle(
        lists, rules("level: school, block: 'category:games2', reason: r, by: b", base=moved), tmp_path / "out/current"
    )
    assert built() == 1
    assert ask(Bundle.open(second.folder), "http://chat.example/").category == "games2"


@pytest.mark.parametrize("name", ["sites.trie", "policy.json", "manifest.json"])
def test_an_edition_that_is_damaged_gives_nothing(lists, tmp_path, built, name):
    first = compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    damaged = first.folder / name
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    second = compile_bundle(lists, rules(GAMES_OPEN), tmp_path / "out" / "current")
    assert built() == 2
    assert Bundle.open(second.folder).edition == second.edition


@pytest.mark.parametrize("receipt", ["", "[]", "{}", '{"source": 1}', None])
def test_an_edition_whose_receipt_says_nothing_gives_nothing(lists, tmp_path, built, receipt):
    first = compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    path = tmp_path / "out" / f"{first.edition}.receipt.json"
    path.unlink() if receipt is None else path.write_text(receipt)
    compile_bundle(lists, rules(GAMES_OPEN), tmp_path / "out" / "current")
    assert built() == 2


def test_a_receipt_that_lost_a_part_gives_nothing_and_leaves_nothing_behind(lists, tmp_path, built):
    first = compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    path = tmp_path / "out" / f"{first.edition}.receipt.json"
    receipt = json.loads(path.read_text())
    del receipt["warnings"]
    path.write_text(json.dumps(receipt))
    compile_bundle(lists, rules(GAMES_OPEN), tmp_path / "out" / "current")
    assert built() == 2


def test_a_try_in_another_place_takes_over_the_index_of_the_edition_it_is_told(lists, tmp_path, built):
    compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    compile_bundle(lists, rules(GAMES_OPEN), tmp_path / "try" / "current", like=tmp_path / "out" / "current")
    assert built() == 1


def test_lists_that_change_while_they_are_read_are_not_compiled(lists, tmp_path, monkeypatch):
    honest = compile_module.write_index

    def slow(entries, trie_path, ids_path, width):
        (lists / "games" / "domains").write_text("new.example\n")
        honest(entries, trie_path, ids_path, width)

    monkeypatch.setattr(compile_module, "write_index", slow)
    with pytest.raises(ListError, match="changed while they were read; compile again"):
        compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    assert not (tmp_path / "out" / "current").exists()


def test_a_missing_list_is_named_and_the_old_edition_stays(lists, tmp_path):
    first = compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")
    (lists / "games" / "domains").unlink()
    with pytest.raises(ListError, match="games: empty"):
        compile_bundle(lists, rules(GAMES_OPEN), tmp_path / "out" / "current")
    assert Path(os.path.realpath(tmp_path / "out" / "current")) == first.folder


def test_where_links_cannot_be_made_the_index_is_copied(lists, tmp_path, built, monkeypatch):
    compile_bundle(lists, rules(GAMES_SHUT), tmp_path / "out" / "current")

    def no_links(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    second = compile_bundle(lists, rules(GAMES_OPEN), tmp_path / "out" / "current")
    assert built() == 1
    assert Bundle.open(second.folder).edition == second.edition


def test_the_digest_hangs_on_names_and_contents(lists):
    whole = source_digest(lists, sorted(LISTS))
    assert whole == source_digest(lists, sorted(LISTS))
    assert whole != source_digest(lists, sorted(LISTS)[:-1])
    (lists / "iwf" / "domains").rename(lists / "iwf" / "expressions")
    assert whole != source_digest(lists, sorted(LISTS))

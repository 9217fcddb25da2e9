"""From lists and rules to a bundle, and from one bundle to the next, with nothing half done."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drystone.engine.filtering import Bundle, BundleError, ListError, RulesError, compile_bundle, parse_rules
from drystone.engine.filtering import compile as compile_module
from tests.engine.filtering.bundles import BASE, LISTS, ask, rules_text, write_lists

RULE = "level: school, block: 'category:gambling', reason: because, by: head"


@pytest.fixture
def lists(tmp_path):
    return write_lists(tmp_path / "lists")


def rules(*texts, base=BASE):
    return parse_rules(rules_text(*texts, base=base))


def link_target(link):
    return str(link.readlink())


def files_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_link_names_a_verified_edition_and_a_receipt_stands_beside_it(lists, tmp_path):
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    compiled = compile_bundle(lists, rules(RULE), tmp_path / "out" / "current", by="tech", at=at)
    link = tmp_path / "out" / "current"
    assert link.is_symlink()
    assert link_target(link) == compiled.edition == Bundle.open(link).edition
    receipt = json.loads((tmp_path / "out" / f"{compiled.edition}.receipt.json").read_text())
    assert (receipt["by"], receipt["at"]) == ("tech", at.isoformat())
    assert compiled.counts["hosts"] == 5
    assert compiled.counts["urls"] == 2


def test_the_same_input_gives_the_same_bytes_wherever_and_whenever(lists, tmp_path):
    first = compile_bundle(lists, rules(RULE), tmp_path / "a" / "current", by="x", at=datetime(2026, 1, 1, tzinfo=UTC))
    again = compile_bundle(lists, rules(RULE), tmp_path / "b" / "current", by="y")
    assert first.edition == again.edition
    assert files_of(first.folder) == files_of(again.folder)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.from_regex(r"[a-z]{1,5}\.[a-z]{2,4}", fullmatch=True), min_size=1, max_size=30, unique=True), st.data()
)
def test_any_list_compiled_twice_is_the_same(tmp_path_factory, hosts, data):
    folder = tmp_path_factory.mktemp("twice")
    split = data.draw(st.integers(0, len(hosts)))
    content = {
        "one": {"domains": "\n".join(hosts) + "\n"},
        "two": {"domains": "\n".join([*hosts[:split], "x.y"]) + "\n"},
    }
    plain = parse_rules("groups: {all: {default: allow}}\neveryone_else: {group: all}\n")
    made = [compile_bundle(write_lists(folder / "lists", content), plain, folder / out / "current") for out in "ab"]
    assert files_of(made[0].folder) == files_of(made[1].folder)


@pytest.mark.parametrize("change", ["list", "rule", "key"])
def test_another_input_is_another_edition(lists, tmp_path, change):
    first = compile_bundle(lists, rules(RULE), tmp_path / "current")
    if change == "list":
        (lists / "games" / "domains").write_text("games.example\nbets.example\nmore.example\n")
    changed = rules(RULE.replace("block", "allow")) if change == "rule" else rules(RULE)
    second = compile_bundle(lists, changed, tmp_path / "current", key=b"k" * 32 if change == "key" else None)
    assert second.edition != first.edition
    assert link_target(tmp_path / "current") == second.edition
    assert first.folder.is_dir(), "a gateway may still have the old edition mapped"


def test_categories_left_out_are_the_folders_of_lists(lists, tmp_path):
    plain = "groups: {all: {default: allow}}\neveryone_else: {group: all}\n"
    rule = "rules:\n  - {level: school, block: 'category:games', reason: lessons, by: head}\n"
    compile_bundle(lists, parse_rules(plain + rule), tmp_path / "current")
    bundle = Bundle.open(tmp_path / "current")
    assert set(bundle.categories) == set(LISTS)
    assert ask(bundle, "http://games.example/").blocked


def test_a_rule_on_a_category_that_is_no_folder_is_refused_with_its_line(lists, tmp_path):
    text = "groups: {all: {default: allow}}\nrules:\n  - {level: school, block: 'category:poker', reason: x, by: y}\n"
    with pytest.raises(RulesError, match=r"line 3: .*category 'poker' is neither"):
        compile_bundle(lists, parse_rules(text), tmp_path / "current")


def test_lists_without_any_folder_are_refused_where_each_would_be_a_category(tmp_path):
    (tmp_path / "lists").mkdir()
    with pytest.raises(ListError, match="empty"):
        compile_bundle(tmp_path / "lists", parse_rules("groups: {all: {default: allow}}\n"), tmp_path / "current")


@pytest.mark.parametrize("fault", ["missing", "empty", "half-written", "binary", "nothing readable"])
def test_a_list_that_cannot_be_used_leaves_the_old_bundle_at_work(lists, tmp_path, fault):
    compile_bundle(lists, rules(RULE), tmp_path / "current")
    before = link_target(tmp_path / "current")
    chat = lists / "chat"
    match fault:
        case "missing":
            shutil.rmtree(chat)
        case "empty":
            for file in chat.iterdir():
                file.unlink()
        case "half-written":
            (chat / "domains.part").write_text("chat.exa")
        case "binary":
            (chat / "domains").write_bytes(b"\x7fELF\0\0")
        case _:
            (chat / "domains").write_text("<html>\n<p>Not found\n")
            (chat / "expressions").unlink()
    with pytest.raises(ListError, match="chat"):
        compile_bundle(lists, rules(RULE.replace("block", "allow")), tmp_path / "current")
    assert link_target(tmp_path / "current") == before
    assert not list(tmp_path.glob(".compiling-*"))


def test_a_bad_expression_is_left_out_with_a_warning_and_the_rest_is_compiled(lists, tmp_path):
    (lists / "chat" / "expressions").write_text("(unclosed\n/banner/\n")
    compiled = compile_bundle(lists, rules(RULE), tmp_path / "current")
    assert compiled.counts["expressions"] == 1
    assert compiled.counts["skipped"] == 1
    assert any("chat/expressions, line 1" in warning for warning in compiled.warnings)


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_an_out_that_is_no_link_is_refused_and_left_alone(lists, tmp_path, kind):
    out = tmp_path / "current"
    out.mkdir() if kind == "folder" else out.write_text("precious")
    with pytest.raises(BundleError, match="not a link"):
        compile_bundle(lists, rules(RULE), out)
    assert out.is_dir() if kind == "folder" else out.read_text() == "precious"


def test_a_link_to_nowhere_is_turned(lists, tmp_path):
    (tmp_path / "current").symlink_to("gone")
    compiled = compile_bundle(lists, rules(RULE), tmp_path / "current")
    assert Bundle.open(tmp_path / "current").edition == compiled.edition


def test_what_a_killed_compiler_left_is_cleared(lists, tmp_path):
    left = tmp_path / ".compiling-99"
    left.mkdir()
    (left / "sites.trie").write_bytes(b"half")
    compile_bundle(lists, rules(RULE), tmp_path / "current")
    assert not left.exists()


def test_an_edition_on_disk_that_was_damaged_is_made_again(lists, tmp_path):
    compiled = compile_bundle(lists, rules(RULE), tmp_path / "current")
    (compiled.folder / "policy.json").write_text("{}")
    again = compile_bundle(lists, rules(RULE), tmp_path / "current")
    assert again.edition == compiled.edition
    assert Bundle.open(tmp_path / "current").edition == compiled.edition


def test_an_edition_on_disk_that_is_whole_stays_the_very_files_that_gateways_have_mapped(lists, tmp_path):
    compiled = compile_bundle(lists, rules(RULE), tmp_path / "current")
    inode = (compiled.folder / "sites.trie").stat().st_ino
    compile_bundle(lists, rules(RULE), tmp_path / "current")
    assert (compiled.folder / "sites.trie").stat().st_ino == inode


def test_a_full_disk_is_one_clear_line_and_the_old_bundle_stays(lists, tmp_path, monkeypatch):
    compile_bundle(lists, rules(RULE), tmp_path / "current")
    before = link_target(tmp_path / "current")

    def full(entries, trie_path, ids_path, width):
        with Path("/dev/full").open("wb") as file:
            file.write(b"x" * 100_000)

    monkeypatch.setattr(compile_module, "write_index", full)
    write_lists(lists, {"games": {"domains": "another.example\n"}})
    with pytest.raises(BundleError, match="No space left on device") as caught:
        compile_bundle(lists, rules(RULE.replace("block", "allow")), tmp_path / "current")
    assert "\n" not in str(caught.value)
    assert link_target(tmp_path / "current") == before
    assert not list(tmp_path.glob(".compiling-*"))


def test_a_place_that_cannot_be_written_is_one_clear_line(lists, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="cannot be written"):
        compile_bundle(lists, rules(RULE), tmp_path / "file" / "current")


def test_a_bundle_that_does_not_verify_is_not_put_in_place(lists, tmp_path, monkeypatch):
    compile_bundle(lists, rules(RULE), tmp_path / "current")
    before = link_target(tmp_path / "current")
    honest = compile_module.write_index

    def damaged(entries, trie_path, ids_path, width):
        honest(entries, trie_path, ids_path, width)
        trie_path.write_bytes(b"damaged on the way to the disk")

    monkeypatch.setattr(compile_module, "write_index", damaged)
    write_lists(lists, {"games": {"domains": "another.example\n"}})
    with pytest.raises(BundleError, match="damaged"):
        compile_bundle(lists, rules(RULE.replace("block", "allow")), tmp_path / "current")
    assert link_target(tmp_path / "current") == before


def test_no_sign_on_name_stands_in_a_bundle(lists, tmp_path):
    """Names live in the database only."""
    compiled = compile_bundle(lists, rules("level: person, person: asmith, block: 'site:x.example', reason: r, by: b"),
                              tmp_path / "current")  # fmt: skip
    assert not any(b"asmith" in content for content in files_of(compiled.folder).values())


def test_every_file_of_a_bundle_can_be_read_by_squids_own_user(lists, tmp_path):
    old = os.umask(0o077)
    try:
        compiled = compile_bundle(lists, rules(RULE), tmp_path / "current")
    finally:
        os.umask(old)
    assert compiled.folder.stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in compiled.folder.iterdir()} == {0o644}


def test_progress_is_told_from_nothing_to_all(lists, tmp_path):
    told = []
    compile_bundle(lists, rules(RULE), tmp_path / "current", progress=lambda *step: told.append(step))
    assert told[0] == ("Reading lists", 0, 4)
    assert ("Reading lists", 4, 4) in told
    assert told[-1] == ("Building the index", 3, 3)

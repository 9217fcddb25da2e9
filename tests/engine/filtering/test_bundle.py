"""A bundle is opened whole or not at all."""

import subprocess
import sys

import pytest

from drystone.engine.filtering import Bundle, BundleError, Overlay, person_key
from drystone.engine.filtering.bundle import MANIFEST
from drystone.engine.filtering.identity import school_key
from drystone.engine.filtering.words import Access
from tests.engine.filtering.bundles import LISTS, MONDAY_MORNING, MONDAY_NOON, OFFICE, PUPIL, ask, make_bundle


def test_a_bundle_says_what_is_in_it(tmp_path):
    bundle = make_bundle(tmp_path, "level: school, block: 'category:gambling'")
    assert (bundle.school, bundle.timezone) == ("fellside", "Europe/London")
    assert bundle.categories["illegal"] == "Illegal content"
    assert bundle.zones["suite"].title == "ICT suite"
    assert bundle.groups["ks2"].title == "Key Stage 2"
    assert bundle.manifest["counts"]["rules"] == 1
    assert len(bundle.edition) == 16


def test_a_manifest_truncated_at_any_byte_is_refused(tmp_path):
    folder = make_bundle(tmp_path).folder
    whole = (folder / MANIFEST).read_bytes()
    for length in range(len(whole)):
        (folder / MANIFEST).write_bytes(whole[:length])
        with pytest.raises(BundleError):
            Bundle.open(folder)
    (folder / MANIFEST).write_bytes(whole)
    assert Bundle.open(folder).edition


def test_a_manifest_with_any_bit_flipped_is_refused(tmp_path):
    folder = make_bundle(tmp_path).folder
    whole = (folder / MANIFEST).read_bytes()
    for place in range(len(whole)):
        (folder / MANIFEST).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BundleError):
            Bundle.open(folder)


@pytest.mark.parametrize("name", ["policy.json", "sites.trie", "sites.ids", "urls.trie", "urls.ids", "manifest.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "flipped", "longer"])
def test_a_damaged_file_is_refused_by_name(tmp_path, name, damage):
    path = make_bundle(tmp_path).folder / name
    whole = path.read_bytes()
    path.unlink()
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(whole[:-1])
        case "flipped":
            path.write_bytes(bytes([whole[0] ^ 255]) + whole[1:])
        case "longer":
            path.write_bytes(whole + b"\0")
    with pytest.raises(BundleError) as caught:
        Bundle.open(path.parent)
    assert "\n" not in str(caught.value)


def test_no_bundle_at_all_is_one_clear_line(tmp_path):
    with pytest.raises(BundleError, match="compile a bundle first"):
        Bundle.open(tmp_path / "current")


def test_a_bundle_opens_only_with_the_key_that_made_it(tmp_path):
    bundle = make_bundle(tmp_path, key=b"k" * 32)
    with pytest.raises(BundleError, match="another person key"):
        Bundle.open(bundle.folder)
    with pytest.raises(BundleError, match="another person key"):
        Bundle.open(bundle.folder, key=b"j" * 32)
    assert Bundle.open(bundle.folder, key=b"k" * 32).edition == bundle.edition


def test_the_hot_path_gives_what_decide_gives(tmp_path):
    bundle = make_bundle(
        tmp_path,
        "level: school, block: 'category:gambling', outside: lunch",
        "level: zone, zone: office, allow: 'site:mixed.example/lotto'",
        "level: school, block: 'expression:[?&]q=casino'",
    )
    for url in (
        "http://casino.example/",
        "http://mixed.example/lotto/1",
        "http://x.example/?q=casino",
        "http://x.example/",
    ):
        for client in (PUPIL, OFFICE):
            for at in (MONDAY_NOON, MONDAY_MORNING):
                decision = ask(bundle, url, client=client, at=at)
                profile = bundle.profile_for(client, "", None, at)
                host, path = url.removeprefix("http://").split("/", 1)
                verdict = bundle.verdict(host, "/" + path, profile, bundle.moment(at))
                assert (verdict.action, verdict.rule, verdict.reason) == (
                    decision.action,
                    decision.rule,
                    decision.reason,
                )


def test_the_path_matters_only_where_a_url_entry_a_rule_or_an_expression_could_match(tmp_path):
    lists = {
        "gambling": {"domains": "casino.example\n", "urls": "mixed.example/lotto\nwhole.example\n"},
        "games": {"domains": "g.example\n"},
        "chat": {"domains": "c.example\n"},
        "iwf": {"domains": "i.example\n"},
    }
    bundle = make_bundle(tmp_path, "level: school, allow: 'site:www.jobs.example/apply'", lists=lists)
    assert bundle.path_matters("www.mixed.example")
    assert bundle.path_matters("jobs.example")
    assert not bundle.path_matters("casino.example")
    assert not bundle.path_matters("whole.example")
    with_expression = make_bundle(tmp_path, "level: school, block: 'expression:[?]q='", lists=lists)
    assert with_expression.path_matters("casino.example")


def test_the_path_does_not_matter_for_expressions_of_a_list_that_no_rule_is_about(tmp_path):
    assert not make_bundle(tmp_path / "a").path_matters("plain.example")
    assert make_bundle(tmp_path / "b", "level: school, block: 'category:chat'").path_matters("plain.example")


def test_expressions_of_a_mandatory_list_always_count(tmp_path):
    lists = {**LISTS, "iwf": {"domains": "illegal.example\n", "expressions": "/abuse/\n"}}
    assert ask(make_bundle(tmp_path, lists=lists), "http://plain.example/abuse/1").level == "mandatory"


def test_a_profile_from_before_an_overlay_changed_is_never_taken_for_another(tmp_path):
    """A door may hold a profile while the overlay is exchanged; its number must not come to mean someone else."""
    bundle = make_bundle(tmp_path)
    person = person_key(school_key("fellside"), "asmith")
    suspended = Overlay(access={person: Access.SUSPENDED})
    before = bundle.profile_for(OFFICE, "asmith", suspended, MONDAY_NOON)
    after = bundle.profile_for(OFFICE, "asmith", Overlay(), MONDAY_NOON)
    moment = bundle.moment(MONDAY_NOON)
    assert bundle.verdict("bbc.co.uk", "", before, moment).rule == "suspended"
    assert bundle.verdict("bbc.co.uk", "", after, moment).rule == "default"
    assert before.number != after.number


def test_what_is_kept_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("drystone.engine.filtering.bundle.KEPT", 50)
    bundle = make_bundle(tmp_path)
    for number in range(500):
        ask(bundle, f"http://host{number}.example/")
    assert len(bundle._verdicts) <= 50
    assert len(bundle._facts) <= 50


def test_a_helper_imports_neither_yaml_nor_numpy_nor_a_schema():
    """It starts in a blink, and costs little memory beside the index that all share."""
    code = (
        "import sys; from drystone.engine.filtering import LiveFilter, Bundle, parse_request, decide, Overlay;"
        "print([name for name in ('yaml', 'numpy', 'pyarrow', 'jsonschema', 'idna', 'django', 'typer', 'rich') "
        "if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"


def test_every_name_that_the_package_offers_can_be_had():
    import drystone.engine.filtering as filtering

    assert "compile_bundle" in filtering.__all__
    assert all(getattr(filtering, name) is not None for name in filtering.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        filtering.no_such_name  # noqa: B018

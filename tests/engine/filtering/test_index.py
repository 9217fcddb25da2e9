"""The site index and the expressions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.engine.filtering.build import Gathered, Sets, reversed_keys, with_sets, write_index
from drystone.engine.filtering.distinct import entry_offsets, group_equal
from drystone.engine.filtering.index import ExpressionIndex, SetIndex, expression_fault

LABEL = st.from_regex(r"[a-z0-9_]{1,4}", fullmatch=True)
HOST = st.builds(".".join, st.lists(LABEL, min_size=2, max_size=5))


def built(folder, lists, *, urls=False, width=2):
    """An index of these lists, and the members of its sets."""
    gathered, sets = Gathered(), Sets()
    for number, entries in enumerate(lists):
        plain = [entry.encode() for entry in entries]
        gathered.add(plain if urls else reversed_keys(plain))
        gathered.end(number)
    write_index(with_sets(gathered, sets), folder / "trie", folder / "ids", width)
    return SetIndex(folder / "trie", folder / "ids", width), sets.members


def lists_of(index, members, host):
    return [members[number] for number in index.hosts(host)]


def test_a_listed_host_covers_everything_below_it_and_nothing_beside_it(tmp_path):
    index, members = built(tmp_path, [["casino.example"]])
    for covered in ("casino.example", "www.casino.example", "a.b.casino.example"):
        assert lists_of(index, members, covered) == [(0,)]
    for other in ("mycasino.example", "casino.example.com", "example", "casino-example"):
        assert lists_of(index, members, other) == []


def test_every_listed_domain_above_a_host_is_found_the_least_specific_first(tmp_path):
    index, members = built(tmp_path, [["example"], ["b.example"], ["a.b.example", "b.example"]])
    assert lists_of(index, members, "x.a.b.example") == [(0,), (1, 2), (2,)]


def test_addresses_are_found_whole(tmp_path):
    index, members = built(tmp_path, [["93.184.216.34", "2001:db8::1"]])
    assert lists_of(index, members, "93.184.216.34") == [(0,)]
    assert lists_of(index, members, "2001:db8::1") == [(0,)]
    assert lists_of(index, members, "184.216.34") == []


@settings(max_examples=80)
@given(st.lists(st.lists(HOST, max_size=12), min_size=1, max_size=4), HOST)
def test_the_index_agrees_with_a_plain_search(tmp_path_factory, lists, asked):
    index, members = built(tmp_path_factory.mktemp("index"), lists, width=4)
    for host in [asked, *(f"www.{entry}" for entries in lists for entry in entries)]:
        above = {host.split(".", n)[-1] if n else host for n in range(host.count(".") + 1)}
        expected = {n for n, entries in enumerate(lists) if above & set(entries)}
        assert {n for found in lists_of(index, members, host) for n in found} == expected
    assert len(index) == len({entry for entries in lists for entry in entries})


@given(st.lists(st.binary(max_size=6).map(lambda entry: entry.replace(b"\n", b"")), max_size=40))
def test_equal_entries_and_only_those_get_one_number(entries):
    blob = b"".join(entry + b"\n" for entry in entries)
    groups = group_equal(blob, entry_offsets(blob)).tolist()
    assert len(groups) == len(entries)
    assert [[a == b for b in groups] for a in groups] == [[a == b for b in entries] for a in entries]
    assert set(groups) == set(range(len(set(entries))))


def test_entries_whose_hashes_collide_are_still_told_apart(monkeypatch):
    from drystone.engine.filtering import distinct

    honest, seeds = distinct.hashes_of, []

    def colliding(raw, offsets, seed):
        seeds.append(seed)
        return honest(raw, offsets, seed) * (0 if seed == 0 else 1)

    monkeypatch.setattr(distinct, "hashes_of", colliding)
    blob = b"aa\nbb\naa\n"
    assert len(set(group_equal(blob, entry_offsets(blob)).tolist())) == 2
    assert seeds == [0, 1]


def test_url_entries_match_at_a_boundary_and_without_www(tmp_path):
    index, members = built(tmp_path, [["host.example/lotto"], ["host.example/lotto/win"], ["whole.example"]], urls=True)

    def found(host, path):
        return [members[number] for number in index.urls(host, path)]

    assert found("www.host.example", "/Lotto/win/now") == [(0,), (1,)]
    assert found("host.example", "/lottology") == []
    assert found("cdn.host.example", "/lotto") == []
    assert found("www.whole.example", "") == [(2,)]
    assert (index.has_paths("www.host.example"), index.has_paths("whole.example")) == (True, False)


def test_an_empty_index_finds_nothing(tmp_path):
    index, _ = built(tmp_path, [[]])
    assert (len(index), index.hosts("a.example"), index.urls("a.example", "/x")) == (0, [], [])


def test_a_trie_that_is_none_is_refused(tmp_path):
    built(tmp_path, [["a.example"]])
    (tmp_path / "trie").write_bytes(b"not a trie")
    with pytest.raises(ValueError, match="not a trie"):
        SetIndex(tmp_path / "trie", tmp_path / "ids", 2)


def test_ids_that_are_cut_short_are_refused(tmp_path):
    built(tmp_path, [["a.example", "b.example", "c.example"]])
    (tmp_path / "ids").write_bytes(b"\0\0")
    with pytest.raises(ValueError, match="shorter"):
        SetIndex(tmp_path / "trie", tmp_path / "ids", 2)


def test_expressions_match_host_and_path_whatever_the_case_and_name_their_owners():
    index = ExpressionIndex([(3, "/banner/"), (1, r"^casino\."), (3, "sponsor")])
    assert index.owners("casino.example", "/Banner/x") == [1, 3]
    assert index.owners("www.casino.example", "/") == []
    assert not ExpressionIndex([])


def test_how_far_an_expression_reaches_into_the_path():
    index = ExpressionIndex([(0, "[?&]q=casino"), (1, "casino")])
    assert index.reach(0, "search.example", "/?q=casino&x=1") == len("/?q=casino")
    assert index.reach(1, "casino.example", "/nothing") == 0


def test_an_expression_that_does_not_compile_has_a_reason():
    assert expression_fault("(unclosed")
    assert expression_fault(r"(a)\1")  # a back reference is no regular expression, and takes for ever
    assert expression_fault("(fine|good)+") == ""


def test_an_evil_expression_stays_linear():
    """P35: what takes a backtracking matcher longer than the universe lasts."""
    assert ExpressionIndex([(0, "(a+)+$")]).owners("h.example", "/" + "a" * 50_000 + "b") == []

"""First source wins, whatever overlaps: held against going through the sources one by one, as squidGuard does."""

from __future__ import annotations

from ipaddress import IPv4Address

from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.engine.filtering.squidguard.conf import Limit, Source, Word
from drystone.engine.filtering.squidguard.sources import Roster, merged

BASE = int(IPv4Address("10.1.0.0"))
LUNCH = Limit(Word("lunch", 1, 1), within=True)
places = st.integers(0, 40).map(lambda step: BASE + step)
ranges = st.tuples(places, places).map(lambda pair: (min(pair), max(pair)))
users = st.sampled_from(["anna", "bob", "carol"])


@st.composite
def sources(draw: st.DrawFn) -> Source:
    addresses = draw(st.none() | st.lists(ranges, max_size=4))
    people = draw(st.none() | st.sets(users, max_size=2))
    name = Word(draw(st.text("abc", min_size=1, max_size=3)), 1, 1)
    return Source(name, addresses, people, limit=draw(st.sampled_from([None, None, LUNCH])))


def one_by_one(given_: list[Source], address: int, user: str) -> tuple[int, ...]:
    found = []
    for number, source in enumerate(given_):
        here = source.addresses is None or any(first <= address <= last for first, last in source.addresses)
        if here and (source.users is None or user in source.users):
            found.append(number)
            if source.limit is None:
                break
    return tuple(found)


@settings(max_examples=100)
@given(st.lists(sources(), max_size=6), places | st.just(1), users | st.just(""))
def test_pieces_and_people_give_the_sources_that_fit_in_their_order(
    given_: list[Source], address: int, user: str
) -> None:
    roster = Roster(given_)
    here = [piece for piece in roster.pieces() if any(IPv4Address(address) in net for net in piece.networks)]

    assert len(here) <= 1, "no two pieces overlap"
    assert roster.candidates(here[0].sources if here else (), user) == one_by_one(given_, address, user)


@given(st.lists(ranges, max_size=8))
def test_merged_ranges_hold_the_same_addresses(given_: list[tuple[int, int]]) -> None:
    def addresses(of: list[tuple[int, int]]) -> set[int]:
        return {address for first, last in of for address in range(first, last + 1)}

    result = merged(given_)
    assert addresses(result) == addresses(given_)
    assert all(before[1] + 1 < after[0] for before, after in zip(result, result[1:], strict=False))

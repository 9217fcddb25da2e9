"""Compaction: few files, the same rows, and readers that never notice."""

import threading
from datetime import timedelta

import pytest

from drystone.engine.eventlog import LakeError, compaction, layout
from drystone.engine.eventlog.compaction import GRACE, QUIET, full_tier, join_spans, leftover
from drystone.engine.eventlog.lake import Lake
from drystone.engine.eventlog.layout import DataFile, Span, Spans


def write_and_collect(school, numbers, **values):
    writer = school.writer()
    collector = school.collectors[-1] if school.collectors else school.collector()
    for number in numbers:
        writer.append(school.line(number, **values))
        collector.run_once()
    writer.close()
    return collector


def on_disk(school):
    return len(list(school.home.lake.rglob("*.parquet")))


def test_the_number_of_files_stays_within_its_bound(school):
    write_and_collect(school, range(120))
    assert len(school.files()) <= 15 * 3
    assert len(school.files()) < 30
    assert school.ids() == sorted(school.written)


def test_what_was_merged_is_deleted_after_a_while_and_not_before(school):
    collector = write_and_collect(school, range(16))
    assert len(school.files()) == 1
    assert on_disk(school) == 17
    school.clock.now += timedelta(seconds=GRACE)
    collector.run_once()
    assert on_disk(school) == 1


def test_a_past_day_becomes_one_file_when_it_has_been_quiet(school):
    collector = write_and_collect(school, range(5))
    assert len(school.files()) == 5
    school.clock.now += timedelta(seconds=QUIET)
    collector.run_once()
    assert len(school.files()) == 1
    assert school.ids() == sorted(school.written)


def test_a_day_that_is_not_over_is_not_merged_for_being_quiet(school):
    school.clock.now = school.event(0).at
    collector = write_and_collect(school, range(5))
    school.clock.now += timedelta(hours=2)
    collector.run_once()
    assert len(school.files()) == 5


def test_a_late_line_joins_its_day(school):
    collector = write_and_collect(school, range(5))
    collector.compact()
    collector = write_and_collect(school, [7])
    assert len(school.files()) == 2
    collector.compact()
    assert len(school.files()) == 1
    assert school.ids() == sorted(school.written)


def test_rows_of_a_merged_file_stand_in_the_order_of_time(school):
    collector = write_and_collect(school, [5, 3, 9, 1])
    collector.compact()
    assert [row["id"] for row in school.rows()] == ["e1", "e3", "e5", "e9"]


def test_rejects_are_merged_too(school):
    writer, collector = school.writer(), school.collector()
    for number in range(20):
        writer.append(b"bad %d\n" % number)
        collector.run_once()
    assert len(school.files()) < 6
    assert sorted(row["line"] for row in school.rows(rejects=True)) == sorted(b"bad %d" % n for n in range(20))


def file(rows, *spans, name="x"):
    return DataFile(layout.Path(name), rows, True, Spans(Span(*span) for span in spans))


def test_a_tier_is_merged_when_it_is_full_and_full_files_are_left_alone():
    small = [file(10, name=f"s{n}") for n in range(15)]
    large = [file(compaction.FULL, name=f"l{n}") for n in range(40)]
    assert full_tier(small + large) == []
    assert len(full_tier([*small, *large, file(11, name="s15")])) == 16
    assert leftover(large) == []
    assert leftover([*large, file(3)]) == []
    assert len(leftover([*large, file(3), file(5, name="y")])) == 2


def test_a_merged_file_never_grows_beyond_what_a_file_may_hold():
    lot = full_tier(file(compaction.FULL - 1, name=f"{n:02}") for n in range(20))
    assert len(lot) >= 2
    assert sum(one.rows for one in lot) <= compaction.MOST


def test_spans_are_joined_over_bytes_that_belong_to_other_partitions_only():
    spans = [Span("a", 20, 30), Span("a", 0, 10), Span("b", 0, 5), Span("a", 30, 40)]
    assert join_spans(spans, []) == [Span("a", 0, 40), Span("b", 0, 5)]


def test_spans_are_not_joined_over_a_file_that_is_not_merged_with_them():
    spans = [Span("a", 0, 10), Span("a", 20, 30)]
    assert join_spans(spans, [Span("a", 10, 20)]) == spans
    assert join_spans(spans, [Span("b", 10, 20), Span("a", 30, 40)]) == [Span("a", 0, 30)]


def test_a_file_counts_unless_all_its_spans_lie_within_a_merged_one():
    batch = file(1, ("a", 0, 10), name="s-1")
    other = file(1, ("a", 10, 20), name="s-2")
    merged = file(2, ("a", 0, 10), ("b", 0, 5), name="m-1")
    larger = file(3, ("a", 0, 20), ("b", 0, 5), name="m-2")
    assert layout.counting([batch, other, merged]) == [other, merged]
    assert layout.counting([batch, other, merged, larger]) == [larger]
    twin = file(2, ("a", 0, 10), ("b", 0, 5), name="m-0")
    assert layout.counting([merged, twin]) == [twin]


def test_a_damaged_file_is_named_and_nothing_is_merged_away(school):
    collector = write_and_collect(school, range(15))
    victim = school.files()[3].path
    whole = victim.read_bytes()
    victim.write_bytes(whole[:100])
    with pytest.raises(LakeError, match=victim.name):
        write_and_collect(school, [15])
    victim.write_bytes(whole)
    collector.run_once()
    assert school.ids() == sorted(school.written)


def test_queries_while_files_are_merged_and_deleted_always_see_every_event_once(school, monkeypatch):
    """The grace lasts ten runs of a hurried collector here, so that files do vanish under the queries."""
    monkeypatch.setattr(compaction, "FANOUT", 2)
    lake = Lake(school.home.lake)
    writer, collector = school.writer(), school.collector()
    done, faults, seen = threading.Event(), [], [0]

    def ask():
        last = 0
        while not done.is_set():
            try:
                before = len(school.written)
                found = lake.count("fellside")
                events = lake.events("fellside", limit=10_000)
            except Exception as error:
                faults.append(error)
                return
            ids = [event.id for event in events]
            if len(set(ids)) != len(ids) or found < last or found > len(school.written) or before - found > 1:
                faults.append((last, before, found, len(ids), len(set(ids))))
            last = found
            seen[0] += 1

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    number = 0
    while seen[0] < 40 and not faults:
        writer.append(school.line(number))
        collector.run_once()
        school.clock.now += timedelta(seconds=GRACE / 10)
        number += 1
    done.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert lake.count("fellside") == number


def test_a_query_whose_files_vanish_before_it_reads_them_asks_again(school, monkeypatch):
    collector = write_and_collect(school, range(5))
    lake = Lake(school.home.lake)
    read, listed = lake._query, []

    def read_after_the_collector_was_there(paths, schema, build):
        if not listed:
            collector.compact()
            school.clock.now += timedelta(seconds=GRACE)
            collector.run_once()
        listed.append(len(paths))
        return read(paths, schema, build)

    monkeypatch.setattr(lake, "_query", read_after_the_collector_was_there)
    assert lake.count("fellside") == 5
    assert listed == [5, 1]

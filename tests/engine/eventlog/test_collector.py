"""The collector: every line once, from every kind of segment, and nothing of a child who looks for help."""

import os
import shutil
import time
from datetime import timedelta

import pytest

from drystone.engine.eventlog import SELF_TEST, format_bytes, format_event, layout
from drystone.engine.eventlog.collector import CollectorBusyError


def age(path, days):
    when = time.time() - days * 86_400
    os.utime(path, (when, when))


def test_what_a_gateway_wrote_is_in_the_lake_once(school):
    writer, collector = school.writer(), school.collector()
    for number in range(3):
        writer.append(school.line(number))
    assert collector.run_once() == 3
    assert collector.run_once() == 0
    writer.append(school.line(3))
    assert collector.run_once() == 1
    assert school.ids() == ["e0", "e1", "e2", "e3"]


def test_a_new_collector_goes_on_where_the_last_one_came_to(school):
    writer = school.writer()
    for number in range(40):
        writer.append(school.line(number))
        school.collector().run_once()
    assert school.ids() == sorted(school.written)


def test_every_field_of_the_line_is_in_the_row(school):
    values = {
        name: f"{name}-value" for name in ("zone", "client", "device", "person", "group", "method", "host", "path")
    }
    values |= {name: f"{name}\tvalue\0" for name in ("search", "action", "category", "rule", "level", "edition")}
    school.writer().append(school.line(1, bytes=7, **values))
    school.collector().run_once()
    (row,) = school.rows()
    assert {name: row[name] for name in values} == values
    assert (row["at"], row["gateway"], row["bytes"], row["kind"]) == (school.event(1).at, "g1", 7, "decision")


def test_a_batch_over_midnight_and_of_two_schools_lies_in_three_partitions(school):
    writer = school.writer()
    for number in range(6):
        writer.append(school.line(number))
        writer.append(school.line(number + 100, school="moorend"))
        writer.append(school.line(number + 200, at=school.event(0).at + timedelta(days=1)))
    school.collector().run_once()
    found = {str(file.path.parent.relative_to(school.home.lake)): file.rows for file in school.files()}
    assert found == {
        "school=fellside/day=2026-11-03": 6,
        "school=fellside/day=2026-11-04": 6,
        "school=moorend/day=2026-11-03": 6,
    }
    assert sum(file.commits for file in school.files()) == 1
    school.collector().run_once()
    assert school.ids() == sorted(school.written)


def test_a_help_visit_that_a_door_forgot_to_strip_is_stripped_by_the_collector(school):
    traces = {"client": "10.1.0.4", "device": "tablet-7", "person": "k1", "path": "/talk", "search": "sad"}
    school.writer().append(school.line(1, level="help", host="childline.org.uk", zone="suite", **traces))
    school.collector().run_once()
    (row,) = school.rows()
    assert {name: row[name] for name in traces} == dict.fromkeys(traces, "")
    assert (row["host"], row["zone"]) == ("childline.org.uk", "suite")


def test_the_filters_own_test_of_a_help_site_stays_known_for_what_it_is(school):
    school.writer().append(school.line(1, level="help", host="childline.org.uk", device=SELF_TEST, client="10.1.0.1"))
    school.collector().run_once()
    (row,) = school.rows()
    assert (row["device"], row["client"]) == (SELF_TEST, "")


@pytest.mark.parametrize(
    "name", ["../..", "/etc", "..", ".", "", "-", "a/b", "day=1", "rejects", "é%2F..", "\0", "*?["]
)
def test_no_school_that_a_line_names_leads_out_of_its_own_folder(school, name):
    school.writer().append(school.line(1, school=name))
    school.collector().run_once()
    (file,) = school.files()
    folder = file.path.parent.parent
    assert folder.parent == school.home.lake
    assert folder.name.startswith("school=")
    assert layout.schools(school.home.lake) == [name]
    assert sorted(path.name for path in school.home.root.iterdir()) == ["events", "lake"]


def test_a_second_collector_is_told_who_is_at_work(school):
    first = school.collector()
    first.run_once()
    second = type(first)(school.home)
    with pytest.raises(CollectorBusyError, match=f"another collector .process {os.getpid()}."):
        second.run_once()
    first.close()
    second.run_once()
    second.close()


def test_the_last_line_of_a_killed_writer_is_put_aside_and_not_run_into_the_next(school):
    first = school.writer()
    first.append(school.line(1))
    with first.path.open("ab") as file:
        file.write(school.line(2)[:30])
    school.written.remove("e2")
    collector = school.collector()
    collector.run_once()
    assert collector.rejected == 0  # the writer lives: the rest may still come
    first.close()
    school.writer().append(school.line(3))
    collector.run_once()
    assert school.ids() == ["e1", "e3"]
    assert collector.rejected == 1
    (reject,) = school.rows(rejects=True)
    assert (reject["gateway"], reject["file"], reject["line"]) == ("g1", first.path.name, school.line(2)[:30])
    assert reject["offset"] == len(school.line(1))
    collector.run_once()
    assert collector.rejected == 1


def test_a_line_that_is_written_slowly_is_collected_when_it_is_whole(school):
    writer, collector = school.writer(), school.collector()
    line = school.line(1)
    with writer.path.open("ab", buffering=0) as file:
        for start in range(0, len(line), 7):
            assert school.rows() == []
            file.write(line[start : start + 7])
            collector.run_once()
    assert school.ids() == ["e1"]
    assert collector.rejected == 0


def test_a_line_of_a_newer_format_is_kept_aside_with_what_to_do(school):
    writer, collector = school.writer(), school.collector()
    newer = b"2\tdecision\tfrom the future\n"
    writer.append(school.line(1))
    writer.append(newer)
    writer.append(newer)
    writer.append(school.line(2))
    assert collector.run_once() == 2
    (reject,) = school.rows(rejects=True)
    assert reject["line"] == newer + newer.rstrip(b"\n")
    assert reject["lines"] == collector.rejected == 2
    assert "update" in reject["reason"]


def test_a_foreign_file_of_many_lines_makes_one_reject(school):
    folder = school.home.events / "g1"
    folder.mkdir(parents=True)
    (folder / "access.log").write_bytes(b"\n" * 100_000 + os.urandom(1000).replace(b"\n", b" ") + b"\n")
    collector = school.collector()
    assert collector.run_once() == 0
    assert collector.rejected == 100_001
    assert len(school.rows(rejects=True)) == 1


def squid(school, *numbers, torn=b""):
    folder = school.home.events / "squid"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "access.log").open("ab") as file:
        file.write(b"".join(school.line(number, gateway="squid") for number in numbers) + torn)
    return folder


def test_squids_log_is_followed_through_its_rotations(school):
    collector = school.collector()
    folder = squid(school, 1, 2)
    collector.run_once()
    squid(school, 3)
    for generation in (2, 1, 0):
        older = folder / f"access.log.{generation}"
        if older.exists():
            older.rename(folder / f"access.log.{generation + 1}")
        (folder / "access.log").rename(folder / "access.log.0")
        squid(school, 10 + generation)
        if generation != 1:
            collector.run_once()
        if (folder / "access.log.1").exists():
            (folder / "access.log.1").rename(folder / "access.log.7")
        if generation:
            (folder / "access.log.0").rename(folder / "access.log.1")
    school.collector().run_once()
    assert school.ids() == sorted(school.written)


def test_a_log_that_is_copied_and_cut_off_is_collected_once(school):
    collector = school.collector()
    folder = squid(school, 1, 2)
    collector.run_once()
    squid(school, 3)
    shutil.copy(folder / "access.log", folder / "access.log.1")
    collector.run_once()
    os.truncate(folder / "access.log", 0)
    squid(school, 4)
    collector.run_once()
    assert school.ids() == sorted(school.written)


def test_a_home_copied_to_another_disk_is_not_collected_again(school, tmp_path):
    squid(school, 1, 2)
    school.writer().append(school.line(3))
    school.collector().run_once()
    school.collectors[-1].close()
    shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name}-copy")
    copy = type(school)(type(school.home)(tmp_path.parent / f"{tmp_path.name}-copy"))
    assert copy.collector().run_once() == 0


def test_the_line_after_one_that_squid_left_torn_is_not_lost(school):
    torn = school.line(99)[:60]
    school.written.remove("e99")
    squid(school, 1, torn=torn)
    squid(school, 2, 3)
    collector = school.collector()
    assert collector.run_once() == 3
    assert school.ids() == ["e1", "e2", "e3"]
    (reject,) = school.rows(rejects=True)
    assert reject["line"] == torn


def test_a_first_line_that_is_no_event_does_not_make_two_logs_one(school):
    folder = squid(school, torn=b"\n")
    squid(school, 1)
    (folder / "access.log").rename(folder / "access.log.0")
    squid(school, torn=b"\n")
    squid(school, 2)
    school.collector().run_once()
    assert school.ids() == ["e1", "e2"]


def test_a_collected_segment_goes_when_it_is_closed_and_old_enough(school):
    school.clock.now = school.clock.now.fromtimestamp(time.time(), tz=school.clock.now.tzinfo)
    living, closed, fresh = school.writer(), school.writer(), school.writer()
    torn = school.writer()
    for number, writer in enumerate((living, closed, fresh, torn)):
        writer.append(school.line(number))
    with torn.path.open("ab") as file:
        file.write(b"torn")
    for writer in (closed, fresh, torn):
        writer.close()
    for writer in (living, closed, torn):
        age(writer.path, 8)
    folder = squid(school, 10)
    (folder / "access.log").rename(folder / "access.log.0")
    squid(school, 11)
    for path in folder.iterdir():
        age(path, 8)
    collector = school.collector()
    collector.run_once()
    left = {path.name for path in school.home.events.rglob("*.log*")}
    assert left == {living.path.name, fresh.path.name, "access.log"}
    assert school.ids() == sorted(school.written)
    assert collector.rejected == 1


def test_a_segment_that_cannot_be_collected_is_not_deleted(school, monkeypatch):
    writer = school.writer()
    writer.append(school.line(1))
    writer.close()
    age(writer.path, 30)
    monkeypatch.setattr(layout, "write_table", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    collector = school.collector()
    with pytest.raises(OSError, match="No space"):
        collector.run_once()
    assert writer.path.exists()
    monkeypatch.undo()
    collector.run_once()
    assert school.ids() == ["e1"]


def test_a_link_in_a_gateways_folder_is_not_followed(school, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("password\n")
    school.writer().append(school.line(1))
    (school.home.events / "g1" / "link.log").symlink_to(secret)
    os.mkfifo(school.home.events / "g1" / "pipe.log")
    (school.home.events / "g1" / "folder.log").mkdir()
    collector = school.collector()
    assert collector.run_once() == 1
    assert collector.rejected == 0


def test_bytes_told_later_are_a_record_of_their_own_in_the_same_day(school):
    writer = school.writer()
    event = school.event(1)
    writer.append(format_event(event))
    writer.append(format_bytes(event, 500))
    school.collector().run_once()
    decided, told = school.rows()
    assert (decided["bytes"], told["kind"], told["id"], told["bytes"]) == (None, "bytes", "e1", 500)
    assert told["at"] == decided["at"]


def test_an_empty_or_missing_events_folder_is_no_fault(school):
    assert school.collector().run_once() == 0
    school.home.events.mkdir()
    school.writer()
    assert school.collector().run_once() == 0

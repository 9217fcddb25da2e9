"""The lake's questions: one school's events, filtered, counted, paired with their bytes, safe to open in a sheet."""

import csv
import io
import os
import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from drystone.engine.eventlog import SELF_TEST, LakeError, format_bytes, format_event
from drystone.engine.eventlog.lake import Lake
from drystone.engine.eventlog.questions import DayCount, GatewaySeen, NamedDay, NamedShare
from drystone.engine.home import Home
from tests.engine.eventlog.logbook import AT, School


@pytest.fixture
def lake(school):
    return Lake(school.home.lake)


def collect(school, *events, gateway="g1"):
    """Events as (number, values): written and collected, in two runs, so that there is more than one file."""
    writer = school.writer(gateway)
    for half in (events[::2], events[1::2]):
        for number, values in half:
            writer.append(school.line(number, **values))
        (school.collectors[-1] if school.collectors else school.collector()).run_once()


def ids(events):
    return [event.id for event in events]


def test_events_come_newest_first_by_the_page_and_whole(school, lake):
    collect(school, *[(number, {"zone": "suite"}) for number in range(10)])
    assert ids(lake.events("fellside")) == [f"e{number}" for number in range(9, -1, -1)]
    assert ids(lake.events("fellside", limit=3, offset=4)) == ["e5", "e4", "e3"]
    assert lake.events("fellside", limit=1) == [school.event(9, zone="suite")]
    assert lake.count("fellside") == 10


def test_a_search_tells_how_many_it_found_and_how_far_back_the_newest_of_them_go(school, lake):
    collect(school, *[(number, {"zone": "suite" if number % 3 else "hall"}) for number in range(10)])
    total, since = lake.reach("fellside", 2, zone="suite")
    assert (total, since) == (6, lake.events("fellside", zone="suite")[1].at)
    assert ids(lake.events("fellside", zone="suite", since=since)) == ["e8", "e7"]
    assert lake.reach("fellside", 100, zone="suite") == (6, lake.events("fellside", zone="suite")[-1].at)
    assert lake.reach("fellside", 2, zone="attic") == (0, None)


def test_no_question_reaches_another_school(school, lake):
    collect(school, (1, {"category": "mine"}), (2, {"school": "moorend", "category": "theirs", "action": "block"}))
    assert ids(lake.events("fellside")) == ["e1"]
    assert lake.count("fellside") == 1
    assert lake.distinct("fellside", "category") == ["mine"]
    assert lake.blocks_by_category("fellside", AT, AT + timedelta(days=1)) == []
    assert "theirs" not in "".join(lake.export_csv("fellside"))
    for hostile in ("*", "../school=moorend", "moorend/../moorend", "moorend*", "", "' OR 1=1 --"):
        assert lake.count(hostile) == 0
    assert lake.schools() == ["fellside", "moorend"]


@pytest.mark.parametrize("name", ["zone", "group", "person", "client", "category", "action", "level", "host", "rule"])
def test_each_filter_keeps_what_it_names(school, lake, name):
    collect(school, (1, {name: "this"}), (2, {name: "that"}), (3, {name: "this"}))
    assert ids(lake.events("fellside", **{name: "this"})) == ["e3", "e1"]
    assert lake.count("fellside", **{name: "this"}) == 2
    assert lake.count("fellside", **{name: "' OR '1'='1"}) == 0
    assert lake.count("fellside", **{name: ""}) == 3


def test_text_is_found_in_host_path_and_search_whatever_the_case(school, lake):
    rows = [{"host": "poker.example"}, {"path": "/a/PokerNight"}, {"search": "Poker rules"}, {"zone": "poker"}]
    collect(school, *enumerate(rows))
    assert ids(lake.events("fellside", text=" POKER ")) == ["e2", "e1", "e0"]
    assert lake.count("fellside", text="%") == lake.count("fellside", text="p_ker") == 0


def test_times_bound_what_is_asked_from_the_first_to_before_the_last(school, lake):
    collect(school, *[(hour, {"at": AT + timedelta(hours=hour)}) for hour in range(48)])
    found = lake.events("fellside", since=AT + timedelta(hours=14), until=AT + timedelta(hours=17))
    assert ids(found) == ["e16", "e15", "e14"]
    with pytest.raises(ValueError, match="time zone"):
        lake.count("fellside", since=datetime(2026, 11, 3))  # noqa: DTZ001


def test_days_that_are_not_asked_about_are_not_read(school, lake):
    collect(school, (1, {}), (2, {"at": AT + timedelta(days=1)}))
    next(file.path for file in school.files() if file.path.parent.name == "day=2026-11-04").write_bytes(b"damaged")
    assert lake.count("fellside", until=AT + timedelta(hours=1)) == 1
    with pytest.raises(LakeError, match="cannot be read"):
        lake.count("fellside")


def test_bytes_told_later_are_added_and_double_no_row(school, lake):
    writer = school.writer()
    tunnel, page, waiting = school.event(1), school.event(2, bytes=7), school.event(3)
    for line in (format_event(tunnel), format_event(page), format_event(waiting), format_bytes(tunnel, 500)):
        writer.append(line)
    collector = school.collector()
    collector.run_once()
    writer.append(format_bytes(tunnel, 23))
    writer.append(format_event(school.event(4, id="", bytes=9)))
    writer.append(format_event(school.event(5, id="")))
    collector.run_once()
    assert [event.bytes for event in lake.events("fellside")] == [None, 9, None, 7, 523]
    assert lake.count("fellside") == 5
    found = lake.events("fellside", since=tunnel.at, until=tunnel.at + timedelta(milliseconds=1))
    assert [event.bytes for event in found] == [523]


def test_self_tests_are_shown_only_when_they_are_asked_for(school, lake):
    collect(school, (1, {"action": "block"}), (2, {"device": SELF_TEST, "action": "block", "person": "k"}))
    assert ids(lake.events("fellside")) == ["e1"]
    assert ids(lake.events("fellside", checks=True)) == ["e2", "e1"]
    assert ids(lake.events("fellside", device=SELF_TEST)) == ["e2"]
    assert lake.blocks_by_category("fellside", AT, AT + timedelta(days=1)) == [("", 1)]


def test_values_for_the_filter_boxes_are_sorted_and_without_the_empty_one(school, lake):
    collect(school, *[(number, {"zone": zone}) for number, zone in enumerate(["suite", "", "office", "suite"])])
    assert lake.distinct("fellside", "zone") == ["office", "suite"]
    with pytest.raises(ValueError, match="not a field"):
        lake.distinct("fellside", "path")


def test_blocks_are_counted_by_the_days_of_the_schools_own_calendar(school, lake):
    summer = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)  # half past eleven in London
    rows = [(summer, "games"), (summer + timedelta(hours=1), "games"), (summer + timedelta(hours=2), "gambling")]
    collect(school, *[(n, {"at": at, "category": name, "action": "block"}) for n, (at, name) in enumerate(rows)])
    collect(school, (9, {"at": summer, "category": "games", "action": "allow"}))
    since, until = summer - timedelta(days=1), summer + timedelta(days=1)
    assert lake.blocks_by_day("fellside", since, until) == [
        DayCount(date(2026, 6, 30), "games", 1),
        DayCount(date(2026, 7, 1), "gambling", 1),
        DayCount(date(2026, 7, 1), "games", 1),
    ]
    assert {day.day for day in lake.blocks_by_day("fellside", since, until, "Asia/Kathmandu")} == {date(2026, 7, 1)}
    assert lake.blocks_by_category("fellside", since, until) == [("games", 2), ("gambling", 1)]


def test_the_hosts_asked_for_most(school, lake):
    hosts = ["b.example", "a.example", "b.example", "c.example"]
    collect(school, *[(number, {"host": host}) for number, host in enumerate(hosts)])
    assert lake.top_hosts("fellside", limit=2) == [("b.example", 2), ("a.example", 1)]


def test_the_named_share_leaves_out_what_names_nobody_on_purpose(school, lake):
    """P62"""
    rows = [{"person": "k1"}, {}, {"level": "help"}, {"device": SELF_TEST}, {"person": "k2"}]
    collect(school, *enumerate(rows))
    share = lake.named_share("fellside", AT, AT + timedelta(days=1))
    assert (share, round(share.share, 2)) == (NamedShare(named=2, total=3), 0.67)
    assert lake.named_share("fellside", AT + timedelta(days=1), AT + timedelta(days=2)).share is None
    collect(school, *enumerate([{"rule": "sign-on", "level": "access"}, {"rule": "gateway:sign-on"}]))
    assert lake.named_share("fellside", AT, AT + timedelta(days=1)) == share  # they were only asked who they are


def test_the_named_share_is_told_by_the_school_s_own_day_and_by_zone(school, lake):
    """P62: AT is in Greenwich's winter; half past midnight in London is another day than the UTC one in summer."""
    night = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    rows = [{"person": "k1", "zone": "suite"}, {"zone": "suite"}, {"zone": ""}, {"zone": "suite", "level": "help"}]
    collect(school, *enumerate(row | {"at": night} for row in rows))
    found = lake.named_by_day("fellside", night - timedelta(days=1), night + timedelta(days=1))
    assert found == [NamedDay(date(2026, 7, 2), "", 0, 1), NamedDay(date(2026, 7, 2), "suite", 1, 2)]


def test_each_gateway_tells_when_it_last_logged(school, lake):
    collect(school, *[(number, {"gateway": "g1"}) for number in (0, 30, 90)])
    collect(school, (0, {"gateway": "g2"}), gateway="g2")
    now = AT + timedelta(seconds=91)
    expected = [GatewaySeen("g1", AT + timedelta(seconds=90), 1), GatewaySeen("g2", AT, 0)]
    assert lake.gateways("fellside", now) == expected
    collect(school, (91, {"gateway": "g1"}))
    assert lake.gateways("fellside", now)[0].last == AT + timedelta(seconds=91)
    assert lake.gateways("fellside", now + timedelta(days=30)) == []


def test_an_export_has_every_event_once_and_newest_first(school, lake):
    collect(school, *[(number, {"at": AT + timedelta(hours=number // 3)}) for number in range(100)])
    rows = list(csv.DictReader(io.StringIO("".join(lake.export_csv("fellside", chunk=7)))))
    assert len(rows) == 100
    assert sorted(row["at"] for row in rows)[::-1] == [row["at"] for row in rows]
    assert rows[0]["at"] == "2026-11-04T18:15:00.000+00:00"
    assert len(list(csv.DictReader(io.StringIO("".join(lake.export_csv("fellside", chunk=7, until=AT)))))) == 0


def test_an_export_goes_on_where_it_was_while_files_are_merged_and_events_come_in(school, lake):
    collect(school, *[(number, {"path": f"/{number}"}) for number in range(40)])
    pieces = lake.export_csv("fellside", chunk=6)
    text = "".join(next(pieces) for _ in range(3))
    school.collectors[-1].compact()
    collect(school, (1000, {"path": "/late"}))
    school.clock.now += timedelta(minutes=1)
    school.collectors[-1].run_once()
    paths = [row["path"] for row in csv.DictReader(io.StringIO(text + "".join(pieces)))]
    assert paths == [f"/{number}" for number in range(39, -1, -1)]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_of_an_export_is_reckoned_as_a_formula(school, lake, start):
    collect(school, (1, {"search": f'{start}HYPERLINK("http://x")', "path": '/a,"b"\nc'}))
    (row,) = csv.DictReader(io.StringIO("".join(lake.export_csv("fellside")), newline=""))
    assert row["search"] == f'\'{start}HYPERLINK("http://x")'
    assert row["path"] == '/a,"b"\nc'


def test_rejects_are_listed_with_their_place(school, lake):
    writer = school.writer()
    writer.append(school.line(1))
    writer.append(b"bad\n")
    writer.append(b"worse\n")
    school.collector().run_once()
    (reject,) = lake.rejects()
    assert (reject.gateway, reject.file, reject.lines, reject.line) == ("g1", writer.path.name, 2, b"bad\nworse")
    assert reject.offset == len(school.line(1))
    assert lake.rejected() == 2
    assert lake.count("fellside") == 1


def test_days_before_a_date_are_deleted_and_no_other(school, lake):
    """P42: what is no longer needed goes."""
    rows = [{"at": AT - timedelta(days=1)}, {}, {"at": AT - timedelta(days=1), "school": "moorend"}]
    collect(school, *enumerate(rows))
    assert lake.drop_before("fellside", AT.date()) == 1
    assert ids(lake.events("fellside")) == ["e1"]
    assert lake.count("moorend") == 1
    assert lake.drop_before("fellside", AT.date()) == 0
    assert list((school.home.lake / "dropped").iterdir()) == []


def test_marks_of_dropped_segments_go_with_the_segments(school, lake):
    collect(school, (1, {}))
    lake.drop_before("fellside", AT.date() + timedelta(days=1))
    school.collector().run_once()
    assert len(list((school.home.lake / "seen").iterdir())) == 1
    for path in school.home.events.rglob("*.log"):
        path.unlink()
    school.collector().run_once()
    assert list((school.home.lake / "seen").iterdir()) == []


def test_an_empty_lake_answers_that_there_is_nothing(tmp_path):
    lake = Lake(tmp_path / "none")
    assert (lake.events("x"), lake.count("x"), lake.schools(), lake.rejected(), lake.rejects()) == ([], 0, [], 0, [])
    assert lake.gateways("x", AT) == []
    assert lake.named_share("x", AT, AT) == NamedShare(0, 0)
    assert list(lake.export_csv("x"))[1:] == []


def test_a_home_with_a_strange_name_is_read(tmp_path):
    school = School(Home(tmp_path / "a [b]*? 'c' %20"))
    collect(school, (1, {}))
    assert Lake(school.home.lake).count("fellside") == 1
    school.collectors[-1].close()


def test_threads_ask_one_lake_at_once(school, lake):
    collect(school, *[(number, {"zone": f"z{number % 5}"}) for number in range(50)])
    found = []

    def ask(zone):
        found.extend(
            (zone, lake.count("fellside", zone=zone), len(lake.events("fellside", zone=zone))) for _ in range(5)
        )

    threads = [threading.Thread(target=ask, args=(f"z{number}",)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [(f"z{number}", 10, 10) for number in range(5) for _ in range(5)]


def test_a_process_forked_from_one_that_asked_can_ask(school, lake):
    collect(school, (1, {}))
    assert lake.count("fellside") == 1
    child = os.fork()
    if child == 0:
        os._exit(42 if lake.count("fellside") == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42

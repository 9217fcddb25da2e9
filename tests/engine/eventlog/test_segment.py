"""The segment: one write a line, one file a writer, and nothing lost by a kill."""

import fcntl
import os
import signal
import subprocess
import sys
import threading

import pytest

from drystone.engine.eventlog import SegmentWriter


def lines(folder):
    return [line for path in sorted(folder.glob("*.log")) for line in path.read_bytes().splitlines()]


def test_a_line_is_in_the_file_when_append_returns(tmp_path):
    writer = SegmentWriter(tmp_path / "g1")
    writer.append(b"one\n")
    assert lines(tmp_path / "g1") == [b"one"]


def test_each_start_opens_a_new_segment(tmp_path):
    for number in range(3):
        SegmentWriter(tmp_path).append(b"%d\n" % number)
    assert len(list(tmp_path.glob("*.log"))) == 3
    assert sorted(lines(tmp_path)) == [b"0", b"1", b"2"]


def test_a_segment_that_is_large_or_old_is_followed_by_another(tmp_path):
    now = [1000.0]
    writer = SegmentWriter(tmp_path, max_bytes=10, max_age=60, clock=lambda: now[0])
    writer.append(b"123456789\n")
    now[0] += 1
    writer.append(b"a\n")
    now[0] += 61
    writer.append(b"b\n")
    assert [path.read_bytes() for path in sorted(tmp_path.glob("*.log"))] == [b"123456789\n", b"a\n", b"b\n"]


def test_a_segment_deleted_under_its_writer_is_opened_anew(tmp_path):
    writer = SegmentWriter(tmp_path)
    writer.path.unlink()
    writer.append(b"one\n")
    assert lines(tmp_path) == [b"one"]


def test_a_living_segment_is_locked_and_a_closed_one_is_not(tmp_path):
    writer = SegmentWriter(tmp_path)
    with writer.path.open("rb") as file:
        with pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        writer.close()
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


def test_half_a_line_or_two_are_refused(tmp_path):
    writer = SegmentWriter(tmp_path)
    for wrong in (b"half", b"one\ntwo\n", b""):
        with pytest.raises(ValueError, match="one line"):
            writer.append(wrong)


def test_a_folder_that_cannot_be_written_is_told_at_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        SegmentWriter(tmp_path / "file")


def test_a_line_that_the_disk_takes_in_part_is_written_whole_to_the_next_segment(tmp_path, monkeypatch):
    writer = SegmentWriter(tmp_path)
    writer.append(b"before\n")
    first = writer.path
    real, calls = os.write, []

    def short(fd, data):
        calls.append(1)
        return real(fd, data[:3] if len(calls) == 1 else data)

    monkeypatch.setattr(os, "write", short)
    writer.append(b"whole\n")
    assert first.read_bytes() == b"before\nwho"
    assert writer.path.read_bytes() == b"whole\n"


def test_threads_do_not_run_into_each_other(tmp_path):
    writer = SegmentWriter(tmp_path, max_bytes=2000)
    threads = [
        threading.Thread(target=lambda n=n: [writer.append(b"%d-%d\n" % (n, i)) for i in range(300)]) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(lines(tmp_path)) == sorted(b"%d-%d" % (n, i) for n in range(4) for i in range(300))


WRITER = """
import sys
from pathlib import Path
from drystone.engine.eventlog import SegmentWriter
writer = SegmentWriter(Path(sys.argv[1]))
for number in range(10**9):
    writer.append(b"%d\\n" % number)
    sys.stdout.write(f"{number}\\n"); sys.stdout.flush()
"""


def test_a_writer_killed_has_lost_no_line_that_append_returned_from(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(500)]
    process.send_signal(signal.SIGKILL)
    told += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    told = [line.rstrip() for line in told if line.endswith(b"\n")]
    assert lines(tmp_path)[: len(told)] == told

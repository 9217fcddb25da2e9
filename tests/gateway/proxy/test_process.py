"""The proxy as a process: how it starts, what stops it from starting, and what it leaves behind when it is killed."""

import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from drystone.engine.eventlog import Event, parse_line


@pytest.fixture
def run(home):
    """Starts `python -m drystone.gateway.proxy` and waits for its line `ready`; kills what is left at the end."""
    started = []

    def run(*arguments, listen="127.0.0.1:0", ready=True, at=None):
        command = [sys.executable, "-m", "drystone.gateway.proxy", "--home", str(at or home.root), "--listen", listen]
        command += ["--gateway", "gate", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        if not ready:
            return process
        line = process.stdout.readline()
        assert line.startswith("ready 127.0.0.1:"), line + process.stderr.read()
        return process, int(line.rpartition(":")[2])

    yield run
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate(timeout=10)


def get(port: int, url: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", url)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def events(home, tools) -> list[Event]:
    found = [parse_line(line) for line in tools.lines_of(home, "gate")]
    return [record for record in found if isinstance(record, Event)]


def test_it_says_ready_filters_and_stops_cleanly_on_sigterm(run, home, site, tools):
    process, port = run("--allow-private", "127.0.0.0/8")
    assert get(port, site().url(host="127.0.0.1")) == 200
    assert get(port, "http://casino.example/") == 403
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert process.stderr.read() == ""
    assert [event.action for event in events(home, tools)] == ["allow", "block"]


def test_what_is_under_way_is_finished_after_sigterm_and_new_clients_are_refused(run, site, tools):
    asked, go_on = threading.Event(), threading.Event()

    def serve(sock, origin):
        tools.read_head(sock)
        asked.set()
        go_on.wait(5)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")

    process, port = run("--allow-private", "127.0.0.0/8")
    url = site(serve).url(host="127.0.0.1")
    with (
        socket.create_connection(("127.0.0.1", port), 5) as sock,
        socket.create_connection(("127.0.0.1", port)) as idle,
    ):
        sock.sendall(f"GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert asked.wait(5)
        process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b""  # an idle client is let go at once
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 5)
        go_on.set()
        assert tools.read_all(sock).endswith(b"late")
    assert process.wait(5) == 0


def test_a_request_that_never_ends_does_not_keep_it_from_stopping(run, site, tools):
    process, port = run("--allow-private", "127.0.0.0/8")
    asked = threading.Event()

    def serve(sock, origin):
        tools.read_head(sock)
        asked.set()
        tools.read_all(sock)

    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(f"GET {site(serve).url(host='127.0.0.1')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert asked.wait(5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(6) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_kill_9_loses_no_decision_that_was_answered(run, home, site, tools, workers):
    """Everything a client was told is on record: the event was handed to the kernel before the answer."""
    url = site().url(host="127.0.0.1")
    process, port = run("--allow-private", "127.0.0.0/8", "--workers", workers)
    answered = []

    def client(number):
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            for count in range(100_000):
                path = f"/{number}/{count}"
                connection.request("GET", url + path.removeprefix("/") if count % 2 else f"http://casino.example{path}")
                answer = connection.getresponse()
                answer.read()
                answered.append(path)

    clients = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for thread in clients:
        thread.start()
    deadline = time.monotonic() + 20
    while len(answered) < 300:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.wait(5)
    for thread in clients:
        thread.join(20)
        assert not thread.is_alive()
    lines = [line for line in tools.lines_of(home, "gate") if line.endswith(b"\n")]
    records = [parse_line(line) for line in lines]
    recorded = [record.path for record in records if isinstance(record, Event)]
    assert set(answered) <= set(recorded)
    assert len(recorded) == len(set(recorded))


def test_workers_end_when_their_parent_is_killed(run, home):
    process, port = run("--workers", "2")
    process.kill()
    process.wait(5)
    deadline = time.monotonic() + 6
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            return
        assert time.monotonic() < deadline, "a worker went on without its parent"
        time.sleep(0.05)


def test_a_worker_that_dies_is_started_again_and_the_port_answers_all_the_while(run, home):
    process, port = run("--workers", "2")
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    with open(children) as file:  # noqa: PTH123 - a file of /proc
        before = file.read().split()
    assert len(before) == 2
    os.kill(int(before[0]), signal.SIGKILL)
    for _ in range(20):
        assert get(port, "http://casino.example/") == 403
    deadline = time.monotonic() + 6
    while True:
        with open(children) as file:  # noqa: PTH123
            after = file.read().split()
        if len(after) == 2 and after != before:
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(8) == 0
    assert json.loads((home.run / "gate.json").read_text())["requests"] > 0


def test_a_port_in_use_is_one_line_and_exit_1(run, home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for workers in ("1", "2"):
            process = run("--workers", workers, listen=f"127.0.0.1:{port}", ready=False)
            _, said = process.communicate(timeout=10)
            assert process.returncode == 1
            assert said.count("\n") == 1
            assert f"127.0.0.1:{port}" in said
            assert "--listen" in said


def test_a_home_that_cannot_be_written_is_one_line_and_exit_1(run, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    process = run(at=tmp_path / "file", ready=False)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert "cannot write in" in said


@pytest.mark.parametrize(
    "arguments", [["--listen", "nonsense"], ["--allow-private", "10.0.0.0/99"], ["--gateway", "../x"], ["--what"]]
)
def test_wrong_usage_is_exit_2(run, arguments):
    process = run(*arguments, ready=False)
    process.communicate(timeout=10)
    assert process.returncode == 2


def test_the_status_file_says_how_it_is(run, home):
    _, port = run()
    get(port, "http://casino.example/")
    deadline = time.monotonic() + 5
    while True:
        with contextlib.suppress(OSError, ValueError):
            status = json.loads((home.run / "gate.json").read_text())
            if status["decisions"] == 1:
                break
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert status["gateway"] == "gate"
    assert status["listen"] == f"127.0.0.1:{port}"
    assert status["school"] == "fellside"
    assert len(status["edition"]) == 16
    assert (status["requests"], status["blocked"], status["errors"]) == (1, 1, 0)


def test_a_broken_bundle_is_said_once_and_blocks_everything(run, home, site):
    manifest = home.here / "current" / "manifest.json"
    manifest.write_text("{broken")
    process, port = run("--allow-private", "127.0.0.0/8")
    assert get(port, site().url(host="127.0.0.1")) == 403
    time.sleep(1.2)
    process.send_signal(signal.SIGTERM)
    process.wait(5)
    assert process.stderr.read().count("\n") == 1


def test_a_disk_that_is_full_blocks_the_web_until_it_is_not(run, home, site, tools):
    """A real limit on what the process may write, as a full disk is."""
    process, port = run("--allow-private", "127.0.0.0/8")
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, hard))
    time.sleep(0.3)
    assert get(port, site().url(host="127.0.0.1")) == 503
    assert get(port, "http://casino.example/") == 403
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    time.sleep(0.3)
    assert get(port, site().url(host="127.0.0.1")) == 200
    assert events(home, tools)[-1].action == "allow"

"""Our own proxy against a bare Squid as forward proxy, on the same local origin, in one run, as ratios.

    .venv/bin/python -m bench proxy

For each proxy: requests a second on kept connections (HTTP), new CONNECTs a second (each with a ClientHello
and the origin's answer to it), the processor time of each, and what memory it holds before and after. The bare Squid
decides nothing and logs nothing: it is the floor, not a rival. All run on this one machine, client,
origin and proxy: the ratio says more than the number.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench import report

SECONDS = 3.0  # of one measurement
CLIENTS = 16  # connections at a time
WANTED = {"requests": 2_000, "connects": 500}  # a second
ROUNDS = 3  # each proxy in turn; the best of its rounds counts, for noise only ever slows
RULES = """
school: {name: Bench, timezone: Europe/London}
groups: {ks2: {default: allow, safe_search: true}}
zones: {here: {addresses: [127.0.0.0/8], group: ks2}}
rules: [{level: school, block: "category:gambling", reason: bench, by: bench}]
"""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1024\r\n\r\n" + b"x" * 1024
HEADER = (
    "Host: {host}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nAccept: text/html,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n\r\n"
)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="drystone-bench-") as folder, contextlib.ExitStack() as stack:
        Path(folder).chmod(0o755)
        http, tls = stack.enter_context(origin())
        proxies = {"drystone": stack.enter_context(drystone(Path(folder), tls))}
        proxies["squid"] = stack.enter_context(squid(Path(folder)))
        tell(measure_all(proxies, http, tls, SECONDS, CLIENTS))


def measure_all(
    proxies: dict[str, tuple[int, int]], http: int, tls: int, seconds: float, clients: int
) -> dict[str, dict[str, float]]:
    results: dict[str, dict[str, float]] = {name: {} for name in proxies}
    for name, (_, pid) in proxies.items():
        results[name]["memory_0_mb"] = memory(pid)
    for number in range(ROUNDS):
        for name, (port, pid) in proxies.items():
            for label, load, target in (("requests", requests, http), ("connects", connects, tls)):
                before = cpu_seconds(pid)
                rate = in_process(load, port, target, seconds, clients)
                spent = (cpu_seconds(pid) - before) / (rate * seconds) * 1e6
                key, cost = f"{label}_per_second", f"{label}_cpu_us"
                results[name][key] = max(results[name].get(key, 0.0), round(rate, 1))
                results[name][cost] = min(results[name].get(cost, 1e9), round(spent, 1))
            results[name][f"memory_{number + 1}_mb"] = memory(pid)
    return results


def tell(results: dict[str, dict[str, float]]) -> None:
    ours, bare = results["drystone"], results["squid"]
    for label, words in (("requests", "HTTP requests on kept connections"), ("connects", "new CONNECTs with a hello")):
        rate, cost = f"{label}_per_second", f"{label}_cpu_us"
        report.ratio(f"own proxy, {words}", ours[rate], bare[rate], unit="/s", other="bare Squid")
        report.ratio(f"own proxy, {words}", ours[cost], bare[cost], unit="µs CPU", other="bare Squid", more=False)
        report.target(f"own proxy, {words}", ours[rate], WANTED[label], unit="/s")
    for name, found in results.items():
        grown = [found[key] for key in sorted(found) if key.startswith("memory_")]
        report.say(f"  memory of {name} after each round: {', '.join(f'{mb:.0f}' for mb in grown)} MB")


# the loads: each runs in a process of its own, one thread, sockets only


def in_process(load: Callable[..., float], *arguments: Any) -> float:
    """Apart from the origin and from this process, so that they take turns on the cores as machines would."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(load, arguments)


def requests(port: int, origin_port: int, seconds: float, clients: int) -> float:
    """GETs on `clients` kept connections, one at a time on each."""
    import selectors

    host = f"127.0.0.1:{origin_port}"
    message = (f"GET http://{host}/page HTTP/1.1\r\n" + HEADER.format(host=host)).encode()
    chooser = selectors.DefaultSelector()
    for _ in range(clients):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(message)
        chooser.register(sock, selectors.EVENT_READ, bytearray())
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for key, _ in chooser.select(1):
            sock, got = key.fileobj, key.data
            assert isinstance(sock, socket.socket)
            data = sock.recv(65536)
            if not data:
                raise RuntimeError("the proxy closed a kept connection")
            got += data
            end = got.find(b"\r\n\r\n")
            if end < 0 or len(got) < end + 4 + 1024:
                continue
            if not got.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"the proxy answered {bytes(got[:200])!r}")
            got.clear()
            done += 1
            sock.sendall(message)
    return done / (time.perf_counter() - began)


def connects(port: int, origin_port: int, seconds: float, clients: int) -> float:
    """Whole tunnels: CONNECT, 200, ClientHello, the origin's first bytes, close."""
    import selectors

    hello = client_hello("localhost")
    head = f"CONNECT localhost:{origin_port} HTTP/1.1\r\nHost: localhost:{origin_port}\r\n\r\n".encode()
    chooser = selectors.DefaultSelector()

    def start() -> None:
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(head)
        chooser.register(sock, selectors.EVENT_READ, False)

    for _ in range(clients):
        start()
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for key, _ in chooser.select(1):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            data = sock.recv(65536)
            if not key.data:
                if b" 200 " not in data:
                    raise RuntimeError(f"the proxy answered {data[:200]!r}")
                chooser.modify(sock, selectors.EVENT_READ, True)
                sock.sendall(hello)
                continue
            if not data:
                raise RuntimeError("the proxy closed a tunnel")
            chooser.unregister(sock)
            sock.close()
            done += 1
            start()
    return done / (time.perf_counter() - began)


def client_hello(host: str) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    out = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=host).do_handshake()
    return out.read()


# origin and proxies


def serve_origin(ready: Any) -> None:
    """Answers every request with a page of 1 kB; on its second port, the first bytes with four."""
    import asyncio

    import uvloop

    class Site(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:  # uvloop's transports are of no class of asyncio's
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(ANSWER * data.count(b"\r\n\r\n"))

    class Tls(Site):
        def data_received(self, _: bytes) -> None:
            self.transport.write(b"\x16\x03\x03\x00")

    async def run() -> None:
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(kind, "127.0.0.1", 0, backlog=1024) for kind in (Site, Tls)]
        ready.send(tuple(server.sockets[0].getsockname()[1] for server in servers))
        await asyncio.Event().wait()

    uvloop.install()
    asyncio.run(run())


@contextlib.contextmanager
def origin() -> Iterator[tuple[int, int]]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve_origin, args=(there,), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


@contextlib.contextmanager
def drystone(folder: Path, tls: int) -> Iterator[tuple[int, int]]:
    from drystone.engine.filtering import compile_bundle, parse_rules

    home = folder / "home"
    lists = folder / "lists" / "gambling"
    lists.mkdir(parents=True)
    (lists / "domains").write_text("".join(f"casino{number}.example\n" for number in range(10_000)))
    compile_bundle(lists.parent, parse_rules(RULES), home / "bundles" / "here" / "current")
    command = [sys.executable, "-m", "drystone.gateway.proxy", "--home", str(home), "--listen", "127.0.0.1:0"]
    command += ["--allow-private", "127.0.0.0/8", "::1/128", "--connect-port", str(tls)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("ready "):
            raise SystemExit("the proxy did not start")
        yield int(line.rpartition(":")[2]), process.pid
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def squid(folder: Path) -> Iterator[tuple[int, int]]:
    """Squid with nothing to do but forward: no cache, no log, no helper."""
    home = folder / "squid"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (home / "squid.conf").write_text(
        f"http_port 127.0.0.1:{port}\nhttp_access allow all\ncache deny all\ncache_mem 8 MB\naccess_log none\n"
        f"cache_log {home}/cache.log\npid_filename {home}/squid.pid\ncoredump_dir {home}\nshutdown_lifetime 1 second\n"
        "pinger_enable off\nforwarded_for delete\nvisible_hostname bench\n"
    )
    process = subprocess.Popen(["squid", "-N", "-f", str(home / "squid.conf")], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("squid did not start")
            time.sleep(0.1)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()


def cpu_seconds(pid: int) -> float:
    """What the process has had of the processor (Linux): unlike the rate, it does not mind who else is at work."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Resident memory in MB (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()

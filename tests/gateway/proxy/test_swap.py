"""A new bundle is taken up within two seconds, under load, and no request fails for it."""

import http.client
import threading
import time

OPEN = 'block: "category:gambling"'
SHUT = 'block: "site:school.example"'


def test_a_new_bundle_is_in_force_within_two_seconds_and_no_request_is_dropped(proxy, site, tools):
    origin = site()
    url, casino = origin.url(), origin.url(host="casino.example")
    stop, statuses, failures = threading.Event(), [], []

    def client():
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
        while not stop.is_set():
            try:
                connection.request("GET", url)
                answer = connection.getresponse()
                answer.read()
                statuses.append(answer.status)
            except Exception as error:
                failures.append(error)
                return

    clients = [threading.Thread(target=client) for _ in range(3)]
    for thread in clients:
        thread.start()
    editions = set()
    try:
        for rules in (tools.rules.replace(OPEN, SHUT), tools.rules, tools.rules.replace("primary age", "council")):
            edition = tools.publish(proxy.home, rules)
            editions.add(edition)
            deadline = time.monotonic() + 2
            while proxy.server.judge.edition != edition:
                assert time.monotonic() < deadline, "the new bundle was not taken up in two seconds"
                time.sleep(0.02)
            time.sleep(0.2)
            expected = 403 if SHUT in rules else 200
            assert proxy.get(url).startswith(f"HTTP/1.1 {expected} ".encode())
    finally:
        stop.set()
        for thread in clients:
            thread.join(10)
    assert failures == []
    assert set(statuses) == {200, 403}
    assert proxy.get(casino).startswith(b"HTTP/1.1 403 ")
    assert editions <= {event.edition for event in proxy.events()}

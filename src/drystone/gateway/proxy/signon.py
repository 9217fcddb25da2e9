"""P62: signing on at our own proxy: 407 and Basic, asked for only where a zone requires a person, or where the client
offers a name by itself. P58: the page and the browser's own box say that use is monitored."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from drystone.engine.filtering.identity import sign_on_name
from drystone.engine.filtering.request import Level
from drystone.gateway import blockpage
from drystone.gateway.proxy.headers import Fields, value_of
from drystone.gateway.proxy.judge import SELF_TEST, Judge, Verdict
from drystone.gateway.proxy.pages import HTML, Page
from drystone.gateway.signon import AT_PLACE, Doorkeeper, place_of, read_basic

OFFER = b"proxy-authorization"
WRONG = "The name or the password is not right."
SLOWED = "That was tried too often with a wrong password. Wait a little, then try again."
NOTICE = "The school sees which pages are asked for, and by whom. That keeps everybody safe."
WRONG_SECONDS = 1.0  # how long a wrong answer takes, whatever was wrong
AT_ONCE = 2  # passwords worked out side by side in one worker
MOST_WAITING = 64  # tries that may wait for that; more are told to come again
MOST_OF_ONE = AT_PLACE.free  # passwords of one name from one address at a time: a browser has one, who guesses many


@dataclass(frozen=True, slots=True)
class Signed:
    """Who the client says it is. `user` is a sign-on name whose password was right, or ""; `wrong` is why not."""

    user: str = ""
    wrong: str = ""


NOBODY = Signed()


class SignOn:
    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._keeper = Doorkeeper(judge.verifier_of)
        self._workers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        self._waiting = 0
        self._trying: dict[tuple[str, str, str], asyncio.Task[Signed]] = {}  # place, name as it is compared, password

    async def who(self, client: str, fields: Fields) -> Signed:
        """Reads what the client offers. Another scheme than Basic is no offer: the browser is asked for Basic. Nor is
        one that a browser remembers from another proxy, where nobody has a password: none could be right."""
        offered = value_of(fields, OFFER)
        if offered is None or not self._judge.has_passwords:
            return NOBODY
        found = read_basic(offered)
        if found is None:
            return Signed(wrong=WRONG) if offered[:5].lower() == b"basic" else NOBODY
        (user, password), place = found, place_of(client)
        if self._keeper.knows(user, password, place):
            return Signed(user)
        return await self._once(user, password, place)

    async def _once(self, user: str, password: str, place: str) -> Signed:
        """A browser opens its connections side by side, so what is being tried is not tried again. Nor is a try given
        up when its client goes away: it counts all the same."""
        same = (place, sign_on_name(user), password)
        task = self._trying.get(same)
        if task is None:
            if sum(other[:2] == same[:2] for other in self._trying) >= MOST_OF_ONE:
                return Signed(wrong=SLOWED)
            task = self._trying[same] = asyncio.create_task(self._try(user, password, place))
            task.add_done_callback(lambda _: self._trying.pop(same, None))
        return await asyncio.shield(task)

    async def _try(self, user: str, password: str, place: str) -> Signed:
        if self._waiting >= MOST_WAITING or self._keeper.wait(user, place) > 0:
            return Signed(wrong=SLOWED)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            verifier, right = await loop.run_in_executor(self._workers, self._keeper.outcome, user, password)
        finally:
            self._waiting -= 1
        self._keeper.note(user, password, place, verifier, right=right)
        if right:
            return Signed(user)
        await asyncio.sleep(WRONG_SECONDS)
        return Signed(wrong=WRONG)

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)


def must_sign_on(signed: Signed, verdict: Verdict) -> bool:
    """Whether the answer is 407. Never for help, which a child finds without a name, nor for the filter's own test;
    and not again for a name that is right and still has no access: there the block page says why."""
    if verdict.help or verdict.device == SELF_TEST:
        return False
    decision = verdict.decision
    return bool(signed.wrong) or (not signed.user and decision.level == Level.ACCESS and decision.rule == "sign-on")


def sign_on_page(signed: Signed, school: str) -> Page:
    """With the header that makes the browser ask (RFC 9110 §11.7.1)."""
    realm = f"{school or 'School'}: sign on. Use is monitored."
    quoted = realm.encode("ascii", "replace").replace(b"\\", b"").replace(b'"', b"")
    advice = f"{NOTICE} If you have no name and password for the Internet yet, ask your teacher or the school office."
    body = blockpage.render_trouble(
        "Sign on to use the Internet",
        signed.wrong or "Enter your name and your Internet password when the browser asks for them.",
        school_name=school,
        advice=advice,
    )
    challenge = (b"proxy-authenticate", b'Basic realm="' + quoted + b'", charset="UTF-8"')
    return Page(body, [*HTML, challenge])

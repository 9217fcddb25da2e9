"""For which blocked hosts the block page can be shown on HTTPS, and with which certificate.

P35: only a blocked host gets a certificate of ours, only where the school has said that devices trust it, and only
while the authority can be read. In every other case there is none, and the connection is refused as before.
Everything made here lives in memory: leaf certificates, their key and the TLS contexts. Their number, and how many are
made a second, are bounded, so that a flood of names costs neither memory nor the time of those who browse.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import monotonic

from drystone.engine.certificates import Authority, AuthorityError, new_leaf_key, private_pem, read_authority
from drystone.engine.https_pages import FILE_NAME, HttpsPages, HttpsPagesError, read_https_pages

KEPT = 512  # contexts, about 20 kB each
FRESH = timedelta(hours=12)  # of a leaf that is valid from a day ago to three days hence
USES = 1000  # OpenSSL keeps the sessions of old clients in the context: it goes before they add up
MADE_PER_SECOND = 40  # about a millisecond each; beyond that a connection is refused without a page
MADE_AT_ONCE = 80

Stamp = tuple[int, int, int] | None


@dataclass(slots=True)
class _Kept:
    context: ssl.SSLContext
    made: datetime
    uses: int = 0


class SecurePages:
    def __init__(
        self, folder: Path, bundles: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`folder`: the authority's. `bundles`: where `https-pages.json` stands beside `current`."""
        self._folder = folder
        self._bundles = bundles
        self._clock = clock
        self._authority: Authority | None = None
        self._where = HttpsPages()
        self._stamps: tuple[Stamp, Stamp] | None = None
        self._leaf_key = new_leaf_key()
        self._leaf_pem = private_pem(self._leaf_key)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._tokens = float(MADE_AT_ONCE)
        self._filled = monotonic()
        self.trouble = ""
        self.not_trusted = 0  # times that a device did not trust what it was shown
        self.last_not_trusted = ""  # and the address of the last one

    def refresh(self) -> None:
        """Takes up a new authority, or what the school has said anew. Never raises: in doubt nothing is decrypted."""
        stamps = (_stamp(self._folder / "ca.key"), _stamp(self._bundles / FILE_NAME))
        if stamps == self._stamps:
            return
        self._stamps = stamps
        self._kept.clear()
        self._authority, trouble = None, ""
        try:
            self._where = read_https_pages(self._bundles)
            if self._where:
                self._authority = read_authority(self._folder)
        except (HttpsPagesError, AuthorityError) as error:
            trouble = f"the block page is not shown on HTTPS: {error}"
            print(f"drystone proxy: {trouble}", file=sys.stderr, flush=True)
        self.trouble = trouble

    def context(self, host: str, zone: str) -> ssl.SSLContext | None:
        """How to answer as `host` (canonical) to a client in `zone`; None: refuse the connection instead."""
        if self._authority is None or not self._where.shown_in(zone):
            return None
        now = self._clock()
        kept = self._kept.get(host)
        if kept is not None and abs(now - kept.made) < FRESH and kept.uses < USES:
            kept.uses += 1
            self._kept.move_to_end(host)
            return kept.context
        if not self._may_make():
            return None
        try:
            context = self._make(self._authority, host, now)
        except (AuthorityError, OSError, ValueError) as error:  # ValueError: a name that no certificate can hold
            self.trouble = f"the block page is not shown on HTTPS: {error}"
            return None
        self._kept[host] = _Kept(context, now)
        self._kept.move_to_end(host)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return context

    def not_trusted_by(self, client: str) -> None:
        """For the technician, who has said that all devices there have the certificate."""
        self.not_trusted += 1
        self.last_not_trusted = client

    def _may_make(self) -> bool:
        now = monotonic()
        self._tokens = min(self._tokens + (now - self._filled) * MADE_PER_SECOND, MADE_AT_ONCE)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _make(self, authority: Authority, host: str, now: datetime) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.num_tickets = 0  # nobody comes back to a blocked page by resuming, and nothing is kept of who came
        context.set_alpn_protocols(["http/1.1"])
        load(context, self._leaf_pem + authority.leaf(host, self._leaf_key, at=now))
        return context


def load(context: ssl.SSLContext, pem: bytes) -> None:
    """Key and certificate into a context that reads files only: by way of memory where the system can."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("leaf", os.MFD_CLOEXEC)
        try:
            os.write(handle, pem)
            context.load_cert_chain(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
        return
    with NamedTemporaryFile(prefix="drystone-leaf-") as file:  # readable by us alone, and gone in a moment
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_ino, found.st_mode)

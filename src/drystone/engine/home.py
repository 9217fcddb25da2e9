"""The home folder: where each kind of state lies, and nothing else."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below `--home`. Makes nothing and reads nothing; who writes a folder makes it."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "drystone.sqlite3"

    @property
    def queue(self) -> Path:
        """Huey's own SQLite file: background work."""
        return self.root / "queue.sqlite3"

    @property
    def keys(self) -> Path:
        """Secrets, mode 0700. Never in logs, URLs or a bundle."""
        return self.root / "keys"

    @property
    def person_key(self) -> Path:
        """Key of the hash that stands for a sign-on name in bundles and events."""
        return self.keys / "person.key"

    @property
    def check_key(self) -> Path:
        """Key that signs the filter's self-tests, so that a gateway answers as for another zone."""
        return self.keys / "check.key"

    @property
    def seal_key(self) -> Path:
        """Key of what the database holds sealed. Lost, it opens nothing any more: it belongs in every backup."""
        return self.keys / "seal.key"

    @property
    def ca(self) -> Path:
        """The certificate authority of the HTTPS block page: `ca.pem` for everybody, `ca.key` for gateways alone."""
        return self.root / "ca"

    @property
    def setup_code(self) -> Path:
        """The code that opens the set-up wizard to another machine; there until there is a school."""
        return self.keys / "setup.code"

    @property
    def lists(self) -> Path:
        """`lists/<source>/<category>/{domains,urls,expressions}`, `lists/<source>.json` its provenance."""
        return self.root / "lists"

    @property
    def bundles(self) -> Path:
        """`bundles/<school>/<edition>/` and the link `bundles/<school>/current`."""
        return self.root / "bundles"

    def school_bundles(self, school: str) -> Path:
        return self.bundles / school

    @property
    def here(self) -> Path:
        """Link to the bundles of the school whose traffic passes this machine's own gateway."""
        return self.bundles / "here"

    @property
    def events(self) -> Path:
        """`events/<gateway>/<segment>.log`, written by gateways, read by the collector."""
        return self.root / "events"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def logs(self) -> Path:
        """What the processes under `drystone up` print."""
        return self.root / "logs"

    @property
    def uploads(self) -> Path:
        """`uploads/<batch>/`: files of the roll that somebody sent, mode 0700, gone as soon as they are taken in."""
        return self.root / "uploads"

    @property
    def run(self) -> Path:
        """Process ids, status files and sockets of what is running now."""
        return self.root / "run"

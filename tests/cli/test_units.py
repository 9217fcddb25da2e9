"""systemd's own opinion of the units that the house writes."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from drystone.gateway.squid.service import write_service_files
from drystone.gateway.squid.settings import SquidSettings
from tests.cli.test_gateway import drystone

ANALYZE = shutil.which("systemd-analyze")
SQUID_UNIT = Path("/lib/systemd/system/squid.service")
USER = pwd.getpwuid(os.geteuid()).pw_name


def verdict(unit: Path, *, path: str = "") -> str:
    """What `systemd-analyze verify` has against a unit."""
    assert ANALYZE
    environment = {**os.environ, **({"SYSTEMD_UNIT_PATH": path} if path else {})}
    done = subprocess.run([ANALYZE, "verify", unit], capture_output=True, text=True, env=environment, check=False)
    return done.stderr.strip() or ("" if done.returncode == 0 else f"status {done.returncode}")


@pytest.fixture
def units(tmp_path: Path) -> dict[str, Path]:
    home = tmp_path / "home"
    home.mkdir()
    done = drystone("gateway", "systemd", "--out", str(tmp_path), "--home", str(home), "--user", USER)
    assert done.returncode == 0, done.stderr
    return {file.stem: file for file in tmp_path.glob("*.service")}


@pytest.mark.skipif(not ANALYZE, reason="systemd is not installed here")
def test_the_units_of_the_house_satisfy_systemd(units: dict[str, Path]) -> None:
    assert sorted(units) == ["drystone-collector", "drystone-web", "drystone-worker"]
    assert {name: verdict(unit) for name, unit in units.items()} == dict.fromkeys(units, "")


def test_the_collector_has_no_network_and_nobody_writes_outside_the_home(units: dict[str, Path]) -> None:
    texts = {name: unit.read_text() for name, unit in units.items()}

    assert "PrivateNetwork=yes" in texts["drystone-collector"]
    for text in texts.values():
        assert "ProtectSystem=strict" in text
        assert "NoNewPrivileges=yes" in text
        assert f"ReadWritePaths={units['drystone-web'].parent}/home\n" in text


@pytest.mark.skipif(not (ANALYZE and SQUID_UNIT.exists()), reason="systemd or Squid's unit is not installed here")
def test_the_drop_in_for_squid_satisfies_systemd(tmp_path: Path) -> None:
    out = tmp_path / "out"
    settings = SquidSettings("squid", "fellside", out, tmp_path / "events", ("/bin/true",), ("/bin/true",), USER)
    out.mkdir()
    drop_in, _ = write_service_files(settings, run=tmp_path / "run", squid="/usr/sbin/squid", group="")
    folder = tmp_path / "units"
    shutil.copytree(drop_in.parent, folder / "squid.service.d")
    shutil.copy(SQUID_UNIT, folder)

    assert verdict(folder / "squid.service", path=f"{folder}:") == ""
    assert "Restart=always" in drop_in.read_text()


@pytest.mark.parametrize("wrong", [("--web", "here"), ("--user", "two words"), ("--home", "/srv/my home")])
def test_a_wrong_setting_is_one_line(tmp_path: Path, wrong: tuple[str, str]) -> None:
    done = drystone("gateway", "systemd", "--out", str(tmp_path / "units"), *wrong)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "units").exists()

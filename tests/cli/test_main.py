"""The command's front door: it is quick, lists what there is, and answers a mistake with one line."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from drystone.cli import main as module
from drystone.cli.main import COMMANDS, Entry, main

DRYSTONE = [sys.executable, "-m", "drystone.cli.main"]


def drystone(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*DRYSTONE, *words], capture_output=True, text=True, check=False, timeout=60)


def imported_by(code: str) -> set[str]:
    """Modules that are there after some code ran in a fresh Python."""
    script = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    return set(ran.stderr.split())


@pytest.mark.parametrize("word", ["--help", "-h", "help", ""])
def test_help_names_every_command_and_imports_none(word: str) -> None:
    ran = drystone(*([word] if word else []))
    assert ran.returncode == 0
    for name in COMMANDS:
        assert f"\n  {name} " in ran.stdout
    heavy = imported_by("from drystone.cli.main import overview; overview()")
    assert not {"typer", "django", "rich"} & heavy


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_is_named_is_there(name: str) -> None:
    assert isinstance(import_module(COMMANDS[name].module).app, typer.Typer)
    ran = drystone(name, "--help")
    assert ran.returncode == 0, ran.stderr
    assert "Usage" in ran.stdout


def test_the_helper_goes_by_without_typer_or_django(tmp_path: Path) -> None:
    seen = imported_by(
        "import drystone.cli.main as door\n"
        f"try: door.main(['filter', 'helper', '--bundle', {str(tmp_path / 'none')!r}])\n"
        "except SystemExit: pass"
    )
    assert "drystone.gateway.squid.helper" in seen
    assert not {"typer", "django", "rich", "jinja2", "yaml"} & seen


def test_a_command_that_does_not_exist_is_wrong_usage_with_a_suggestion() -> None:
    ran = drystone("list")
    assert ran.returncode == 2
    assert ran.stderr == "drystone: there is no command 'list'; did you mean `drystone lists`?\n"


@pytest.mark.parametrize("words", [["lists", "nonsense"], ["lists", "add"], ["up", "--nonsense"], ["lists"]])
def test_wrong_usage_is_one_line_and_status_2(words: list[str]) -> None:
    ran = drystone(*words)
    assert ran.returncode == 2
    assert ran.stderr.startswith("drystone: ")
    assert ran.stderr.count("\n") == 1
    assert ran.stdout == ""


def test_version_is_the_installed_one() -> None:
    assert drystone("--version").stdout == f"drystone {module.version()}\n"


def test_manage_is_django_for_developers(tmp_path: Path) -> None:
    ran = subprocess.run(
        [*DRYSTONE, "manage", "help", "migrate"],
        capture_output=True,
        text=True,
        check=False,
        env={"DRYSTONE_HOME": str(tmp_path), "PATH": ""},
    )
    assert ran.returncode == 0, ran.stderr
    assert "drystone manage migrate" in ran.stdout


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A command of one body, called through the front door."""

    def run(body: str, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
        (tmp_path / "trial_command.py").write_text(
            f"import typer\napp = typer.Typer()\n@app.command()\ndef go() -> None:\n    {body}\n"
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "trial_command", raising=False)
        monkeypatch.setitem(COMMANDS, "trial", Entry("trial_command", "", group=False))
        with pytest.raises(SystemExit) as left:
            main(["trial"])
        code = left.value.code
        assert isinstance(code, int)
        return code, capfd.readouterr().err

    return run


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (
            "raise PermissionError(13, 'Permission denied', '/srv/lists')",
            1,
            "drystone: /srv/lists: Permission denied\n",
        ),
        ("raise OSError(28, 'No space left on device')", 1, "drystone: No space left on device\n"),
        (
            "from drystone.engine.filtering.lists import ListError; raise ListError('x: empty')",
            1,
            "drystone: x: empty\n",
        ),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise typer.Exit(3)", 3, ""),
        ("pass", 0, ""),
    ],
)
def test_what_a_person_can_put_right_is_one_line(trial, capfd, body: str, status: int, said: str) -> None:
    assert trial(body, capfd) == (status, said)


def test_a_fault_of_ours_keeps_its_traceback(trial, capfd) -> None:
    with pytest.raises(ZeroDivisionError):
        trial("1 / 0", capfd)


def test_a_reader_that_goes_away_is_not_argued_with(tmp_path: Path) -> None:
    (tmp_path / "trial_command.py").write_text(
        "import typer\napp = typer.Typer()\n@app.command()\ndef go() -> None:\n"
        "    for _ in range(100_000): print('line')\n"
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from drystone.cli.main import COMMANDS, Entry, main\n"
        "COMMANDS['trial'] = Entry('trial_command', '', group=False)\n"
        "main(['trial'])"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        assert writer.stdout.readline() == b"line\n"
        writer.stdout.close()
        assert writer.wait(timeout=30) == 1
        assert writer.stderr.read() == b""
